//! A principal reader that answers by a script.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::domain::bearer_token::BearerToken;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::ports::principal_reader::PrincipalReader;
use crate::ports::request_error::RequestError;

/// A [`PrincipalReader`] that gives the answers of its script, one a call, and records what it was asked.
///
/// A call beyond the script's end is answered with [`RequestError::Unreached`].
///
/// ```
/// use plexctl::domain::principal::Principal;
/// use plexctl::testing::ScriptedPrincipalReader;
///
/// let reader = ScriptedPrincipalReader::new([Ok(Principal { subject: "somebody".into(), ..Principal::default() })]);
/// let silent = ScriptedPrincipalReader::silent();
/// assert!(reader.calls().is_empty() && silent.calls().is_empty());
/// ```
#[derive(Debug)]
pub struct ScriptedPrincipalReader {
    /// None means that no call is ever answered.
    script: Option<Mutex<VecDeque<Result<Principal, RequestError>>>>,
    calls: Mutex<Vec<RecordedReading>>,
}

/// One call of a [`ScriptedPrincipalReader`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedReading {
    /// The server that was asked.
    pub server: ServerUrl,
    /// The token that it was asked with.
    pub token: BearerToken,
}

impl ScriptedPrincipalReader {
    /// Takes the answers in order.
    pub fn new(script: impl IntoIterator<Item = Result<Principal, RequestError>>) -> Self {
        Self { script: Some(Mutex::new(script.into_iter().collect())), calls: Mutex::default() }
    }

    /// A reader that never answers, for those who have a limit of their own.
    #[must_use]
    pub fn silent() -> Self {
        Self { script: None, calls: Mutex::default() }
    }

    /// The calls so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedReading> {
        lock(&self.calls).clone()
    }
}

#[async_trait]
impl PrincipalReader for ScriptedPrincipalReader {
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, RequestError> {
        lock(&self.calls).push(RecordedReading { server: server.clone(), token: token.clone() });
        let Some(script) = &self.script else { return pending().await };
        let exhausted = || Err(RequestError::Unreached { source: "the script has no more answers".into() });
        lock(script).pop_front().unwrap_or_else(exhausted)
    }
}
