//! Everything that can end a run without success: in the operator's words, and as data for programs.

pub mod again;
mod credential;
mod exec;
mod login;
mod logout;
mod no_session;
mod profiles;
mod server;
mod tokens;
mod whoami;

use std::io;

use plexctl::domain::printable::escape_unprintable;
use plexctl::domain::session::ProfileName;
use plexctl::ports::call_error::{CallError, Remedy};
use plexctl::ports::chain::chain;
use plexctl::ports::failure_report::{FailureFacts, FailureReport};
use plexctl::use_cases::exit_status::ExitStatus;
use plexctl::use_cases::failure_kind::FailureKind;
use plexctl::use_cases::login::LoginCause;
use plexctl::use_cases::logout::LogoutError;
use plexctl::use_cases::profiles::ProfilesError;
use plexctl::use_cases::tokens::TokensError;
use plexctl::use_cases::whoami::WhoamiError;
use thiserror::Error;

use self::again::Again;
use crate::environment::ConfigPathError;

pub use self::credential::CredentialContext;
pub use self::exec::ExecFailure;
pub use self::login::{LoginFailure, last_words};
pub use self::logout::LogoutFailure;
pub use self::no_session::{no_profile_hint, no_session_hint};
pub use self::profiles::ProfilesFailure;
pub use self::tokens::TokensFailure;
pub use self::whoami::WhoamiFailure;

/// What connections and deadlines need could not be had, such as descriptors.
#[derive(Debug, Error)]
#[error("the runtime could not be started")]
pub struct RuntimeError(#[source] pub io::Error);

/// Why a run failed.
#[derive(Debug)]
pub enum Failure {
    /// The command line is not understood; the text holds the error and the usage.
    Usage(String),
    /// It is not known where the config file is.
    NoConfigPlace(ConfigPathError),
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
    /// A program was not run.
    Exec(Box<ExecFailure>),
    /// What was asked about the tokens of a principal failed.
    Tokens(Box<TokensFailure>),
}

impl Failure {
    /// Tells whether what failed is to write to standard output, where nothing more can be written then.
    pub fn is_of_stdout(&self) -> bool {
        match self {
            Self::Stdout(_) => true,
            Self::Usage(_) | Self::NoConfigPlace(_) | Self::NotStarted(_) | Self::Exec(_) => false,
            Self::Login(failure) => matches!(*failure.error.cause, LoginCause::Report(_)),
            Self::Logout(failure) => matches!(failure.error, LogoutError::Report(_)),
            Self::Whoami(failure) => matches!(failure.error, WhoamiError::Report(_)),
            Self::Profiles(failure) => matches!(failure.error, ProfilesError::Report(_)),
            Self::Tokens(failure) => matches!(failure.error, TokensError::Report(_)),
        }
    }

    /// Tells whether the command line is what is wrong. Programs get no data then.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Usage(_) => true,
            Self::Login(failure) => failure.is_usage(),
            _ => false,
        }
    }

    /// The kind of failure, which decides the exit code and the code for programs.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NoConfigPlace(_) => FailureKind::ConfigUnusable,
            Self::Usage(_) | Self::NotStarted(_) | Self::Stdout(_) => FailureKind::Internal,
            Self::Login(failure) => failure.error.kind(),
            Self::Logout(failure) => failure.error.kind(),
            Self::Whoami(failure) => failure.error.kind(),
            Self::Profiles(failure) => failure.error.kind(),
            Self::Exec(failure) => failure.error.kind(),
            Self::Tokens(failure) => failure.error.kind(),
        }
    }

    /// What the process ends with.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Usage(_) => ExitStatus::Unusable,
            _ => self.kind().exit_status(),
        }
    }

    /// The failure in words: what state it leaves, the cause, then identifiers; and what to do next.
    pub fn explain(&self) -> FailureReport {
        let (message, hint) = self.words();
        let (facts, selected) = match self {
            Self::Login(failure) => (failure.error.facts(), None),
            Self::Logout(failure) => (failure.error.facts(), failure.selected.clone()),
            Self::Whoami(failure) => (failure.error.facts(), failure.context.selected.clone()),
            Self::Profiles(failure) => (failure.error.facts(), failure.selected.clone()),
            Self::Exec(failure) => (failure.error.facts(), failure.selected.clone()),
            Self::Tokens(failure) => (failure.error.facts(), failure.context.selected.clone()),
            Self::Usage(_) | Self::NoConfigPlace(_) | Self::NotStarted(_) | Self::Stdout(_) => {
                (FailureFacts::default(), None)
            }
        };
        // What people read and what programs read are the same texts. The usage has several lines.
        let escape = |text: String| escape_unprintable(&text).into_owned();
        FailureReport {
            code: self.kind().code(),
            message: if matches!(self, Self::Usage(_)) { message } else { escape(message) },
            hint: hint.map(escape),
            facts: FailureFacts { profile: facts.profile.clone().or(selected), ..facts },
        }
    }

    fn words(&self) -> (String, Option<String>) {
        match self {
            Self::NotStarted(error) => (format!("cannot log in: {}", chain(error)), None),
            Self::Login(failure) => failure.words(),
            Self::Logout(failure) => failure.words(),
            Self::Whoami(failure) => failure.words(),
            Self::Profiles(failure) => failure.words(),
            Self::Exec(failure) => failure.words(),
            Self::Tokens(failure) => failure.words(),
            Self::Usage(text) => (text.clone(), None),
            Self::NoConfigPlace(error) => {
                let hint = match error {
                    ConfigPathError::Unknown => "set HOME, XDG_CONFIG_HOME or PLEXCTL_CONFIG".to_owned(),
                    ConfigPathError::Tilde(variable) => format!("set {variable} to an absolute path"),
                };
                (error.to_string(), Some(hint))
            }
            Self::Stdout(error) => (format!("standard output could not be written: {}", chain(error)), None),
        }
    }
}

/// What the operator can do about a failed request.
fn remedy_hint(error: &CallError) -> Option<String> {
    Some(match error.remedy()? {
        Remedy::ProxyCredentials { address, variable } => {
            let host = address.trim_start_matches("http://");
            format!("the proxy asks for credentials, which {variable} can hold: http://USER:PASSWORD@{host}")
        }
        Remedy::TrustAuthority => {
            "add the authority to the system's trust store, or name a file with it in SSL_CERT_FILE".to_owned()
        }
        Remedy::InstallTrustStore => {
            "install the system's CA certificates, or name a file with some in SSL_CERT_FILE".to_owned()
        }
        Remedy::ReplaceServerCertificate => "give the server a certificate of its own, with CA:FALSE".to_owned(),
        _ => return None,
    })
}

/// What to do about a failed request before the command is run again.
fn hint_to_retry(error: &CallError, again: &Again) -> String {
    let hint = remedy_hint(error).unwrap_or_else(|| "once the cause is gone".to_owned());
    let separator = if hint.starts_with("once") { "," } else { "; then" };
    format!("{hint}{separator} run {again} again")
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
