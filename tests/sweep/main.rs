//! The syscall sweep: every system call of a logout, a login, an `exec` and an `identity-tokens delete` is made to fail,
//! and the process is killed at every one.
//!
//! Good runs are recorded with strace, and one of them is taken. From its first open of the config to its exit, each
//! system call is a point. At each point one run is killed, and one run meets each of the errors that the call can fail
//! with. Whatever happens, the file has to be whole, the exit code, the message and the server have to agree, no live
//! token may be forgotten, and what is left has to heal. Around the sweep, the recorded calls show that a refused file is
//! not read, that one connection is made, and in which order the file is replaced.
//!
//! Run it with `cargo test --test sweep`. It needs strace and root; without them it says that it was skipped.

#![allow(clippy::print_stdout, reason = "a program of its own, which prints its figures")]
#![allow(clippy::unwrap_used, reason = "a sweep that cannot be set up has failed")]

#[allow(dead_code, reason = "shared with the integration tests")]
#[path = "../it/support/bystander.rs"]
mod bystander;
#[path = "../it/support/leak_hunt.rs"]
mod leak_hunt;
mod login;
mod reading;
#[allow(dead_code, reason = "shared with the integration tests")]
#[path = "../it/support/scripted_server.rs"]
mod scripted_server;
mod stage;
#[allow(dead_code, reason = "shared with the integration tests")]
#[path = "../it/support/tls.rs"]
mod tls;
mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use self::login::LoginStage;
use self::reading::{Deed, ReadingStage};
use self::stage::{Ending, LogoutStage, Point, Scene, Stage};
use self::trace::{Call, calls};

/// What any call may be made to fail with.
const ERRORS: [&str; 4] = ["EIO", "ENOSPC", "EACCES", "EINTR"];

/// What a call can meet besides: quotas, mounts, attributes and limits, and what a network does.
const FURTHER_ERRORS: [(&[&str], &[&str]); 6] = [
    (&["open", "openat", "creat"], &["EROFS", "EPERM", "EDQUOT", "EMFILE", "ENFILE"]),
    (&["rename", "renameat", "renameat2", "unlink", "unlinkat"], &["EROFS", "EPERM", "EBUSY", "EXDEV", "EDQUOT"]),
    (&["write", "fsync", "fdatasync"], &["EDQUOT", "EROFS"]),
    (&["fchmod", "fchown", "fchownat", "fchmodat"], &["EPERM", "EROFS"]),
    (&["flock"], &["ENOLCK", "EBADF"]),
    (
        &["connect", "sendto", "recvfrom", "writev"],
        &["ECONNREFUSED", "ECONNRESET", "ENETUNREACH", "ETIMEDOUT", "EPIPE"],
    ),
];

/// What manages memory, signals and the process itself, and fails for no reason outside of it.
const INTERNAL: [&str; 16] = [
    "brk",
    "clone3",
    "exit",
    "exit_group",
    "futex",
    "geteuid",
    "getrandom",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "prctl",
    "rt_sigaction",
    "rt_sigprocmask",
    "sigaltstack",
];

/// Of how many good runs the one with the fewest calls is swept. One that waited for the network more often than most
/// would have points that hardly any other run comes to.
const RECORDINGS: usize = 5;

/// How often a point is tried that a run may pass by: how often it waits for the network differs from run to run.
const ATTEMPTS: usize = 25;

/// How many calls a login makes at most from the arrival of a token to the rename that stores it, of those that it makes
/// as often in every run.
///
/// A login that replaces a session locks the directory, looks whether the path still leads there, reads the file under the
/// lock, and writes and syncs its replacement. A first login looks for a file before that and creates the directory, which
/// the dry run has to remove again: nothing may stay of a login that is not approved.
const MOST_CALLS_WITH_TOKEN: [(&str, usize); 2] = [("FirstLogin", 35), ("ReplacingLogin", 16)];

