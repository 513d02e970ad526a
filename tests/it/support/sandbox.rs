//! The sandbox: a temporary directory, an environment with nothing in it but `HOME` and what makes programs talk, and
//! the binary. What holds for every run, whatever it meets, is asserted here.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use plexctl::testing::ControlPlane;
use tempfile::TempDir;

use super::scripted_server::{Record, ScriptedServer};
use super::watch::Watch;
use super::{figures, leak_hunt, plain_words};

/// The name of the temporary file that replaces the config.
pub const TEMP_NAME: &str = ".plexctl-replacement.tmp";

/// How long a run may take, whatever it meets: the whole exchange, then the wait for the lock.
const MAX_TIME: Duration = Duration::from_secs(30 + 10);

/// How much longer than its limit anything may take on a busy machine.
pub const SLACK: Duration = Duration::from_secs(5);

/// What a run may hold in memory at its peak, in KiB, where its config has an ordinary size.
const MAX_MEMORY: u64 = 20 * 1024;

/// Up to which size a config is ordinary, in bytes. Beyond, the document is what takes memory.
const ORDINARY_CONFIG: u64 = 32 * 1024;

/// What a run may hold in memory at its peak, in KiB, whatever its config is.
const MAX_MEMORY_WITH_LARGE_CONFIG: u64 = 640 * 1024;

/// Where a TLS client that can be asked to give its keys away would write them.
const TLS_KEYS: &str = "tls-keys";

/// A place of its own for one case. What the tests write into it is remembered for the leak hunt.
pub struct Sandbox {
    directory: TempDir,
    labels: Vec<(String, String)>,
    secrets: Vec<String>,
    /// The servers that are counted, with how many requests they had seen before the next run.
    servers: RefCell<Vec<(Record, usize)>>,
    watch: Watch,
    /// What a run may hold in memory at its peak, in KiB.
    max_memory: u64,
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

/// A run that found no session and no other profile.
pub fn no_session() -> Run {
    Run::new(0, "", "No active session; nothing to do.\n")
}

/// The hint to a profile `bystander`, which is all that the config has and no default.
pub const BYSTANDER_HINT: &str = "hint: there is no default, but [CONFIG] has \"bystander\"; name one with --profile\n";

/// A run that found no session, and hints at why.
pub fn no_session_but(hint: &str) -> Run {
    Run { stderr: no_session().stderr + hint, ..no_session() }
}

/// A run that found no session where the config has nothing but a profile `bystander`, which is no default.
pub fn nothing_but_the_bystander() -> Run {
    no_session_but(BYSTANDER_HINT)
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
        figures::case_begins();
        let servers = RefCell::default();
        Self {
            directory,
            labels: Vec::new(),
            secrets: Vec::new(),
            servers,
            watch: Watch::default(),
            max_memory: MAX_MEMORY,
        }
    }

    /// Holds from now on that no run makes anybody forget a token that is live at this control plane.
    pub fn watch(&self, control_plane: &Arc<ControlPlane>) {
        self.watch.add(control_plane);
    }

    /// Where runs that others make during one of this sandbox add what they tell their operator.
    pub fn overheard(&self) -> Arc<Mutex<String>> {
        self.watch.overheard()
    }

    /// Tells whether an operator was told of a token of a control plane that is watched.
    pub fn is_told_of(&self, id: &str) -> bool {
        self.watch.is_told_of(id)
    }

    /// Holds from now on that no run makes more than one request to this server.
    pub fn count_requests_to(&self, server: &ScriptedServer) {
        self.servers.borrow_mut().push((server.record(), server.requests().len()));
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

    /// Allows runs to hold more in memory than usual, in KiB.
    pub fn allow_memory(&mut self, max_memory: u64) {
        self.max_memory = max_memory;
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

    /// The binary with arguments, in this sandbox.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plexctl"));
        self.furnish(command.args(arguments));
        command
    }

    /// Gives a command this sandbox as its home, and nothing in its environment but that and what would make a program
    /// of this kind say as much as it can.
    pub fn furnish(&self, command: &mut Command) {
        self.watch.run_begins(self.path());
        command.env_clear().env("HOME", self.path()).current_dir(self.path()).stdin(Stdio::null());
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        command.env("SSLKEYLOGFILE", self.path().join(TLS_KEYS));
    }

    /// Runs the binary with arguments.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        self.observe(&mut self.command(arguments))
    }

    /// Runs a prepared command, and judges all that it left.
    pub fn observe(&self, command: &mut Command) -> Run {
        self.observe_child(start(command))
    }

