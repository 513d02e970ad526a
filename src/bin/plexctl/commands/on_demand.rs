//! The ports to a server for commands that do one thing at a time. What a call needs is set up when it is made, so that a
//! run without a session does not pay for it; and at a terminal a long wait says what for.

use async_trait::async_trait;
use plexctl::domain::bearer_token::BearerToken;
use plexctl::domain::principal::Principal;
use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::token::{SessionToken, TokenId};
use plexctl::domain::token_summary::TokenSummary;
use plexctl::ports::chain::chain;
use plexctl::ports::principal_reader::{PrincipalReader, ReadError};
use plexctl::ports::token_directory::{DirectoryError, TokenDirectory};
use plexctl::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};
use tokio::runtime::{Builder, Runtime};

use crate::failure::RuntimeError;
use crate::terminal;

/// A port whose calls run on a runtime of their own, one after the other. Whoever awaits one never waits: it has ended
/// when it returns.
pub struct OnDemand<P>(pub P);

#[async_trait]
impl<P: TokenRevoker> TokenRevoker for OnDemand<P> {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
        let runtime = runtime().map_err(|error| RevokeError::Unreached { source: chain(&error).into() })?;
        runtime.block_on(terminal::watched(&server.origin(), self.0.revoke(server, token)))
    }
}

#[async_trait]
impl<P: PrincipalReader> PrincipalReader for OnDemand<P> {
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, ReadError> {
        let runtime = runtime().map_err(|error| ReadError::Unreached { source: chain(&error).into() })?;
        runtime.block_on(terminal::watched(&server.origin(), self.0.read(server, token)))
    }
}

#[async_trait]
impl<P: TokenDirectory> TokenDirectory for OnDemand<P> {
    async fn list(&self, server: &ServerUrl, credential: &BearerToken) -> Result<Vec<TokenSummary>, DirectoryError> {
        let runtime = runtime().map_err(|error| DirectoryError::Unreached { source: chain(&error).into() })?;
        runtime.block_on(terminal::watched(&server.origin(), self.0.list(server, credential)))
    }

    async fn revoke(&self, server: &ServerUrl, credential: &BearerToken, id: TokenId) -> Result<(), DirectoryError> {
        let runtime = runtime().map_err(|error| DirectoryError::Unreached { source: chain(&error).into() })?;
        runtime.block_on(terminal::watched(&server.origin(), self.0.revoke(server, credential, id)))
    }
}

/// Starts what connections and deadlines need.
pub fn runtime() -> Result<Runtime, RuntimeError> {
    Builder::new_current_thread().enable_all().build().map_err(RuntimeError)
}
