//! A failed run as data: what a program reads of it.

use super::call_error::{CallError, ResponseFacts};
use crate::domain::session::ProfileName;
use crate::domain::token::TokenId;

/// A failure as data. People read it on standard error, in any format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureReport {
    /// The code that a program tells failures apart by, such as `unreached`.
    pub code: &'static str,
    /// What happened, on one line.
    pub message: String,
    /// What to do next, where that is not plain from the message.
    pub hint: Option<String>,
    /// What the run was about, and what it leaves.
    pub facts: FailureFacts,
}

/// What a failed run was about, as far as it is known, and what it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureFacts {
    /// The profile.
    pub profile: Option<ProfileName>,
    /// The server as it was given.
    pub server: Option<String>,
    /// The id of the token.
    pub token_id: Option<TokenId>,
    /// What the run leaves of the session.
    pub session: SessionState,
    /// The response that decided.
    pub response: Option<ResponseFacts>,
}

impl FailureFacts {
    /// The same facts with what a response said.
    #[must_use]
    pub fn with_response_of(self, error: &CallError) -> Self {
        Self { response: error.response().cloned(), ..self }
    }
}

/// What a failed run leaves of the session that it was about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionState {
    /// The session as it was: no request was sent.
    #[default]
    Untouched,
    /// A stored session that is not known to be dead.
    Kept,
    /// A stored session that is dead.
    Revoked,
    /// Neither a live token nor a stored one.
    Ended,
}
