//! The token revoker: `DELETE /v1/auth/tokens/{id}`, and the status table that tells what its answer means.

use async_trait::async_trait;
use hyper::Method;

use super::ControlPlaneClient;
use super::failure::CallFailure;
use super::http::{CALL_LIMIT, Call, ERROR_BODY_LIMIT, Response};
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;
use crate::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};

#[async_trait]
impl TokenRevoker for ControlPlaneClient {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
        let mut answer = self.http.call(server, revocation_of(token)).await?;
        let verdict = verdict(answer.status());
        if verdict == Verdict::Revoked || verdict == Verdict::RevokedIfPlausible && is_plausible(&mut answer).await {
            return Ok(Revocation::Revoked);
        }
        let answered = answer.into_error().await;
        match verdict {
            Verdict::AlreadyGone if answered.problem.is_some() => Ok(Revocation::AlreadyGone),
            Verdict::AlreadyGone if !answered.may_be_the_proxys() => {
                self.http.warn(&format!(
                    "the server answered {} without problem details for token {}, so it may not be plexsphere",
                    answered.status,
                    token.id()
                ));
                Ok(Revocation::AlreadyGone)
            }
            Verdict::Refused => Err(RevokeError::Refused { source: answered.into() }),
            _ => Err(RevokeError::Unconfirmed { source: answered.into() }),
        }
    }
}

fn revocation_of(token: &SessionToken) -> Call<'_> {
    Call {
        method: Method::DELETE,
        path: format!("/v1/auth/tokens/{}", token.id()),
        bearer: Some(token.expose_secret()),
        body: None,
        accept: "application/problem+json, application/json",
        limit: CALL_LIMIT,
        keeps_connection: false,
    }
}

/// Tells whether a success may come from plexsphere: captive portals and proxies answer 200 to anything, with a page.
async fn is_plausible(answer: &mut Response<'_>) -> bool {
    answer.proxy.is_none() && (answer.is_json() || answer.body(ERROR_BODY_LIMIT).await.is_empty())
}

impl From<CallFailure> for RevokeError {
    fn from(failure: CallFailure) -> Self {
        if failure.may_have_arrived() {
            Self::Unanswered { source: failure.into() }
        } else {
            Self::Unreached { source: failure.into() }
        }
    }
}

/// What a status code says about the token. It stands apart from the port's outcomes, since an error needs the answer's
/// body and this table has to be total without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// This request revoked it.
    Revoked,
    /// The same, if the answer looks like one of plexsphere.
    RevokedIfPlausible,
    /// It was dead before: a revoked token cannot authenticate its own revocation, and an unknown id has no session.
    AlreadyGone,
    /// The server understood and declined.
    Refused,
    /// Nothing: the token may still be live.
    Unconfirmed,
}

/// Reads the status table. Every number that is not in it leaves the token's fate open.
fn verdict(status: u16) -> Verdict {
    match status {
        204 => Verdict::Revoked,
        200 => Verdict::RevokedIfPlausible,
        401 | 404 => Verdict::AlreadyGone,
        403 => Verdict::Refused,
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
            (401, Verdict::AlreadyGone),
            (403, Verdict::Refused),
            (404, Verdict::AlreadyGone),
        ];
        for status in 0..=999 {
            let expected = table.iter().find(|(number, _)| *number == status).map_or(Verdict::Unconfirmed, |row| row.1);
            assert_eq!(verdict(status), expected, "{status}");
        }
    }
}
