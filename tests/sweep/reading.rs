//! The stages of commands that read the config and never write it: `exec`, up to the call that replaces the process, and
//! `identity-tokens delete`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use plexctl::domain::token::SessionToken;
use plexctl::testing::ControlPlane;
use tempfile::TempDir;

use super::bystander::BYSTANDER;
use super::leak_hunt;
use super::stage::{Ending, Point, Run, Stage, has_temp, plexctl};

/// What the run does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deed {
    /// Runs a program with the session of the default profile.
    Exec,
    /// Revokes another token with that session.
    DeleteToken,
}

pub struct ReadingStage {
    directory: TempDir,
    control_plane: ControlPlane,
    deed: Deed,
    contents: String,
    token: String,
    /// The token that is revoked by its id.
    other: String,
}

impl ReadingStage {
    pub fn new(deed: Deed) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let control_plane = ControlPlane::start().unwrap();
        let (token, other) = (control_plane.mint("dev"), control_plane.mint("dev"));
        let profile = format!("[profiles.work]\nserver = \"{}\"\ntoken = \"{token}\"\n", control_plane.url());
        let contents = format!("default = \"work\"\n{BYSTANDER}{profile}");
        let stage = Self { directory, control_plane, deed, contents, token, other };
        fs::create_dir(stage.config().parent().unwrap()).unwrap();
        fs::write(stage.config(), &stage.contents).unwrap();
        fs::set_permissions(stage.config(), Permissions::from_mode(0o600)).unwrap();
        stage
    }

    fn arguments(&self) -> Vec<String> {
        let words: &[&str] = match self.deed {
            Deed::Exec => &["exec", "--", "/bin/sh", "-c", "echo \"ran ${#PLEXSPHERE_TOKEN} $PLEXCTL_PROFILE_IN_USE\""],
            Deed::DeleteToken => &["identity-tokens", "delete", "--id"],
        };
        let id = SessionToken::parse(&self.other).unwrap().id().to_string();
        let id = (self.deed == Deed::DeleteToken).then_some(id);
        words.iter().map(|word| (*word).to_owned()).chain(id).collect()
    }

    /// Tells whether what the command is for has happened.
    fn is_done(&self, run: &Run) -> bool {
        match self.deed {
            Deed::Exec => run.stdout == format!("ran {} work\n", self.token.len()),
            Deed::DeleteToken => !self.control_plane.is_live(&self.other),
        }
    }
}

impl Stage for ReadingStage {
    fn config(&self) -> PathBuf {
        self.directory.path().join("config/plexctl.toml")
    }

    fn run(&self, options: &[&str]) -> Run {
        plexctl(&self.arguments(), &self.config())
            .traced(&[&["-f"], options].concat(), &self.directory.path().join("trace"))
    }

    fn judge(&self, run: &Run) -> Result<Ending, String> {
        let told = format!("exit {:?}, {:?}, {:?}", run.exit, run.stdout, run.stderr);
        let secrets = leak_hunt::secrets_in((self.contents.clone() + &self.other).as_bytes());
        for captured in [&run.stdout, &run.stderr] {
            if let Some(encoding) = leak_hunt::leak_in(captured.as_bytes(), &secrets) {
                return Err(format!("a token is shown, {encoding}: {told}"));
            }
        }
        if has_temp(&self.config())? || fs::read_to_string(self.config()).unwrap() != self.contents {
            return Err(format!("the config was touched: {told}"));
        }
        if !self.control_plane.is_live(&self.token) {
            return Err(format!("the session has ended: {told}"));
        }
        let is_done = self.is_done(run);
        if run.trace.contains("+++ killed by SIGKILL +++") {
            return if run.stdout.is_empty() || is_done { Ok(Ending::Killed) } else { Err(told) };
        }
        let ending = match run.exit {
            Some(0) => (is_done && !run.stdout.is_empty()).then_some(Ending::Succeeded),
            Some(_) if run.stderr.starts_with("error: ") && run.stdout.is_empty() => Some(Ending::FailedUnchanged),
            _ => None,
        };
        ending.ok_or_else(|| format!("disagreement: done {is_done}, {told}"))
    }

    fn heal(&self) -> Result<(), String> {
        let run = plexctl(&self.arguments(), &self.config()).observed();
        // A token that is revoked already cannot be revoked again.
        let is_healed = self.is_done(&run) && (run.exit == Some(0) || self.deed == Deed::DeleteToken);
        if is_healed { Ok(()) } else { Err(format!("not healed: {:?}, {:?}, {:?}", run.exit, run.stdout, run.stderr)) }
    }

    /// Both are as good without a call that frees or tunes a descriptor or a limit. After a token was revoked the config
    /// is read once more, only for a hint; the first time, the command fails without it.
    fn may_fail_unnoticed(&self, Point { name, .. }: &Point) -> bool {
        ["close", "epoll_ctl", "fcntl", "ioctl", "prlimit64", "setsockopt"].contains(&name.as_str())
            || self.deed == Deed::DeleteToken && ["openat", "read", "statx"].contains(&name.as_str())
    }
}
