//! The ports to a server as an operator at a terminal sees them: a long wait says what for.

use async_trait::async_trait;
use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::token::SessionToken;
use plexctl::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};

use crate::terminal;

/// A port behind which an operator waits.
pub struct Watched<P>(pub P);

#[async_trait]
impl<P: TokenRevoker> TokenRevoker for Watched<P> {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
        terminal::watched(&server.origin(), self.0.revoke(server, token)).await
    }
}
