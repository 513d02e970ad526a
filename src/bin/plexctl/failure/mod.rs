//! Everything that can end a run without success: in the operator's words, and as data for programs.

pub mod again;
mod login;
mod logout;
mod profiles;
mod server;
mod whoami;

use std::io;

use plexctl::domain::printable::escape_unprintable;
use plexctl::domain::session::ProfileName;
use plexctl::ports::reporter::{FailureReport, Leaves};
use plexctl::use_cases::login::LoginError;
use plexctl::use_cases::logout::LogoutError;
use plexctl::use_cases::profiles::ProfilesError;
use plexctl::use_cases::whoami::WhoamiError;
use thiserror::Error;

pub use self::login::{LoginFailure, interruption_hint, last_words, of_interruption};
pub use self::logout::LogoutFailure;
pub use self::profiles::ProfilesFailure;
pub use self::whoami::WhoamiFailure;
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
    /// The login could not be begun for want of what connections, deadlines and signals need.
    NotStarted(RuntimeError),
    /// The login failed.
    Login(Box<LoginFailure>),
    /// The logout failed.
    Logout(Box<LogoutFailure>),
    /// It could not be told who the operator is.
    Whoami(Box<WhoamiFailure>),
    /// What was asked of the stored profiles failed.
    Profiles(Box<ProfilesFailure>),
}

impl Failure {
    /// Tells whether what failed is to write to standard output, where nothing more can be written then.
    pub fn is_of_stdout(&self) -> bool {
        match self {
            Self::Stdout(_) => true,
            Self::Usage(_) | Self::NoConfigPlace | Self::NotStarted(_) => false,
            Self::Login(failure) => matches!(failure.error, LoginError::Report(_)),
            Self::Logout(failure) => matches!(failure.error, LogoutError::Report(_)),
            Self::Whoami(failure) => matches!(failure.error, WhoamiError::Report(_)),
            Self::Profiles(failure) => matches!(failure.error, ProfilesError::Report(_)),
        }
    }

    /// The failure in words: what state it leaves, the cause, then identifiers; and what to do next.
    pub fn explain(&self) -> FailureReport {
        let code = exit_code::code(self);
        match self {
            Self::NotStarted(error) => bare(code, format!("no login was begun: {}", words(error))),
            Self::Login(failure) => printable(failure.explain(code)),
            Self::Logout(failure) => printable(failure.explain(code)),
            Self::Whoami(failure) => printable(failure.explain(code)),
            Self::Profiles(failure) => printable(failure.explain(code)),
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

/// Profiles by name, as many as fit a line.
pub fn listed(profiles: &[ProfileName]) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<_> = profiles.iter().take(SHOWN).map(|profile| format!("\"{profile}\"")).collect();
    if profiles.len() > SHOWN {
        names.push(format!("and {} more", profiles.len() - SHOWN));
    }
    names.join(", ")
}

/// A failure that is about no session.
fn bare(code: &'static str, message: String) -> FailureReport {
    FailureReport { code, message, hint: None, profile: None, server: None, token_id: None, session: Leaves::Untouched }
}
