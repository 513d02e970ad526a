//! What a [`ProcessReplacer`] promises, as far as the process that tests it survives.

use super::{SECRET, shown};
use crate::ports::process_replacer::{ProcessReplacer, Program, ReplaceError};
use crate::testing::RecordingProcess;

/// A replacer in surroundings in which a command named `command` cannot run.
pub trait ReplacerUnderTest {
    /// A replacer whose command fails with an error of this variant.
    fn failing(error: &ReplaceError) -> Self;

    /// The replacer.
    fn replacer(&self) -> &dyn ProcessReplacer;
}

impl ReplacerUnderTest for RecordingProcess {
    fn failing(error: &ReplaceError) -> Self {
        Self::failing(error.clone())
    }

    fn replacer(&self) -> &dyn ProcessReplacer {
        self
    }
}

/// Holds a replacer against the promises of its port about errors. A success cannot be tested from inside the process
/// that it replaces.
pub fn a_replacer_keeps_its_promises<R: ReplacerUnderTest>() {
    let reason = || "told to".to_owned();
    for case in [ReplaceError::NotFound { reason: reason() }, ReplaceError::NotExecutable { reason: reason() }] {
        let program = Program {
            command: "command".into(),
            arguments: vec!["argument".into()],
            variables: vec![("PLEXSPHERE_TOKEN", SECRET.to_owned())],
        };
        let error = R::failing(&case).replacer().replace(&program);
        let error = error.expect_err("promise 4, after an error no program has run");
        let is_expected = matches!(
            (&error, &case),
            (ReplaceError::NotFound { .. }, ReplaceError::NotFound { .. })
                | (ReplaceError::NotExecutable { .. }, ReplaceError::NotExecutable { .. })
        );
        assert!(is_expected, "an error says whether the command exists: {case:?} is {error:?}");
        assert!(!shown(&error).contains(SECRET), "promise 5, no error carries the value of a variable: {error:?}");
    }
}
