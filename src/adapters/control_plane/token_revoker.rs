//! The token revoker: a session token revokes itself.

use async_trait::async_trait;

use super::ControlPlaneClient;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;
use crate::ports::token_directory::DirectoryError;
use crate::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};

#[async_trait]
impl TokenRevoker for ControlPlaneClient {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
        match self.revoke_token(server, token.id(), token.expose_secret()).await {
            Ok(()) => Ok(Revocation::Revoked),
            // A revoked token cannot authenticate its own revocation, and an unknown id has no session.
            Err(DirectoryError::NotAccepted { source } | DirectoryError::NoSuchToken { source }) => {
                self.warn_of_bare(&source, token.id());
                Ok(Revocation::AlreadyGone)
            }
            Err(DirectoryError::Refused { source }) => Err(RevokeError::Refused { source }),
            Err(DirectoryError::Unconfirmed { source }) => Err(RevokeError::Unconfirmed { source }),
            Err(DirectoryError::Unanswered { source }) => Err(RevokeError::Unanswered { source }),
            Err(DirectoryError::Unreached { source }) => Err(RevokeError::Unreached { source }),
        }
    }
}
