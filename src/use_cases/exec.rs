//! Running another program with a stored session.

use std::ffi::OsString;

use thiserror::Error;

use super::exit_status::ExitStatus;
use super::failure_kind::FailureKind;
use super::server::{NamedServers, ServerError};
use crate::domain::printable::escape_unprintable;
use crate::domain::session::{ProfileName, Selection};
use crate::domain::timestamp::Timestamp;
use crate::ports::chain::chain;
use crate::ports::failure_report::FailureFacts;
use crate::ports::process_replacer::{ProcessReplacer, Program, ReplaceError};
use crate::ports::profile_reader::{NoSessionReason, ProfileKey, ProfileReader};
use crate::ports::reporter::{ExpiredSession, Reporter};
use crate::ports::store_error::StoreError;

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecRequest {
    /// The profile whose session the program gets.
    pub selection: Selection,
    /// The command to run: a path, or a name to search for.
    pub command: OsString,
    /// The arguments of the command.
    pub arguments: Vec<OsString>,
    /// The server that the operator named for this run. It counts for a profile that stores none, and otherwise has to
    /// be of the same origin.
    pub server_flag: Option<String>,
    /// The server that the operator named for every profile that stores none.
    pub server_fallback: Option<String>,
    /// The time by the clock of this machine.
    pub now: Timestamp,
}

/// Runs a program with a stored session in its environment, in place of this one.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use std::time::SystemTime;
///
/// use plexctl::domain::session::Selection;
/// use plexctl::testing::{InMemoryStore, RecordingProcess, RecordingReporter, session};
/// use plexctl::use_cases::{ExecRequest, ExecUseCase};
///
/// let store = InMemoryStore::new().with_default_session(session("dev", 1));
/// let (process, mut reporter) = (RecordingProcess::new(), RecordingReporter::new());
/// let request = ExecRequest {
///     selection: Selection::Default,
///     command: "terraform".into(),
///     arguments: vec!["plan".into()],
///     server_flag: None,
///     server_fallback: None,
///     now: SystemTime::now().into(),
/// };
/// ExecUseCase::new(&store, &process, &mut reporter).execute(&request)?;
/// assert_eq!(process.programs()[0].variables[3], ("PLEXCTL_PROFILE_IN_USE", "dev".to_owned()));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ExecUseCase<'a> {
    profiles: &'a dyn ProfileReader,
    process: &'a dyn ProcessReplacer,
    reporter: &'a mut dyn Reporter<ExpiredSession>,
}

impl<'a> ExecUseCase<'a> {
    /// Wires the use case to its ports.
    pub fn new(
        profiles: &'a dyn ProfileReader,
        process: &'a dyn ProcessReplacer,
        reporter: &'a mut dyn Reporter<ExpiredSession>,
    ) -> Self {
        Self { profiles, process, reporter }
    }

    /// Looks up the session, warns if it has expired, and runs the program. It returns only if the program does not run,
    /// or if the port only records it.
    ///
    /// # Errors
    ///
    /// [`ExecError`], whose fault says why. No program has run then.
    pub fn execute(&mut self, request: &ExecRequest) -> Result<(), ExecError> {
        let mut facts = Box::<FailureFacts>::default();
        self.run(request, &mut facts).map_err(|fault| ExecError { command: request.command.clone(), facts, fault })
    }

    fn run(&mut self, request: &ExecRequest, facts: &mut FailureFacts) -> Result<(), ExecFault> {
        let profile = self.profiles.look_up(&request.selection).map_err(ExecFault::Load)?;
        let Some((profile, token)) = profile.and_then(|profile| Some((profile.clone(), profile.token?))) else {
            return Err(ExecFault::NoSession { reason: self.profiles.why_none(&request.selection) });
        };
        let name = profile.name;
        (facts.profile, facts.token_id) = (Some(name.clone()), token.id());
        let token = token.to_bearer().map_err(|reason| {
            let place = self.profiles.place_of(&name, ProfileKey::Token);
            ExecFault::Load(StoreError::NotABearerToken { place, source: reason.into() })
        })?;
        // A kernel ends the value of a variable at its first NUL. Tokens and URLs have none.
        if name.as_str().contains('\0') {
            return Err(ExecFault::NulInName { profile: name });
        }
        let servers = NamedServers {
            stored: profile.server.as_deref(),
            flag: request.server_flag.as_deref(),
            fallback: request.server_fallback.as_deref(),
        };
        let server = servers.for_stored_credential().map_err(|fault| {
            facts.server = servers.shown();
            ExecFault::Server(fault.stored_at(|| self.profiles.place_of(&name, ProfileKey::Server)))
        })?;
        facts.server = Some(server.as_given().to_owned());

        if let Some(expired_at) = profile.expires_at.filter(|expires_at| *expires_at <= request.now) {
            // The program runs all the same: the server's clock decides, and a warning that is lost changes nothing.
            let _ = self.reporter.report(&ExpiredSession { profile: name.clone(), expired_at });
        }
        // Only now, since nothing of this process runs after it has been replaced.
        let program = Program {
            command: request.command.clone(),
            arguments: request.arguments.clone(),
            variables: vec![
                ("PLEXSPHERE_TOKEN", token.expose_secret().to_owned()),
                // The tools of plexsphere use both names.
                ("PLEXSPHERE_URL", server.as_given().to_owned()),
                ("PLEXSPHERE_ENDPOINT", server.as_given().to_owned()),
                ("PLEXCTL_PROFILE_IN_USE", name.as_str().to_owned()),
            ],
        };
        self.process.replace(&program).map_err(ExecFault::Program)
    }
}

/// A program that was not run. Nothing was changed.
#[derive(Debug, Error)]
#[error("cannot run \"{}\"", escape_unprintable(&command.to_string_lossy()))]
pub struct ExecError {
    /// The command.
    pub command: OsString,
    facts: Box<FailureFacts>,
    /// Why it was not run.
    #[source]
    pub fault: ExecFault,
}

/// Why a program was not run.
#[derive(Debug, Error)]
pub enum ExecFault {
    /// The stored profiles cannot be read.
    #[error(transparent)]
    Load(StoreError),
    /// The selected profile holds no session.
    #[error("no session{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    NoSession {
        /// Why there is none, if the store can say.
        reason: Option<NoSessionReason>,
    },
    /// The name of the profile cannot be handed on.
    #[error("the name of profile \"{profile}\" contains a NUL, which no variable can hold")]
    NulInName {
        /// The profile.
        profile: ProfileName,
    },
    /// There is no server for the session.
    #[error("{}", chain(.0))]
    Server(ServerError),
    /// The system does not run the program.
    #[error("{0}")]
    Program(ReplaceError),
}

impl ExecError {
    /// The kind of failure, for programs.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match &self.fault {
            ExecFault::Load(error) => error.into(),
            ExecFault::NoSession { .. } | ExecFault::NulInName { .. } => FailureKind::NoSession,
            ExecFault::Server(fault) => fault.kind(),
            ExecFault::Program(ReplaceError::NotFound { .. }) => FailureKind::CommandNotFound,
            ExecFault::Program(ReplaceError::NotExecutable { .. }) => FailureKind::CommandNotExecutable,
        }
    }

    /// What the run was about. It changed nothing.
    #[must_use]
    pub fn facts(&self) -> FailureFacts {
        *self.facts.clone()
    }

    /// How a command ends that fails so.
    #[must_use]
    pub fn ending(&self) -> ExitStatus {
        self.kind().exit_status()
    }
}
