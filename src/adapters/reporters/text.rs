//! The reporter for people: sentences and tables.

use std::io::Write;

use super::{NoteWriter, Render};
use crate::ports::reporter::{ReportError, Reporter};

/// A [`Reporter`] that writes for people: results to `out`, notes to `err`.
pub struct TextReporter<O, E> {
    out: O,
    err: E,
}

impl<O: Write + Send, E: NoteWriter> TextReporter<O, E> {
    /// Takes the writers for results and for everything else.
    pub fn new(out: O, err: E) -> Self {
        Self { out, err }
    }
}

impl<T: Render + Send, O: Write + Send, E: NoteWriter> Reporter<T> for TextReporter<O, E> {
    fn report(&mut self, outcome: &T) -> Result<(), ReportError> {
        outcome.to_people().write(|text, out| out.write_all(text.as_bytes()), &mut self.out, &mut self.err)
    }
}
