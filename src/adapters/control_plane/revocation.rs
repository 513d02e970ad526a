//! The revocation of a token, `DELETE /v1/auth/tokens/{id}`: the one request, and what counts as its success. Both ports
//! that revoke go by these rules.

use hyper::Method;

use super::ControlPlaneClient;
use super::http::{Call, ERROR_BODY_LIMIT, Response};
use super::unexpected_response::UnexpectedResponse;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;
use crate::ports::call_error::{CallError, ResponseFacts};
use crate::ports::request_error::RequestError;

impl ControlPlaneClient {
    /// Revokes a token, authorized by a bearer token.
    ///
    /// # Errors
    ///
    /// Any variant of [`RequestError`]. The token may still be live, unless it is its own bearer token and the error is
    /// [`RequestError::NotAccepted`] or [`RequestError::NoSuchToken`].
    pub(super) async fn revoke_token(&self, server: &ServerUrl, id: TokenId, bearer: &str) -> Result<(), RequestError> {
        // A connection that was idle could end during the request, and leave open whether the token is dead.
        let call = Call { bearer: Some(bearer), ..Call::new(Method::DELETE, format!("/v1/auth/tokens/{id}")) };
        let mut response = self.call(server, call).await?;
        // Captive portals answer with pages, and a 204 has none.
        if response.status() == 204 || response.status() == 200 && is_plausible(&mut response).await {
            return Ok(());
        }
        Err(error_of(response.into_error().await))
    }

    /// Warns if a response that decides about a token has no problem details: every server can send a bare status.
    pub(super) fn warn_of_bare(&self, error: &CallError, id: TokenId) {
        if let Some(ResponseFacts { status, is_problem: false, .. }) = error.response() {
            (self.warn)(&format!(
                "the server responded with {status} without problem details for token {id}, so it may not be plexsphere"
            ));
        }
    }
}

/// Tells whether a success may come from plexsphere: captive portals and proxies answer 200 to anything, with a page.
async fn is_plausible(response: &mut Response<'_>) -> bool {
    response.proxy.is_none() && (response.is_json() || response.body(ERROR_BODY_LIMIT).await.is_empty())
}

/// Reads the table of responses that are no success. Every status that is not in it leaves open whether the token is
/// live, and so does one that the proxy may have sent by itself.
fn error_of(response: UnexpectedResponse) -> RequestError {
    match response.status {
        404 if !response.may_be_the_proxys() => RequestError::NoSuchToken { source: response.into() },
        _ => response.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure::ProxyName;
    use super::super::problem::ProblemDetails;
    use super::*;

    #[test]
    fn only_three_statuses_say_something_about_the_token() {
        let proxy = || ProxyName { address: "http://proxy".to_owned(), variable: "HTTP_PROXY".to_owned() };
        for status in 0..=999 {
            for (is_proxied, has_problem) in [(false, false), (false, true), (true, false), (true, true)] {
                let response = UnexpectedResponse {
                    status,
                    proxy: is_proxied.then(proxy),
                    problem: has_problem.then(ProblemDetails::default),
                    ..UnexpectedResponse::default()
                };
                let is_the_servers = !is_proxied || has_problem;
                let is_as_listed = match error_of(response) {
                    RequestError::Refused { .. } => status == 403,
                    RequestError::NotAccepted { .. } => status == 401 && is_the_servers,
                    RequestError::NoSuchToken { .. } => status == 404 && is_the_servers,
                    RequestError::Unconfirmed { .. } => {
                        status != 403 && !(is_the_servers && matches!(status, 401 | 404))
                    }
                    _ => false,
                };
                assert!(is_as_listed, "{status} {is_proxied} {has_problem}");
            }
        }
    }
}
