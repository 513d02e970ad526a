//! The client of the control plane: one connection, one request and one answer for each call of a port.
//!
//! This file is what an application makes and wires. Below it stand the exchange that every call is (`exchange`), the
//! choice of a proxy (`proxy`), the way to the server (`transport`) with whom it trusts (`trust`), and the texts that a
//! server may send back (`problem`). On it stand the ports, one short file each: `revoker`.

mod exchange;
mod problem;
mod proxy;
mod revoker;
mod transport;
mod trust;

#[cfg(fuzzing)]
pub(crate) use self::problem::fuzzed_problem;
pub use self::proxy::ProxySettings;
pub use self::trust::TrustSettings;

/// Speaks HTTP/1.1 with control planes, with TLS 1.2 or 1.3 to `https` servers.
///
/// It is a [`TokenRevoker`](crate::ports::token_revoker::TokenRevoker). Connecting is bounded by 10 seconds, a whole
/// call by 30. It needs a tokio runtime with its I/O and time drivers.
pub struct ControlPlaneClient {
    proxy: ProxySettings,
    trust: TrustSettings,
    warn: Box<dyn Fn(&str) + Send + Sync>,
}

impl ControlPlaneClient {
    /// Takes the settings, and what to do with a warning that is no failure.
    pub fn new(proxy: ProxySettings, trust: TrustSettings, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { proxy, trust, warn: Box::new(warn) }
    }
}