    /// Takes the lock that writers of the config take turns by.
    pub fn lock_directory(&self) -> File {
        let directory = File::open(self.config().parent().unwrap()).unwrap();
        directory.lock().unwrap();
        directory
    }

    /// Waits for a run that may take no more time and memory than any run, and judges all that it left.
    pub fn observe_child(&self, mut child: Child) -> Run {
        let started = Instant::now();
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait().unwrap().is_none() {
            peak = peak.max(peak_memory(&fs::read_to_string(&status).unwrap_or_default()).unwrap_or_default());
            if started.elapsed() > MAX_TIME + SLACK {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("the run had not ended after {:?}", started.elapsed());
            }
            thread::sleep(Duration::from_millis(1));
        }
        if fs::metadata(self.config()).is_ok_and(|config| config.len() > ORDINARY_CONFIG) {
            assert!(peak < MAX_MEMORY_WITH_LARGE_CONFIG, "the run took {peak} KiB");
            peak = 0;
        } else if peak == 0 && started.elapsed() > Duration::from_secs(1) {
            super::skip("the memory of a run", "the system does not tell it");
        }
        figures::run(started.elapsed(), peak);
        assert!(peak < self.max_memory, "the run took {peak} KiB");
        self.judge(&child.wait_with_output().unwrap())
    }

    /// Takes what a run left, hunts for leaks in it, and makes it comparable.
    pub fn judge(&self, output: &Output) -> Run {
        let secrets = [self.secrets.clone(), self.watch.secrets()].concat();
        for (place, stream) in [("standard output", &output.stdout), ("standard error", &output.stderr)] {
            assert_no_leak(place, stream, &secrets);
        }
        assert_no_leak_below(self.path(), &secrets, output.status.signal().is_some());
        assert!(!self.path().join(TLS_KEYS).exists(), "the keys of a TLS connection were written down");
        self.assert_one_request_at_most();
        let stderr = String::from_utf8_lossy(&output.stderr);
        self.watch.assert_no_token_is_forgotten(self.path(), output.status.success(), &stderr);
        assert_speaks_plainly(&stderr);
        Run {
            exit: exit_of(output.status),
            stdout: self.labelled(&output.stdout),
            stderr: self.labelled(&output.stderr),
        }
    }

    fn assert_one_request_at_most(&self) {
        for (record, seen) in &mut *self.servers.borrow_mut() {
            let requests = record.requests().len() - *seen;
            *seen += requests;
            figures::requests(requests);
            assert!(requests <= 1, "one run made {requests} requests");
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

impl Drop for Sandbox {
    fn drop(&mut self) {
        figures::case_ends(!thread::panicking());
    }
}

/// Fails if any file below a directory holds a secret, but for those that are there to hold it: TOML files, and what a
/// killed run leaves of a new one.
fn assert_no_leak_below(directory: &Path, secrets: &[String], is_killed: bool) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            assert_no_leak_below(&path, secrets, is_killed);
        } else if is_killed && path.ends_with(TEMP_NAME) {
            assert_eq!(metadata.mode() & 0o7777 & !0o600, 0, "{}", path.display());
        } else if metadata.is_file() && path.extension().is_none_or(|extension| extension != "toml") {
            assert_no_leak(&path.display().to_string(), &fs::read(&path).unwrap(), secrets);
        }
    }
}

fn assert_no_leak(place: &str, captured: &[u8], secrets: &[String]) {
    let leak = leak_hunt::leak_in(captured, secrets);
    figures::capture(leak.is_some());
    assert!(leak.is_none(), "a secret stands in {place}, {}", leak.unwrap());
}

/// Fails if an error is told in a library's words or in those of a debugger instead of the operator's.
fn assert_speaks_plainly(stderr: &str) {
    const JARGON: [&str; 12] = [
        "os error",
        "tcp connect",
        "dns error",
        "Os {",
        "Some(",
        "Ok(",
        "Err(",
        "Error(",
        "Error {",
        "kind:",
        "source:",
        "Kind::",
    ];
    for words in JARGON {
        assert!(!stderr.contains(words), "{words:?} stands in {stderr}");
    }
    assert_eq!(plain_words::first_riddle(stderr), None, "{stderr}");
}

/// Starts a command, whose output is kept for whoever waits for it.
pub fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
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

/// The high-water mark of the resident set in a process's status (`man 5 proc_pid_status`), once it is the binary: for
/// a moment, a new process still has the memory of the tests.
fn peak_memory(status: &str) -> Option<u64> {
    let status = status.strip_prefix("Name:\tplexctl\n")?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}
