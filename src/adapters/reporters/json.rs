//! The reporter for programs that read JSON (RFC 8259).

use std::fmt::Write as _;
use std::io::Write;

use serde::Serialize;

use super::{NoteWriter, Render};
use crate::domain::printable::is_unprintable;
use crate::ports::reporter::{ReportError, Reporter};

/// A [`Reporter`] that writes results to `out` as JSON objects, and notes to `err`.
pub struct JsonReporter<O, E> {
    out: O,
    err: E,
}

impl<O: Write + Send, E: NoteWriter> JsonReporter<O, E> {
    /// Takes the writers for results and for everything else.
    pub fn new(out: O, err: E) -> Self {
        Self { out, err }
    }
}

impl<T: Render + Send, O: Write + Send, E: NoteWriter> Reporter<T> for JsonReporter<O, E> {
    fn report(&mut self, outcome: &T) -> Result<(), ReportError> {
        outcome.to_programs().write(|data| to_json(&data), &mut self.out, &mut self.err)
    }
}

/// Writes data as JSON with two spaces of indentation.
pub(super) fn to_json(data: &impl Serialize) -> Result<String, ReportError> {
    Ok(printable(serde_json::to_string_pretty(data))? + "\n")
}

/// Writes data as JSON on one line, without a line break.
pub(super) fn to_json_line(data: &impl Serialize) -> Result<String, ReportError> {
    printable(serde_json::to_string(data))
}

/// Replaces the characters that must not reach a terminal, which JSON would allow in a string, by their `\u` escapes.
fn printable(json: serde_json::Result<String>) -> Result<String, ReportError> {
    let json = json.map_err(|error| ReportError { source: error.into() })?;
    let mut printable = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unprintable(character) && character != '\n' {
            let _ = write!(printable, "\\u{:04x}", u32::from(character));
        } else {
            printable.push(character);
        }
    }
    Ok(printable)
}
