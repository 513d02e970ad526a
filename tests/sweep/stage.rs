//! The stage of one run: a config, a control plane, and what both have to look like afterwards.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Output};

use plexctl::testing::ControlPlane;
use tempfile::TempDir;

use super::leak_hunt;

const BYSTANDER: &str = "# written by hand\n[profiles.bystander]\ntoken = \"none of plexctl's\"\r\n";
const TEMP_NAME: &str = ".plexctl-replacement.tmp";

/// What the run finds besides the config.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Before {
    Clean,
    /// A temporary file that a killed run has left.
    Leftover,
}

/// How a run ended, if its exit code, its message, the file and the server agree.
#[derive(Clone, Copy, Debug)]
pub enum Ending {
    Killed,
    FailedUnchanged,
    FailedCleared,
    Succeeded,
}

pub struct Stage {
    directory: TempDir,
    control_plane: ControlPlane,
    token: String,
    contents: String,
    inode: u64,
    before: Before,
}

/// What a run showed. Without an exit code it was killed.
pub struct Run {
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub trace: String,
}

impl Stage {
    pub fn new(before: Before) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let control_plane = ControlPlane::start().unwrap();
        let token = control_plane.mint("dev");
        let profile = format!("[profiles.work]\nserver = \"{}\"\ntoken = \"{token}\" # mine\n", control_plane.url());
        let contents = format!("default = \"work\"\n{BYSTANDER}{profile}");
        let mut stage = Self { directory, control_plane, token, contents, inode: 0, before };
        fs::create_dir(stage.config().parent().unwrap()).unwrap();
        fs::write(stage.config(), &stage.contents).unwrap();
        stage.chmod(0o600);
        stage.inode = fs::metadata(stage.config()).unwrap().ino();
        if before == Before::Leftover {
            fs::write(stage.temp(), "half a repla").unwrap();
            fs::set_permissions(stage.temp(), Permissions::from_mode(0o600)).unwrap();
        }
        stage
    }

    pub fn config(&self) -> PathBuf {
        self.directory.path().join("config/plexctl.toml")
    }

    pub fn chmod(&self, mode: u32) {
        fs::set_permissions(self.config(), Permissions::from_mode(mode)).unwrap();
    }

    pub fn requests(&self) -> usize {
        self.control_plane.requests().len()
    }

    /// Logs out under strace, with further options of it.
    pub fn run(&self, options: &[&str]) -> Run {
        let trace = self.directory.path().join("trace");
        let mut command = Command::new("strace");
        command.args(["-f", "-s", "64", "-o"]).arg(&trace).args(options);
        command.arg("--").arg(env!("CARGO_BIN_EXE_plexctl")).arg("logout");
        self.observe(command, || fs::read_to_string(&trace).unwrap())
    }

    fn observe(&self, mut command: Command, trace: impl FnOnce() -> String) -> Run {
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env("PLEXCTL_CONFIG", self.config());
        let Output { status, stdout, stderr } = command.output().unwrap();
        Run {
            exit: status.code(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
            trace: trace(),
        }
    }

    /// Holds the file, the messages and the server against each other.
    pub fn judge(&self, run: &Run) -> Result<Ending, String> {
        let told = format!("exit {:?}, {:?}, {:?}", run.exit, run.stdout, run.stderr);
        let left = fs::read(self.temp()).unwrap_or_default();
        let secrets = leak_hunt::secrets_in(self.contents.as_bytes());
        for (place, captured) in [("stdout", run.stdout.as_bytes()), ("stderr", run.stderr.as_bytes()), ("temp", &left)]
        {
            if let Some(encoding) = leak_hunt::leak_in(captured, &secrets) {
                return Err(format!("the token stands in {place}, {encoding}: {told}"));
            }
        }
        let is_live = self.control_plane.is_live(&self.token);
        let is_cleared = self.is_cleared()?;
        if is_cleared && is_live {
            return Err(format!("a live token was forgotten: {told}"));
        }
        if self.requests() > 1 {
            return Err(format!("{} requests were made: {told}", self.requests()));
        }
        let has_temp = self.has_temp()?;
        if has_temp && run.exit.is_some() && self.before == Before::Clean {
            return Err(format!("a temporary file was left: {told}"));
        }
        if run.trace.contains("+++ killed by SIGKILL +++") {
            return if run.stdout.is_empty() || is_cleared {
                Ok(Ending::Killed)
            } else {
                Err(format!("success was told before it came: {told}"))
            };
        }
        let says = |text: &str| run.stderr.starts_with("error: ") && run.stderr.contains(text);
        let ending = if run.exit == Some(0) {
            let is_told = run.stdout == "Logged out. Cleared profile \"work\".\n" && run.stderr.is_empty();
            (is_told && is_cleared && !has_temp).then_some(Ending::Succeeded)
        } else if run.exit != Some(1) || !run.stdout.is_empty() {
            None
        } else if is_cleared {
            let is_told = says("is revoked on the server: the profile was removed from") || says("is complete: ");
            is_told.then_some(Ending::FailedCleared)
        } else if says("is revoked on the server: the profile was not removed from") {
            (!is_live).then_some(Ending::FailedUnchanged)
        } else if says("no session was ended: ") {
            (is_live && self.requests() == 0).then_some(Ending::FailedUnchanged)
        } else {
            says("may still be live at ").then_some(Ending::FailedUnchanged)
        };
        ending.ok_or_else(|| format!("disagreement: live {is_live}, cleared {is_cleared}, temp {has_temp}, {told}"))
    }

    /// Logs out again, undisturbed.
    pub fn heal(&self) -> Result<(), String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plexctl"));
        command.arg("logout");
        let run = self.observe(command, String::new);
        let is_healed = run.exit == Some(0) && self.is_cleared()? && !self.control_plane.is_live(&self.token);
        if is_healed && !self.has_temp()? {
            Ok(())
        } else {
            Err(format!("not healed: exit {:?}, {:?}, {:?}", run.exit, run.stdout, run.stderr))
        }
    }

    /// Tells a cleared file from one that is as it was; anything else is torn.
    fn is_cleared(&self) -> Result<bool, String> {
        let metadata = fs::metadata(self.config()).map_err(|error| format!("the config is gone: {error}"))?;
        if metadata.mode() & 0o7777 != 0o600 {
            return Err(format!("the config's mode became {:04o}", metadata.mode() & 0o7777));
        }
        let text = fs::read_to_string(self.config()).unwrap();
        if text == self.contents && metadata.ino() == self.inode {
            Ok(false)
        } else if text == BYSTANDER {
            Ok(true)
        } else {
            Err(format!("the config is neither old nor new: {text:?}"))
        }
    }

    /// Tells whether there is a temporary file, which must be the only one and private.
    fn has_temp(&self) -> Result<bool, String> {
        let entries = fs::read_dir(self.config().parent().unwrap()).unwrap();
        let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        if let Some(stray) = names.iter().find(|name| *name != TEMP_NAME && *name != "plexctl.toml") {
            return Err(format!("a stray file {} was left", stray.display()));
        }
        match fs::metadata(self.temp()) {
            Err(_) => Ok(false),
            Ok(temp) if temp.mode() & 0o7777 & !0o600 == 0 => Ok(true),
            Ok(temp) => Err(format!("a temporary file has mode {:04o}", temp.mode() & 0o7777)),
        }
    }

    fn temp(&self) -> PathBuf {
        self.config().with_file_name(TEMP_NAME)
    }
}
