//! The exit codes: the only place that gives the end of a run a number.

use plexctl::use_cases::ending::Ending;

use super::failure::Failure;

/// The number that the process ends with.
pub fn of(result: &Result<(), Failure>) -> u8 {
    let ending = match result {
        Ok(()) => Ending::Done,
        Err(Failure::NoConfigPlace | Failure::Runtime(_) | Failure::Stdout(_)) => Ending::Failed,
        Err(Failure::Usage(_)) => Ending::Unusable,
        Err(Failure::Logout(error)) => error.ending(),
    };
    ending.exit_code()
}
