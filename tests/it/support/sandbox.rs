//! The sandbox: a temporary directory, an environment with nothing in it but `HOME`, and the binary.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use tempfile::TempDir;

use super::leak_hunt;

/// A place of its own for one test. What the tests write into it is remembered for the leak hunt.
pub struct Sandbox {
    directory: TempDir,
    labels: Vec<(String, String)>,
    secrets: Vec<String>,
}

/// What a run showed: one value to compare. The sandbox's paths and the labelled values stand as their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn new(exit: i32, stdout: impl Into<String>, stderr: impl Into<String>) -> Self {
        Self { exit, stdout: stdout.into(), stderr: stderr.into() }
    }
}

/// Everything about a file that a run must not change by accident.
#[derive(Debug, PartialEq, Eq)]
pub struct FileState {
    pub bytes: Vec<u8>,
    pub mode: u32,
    pub owner: (u32, u32),
    pub inode: u64,
}

impl Sandbox {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join(".config/plexctl")).unwrap();
        Self { directory, labels: Vec::new(), secrets: Vec::new() }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The config file in its usual place below `HOME`.
    pub fn config(&self) -> PathBuf {
        self.path().join(".config/plexctl/config.toml")
    }

    /// Writes the config file with mode 0600.
    pub fn write_config(&mut self, contents: impl AsRef<[u8]>) {
        self.write(&self.config(), contents);
    }

    /// Writes a file with mode 0600 and remembers the secrets in it.
    pub fn write(&mut self, path: &Path, contents: impl AsRef<[u8]>) {
        self.secrets.extend(leak_hunt::secrets_in(contents.as_ref()));
        fs::write(path, contents).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    /// Shows a value, such as a port that differs from run to run, as its label.
    pub fn label(&mut self, value: impl Into<String>, label: &str) {
        self.labels.push((value.into(), label.to_owned()));
    }

    pub fn config_text(&self) -> String {
        fs::read_to_string(self.config()).unwrap()
    }

    pub fn config_state(&self) -> FileState {
        file_state(&self.config())
    }

    /// The names of all files beside the config file.
    pub fn neighbours(&self) -> Vec<String> {
        let entries = fs::read_dir(self.config().parent().unwrap()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "config.toml").collect()
    }

    /// The binary with arguments, in this sandbox: nothing in the environment but `HOME`.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plexctl"));
        command.args(arguments).env_clear().env("HOME", self.path()).current_dir(self.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the binary with arguments.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        self.observe(&mut self.command(arguments))
    }

    /// Runs a prepared command, and hunts for leaks in all that it left.
    pub fn observe(&self, command: &mut Command) -> Run {
        self.judge(&command.output().unwrap())
    }

    /// Takes what a run left, hunts for leaks in it, and makes it comparable.
    pub fn judge(&self, output: &Output) -> Run {
        leak_hunt::assert_no_leak(&self.secrets, "standard output", &output.stdout);
        leak_hunt::assert_no_leak(&self.secrets, "standard error", &output.stderr);
        leak_hunt::assert_no_leak_in_files(&self.secrets, self.path());
        Run {
            exit: exit_of(output.status),
            stdout: self.labelled(&output.stdout),
            stderr: self.labelled(&output.stderr),
        }
    }

    fn labelled(&self, bytes: &[u8]) -> String {
        let mut text = String::from_utf8(bytes.to_vec()).unwrap();
        for (value, label) in &self.labels {
            text = text.replace(value, label);
        }
        text.replace(self.config().to_str().unwrap(), "[CONFIG]").replace(self.path().to_str().unwrap(), "[SANDBOX]")
    }
}

pub fn file_state(path: &Path) -> FileState {
    let metadata = fs::metadata(path).unwrap();
    FileState {
        bytes: fs::read(path).unwrap(),
        mode: metadata.mode() & 0o7777,
        owner: (metadata.uid(), metadata.gid()),
        inode: metadata.ino(),
    }
}

/// The exit code, or the negative number of the signal that ended the run.
fn exit_of(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap())
}
