//! The reporter for programs that read JSON (RFC 8259).

use std::io::Write;

use super::{report_summary, to_json};
use crate::ports::reporter::{LogoutOutcome, ReportError, Reporter};

/// A [`Reporter`] that writes a JSON object to `out` for a session that has ended, and sentences to `err`.
pub struct JsonReporter<O, E> {
    pub(super) out: O,
    pub(super) err: E,
}

impl<O: Write + Send, E: Write + Send> JsonReporter<O, E> {
    /// Takes the writers for results and for everything else.
    pub fn new(out: O, err: E) -> Self {
        Self { out, err }
    }
}

impl<O: Write + Send, E: Write + Send> Reporter<LogoutOutcome> for JsonReporter<O, E> {
    fn report(&mut self, outcome: &LogoutOutcome) -> Result<(), ReportError> {
        report_summary(outcome, |summary| to_json(summary), &mut self.out, &mut self.err)
    }
}
