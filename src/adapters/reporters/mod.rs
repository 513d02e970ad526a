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
use std::marker::PhantomData;

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

/// An outcome that the reporters can write. Whatever comes from outside is escaped in its texts; data is escaped by its
/// format.
trait Render {
    /// Notes that are written first, even if the result cannot be.
    fn warnings(&self) -> Vec<Note> {
        Vec::new()
    }

    /// The result as people read it, if something was done. Each line ends in a line break.
    fn to_text(&self) -> Option<String> {
        None
    }

    /// The result as a program reads it, if something was done. The order of its fields is the order of the keys.
    fn to_data(&self) -> Option<impl Serialize> {
        None::<()>
    }

    /// Notes beside the result, or in its place.
    fn notes(&self) -> Vec<Note> {
        Vec::new()
    }

    /// The notes beside a text, where it says more or less than the data.
    fn notes_for_people(&self) -> Vec<Note> {
        self.notes()
    }
}

/// A [`Reporter`](crate::ports::reporter::Reporter) that writes results to `out` in a format, and notes to `err`.
pub struct FormatReporter<F, O, E> {
    out: O,
    err: E,
    format: PhantomData<F>,
}

impl<F, O: Write + Send, E: NoteWriter> FormatReporter<F, O, E> {
    /// Takes the writers for results and for everything else.
    pub fn new(out: O, err: E) -> Self {
        Self { out, err, format: PhantomData }
    }

    /// Writes everything in this order, and the result as the format writes it.
    fn write<R>(
        &mut self,
        warnings: &[Note],
        result: Option<R>,
        format: impl FnOnce(R, &mut dyn Write) -> io::Result<()>,
        notes: &[Note],
    ) -> Result<(), ReportError> {
        write_notes(&mut self.err, warnings);
        if let Some(result) = result {
            write_result(&mut self.out, |out| format(result, out))?;
        }
        write_notes(&mut self.err, notes);
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

    fn write(
        out: &mut (impl Write + Send),
        err: &mut (impl Write + Send),
        format: impl FnOnce(&str, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), ReportError> {
        FormatReporter::<(), _, _>::new(out, err).write(
            &[Note::plain("warned")],
            Some("done"),
            format,
            &[Note::plain("noted")],
        )
    }

    fn bracketed(result: &str, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "<{result}>")
    }

    #[test]
    fn a_result_goes_to_one_writer_and_all_sentences_to_the_other() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        write(&mut out, &mut err, bracketed).unwrap();
        assert_eq!((out.as_slice(), err.as_slice()), (&b"<done>"[..], &b"warned\nnoted\n"[..]));
    }

    #[test]
    fn where_the_result_cannot_be_written_the_warnings_are_told_all_the_same() {
        let mut err = Vec::new();
        let full = write(&mut Broken(io::ErrorKind::StorageFull), &mut err, bracketed);
        assert!(full.is_err());
        assert_eq!(err, b"warned\n");

        let (mut out, mut err) = (Vec::new(), Vec::new());
        let half = |_: &str, out: &mut dyn Write| {
            (0..1000).try_for_each(|_| out.write_all(&[b'.'; 64]))?;
            Err(io::Error::other("no"))
        };
        let unformatted = write(&mut out, &mut err, half);
        assert!(unformatted.is_err());
        assert_eq!((out.as_slice(), err.as_slice()), (&b""[..], &b"warned\n"[..]));
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_nor_are_lost_sentences() {
        let mut err = Vec::new();
        write(&mut Broken(io::ErrorKind::BrokenPipe), &mut err, bracketed).unwrap();
        assert_eq!(err, b"warned\nnoted\n");

        let mut out = Vec::new();
        write(&mut out, &mut Broken(io::ErrorKind::StorageFull), bracketed).unwrap();
        assert_eq!(out, b"<done>");
    }
}
