//! A failure as data: one object on the stream of results, in the formats that programs read.

use std::io::Write;

use serde::Serialize;

use super::yaml::to_yaml;
use super::{JsonReporter, YamlReporter, to_json, write_result};
use crate::domain::session::ProfileName;
use crate::ports::reporter::{FailureReport, Leaves, ReportError, Reporter};

/// What a script reads. The order of the fields is the order of the keys.
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
}

impl<'a> Envelope<'a> {
    fn new(report: &'a FailureReport) -> Self {
        Self {
            error: Body {
                code: report.code,
                message: &report.message,
                hint: report.hint.as_deref(),
                profile: report.profile.as_ref().map(ProfileName::as_str),
                server: report.server.as_deref(),
                token_id: report.token_id.map(|id| id.to_string()),
                session: match report.session {
                    Leaves::Untouched => "untouched",
                    Leaves::Kept => "kept",
                    Leaves::Revoked => "revoked",
                    Leaves::Ended => "ended",
                },
            },
        }
    }
}

impl<O: Write + Send, E: Write + Send> Reporter<FailureReport> for JsonReporter<O, E> {
    fn report(&mut self, report: &FailureReport) -> Result<(), ReportError> {
        write_result(&mut self.out, &to_json(&Envelope::new(report))?)
    }
}

impl<O: Write + Send, E: Write + Send> Reporter<FailureReport> for YamlReporter<O, E> {
    fn report(&mut self, report: &FailureReport) -> Result<(), ReportError> {
        write_result(&mut self.out, &to_yaml(&Envelope::new(report))?)
    }
}
