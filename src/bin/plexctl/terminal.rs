//! What goes to the standard streams, with failures handled: a closed pipe must neither panic nor change the outcome.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use plexctl::adapters::reporters::{Label, Note, NoteWriter};
use plexctl::domain::escape_unprintable;
use terminal_size::terminal_size_of;
use tokio::time::timeout;

use crate::{environment, stderr};

/// How long a request may take before the terminal shows what plexctl waits for.
const WAIT_NOTICE_DELAY: Duration = Duration::from_secs(1);

/// Moves to the start of the line and erases it (ECMA-48: CR, EL).
const ERASE_LINE: &str = "\r\u{1b}[K";

/// Whether the last line on the terminal says what plexctl waits for.
static IS_WAIT_SHOWN: AtomicBool = AtomicBool::new(false);

fn style(label: Label) -> Style {
    let color = match label {
        Label::Error => AnsiColor::Red,
        Label::Warning => AnsiColor::Yellow,
        Label::Hint => AnsiColor::Cyan,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

/// Writes a text that was asked for to standard output. A closed pipe is no failure.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // As in `plexctl profiles | head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes one line to standard error, behind its label. A failure is ignored, since there is nowhere left to report it.
pub fn note(label: Label, text: &str) {
    erase();
    let text = escape_unprintable(text);
    let style = if is_colored(&io::stderr()) { style(label) } else { Style::new() };
    stderr::write(format!("{style}{label}:{style:#} {text}\n"));
}

/// Writes hints to standard error, one a line.
pub fn hints<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) {
    texts.into_iter().for_each(|text| note(Label::Hint, text.as_ref()));
}

/// Writes a text of several lines, the first of them behind its label.
pub fn note_lines(label: Label, text: &str) {
    let mut lines = text.lines();
    note(label, lines.next().unwrap_or_default());
    lines.for_each(line);
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
        erase();
        // Both streams may be the same terminal, where a warning belongs before the result.
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

/// Waits for a request to a server. After a second a terminal shows what plexctl waits for, until the response.
pub async fn watched<T>(origin: &str, request: impl Future<Output = T>) -> T {
    let result = watched_until_next_line(origin, request).await;
    erase();
    result
}

/// The same, but the line stays until anything else is written: a response that may hold a token must be acted on first.
pub async fn watched_until_next_line<T>(origin: &str, request: impl Future<Output = T>) -> T {
    if !io::stderr().is_terminal() || environment::is_dumb_terminal() {
        return request.await;
    }
    let mut request = pin!(request);
    // Most requests are done by then, and a line that flashes up only distracts.
    if let Ok(result) = timeout(WAIT_NOTICE_DELAY, &mut request).await {
        return result;
    }
    let notice = format!("waiting for {origin} (30 s at most)");
    // A line that wraps could not be erased, and a terminal may wrap after its last column.
    let columns =
        terminal_size_of(io::stderr()).map_or(usize::MAX, |(width, _)| usize::from(width.0).saturating_sub(1));
    erase();
    stderr::write(notice.chars().take(columns).collect());
    IS_WAIT_SHOWN.store(true, Ordering::Relaxed);
    request.await
}

/// Erases the line that says what plexctl waits for, if it is shown.
pub fn erase() {
    if IS_WAIT_SHOWN.swap(false, Ordering::Relaxed) {
        stderr::write(ERASE_LINE.to_owned());
    }
}
