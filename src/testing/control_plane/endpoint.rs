//! The operations that the control plane serves, and which request asks for which.

use super::request::RecordedRequest;

/// The path of the approval page.
pub(super) const PAGE_PATH: &str = "/v1/device";

/// A place at which the control plane can be scripted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A new connection, before anything is read from it and before a TLS handshake. An answer is sent there as it is,
    /// without a request, and the connection is closed.
    Connection,
    /// `POST /v1/auth/device-code`
    DeviceCode,
    /// `POST /v1/auth/device-token`
    DeviceToken,
    /// `GET /v1/auth/idp-bindings`
    IdpBindings,
    /// `GET /v1/auth/whoami`
    Whoami,
    /// `DELETE /v1/auth/whoami`
    SignOut,
    /// `GET /v1/auth/tokens`
    ListTokens,
    /// `POST /v1/auth/tokens`
    IssueToken,
    /// `POST /v1/auth/tokens/{id}/rotate`
    RotateToken,
    /// `DELETE /v1/auth/tokens/{id}`
    Revoke,
    /// `GET` and `POST` of the approval page, `/v1/device`
    Page,
}

/// Every operation with its method and path. `{id}` stands for one path segment.
const ROUTES: [(Endpoint, &str, &str); 11] = [
    (Endpoint::DeviceCode, "POST", "/v1/auth/device-code"),
    (Endpoint::DeviceToken, "POST", "/v1/auth/device-token"),
    (Endpoint::IdpBindings, "GET", "/v1/auth/idp-bindings"),
    (Endpoint::Whoami, "GET", "/v1/auth/whoami"),
    (Endpoint::SignOut, "DELETE", "/v1/auth/whoami"),
    (Endpoint::ListTokens, "GET", "/v1/auth/tokens"),
    (Endpoint::IssueToken, "POST", "/v1/auth/tokens"),
    (Endpoint::RotateToken, "POST", "/v1/auth/tokens/{id}/rotate"),
    (Endpoint::Revoke, "DELETE", "/v1/auth/tokens/{id}"),
    (Endpoint::Page, "GET", PAGE_PATH),
    (Endpoint::Page, "POST", PAGE_PATH),
];

/// Why no operation serves a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RouteError {
    /// The path belongs to no operation.
    NotFound,
    /// The path is served, but only with these methods.
    MethodNotAllowed(Vec<&'static str>),
}

impl Endpoint {
    /// The operation that a request asks for.
    pub(super) fn of(request: &RecordedRequest) -> Result<Self, RouteError> {
        let path = request.path();
        let of_path: Vec<_> = ROUTES.iter().filter(|(_, _, pattern)| matches(pattern, &path)).collect();
        match of_path.iter().find(|(_, method, _)| *method == request.method) {
            Some((endpoint, ..)) => Ok(*endpoint),
            None if of_path.is_empty() => Err(RouteError::NotFound),
            None => Err(RouteError::MethodNotAllowed(of_path.iter().map(|(_, method, _)| *method).collect())),
        }
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut expected, mut given) = (pattern.split('/'), path.split('/'));
    let all_match = expected.by_ref().all(|expected| {
        given.next().is_some_and(|given| given == expected || (expected == "{id}" && !given.is_empty()))
    });
    all_match && given.next().is_none()
}
