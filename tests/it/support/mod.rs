//! What the black-box tests stand on: a sandbox to run the binary in, servers to talk to, and the leak hunt that every
//! run goes through.

use std::io::{self, Write};

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

/// Says that something is not tested here. It is written past the capture of the test runner, so that a passing run
/// shows it too.
pub fn skip(what: &str, why: &str) {
    let mut stderr = io::stderr();
    writeln!(stderr, "SKIPPED {what}: {why}").unwrap();
}
