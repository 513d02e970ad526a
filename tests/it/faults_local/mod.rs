//! Faults of the file and its surroundings, each of them met by the real binary.
//!
//! - [`before_the_request`]: what stops a logout before anything was sent.
//! - [`after_the_answer`]: what can still go wrong when the token is dead, and what must not.
//! - [`unprivileged`]: the binary as somebody whom permissions stop.

mod after_the_answer;
mod before_the_request;
mod unprivileged;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::support::sandbox::{Run, Sandbox};

const TOKEN: &str = "psk_dev_agjpbqjdiv5lzdppaerukz4jvm_c4n4ry-0123456789abcdef";
const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// What every config here holds besides the profile that is logged out.
const BYSTANDER: &str = "\n[profiles.bystander] # stays\r\nserver = 'https://h'\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ac_by5t4nd3r-fedcba9876543210\"";

/// How long a run may take that waits for nothing. One that would hang fails instead.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A config whose default profile can be logged out at a server.
fn config(server: &str) -> String {
    format!("default = \"default\"\n\n[profiles.default]\nserver = \"{server}\"\ntoken = \"{TOKEN}\"\n{BYSTANDER}")
}

/// What is left of such a config after the logout.
fn cleared() -> String {
    format!("\n{BYSTANDER}")
}

/// A run that found no session.
fn no_session() -> Run {
    Run::new(0, "", "No active session; nothing to do.\n")
}

/// A run that logged the default profile out.
fn logged_out() -> Run {
    Run::new(0, "Logged out. Cleared profile \"default\".\n", "")
}

/// A run that could not use the file.
fn unusable(place: &str, problem: &str) -> Run {
    Run::new(
        1,
        "",
        format!(
            "error: no session was ended: {place} cannot be used: {problem}\n\
             hint: nothing was sent or changed; mend the cause and run `plexctl logout` again\n"
        ),
    )
}

/// A run that revoked the token, but could not remove the profile.
fn not_removed(place: &str, problem: &str) -> Run {
    Run::new(
        1,
        "",
        format!(
            "error: token {ID} is revoked on the server: the profile was not removed from {place}: {problem}\n\
             hint: once the cause is gone, run `plexctl logout` again\n"
        ),
    )
}

/// An action that failed, in the system's words.
fn system(action: &str, errno: Errno) -> String {
    format!("{action} failed: {}", io::Error::from_raw_os_error(errno.raw_os_error()))
}

/// Runs a prepared command and fails if it has not ended in time.
fn observe_within(limit: Duration, sandbox: &Sandbox, command: &mut Command) -> (Run, Duration) {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the run had not ended after {limit:?}");
        }
        thread::sleep(Duration::from_millis(2));
    }
    let elapsed = started.elapsed();
    (sandbox.judge(&child.wait_with_output().unwrap()), elapsed)
}

/// Gives a file a mode.
fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
