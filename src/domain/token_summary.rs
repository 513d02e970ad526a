//! A token as the control plane lists it, without its secret.

use super::token::TokenId;

/// One API token of a principal. The texts are the server's, unchecked: whoever shows them escapes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenSummary {
    /// The token's id, which is a UUID unless the server says otherwise.
    pub id: String,
    /// The environment in the token's prefix, such as `prod`.
    pub env_prefix: Option<String>,
    /// When the token was issued.
    pub created_at: Option<String>,
    /// When the token expires.
    pub expires_at: Option<String>,
    /// When the token last authenticated a request.
    pub last_used_at: Option<String>,
    /// When the token was last rotated.
    pub rotated_at: Option<String>,
}

impl TokenSummary {
    /// The id as a UUID, in whatever case the server wrote it. `None` if it is not one.
    #[must_use]
    pub fn token_id(&self) -> Option<TokenId> {
        TokenId::parse(&self.id).ok()
    }
}
