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
            keeps_connection: false,
        };
        let mut response = self.http.call(server, call).await?;
        let verdict = verdict(response.status());
        if verdict == Verdict::Revoked || verdict == Verdict::RevokedIfPlausible && is_plausible(&mut response).await {
            return Ok(RevokeResponse::Revoked);
        }
        let response = response.into_error().await;
        Ok(match verdict {
            Verdict::NotAuthenticated if !response.may_be_the_proxys() => RevokeResponse::NotAuthenticated(response),
            Verdict::NotFound if !response.may_be_the_proxys() => RevokeResponse::NotFound(response),
            Verdict::Refused => RevokeResponse::Refused(response),
            _ => RevokeResponse::Unconfirmed(response),
        })
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

/// What a status code says about the token. It stands apart from [`RevokeResponse`], because that needs the response's
/// body and this table has to be total without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Revoked,
    /// Revoked, if the response looks like one of plexsphere.
    RevokedIfPlausible,
    NotAuthenticated,
    NotFound,
    Refused,
    Unconfirmed,
}

/// Reads the status table. Every number that is not in it leaves open whether the token is live.
fn verdict(status: u16) -> Verdict {
    match status {
        204 => Verdict::Revoked,
        200 => Verdict::RevokedIfPlausible,
        401 => Verdict::NotAuthenticated,
        403 => Verdict::Refused,
        404 => Verdict::NotFound,
        _ => Verdict::Unconfirmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_numbers_have_a_meaning_and_all_others_leave_the_token_live() {
        let table = [
            (200, Verdict::RevokedIfPlausible),
            (204, Verdict::Revoked),
            (401, Verdict::NotAuthenticated),
            (403, Verdict::Refused),
            (404, Verdict::NotFound),
        ];
        for status in 0..=999 {
            let expected = table.iter().find(|(number, _)| *number == status).map_or(Verdict::Unconfirmed, |row| row.1);
            assert_eq!(verdict(status), expected, "{status}");
        }
    }
}
