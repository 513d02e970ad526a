//! The port to the control plane that knows who a token speaks for.

use async_trait::async_trait;
use thiserror::Error;

use super::call_error::CallError;
use crate::domain::bearer_token::BearerToken;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;

/// Asks the server for the principal that a bearer token belongs to, and changes nothing there.
///
/// Every implementation promises:
///
/// 1. A call sends at most one request: it retries nothing, follows no redirect and sends no other request first.
/// 2. The token goes to the given server only.
/// 3. A call ends in bounded time.
/// 4. Neither a principal nor an error shows any part of the token but its id.
/// 5. `Ok` means that the server itself accepted the token and named this principal.
/// 6. An error means what its variant says. [`ReadError::NotAccepted`] is the word of the server itself: a response that
///    may be a proxy's own is [`ReadError::Unusable`].
///
/// ```
/// use plexctl::domain::bearer_token::BearerToken;
/// use plexctl::domain::principal::Principal;
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::ports::async_trait;
/// use plexctl::ports::principal_reader::{PrincipalReader, ReadError};
///
/// /// A server at which everybody is somebody without a name.
/// struct Masked;
///
/// #[async_trait]
/// impl PrincipalReader for Masked {
///     async fn read(&self, _: &ServerUrl, _: &BearerToken) -> Result<Principal, ReadError> {
///         Ok(Principal::default())
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait PrincipalReader: Send + Sync {
    /// Asks the server who the token speaks for.
    ///
    /// # Errors
    ///
    /// Any variant of [`ReadError`].
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, ReadError>;
}

/// Why it is not known who a token speaks for.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The server does not accept the token: it is revoked, expired or none of its own.
    #[error(transparent)]
    NotAccepted {
        /// What the server said.
        source: CallError,
    },
    /// The server knows the token and declines to answer.
    #[error(transparent)]
    Refused {
        /// What the server said.
        source: CallError,
    },
    /// The server answered something that names no principal.
    #[error(transparent)]
    Unusable {
        /// What the server said, or what is wrong with it.
        source: CallError,
    },
    /// The request may have reached the server, but no answer came back.
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

impl ReadError {
    /// The failed request, whatever it means for the token.
    #[must_use]
    pub fn call_error(&self) -> &CallError {
        match self {
            Self::NotAccepted { source }
            | Self::Refused { source }
            | Self::Unusable { source }
            | Self::Unanswered { source }
            | Self::Unreached { source } => source,
        }
    }
}
