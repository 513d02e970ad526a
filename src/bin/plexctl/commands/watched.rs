//! The ports to a server: at a terminal, a long wait says what it is for.

use plexctl::domain::{
    BearerToken, DeviceAuthorization, DeviceCode, Identifier, Principal, ServerUrl, SessionToken, TokenId, TokenSummary,
};
use plexctl::ports::{
    AuthorizationRequest, BindingChoice, PollResponse, PrincipalReader, RequestError, Revocation, TokenDirectory,
    TokenIssuer, TokenRevoker, async_trait,
};

use crate::terminal::{erase, watched, watched_until_next_line};

/// A port whose waits are shown at a terminal.
pub struct Watched<P>(pub P);

#[async_trait]
impl<P: TokenRevoker> TokenRevoker for Watched<P> {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RequestError> {
        watched(&server.origin(), self.0.revoke(server, token)).await
    }
}

#[async_trait]
impl<P: PrincipalReader> PrincipalReader for Watched<P> {
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, RequestError> {
        watched(&server.origin(), self.0.read(server, token)).await
    }
}

#[async_trait]
impl<P: TokenIssuer> TokenIssuer for Watched<P> {
    async fn begin(
        &self,
        server: &ServerUrl,
        request: &AuthorizationRequest,
    ) -> Result<DeviceAuthorization, RequestError> {
        watched(&server.origin(), self.0.begin(server, request)).await
    }

    /// Takes two seconds at most, so there is nothing to show.
    async fn bindings(&self, server: &ServerUrl, domain_id: Identifier) -> Vec<BindingChoice> {
        self.0.bindings(server, domain_id).await
    }

    async fn poll(&self, server: &ServerUrl, code: &DeviceCode) -> PollResponse {
        let response = watched_until_next_line(&server.origin(), self.0.poll(server, code)).await;
        // Nothing is written between the arrival of a token and its being stored.
        if !matches!(response, PollResponse::Issued(_)) {
            erase();
        }
        response
    }
}

#[async_trait]
impl<P: TokenDirectory> TokenDirectory for Watched<P> {
    async fn list(&self, server: &ServerUrl, credential: &BearerToken) -> Result<Vec<TokenSummary>, RequestError> {
        watched(&server.origin(), self.0.list(server, credential)).await
    }

    async fn revoke(&self, server: &ServerUrl, credential: &BearerToken, id: TokenId) -> Result<(), RequestError> {
        watched(&server.origin(), self.0.revoke(server, credential, id)).await
    }
}
