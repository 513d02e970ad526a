//! Everything that can end a run without success: in the operator's words, and as data for programs.

pub mod again;
mod logout;

use std::io;

use plexctl::domain::printable::escape_unprintable;
use plexctl::ports::reporter::{FailureReport, Leaves};
use thiserror::Error;

pub use self::logout::LogoutFailure;
use crate::exit_code;
use crate::words::words;

/// What connections and deadlines need could not be had, such as descriptors.
#[derive(Debug, Error)]
#[error("the runtime could not be started")]
pub struct RuntimeError(#[source] pub io::Error);

/// Why a run failed.
#[derive(Debug)]
pub enum Failure {
    /// The command line is not understood; the text holds the error and the usage.
    Usage(String),
    /// No variable says where the config file is.
    NoConfigPlace,
    /// The text that was asked for could not be written.
    Stdout(io::Error),
    /// The logout failed.
    Logout(Box<LogoutFailure>),
}

impl Failure {
    /// The failure in words: what state it leaves, the cause, then identifiers; and what to do next.
    pub fn explain(&self) -> FailureReport {
        let code = exit_code::code(self);
        match self {
            Self::Logout(failure) => printable(failure.explain(code)),
            Self::Usage(text) => bare(code, text.clone()),
            Self::NoConfigPlace => FailureReport {
                hint: Some("set HOME, XDG_CONFIG_HOME or PLEXCTL_CONFIG".to_owned()),
                ..bare(code, "no place for a config file is known".to_owned())
            },
            Self::Stdout(error) => bare(code, format!("standard output could not be written: {}", words(error))),
        }
    }
}

/// What people read and what programs read are the same texts.
fn printable(report: FailureReport) -> FailureReport {
    let escape = |text: String| escape_unprintable(&text).into_owned();
    FailureReport { message: escape(report.message), hint: report.hint.map(escape), ..report }
}

/// A failure that is about no session.
fn bare(code: &'static str, message: String) -> FailureReport {
    FailureReport { code, message, hint: None, profile: None, server: None, token_id: None, session: Leaves::Untouched }
}
