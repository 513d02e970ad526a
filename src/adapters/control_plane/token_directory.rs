//! The token directory: `GET /v1/auth/tokens`, and the revocation of a token by its id.

use async_trait::async_trait;
use hyper::Method;

use super::ControlPlaneClient;
use super::http::{Call, Response};
#[cfg(test)]
use super::problem;
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
        let mut response = self.http.call(server, call).await?;
        if response.status() != 200 {
            return Err(response.into_error().await.into());
        }
        // Parsed while it arrives: 100,000 tokens need less memory than their text.
        let tokens =
            tokens_of(&mut response).await.map_err(|fault| RequestError::Unconfirmed { source: fault.into() })?;
        Ok(tokens.into_iter().map(|token| masked(token, |text| self.http.masked(text))).collect())
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

async fn tokens_of(response: &mut Response<'_>) -> Result<Vec<TokenSummary>, TokenListFault> {
    let mut parser = TokenListParser::default();
    let is_complete = response.pieces(|piece| parser.push(piece)).await?;
    // A list may look whole where its body is not: the rest of the body could have made it something else.
    if is_complete { parser.finish() } else { Err(TokenListFault::Incomplete) }
}

/// Masks the secrets that a server sends back.
fn masked(token: TokenSummary, mask: impl Fn(String) -> String) -> TokenSummary {
    let TokenSummary { id, env_prefix, created_at, expires_at, last_used_at, rotated_at } = token;
    TokenSummary {
        id: mask(id),
        env_prefix: env_prefix.map(&mask),
        created_at: created_at.map(&mask),
        expires_at: expires_at.map(&mask),
        last_used_at: last_used_at.map(&mask),
        rotated_at: rotated_at.map(&mask),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_the_credential_in_every_field() {
        let credential = BearerToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret-s3cret").unwrap();
        let echo = || format!("<{}>", credential.expose_secret());
        let token = TokenSummary {
            id: echo(),
            env_prefix: Some(echo()),
            created_at: Some(echo()),
            expires_at: Some(echo()),
            last_used_at: Some(echo()),
            rotated_at: Some("s3cret-s3cret".to_owned()),
        };
        let masked = masked(token, |text| problem::masked(text, &[credential.expose_secret()]));
        assert!(!format!("{masked:?}").contains("s3cret"), "{masked:?}");
    }
}
