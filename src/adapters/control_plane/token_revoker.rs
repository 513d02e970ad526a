//! The token revoker: a session token revokes itself.

use async_trait::async_trait;

use super::ControlPlaneClient;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;
use crate::ports::request_error::RequestError;
use crate::ports::token_revoker::{Revocation, TokenRevoker};

#[async_trait]
impl TokenRevoker for ControlPlaneClient {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RequestError> {
        match self.revoke_token(server, token.id(), token.expose_secret()).await {
            Ok(()) => Ok(Revocation::Revoked),
            // A revoked token cannot authenticate its own revocation, and an unknown id has no session.
            Err(RequestError::NotAccepted { source }) => {
                self.warn_of_bare(&source, token.id());
                Ok(Revocation::AlreadyGone)
            }
            Err(RequestError::NoSuchToken { .. }) => Ok(Revocation::AlreadyGone),
            Err(error) => Err(error),
        }
    }
}
