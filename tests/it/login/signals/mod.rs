//! What SIGINT, SIGTERM and SIGHUP do to a login, by the moment at which they come.

mod random;
pub mod stopped;
mod unread_stderr;

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use plexctl::testing::{Answer, Endpoint, Script};
use rustix::process::{Pid, Signal, kill_process};

use super::{Login, at_once, instructed};
use crate::support::is_heard;
use crate::support::sandbox::{Run, start};

/// What is said while an answer is waited for.
const WAITING: &str = "interrupted: waiting up to 10 s for a response that may hold a token; interrupt again to stop at \
                       once\n";

/// What to do about a token that is stored nowhere.
const LIST_HINT: &str =
    "hint: once you are logged in, `plexctl identity-tokens list` shows tokens that no profile holds\n";

/// What is said of a replaced session that was not ended.
const REPLACED_HINT: &str = "hint: the session that was replaced is kept as profile \"default-replaced-[OLD]\"; to end \
                             it run `plexctl logout --profile default-replaced-[OLD]`\n";

/// How long the answer to a poll takes that is interrupted.
const DELAY: Duration = Duration::from_secs(2);

pub(super) fn signals() -> Vec<Signal> {
    [Signal::INT, Signal::TERM, Signal::HUP].into_iter().filter(|signal| is_heard(*signal)).collect()
}

impl Login {
    /// Sends signals, with some time between them, once so many requests have arrived.
    fn interrupted(&self, requests: usize, signals: &[Signal]) -> Run {
        let child = start(&mut self.command(&[]));
        wait_for(self, requests);
        for signal in signals {
            thread::sleep(Duration::from_millis(300));
            send(&child, *signal);
        }
        let run = self.sandbox.observe_child(child);
        self.labelled(&run)
    }
}

pub(super) fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn dies_at_once_between_polls() {
    at_once(&signals(), |signal| {
        let login = Login::new();
        let expected = Run::new(-signal.as_raw(), "", instructed("interrupted: not logged in\n"));
        assert_eq!(login.interrupted(1, &[*signal]), expected);
        assert!(!login.sandbox.config().exists());
        assert_eq!(login.live(), [""; 0]);
    });
}

#[test]
fn revokes_token_of_interrupted_poll() {
    at_once(&signals(), |signal| {
        let login = Login::replacing();
        login.server.once(Endpoint::DeviceToken, Script::real().after(DELAY));
        let before = login.sandbox.config_state();
        let dead = format!("{WAITING}interrupted: not logged in; token [NEW] was issued and has been revoked\n");
        assert_eq!(login.interrupted(2, &[*signal]), Run::new(-signal.as_raw(), "", instructed(&dead)));
        assert_eq!(login.sandbox.config_state(), before);
        assert_eq!(login.asked(), ["code", "poll", "revoke [NEW]"]);
        assert_eq!(login.live(), ["[OLD]"]);
    });
}

#[test]
fn interrupted_poll_without_token() {
    let login = Login::new();
    login.server.once(Endpoint::DeviceToken, Script::real().after(DELAY));
    let expected = instructed(&format!("{WAITING}interrupted: not logged in\n"));
    assert_eq!(login.interrupted(2, &[Signal::TERM]), Run::new(-Signal::TERM.as_raw(), "", expected));
    assert_eq!(login.asked(), ["code", "poll"]);
}

#[test]
fn stores_token_not_revoked_after_signal() {
    let login = Login::replacing();
    login.server.once(Endpoint::DeviceToken, Script::real().after(DELAY));
    login.server.answer_revocations_with(Answer::bare(503));
    let kept = format!(
        "{WAITING}interrupted: profile \"default\" holds the new session (token [NEW]); the replaced token [OLD] may \
         still be live at [ORIGIN] and is kept as profile \"default-replaced-[OLD]\"\n{REPLACED_HINT}"
    );
    assert_eq!(login.interrupted(2, &[Signal::TERM]), Run::new(-Signal::TERM.as_raw(), "", instructed(&kept)));
    assert_eq!(login.asked(), ["code", "poll", "revoke [NEW]"]);
    assert_eq!(login.live(), ["[OLD]", "[NEW]"]);
}

