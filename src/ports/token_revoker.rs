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
/// 1. At most one request per call: nothing is retried, no redirect is followed, no call comes before it.
/// 2. The token goes to this server only.
/// 3. `Ok` means that the token is dead: this call revoked it, or the server itself said that it was gone before.
/// 4. Everything else is an error, above all an answer that did not come.
/// 5. The call ends in bounded time.
/// 6. No error carries any part of the token but its id.
///
/// ```
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::domain::token::SessionToken;
/// use plexctl::ports::async_trait;
/// use plexctl::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};
///
/// /// A server that nobody reaches.
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
