//! The reporters: one per output format, each over two injected writers.
//!
//! The summary goes to the first writer, which carries results; the sentences that are no result go to the second. What
//! they have in common stands here.

mod failure;
mod json;
mod text;
mod yaml;

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

pub use self::json::JsonReporter;
pub use self::text::TextReporter;
pub use self::yaml::YamlReporter;
use crate::domain::printable::is_unprintable;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::ports::credential_store::Clearing;
use crate::ports::reporter::{LogoutOutcome, ReportError};
use crate::ports::token_revoker::Revocation;

/// What a script reads. The order of the fields is the order of the keys.
#[derive(Serialize)]
struct Summary<'a> {
    profile: &'a str,
    server: &'a str,
    revoked: bool,
}

impl<'a> Summary<'a> {
    fn new(profile: &'a ProfileName, server: &'a ServerUrl, revocation: Revocation) -> Self {
        Self {
            profile: profile.as_str(),
            server: server.as_given(),
            revoked: match revocation {
                Revocation::Revoked => true,
                Revocation::AlreadyGone => false,
            },
        }
    }
}

/// Tells an outcome as a structured summary, with the sentence beside it where the summary cannot say it all.
fn report_summary(
    outcome: &LogoutOutcome,
    format: impl FnOnce(&Summary<'_>) -> Result<String, ReportError>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<(), ReportError> {
    match outcome {
        LogoutOutcome::NoSession => {
            write_note(err, &sentence(outcome));
            Ok(())
        }
        LogoutOutcome::LoggedOut { profile, server, revocation, clearing } => {
            write_result(out, &format(&Summary::new(profile, server, *revocation))?)?;
            if *clearing == Clearing::Replaced {
                write_note(err, &sentence(outcome));
            }
            Ok(())
        }
    }
}

/// Writes the summary as JSON with two spaces of indentation. Characters that must not reach a terminal, which JSON
/// would allow in a string, stand as their `\u` escapes.
fn to_json(summary: &impl Serialize) -> Result<String, ReportError> {
    let pretty = serde_json::to_string_pretty(summary).map_err(|error| ReportError { source: error.into() })?;
    let mut json = String::with_capacity(pretty.len() + 1);
    for character in pretty.chars() {
        if is_unprintable(character) && character != '\n' {
            let _ = write!(json, "\\u{:04x}", u32::from(character));
        } else {
            json.push(character);
        }
    }
    json.push('\n');
    Ok(json)
}

/// The outcome in one line.
fn sentence(outcome: &LogoutOutcome) -> String {
    match outcome {
        LogoutOutcome::NoSession => "No active session; nothing to do.\n".to_owned(),
        LogoutOutcome::LoggedOut { profile, clearing: Clearing::Cleared, .. } => {
            format!("Logged out. Cleared profile \"{profile}\".\n")
        }
        LogoutOutcome::LoggedOut { profile, clearing: Clearing::Replaced, .. } => {
            format!("Logged out. Kept profile \"{profile}\": it holds a newer session.\n")
        }
    }
}

/// Writes a result as a whole. A reader that closed its end has seen what it wanted.
fn write_result(out: &mut impl Write, result: &str) -> Result<(), ReportError> {
    match out.write_all(result.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(ReportError { source: error.into() }),
        _ => Ok(()),
    }
}

/// Writes a sentence that is no result. The exit code tells the same, so a failure is none of the logout's.
fn write_note(err: &mut impl Write, note: &str) {
    let _ = err.write_all(note.as_bytes()).and_then(|()| err.flush());
}
