//! A revoker that answers by a script.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::{SessionToken, TokenId};
use crate::ports::request_error::RequestError;
use crate::ports::token_revoker::{Revocation, TokenRevoker};

/// A [`TokenRevoker`] that gives the answers of its script, one a call, and records what it was asked to revoke.
///
/// A call beyond the script's end is answered with [`RequestError::Unreached`].
///
/// ```
/// use plexctl::ports::RequestError;
/// use plexctl::ports::token_revoker::Revocation;
/// use plexctl::testing::ScriptedRevoker;
///
/// let willing = ScriptedRevoker::new([Ok(Revocation::Revoked)]);
/// let unreachable = ScriptedRevoker::new([Err(RequestError::Unreached { source: "no route".into() })]);
/// assert!(willing.calls().is_empty() && unreachable.calls().is_empty());
/// ```
#[derive(Debug)]
pub struct ScriptedRevoker {
    script: Mutex<VecDeque<Result<Revocation, RequestError>>>,
    calls: Mutex<Vec<RecordedRevocation>>,
}

/// One call of a [`ScriptedRevoker`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRevocation {
    /// The server that the token was to be revoked at.
    pub server: ServerUrl,
    /// The token, by its id.
    pub id: TokenId,
}

impl ScriptedRevoker {
    /// Takes the answers in order.
    pub fn new(script: impl IntoIterator<Item = Result<Revocation, RequestError>>) -> Self {
        Self { script: Mutex::new(script.into_iter().collect()), calls: Mutex::default() }
    }

    /// The calls so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedRevocation> {
        lock(&self.calls).clone()
    }
}

#[async_trait]
impl TokenRevoker for ScriptedRevoker {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RequestError> {
        lock(&self.calls).push(RecordedRevocation { server: server.clone(), id: token.id() });
        let exhausted = || Err(RequestError::Unreached { source: "the script has no more answers".into() });
        lock(&self.script).pop_front().unwrap_or_else(exhausted)
    }
}
