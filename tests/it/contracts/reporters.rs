//! The promises of a reporter, held against every format and the fake.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use plexctl::adapters::reporters::{JsonReporter, TextReporter, YamlReporter};
use plexctl::ports::reporter::{LogoutOutcome, ProfilesOutcome, Reporter};
use plexctl::testing::RecordingReporter;
use plexctl::testing::contract::{ReporterUnderTest, a_reporter_keeps_its_promises};

/// A writer that several can look into, and that may be told to fail.
#[derive(Clone, Default)]
struct Stream {
    written: Arc<Mutex<Vec<u8>>>,
    flushed: Arc<Mutex<usize>>,
    failure: Option<io::ErrorKind>,
}

impl Stream {
    fn failing(failure: io::ErrorKind) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }

    /// What was written and flushed.
    fn text(&self) -> String {
        let written = self.written.lock().unwrap();
        String::from_utf8(written[..*self.flushed.lock().unwrap()].to_vec()).unwrap()
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.failure {
            Some(failure) => Err(failure.into()),
            None => self.written.lock().unwrap().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        *self.flushed.lock().unwrap() = self.written.lock().unwrap().len();
        Ok(())
    }
}

/// A reporter between two streams.
struct Streamed<R> {
    reporter: R,
    out: Stream,
    err: Stream,
}

/// A format, by the function that makes its reporter.
trait Format: Sized {
    fn new(out: Stream, err: Stream) -> Self;
}

macro_rules! impl_format {
    ($($reporter:ident)+) => {
        $(impl Format for $reporter<Stream, Stream> {
            fn new(out: Stream, err: Stream) -> Self {
                $reporter::new(out, err)
            }
        })+
    };
}
impl_format!(TextReporter JsonReporter YamlReporter);

impl<R: Format> Streamed<R> {
    fn with(out: Stream) -> Self {
        let err = Stream::default();
        Self { reporter: R::new(out.clone(), err.clone()), out, err }
    }
}

impl<T: Send, R: Format + Reporter<T>> ReporterUnderTest<T> for Streamed<R> {
    fn read() -> Self {
        Self::with(Stream::default())
    }

    fn closed() -> Self {
        Self::with(Stream::failing(io::ErrorKind::BrokenPipe))
    }

    fn full() -> Self {
        Self::with(Stream::failing(io::ErrorKind::StorageFull))
    }

    fn reporter(&mut self) -> &mut dyn Reporter<T> {
        &mut self.reporter
    }

    fn results(&self) -> String {
        self.out.text()
    }

    fn notes(&self) -> String {
        self.err.text()
    }
}

#[test]
fn text_reporter_keeps_contract() {
    a_reporter_keeps_its_promises::<LogoutOutcome, Streamed<TextReporter<_, _>>>();
    a_reporter_keeps_its_promises::<ProfilesOutcome, Streamed<TextReporter<_, _>>>();
}

#[test]
fn json_reporter_keeps_contract() {
    a_reporter_keeps_its_promises::<LogoutOutcome, Streamed<JsonReporter<_, _>>>();
    a_reporter_keeps_its_promises::<ProfilesOutcome, Streamed<JsonReporter<_, _>>>();
}

#[test]
fn yaml_reporter_keeps_contract() {
    a_reporter_keeps_its_promises::<LogoutOutcome, Streamed<YamlReporter<_, _>>>();
    a_reporter_keeps_its_promises::<ProfilesOutcome, Streamed<YamlReporter<_, _>>>();
}

#[test]
fn recording_reporter_keeps_contract() {
    a_reporter_keeps_its_promises::<LogoutOutcome, RecordingReporter>();
    a_reporter_keeps_its_promises::<ProfilesOutcome, RecordingReporter<_>>();
}
