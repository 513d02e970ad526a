//! The client of the control plane: one request and one response for each call of a port.
//!
//! Each port is a file: `token_revoker`, `principal_reader`, `token_issuer`, `token_directory`. They send a call through
//! `http`, which connects through `connect`. They read the response as `json` or as a `token_list`. A
//! call that gets no response is a `failure`; an `unexpected_response` may come with the details of its `problem`. The
//! ports' callers see both as a [`RequestError`](crate::ports::RequestError). Nothing of a response is shown that is one
//! of the `sent_secrets`.

mod connect;
mod failure;
mod http;
mod json;
mod principal_reader;
mod problem;
mod sent_secrets;
mod token_directory;
mod token_issuer;
mod token_list;
mod token_revoker;
mod unexpected_response;

pub use self::connect::proxy::{ProxySettings, ProxyVariable};
pub use self::connect::trust_store::TrustSettings;
pub use self::http::ControlPlaneClient;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use self::{
    http::fuzzed_correlation_id,
    principal_reader::fuzzed_principal,
    problem::fuzzed_problem,
    token_issuer::{fuzzed_authorization, fuzzed_bindings, fuzzed_poll},
    token_list::fuzzed_token_list,
};
