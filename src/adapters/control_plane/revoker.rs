//! The token revoker: `DELETE /v1/auth/tokens/{id}`, and the status table that tells what its answer means.

use async_trait::async_trait;
use hyper::Method;
use thiserror::Error;

use super::ControlPlaneClient;
use super::exchange::{Call, CallError, ErrorAnswer};
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;
use crate::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};

#[async_trait]
impl TokenRevoker for ControlPlaneClient {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
        let answer = self.call(server, revocation_of(token)).await?;
        let is_plain_proxied = answer.is_plain_proxied;
        match verdict(answer.status()) {
            Verdict::Revoked => Ok(Revocation::Revoked),
            Verdict::AlreadyGone => {
                let answer = answer.into_error(token).await;
                if !answer.has_problem() {
                    if is_plain_proxied {
                        return Err(RevokeError::Unconfirmed { source: AnswerOfProxy(answer).into() });
                    }
                    self.warn(&format!(
                        "the server answered {} without problem details for token {}, so it may not be plexsphere",
                        answer.status(),
                        token.id()
                    ));
                }
                Ok(Revocation::AlreadyGone)
            }
            Verdict::Refused => Err(RevokeError::Refused { source: answer.into_error(token).await.into() }),
            Verdict::Unconfirmed => Err(RevokeError::Unconfirmed { source: answer.into_error(token).await.into() }),
        }
    }
}

fn revocation_of(token: &SessionToken) -> Call<'_> {
    Call {
        method: Method::DELETE,
        path: format!("/v1/auth/tokens/{}", token.id()),
        token,
        accept: "application/problem+json, application/json",
    }
}

impl From<CallError> for RevokeError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreached(source) => Self::Unreached { source },
            error @ CallError::Unanswered { .. } => Self::Unanswered { source: error.into() },
        }
    }
}

/// An answer that may be the proxy's own.
#[derive(Debug, Error)]
#[error("{0}, without problem details, may be the answer of the proxy")]
struct AnswerOfProxy(ErrorAnswer);

/// What a status code says about the token. It stands apart from the port's outcomes, since an error needs the answer's
/// body and this table has to be total without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// This request revoked it.
    Revoked,
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
        200 | 204 => Verdict::Revoked,
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
            (200, Verdict::Revoked),
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
