//! The port to the operating system that runs another program in place of this one.

use std::ffi::OsString;
use std::fmt;

use thiserror::Error;

/// Replaces the running program with another one, which keeps the process, its terminal and its standard streams.
///
/// Every implementation promises:
///
/// 1. A call that succeeds runs the program. It does not return, unless it only records what it would have run.
/// 2. The program gets its arguments byte for byte, and no others.
/// 3. The program gets the environment of the caller with the variables of [`Program`] set, and nothing else changes.
/// 4. After an error no program has run. The error says whether the program exists.
/// 5. No error shows the value of a variable.
///
/// ```
/// use plexctl::ports::{ProcessReplacer, Program, ReplaceError};
///
/// /// A system without any program.
/// struct Empty;
///
/// impl ProcessReplacer for Empty {
///     fn replace(&self, _: &Program) -> Result<(), ReplaceError> {
///         Err(ReplaceError::NotFound { reason: "nothing is installed".to_owned() })
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait ProcessReplacer: Send + Sync {
    /// Runs the program in place of this one.
    ///
    /// # Errors
    ///
    /// Any variant of [`ReplaceError`].
    fn replace(&self, program: &Program) -> Result<(), ReplaceError>;
}

/// A program to run. The values of its variables are secret, so `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    /// The command: a path, or a name to search for in `PATH`.
    pub command: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The variables to set, by name.
    pub variables: Vec<(&'static str, String)>,
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("Program")
            .field("command", &self.command)
            .field("arguments", &self.arguments)
            .field("variables", &names)
            .finish()
    }
}

/// Why a program was not run. Its `Display` is the reason alone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplaceError {
    /// There is no such program.
    #[error("{reason}")]
    NotFound {
        /// Where it was looked for.
        reason: String,
    },
    /// The program exists, but it cannot be executed.
    #[error("{reason}")]
    NotExecutable {
        /// What is in the way.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value_of_a_variable() {
        let program = Program {
            command: "env".into(),
            arguments: vec!["-0".into()],
            variables: vec![("PLEXSPHERE_TOKEN", "s3cret".to_owned())],
        };
        let shown = "Program { command: \"env\", arguments: [\"-0\"], variables: [\"PLEXSPHERE_TOKEN\"] }";
        assert_eq!(format!("{program:?}"), shown);
    }
}
