//! What there is to tell of a failure: an object for programs. What people read of it is not told through a reporter.

use serde::Serialize;

use super::Render;
use crate::domain::session::ProfileName;
use crate::ports::failure_report::{FailureReport, SessionState};

/// The failure under the one key that tells it from a result.
#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
    profile: Option<&'a str>,
    server: Option<&'a str>,
    token_id: Option<String>,
    session: &'static str,
    status: Option<u16>,
    problem_code: Option<&'a str>,
    correlation_id: Option<&'a str>,
}

impl Render for FailureReport {
    fn to_data(&self) -> Option<impl Serialize> {
        let response = self.facts.response.as_ref();
        let error = Body {
            code: self.code,
            message: &self.message,
            hint: self.hint.as_deref(),
            profile: self.facts.profile.as_ref().map(ProfileName::as_str),
            server: self.facts.server.as_deref(),
            token_id: self.facts.token_id.map(|id| id.to_string()),
            session: match self.facts.session {
                SessionState::Untouched => "untouched",
                SessionState::Kept => "kept",
                SessionState::Revoked => "revoked",
                SessionState::Ended => "ended",
            },
            status: response.map(|response| response.status),
            problem_code: response.and_then(|response| response.problem_code.as_deref()),
            correlation_id: response.and_then(|response| response.correlation_id.as_deref()),
        };
        Some(Envelope { error })
    }
}
