//! The token directory: `GET /v1/auth/tokens`, and `DELETE /v1/auth/tokens/{id}` with what counts as its success.

use async_trait::async_trait;
use hyper::Method;

use super::ControlPlaneClient;
use super::http::{Call, ERROR_BODY_LIMIT, Response};
use super::token_list::{TokenListFault, TokenListParser};
use super::unexpected_response::UnexpectedResponse;
use crate::domain::bearer_token::BearerToken;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;
use crate::domain::token_summary::TokenSummary;
use crate::ports::call_error::{CallError, Remedy, ResponseFacts};
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
        self.revoke_token(server, id, credential.expose_secret()).await
    }
}

impl ControlPlaneClient {
    /// Revokes a token, authorized by a bearer token. Both ports that revoke go by these rules.
    ///
    /// # Errors
    ///
    /// Those of [`TokenDirectory::revoke`]. The token may still be live, unless it is its own bearer token and the error
    /// is [`RequestError::NotAccepted`] or [`RequestError::NoSuchToken`].
    pub(super) async fn revoke_token(&self, server: &ServerUrl, id: TokenId, bearer: &str) -> Result<(), RequestError> {
        // A connection that was idle could end during the request, and leave open whether the token is dead.
        let call = Call { bearer: Some(bearer), ..Call::new(Method::DELETE, format!("/v1/auth/tokens/{id}")) };
        let mut response = self.call(server, call).await?;
        // Captive portals answer with pages, and a 204 has none.
        if response.status() == 204 || response.status() == 200 && is_plausible(&mut response).await {
            return Ok(());
        }
        let error = revoke_error(response.into_error().await);
        if let RequestError::NoSuchToken { source } = &error {
            self.warn_of_bare(source, id);
        }
        Err(error)
    }

    /// Warns if a response that decides about a token has no problem details: every server can send a bare status.
    pub(super) fn warn_of_bare(&self, error: &CallError, id: TokenId) {
        if let Some(ResponseFacts { status, is_problem: false, .. }) = error.response() {
            (self.warn)(&format!(
                "the server responded with {status} without problem details for token {id}, so it may not be plexsphere"
            ));
        }
    }
}

/// Tells whether a success may come from plexsphere: captive portals and proxies answer 200 to anything, with a page.
async fn is_plausible(response: &mut Response<'_>) -> bool {
    response.proxy.is_none() && (response.is_json() || response.body(ERROR_BODY_LIMIT).await.is_empty())
}

/// Reads the table of responses that are no success. Every status that is not in it leaves open whether the token is
/// live, and so does one that the proxy may have sent by itself.
fn revoke_error(response: UnexpectedResponse) -> RequestError {
    match response.status {
        404 if !response.may_be_the_proxys() => RequestError::NoSuchToken { source: response.into() },
        _ => response.into(),
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

#[cfg(test)]
mod tests {
    use super::super::failure::ProxyName;
    use super::super::problem::ProblemDetails;
    use super::*;

    #[test]
    fn only_three_statuses_say_something_about_the_token() {
        let proxy = || ProxyName { address: "http://proxy".to_owned(), variable: "HTTP_PROXY".to_owned() };
        for status in 0..=999 {
            for (is_proxied, has_problem) in [(false, false), (false, true), (true, false), (true, true)] {
                let response = UnexpectedResponse {
                    status,
                    proxy: is_proxied.then(proxy),
                    problem: has_problem.then(ProblemDetails::default),
                    ..UnexpectedResponse::default()
                };
                let is_the_servers = !is_proxied || has_problem;
                let is_as_listed = match revoke_error(response) {
                    RequestError::Refused { .. } => status == 403,
                    RequestError::NotAccepted { .. } => status == 401 && is_the_servers,
                    RequestError::NoSuchToken { .. } => status == 404 && is_the_servers,
                    RequestError::Unconfirmed { .. } => {
                        status != 403 && !(is_the_servers && matches!(status, 401 | 404))
                    }
                    _ => false,
                };
                assert!(is_as_listed, "{status} {is_proxied} {has_problem}");
            }
        }
    }
}
