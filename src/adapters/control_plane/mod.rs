//! The client of the control plane: one request and one answer for each call of a port.
//!
//! This file is what an application makes and wires. On the client stand the ports, one short file each: `revoker`,
//! `principal_reader`, `issuer`. Below them, a call is an `exchange`: over a `connection` that is new, or the one that was
//! `kept`, with a `body` that may be a `problem` or has `fields`; that it is `exposed` on its way is told once, and the
//! tokens that were `carried` are shown by no answer. The way to a server is the `transport`: through a `proxy` or not,
//! `dial` for TCP, `tls` with whom it may `trust`, and on it a `wire` on which no answer gets lost. Whatever fails becomes
//! a `failure`.

mod body;
mod carried;
mod connection;
mod dial;
mod exchange;
mod exposed;
mod failure;
mod fields;
mod issuer;
mod kept;
mod principal_reader;
mod problem;
mod proxy;
mod revoker;
mod tls;
mod token_list;
mod transport;
mod trust;
mod wire;

pub use self::failure::{
    Answered, BodyFault, CallFailure, Cause, Peer, Phase, ProxyName, ProxyProblem, TrustStoreProblem,
};
pub use self::problem::ProblemDetails;
pub use self::proxy::{ProxySettings, ProxyVariable};
pub use self::trust::TrustSettings;
#[cfg(fuzzing)]
pub(crate) use self::{
    issuer::{fuzzed_authorization, fuzzed_poll},
    principal_reader::fuzzed_principal,
    problem::fuzzed_problem,
};

use self::carried::CarriedTokens;
use self::exposed::ExposedOrigins;
use self::kept::KeptConnection;

/// Speaks HTTP/1.1 with control planes, with TLS 1.2 or 1.3 to `https` servers.
///
/// It is a [`TokenRevoker`](crate::ports::token_revoker::TokenRevoker), a
/// [`PrincipalReader`](crate::ports::principal_reader::PrincipalReader) and a
/// [`TokenIssuer`](crate::ports::token_issuer::TokenIssuer). Connecting is bounded by 10 seconds from the resolved name on,
/// a whole call by 30. It needs a tokio runtime with its I/O and time drivers. The errors of its ports have a
/// [`CallFailure`], an [`Answered`], a [`BodyFault`] or a [`FieldError`](crate::domain::answer_field::FieldError) as their
/// source.
pub struct ControlPlaneClient {
    proxy: ProxySettings,
    trust: TrustSettings,
    kept: KeptConnection,
    exposed: ExposedOrigins,
    carried: CarriedTokens,
    warn: Box<dyn Fn(&str) + Send + Sync>,
}

impl ControlPlaneClient {
    /// Takes the settings, and what to do with a warning that is no failure. That tokens travel unencrypted is told once
    /// for each origin.
    pub fn new(proxy: ProxySettings, trust: TrustSettings, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let (kept, exposed, carried) = Default::default();
        Self { proxy, trust, kept, exposed, carried, warn: Box::new(warn) }
    }
}
