//! `plexctl login` from outside: the real binary at a control plane on loopback.

mod browser;
pub mod config;
mod failure;
mod foreign_changes;
mod hints;
mod instructions;
pub mod network;
mod remembered;
pub mod signals;
mod storage;
mod streams;
mod success;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use plexctl::testing::{ControlPlane, RecordedRequest};

use crate::support::bystander::config;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::signed_in::id_of;
use crate::support::tls::{Authority, leaf};

const DOMAIN: &str = "0192f0c1-0000-7000-8000-00000000000a";
const BINDING: &str = "0192f0c1-0000-7000-8000-00000000000b";

/// A login, but for what it is to which server.
pub const LOGIN: [&str; 5] = ["login", "--domain-id", DOMAIN, "--idp-binding-id", BINDING];

/// The interval of the polls, which is the shortest that there is.
const INTERVAL: Duration = Duration::from_secs(1);

/// A server to log in to, and a place without a config file.
struct Login {
    server: Arc<ControlPlane>,
    sandbox: Sandbox,
    /// The token that the profile `default` holds before, if it does.
    old: Option<String>,
}

impl Login {
    fn new() -> Self {
        Self::at(ControlPlane::start().unwrap())
    }

    fn at(server: ControlPlane) -> Self {
        server.configure(|settings| settings.interval = INTERVAL);
        let server = Arc::new(server);
        let sandbox = Sandbox::new();
        sandbox.watch(&server);
        Self { server, sandbox, old: None }
    }

    /// A login at a server with TLS, and the trust store for it.
    fn over_tls() -> (Self, PathBuf) {
        let authority = Authority::named("login");
        let (certificate, key) = authority.certify(&leaf()).der();
        let login = Self::at(ControlPlane::start_with_tls(vec![certificate], key).unwrap());
        let store = login.sandbox.path().join("authority.pem");
        fs::write(&store, &authority.pem).unwrap();
        (login, store)
    }

    /// A login that the first poll finds approved.
    fn approved() -> Self {
        let login = Self::new();
        login.server.approve_next();
        login
    }

    /// The same, into a profile that holds a session of this control plane beside a bystander.
    fn replacing() -> Self {
        let login = Self::approved();
        let old = login.server.mint("dev");
        login.holding(&old)
    }

    /// The same, where the profile `default` holds a session with this token.
    fn holding(mut self, token: &str) -> Self {
        self.sandbox.write_config(config(&self.server.url(), token));
        self.old = Some(token.to_owned());
        self
    }

    /// The binary with the arguments that every login here has, and more.
    fn command(&self, more: &[&str]) -> Command {
        self.command_to(&self.server.url(), more)
    }

    /// The same for a server that is called otherwise.
    fn command_to(&self, url: &str, more: &[&str]) -> Command {
        let mut command = self.sandbox.command(LOGIN);
        command.args(["--server", url]).args(more);
        command
    }

    fn run(&self, more: &[&str]) -> Run {
        let run = self.sandbox.observe(&mut self.command(more));
        self.labelled(&run)
    }

    /// What a run showed, with labels in place of all that differs from run to run.
    fn labelled(&self, run: &Run) -> Run {
        let label = |text: &str| self.label(text);
        Run::new(run.exit, label(&run.stdout), label(&run.stderr))
    }

    /// A text with labels in place of all that differs from run to run.
    fn label(&self, text: &str) -> String {
        let mut text = text.replace(&self.server.url(), "[ORIGIN]");
        if let Some(token) = &self.old {
            text = text.replace(token, "[OLD TOKEN]").replace(&id_of(token), "[OLD]");
        }
        let live = self.server.live_tokens().into_iter().map(|live| live.text);
        for token in self.presented().into_iter().chain(live) {
            text = text.replace(&token, "[NEW TOKEN]").replace(&id_of(&token), "[NEW]");
        }
        without_times(&without_code(text))
    }

    /// The tokens that were presented to the server.
    fn presented(&self) -> Vec<String> {
        let requests = self.server.requests();
        let fields = requests.iter().filter_map(|request| request.header("authorization"));
        fields.filter_map(|field| field.strip_prefix("Bearer ")).map(str::to_owned).collect()
    }

    /// The config file with labels.
    fn config(&self) -> String {
        self.label(&self.sandbox.config_text())
    }

    /// What was asked of the server, in order: `code`, `poll`, `whoami`, and `revoke` with the label of the token.
    fn asked(&self) -> Vec<String> {
        self.server.requests().iter().map(|request| self.label(&called(request))).collect()
    }

    /// The live tokens, as labels.
    fn live(&self) -> Vec<String> {
        self.server.live_tokens().iter().map(|live| self.label(&live.id)).collect()
    }

    fn polls(&self) -> Vec<RecordedRequest> {
        let requests = self.server.requests().into_iter();
        requests.filter(|request| request.target.ends_with("/v1/auth/device-token")).collect()
    }
}

fn called(request: &RecordedRequest) -> String {
    match (request.method.as_str(), request.target.as_str()) {
        ("POST", "/v1/auth/device-code") => "code".to_owned(),
        ("POST", "/v1/auth/device-token") => "poll".to_owned(),
        ("GET", "/v1/auth/whoami") => "whoami".to_owned(),
        ("DELETE", target) => format!("revoke {}", target.strip_prefix("/v1/auth/tokens/").unwrap()),
        (method, target) => format!("{method} {target}"),
    }
}

/// The instructions of a login that takes up to ten minutes, then more.
fn instructed(more: &str) -> String {
    instructed_for("10 minutes", more)
}

/// The instructions of a login that takes up to this time, then more.
fn instructed_for(time: &str, more: &str) -> String {
    format!(
        "To log in to [ORIGIN], open this page:\n\n    [ORIGIN]/v1/device?user_code=[CODE]\n\nCheck that it shows this \
         code: [CODE]\nOn another device, open [ORIGIN]/v1/device and enter the code.\nOnly approve a login that you \
         started yourself.\nBrowser not opened: standard error is not a terminal.\nWaiting up to {time} for approval. \
         Press Ctrl-C to cancel.\n{more}"
    )
}

/// Plays cases at the same time, since most of their time they wait.
fn at_once<T: Sync>(cases: &[T], play: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| play(case));
        }
    });
}

fn without_code(text: String) -> String {
    let shown = text.split("user_code=").nth(1).or_else(|| text.split("\"user_code\":\"").nth(1));
    match shown.and_then(|rest| rest.get(.."XXXX-XXXX".len())).map(str::to_owned) {
        Some(code) => text.replace(&code, "[CODE]"),
        None => text,
    }
}

/// A text with `[TIME]` in place of each time in UTC.
fn without_times(text: &str) -> String {
    let form = "0000-00-00T00:00:00Z";
    let (mut labelled, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let is_time = rest
            .get(..form.len())
            .is_some_and(|start| start.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).eq(form.chars()));
        let length = if is_time { form.len() } else { first.len_utf8() };
        labelled.push_str(if is_time { "[TIME]" } else { &rest[..length] });
        rest = &rest[length..];
    }
    labelled
}
