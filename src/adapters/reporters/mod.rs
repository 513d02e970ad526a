//! The reporters: one per output format, each over two injected writers.
//!
//! A result goes to the first writer, the sentences that are no result go to the second. What there is to tell of an
//! outcome stands in one file per outcome type, which knows no format; how a format writes it stands in one file per
//! format, which knows no outcome. What they have in common stands here.

mod failure;
mod json;
mod login;
mod logout;
mod notes;
mod principal;
mod profiles;
mod progress;
mod qr;
mod table;
mod text;
mod whoami;
mod yaml;

use std::io::{self, Write};

use serde::Serialize;

pub use self::json::JsonReporter;
pub use self::progress::ProgressReporter;
pub use self::qr::QrCode;
pub use self::text::TextReporter;
pub use self::yaml::YamlReporter;
use crate::ports::reporter::ReportError;

/// What there is to tell of an outcome.
trait Render {
    /// What a program reads. The order of its fields is the order of the keys.
    type Data<'a>: Serialize
    where
        Self: 'a;

    /// What people are told. Whatever comes from outside stands escaped in it, and each line ends in a line break.
    fn to_people(&self) -> Rendered<String>;

    /// What programs are told: the data as it is, since its format escapes it, and sentences as people read them.
    fn to_programs(&self) -> Rendered<Self::Data<'_>>;
}

/// What goes to which writer, in the order in which it is written.
struct Rendered<R> {
    /// Sentences that are told even if the result cannot be written.
    warnings: String,
    /// The result, if something was done.
    result: Option<R>,
    /// Sentences beside the result, or in its place.
    notes: String,
}

impl<R> Rendered<R> {
    /// Nothing but a result.
    fn result(result: R) -> Self {
        Self { warnings: String::new(), result: Some(result), notes: String::new() }
    }

    /// Nothing but sentences.
    fn notes(notes: String) -> Self {
        Self { warnings: String::new(), result: None, notes }
    }

    /// Writes everything, the result as this format writes it.
    fn write(
        self,
        format: impl FnOnce(R) -> Result<String, ReportError>,
        out: &mut impl Write,
        err: &mut impl Write,
    ) -> Result<(), ReportError> {
        write_notes(err, &self.warnings);
        if let Some(result) = self.result {
            write_result(out, &format(result)?)?;
        }
        write_notes(err, &self.notes);
        Ok(())
    }
}

/// Writes a result as a whole. A reader that closed its end has seen what it wanted.
fn write_result(out: &mut impl Write, result: &str) -> Result<(), ReportError> {
    match out.write_all(result.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(ReportError { source: error.into() }),
        _ => Ok(()),
    }
}

/// Writes sentences that are no result. The exit code tells the same, so a failure is none of the command's.
fn write_notes(err: &mut impl Write, notes: &str) {
    if !notes.is_empty() {
        let _ = err.write_all(notes.as_bytes()).and_then(|()| err.flush());
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

    fn telling() -> Rendered<&'static str> {
        Rendered { warnings: "warned\n".into(), result: Some("done"), notes: "noted\n".into() }
    }

    fn write(out: &mut impl Write, err: &mut impl Write) -> Result<(), ReportError> {
        telling().write(|result| Ok(format!("<{result}>")), out, err)
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
        let unformatted = telling().write(|_| Err(ReportError { source: "no".into() }), &mut out, &mut err);
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
