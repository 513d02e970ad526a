//! One run of a logout against whatever a test serves it, and what is left.
//!
//! Every case is one [`Trial`]: a profile with a session beside a bystander, one run, and one [`Outcome`] to compare.
//! What holds for all cases, whatever their outcome, is asserted where the outcome is taken.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::bystander::{BYSTANDER, config};
use super::figures;
use super::sandbox::{FileState, Run, SLACK, Sandbox, nothing_but_the_bystander};
use super::scripted_server::ScriptedServer;

pub const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
pub const SECRET: &str = "c4nary-s3cret-c4nary";
pub const TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_c4nary-s3cret-c4nary";

pub const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

const LOGGED_OUT: &str = "Logged out. Cleared profile \"default\".\n";

/// One session to end, in a sandbox of its own.
pub struct Trial {
    pub sandbox: Sandbox,
    before: FileState,
}

/// All that one run came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub run: Run,
    pub config: Config,
    pub neighbours: Vec<String>,
    pub requests: usize,
}

/// What a run left of the config file.
#[derive(Debug, PartialEq, Eq)]
pub enum Config {
    /// Not one byte, bit or inode is different.
    Untouched,
    /// The session is gone, and nothing else.
    Cleared,
    Damaged(FileState),
}

impl Trial {
    /// Stores a session of a server, which is shown as `[SERVER]`.
    pub fn against(server: &str) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(server, TOKEN));
        sandbox.label(server, "[SERVER]");
        let before = sandbox.config_state();
        Self { sandbox, before }
    }

    /// `plexctl logout` in the trial's sandbox.
    pub fn command(&self) -> Command {
        self.sandbox.command(["logout"])
    }

    /// Runs the logout, and takes the outcome.
    pub fn run(&self, server: ScriptedServer) -> Outcome {
        let run = self.sandbox.observe(&mut self.command());
        self.outcome(run, &server.finish())
    }

    /// Takes the outcome of a run, after which its server was sent this, and asserts what holds for every outcome.
    pub fn outcome(&self, run: Run, sent: &[String]) -> Outcome {
        figures::requests(sent.len());
        assert!(sent.len() <= 1, "more than one connection: {sent:?}");
        let is_request = |sent: &&String| sent.starts_with(&format!("DELETE /v1/auth/tokens/{ID} HTTP/1.1\r\n"));
        let requests = sent.iter().filter(is_request).count();
        for sent in sent.iter().filter(|sent| !is_request(sent)) {
            assert!(!sent.contains(SECRET), "the token was sent in something else than the request: {sent:?}");
        }
        assert!(!run.stderr.contains(|c: char| c.is_control() && c != '\n'), "{run:?}");

        let config = self.judge_config();
        if config == Config::Cleared {
            // The server is gone by now: a second request could not succeed.
            assert_eq!(self.sandbox.run(["logout"]), nothing_but_the_bystander());
            assert_eq!(self.judge_config(), Config::Cleared);
        }
        Outcome { run: with_short_hint(run), config, neighbours: self.sandbox.neighbours(), requests }
    }

    fn judge_config(&self) -> Config {
        let state = self.sandbox.config_state();
        if state == self.before {
            Config::Untouched
        } else if state.bytes == BYSTANDER.as_bytes()
            && (state.mode, state.owner) == (self.before.mode, self.before.owner)
        {
            Config::Cleared
        } else {
            Config::Damaged(state)
        }
    }
}

/// A hint in which only the end is compared: what precedes it belongs to the cause, and is held where hints are.
const RETRY_HINT: &str = "[…] run `plexctl logout` again";

/// Leaves out what a hint says before it names the command, and what else it names.
fn with_short_hint(run: Run) -> Run {
    match run.stderr.split_once("\nhint: ") {
        Some((error, hint)) if run.exit == 1 && hint.contains("run `plexctl logout` again") => {
            let stderr = format!("{error}\nhint: {RETRY_HINT}\n");
            Run { stderr, ..run }
        }
        _ => run,
    }
}

impl Outcome {
    /// The server said that the token is dead.
    pub fn cleared() -> Self {
        Self { run: Run::new(0, LOGGED_OUT, ""), config: Config::Cleared, neighbours: vec![], requests: 1 }
    }

    /// The server said so without problem details.
    pub fn cleared_with_warning(status: u16) -> Self {
        let warning = format!(
            "warning: the server responded with {status} without problem details for token {ID}, so it may not be plexsphere\n"
        );
        Self { run: Run::new(0, LOGGED_OUT, warning), ..Self::cleared() }
    }

    pub fn unreached(cause: &str) -> Self {
        Self { requests: 0, ..Self::kept(cause) }
    }

    pub fn unanswered(cause: &str) -> Self {
        Self::kept(cause)
    }

    pub fn unconfirmed(answer: &str) -> Self {
        Self::kept(answer)
    }

    pub fn refused(answer: &str) -> Self {
        let hint = format!(
            "ask somebody who may revoke the token to run `plexctl identity-tokens delete --id {ID}`; then run `plexctl \
             logout` again"
        );
        Self::failed(4, answer, &hint)
    }

    fn kept(why: &str) -> Self {
        Self::failed(1, why, RETRY_HINT)
    }

    fn failed(exit: i32, why: &str, hint: &str) -> Self {
        let error =
            format!("profile \"default\" was kept, and its session may still be live: {why} ([SERVER], token {ID})");
        Self {
            run: Run::new(exit, "", format!("error: {error}\nhint: {hint}\n")),
            config: Config::Untouched,
            neighbours: vec![],
            requests: 1,
        }
    }

    /// The server did not get to read a request.
    pub fn unread(self) -> Self {
        Self { requests: 0, ..self }
    }
}

/// Measures how long something takes.
pub fn timed<T>(something: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = something();
    (result, started.elapsed())
}

/// Fails unless something took as long as its limit, or was done at once where the limit is 0.
pub fn assert_took(case: &str, took: Duration, seconds: u64) {
    let limit = Duration::from_secs(seconds);
    // Ending early would be as wrong: a slow server is not a dead one.
    assert!(limit < took + Duration::from_millis(500) && took < limit + SLACK, "{case}: {took:?}");
}

/// Runs the cases at the same time: they wait rather than work, and the test runner has few threads.
pub fn at_the_same_time<T: Send>(cases: Vec<T>, run: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| run(case));
        }
    });
}
