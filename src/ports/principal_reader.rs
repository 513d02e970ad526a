//! The port to the control plane that knows who a token speaks for.

use async_trait::async_trait;

use super::request_error::RequestError;
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
/// 6. An error means what its variant says. [`RequestError::NotAccepted`] is the word of the server itself: a response that
///    may be a proxy's own is [`RequestError::Unconfirmed`].
///
/// ```
/// use plexctl::domain::bearer_token::BearerToken;
/// use plexctl::domain::principal::Principal;
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::ports::async_trait;
/// use plexctl::ports::principal_reader::PrincipalReader;
/// use plexctl::ports::RequestError;
///
/// /// A server at which everybody is somebody without a name.
/// struct Masked;
///
/// #[async_trait]
/// impl PrincipalReader for Masked {
///     async fn read(&self, _: &ServerUrl, _: &BearerToken) -> Result<Principal, RequestError> {
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
    /// [`RequestError::NotAccepted`], [`RequestError::Refused`], [`RequestError::Unconfirmed`],
    /// [`RequestError::Unanswered`] or [`RequestError::Unreached`].
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, RequestError>;
}

/// The name in version 0.1.
#[doc(hidden)]
pub use super::request_error::RequestError as ReadError;
