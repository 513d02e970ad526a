//! The revocation of a token, `DELETE /v1/auth/tokens/{id}`: the one request, and what counts as its success. Both ports
//! that revoke go by these rules.

use hyper::Method;

use super::ControlPlaneClient;
use super::failure::CallFailure;
use super::http::{CALL_LIMIT, Call, ERROR_BODY_LIMIT, Response};
use super::unexpected_response::UnexpectedResponse;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;

/// What the response to a revocation says about the token.
pub(super) enum RevokeResponse {
    /// This request revoked the token.
    Revoked,
    /// The server does not accept the bearer token (401).
    NotAuthenticated(UnexpectedResponse),
    /// The server knows no token with the id (404).
    NotFound(UnexpectedResponse),
    /// The server understood and declined (403).
    Refused(UnexpectedResponse),
    /// Nothing: the token may still be live.
    Unconfirmed(UnexpectedResponse),
}

impl RevokeResponse {
    /// Reads the table of responses that are no success. Every status that is not in it leaves open whether the token is
    /// live, and so does one that the proxy may have sent by itself.
    fn of(response: UnexpectedResponse) -> Self {
        match response.status {
            403 => Self::Refused(response),
            401 if !response.may_be_the_proxys() => Self::NotAuthenticated(response),
            404 if !response.may_be_the_proxys() => Self::NotFound(response),
            _ => Self::Unconfirmed(response),
        }
    }
}

impl ControlPlaneClient {
    /// Sends the revocation of a token, authorized by a bearer token, and judges the response.
    pub(super) async fn revoke_token(
        &self,
        server: &ServerUrl,
        id: TokenId,
        bearer: &str,
    ) -> Result<RevokeResponse, CallFailure> {
        let call = Call {
            method: Method::DELETE,
            path: format!("/v1/auth/tokens/{id}"),
            bearer: Some(bearer),
            body: None,
            accept: "application/problem+json, application/json",
            limit: CALL_LIMIT,
            // A connection that was idle could end during the request, and leave open whether the token is dead.
            keeps_connection: false,
        };
        let mut response = self.http.call(server, call).await?;
        // Captive portals answer with pages, and a 204 has none.
        if response.status() == 204 || response.status() == 200 && is_plausible(&mut response).await {
            return Ok(RevokeResponse::Revoked);
        }
        Ok(RevokeResponse::of(response.into_error().await))
    }

    /// Warns if a response that decides about a token has no problem details: every server can send a bare status.
    pub(super) fn warn_of_bare(&self, response: &UnexpectedResponse, id: TokenId) {
        if response.problem.is_none() {
            let status = response.status;
            self.http.warn(&format!(
                "the server responded with {status} without problem details for token {id}, so it may not be plexsphere"
            ));
        }
    }
}

/// Tells whether a success may come from plexsphere: captive portals and proxies answer 200 to anything, with a page.
async fn is_plausible(response: &mut Response<'_>) -> bool {
    response.proxy.is_none() && (response.is_json() || response.body(ERROR_BODY_LIMIT).await.is_empty())
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
                let is_as_listed = match RevokeResponse::of(response) {
                    RevokeResponse::Revoked => false,
                    RevokeResponse::Refused(_) => status == 403,
                    RevokeResponse::NotAuthenticated(_) => status == 401 && is_the_servers,
                    RevokeResponse::NotFound(_) => status == 404 && is_the_servers,
                    RevokeResponse::Unconfirmed(_) => status != 403 && !(is_the_servers && matches!(status, 401 | 404)),
                };
                assert!(is_as_listed, "{status} {is_proxied} {has_problem}");
            }
        }
    }
}
