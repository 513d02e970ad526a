//! What the black-box tests stand on: a sandbox to run the binary in, servers to talk to, and the leak hunt that every
//! run goes through.

use std::fs;
use std::io::{self, Write};

use rustix::process::Signal;

pub mod figures;
pub mod leak_hunt;
pub mod sandbox;
pub mod scripted_server;
pub mod shell;
pub mod tls;
pub mod unprivileged;

/// Tells whether the tests run as root, whom permissions do not stop.
pub fn runs_as_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The signals by which an operator or a supervisor ends a run. Who starts the tests may have made them deaf to one, as
/// a shell does with SIGINT and what it runs in the background; then their children are deaf to it too.
pub fn ending_signals() -> Vec<Signal> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap_or_default();
    let is_heard = |signal: &Signal| {
        let is_heard = ignored & 1 << (signal.as_raw() - 1) == 0;
        if !is_heard {
            skip("a signal", &format!("{signal:?} is ignored by whoever started the tests"));
        }
        is_heard
    };
    [Signal::INT, Signal::TERM].into_iter().filter(is_heard).collect()
}

/// Says that something is not tested here. It is written past the capture of the test runner, so that a passing run
/// shows it too.
pub fn skip(what: &str, why: &str) {
    let mut stderr = io::stderr();
    writeln!(stderr, "SKIPPED {what}: {why}").unwrap();
}
