//! The port to the control plane that issued the token.

use async_trait::async_trait;
use thiserror::Error;

use super::call_error::CallError;
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
/// 6. An error means what its variant says. A response that may be a proxy's own is [`RevokeError::Unconfirmed`].
///
/// ```
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::domain::token::SessionToken;
/// use plexctl::ports::async_trait;
/// use plexctl::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};
///
/// /// An unreachable server.
/// struct Unplugged;
///
/// #[async_trait]
/// impl TokenRevoker for Unplugged {
///     async fn revoke(&self, _: &ServerUrl, _: &SessionToken) -> Result<Revocation, RevokeError> {
///         Err(RevokeError::Unreached { source: "the cable is out".into() })
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
    /// Any variant of [`RevokeError`]; after each of them the token may still be live.
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError>;
}

/// How the token came to be dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// This call revoked it.
    Revoked,
    /// It was gone before: revoked elsewhere, expired, or never known.
    AlreadyGone,
}

/// Why the token is not known to be dead.
#[derive(Debug, Error)]
pub enum RevokeError {
    /// The server understood and declined.
    #[error(transparent)]
    Refused {
        /// What the server said.
        source: CallError,
    },
    /// The server answered something that does not say whether the token is dead.
    #[error(transparent)]
    Unconfirmed {
        /// What the server said.
        source: CallError,
    },
    /// The request may have reached the server, but no answer came back: the outcome is unknown.
    #[error(transparent)]
    Unanswered {
        /// What happened instead.
        source: CallError,
    },
    /// The server could not be reached, and the token was not sent.
    #[error(transparent)]
    Unreached {
        /// How far the attempt came, and what stopped it.
        source: CallError,
    },
}

impl RevokeError {
    /// The failed request, whatever it means for the token.
    #[must_use]
    pub fn call_error(&self) -> &CallError {
        match self {
            Self::Refused { source }
            | Self::Unconfirmed { source }
            | Self::Unanswered { source }
            | Self::Unreached { source } => source,
        }
    }
}
