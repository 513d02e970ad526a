//! Bugs in copies of what replaces a process.

use plexctl::ports::{ProcessReplacer, Program, ReplaceError};
use plexctl::testing::RecordingProcess;
use plexctl::testing::contract::{ReplacedProcess, ReplacerUnderTest, a_replacer_keeps_its_promises, program};

/// A copy of the fake with the bug of this number. Number 0 has none.
struct Planted<const BUG: u8>(RecordingProcess);

impl<const BUG: u8> ReplacerUnderTest for Planted<BUG> {
    fn failing(error: &ReplaceError) -> Self {
        Self(<RecordingProcess as ReplacerUnderTest>::failing(error))
    }

    fn replacer(&self) -> &dyn ProcessReplacer {
        self
    }

    fn has_run(&self) -> bool {
        self.0.has_run()
    }

    fn replaced() -> Option<ReplacedProcess> {
        let planted = Self(RecordingProcess::new());
        planted.replace(&program()).ok()?;
        let program = planted.0.programs().pop()?;
        let replaced = RecordingProcess::replaced()?;
        // What the caller had in its environment is lost.
        let mut environment = if BUG == 30 { [].into() } else { replaced.inherited.clone() };
        environment.extend(program.variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        Some(ReplacedProcess { arguments: program.arguments, environment, ..replaced })
    }
}

impl<const BUG: u8> ProcessReplacer for Planted<BUG> {
    fn replace(&self, program: &Program) -> Result<(), ReplaceError> {
        let mut program = program.clone();
        match BUG {
            // A success runs nothing.
            10 => return Ok(()),
            // An argument is lost, one is added, one is changed.
            20 => drop(program.arguments.pop()),
            21 => program.arguments.push("--".into()),
            22 => program.arguments.iter_mut().for_each(|it| *it = it.to_string_lossy().into_owned().into()),
            // A variable is not set.
            31 => drop(program.variables.pop()),
            _ => {}
        }
        match (BUG, self.0.replace(&program)) {
            // The program has run; it exists, or does not.
            (40, Err(_)) => RecordingProcess::new().replace(&program),
            (41, Err(ReplaceError::NotExecutable { reason })) => Err(ReplaceError::NotFound { reason }),
            (42, Err(ReplaceError::NotFound { reason })) => Err(ReplaceError::NotExecutable { reason }),
            // An error shows the value of a variable.
            (50, Err(ReplaceError::NotFound { .. })) => {
                Err(ReplaceError::NotFound { reason: program.variables[0].1.clone() })
            }
            (_, result) => result,
        }
    }
}

#[test]
fn replacer_suite_names_broken_promise() {
    assert_named!(
        a_replacer_keeps_its_promises, Planted:
        10 => 1, 20 => 2, 21 => 2, 22 => 2, 30 => 3, 31 => 3, 40 => 4, 41 => 4, 42 => 4, 50 => 5,
    );
}
