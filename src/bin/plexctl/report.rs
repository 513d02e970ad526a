//! What a run reports: its outcome, or why it failed, and the exit code of the process.

use std::error::Error;
use std::io;

use plexctl::adapters::reporters::{JsonReporter, Label, TextReporter, YamlReporter};
use plexctl::domain::{ProfileName, escape_unprintable};
use plexctl::ports::{FailureFacts, FailureReport, Reporter};
use plexctl::use_cases::{ExitStatus, FailureKind};
use thiserror::Error;

use crate::cli::{Format, UsageError};
use crate::environment::ConfigPathError;
use crate::terminal::{self, Stderr, Stdout};

/// The reporter of an outcome in a format, on the standard streams.
pub fn reporter<T: Send>(format: Format) -> Box<dyn Reporter<T>>
where
    TextReporter<Stdout, Stderr>: Reporter<T>,
    JsonReporter<Stdout, Stderr>: Reporter<T>,
    YamlReporter<Stdout, Stderr>: Reporter<T>,
{
    match format {
        Format::Text => Box::new(TextReporter::new(Stdout, Stderr)),
        Format::Json => Box::new(JsonReporter::new(Stdout, Stderr)),
        Format::Yaml => Box::new(YamlReporter::new(Stdout, Stderr)),
    }
}

/// Why a run failed.
#[derive(Debug)]
pub enum Failure {
    /// The command line is not understood.
    Usage(UsageError),
    /// The command failed.
    Command {
        /// What decides the exit code.
        kind: FailureKind,
        /// The messages, and the data for programs.
        report: Box<FailureReport>,
    },
}

/// What connections and deadlines need is not available, such as descriptors.
#[derive(Debug, Error)]
#[error("cannot start")]
pub struct StartError(#[from] io::Error);

/// The text that was asked for is not written.
#[derive(Debug, Error)]
#[error("cannot write to standard output")]
struct StdoutError(#[source] io::Error);

impl Failure {
    /// Words an error as the command's failure, with a hint of what to do next.
    pub fn new(
        error: &(dyn Error + 'static),
        kind: FailureKind,
        facts: FailureFacts,
        hint: impl Into<Option<String>>,
    ) -> Self {
        // What people read and what programs read are the same texts, so both are escaped here.
        let escape = |text: String| escape_unprintable(&text).into_owned();
        let report = FailureReport::new(error, kind.code(), facts, hint.into());
        let (message, hint) = (escape(report.message), report.hint.map(escape));
        Self::Command { kind, report: Box::new(FailureReport { message, hint, ..report }) }
    }

    /// The text that was asked for is not written.
    pub fn of_stdout(error: io::Error) -> Self {
        Self::new(&StdoutError(error), FailureKind::NotReported, FailureFacts::default(), None)
    }

    /// The same failure, of the profile that was selected, unless the error knows it.
    pub fn of_profile(mut self, profile: Option<ProfileName>) -> Self {
        if let Self::Command { report, .. } = &mut self {
            // The error knows better: the default may have changed since.
            report.facts.profile = report.facts.profile.take().or(profile);
        }
        self
    }

    /// What the process ends with.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Usage(_) => ExitStatus::Unusable,
            Self::Command { kind, .. } => kind.exit_status(),
        }
    }

    /// Reports the failure on standard error and, where a program reads the results, as data among these.
    pub fn tell(&self, format: Format) {
        let (message, hint) = match self {
            Self::Usage(UsageError { help, message, hint }) => {
                help.iter().flat_map(|help| help.lines().chain([""])).for_each(terminal::line);
                (message, hint)
            }
            Self::Command { report, .. } => (&report.message, &report.hint),
        };
        terminal::note_lines(Label::Error, message);
        terminal::hints(hint);
        // A stream that an outcome could not be written to takes no failure either.
        if let Self::Command { kind, report } = self
            && *kind != FailureKind::NotReported
        {
            // The exit code tells the same, so it does not matter if this cannot be written.
            let _ = reporter(format).report(&**report);
        }
    }
}

impl From<ConfigPathError> for Failure {
    fn from(error: ConfigPathError) -> Self {
        let hint = match error {
            ConfigPathError::Unknown => "set HOME, XDG_CONFIG_HOME or PLEXCTL_CONFIG".to_owned(),
            ConfigPathError::Tilde(variable) => format!("set {variable} to an absolute path"),
        };
        Self::new(&error, FailureKind::ConfigUnusable, FailureFacts::default(), hint)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(&error, FailureKind::Internal, FailureFacts::default(), None)
    }
}
