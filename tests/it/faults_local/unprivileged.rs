//! The binary as somebody whom permissions stop. Where the tests run as root, that is the user `nobody`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::lchown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::chmod;
use crate::support::sandbox::Sandbox;

/// What `nobody` and its group are called in numbers.
pub const NOBODY: u32 = 65534;

/// Tells whether the tests run as root, whom permissions do not stop.
pub fn runs_as_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A way to run the binary as somebody whom permissions stop.
pub struct Unprivileged {
    /// The binary where that user can reach it.
    directory: TempDir,
}

impl Unprivileged {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        chmod(directory.path(), 0o755);
        let (built, reachable) = (env!("CARGO_BIN_EXE_plexctl"), directory.path().join("plexctl"));
        if fs::hard_link(built, &reachable).is_err() {
            // A copy written by this process would be busy for as long as any child inherits the open file.
            assert!(Command::new("cp").arg(built).arg(&reachable).status().unwrap().success());
        }
        Self { directory }
    }

    /// The binary with arguments, in a sandbox that is given to its user.
    pub fn command<S: AsRef<OsStr>>(&self, sandbox: &Sandbox, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(self.directory.path().join("plexctl"));
        command.args(arguments).env_clear().env("HOME", sandbox.path()).current_dir(sandbox.path());
        if runs_as_root() {
            give_away(sandbox.path());
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

fn give_away(path: &Path) {
    lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if fs::symlink_metadata(path).unwrap().is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_away(&entry.unwrap().path());
        }
    }
}
