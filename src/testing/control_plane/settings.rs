//! The terms of the control plane.

use std::time::Duration;

/// The terms of a [`ControlPlane`](super::ControlPlane), changed by [`configure`](super::ControlPlane::configure).
/// They apply to codes and tokens issued afterwards. Responses give times in whole seconds.
///
/// For values that no server would send, such as an interval of -1, use a [`Script`](super::Script).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPlaneSettings {
    /// How long a device code can be approved and polled.
    pub expires_in: Duration,
    /// The minimum time between two polls. Each early poll adds 5 seconds to it, as it does to the client's interval
    /// (RFC 8628, section 3.5).
    pub interval: Duration,
    /// The lifetime of a token.
    pub token_lifetime: Duration,
    /// How long the previous plaintext of a rotated token stays valid.
    pub rotation_grace: Duration,
    /// The format of a token.
    pub token_shape: TokenShape,
    /// The subject of the user that tokens are issued to. Tokens with one subject belong to one user, who can list,
    /// rotate and revoke all of them.
    pub subject: String,
    /// The URL of the approval page that clients receive. `None`: the page that the control plane serves.
    pub verification_uri: Option<String>,
    /// The only domain that exists. `None`: every domain exists.
    pub domain_id: Option<String>,
    /// The active IdP bindings. Empty: every binding exists, and the server picks one where none is named.
    pub idp_bindings: Vec<BindingSettings>,
}

impl Default for ControlPlaneSettings {
    fn default() -> Self {
        Self {
            expires_in: Duration::from_secs(600),
            interval: Duration::from_secs(5),
            token_lifetime: Duration::from_secs(12 * 60 * 60),
            rotation_grace: Duration::from_secs(60 * 60),
            token_shape: TokenShape::Base32,
            subject: "0192f0c1-5b5b-7000-8000-000000000001".to_owned(),
            verification_uri: None,
            domain_id: None,
            idp_bindings: Vec::new(),
        }
    }
}

/// An active IdP binding, as `GET /v1/auth/idp-bindings` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingSettings {
    /// Its id, a hyphenated UUID.
    pub id: String,
    /// Its alias, which a login can name instead of the id.
    pub alias: Option<String>,
    /// Its label in a sign-in chooser.
    pub label: String,
    /// The host of the OIDC issuer.
    pub issuer_host: String,
    /// Whether a login uses it that names no binding.
    pub is_primary: bool,
    /// Whether it is shared: a domain uses the shared bindings if it has none of its own.
    pub is_platform_scoped: bool,
}

/// The format of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenShape {
    /// A session token with its id in base32.
    Base32,
    /// A session token with its id as a hyphenated UUID.
    Hyphenated,
    /// Three base64url parts like a JSON Web Token, so not a session token. The signature is random.
    Jwt,
}
