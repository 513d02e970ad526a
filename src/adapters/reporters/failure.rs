//! What there is to tell of a failure: an object for programs. What people read of it is not told through a reporter.

use serde::Serialize;

use super::{Render, Rendered};
use crate::domain::session::ProfileName;
use crate::ports::failure_report::{FailureReport, SessionState};

/// The failure under the one key that tells it from a result.
#[derive(Serialize)]
pub(super) struct Envelope<'a> {
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

impl<'a> Envelope<'a> {
    fn new(report: &'a FailureReport) -> Self {
        let response = report.facts.response.as_ref();
        Self {
            error: Body {
                code: report.code,
                message: &report.message,
                hint: report.hint.as_deref(),
                profile: report.facts.profile.as_ref().map(ProfileName::as_str),
                server: report.facts.server.as_deref(),
                token_id: report.facts.token_id.map(|id| id.to_string()),
                session: match report.facts.session {
                    SessionState::Untouched => "untouched",
                    SessionState::Kept => "kept",
                    SessionState::Revoked => "revoked",
                    SessionState::Ended => "ended",
                },
                status: response.map(|response| response.status),
                problem_code: response.and_then(|response| response.problem_code.as_deref()),
                correlation_id: response.and_then(|response| response.correlation_id.as_deref()),
            },
        }
    }
}

impl Render for FailureReport {
    type Data<'a> = Envelope<'a>;

    fn to_people(&self) -> Rendered<String> {
        Rendered::notes(Vec::new())
    }

    fn to_programs(&self) -> Rendered<Envelope<'_>> {
        Rendered::result(Envelope::new(self))
    }
}
