//! The token revoker: a session token revokes itself.

use async_trait::async_trait;

use super::ControlPlaneClient;
use super::failure::CallFailure;
use super::revocation::RevokeResponse;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;
use crate::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};

#[async_trait]
impl TokenRevoker for ControlPlaneClient {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
        match self.revoke_token(server, token.id(), token.expose_secret()).await? {
            RevokeResponse::Revoked => Ok(Revocation::Revoked),
            // A revoked token cannot authenticate its own revocation, and an unknown id has no session.
            RevokeResponse::NotAuthenticated(response) | RevokeResponse::NotFound(response) => {
                self.warn_of_bare(&response, token.id());
                Ok(Revocation::AlreadyGone)
            }
            RevokeResponse::Refused(response) => Err(RevokeError::Refused { source: response.into() }),
            RevokeResponse::Unconfirmed(response) => Err(RevokeError::Unconfirmed { source: response.into() }),
        }
    }
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
