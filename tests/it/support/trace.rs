//! Runs under strace, which shows the system calls of a run and makes them fail.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::sandbox::{Run, Sandbox};
use super::{runs_as_root, skip};

/// Tells whether strace is available, and says loudly what is skipped if not.
pub fn has_strace(what: &str) -> bool {
    let traced = |command: &mut Command| command.args(["-o", "/dev/null", "true"]).output();
    let has = runs_as_root() && traced(&mut Command::new("strace")).is_ok_and(|output| output.status.success());
    if !has {
        skip(what, "it takes strace, and root to look into plexctl's memory");
    }
    has
}

/// Runs the binary under strace, which injects these faults. Returns what the run showed, and its system calls with the
/// files that they are about.
pub fn traced(sandbox: &Sandbox, arguments: &[&str], injections: &[&str]) -> (Run, String) {
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let run = sandbox.observe(&mut under_strace(sandbox, arguments, injections, &trace));
    (run, fs::read_to_string(trace).unwrap())
}

/// The binary under strace, which injects these faults and writes down the system calls.
pub fn under_strace(sandbox: &Sandbox, arguments: &[&str], injections: &[&str], trace: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-s", "0", "-o"]).arg(trace);
    command.args(injections.iter().flat_map(|injection| ["-e", injection]));
    let plexctl = sandbox.command(arguments);
    command.arg("--").arg(plexctl.get_program()).args(plexctl.get_args()).stdin(Stdio::null());
    command.env_clear().envs(plexctl.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}