fn main() -> ExitCode {
    if let Err(reason) = can_trace() {
        println!("SKIPPED: the syscall sweep was not run: {reason}");
        return ExitCode::SUCCESS;
    }
    let mut survivors = Vec::new();
    survivors.extend(refused_file_is_not_read());
    survivors.extend(logout_makes_one_connection());
    let (mut points, mut reached) = (0, 0);
    let mut names = BTreeSet::new();
    // Each run has a stage of its own, and waits as much as it works: a login for its approval.
    let swept: Vec<Swept> = thread::scope(|scope| {
        let scenes = [Scene::Plain, Scene::Leftover, Scene::ForeignConfig, Scene::Tls];
        let logouts =
            scenes.map(|scene| scope.spawn(move || sweep(&format!("{scene:?}"), move || LogoutStage::new(scene), 1)));
        let logins = [
            scope.spawn(|| sweep("FirstLogin", LoginStage::first, 8)),
            scope.spawn(|| sweep("ReplacingLogin", LoginStage::replacing, 8)),
        ];
        let readers = [Deed::Exec, Deed::DeleteToken]
            .map(|deed| scope.spawn(move || sweep(&format!("{deed:?}"), move || ReadingStage::new(deed), 1)));
        logouts.into_iter().chain(logins).chain(readers).map(|sweep| sweep.join().unwrap()).collect()
    });
    for swept in swept {
        names.extend(swept.names);
        points += swept.points;
        reached += swept.reached;
        survivors.extend(swept.survivors);
    }
    for (further, errors) in FURTHER_ERRORS {
        if !further.iter().any(|name| names.contains(*name)) {
            survivors.push(format!("no run makes any of the calls {further:?}, so nothing was struck with {errors:?}"));
        }
    }
    for survivor in &survivors {
        println!("SURVIVOR: {survivor}");
    }
    println!("syscall points {reached} of {points}, survivors: {}", survivors.len());
    if survivors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn can_trace() -> Result<(), String> {
    let output = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .output()
        .map_err(|error| format!("strace cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("strace may not trace here: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    if rustix::process::geteuid().is_root() {
        Ok(())
    } else {
        Err("only root may look into plexctl's memory, where the paths are, and give a config to another user"
            .to_owned())
    }
}

/// What came of all points of one stage.
struct Swept {
    points: usize,
    /// Those at which the run was struck, and stood what came of it.
    reached: usize,
    /// The names of all calls.
    names: BTreeSet<String>,
    survivors: Vec<String>,
}

/// Sweeps the stages that are set so, some of them at once.
fn sweep<S: Stage>(name: &str, set: impl Fn() -> S + Sync, at_once: usize) -> Swept {
    let recordings = (0..RECORDINGS).map(|_| {
        let stage = set();
        let run = stage.run(&[]);
        (stage, run)
    });
    let (recorded, good) = recordings.min_by_key(|(_, run)| calls(&run.trace).len()).unwrap();
    let first = first_open(&good.trace, &recorded);
    let calls = calls(&good.trace);
    // What follows a call that replaces the process is another program's.
    let end = calls.iter().skip(first).position(|call| call.name == "execve").map_or(calls.len(), |at| first + at + 1);
    let points = points(&calls[..end], first);

    let next = AtomicUsize::new(0);
    let (survivors, ends) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::<Ending, usize>::new()));
    let calls_with_token = AtomicUsize::new(0);
    let strike_all = || {
        while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            match strike(point, &set) {
                Ok(ending) => {
                    *ends.lock().unwrap().entry(ending).or_default() += 1;
                    if ending == Ending::KilledWithToken && is_work(&point.name) {
                        calls_with_token.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Err(problem) => survivors.lock().unwrap().push(format!(
                    "{name}: {} number {}, {}: {problem}",
                    point.name, point.occurrence, point.injection
                )),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(strike_all);
        }
    });
    let (mut survivors, ends) = (survivors.into_inner().unwrap(), ends.into_inner().unwrap());
    println!("{name}: {} system calls from the first open of the config to the end", end - first);
    println!("{name}: {ends:?}");
    let [in_poll, with_token] = [Ending::KilledInPoll, Ending::KilledWithToken].map(|end| ends.get(&end).copied());
    if let Some(with_token) = with_token {
        let in_poll = in_poll.unwrap_or_default();
        println!(
            "{name}: a kill leaves a live token that is nowhere at {} calls, {in_poll} of the poll that brings it and \
             {with_token} between its arrival and the rename that stores it",
            in_poll + with_token
        );
    }
    let calls_with_token = calls_with_token.into_inner();
    let limit = MOST_CALLS_WITH_TOKEN.iter().find(|(stage, _)| *stage == name).map_or(0, |(_, limit)| *limit);
    if calls_with_token > limit {
        survivors.push(format!("{name}: {calls_with_token} calls between a token and its place, more than {limit}"));
    }
    let reached = ends.values().sum();
    Swept { points: points.len(), reached, names: calls.into_iter().map(|call| call.name).collect(), survivors }
}

/// What is done to the calls of a recording, from the first open of the config on.
fn points(calls: &[Call<'_>], first: usize) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, call) in calls.iter().enumerate().skip(first) {
        let occurrence = calls[..=index].iter().filter(|other| other.name == call.name).count();
        // strace does nothing to the call that starts the binary, and does not count it.
        let occurrence = if call.name == "execve" { occurrence - 1 } else { occurrence };
        let injections =
            errors_of(call, calls).into_iter().map(|error| format!("error={error}")).chain(["signal=KILL".to_owned()]);
        points.extend(injections.map(|injection| Point {
            name: call.name.clone(),
            occurrence,
            injection,
            call: call.text.to_owned(),
            is_of_first_look: is_of_first_look(calls, index),
        }));
    }
    points
}

/// Tells whether a call opens the config by its path for the first time after it was replaced, or acts on what that
/// returned.
fn is_of_first_look(calls: &[Call<'_>], index: usize) -> bool {
    let Some(renamed) = calls[..index].iter().position(|call| call.name.starts_with("rename")) else { return false };
    let is_look = |call: &&Call<'_>| {
        call.text.starts_with("openat(AT_FDCWD, ")
            && call.text.contains("/plexctl.toml\"")
            && call.result() != Some("-1")
    };
    let opens =
        |earlier: &&Call<'_>| earlier.name == "openat" && earlier.result() == Some(calls[index].first_argument());
    let opener = calls[..index].iter().rev().find(opens).unwrap_or(&calls[index]);
    let opener = if calls[index].name == "openat" { &calls[index] } else { opener };
    calls[renamed..].iter().find(is_look).is_some_and(|look| std::ptr::eq(look, opener))
}

/// Does one thing to one call, and judges what is left of the run, then of the next one.
fn strike<S: Stage>(point: &Point, set: impl Fn() -> S) -> Result<Ending, String> {
    let Point { name, occurrence, injection, .. } = point;
    for _ in 0..ATTEMPTS {
        let stage = set();
        let run = stage.run(&["-e", &format!("inject={name}:{injection}:when={occurrence}")]);
        let was_struck = run.trace.contains("(INJECTED)") || run.trace.contains("+++ killed by SIGKILL +++");
        let ending = stage.judge(&run)?;
        stage.heal()?;
        if was_struck {
            let is_retried = injection == "error=EINTR";
            if matches!(ending, Ending::Succeeded) && !is_retried && !stage.may_fail_unnoticed(point) {
                return Err("the error went unnoticed".to_owned());
            }
            return Ok(ending);
        }
    }
    Err(format!("not reached in {ATTEMPTS} runs"))
}

/// Tells whether a login makes a call as often in every run: what manages memory and threads, and waiting for events, differ
/// from run to run, and resolving a path from directory to directory.
fn is_work(name: &str) -> bool {
    !INTERNAL.contains(&name) && !["epoll_wait", "readlink"].contains(&name)
}

/// The errors that a call can fail with for a reason outside the process.
///
/// What manages memory, signals and the process itself has none. Waiting for events can only be interrupted
/// (`epoll_wait(2)`), and the write that wakes the event loop up goes to a counter in memory (`eventfd(2)`).
fn errors_of(call: &Call<'_>, all: &[Call<'_>]) -> Vec<&'static str> {
    let wakes = || all.iter().any(|other| other.name == "eventfd2" && other.result() == Some(call.first_argument()));
    match call.name.as_str() {
        "epoll_wait" => vec!["EINTR"],
        // Whatever the error is, an answer that may be there already is waited for up to the limit of 30 s.
        "sendto" | "writev" => vec!["ECONNRESET", "EINTR"],
        "write" if wakes() => Vec::new(),
        name if INTERNAL.contains(&name) => Vec::new(),
        name => {
            let further = FURTHER_ERRORS.iter().filter(|(names, _)| names.contains(&name));
            ERRORS.iter().chain(further.flat_map(|(_, errors)| *errors)).copied().collect()
        }
    }
}

