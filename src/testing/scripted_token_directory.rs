//! A token directory that responds by a script.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::domain::bearer_token::BearerToken;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;
use crate::domain::token_summary::TokenSummary;
use crate::ports::request_error::RequestError;
use crate::ports::token_directory::TokenDirectory;

/// A [`TokenDirectory`] that gives the responses of its script, one a call, and records its calls.
///
/// A call beyond the end of the script fails with [`RequestError::Unreached`].
///
/// ```
/// use plexctl::testing::ScriptedTokenDirectory;
///
/// let directory = ScriptedTokenDirectory::new([Ok(Vec::new())], [Ok(())]);
/// assert!(directory.calls().is_empty());
/// ```
#[derive(Debug)]
pub struct ScriptedTokenDirectory {
    lists: Mutex<VecDeque<Result<Vec<TokenSummary>, RequestError>>>,
    revocations: Mutex<VecDeque<Result<(), RequestError>>>,
    calls: Mutex<Vec<RecordedDirectoryCall>>,
}

/// One call of a [`ScriptedTokenDirectory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedDirectoryCall {
    /// The server that was asked.
    pub server: ServerUrl,
    /// The credential that was sent.
    pub credential: BearerToken,
    /// The token that was to be revoked. `None` for a list.
    pub revoked: Option<TokenId>,
}

impl ScriptedTokenDirectory {
    /// Takes the responses to lists and to revocations, each in order.
    pub fn new(
        lists: impl IntoIterator<Item = Result<Vec<TokenSummary>, RequestError>>,
        revocations: impl IntoIterator<Item = Result<(), RequestError>>,
    ) -> Self {
        let (lists, revocations) = (lists.into_iter().collect(), revocations.into_iter().collect());
        Self { lists: Mutex::new(lists), revocations: Mutex::new(revocations), calls: Mutex::default() }
    }

    /// The calls so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedDirectoryCall> {
        lock(&self.calls).clone()
    }

    fn record(&self, server: &ServerUrl, credential: &BearerToken, revoked: Option<TokenId>) {
        let call = RecordedDirectoryCall { server: server.clone(), credential: credential.clone(), revoked };
        lock(&self.calls).push(call);
    }
}

fn next<T>(script: &Mutex<VecDeque<Result<T, RequestError>>>) -> Result<T, RequestError> {
    let exhausted = || Err(RequestError::Unreached { source: "the script has no more responses".into() });
    lock(script).pop_front().unwrap_or_else(exhausted)
}

#[async_trait]
impl TokenDirectory for ScriptedTokenDirectory {
    async fn list(&self, server: &ServerUrl, credential: &BearerToken) -> Result<Vec<TokenSummary>, RequestError> {
        self.record(server, credential, None);
        next(&self.lists)
    }

    async fn revoke(&self, server: &ServerUrl, credential: &BearerToken, id: TokenId) -> Result<(), RequestError> {
        self.record(server, credential, Some(id));
        next(&self.revocations)
    }
}
