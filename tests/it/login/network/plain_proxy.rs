//! A login at a plain-http server behind a proxy, where an answer may be the proxy's own: it decides nothing unless it
//! has problem details. The control plane stands in the proxy's place, and answers what is asked of the server.

use plexctl::testing::{Answer, Decision, Endpoint, Script};

use crate::login::{Login, at_once, instructed};
use crate::support::sandbox::Run;

const SERVER: &str = "http://plexsphere.example";

const WARNING: &str = "warning: the token travels unencrypted to http://plexsphere.example\n";

const LOGGED_IN: &str = "Logged in as operator@plexsphere.example. Saved profile \"default\".\n";

/// A login that the first poll that reaches the server finds approved.
fn proxied() -> Login {
    let login = Login::approved();
    login.server.configure(|settings| settings.verification_uri = Some(format!("{SERVER}/v1/device")));
    login
}

impl Login {
    /// Runs it through the proxy, which is shown as `[ORIGIN]`.
    fn run_proxied(&self) -> Run {
        let mut command = self.command_to(SERVER, &[]);
        self.labelled(&self.sandbox.observe(command.env("HTTP_PROXY", self.server.url())))
    }

    fn asked_in_absolute_form(&self) -> Vec<String> {
        self.server.requests().iter().map(|request| request.target.clone()).collect()
    }
}

/// What is on standard error if these lines come after the instructions.
fn told(more: &str) -> String {
    format!("{WARNING}{}{more}", instructed("").replace("[ORIGIN]", SERVER))
}

#[test]
fn sends_absolute_form_to_proxy() {
    let login = proxied();
    assert_eq!(login.run_proxied(), Run::new(0, LOGGED_IN, told("")));
    let paths = ["device-code", "device-token", "whoami"];
    assert_eq!(login.asked_in_absolute_form(), paths.map(|path| format!("{SERVER}/v1/auth/{path}")));
    assert_eq!(login.live(), ["[NEW]"]);
}

/// The statuses of the poll table by which a server ends a login.
const ENDING: [(u16, &str, i32); 8] = [
    (400, "400 Bad Request", 1),
    (401, "401 Unauthorized", 1),
    (403, "403 Forbidden", 4),
    (404, "404 Not Found", 1),
    (407, "407 Proxy Authentication Required", 1),
    (410, "410 Gone", 1),
    (418, "418", 1),
    (499, "499", 1),
];

#[test]
fn retries_refusal_without_problem_details() {
    let html = |status| Answer { content_type: "text/html".into(), body: b"<p>No</p>".into(), ..Answer::bare(status) };
    let json = |status| Answer { content_type: "application/json".into(), body: b"{}".into(), ..Answer::bare(status) };
    let list = |status| Answer { body: b"[]".into(), ..Answer::problem(status, "", "", "") };
    let cases: Vec<_> = ENDING
        .iter()
        .enumerate()
        .map(|(number, (status, words, _))| {
            let answers = [Answer::bare, html, json, list];
            (answers[number % answers.len()](*status), *words)
        })
        .collect();
    at_once(&cases, |(answer, words)| {
        let login = proxied();
        login.server.once(Endpoint::DeviceToken, Script::answer(answer.clone()));
        login.server.once(Endpoint::DeviceToken, Script::answer(answer.clone()));
        let run = login.run_proxied();
        assert_eq!((run.exit, run.stdout.as_str()), (0, LOGGED_IN), "{words}: {run:?}");
        let warning = run.stderr.strip_prefix(&told("warning: polling http://plexsphere.example failed: "));
        let cause = warning.and_then(|rest| rest.strip_suffix("; still waiting for approval\n")).unwrap_or_default();
        let said = format!("the server or the proxy [ORIGIN] (HTTP_PROXY) responded with {words}");
        assert!(cause.starts_with(&said), "{words}: {}", run.stderr);
        login.assert_waited(&[1, 2, 4]);
        assert_eq!(login.polls().len(), 3);
        assert_eq!(login.live(), ["[NEW]"]);
    });
}

