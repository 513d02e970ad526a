//! A `profiles forget` that a signal ends while its change is made durable.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, kill_process};

use super::SESSION;
use crate::support::bystander::{BYSTANDER, config};
use crate::support::ending_signals;
use crate::support::sandbox::{Sandbox, start};
use crate::support::trace::{has_strace, under_strace};

/// The process that strace has started.
fn traced_child(strace: &Child) -> Option<Pid> {
    let id = strace.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
    Pid::from_raw(children.split(' ').find_map(|child| child.parse().ok())?)
}

#[test]
fn names_token_of_an_interrupted_forget() {
    if !has_strace("a signal while a removal is made durable") {
        return;
    }
    for signal in ending_signals() {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config("https://plexsphere.example", SESSION));
        let trace = sandbox.path().join("trace");
        let forget = ["profiles", "forget", "--yes", "default"];
        let delay = ["inject=fsync:delay_enter=2000000:when=2"];
        let child = start(&mut under_strace(&sandbox, &forget, &delay, &trace));
        let started = Instant::now();
        while sandbox.config_text() != BYSTANDER {
            assert!(started.elapsed() < Duration::from_secs(20), "the profile is not removed");
            thread::sleep(Duration::from_millis(10));
        }
        kill_process(traced_child(&child).unwrap(), signal).unwrap();
        let run = sandbox.observe_child(child);
        assert!(run.stderr.contains("0192f0c1-2345-7abc-8def-0123456789ab"), "{signal:?}: {run:?}");
    }
}
