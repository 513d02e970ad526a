//! An issuer that answers by a script.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::Mutex;

use async_trait::async_trait;

use super::{lock, yield_once};
use crate::domain::device_authorization::{DeviceAuthorization, DeviceCode};
use crate::domain::identifier::Identifier;
use crate::domain::server_url::ServerUrl;
use crate::ports::request_error::RequestError;
use crate::ports::token_issuer::{AuthorizationRequest, BindingChoice, PollFailure, PollResponse, TokenIssuer};

/// A [`TokenIssuer`] that gives the answers of its script, one a call, and records what it was asked for.
///
/// A second login is answered with [`RequestError::Unreached`], a poll beyond the script's end with a failure in which the
/// server was not reached.
///
/// ```
/// use plexctl::domain::device_authorization::{AuthorizationFields, DeviceAuthorization};
/// use plexctl::domain::server_url::ServerUrl;
/// use plexctl::ports::token_issuer::PollResponse;
/// use plexctl::testing::{ScriptedIssuer, ScriptedPoll};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fields = AuthorizationFields {
///     device_code: "d3vice".into(),
///     user_code: "ABCD-EFGH".into(),
///     verification_uri: "https://plexsphere.example/v1/device".into(),
///     expires_in: 600,
///     ..AuthorizationFields::default()
/// };
/// let authorization = DeviceAuthorization::parse(fields, &ServerUrl::parse("https://plexsphere.example")?)?;
/// let issuer = ScriptedIssuer::new(Ok(authorization), [PollResponse::Pending.into(), ScriptedPoll::NeverAnswers])
///     .on_poll(|number| println!("poll {number}"));
/// assert!(issuer.polls().is_empty());
/// # Ok(())
/// # }
/// ```
pub struct ScriptedIssuer {
    beginning: Mutex<Option<Result<DeviceAuthorization, RequestError>>>,
    script: Mutex<VecDeque<ScriptedPoll>>,
    on_poll: Box<dyn Fn(usize) + Send + Sync>,
    beginnings: Mutex<Vec<RecordedBeginning>>,
    polls: Mutex<Vec<RecordedPoll>>,
    bindings: Vec<BindingChoice>,
    listings: Mutex<usize>,
}

/// How a poll goes on.
#[derive(Debug)]
pub enum ScriptedPoll {
    /// It is answered at once.
    Answers(PollResponse),
    /// It is answered at its second poll, so that something else can come first.
    AnswersLate(PollResponse),
    /// It is never answered.
    NeverAnswers,
}

impl From<PollResponse> for ScriptedPoll {
    fn from(answer: PollResponse) -> Self {
        Self::Answers(answer)
    }
}

/// A login that a [`ScriptedIssuer`] was asked to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedBeginning {
    /// The server that it was to be begun at.
    pub server: ServerUrl,
    /// Who was to approve it.
    pub request: AuthorizationRequest,
}

/// One poll of a [`ScriptedIssuer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPoll {
    /// The server that was polled.
    pub server: ServerUrl,
    /// The code that it was polled with.
    pub code: DeviceCode,
}

impl ScriptedIssuer {
    /// Takes the answer that begins a login, or does not, and those to the polls in order.
    pub fn new(
        beginning: Result<DeviceAuthorization, RequestError>,
        polls: impl IntoIterator<Item = ScriptedPoll>,
    ) -> Self {
        Self {
            beginning: Mutex::new(Some(beginning)),
            script: Mutex::new(polls.into_iter().collect()),
            on_poll: Box::new(|_| {}),
            beginnings: Mutex::default(),
            polls: Mutex::default(),
            bindings: Vec::new(),
            listings: Mutex::default(),
        }
    }

    /// Lists these bindings of every domain.
    #[must_use]
    pub fn with_bindings(mut self, bindings: Vec<BindingChoice>) -> Self {
        self.bindings = bindings;
        self
    }

    /// How often the bindings were listed so far.
    #[must_use]
    pub fn listings(&self) -> usize {
        *lock(&self.listings)
    }

    /// Calls this at the beginning of each poll, with its number from 1 on: something may happen meanwhile.
    #[must_use]
    pub fn on_poll(mut self, happening: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_poll = Box::new(happening);
        self
    }

    /// The logins that were to be begun so far, in order.
    #[must_use]
    pub fn beginnings(&self) -> Vec<RecordedBeginning> {
        lock(&self.beginnings).clone()
    }

    /// The polls so far, in order.
    #[must_use]
    pub fn polls(&self) -> Vec<RecordedPoll> {
        lock(&self.polls).clone()
    }

    fn next_poll(&self, server: &ServerUrl, code: &DeviceCode) -> ScriptedPoll {
        let number = {
            let mut polls = lock(&self.polls);
            polls.push(RecordedPoll { server: server.clone(), code: code.clone() });
            polls.len()
        };
        (self.on_poll)(number);
        let exhausted = || {
            let source = "the script has no more answers".into();
            PollResponse::Failed(PollFailure { source, may_have_issued: false, retry_after: None }).into()
        };
        lock(&self.script).pop_front().unwrap_or_else(exhausted)
    }
}

impl fmt::Debug for ScriptedIssuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ScriptedIssuer")
            .field("beginnings", &self.beginnings)
            .field("polls", &self.polls)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenIssuer for ScriptedIssuer {
    async fn begin(
        &self,
        server: &ServerUrl,
        request: &AuthorizationRequest,
    ) -> Result<DeviceAuthorization, RequestError> {
        lock(&self.beginnings).push(RecordedBeginning { server: server.clone(), request: request.clone() });
        let exhausted = || Err(RequestError::Unreached { source: "the script begins one login".into() });
        lock(&self.beginning).take().unwrap_or_else(exhausted)
    }

    async fn bindings(&self, _: &ServerUrl, _: Identifier) -> Vec<BindingChoice> {
        *lock(&self.listings) += 1;
        self.bindings.clone()
    }

    async fn poll(&self, server: &ServerUrl, code: &DeviceCode) -> PollResponse {
        match self.next_poll(server, code) {
            ScriptedPoll::Answers(answer) => answer,
            ScriptedPoll::AnswersLate(answer) => {
                yield_once().await;
                answer
            }
            ScriptedPoll::NeverAnswers => pending().await,
        }
    }
}