#[test]
fn interrupted_poll_without_response_is_lost() {
    let login = Login::approved();
    login.server.once(Endpoint::DeviceToken, Script::real().after(Duration::from_secs(60)));
    let lost = format!("{WAITING}interrupted: a token may have been issued that is stored nowhere\n{LIST_HINT}");
    assert_eq!(login.interrupted(2, &[Signal::TERM]), Run::new(-Signal::TERM.as_raw(), "", instructed(&lost)));
    assert!(!login.sandbox.config().exists());
}

#[test]
fn tells_stored_session_after_signal() {
    let login = Login::replacing();
    login.server.once(Endpoint::Whoami, Script::real().after(Duration::from_secs(60)));
    let stored = format!(
        "interrupted: profile \"default\" holds the new session (token [NEW]); the replaced token [OLD] may still be \
         live at [ORIGIN] and is kept as profile \"default-replaced-[OLD]\"\n{REPLACED_HINT}"
    );
    assert_eq!(login.interrupted(3, &[Signal::TERM]), Run::new(-Signal::TERM.as_raw(), "", instructed(&stored)));
    assert_eq!(login.asked(), ["code", "poll", "whoami"]);
    assert_eq!(login.live(), ["[OLD]", "[NEW]"]);
}

#[test]
fn second_signal_tells_possible_token() {
    let login = Login::approved();
    login.server.once(Endpoint::DeviceToken, Script::real().after(Duration::from_secs(60)));
    let lost = format!("{WAITING}interrupted: a token may have been issued that is stored nowhere\n{LIST_HINT}");
    let run = login.interrupted(2, &[Signal::TERM, Signal::HUP]);
    assert_eq!(run, Run::new(-Signal::HUP.as_raw(), "", instructed(&lost)));
}

#[test]
fn second_signal_names_token() {
    let login = Login::approved();
    login.server.once(Endpoint::DeviceToken, Script::real().after(DELAY));
    login.server.once(Endpoint::Revoke, Script::real().after(Duration::from_secs(60)).lost());
    let child = start(&mut login.command(&[]));
    wait_for(&login, 2);
    thread::sleep(Duration::from_millis(300));
    send(&child, Signal::TERM);
    wait_for(&login, 3);
    thread::sleep(Duration::from_millis(300));
    send(&child, Signal::TERM);
    let run = login.labelled(&login.sandbox.observe_child(child));
    let named = format!(
        "{WAITING}interrupted: token [NEW] was issued by [ORIGIN] and may be live until [TIME]\nhint: once you \
         are logged in, run `plexctl identity-tokens delete --id [NEW]`\n"
    );
    assert_eq!(run, Run::new(-Signal::TERM.as_raw(), "", instructed(&named)));
}

pub(super) fn wait_for(login: &Login, requests: usize) {
    let started = Instant::now();
    while login.server.requests().len() < requests {
        assert!(started.elapsed() < Duration::from_secs(30), "there are {:?}", login.asked());
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn signal_during_minting_poll_loses_no_token() {
    let moments: Vec<u64> = (0..20).map(|number| number * 50).collect();
    at_once(&moments, |moment| {
        let login = Login::approved();
        login.server.once(Endpoint::DeviceToken, Script::real().after(Duration::from_secs(1)));
        let child = start(&mut login.command(&[]));
        wait_for(&login, 2);
        thread::sleep(Duration::from_millis(*moment));
        send(&child, Signal::TERM);
        let run = login.labelled(&login.sandbox.observe_child(child));
        assert_eq!(run.exit, -Signal::TERM.as_raw(), "{run:?}");
        assert!(run.stderr.ends_with("token [NEW] was issued and has been revoked\n"), "{}", run.stderr);
        assert_eq!(login.live(), [""; 0]);
    });
}