/// The config's path as strace writes it.
fn quoted_config(stage: &impl Stage) -> String {
    format!("\"{}\"", stage.config().display())
}

fn first_open(trace: &str, stage: &impl Stage) -> usize {
    let path = quoted_config(stage);
    calls(trace).iter().position(|call| call.name.starts_with("open") && call.text.contains(&path)).unwrap()
}

/// The names of the calls on the config's descriptor, from its first open to its close.
fn calls_on_config(trace: &str, stage: &impl Stage) -> Vec<String> {
    let all = calls(trace);
    let mut later = all[first_open(trace, stage)..].iter();
    let descriptor = later.next().and_then(Call::result).unwrap();
    let on_config = later.filter(|call| call.first_argument() == descriptor);
    let mut names = Vec::new();
    for call in on_config {
        names.push(call.name.clone());
        if call.name == "close" {
            break;
        }
    }
    names
}

fn refused_file_is_not_read() -> Vec<String> {
    let mut problems = Vec::new();
    for mode in [0o644, 0o640, 0o700, 0o4600, 0o600] {
        let stage = LogoutStage::new(Scene::Plain);
        stage.chmod(mode);
        let run = stage.run(&[]);
        let names = calls_on_config(&run.trace, &stage);
        let reads =
            names.iter().filter(|name| !["fstat", "newfstatat", "statx", "fcntl", "close"].contains(&name.as_str()));
        let reads = reads.count();
        let connections = connections(&run.trace);
        // The run over a private file shows that a read would be seen.
        let is_refused = mode != 0o600;
        if is_refused != (reads == 0) || is_refused != (connections == 0) || is_refused != (run.exit == Some(3)) {
            problems.push(format!("mode {mode:04o}: exit {:?}, {connections} connections, {names:?}", run.exit));
        }
        println!("mode {mode:04o}: exit {:?}, calls on the config: {}", run.exit, names.join(" "));
    }
    problems
}

