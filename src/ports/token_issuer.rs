//! The port to the control plane that issues a token once an operator has approved it (RFC 8628).

use std::time::Duration;

use async_trait::async_trait;

use super::call_error::CallError;
use super::request_error::RequestError;
use crate::domain::device_authorization::{DeviceAuthorization, DeviceCode};
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::IdpBinding;
use crate::domain::issued_token::IssuedToken;
use crate::domain::server_url::ServerUrl;

/// Begins a device authorization, and asks whether it was approved.
///
/// The server issues the token **while it answers a poll**, so an answer that goes astray may leave a live token that
/// is stored nowhere. Every implementation promises:
///
/// 1. A call sends at most one request: it retries nothing, follows no redirect and sends no other request first.
/// 2. The device code goes to the given server only, in the body of a poll.
/// 3. A call ends in bounded time.
/// 4. No response and no error shows any part of a token but its id, or of a device code.
/// 5. A login is begun if the server began it, with fields that keep the rules of [`DeviceAuthorization::parse`].
/// 6. A poll returns [`PollResponse::Issued`] whenever a usable token has arrived, even if the response breaks off
///    behind it.
/// 7. Where a token may have been issued that did not arrive, the response is [`RequestError::Unusable`], or a
///    [`PollFailure`] that says so: after every server error (5xx) but a 503 with problem details, wherever the request
///    may have been read and no response came back, and for a response that holds more than one token.
/// 8. Any other response means what its variant says. The server itself rejects or denies a login: an error that may be
///    a proxy's own, since the proxy can read it and it has no problem details, is [`RequestError::Unconfirmed`] or
///    [`PollResponse::Failed`].
/// 9. Bindings are listed in the order of the server. A list that cannot be had is empty.
/// 10. A call that is dropped sends nothing more, but the server may read what was sent.
///
/// ```
/// use plexctl::domain::device_authorization::{DeviceAuthorization, DeviceCode};
/// use plexctl::domain::identifier::Identifier;
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::ports::{RequestError, async_trait};
/// use plexctl::ports::token_issuer::{AuthorizationRequest, BindingChoice, PollResponse, TokenIssuer};
///
/// /// A server that takes no more logins.
/// struct Closed;
///
/// #[async_trait]
/// impl TokenIssuer for Closed {
///     async fn begin(&self, _: &ServerUrl, _: &AuthorizationRequest) -> Result<DeviceAuthorization, RequestError> {
///         Err(RequestError::Refused { source: "closed".into() })
///     }
///
///     async fn bindings(&self, _: &ServerUrl, _: Identifier) -> Vec<BindingChoice> {
///         Vec::new()
///     }
///
///     async fn poll(&self, _: &ServerUrl, _: &DeviceCode) -> PollResponse {
///         PollResponse::Expired
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait TokenIssuer: Send + Sync {
    /// Begins a login.
    ///
    /// # Errors
    ///
    /// Any variant of [`RequestError`] but [`RequestError::NotAccepted`] and [`RequestError::NoSuchToken`]. No token can be
    /// issued after it.
    async fn begin(
        &self,
        server: &ServerUrl,
        request: &AuthorizationRequest,
    ) -> Result<DeviceAuthorization, RequestError>;

    /// Lists the bindings of a domain to choose from, the primary one first. It is only for a hint, so it takes two
    /// seconds at most.
    async fn bindings(&self, server: &ServerUrl, domain_id: Identifier) -> Vec<BindingChoice>;

    /// Asks once whether the login was approved.
    async fn poll(&self, server: &ServerUrl, code: &DeviceCode) -> PollResponse;
}

/// What to log in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The domain to log in to.
    pub domain_id: Identifier,
    /// The identity provider binding of that domain. Without one the server picks the only or the primary one.
    pub idp_binding: Option<IdpBinding>,
}

/// A binding that an operator can log in through, in texts that are fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingChoice {
    /// The binding, by its alias if it has one.
    pub binding: IdpBinding,
    /// Its name.
    pub label: String,
    /// The host of its identity provider.
    pub issuer_host: String,
}

/// What a poll brought.
#[derive(Debug)]
pub enum PollResponse {
    /// The token.
    Issued(IssuedToken),
    /// The request is not approved yet (`authorization_pending`).
    Pending,
    /// The request is not approved yet, and the polls come too often (`slow_down`).
    SlowDown,
    /// Somebody has denied it (`access_denied`).
    Denied,
    /// It was not approved in time (`expired_token`).
    Expired,
    /// The login has ended without a token. [`RequestError::Rejected`]: the server does not know what it is asked for
    /// (`invalid_grant`, and every other answer from 400 to 499 that has no meaning here). [`RequestError::Refused`]: it
    /// understood and declined (403). [`RequestError::Unusable`]: it meant to issue a token in a success that holds no
    /// usable one.
    NotIssued(RequestError),
    /// No answer that says anything, so the question can be asked again: a server error, a redirect, 408, 429, one that
    /// may be a proxy's own, none at all, or a server that was not reached.
    Failed(PollFailure),
}

/// A poll that brought nothing.
#[derive(Debug)]
pub struct PollFailure {
    /// What happened.
    pub source: CallError,
    /// Whether the server may have issued a token that did not arrive.
    pub may_have_issued: bool,
    /// How long the server asks to be left alone (`Retry-After` in seconds; RFC 9110, section 10.2.3).
    pub retry_after: Option<Duration>,
}

/// The names in version 0.1.
#[doc(hidden)]
pub use self::PollResponse as PollAnswer;
#[doc(hidden)]
pub use super::request_error::RequestError as BeginError;
