//! A session to end, and how a run is held against what it was to come to.

use std::sync::Arc;

use plexctl::domain::token::SessionToken;
use plexctl::testing::{Answer, ControlPlane, RecordedRequest};

use super::bystander::{BYSTANDER, config};
use super::sandbox::{Run, Sandbox, nothing_but_the_bystander};

/// A signed-in profile `default` beside a bystander, and the control plane that it is signed in to.
pub struct SignedIn {
    pub server: Arc<ControlPlane>,
    pub sandbox: Sandbox,
    pub token: String,
}

/// A failure as an operator and as a program see it. What is stated of it holds in each of the three formats.
#[derive(Clone, Debug)]
pub struct Failed<'a> {
    pub exit: i32,
    pub code: &'a str,
    pub message: String,
    pub hint: Option<String>,
    pub profile: Option<&'a str>,
    pub server: Option<&'a str>,
    pub token_id: Option<&'a str>,
    pub session: &'a str,
    pub problem_code: Option<&'a str>,
}

impl SignedIn {
    pub fn new() -> Self {
        let server = Arc::new(ControlPlane::start().unwrap());
        let token = server.mint("dev");
        let mut sandbox = Sandbox::new();
        sandbox.watch(&server);
        sandbox.label(server.url(), "[ORIGIN]");
        sandbox.label(id_of(&token), "[ID]");
        sandbox.write_config(config(&server.url(), &token));
        Self { server, sandbox, token }
    }

    pub fn answering(answer: Answer) -> Self {
        let signed_in = Self::new();
        signed_in.server.answer_revocations_with(answer);
        signed_in
    }

    /// Runs `plexctl logout`, which has to clear the profile with one request; a second run has to be the no-op.
    pub fn assert_clears(&self, arguments: &[&str], expected: &Run) {
        assert_eq!(self.sandbox.run(arguments), *expected);
        assert_eq!(self.sandbox.config_text(), BYSTANDER);
        assert_eq!(self.sandbox.config_state().mode, 0o600);
        assert_eq!(self.sandbox.neighbours(), [""; 0]);
        assert_is_the_revocation(&self.server.requests(), &self.token);

        assert_eq!(self.sandbox.run(arguments), nothing_but_the_bystander());
        assert_eq!(self.server.requests().len(), 1);
    }

    /// Runs `plexctl` in each format, which has to leave the file as it is after so many requests each.
    pub fn assert_fails(&self, arguments: &[&str], expected: &Failed<'_>, requests: usize) {
        for format in ["text", "json", "yaml"] {
            let (before, seen) = (self.sandbox.config_state(), self.server.requests().len());
            let run = self.sandbox.run([&["--output", format], arguments].concat());
            expected.assert_is(&run, format);
            assert_eq!(self.sandbox.config_state(), before);
            assert_eq!(self.sandbox.neighbours(), [""; 0]);
            assert_eq!(self.server.requests().len() - seen, requests);
        }
    }
}

impl Failed<'_> {
    /// The same, where the token of the session was sent.
    pub fn about_token(self) -> Self {
        Self { message: self.message + " (token [ID])", token_id: Some("[ID]"), ..self }
    }

    /// Fails unless a run in this format came to this failure.
    pub fn assert_is(&self, run: &Run, format: &str) {
        let Self { exit, message, hint, .. } = self;
        let hint = hint.as_ref().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
        let (stderr, correlation_id) = without_correlation_id(&run.stderr);
        assert_eq!((run.exit, stderr.as_str()), (*exit, format!("error: {message}\n{hint}").as_str()), "{format}");
        // The control plane gives one with each problem.
        assert!(self.problem_code.is_none() || correlation_id.is_some(), "{format}: {run:?}");
        let (stdout, in_data) = without_correlation_id(&run.stdout);
        let correlation_id = correlation_id.as_deref();
        match format {
            "text" => assert_eq!(run.stdout, ""),
            "json" => assert_eq!((stdout, in_data.as_deref()), (self.json(correlation_id), correlation_id)),
            "yaml" => {
                let members = self.members(correlation_id);
                assert_eq!((from_yaml(&stdout), in_data.as_deref()), (members, correlation_id));
            }
            other => panic!("{other}"),
        }
    }

    /// The status that the message names.
    fn status(&self) -> Option<&str> {
        let (_, rest) = self.message.split_once("responded with ")?;
        rest.get(..3)
    }

    fn members(&self, correlation_id: Option<&str>) -> Vec<(String, Option<String>)> {
        let members = [
            ("code", Some(self.code)),
            ("message", Some(self.message.as_str())),
            ("hint", self.hint.as_deref()),
            ("profile", self.profile),
            ("server", self.server),
            ("token_id", self.token_id),
            ("session", Some(self.session)),
            ("status", self.status()),
            ("problem_code", self.problem_code),
            ("correlation_id", correlation_id),
        ];
        members.map(|(key, value)| (key.to_owned(), value.map(str::to_owned))).to_vec()
    }

    fn json(&self, correlation_id: Option<&str>) -> String {
        let line = |(key, value): (String, Option<String>)| match value {
            Some(number) if key == "status" => format!("    \"{key}\": {number}"),
            value => format!("    \"{key}\": {}", serde_json::to_string(&value).unwrap()),
        };
        let lines: Vec<_> = self.members(correlation_id).into_iter().map(line).collect();
        format!("{{\n  \"error\": {{\n{}\n  }}\n}}\n", lines.join(",\n"))
    }
}

/// Cuts the id of a request in the server's log out of a message, which ends with it in parentheses.
fn without_correlation_id(text: &str) -> (String, Option<String>) {
    let Some((before, rest)) = text.split_once("correlation ") else { return (text.to_owned(), None) };
    let (id, after) = rest.split_once(')').unwrap();
    let text = match before.strip_suffix(", ") {
        Some(before) => format!("{before}){after}"),
        None => format!("{}{after}", before.strip_suffix(" (").unwrap()),
    };
    (text, Some(id.to_owned()))
}

/// The members below `error:`, in order. A scalar is plain, in single quotes, or in double quotes as in JSON.
fn from_yaml(text: &str) -> Vec<(String, Option<String>)> {
    let member = |line: &str| {
        let (key, value) = line.trim_start_matches("  ").split_once(": ").unwrap();
        let value = match value.as_bytes()[0] {
            b'"' => Some(serde_json::from_str(value).unwrap()),
            b'\'' => Some(value.trim_matches('\'').replace("''", "'")),
            _ => Some(value.to_owned()).filter(|value| value != "null"),
        };
        (key.to_owned(), value)
    };
    text.strip_prefix("error:\n").unwrap_or_else(|| panic!("{text}")).lines().map(member).collect()
}

pub fn id_of(token: &str) -> String {
    SessionToken::parse(token).unwrap().id().to_string()
}

/// Checks the only request: method, target, every header, no body.
pub fn assert_is_the_revocation(requests: &[RecordedRequest], token: &str) {
    let [request] = requests else { panic!("{} requests", requests.len()) };
    assert_eq!((request.method.as_str(), request.body.len()), ("DELETE", 0));
    assert_eq!(request.target, format!("/v1/auth/tokens/{}", id_of(token)));
    let mut headers: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    headers.sort_unstable();
    assert_eq!(headers, ["accept", "authorization", "host", "user-agent"]);
    assert_eq!(request.header("authorization"), Some(format!("Bearer {token}").as_str()));
    assert_eq!(request.header("accept"), Some("application/problem+json, application/json"));
    assert_eq!(request.header("user-agent"), Some(concat!("plexctl/", env!("CARGO_PKG_VERSION"))));
}