/// Counts the connections to anything but a local socket.
fn connections(trace: &str) -> usize {
    calls(trace).iter().filter(|call| call.name == "connect" && !call.text.contains("AF_UNIX")).count()
}

fn logout_makes_one_connection() -> Vec<String> {
    let stage = LogoutStage::new(Scene::Plain);
    let run = stage.run(&[]);
    let mut problems = Vec::new();
    let (connections, requests) = (connections(&run.trace), stage.requests());
    println!("one logout: {connections} connections, {requests} requests");
    if (connections, requests) != (1, 1) {
        problems.push("a logout is more than one connection and one request".to_owned());
    }
    let config = quoted_config(&stage);
    let order: [(&str, &[&str]); 10] = [
        ("the first open", &["openat(", &config]),
        ("the connection", &["connect("]),
        ("the lock", &["flock(", "LOCK_EX"]),
        ("the second open", &["openat(", "\"plexctl.toml\"", "O_NOFOLLOW"]),
        ("the temporary file", &[".plexctl-replacement.tmp", "O_CREAT", "O_EXCL", ", 0600)"]),
        ("the write", &["write("]),
        ("the sync", &["fsync("]),
        ("the rename", &["renameat", "\".plexctl-replacement.tmp\"", "\"plexctl.toml\""]),
        ("the sync of the directory", &["fsync("]),
        ("the report", &["write(1, \"Logged out."]),
    ];
    let mut lines = run.trace.lines();
    for (step, marks) in order {
        if !lines.any(|line| marks.iter().all(|mark| line.contains(mark))) {
            problems.push(format!("{step} does not come where it should"));
            break;
        }
    }
    let all = calls(&run.trace);
    let connected = all.iter().position(|call| call.name == "connect").unwrap_or_default();
    if all[..connected].iter().any(|call| call.name == "flock" || call.text.contains(".tmp\"")) {
        problems.push("something is locked or created before the request".to_owned());
    }
    problems
}
