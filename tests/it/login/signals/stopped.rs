//! A login that is stopped for longer than its deadlines.

use std::thread;
use std::time::Duration;

use plexctl::testing::{Endpoint, Script};
use rustix::process::Signal;

use super::{DELAY, Login, send, wait_for};
use crate::login::{at_once, instructed};
use crate::support::sandbox::start;

/// Takes 33 seconds, which another test takes as well, and so calls it.
pub fn response_counts_after_its_deadline() {
    // The request that is under way, and how many have arrived by then.
    let cases = [(Endpoint::DeviceToken, 2, 33), (Endpoint::Whoami, 3, 12)];
    at_once(&cases, |(endpoint, requests, seconds)| {
        let login = Login::approved();
        login.server.once(*endpoint, Script::real().after(DELAY));
        let child = start(&mut login.command(&[]));
        wait_for(&login, *requests);
        send(&child, Signal::STOP);
        thread::sleep(Duration::from_secs(*seconds));
        send(&child, Signal::CONT);
        let run = login.labelled(&login.sandbox.observe_child(child));
        assert_eq!((run.exit, run.stderr), (0, instructed("")));
        assert_eq!(login.asked(), ["code", "poll", "whoami"]);
    });
}
