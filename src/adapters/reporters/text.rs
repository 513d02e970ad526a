//! The reporter for people: one sentence.

use std::io::Write;

use super::{sentence, write_note, write_result};
use crate::ports::reporter::{LogoutOutcome, ReportError, Reporter};

/// A [`Reporter`] that writes one sentence: to `out` for a session that has ended, to `err` if there was none.
pub struct TextReporter<O, E> {
    out: O,
    err: E,
}

impl<O: Write + Send, E: Write + Send> TextReporter<O, E> {
    /// Takes the writers for results and for everything else.
    pub fn new(out: O, err: E) -> Self {
        Self { out, err }
    }
}

impl<O: Write + Send, E: Write + Send> Reporter<LogoutOutcome> for TextReporter<O, E> {
    fn report(&mut self, outcome: &LogoutOutcome) -> Result<(), ReportError> {
        match outcome {
            LogoutOutcome::NoSession => {
                write_note(&mut self.err, &sentence(outcome));
                Ok(())
            }
            LogoutOutcome::LoggedOut { .. } => write_result(&mut self.out, &sentence(outcome)),
        }
    }
}
