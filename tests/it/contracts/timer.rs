//! The promises of a timer, held against the adapter and the fake.

use std::env;
use std::future::poll_fn;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use plexctl::adapters::timer::SystemTimer;
use plexctl::ports::timer::{AtRisk, Timer};
use plexctl::testing::ManualTimer;
use plexctl::testing::contract::{TimerUnderTest, a_timer_keeps_its_promises};
use rustix::process::{Signal, getpid, kill_process};

use super::runtime;
use crate::support::is_heard;

/// The variable that gives a child process its role: [`SUITE`], or what is at risk at the first and second interruption.
const ROLE: &str = "PLEXCTL_TIMER_UNDER_TEST";

const SUITE: &str = "suite";

/// The timer of this process.
struct SystemUnderTest(SystemTimer);

impl TimerUnderTest for SystemUnderTest {
    fn started() -> Self {
        Self(SystemTimer::start(|at_risk| drop(write!(io::stderr(), "{at_risk:?}"))).unwrap())
    }

    fn timer(&self) -> &dyn Timer {
        &self.0
    }

    fn interrupt(&self) {
        kill_process(getpid(), Signal::TERM).unwrap();
    }

    fn last_words(at_first: AtRisk, at_second: AtRisk) -> String {
        let output = child_process(&format!("{at_first:?} {at_second:?}"));
        assert_eq!(output.status.signal(), Some(Signal::TERM.as_raw()), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// Runs a process of its own, since a process cannot return to its own handling of signals.
fn child_process(role: &str) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "contracts::timer::system_timer_child_process", "--ignored", "--nocapture"]);
    command.env(ROLE, role).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn system_timer_keeps_contract() {
    if is_heard(Signal::TERM) {
        let output = child_process(SUITE);
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
#[ignore = "the test above starts it as a process of its own"]
fn system_timer_child_process() {
    let Some(role) = env::var(ROLE).ok() else { return };
    if role == SUITE {
        return runtime().block_on(a_timer_keeps_its_promises::<SystemUnderTest>());
    }
    let under_test = SystemUnderTest::started();
    for at_risk in role.split(' ') {
        under_test.timer().set_at_risk(if at_risk == "Response" { AtRisk::Response } else { AtRisk::Nothing });
        under_test.interrupt();
        // The first interruption ends nothing, so there is a second one.
        thread::sleep(Duration::from_millis(300));
    }
    panic!("two interruptions have not ended the process");
}

#[test]
fn manual_timer_keeps_contract() {
    runtime().block_on(a_timer_keeps_its_promises::<ManualTimer>());
}

#[test]
fn manual_timer_records_waits_and_interrupts() {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let timer = ManualTimer::new(at(100).into());
    timer.interrupt_at(Duration::from_secs(12));
    runtime().block_on(async {
        timer.wait(Duration::from_secs(10)).await;
        assert!(!timer.is_interrupted());
        let (mut wait, mut interrupted) = (timer.wait(Duration::from_secs(5)), timer.interrupted());
        let interruption = poll_fn(|context| {
            assert!(wait.as_mut().poll(context).is_pending());
            interrupted.as_mut().poll(context).map(|()| timer.now())
        });
        assert_eq!(interruption.await, Duration::from_secs(12));
        timer.wait(Duration::from_secs(1)).await;
    });
    timer.set_at_risk(AtRisk::Response);
    assert_eq!(timer.waits(), [10, 5, 1].map(Duration::from_secs));
    assert_eq!((timer.risks(), timer.wall_clock()), (vec![AtRisk::Response], at(113).into()));
}
