//! The client of the control plane: one request and one response for each call of a port.
//!
//! Each port is a file: `token_revoker`, `principal_reader`, `token_issuer`, `token_directory`. They send a call through
//! `http`, which connects through `connect`. They read the response as `json`, as a `token_list` or as a `revocation`.
//! A call that gets no response is a `failure`; an `unexpected_response` may come with the details of its `problem`. The
//! ports' callers see both as a [`CallError`](crate::ports::CallError).

mod connect;
mod failure;
mod http;
mod json;
mod principal_reader;
mod problem;
mod revocation;
mod sent_secrets;
mod token_directory;
mod token_issuer;
mod token_list;
mod token_revoker;
mod unexpected_response;

pub use self::connect::proxy::{ProxySettings, ProxyVariable};
pub use self::connect::trust_store::TrustSettings;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use self::{
    http::fuzzed_correlation_id,
    principal_reader::fuzzed_principal,
    problem::fuzzed_problem,
    token_issuer::{fuzzed_authorization, fuzzed_bindings, fuzzed_poll},
    token_list::fuzzed_token_list,
};

use self::http::HttpClient;

/// Speaks HTTP/1.1 with control planes, with TLS 1.2 or 1.3 to `https` servers.
///
/// It is a [`TokenRevoker`](crate::ports::token_revoker::TokenRevoker), a
/// [`PrincipalReader`](crate::ports::principal_reader::PrincipalReader), a
/// [`TokenIssuer`](crate::ports::token_issuer::TokenIssuer) and a
/// [`TokenDirectory`](crate::ports::token_directory::TokenDirectory). Connecting is bounded by 10 seconds from the resolved name on,
/// a whole call by 30. It needs a tokio runtime with its I/O and time drivers.
pub struct ControlPlaneClient {
    http: HttpClient,
}

impl ControlPlaneClient {
    /// Creates a client from its settings and a function that shows a warning. The warning about unencrypted tokens is
    /// given once for each origin.
    pub fn new(proxy: ProxySettings, trust: TrustSettings, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { http: HttpClient::new(proxy, trust, Box::new(warn)) }
    }
}
