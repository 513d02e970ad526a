//! Faults of the file and its surroundings, each of them met by the real binary.
//!
//! - [`before_revoking`]: what stops a logout before anything was sent.
//! - [`after_revoking`]: what can still go wrong when the token is dead, and what must not.
//! - [`durability`]: the calls that replace the file, in their order and failing.
//! - [`file_systems`]: what mounts, full disks and attributes of files do to it.
//! - [`limits`]: what is left where the process may have less than it needs.
//! - [`path_races`]: what somebody can do who turns the path meanwhile.

mod after_revoking;
mod before_revoking;
#[cfg(target_os = "linux")]
mod durability;
#[cfg(target_os = "linux")]
mod file_systems;
mod limits;
#[cfg(target_os = "linux")]
mod path_races;

#[cfg(target_os = "linux")]
pub use self::file_systems::{Attribute, has_attributes};

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::support::bystander::{self, BYSTANDER};
use crate::support::sandbox::{FileState, Run, Sandbox, TEMP_NAME, nothing_but_the_bystander};
use crate::support::scripted_server::ScriptedServer;
use crate::support::system_words;

const TOKEN: &str = "psk_dev_agjpbqjdiv5lzdppaerukz4jvm_c4n4ry-0123456789abcdef";
const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// How long a run may take that waits for nothing. One that would hang fails instead.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A config whose default profile can be logged out at a server.
fn config(server: &str) -> String {
    bystander::config(server, TOKEN)
}

/// A sandbox whose default profile can be logged out at a server that always says gone.
fn prepared() -> (Sandbox, ScriptedServer) {
    let server = ScriptedServer::answering(NO_CONTENT);
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config(&server.url()));
    sandbox.label(server.url(), "[SERVER]");
    sandbox.count_requests_to(&server);
    (sandbox, server)
}

/// The place where a temporary file would be.
fn temp(sandbox: &Sandbox) -> PathBuf {
    sandbox.config().with_file_name(TEMP_NAME)
}

/// Holds that the profile is gone and everything else about the file is as it was, and that the next run is a no-op.
fn assert_cleared(sandbox: &Sandbox, before: &FileState) {
    let after = sandbox.config_state();
    assert_eq!(String::from_utf8_lossy(&after.bytes), BYSTANDER);
    assert_eq!((after.mode, after.owner), (before.mode, before.owner));
    assert_eq!(sandbox.neighbours(), [""; 0]);
    assert_eq!(sandbox.run(["logout"]), nothing_but_the_bystander());
    assert_eq!(sandbox.config_state(), after);
}

/// Holds that a run has made its one request and left the file as it was, with nothing beside it.
fn assert_kept(sandbox: &Sandbox, server: &ScriptedServer, before: &FileState) {
    assert_eq!(&sandbox.config_state(), before);
    assert_eq!(sandbox.neighbours(), [""; 0]);
    assert_eq!(server.requests().len(), 1);
}

/// Holds that another run ends what a failed one has begun.
fn assert_heals(sandbox: &Sandbox, before: &FileState) {
    assert_eq!(sandbox.run(["logout"]), logged_out());
    assert_cleared(sandbox, before);
}

/// A run that logged the default profile out.
fn logged_out() -> Run {
    Run::new(0, "Logged out. Cleared profile \"default\".\n", "")
}

/// A run that could not use the file.
fn unusable(place: &str, problem: &str) -> Run {
    unusable_after("", place, problem)
}

/// The same after further arguments, which the hint repeats.
fn unusable_after(typed: &str, place: &str, problem: &str) -> Run {
    Run::new(
        1,
        "",
        format!(
            "error: cannot log out: {place} cannot be used: {problem}\n\
             hint: fix {place}; then run `plexctl logout{typed}` again\n"
        ),
    )
}

/// A run that revoked the token, but could not remove the profile.
fn not_removed(place: &str, problem: &str) -> Run {
    Run::new(
        1,
        "",
        format!(
            "error: the session of profile \"default\" was revoked on the server, but its profile is still stored: the \
             profile was not removed from {place}: {problem} ([SERVER], token {ID})\nhint: run `plexctl logout` again, or \
             delete the profile by hand: its token is dead\n"
        ),
    )
}

/// A run that removed the profile, but could not make that last.
fn not_durable(place: &str, problem: &str) -> Run {
    let removed = format!("{place} was changed, but the change may not survive a power loss: {problem}");
    let error = format!(
        "the session of profile \"default\" was revoked on the server and its profile removed: {removed} ([SERVER], token \
         {ID})"
    );
    let hint = "if the change is undone after a power loss, run `plexctl logout` again";
    Run::new(1, "", format!("error: {error}\nhint: {hint}\n"))
}

/// An action that failed, in the system's words.
pub fn system(action: &str, errno: Errno) -> String {
    format!("{action} failed: {}", system_words(errno))
}

/// Runs a prepared command, fails if it has not ended in time, and says how long it took.
fn observe_within(limit: Duration, sandbox: &Sandbox, command: &mut Command) -> (Run, Duration) {
    let started = Instant::now();
    let run = sandbox.observe(command);
    let elapsed = started.elapsed();
    assert!(elapsed < limit, "the run took {elapsed:?}: {run:?}");
    (run, elapsed)
}

/// Gives a file a mode.
pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
