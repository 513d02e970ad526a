//! What goes to the standard streams, with failures handled: a closed pipe must neither panic nor change the outcome.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use plexctl::adapters::reporters::{Label, Note, NoteWriter};
use plexctl::domain::printable::escape_unprintable;
use tokio::time::timeout;

use crate::{environment, stderr};

/// How long a wait may take before it is said what for.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many columns of a line that is to be erased stand on the terminal.
static ERASABLE: Mutex<usize> = Mutex::new(0);

fn style(label: Label) -> Style {
    let color = match label {
        Label::Error => AnsiColor::Red,
        Label::Warning => AnsiColor::Yellow,
        Label::Hint => AnsiColor::Cyan,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

/// Writes a text that was asked for to standard output. A reader that closed its end has seen what it wanted.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes one line to standard error, behind its label. If that fails there is nobody left to tell.
pub fn note(label: Label, text: &str) {
    erase();
    let text = escape_unprintable(text);
    let style = if is_colored(&io::stderr()) { style(label) } else { Style::new() };
    stderr::write(format!("{style}{label}:{style:#} {text}\n"));
}

/// Writes a text of several lines, the first of them behind its label.
pub fn note_lines(label: Label, text: &str) {
    let mut lines = text.lines();
    note(label, lines.next().unwrap_or_default());
    lines.for_each(line);
}

/// Writes a text of several lines without a label to standard error.
pub fn lines(text: &str) {
    text.lines().for_each(line);
}

/// Writes one line without a label to standard error.
pub fn line(text: &str) {
    erase();
    stderr::write(format!("{}\n", escape_unprintable(text)));
}

/// Standard error for the reporters, with the labels in color where all others are.
pub struct Stderr;

impl NoteWriter for Stderr {
    fn write_notes(&mut self, notes: &[Note]) -> io::Result<()> {
        for Note { label, text } in notes {
            if let Some(label) = label {
                note(*label, text);
            } else {
                erase();
                stderr::write(format!("{text}\n"));
            }
        }
        Ok(())
    }
}

/// Standard output for the reporters, after everything that precedes a result on standard error.
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        stderr::flush();
        io::stdout().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Tells whether a stream is a terminal that shows colors, and somebody who wants them (<https://no-color.org>).
pub fn is_colored(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && !environment::is_dumb_terminal() && !environment::refuses_color()
}

/// Waits for something to happen at a server. Where an operator watches, the second that follows the first one says
/// what for; the line is gone before anything else is written.
pub async fn watched<T>(origin: &str, something: impl Future<Output = T>) -> T {
    if !io::stderr().is_terminal() || environment::is_dumb_terminal() {
        return something.await;
    }
    let mut something = pin!(something);
    if let Ok(result) = timeout(PATIENCE, &mut something).await {
        return result;
    }
    let line = format!("waiting for {origin} (30 s at most)");
    *ERASABLE.lock().unwrap_or_else(PoisonError::into_inner) = line.chars().count();
    stderr::write(line);
    let result = something.await;
    erase();
    result
}

/// Overwrites the line that says what is waited for, if there is one.
fn erase() {
    let mut columns = ERASABLE.lock().unwrap_or_else(PoisonError::into_inner);
    if *columns > 0 {
        stderr::write(format!("\r{:width$}\r", "", width = *columns));
        *columns = 0;
    }
}
