//! The port to the tokens that the control plane has issued to a principal.

use async_trait::async_trait;
use thiserror::Error;

use super::call_error::CallError;
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
/// 7. An error means what its variant says. [`DirectoryError::NotAccepted`] and [`DirectoryError::NoSuchToken`] are the
///    word of the server itself: a response that may be a proxy's own is [`DirectoryError::Unconfirmed`].
///
/// ```
/// use plexctl::domain::bearer_token::BearerToken;
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::domain::token::TokenId;
/// use plexctl::domain::token_summary::TokenSummary;
/// use plexctl::ports::async_trait;
/// use plexctl::ports::token_directory::{DirectoryError, TokenDirectory};
///
/// /// A server that has not issued a token yet.
/// struct Empty;
///
/// #[async_trait]
/// impl TokenDirectory for Empty {
///     async fn list(&self, _: &ServerUrl, _: &BearerToken) -> Result<Vec<TokenSummary>, DirectoryError> {
///         Ok(Vec::new())
///     }
///
///     async fn revoke(&self, _: &ServerUrl, _: &BearerToken, _: TokenId) -> Result<(), DirectoryError> {
///         Err(DirectoryError::NoSuchToken { source: "nothing was issued".into() })
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
    /// Any variant of [`DirectoryError`] but [`DirectoryError::NoSuchToken`].
    async fn list(&self, server: &ServerUrl, credential: &BearerToken) -> Result<Vec<TokenSummary>, DirectoryError>;

    /// Revokes a token of that principal.
    ///
    /// # Errors
    ///
    /// Any variant of [`DirectoryError`]; after each of them the token may still be live.
    async fn revoke(&self, server: &ServerUrl, credential: &BearerToken, id: TokenId) -> Result<(), DirectoryError>;
}

/// Why tokens were not listed, or why a token is not known to be dead.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// The server does not accept the credential.
    #[error(transparent)]
    NotAccepted {
        /// What the server said.
        source: CallError,
    },
    /// The server understood and declined.
    #[error(transparent)]
    Refused {
        /// What the server said.
        source: CallError,
    },
    /// The server knows no such token of this principal.
    #[error(transparent)]
    NoSuchToken {
        /// What the server said.
        source: CallError,
    },
    /// The server responded with something else.
    #[error(transparent)]
    Unconfirmed {
        /// What the server said, or what is wrong with it.
        source: CallError,
    },
    /// The request may have reached the server, but no response came back.
    #[error(transparent)]
    Unanswered {
        /// What happened instead.
        source: CallError,
    },
    /// The server could not be reached, and the credential was not sent.
    #[error(transparent)]
    Unreached {
        /// How far the attempt came, and what stopped it.
        source: CallError,
    },
}

impl DirectoryError {
    /// The failed request, whatever it means for the token.
    #[must_use]
    pub fn call_error(&self) -> &CallError {
        match self {
            Self::NotAccepted { source }
            | Self::Refused { source }
            | Self::NoSuchToken { source }
            | Self::Unconfirmed { source }
            | Self::Unanswered { source }
            | Self::Unreached { source } => source,
        }
    }
}
