//! The token directory: `GET /v1/auth/tokens`, and the revocation of a token by its id.

use async_trait::async_trait;
use hyper::Method;

use super::ControlPlaneClient;
use super::http::{Call, Response};
use super::token_list::{TokenListFault, TokenListParser};
use crate::domain::bearer_token::BearerToken;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;
use crate::domain::token_summary::TokenSummary;
use crate::ports::call_error::{CallError, Remedy};
use crate::ports::request_error::RequestError;
use crate::ports::token_directory::TokenDirectory;

#[async_trait]
impl TokenDirectory for ControlPlaneClient {
    async fn list(&self, server: &ServerUrl, credential: &BearerToken) -> Result<Vec<TokenSummary>, RequestError> {
        let call = Call { bearer: Some(credential.expose_secret()), ..Call::new(Method::GET, "/v1/auth/tokens") };
        let mut response = self.call(server, call).await?;
        if response.status() != 200 {
            return Err(response.into_error().await.into());
        }
        // Parsed while it arrives: 100,000 tokens need less memory than their text.
        let parser = TokenListParser::new(&self.sent_secrets);
        tokens_of(&mut response, parser).await.map_err(|fault| RequestError::Unconfirmed { source: fault.into() })
    }

    async fn revoke(&self, server: &ServerUrl, credential: &BearerToken, id: TokenId) -> Result<(), RequestError> {
        self.revoke_token(server, id, credential.expose_secret()).await.inspect_err(|error| {
            if let RequestError::NoSuchToken { source } = error {
                self.warn_of_bare(source, id);
            }
        })
    }
}

impl From<TokenListFault> for CallError {
    fn from(fault: TokenListFault) -> Self {
        let remedy = match fault {
            TokenListFault::TooLarge | TokenListFault::TooMany => Some(Remedy::UseOtherProgram),
            TokenListFault::NoList => Some(Remedy::CheckServer),
            TokenListFault::Token(_) | TokenListFault::Incomplete => None,
        };
        Self::from(fault.to_string()).with_remedy(remedy)
    }
}

async fn tokens_of(
    response: &mut Response<'_>,
    mut parser: TokenListParser<'_>,
) -> Result<Vec<TokenSummary>, TokenListFault> {
    let is_complete = response.pieces(|piece| parser.push(piece)).await?;
    // A list may look whole where its body is not: the rest of the body could have made it something else.
    if is_complete { parser.finish() } else { Err(TokenListFault::Incomplete) }
}
