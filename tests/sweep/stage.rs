//! The stage of one run: what a swept command meets, and what all of it has to look like afterwards. This one is that of
//! a logout: a config, a control plane, and what both have to look like afterwards.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use plexctl::testing::ControlPlane;
use tempfile::TempDir;

use super::bystander::BYSTANDER;
use super::leak_hunt;
use super::scripted_server::ScriptedServer;
use super::tls::{Authority, leaf};

const TEMP_NAME: &str = ".plexctl-replacement.tmp";

/// A user that is not the one who logs out.
const ANOTHER_USER: u32 = 65534;

/// What the run meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scene {
    Plain,
    /// A temporary file that a killed run has left.
    Leftover,
    /// A config of another user and another mode than a new file has, both of which have to be restored.
    ForeignConfig,
    /// A server that speaks TLS.
    Tls,
}

/// How a run ended, if its exit code, its message, the file and the server agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    Killed,
    /// Killed while the poll was under way whose token stands nowhere.
    KilledInPoll,
    /// Killed between the arrival of that token and the rename that stores it.
    KilledWithToken,
    FailedUnchanged,
    FailedCleared,
    FailedStored,
    Succeeded,
    SucceededWithWarning,
}

/// One thing to do to one call.
pub struct Point {
    pub name: String,
    /// Which call of this name it is, from 1.
    pub occurrence: usize,
    /// What strace does there: `signal=KILL` or `error=…`.
    pub injection: String,
    /// The call as it was recorded.
    pub call: String,
    /// Whether the call belongs to the first look at a config that was replaced.
    pub is_of_first_look: bool,
}

/// Where a command runs, once.
pub trait Stage {
    fn config(&self) -> PathBuf;

    /// Runs the command under strace, with further options of it.
    fn run(&self, options: &[&str]) -> Run;

    /// Holds the file, the messages and the server against each other.
    fn judge(&self, run: &Run) -> Result<Ending, String>;

    /// Runs what heals a failure, undisturbed.
    fn heal(&self) -> Result<(), String>;

    /// Tells whether the command is as good without a call.
    fn may_fail_unnoticed(&self, point: &Point) -> bool;
}

/// The stage of a logout.
pub struct LogoutStage {
    directory: TempDir,
    control_plane: ControlPlane,
    token: String,
    contents: String,
    inode: u64,
    scene: Scene,
    /// What stands between the run and the control plane where TLS is spoken.
    _tls_front: Option<ScriptedServer>,
}

/// What a run showed. Without an exit code it was killed.
#[derive(Debug)]
pub struct Run {
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub trace: String,
}

