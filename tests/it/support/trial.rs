//! One run of a command against whatever a test serves it, and what is left.
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

/// What every command takes for a success: no tokens in a list, and JSON after a revocation.
pub const SUCCESS: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]";

/// A command that sends one request with the token of the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Logout,
    ListTokens,
    /// The token is the one of the profile.
    DeleteToken,
}

impl Subject {
    pub const ALL: [Self; 3] = [Self::Logout, Self::ListTokens, Self::DeleteToken];

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Logout => &["logout"],
            Self::ListTokens => &["identity-tokens", "list"],
            Self::DeleteToken => &["identity-tokens", "delete", "--id", ID],
        }
    }

    /// How its only request begins.
    pub fn request(self) -> String {
        match self {
            Self::ListTokens => "GET /v1/auth/tokens HTTP/1.1\r\n".to_owned(),
            Self::Logout | Self::DeleteToken => format!("DELETE /v1/auth/tokens/{ID} HTTP/1.1\r\n"),
        }
    }

    /// What it says of a failure, where the server did not refuse.
    fn failure(self, why: &str) -> String {
        match self {
            Self::Logout => {
                format!("profile \"default\" was kept, and its session may still be live: {why} ([SERVER], token {ID})")
            }
            Self::ListTokens => format!("cannot list the tokens at [SERVER]: {why} (token {ID})"),
            Self::DeleteToken => format!("cannot revoke token {ID} at [SERVER], so it may still be live: {why}"),
        }
    }

    /// What it says of a refusal.
    fn refusal(self, why: &str) -> String {
        match self {
            Self::Logout => self.failure(why),
            Self::ListTokens => format!("[SERVER] refused to list the tokens: {why} (token {ID})"),
            Self::DeleteToken => {
                format!("[SERVER] refused to revoke token {ID}, which may still be live: {why}")
            }
        }
    }
}

/// One session, in a sandbox of its own.
pub struct Trial {
    pub sandbox: Sandbox,
    subject: Subject,
    before: FileState,
}

/// All that one run came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub subject: Subject,
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
    /// A logout from a server, which is shown as `[SERVER]`.
    pub fn against(server: &str) -> Self {
        Self::of(Subject::Logout, server)
    }

    /// A command at the server of a stored session, which is shown as `[SERVER]`.
    pub fn of(subject: Subject, server: &str) -> Self {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(server, TOKEN));
        sandbox.label(server, "[SERVER]");
        let before = sandbox.config_state();
        Self { sandbox, subject, before }
    }

    /// The command in the trial's sandbox.
    pub fn command(&self) -> Command {
        self.sandbox.command(self.subject.arguments())
    }

    /// Runs the command, and takes the outcome.
    pub fn run(&self, server: ScriptedServer) -> Outcome {
        let run = self.sandbox.observe(&mut self.command());
        self.outcome(run, &server.finish())
    }

    /// Takes the outcome of a run, after which its server was sent this, and asserts what holds for every outcome.
    pub fn outcome(&self, run: Run, sent: &[String]) -> Outcome {
        figures::requests(sent.len());
        assert!(sent.len() <= 1, "more than one connection: {sent:?}");
        let is_request = |sent: &&String| sent.starts_with(&self.subject.request());
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
        let neighbours = self.sandbox.neighbours();
        Outcome { subject: self.subject, run: self.with_short_hint(run), config, neighbours, requests }
    }

    /// Leaves out what a hint says before it names the command, and what else it names: that belongs to the cause, and is
    /// held where hints are.
    fn with_short_hint(&self, run: Run) -> Run {
        let retry = retry_hint(self.subject);
        match run.stderr.split_once("\nhint: ") {
            Some((error, hint)) if run.exit == 1 && hint.contains(retry.trim_start_matches("[…] ")) => {
                let stderr = format!("{error}\nhint: {retry}\n");
                Run { stderr, ..run }
            }
            _ => run,
        }
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

/// A hint of which only the end is compared.
fn retry_hint(subject: Subject) -> String {
    format!("[…] run `plexctl {}` again", subject.arguments().join(" "))
}

impl Outcome {
    /// The command did what it is for.
    pub fn success(subject: Subject) -> Self {
        let run = match subject {
            Subject::Logout => return Self::cleared(),
            Subject::ListTokens => Run::new(0, "", "No tokens at [SERVER].\n"),
            Subject::DeleteToken => {
                let hint = "profile \"default\" holds this token; run `plexctl logout --profile default` to remove it";
                Run::new(0, format!("Revoked token {ID}.\n"), format!("hint: {hint}\n"))
            }
        };
        Self { subject, run, config: Config::Untouched, neighbours: vec![], requests: 1 }
    }

    /// The server said that the token is dead.
    pub fn cleared() -> Self {
        let run = Run::new(0, "Logged out. Cleared profile \"default\".\n", "");
        Self { subject: Subject::Logout, run, config: Config::Cleared, neighbours: vec![], requests: 1 }
    }

    /// The server said so without problem details.
    pub fn cleared_with_warning(status: u16) -> Self {
        let cleared = Self::cleared();
        Self { run: Run { stderr: bare_warning(status), ..cleared.run }, ..cleared }
    }

    /// The server does not know the token, which it said without problem details.
    pub fn unknown(subject: Subject, answer: &str) -> Self {
        let error = match subject {
            Subject::Logout => return Self::cleared_with_warning(404),
            Subject::ListTokens => return Self::unconfirmed(subject, answer),
            Subject::DeleteToken => format!(
                "[SERVER] knows no token {ID} of this principal: it is gone, or it belongs to another: {answer}"
            ),
        };
        Self::failed(subject, 1, format!("{}error: {error}\n", bare_warning(404)))
    }

    pub fn unreached(subject: Subject, cause: &str) -> Self {
        Self { requests: 0, ..Self::kept(subject, cause) }
    }

    pub fn unanswered(subject: Subject, cause: &str) -> Self {
        Self::kept(subject, cause)
    }

    pub fn unconfirmed(subject: Subject, answer: &str) -> Self {
        Self::kept(subject, answer)
    }

    pub fn refused(subject: Subject, answer: &str) -> Self {
        let hint = match subject {
            Subject::Logout => format!(
                "hint: ask somebody who may revoke the token to run `plexctl identity-tokens delete --id {ID}`; then run \
                 `plexctl logout` again\n"
            ),
            Subject::ListTokens | Subject::DeleteToken => String::new(),
        };
        Self::failed(subject, 4, format!("error: {}\n{hint}", subject.refusal(answer)))
    }

    fn kept(subject: Subject, why: &str) -> Self {
        Self::failed(subject, 1, format!("error: {}\nhint: {}\n", subject.failure(why), retry_hint(subject)))
    }

    fn failed(subject: Subject, exit: i32, stderr: String) -> Self {
        Self { subject, run: Run::new(exit, "", stderr), config: Config::Untouched, neighbours: vec![], requests: 1 }
    }

    /// The server did not get to read a request.
    pub fn unread(self) -> Self {
        Self { requests: 0, ..self }
    }
}

fn bare_warning(status: u16) -> String {
    format!(
        "warning: the server responded with {status} without problem details for token {ID}, so it may not be plexsphere\n"
    )
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
