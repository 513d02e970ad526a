//! What goes to the standard streams, with failures handled: a closed pipe must neither panic nor change the outcome.

use std::error::Error;
use std::io::{self, Write};
use std::iter;

use plexctl::domain::printable::escape_unprintable;

/// Writes a text that was asked for to standard output. A reader that closed its end has seen what it wanted.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes one line to standard error, behind a label such as `warning`. If that fails there is nobody left to tell.
pub fn note(label: &str, text: &str) {
    let _ = writeln!(io::stderr(), "{label}: {}", escape_unprintable(text));
}

/// Writes a text of several lines to standard error as it is, but for control characters other than its line breaks.
pub fn note_lines(text: &str) {
    for line in text.lines() {
        let _ = writeln!(io::stderr(), "{}", escape_unprintable(line));
    }
}

/// The whole chain of an error on one line.
pub fn chain(error: &dyn Error) -> String {
    iter::successors(Some(error), |level| (*level).source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