impl LogoutStage {
    pub fn new(scene: Scene) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let control_plane = ControlPlane::start().unwrap();
        let token = control_plane.mint("dev");
        let tls_front = (scene == Scene::Tls).then(|| {
            let authority = Authority::named("an authority");
            fs::write(directory.path().join("authority.pem"), &authority.pem).unwrap();
            let address = control_plane.address();
            authority.certify(&leaf()).play(rustls::ALL_VERSIONS, Duration::ZERO, move |head, stream| {
                // A run that was killed does not read its answer.
                let _ =
                    forwarded(head, address).and_then(|answer| stream.write_all(&answer)).and_then(|()| stream.flush());
            })
        });
        let url = tls_front.as_ref().map_or_else(|| control_plane.url(), ScriptedServer::https_url);
        let profile = format!("[profiles.work]\nserver = \"{url}\"\ntoken = \"{token}\" # mine\n");
        let contents = format!("default = \"work\"\n{BYSTANDER}{profile}");
        let mut stage = Self { directory, control_plane, token, contents, inode: 0, scene, _tls_front: tls_front };
        fs::create_dir(stage.config().parent().unwrap()).unwrap();
        fs::write(stage.config(), &stage.contents).unwrap();
        let (mode, owner) = stage.mode_and_owner();
        chown(stage.config(), Some(owner), Some(owner)).unwrap();
        stage.chmod(mode);
        stage.inode = fs::metadata(stage.config()).unwrap().ino();
        if scene == Scene::Leftover {
            fs::write(stage.temp(), "half a repla").unwrap();
            fs::set_permissions(stage.temp(), Permissions::from_mode(0o600)).unwrap();
        }
        stage
    }

    /// The mode and the owner that the config has from the beginning to the end.
    fn mode_and_owner(&self) -> (u32, u32) {
        match self.scene {
            Scene::ForeignConfig => (0o400, ANOTHER_USER),
            Scene::Plain | Scene::Leftover | Scene::Tls => (0o600, rustix::process::geteuid().as_raw()),
        }
    }

    pub fn chmod(&self, mode: u32) {
        fs::set_permissions(self.config(), Permissions::from_mode(mode)).unwrap();
    }

    pub fn requests(&self) -> usize {
        self.control_plane.requests().len()
    }

    /// A command, with the authority where one is needed.
    fn logout(&self) -> Program {
        let mut program = plexctl(&["logout"], &self.config());
        if self.scene == Scene::Tls {
            program.0.env("SSL_CERT_FILE", self.directory.path().join("authority.pem"));
        }
        program
    }

    /// Tells a cleared file from one that is as it was; anything else is torn.
    fn is_cleared(&self) -> Result<bool, String> {
        let metadata = fs::metadata(self.config()).map_err(|error| format!("the config is gone: {error}"))?;
        let found = (metadata.mode() & 0o7777, metadata.uid());
        if found != self.mode_and_owner() {
            return Err(format!("the config's mode and owner became {:04o} and {}", found.0, found.1));
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

    fn temp(&self) -> PathBuf {
        self.config().with_file_name(TEMP_NAME)
    }
}

impl Stage for LogoutStage {
    fn config(&self) -> PathBuf {
        self.directory.path().join("config/plexctl.toml")
    }

    fn run(&self, options: &[&str]) -> Run {
        self.logout().traced(&[&["-f"], options].concat(), &self.directory.path().join("trace"))
    }

    fn judge(&self, run: &Run) -> Result<Ending, String> {
        let told = format!("exit {:?}, {:?}, {:?}", run.exit, run.stdout, run.stderr);
        let left = fs::read(self.temp()).unwrap_or_default();
        // The bystander's token belongs into the temporary file.
        for (place, captured, holder) in [
            ("stdout", run.stdout.as_bytes(), &self.contents),
            ("stderr", run.stderr.as_bytes(), &self.contents),
            ("temp", &left, &self.token),
        ] {
            let secrets = leak_hunt::secrets_in(holder.as_bytes());
            if let Some(encoding) = leak_hunt::leak_in(captured, &secrets) {
                return Err(format!("the token stands in {place}, {encoding}"));
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
        let has_temp = has_temp(&self.config())?;
        if has_temp && run.exit.is_some() && self.scene != Scene::Leftover {
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
            let is_told = says("was revoked on the server and its profile removed") || says("logged out, but ");
            is_told.then_some(Ending::FailedCleared)
        } else if says("was revoked on the server, but its profile is still stored") {
            (!is_live).then_some(Ending::FailedUnchanged)
        } else if says("cannot log out: ") {
            (is_live && self.requests() == 0).then_some(Ending::FailedUnchanged)
        } else {
            says("was kept, and its session may still be live: ").then_some(Ending::FailedUnchanged)
        };
        ending.ok_or_else(|| format!("disagreement: live {is_live}, cleared {is_cleared}, temp {has_temp}, {told}"))
    }

    fn heal(&self) -> Result<(), String> {
        let run = self.logout().observed();
        let is_healed = run.exit == Some(0) && self.is_cleared()? && !self.control_plane.is_live(&self.token);
        if is_healed && !has_temp(&self.config())? {
            Ok(())
        } else {
            Err(format!("not healed: exit {:?}, {:?}, {:?}", run.exit, run.stdout, run.stderr))
        }
    }

    /// A logout is as good without a call that frees or tunes a descriptor: a close after a good fsync says nothing, and
    /// debug builds of std look at a descriptor with fcntl before they close it. With ioctl a run asks whether somebody
    /// watches its wait. So it is for the second change of the owner, which is that of the group: the mode gives the
    /// group nothing. With TLS it is so for what follows the answer on the connection, and for the end of the trust
    /// store once a certificate is found; what else these calls do is held by the other scenes.
    fn may_fail_unnoticed(&self, Point { name, occurrence, .. }: &Point) -> bool {
        let name = name.as_str();
        ["close", "epoll_ctl", "fcntl", "ioctl", "setsockopt"].contains(&name)
            || (name, *occurrence) == ("fchown", 2)
            || self.scene == Scene::Tls && ["read", "recvfrom", "shutdown", "statx", "writev"].contains(&name)
    }
}

/// The command with arguments and nothing in its environment but the way to its config.
pub fn plexctl(arguments: &[impl AsRef<OsStr>], config: &Path) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plexctl"));
    command.args(arguments).env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
    command.env("PLEXCTL_CONFIG", config);
    Program(command)
}

/// A command that is ready to run.
pub struct Program(Command);

impl Program {
    pub fn observed(mut self) -> Run {
        observe(&mut self.0, String::new)
    }

    /// Runs it under strace.
    pub fn traced(self, options: &[&str], trace: &Path) -> Run {
        let mut command = Command::new("strace");
        command.args(["-s", "64", "-o"]).arg(trace).args(options).arg("--");
        command.arg(self.0.get_program()).args(self.0.get_args()).env_clear();
        command.envs(self.0.get_envs().filter_map(|(name, value)| Some((name, value?))));
        observe(&mut command, || fs::read_to_string(trace).unwrap())
    }
}

fn observe(command: &mut Command, trace: impl FnOnce() -> String) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Run {
        exit: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
        trace: trace(),
    }
}

/// Tells whether there is a temporary file beside a config, which must be the only file there and private.
pub fn has_temp(config: &Path) -> Result<bool, String> {
    let Ok(entries) = fs::read_dir(config.parent().unwrap()) else { return Ok(false) };
    let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    if let Some(stray) = names.iter().find(|name| *name != TEMP_NAME && *name != "plexctl.toml") {
        return Err(format!("a stray file {} was left", stray.display()));
    }
    match fs::metadata(config.with_file_name(TEMP_NAME)) {
        Err(_) => Ok(false),
        Ok(temp) if temp.mode() & 0o7777 & !0o600 == 0 => Ok(true),
        Ok(temp) => Err(format!("a temporary file has mode {:04o}", temp.mode() & 0o7777)),
    }
}

/// What the control plane answers to a request.
fn forwarded(head: &str, control_plane: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(control_plane)?;
    stream.write_all(head.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
