//! Standard error as a sequence of texts. A login has them written by a thread of their own: a full pipe that is not
//! read blocks every write, and must hold up no token.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;

/// The queue of the thread that writes, if there is one.
static QUEUE: OnceLock<Sender<Job>> = OnceLock::new();

/// Has everything that follows written in the background.
pub fn write_in_background() -> io::Result<()> {
    let (sender, jobs) = mpsc::channel::<Job>();
    thread::Builder::new().name("stderr".to_owned()).spawn(move || jobs.into_iter().for_each(|job| job()))?;
    // A second thread would end with its queue.
    let _ = QUEUE.set(sender);
    Ok(())
}

/// Writes a text in one piece.
pub fn write(text: String) {
    match QUEUE.get() {
        // Unbounded: what a login writes is small, and waiting for room is what the thread exists to avoid.
        Some(queue) => drop(queue.send(Box::new(move || write_now(&text)))),
        None => write_now(&text),
    }
}

/// Waits until everything is written.
pub fn flush() {
    flush_within(Duration::MAX);
}

/// Waits until everything is written, but not for ever.
pub fn flush_within(limit: Duration) {
    let Some(queue) = QUEUE.get() else { return };
    // No message is sent: the receiver wakes up when the job is dropped, or with it the queue.
    let (done, written) = mpsc::channel::<()>();
    let _ = queue.send(Box::new(move || drop(done)));
    let _ = written.recv_timeout(limit);
}

/// A failure is ignored: nothing is left to report it to.
fn write_now(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
