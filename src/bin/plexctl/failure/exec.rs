//! Why a program was not run, in words.

use std::path::PathBuf;

use plexctl::domain::session::ProfileName;
use plexctl::ports::chain::chain;
use plexctl::ports::store_error::StoreError;
use plexctl::use_cases::exec::{ExecError, ExecFault};

use super::again::Again;
use super::no_session::no_session_hint;
use super::server::StoredServer;

/// A failed exec, with what its words need beside the error.
#[derive(Debug)]
pub struct ExecFailure {
    /// What failed.
    pub error: ExecError,
    /// The command that was typed, without the program.
    pub again: Again,
    /// The profile that was typed.
    pub selected: Option<ProfileName>,
    /// The config file.
    pub config: PathBuf,
    /// Where the file stores the profile's server, if that is what cannot be used.
    pub place_of_server: Option<String>,
}

impl ExecFailure {
    /// The failure in words, and what to do about it. Nothing was changed, whatever failed.
    pub fn words(&self) -> (String, Option<String>) {
        let (reason, hint) = match &self.error.fault {
            ExecFault::Load(error) => {
                let hint = matches!(error, StoreError::Exposed { .. }).then(|| self.again.once_private(&self.config));
                (chain(error), hint)
            }
            ExecFault::NoSession { selection: _, reason } => {
                let hint = reason.as_ref().and_then(|reason| no_session_hint(reason, &self.config));
                let login = Again::another("login").with("--profile", self.selected.as_ref().map(ProfileName::as_str));
                ("no session".to_owned(), hint.or_else(|| Some(format!("log in with {login}"))))
            }
            ExecFault::Server { profile, source } => {
                let place = self.place_of_server.clone().unwrap_or_else(|| self.config.display().to_string());
                let stored = StoredServer { of: format!("profile \"{profile}\""), place };
                (stored.words(source), Some(StoredServer::hint(source, &self.again)))
            }
            fault => (chain(fault), None),
        };
        (format!("{}: {reason}", self.error), hint)
    }
}
