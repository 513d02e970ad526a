//! The port to the control plane that issued the token.

use async_trait::async_trait;

use super::request_error::RequestError;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;

/// Ends a session on the server by revoking its token.
///
/// Every implementation promises:
///
/// 1. A call sends at most one request: it retries nothing, follows no redirect and sends no other request first.
/// 2. The token goes to the given server only.
/// 3. A call ends in bounded time.
/// 4. No error shows any part of the token but its id.
/// 5. `Ok` means that the token is dead, on the word of the server itself: this call revoked it, or it was gone before.
/// 6. An error is [`RequestError::Refused`], [`RequestError::Unconfirmed`], [`RequestError::Unanswered`] or
///    [`RequestError::Unreached`], and means what its variant says. A response that may be a proxy's own is
///    [`RequestError::Unconfirmed`].
///
/// ```
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::domain::token::SessionToken;
/// use plexctl::ports::{RequestError, async_trait};
/// use plexctl::ports::token_revoker::{Revocation, TokenRevoker};
///
/// /// An unreachable server.
/// struct Unplugged;
///
/// #[async_trait]
/// impl TokenRevoker for Unplugged {
///     async fn revoke(&self, _: &ServerUrl, _: &SessionToken) -> Result<Revocation, RequestError> {
///         Err(RequestError::Unreached { source: "the cable is out".into() })
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait TokenRevoker: Send + Sync {
    /// Revokes the token at the server.
    ///
    /// # Errors
    ///
    /// [`RequestError`]: the token may still be live.
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RequestError>;
}

/// How the token came to be dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// This call revoked it.
    Revoked,
    /// It was gone before: revoked elsewhere, expired, or never known.
    AlreadyGone,
}

/// The name in version 0.1.
#[doc(hidden)]
pub use super::request_error::RequestError as RevokeError;
