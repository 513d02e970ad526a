//! How a command ends, seen from outside: what a script reads off the exit code.

/// The ways in which a command can end. Their numbers are an interface that scripts depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitStatus {
    /// What was asked for is done, or there was nothing to do.
    Done = 0,
    /// Something failed on the way; the error says which state that leaves.
    Failed = 1,
    /// What was given or stored cannot be used, so nothing was begun.
    Unusable = 2,
    /// A file that holds a credential is open to others, so it was not read.
    Exposed = 3,
    /// The server understood and declined.
    Refused = 4,
    /// The program to run cannot be executed. The number is that of POSIX shells.
    CommandNotExecutable = 126,
    /// The program to run does not exist. The number is that of POSIX shells.
    CommandNotFound = 127,
}

impl ExitStatus {
    /// The exit code of a process that ends so. Each error of a use case has its `ending`:
    ///
    /// ```
    /// use plexctl::ports::credential_store::StoreError;
    /// use plexctl::use_cases::logout::LogoutError;
    ///
    /// let error = LogoutError::Load(StoreError::Exposed { place: "a file".to_owned(), source: "mode 0644".into() });
    /// assert_eq!(error.ending().exit_code(), 3);
    /// ```
    ///
    /// 64 (not implemented) belongs to plexctl's taxonomy too, but no command
    /// here needs it.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_that_scripts_depend_on() {
        let endings =
            [ExitStatus::Done, ExitStatus::Failed, ExitStatus::Unusable, ExitStatus::Exposed, ExitStatus::Refused];
        assert_eq!(endings.map(ExitStatus::exit_code), [0, 1, 2, 3, 4]);
        let of_shells = [ExitStatus::CommandNotExecutable, ExitStatus::CommandNotFound];
        assert_eq!(of_shells.map(ExitStatus::exit_code), [126, 127]);
    }
}
