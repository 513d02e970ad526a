//! Standard error as a full pipe that is not read: it must hold up neither the token nor the signal.

use std::fs;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use plexctl::testing::{Endpoint, Script};
use rustix::process::Signal;

use super::{DELAY, Login, send, wait_for};
use crate::support::sandbox::{Run, SLACK};

impl Login {
    /// Starts a login whose standard error is a pipe.
    fn start_with_pipe(&self) -> (Child, PipeReader, PipeWriter) {
        let (reader, writer) = pipe().unwrap();
        let mut command = self.command(&[]);
        command.stderr(writer.try_clone().unwrap());
        (command.stdout(Stdio::piped()).spawn().unwrap(), reader, writer)
    }
}

/// Fills a pipe to the brim, and goes on as soon as somebody reads from it.
fn fill(mut pipe: PipeWriter) {
    thread::spawn(move || pipe.write_all(&vec![b'.'; 128 * 1024]));
    thread::sleep(Duration::from_millis(200));
}

#[test]
fn revokes_the_token_of_an_interrupted_poll() {
    let login = Login::replacing();
    login.server.once(Endpoint::DeviceToken, Script::real().after(DELAY));
    let (child, _reader, writer) = login.start_with_pipe();
    wait_for(&login, 2);
    fill(writer);
    send(&child, Signal::TERM);
    wait_for(&login, 3);
    let run = login.labelled(&login.sandbox.observe_child(child));
    assert_eq!(run, Run::new(-Signal::TERM.as_raw(), "", ""));
    assert_eq!(login.asked(), ["code", "poll", "revoke [NEW]"]);
    assert_eq!(login.live(), ["[OLD]"]);
}

#[test]
fn second_signal_ends_the_process_in_time() {
    let login = Login::approved();
    login.server.once(Endpoint::DeviceToken, Script::real().after(Duration::from_secs(60)));
    let (mut child, _reader, writer) = login.start_with_pipe();
    wait_for(&login, 2);
    fill(writer);
    send(&child, Signal::TERM);
    thread::sleep(Duration::from_millis(300));
    send(&child, Signal::TERM);
    let second = Instant::now();
    child.wait().unwrap();
    assert!(second.elapsed() < Duration::from_secs(1) + SLACK, "{:?}", second.elapsed());
}

/// Nothing else tells of a token that a lost response may have held.
#[test]
fn lost_response_waits_for_its_reader() {
    let login = Login::approved();
    login.server.once(Endpoint::DeviceToken, Script::real().lost());
    let (mut child, mut reader, writer) = login.start_with_pipe();
    wait_for(&login, 2);
    fill(writer);
    send(&child, Signal::TERM);
    thread::sleep(Duration::from_secs(2));
    assert_eq!(child.try_wait().unwrap(), None);
    let mut told = Vec::new();
    reader.read_to_end(&mut told).unwrap();
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("interrupted: a token may have been issued that is stored nowhere\n"), "{told}");
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
}

#[test]
fn stores_the_token_and_ends_the_replaced_session() {
    let login = Login::replacing();
    let (child, mut reader, writer) = login.start_with_pipe();
    fill(writer);
    wait_for(&login, 4);
    assert!(fs::read_to_string(login.sandbox.config()).unwrap().contains("psk_"));
    // Only the result waits for its reader.
    let unread = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = reader.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let run = login.sandbox.observe_child(child);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    assert!(unread.join().unwrap().contains("open this page"));
    assert_eq!(login.asked(), ["code", "poll", "whoami", "revoke [OLD]"]);
    assert_eq!(login.live(), ["[NEW]"]);
}
