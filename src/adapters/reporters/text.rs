//! The reporter for people: sentences and tables.

use std::io::Write;

use super::{FormatReporter, NoteWriter, Render};
use crate::ports::reporter::{ReportError, Reporter};

/// Sentences and tables.
pub struct Text;

/// A [`Reporter`] that writes for people: results to `out`, notes to `err`.
pub type TextReporter<O, E> = FormatReporter<Text, O, E>;

impl<T: Render + Send, O: Write + Send, E: NoteWriter> Reporter<T> for TextReporter<O, E> {
    fn report(&mut self, outcome: &T) -> Result<(), ReportError> {
        let write_text = |text: String, out: &mut dyn Write| out.write_all(text.as_bytes());
        self.write(&outcome.warnings(), outcome.to_text(), write_text, &outcome.notes_for_people())
    }
}
