//! A process that is never replaced.

use std::sync::Mutex;

use super::lock;
use crate::ports::process_replacer::{ProcessReplacer, Program, ReplaceError};

/// A [`ProcessReplacer`] that records the programs that it would have run.
///
/// ```
/// use plexctl::ports::{ProcessReplacer, Program};
/// use plexctl::testing::RecordingProcess;
///
/// let process = RecordingProcess::new();
/// let program = Program { command: "env".into(), arguments: Vec::new(), variables: Vec::new() };
/// process.replace(&program)?;
/// assert_eq!(process.programs(), [program]);
/// # Ok::<(), plexctl::ports::ReplaceError>(())
/// ```
#[derive(Debug, Default)]
pub struct RecordingProcess {
    error: Option<ReplaceError>,
    programs: Mutex<Vec<Program>>,
}

impl RecordingProcess {
    /// A process in which every program runs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A process in which every program fails to run.
    #[must_use]
    pub fn failing(error: ReplaceError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    /// The programs that have run so far, in order.
    #[must_use]
    pub fn programs(&self) -> Vec<Program> {
        lock(&self.programs).clone()
    }
}

impl ProcessReplacer for RecordingProcess {
    fn replace(&self, program: &Program) -> Result<(), ReplaceError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        lock(&self.programs).push(program.clone());
        Ok(())
    }
}
