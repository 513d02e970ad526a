//! The binary as somebody whom permissions stop. Where the tests run as root, that is the user `nobody`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::sandbox::Sandbox;
use super::shell::in_shell;
use super::{runs_as_root, skip};

/// What `nobody` and its group are called in numbers.
pub const NOBODY: u32 = 65534;

/// A way to run the binary as somebody whom permissions stop.
pub struct Unprivileged {
    /// The binary where that user can reach it.
    directory: TempDir,
}

impl Unprivileged {
    /// `None`, and said loudly, where that user cannot run anything below the temporary directory.
    pub fn new(what: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let (built, reachable) = (env!("CARGO_BIN_EXE_plexctl"), directory.path().join("plexctl"));
        if fs::hard_link(built, &reachable).is_err() {
            // A copy written by this process would be busy for as long as any child inherits the open file.
            assert!(Command::new("cp").arg(built).arg(&reachable).status().unwrap().success());
        }
        let unprivileged = Self { directory };
        let mut probe = unprivileged.plexctl();
        as_that_user(probe.arg("--version"));
        let can_run = probe.output().is_ok_and(|output| output.status.success());
        if !can_run {
            skip(what, "no other user can run a program below the temporary directory");
        }
        can_run.then_some(unprivileged)
    }

    /// `plexctl logout` in a sandbox that is given to its user.
    pub fn logout(&self, sandbox: &Sandbox) -> Command {
        self.logout_after("", sandbox)
    }

    /// The same behind a shell that has run a script.
    pub fn logout_after(&self, script: &str, sandbox: &Sandbox) -> Command {
        self.run_after(script, sandbox, &sandbox.command(["logout"]))
    }

    /// The binary with the arguments of a command of the sandbox, likewise.
    pub fn run_after(&self, script: &str, sandbox: &Sandbox, like: &Command) -> Command {
        let mut command = self.plexctl();
        sandbox.furnish(command.args(like.get_args()));
        let mut command = in_shell(&format!("{script}\nexec \"$0\" \"$@\""), &command);
        if runs_as_root() {
            give_away(sandbox.path());
        }
        as_that_user(&mut command);
        command
    }

    fn plexctl(&self) -> Command {
        Command::new(self.directory.path().join("plexctl"))
    }
}

/// Runs a command while a file or directory has this mode: the config of a sandbox, or what is so many levels above it.
pub fn output_behind(sandbox: &Sandbox, (depth, mode): (usize, u32), command: &mut Command) -> Output {
    let closed = sandbox.config().ancestors().nth(depth).unwrap().to_owned();
    let opened = fs::metadata(&closed).unwrap().permissions();
    fs::set_permissions(&closed, Permissions::from_mode(mode)).unwrap();
    let output = command.output().unwrap();
    fs::set_permissions(&closed, opened).unwrap();
    output
}

fn as_that_user(command: &mut Command) {
    if runs_as_root() {
        command.uid(NOBODY).gid(NOBODY);
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
