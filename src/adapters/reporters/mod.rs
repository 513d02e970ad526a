//! The reporters: one per output format, each over two injected writers.
//!
//! A result goes to the first writer, notes beside it go to the second. Each outcome type has a file that renders it and
//! knows no format; each format has a file that writes what was rendered and knows no outcome.

mod exec;
mod failure;
mod json;
mod login;
mod logout;
mod notes;
mod principal;
mod profiles;
mod progress;
mod qr;
pub mod shell;
mod table;
mod text;
mod tokens;
mod whoami;
mod yaml;

use std::io::{self, BufWriter, Write};

use serde::Serialize;

pub use self::json::JsonReporter;
pub use self::notes::{Label, Note, NoteWriter};
pub use self::progress::{LIST_HINT, ProgressReporter};
pub use self::qr::QrCode;
pub use self::text::TextReporter;
pub use self::yaml::YamlReporter;
use crate::ports::reporter::ReportError;

/// The size up to which a result is written in one piece, in bytes.
const RESULT_BUFFER: usize = 64 * 1024;

/// An outcome that the reporters can write.
trait Render {
    /// What a program reads. The order of its fields is the order of the keys.
    type Data<'a>: Serialize
    where
        Self: 'a;

    /// The outcome as text. Whatever comes from outside is escaped in it, and each line ends in a line break.
    fn to_people(&self) -> Rendered<String>;

    /// The outcome as data, which its format escapes, and the notes that people read.
    fn to_programs(&self) -> Rendered<Self::Data<'_>>;
}

/// What a reporter writes, in this order.
struct Rendered<R> {
    /// Notes that are written even if the result cannot be.
    warnings: Vec<Note>,
    /// The result, if something was done.
    result: Option<R>,
    /// Notes beside the result, or in its place.
    notes: Vec<Note>,
}

impl<R> Rendered<R> {
    /// A result without notes.
    fn result(result: R) -> Self {
        Self { warnings: Vec::new(), result: Some(result), notes: Vec::new() }
    }

    /// Notes without a result.
    fn notes(notes: Vec<Note>) -> Self {
        Self { warnings: Vec::new(), result: None, notes }
    }

    /// Writes everything, the result as this format writes it.
    fn write(
        self,
        format: impl FnOnce(R, &mut dyn Write) -> io::Result<()>,
        out: &mut impl Write,
        err: &mut impl NoteWriter,
    ) -> Result<(), ReportError> {
        write_notes(err, &self.warnings);
        if let Some(result) = self.result {
            write_result(out, |out| format(result, out))?;
        }
        write_notes(err, &self.notes);
        Ok(())
    }
}

/// Writes a result in one piece, unless it is larger than the buffer: a list of tokens is never in memory as a whole
/// text. A closed pipe is no failure: `plexctl … | head -1` is common.
fn write_result(
    out: &mut impl Write,
    format: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ReportError> {
    let mut buffer = BufWriter::with_capacity(RESULT_BUFFER, out);
    let written = format(&mut buffer).and_then(|()| buffer.flush());
    // After a failure the buffer is dropped, because half a result would be written otherwise.
    let _ = buffer.into_parts();
    match written {
        // A reader such as `head` has what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(ReportError { source: error.into() }),
        _ => Ok(()),
    }
}

/// Writes notes. A failure is ignored: nothing is left to report it to, and the exit code tells the outcome.
fn write_notes(err: &mut impl NoteWriter, notes: &[Note]) {
    if !notes.is_empty() {
        let _ = err.write_notes(notes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that fails in one way.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn rendered() -> Rendered<&'static str> {
        Rendered { warnings: vec![Note::plain("warned")], result: Some("done"), notes: vec![Note::plain("noted")] }
    }

    fn write(out: &mut impl Write, err: &mut impl NoteWriter) -> Result<(), ReportError> {
        rendered().write(|result, out| write!(out, "<{result}>"), out, err)
    }

    #[test]
    fn a_result_goes_to_one_writer_and_all_sentences_to_the_other() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        write(&mut out, &mut err).unwrap();
        assert_eq!((out.as_slice(), err.as_slice()), (&b"<done>"[..], &b"warned\nnoted\n"[..]));
    }

    #[test]
    fn where_the_result_cannot_be_written_the_warnings_are_told_all_the_same() {
        let mut err = Vec::new();
        let full = write(&mut Broken(io::ErrorKind::StorageFull), &mut err);
        assert!(full.is_err());
        assert_eq!(err, b"warned\n");

        let (mut out, mut err) = (Vec::new(), Vec::new());
        let half = |result, out: &mut dyn Write| write!(out, "<{result}").and(Err(io::Error::other("no")));
        let unformatted = rendered().write(half, &mut out, &mut err);
        assert!(unformatted.is_err());
        assert_eq!((out.as_slice(), err.as_slice()), (&b""[..], &b"warned\n"[..]));
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_nor_are_lost_sentences() {
        let mut err = Vec::new();
        write(&mut Broken(io::ErrorKind::BrokenPipe), &mut err).unwrap();
        assert_eq!(err, b"warned\nnoted\n");

        let mut out = Vec::new();
        write(&mut out, &mut Broken(io::ErrorKind::StorageFull)).unwrap();
        assert_eq!(out, b"<done>");
    }
}