#[test]
fn problem_details_end_login() {
    at_once(&ENDING, |(status, words, exit)| {
        let login = proxied();
        let problem = Answer::problem(*status, "Title", "some_code", "Detail.");
        login.server.once(Endpoint::DeviceToken, Script::answer(problem));
        let run = login.run_proxied();
        assert_eq!((run.exit, run.stdout.as_str()), (*exit, ""), "{words}: {run:?}");
        let error = told(&format!("error: login failed: the server responded with {words}"));
        assert!(run.stderr.starts_with(&error), "{words}: {}", run.stderr);
        assert_eq!(login.polls().len(), 1);
        assert!(!login.sandbox.config().exists());
    });
}

#[test]
fn ignores_denial_without_problem_details() {
    let login = proxied();
    let problem = Answer::problem(400, "Bad Request", "access_denied", "Denied.");
    let plain = Answer { content_type: "application/json".into(), ..problem };
    login.server.once(Endpoint::DeviceToken, Script::answer(plain));
    assert_eq!(login.run_proxied().exit, 0);

    let login = Login::new();
    login.server.configure(|settings| settings.verification_uri = Some(format!("{SERVER}/v1/device")));
    login.server.decide_next(Decision::Deny, 1);
    assert_eq!(login.run_proxied(), Run::new(4, "", told("error: login failed: the request was denied\n")));
}

#[test]
fn bare_refused_code_hints_at_no_id() {
    at_once(&[400, 403, 404, 407], |status| {
        for answer in [Answer::bare(*status), Answer::problem(*status, "Title", "some_code", "Detail.")] {
            let login = proxied();
            let is_the_servers = answer.content_type == "application/problem+json";
            login.server.once(Endpoint::DeviceCode, Script::answer(answer));
            let run = login.run_proxied();
            let exit = if is_the_servers && *status == 403 { 4 } else { 1 };
            assert_eq!((run.exit, run.stdout.as_str()), (exit, ""), "{status}: {run:?}");
            let hints_at_ids = run.stderr.contains("check --domain-id and --idp-binding-id");
            assert_eq!(hints_at_ids, is_the_servers && matches!(status, 400 | 404), "{}", run.stderr);
            assert_eq!(run.stderr.contains("the server or the proxy [ORIGIN] (HTTP_PROXY)"), !is_the_servers);
            assert_eq!(login.polls().len(), 0);
        }
    });
}

#[test]
fn bare_401_does_not_reject_session() {
    let problem = |status| Answer::problem(status, "Title", "some_code", "Detail.");
    // A refusal is one in any case: nothing is lost by believing it, since both sessions are kept.
    let cases = [(Answer::bare(401), 0), (problem(401), 1), (Answer::bare(403), 4), (problem(403), 4)];
    at_once(&cases, |(answer, exit)| {
        let login = proxied();
        login.server.once(Endpoint::Whoami, Script::answer(answer.clone()));
        let run = login.run_proxied();
        assert_eq!(run.exit, *exit, "{answer:?}: {run:?}");
        let did_not_say = told("warning: the server did not say who is logged in: ");
        assert_eq!(run.stderr.starts_with(&did_not_say), *exit == 0, "{}", run.stderr);
        assert_eq!(login.live(), ["[NEW]"]);
        assert!(login.config().contains("[NEW TOKEN]"));
    });
}

#[test]
fn keeps_replaced_session_on_bare_response() {
    at_once(&[200, 401, 404], |status| {
        let login = proxied();
        let old = login.server.mint("dev");
        let mut login = login.holding(&old);
        let stored = login.sandbox.config_text().replace(&login.server.url(), SERVER);
        login.sandbox.write_config(stored);
        login.server.answer_revocations_with(Answer::bare(*status));
        let run = login.run_proxied();
        assert_eq!(run.exit, 0, "{status}: {run:?}");
        let warning = "warning: the replaced token [OLD] may still be live at http://plexsphere.example; it is kept as \
                       profile \"default-replaced-[OLD]\": ";
        assert!(run.stderr.contains(warning), "{status}: {}", run.stderr);
        assert_eq!(login.live(), ["[OLD]", "[NEW]"]);
        assert!(login.config().contains("[OLD TOKEN]"));
    });
}
