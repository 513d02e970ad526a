//! What the control plane promises its clients.

use std::time::Duration;

/// The terms of a [`ControlPlane`](super::ControlPlane), which [`configure`](super::ControlPlane::configure) changes.
/// They hold for codes and tokens that are issued afterwards. Times are told in whole seconds.
///
/// Values that no control plane keeps, such as an interval of -1, are put into an answer by a
/// [`Script`](super::Script).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPlaneSettings {
    /// How long a device code can be approved and polled.
    pub expires_in: Duration,
    /// The least time between two polls. Each poll that comes too early adds five seconds to it, as to the interval of
    /// the client (RFC 8628, section 3.5).
    pub interval: Duration,
    /// How long a token lives.
    pub token_lifetime: Duration,
    /// What a token looks like.
    pub token_shape: TokenShape,
    /// The approval page as it is told to clients; `None` tells the one that is served.
    pub verification_uri: Option<String>,
    /// The one domain that exists; `None` lets every domain exist.
    pub domain_id: Option<String>,
}

impl Default for ControlPlaneSettings {
    fn default() -> Self {
        Self {
            expires_in: Duration::from_secs(600),
            interval: Duration::from_secs(5),
            token_lifetime: Duration::from_secs(12 * 60 * 60),
            token_shape: TokenShape::Base32,
            verification_uri: None,
            domain_id: None,
        }
    }
}

/// What a token looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenShape {
    /// A session token whose id is in base32.
    Base32,
    /// A session token whose id is a hyphenated UUID.
    Hyphenated,
    /// Three parts of base64url as in a JSON Web Token, which is no session token. Its signature is noise.
    Jwt,
}
