//! The notes on standard error: what an operator has to know beside a result, with its label as data, so that only the
//! writer decides how a label looks.

use std::fmt;
use std::io::{self, Write};

use crate::domain::printable::escape_unprintable;

/// The word at the beginning of a line on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Why the run failed.
    Error,
    /// What needs attention.
    Warning,
    /// What to do next.
    Hint,
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        })
    }
}

/// A text for standard error. Whatever comes from outside is escaped in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The label of the text. A text without one may have several lines.
    pub label: Option<Label>,
    /// The text, without its last line break.
    pub text: String,
}

impl Note {
    /// A line that warns.
    pub(super) fn warning(text: &str) -> Self {
        Self { label: Some(Label::Warning), text: escape_unprintable(text).into_owned() }
    }

    /// A line that says what to do.
    pub(super) fn hint(text: &str) -> Self {
        Self { label: Some(Label::Hint), text: escape_unprintable(text).into_owned() }
    }

    /// A text without a label, in which everything from outside is escaped already.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { label: None, text: text.into() }
    }
}

/// Writes notes, for example to standard error.
///
/// Every [`Write`] is one: it gets the labels as plain text.
pub trait NoteWriter: Send {
    /// Writes the notes in one piece, and flushes.
    ///
    /// # Errors
    ///
    /// Whatever the writer failed with.
    fn write_notes(&mut self, notes: &[Note]) -> io::Result<()>;
}

impl<W: Write + Send> NoteWriter for W {
    fn write_notes(&mut self, notes: &[Note]) -> io::Result<()> {
        let lines = notes.iter().map(|note| match note.label {
            Some(label) => format!("{label}: {}\n", note.text),
            None => format!("{}\n", note.text),
        });
        // One write, so that lines of two processes do not mix.
        self.write_all(lines.collect::<String>().as_bytes())?;
        self.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_labels_as_plain_text_in_one_piece() {
        struct Tape(Vec<String>);

        impl Write for Tape {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push(String::from_utf8_lossy(bytes).into_owned());
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                self.0.push("flush".to_owned());
                Ok(())
            }
        }

        let mut tape = Tape(Vec::new());
        tape.write_notes(&[Note::warning("a\nb"), Note::plain("two\nlines"), Note::hint("c")]).unwrap();
        assert_eq!(tape.0, ["warning: a\\nb\ntwo\nlines\nhint: c\n", "flush"]);
    }
}
