//! The port to the tokens that the control plane has issued to a principal.

use async_trait::async_trait;

use super::request_error::RequestError;
use crate::domain::bearer_token::BearerToken;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;
use crate::domain::token_summary::TokenSummary;

/// Lists the tokens of a principal, and revokes one of them by its id.
///
/// A [`TokenRevoker`](super::token_revoker::TokenRevoker) ends the session whose token it sends. A directory ends any
/// token of the principal that the credential belongs to.
///
/// Every implementation promises:
///
/// 1. A call sends at most one request: it retries nothing, follows no redirect and sends no other request first.
/// 2. The credential goes to the given server only.
/// 3. A call ends in bounded time.
/// 4. Neither a list nor an error shows any part of the credential but its id.
/// 5. A list is complete and in the order of the server. A list that is cut or too long is an error.
/// 6. After `Ok` of a revocation the token is dead, on the word of the server itself.
/// 7. An error means what its variant says. [`RequestError::NotAccepted`] and [`RequestError::NoSuchToken`] are the
///    word of the server itself: a response that may be a proxy's own is [`RequestError::Unconfirmed`].
///
/// ```
/// use plexctl::domain::bearer_token::BearerToken;
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::domain::token::TokenId;
/// use plexctl::domain::token_summary::TokenSummary;
/// use plexctl::ports::{RequestError, TokenDirectory, async_trait};
///
/// /// A server that has not issued a token yet.
/// struct Empty;
///
/// #[async_trait]
/// impl TokenDirectory for Empty {
///     async fn list(&self, _: &ServerUrl, _: &BearerToken) -> Result<Vec<TokenSummary>, RequestError> {
///         Ok(Vec::new())
///     }
///
///     async fn revoke(&self, _: &ServerUrl, _: &BearerToken, _: TokenId) -> Result<(), RequestError> {
///         Err(RequestError::NoSuchToken { source: "nothing was issued".into() })
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait TokenDirectory: Send + Sync {
    /// Lists the tokens of the principal that the credential belongs to.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotAccepted`], [`RequestError::Refused`], [`RequestError::Unconfirmed`],
    /// [`RequestError::Unanswered`] or [`RequestError::Unreached`].
    async fn list(&self, server: &ServerUrl, credential: &BearerToken) -> Result<Vec<TokenSummary>, RequestError>;

    /// Revokes a token of that principal.
    ///
    /// # Errors
    ///
    /// Those of [`list`](Self::list), or [`RequestError::NoSuchToken`]. After each of them the token may still be live.
    async fn revoke(&self, server: &ServerUrl, credential: &BearerToken, id: TokenId) -> Result<(), RequestError>;
}
