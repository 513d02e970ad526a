//! What the black-box tests stand on: a sandbox to run the binary in, servers to talk to, and the leak hunt and
//! the watch over the tokens that every run goes through.

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, ToSocketAddrs};

use rustix::io::Errno;
use rustix::process::Signal;

pub mod blocked_stderr;
pub mod bystander;
pub mod detour;
pub mod dice;
pub mod figures;
pub mod leak_hunt;
pub mod plain_words;
pub mod program;
pub mod sandbox;
pub mod scripted_server;
pub mod shell;
pub mod signed_in;
pub mod tls;
pub mod trace;
pub mod trial;
pub mod unprivileged;
mod watch;

/// Tells whether the tests run as root, whom permissions do not stop.
pub fn runs_as_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The signals by which an operator or a supervisor ends a run, as far as they are heard here.
pub fn ending_signals() -> impl Iterator<Item = Signal> {
    [Signal::INT, Signal::TERM].into_iter().filter(|signal| is_heard(*signal))
}

/// Tells whether a signal ends children of this process. Whoever started the tests may have made them deaf to it, as a
/// shell does with SIGINT and what it runs in the background; then their children are deaf to it too.
pub fn is_heard(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap_or_default();
    let is_heard = ignored & 1 << (signal.as_raw() - 1) == 0;
    if !is_heard {
        skip("a signal", &format!("{signal:?} is ignored by whoever started the tests"));
    }
    is_heard
}

/// Tells whether `localhost` stands for 127.0.0.1, where the test servers listen.
pub fn has_localhost(what: &str) -> bool {
    let addresses: Vec<_> = ("localhost", 0).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
    let has = addresses.iter().any(|address| address.ip() == Ipv4Addr::LOCALHOST);
    if !has {
        skip(what, &format!("localhost stands for {addresses:?}"));
    }
    has
}

/// A system's error in its words alone, without the number that std appends.
pub fn system_words(errno: Errno) -> String {
    let text = io::Error::from(errno).to_string();
    text.split(" (os error ").next().unwrap().to_owned()
}

/// Says that something is not tested here. It is written past the capture of the test runner, so that a passing run
/// shows it too.
pub fn skip(what: &str, why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED {what}: {why}");
}
