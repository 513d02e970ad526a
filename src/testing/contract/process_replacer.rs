//! What a [`ProcessReplacer`] promises.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

use super::{SECRET, promise, shown};
use crate::ports::process_replacer::{ProcessReplacer, Program, ReplaceError};
use crate::testing::RecordingProcess;

/// A replacer that a test can set up.
pub trait ReplacerUnderTest {
    /// A replacer for which running [`program`] fails with an error of this variant.
    fn failing(error: &ReplaceError) -> Self;

    /// The replacer.
    fn replacer(&self) -> &dyn ProcessReplacer;

    /// Whether a program has run, or was recorded.
    fn has_run(&self) -> bool;

    /// Replaces a process with [`program`], and tells what the program got. `None` if it did not run, or if the call
    /// returned and the replacer does not only record.
    fn replaced() -> Option<ReplacedProcess>;
}

/// What a program got that runs in place of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedProcess {
    /// The arguments behind the command.
    pub arguments: Vec<OsString>,
    /// The environment of the program.
    pub environment: BTreeMap<OsString, OsString>,
    /// The environment of the program that it replaced, with `PATH` and another `PLEXSPHERE_SERVER` in it.
    pub inherited: BTreeMap<OsString, OsString>,
}

/// The program of this suite: a command named `command`, with arguments that a shell would change.
#[must_use]
pub fn program() -> Program {
    let arguments = [&b""[..], b"two words", b"$HOME *", b"--", b"line\nbreak", b"\xff"];
    Program {
        command: "command".into(),
        arguments: arguments.map(|argument| OsString::from_vec(argument.to_vec())).into(),
        variables: vec![
            ("PLEXSPHERE_TOKEN", SECRET.to_owned()),
            ("PLEXSPHERE_SERVER", "https://new.example".to_owned()),
        ],
    }
}

impl ReplacerUnderTest for RecordingProcess {
    fn failing(error: &ReplaceError) -> Self {
        Self::failing(error.clone())
    }

    fn replacer(&self) -> &dyn ProcessReplacer {
        self
    }

    fn has_run(&self) -> bool {
        !self.programs().is_empty()
    }

    fn replaced() -> Option<ReplacedProcess> {
        let process = Self::new();
        process.replace(&program()).ok()?;
        let program = process.programs().pop()?;
        let inherited = [("PATH", "/bin"), ("PLEXSPHERE_SERVER", "https://old.example")];
        let inherited = BTreeMap::from(inherited.map(|(name, value)| (name.into(), value.into())));
        let mut environment = inherited.clone();
        environment.extend(program.variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        Some(ReplacedProcess { arguments: program.arguments, environment, inherited })
    }
}

/// Holds a replacer to every promise of [`ProcessReplacer`].
pub fn a_replacer_keeps_its_promises<R: ReplacerUnderTest>() {
    let replaced = R::replaced();
    promise(1, "a call that succeeds runs the program", || assert!(replaced.is_some()));
    let ReplacedProcess { arguments, environment, inherited } = replaced.unwrap();
    promise(2, "the program gets its arguments byte for byte, and no others", || {
        assert_eq!(arguments, program().arguments);
    });
    promise(3, "the program gets the environment of the caller with its variables set", || {
        assert!(["PATH", "PLEXSPHERE_SERVER"].iter().all(|name| inherited.contains_key(OsStr::new(name))));
        let mut expected = inherited;
        expected.extend(program().variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        assert_eq!(environment, expected);
    });
    let reason = || "told to".to_owned();
    let errors = [ReplaceError::NotFound { reason: reason() }, ReplaceError::NotExecutable { reason: reason() }];
    promise(4, "after an error no program has run, and the error says whether the program exists", || {
        for expected in &errors {
            let under_test = R::failing(expected);
            let error = under_test.replacer().replace(&program()).unwrap_err();
            assert!(!under_test.has_run(), "{error:?}");
            let is_not_found = |error: &ReplaceError| matches!(error, ReplaceError::NotFound { .. });
            assert_eq!(is_not_found(&error), is_not_found(expected), "{error:?}");
        }
    });
    promise(5, "no error shows the value of a variable", || {
        for expected in &errors {
            let error = R::failing(expected).replacer().replace(&program()).unwrap_err();
            assert!(!shown(&error).contains(SECRET), "{error:?}");
        }
    });
}
