//! The reporter for programs that read YAML 1.2.

use std::io::{self, Write};

use serde::Serialize;
use serde_saphyr::{ser, ser_options};

use super::json::write_json;
use super::{FormatReporter, NoteWriter, Render};
use crate::domain::printable::{is_printable_ascii, is_unprintable};
use crate::ports::reporter::{ReportError, Reporter};

/// YAML 1.2.
pub struct Yaml;

/// A [`Reporter`] that writes results to `out` as YAML mappings, and notes to `err`.
pub type YamlReporter<O, E> = FormatReporter<Yaml, O, E>;

impl<T: Render + Send, O: Write + Send, E: NoteWriter> Reporter<T> for YamlReporter<O, E> {
    fn report(&mut self, outcome: &T) -> Result<(), ReportError> {
        self.write(&outcome.warnings(), outcome.to_data(), |data, out| write_yaml(&data, out), &outcome.notes())
    }
}

/// Writes data in block style. A text with characters that must not reach a terminal needs escapes that the block style
/// would not use; then the data is written as JSON, which YAML reads as it is (YAML 1.2.2, section 1.2).
fn write_yaml(data: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    // A dry run into nothing, since the library decides how it quotes while it writes.
    let mut check = PrintableCheck { is_printable: true };
    serialize(data, &mut check)?;
    if check.is_printable { serialize(data, out) } else { write_json(data, out) }
}

fn serialize(data: &impl Serialize, mut out: &mut dyn Write) -> io::Result<()> {
    let options = ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_io_writer_with_options(&mut out, data, options).map_err(|error| match error {
        ser::Error::IO { error } => error,
        error => io::Error::other(error),
    })
}

/// Finds out whether a text can be written as it is, without keeping it.
struct PrintableCheck {
    is_printable: bool,
}

impl Write for PrintableCheck {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.is_printable && !is_printable_ascii(piece) {
            let text = str::from_utf8(piece).map_err(io::Error::other)?;
            self.is_printable = !text.contains(|character| is_unprintable(character) && character != '\n');
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// YAML and JSON allow some of these as they are, but a terminal acts on them.
    #[test]
    fn escapes_what_acts_on_a_terminal() {
        for text in ["a\u{7f}b", "a\u{202e}b", "a\u{7f}\u{202e}b", "\u{85}\u{7f}", "a\u{1b}[2J"] {
            let mut yaml = Vec::new();
            write_yaml(&BTreeMap::from([("key", text)]), &mut yaml).unwrap();
            let yaml = String::from_utf8(yaml).unwrap();
            assert!(!yaml.contains(|character| is_unprintable(character) && character != '\n'), "{yaml:?}");
        }
    }
}
