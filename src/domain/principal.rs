//! Who a token speaks for, as the control plane resolves it.

/// The principal behind a bearer token. The texts are the server's, unchecked: they must be escaped before they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// Whether a person or a service: `user` or `service`.
    pub principal_type: String,
    /// Whether it belongs to one domain or to the platform: `domain` or `platform`.
    pub principal_scope: Option<String>,
    /// The principal's identifier.
    pub subject: String,
    /// The domain that it belongs to.
    pub domain_id: Option<String>,
    /// The primary email address, if the identity provider gave one.
    pub email: Option<String>,
    /// The authentication context class (`acr` of `OpenID` Connect Core 1.0, section 2).
    pub acr: Option<String>,
    /// The authentication methods, such as `pwd` and `mfa` (RFC 8176).
    pub amr: Option<Vec<String>>,
}
