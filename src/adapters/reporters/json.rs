//! The reporter for programs that read JSON (RFC 8259).

use std::io::{self, Write};

use serde::Serialize;

use super::{FormatReporter, NoteWriter, Render};
use crate::domain::printable::{is_printable_ascii, is_unprintable};
use crate::ports::reporter::{ReportError, Reporter};

/// JSON (RFC 8259).
pub struct Json;

/// A [`Reporter`] that writes results to `out` as JSON objects, and notes to `err`.
pub type JsonReporter<O, E> = FormatReporter<Json, O, E>;

impl<T: Render + Send, O: Write + Send, E: NoteWriter> Reporter<T> for JsonReporter<O, E> {
    fn report(&mut self, outcome: &T) -> Result<(), ReportError> {
        self.write(&outcome.warnings(), outcome.to_data(), |data, out| write_json(&data, out), &outcome.notes())
    }
}

/// Writes data as JSON with two spaces of indentation, and a line break.
pub(super) fn write_json(data: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(Printable(&mut *out), data)?;
    out.write_all(b"\n")
}

/// Formats data as JSON on one line, without its line break.
pub(super) fn to_json_line(data: &impl Serialize) -> Result<String, ReportError> {
    let mut line = Vec::new();
    serde_json::to_writer(Printable(&mut line), data).map_err(|error| ReportError { source: error.into() })?;
    String::from_utf8(line).map_err(|error| ReportError { source: error.into() })
}

/// Writes JSON with escapes in the place of characters that must not reach a terminal. JSON would allow them in a
/// string.
struct Printable<W>(W);

impl<W: Write> Write for Printable<W> {
    /// Takes a piece of JSON. It consists of whole characters, since the serializer cuts a string at ASCII only.
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        // A list of tokens has millions of pieces.
        if is_printable_ascii(piece) {
            return self.0.write_all(piece).map(|()| piece.len());
        }
        let text = str::from_utf8(piece).map_err(io::Error::other)?;
        let mut plain_from = 0;
        for (index, character) in text.char_indices().filter(|(_, character)| is_unprintable(*character)) {
            // The serializer escapes line breaks in strings, so this one is its own.
            if character != '\n' {
                self.0.write_all(&piece[plain_from..index])?;
                write!(self.0, "\\u{:04x}", u32::from(character))?;
                plain_from = index + character.len_utf8();
            }
        }
        self.0.write_all(&piece[plain_from..])?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
