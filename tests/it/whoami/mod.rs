//! `plexctl whoami`: what is told of the answer, and ([`credentials`]) which credential goes to which server.

mod credentials;

use plexctl::testing::{Answer, Endpoint, Script};

use crate::support::bystander::config;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::scripted_server::ScriptedServer;
use crate::support::signed_in::{Failed, SignedIn};

const PRINCIPAL: &str = r#"{"amr":["pwd","otp"],"unknown":{"a":1},"subject":"0192f0c1-0000-7000-8000-000000000001","acr":"mfa",
"email":"ops@plexsphere.example","domain_id":"0192f0c1-0000-7000-8000-000000000002","principal_type":"user",
"principal_scope":"domain"}"#;

const LEAST: &str = r#"{"principal_type":"user","subject":"s-1","acr":"","domain_id":null,"amr":[]}"#;

const TABLE: &str = "\
PRINCIPAL  SUBJECT                               DOMAIN                                ACR  AMR
user       0192f0c1-0000-7000-8000-000000000001  0192f0c1-0000-7000-8000-000000000002  mfa  pwd,otp
";

const JSON: &str = r#"{
  "principal_type": "user",
  "principal_scope": "domain",
  "subject": "0192f0c1-0000-7000-8000-000000000001",
  "domain_id": "0192f0c1-0000-7000-8000-000000000002",
  "email": "ops@plexsphere.example",
  "acr": "mfa",
  "amr": [
    "pwd",
    "otp"
  ]
}
"#;

const YAML: &str = "\
principal_type: user
principal_scope: domain
subject: 0192f0c1-0000-7000-8000-000000000001
domain_id: 0192f0c1-0000-7000-8000-000000000002
email: ops@plexsphere.example
acr: mfa
amr:
- pwd
- otp
";

/// A signed-in profile whose server says this about whoever asks.
fn told(status: u16, content_type: &str, body: &str) -> SignedIn {
    let signed_in = SignedIn::new();
    let answer = Answer { status, content_type: content_type.to_owned(), body: body.as_bytes().to_vec() };
    signed_in.server.always(Endpoint::Whoami, Script::answer(answer));
    signed_in
}

fn named(principal: &str) -> SignedIn {
    told(200, "application/json", principal)
}

/// A failure that is about the default profile at its server.
fn failed(exit: i32, code: &'static str, message: impl Into<String>, hint: Option<&str>) -> Failed<'static> {
    Failed {
        exit,
        code,
        message: message.into(),
        hint: hint.map(str::to_owned),
        profile: Some("default"),
        server: Some("[ORIGIN]"),
        token_id: None,
        session: "untouched",
        problem_code: None,
    }
}

/// A token that looks like one, so that the leak hunt knows it.
pub fn token(name: &str) -> String {
    format!("psk_dev_0192f0c1-1111-7abc-8def-0123456789ab_{name}-s3cret-s3cret")
}

#[test]
fn prints_table_or_payload() {
    let mut signed_in = named(PRINCIPAL);
    let asked = "Logged in to [ORIGIN] as ops@plexsphere.example, using profile \"default\".\n";
    assert_eq!(signed_in.sandbox.run(["whoami"]), Run::new(0, TABLE, asked));
    assert_eq!(signed_in.sandbox.run(["whoami", "--output", "json"]), Run::new(0, JSON, ""));
    assert_eq!(signed_in.sandbox.run(["--output=yaml", "whoami"]), Run::new(0, YAML, ""));

    let text = signed_in
        .sandbox
        .config_text()
        .replace("\n\n[profiles.b", "\nexpires_at = 2126-11-25T13:46:00Z\n\n[profiles.b");
    signed_in.sandbox.write_config(&text);
    let before = signed_in.sandbox.config_state();
    let expires = format!("{asked}The token expires at 2126-11-25T13:46:00Z.\n");
    assert_eq!(signed_in.sandbox.run(["whoami"]), Run::new(0, TABLE, expires));
    assert_eq!(signed_in.sandbox.run(["whoami", "--output", "json"]), Run::new(0, JSON, ""));
    assert_eq!(signed_in.sandbox.config_state(), before);
    signed_in.sandbox.write_config(text.replace("2126-", "2016-"));
    let past = format!("{asked}The token expired at 2016-11-25T13:46:00Z.\n");
    assert_eq!(signed_in.sandbox.run(["whoami"]), Run::new(0, TABLE, past));
    assert_eq!(signed_in.sandbox.neighbours(), [""; 0]);

    let requests = signed_in.server.requests();
    assert_eq!(requests.len(), 6);
    for request in requests {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/v1/auth/whoami"));
        assert_eq!(request.header("authorization"), Some(format!("Bearer {}", signed_in.token).as_str()));
        assert!(request.body.is_empty());
    }
}

#[test]
fn shows_dash_for_missing_values() {
    let signed_in = named(LEAST);
    let table = "PRINCIPAL  SUBJECT  DOMAIN  ACR  AMR\nuser       s-1      -       -    -\n";
    assert_eq!(signed_in.sandbox.run(["whoami"]).stdout, table);
    let json = "{\n  \"principal_type\": \"user\",\n  \"subject\": \"s-1\",\n  \"acr\": \"\",\n  \"amr\": []\n}\n";
    assert_eq!(signed_in.sandbox.run(["whoami", "--output", "json"]), Run::new(0, json, ""));
}

#[test]
fn escapes_hostile_values() {
    let hostile = "a\t\u{1b}[2J\u{202e}\n- b: \"c\"\u{85}\u{0}é日本";
    let long = hostile.repeat(400);
    let principal =
        serde_json::json!({"principal_type": hostile, "subject": long, "amr": [hostile], "acr": "\u{2066}"});
    let signed_in = named(&principal.to_string());
    let is_hostile =
        |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));

    let run = signed_in.sandbox.run(["whoami"]);
    assert_eq!((run.exit, run.stdout.lines().count()), (0, 2), "{run:.300?}");
    assert!(!run.stdout.contains(is_hostile) && !run.stderr.contains(is_hostile));
    let row = run.stdout.lines().nth(1).unwrap();
    assert!(row.starts_with(r#"a\t\u{1b}[2J\u{202e}\n- b: "c"\u{85}\u{0}é日本  a\t"#), "{row:.100}");
    for format in ["json", "yaml"] {
        let run = signed_in.sandbox.run(["whoami", "--output", format]);
        assert!(!run.stdout.contains(is_hostile), "{format}");
        // What cannot stand plainly in YAML is written as JSON, which YAML takes too.
        let data: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((&data["subject"], &data["amr"]), (&principal["subject"], &principal["amr"]));
    }
}

#[test]
fn tells_rejection_from_no_response() {
    let login = "run `plexctl login` to log in again";
    let not_logged_in = "not logged in at [ORIGIN]: the token of profile \"default\" is not accepted: the server responded \
                         with 401 Unauthorized";
    for (answer, details, problem_code) in [
        (Answer::bare(401), "", None),
        (
            Answer::problem(401, "Unauthorized", "unauthenticated", "No."),
            ": Unauthorized (unauthenticated): No.",
            Some("unauthenticated"),
        ),
    ] {
        let signed_in = SignedIn::new();
        signed_in.server.always(Endpoint::Whoami, Script::answer(answer));
        let message = format!("{not_logged_in}{details}");
        let expected = Failed { problem_code, ..failed(4, "not_authenticated", message, Some(login)).about_token() };
        signed_in.assert_fails(&["whoami"], &expected, 1);
    }

    let signed_in = SignedIn::new();
    let problem = Answer::problem(403, "Forbidden", "no_scope", "Not\u{1b} for you.");
    signed_in.server.always(Endpoint::Whoami, Script::answer(problem));
    let message = "[ORIGIN] refused to say who is logged in: the server responded with 403 Forbidden: Forbidden (no_scope): Not for you.";
    let expected = Failed { problem_code: Some("no_scope"), ..failed(4, "refused", message, None).about_token() };
    signed_in.assert_fails(&["whoami"], &expected, 1);
}

#[test]
fn rejects_response_without_principal() {
    let json = "application/json";
    for (status, media, body) in [
        (200, json, ""),
        (200, json, "[]"),
        (200, json, "{}"),
        (200, json, r#"{"principal_type":"user"}"#),
        (200, json, r#"{"principal_type":"user","subject":null}"#),
        (200, json, r#"{"principal_type":1,"subject":"s"}"#),
        (200, "text/html", "<title>Sign in</title>"),
        (201, json, PRINCIPAL),
        (204, json, ""),
        (302, json, PRINCIPAL),
        (400, json, PRINCIPAL),
        (404, "application/problem+json", r#"{"title":"T"}"#),
        (429, json, ""),
        (500, json, ""),
        (503, "application/problem+json", r#"{"title":"T","code":"c","detail":"d"}"#),
    ] {
        let signed_in = told(status, media, body);
        let run = signed_in.sandbox.run(["whoami"]);
        let case = format!("{status} {body}: {run:?}");
        assert_eq!((run.exit, run.stdout.as_str(), run.stderr.lines().count()), (1, "", 2), "{case}");
        assert!(run.stderr.starts_with("error: cannot tell who is logged in at [ORIGIN]: "), "{case}");
        assert!(!run.stderr.contains("login"), "{case}");
        assert!(run.stderr.ends_with("run `plexctl whoami` again\n"), "{case}");
        assert!(status == 200 || run.stderr.contains(&status.to_string()), "{case}");
        assert_eq!(signed_in.server.requests().len(), 1, "{case}");
        let run = signed_in.sandbox.run(["whoami", "--output", "json"]);
        assert!(run.stdout.contains("\"code\": \"unconfirmed\"") && run.stdout.contains("\"untouched\""), "{run:?}");
    }
}

#[test]
fn unreachable_server_fails() {
    let silent = SignedIn::new();
    silent.server.always(Endpoint::Whoami, Script::hang_up());
    let run = silent.sandbox.run(["whoami", "--output", "json"]);
    assert_eq!((run.exit, run.stdout.contains("\"code\": \"unanswered\"")), (1, true), "{run:?}");
    assert!(run.stderr.starts_with("error: cannot tell who is logged in at [ORIGIN]: "), "{run:?}");

    for (server, cause) in [("http://127.0.0.1:1", "refused"), ("https://nowhere.invalid", "nowhere.invalid")] {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(server, &token("stored")));
        let run = sandbox.run(["whoami", "--output", "json"]);
        assert_eq!((run.exit, run.stdout.contains("\"code\": \"unreached\"")), (1, true), "{run:?}");
        assert!(run.stderr.starts_with(&format!("error: cannot tell who is logged in at {server}: ")), "{run:?}");
        assert!(run.stderr.contains(cause) && !run.stderr.contains("login"), "{run:?}");
    }
}

#[test]
fn plain_proxy_401_rejects_nothing() {
    let problem = r#"{"title":"No"}"#;
    for (head, body, exit) in [
        ("401 Unauthorized", "Content-Type: text/html\r\nContent-Length: 0\r\n\r\n".to_owned(), 1),
        ("401 Unauthorized", "Content-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n[]".to_owned(), 1),
        (
            "401 Unauthorized",
            format!("Content-Type: application/problem+json\r\nContent-Length: {}\r\n\r\n{problem}", problem.len()),
            4,
        ),
        ("407 Proxy Authentication Required", "Content-Length: 0\r\n\r\n".to_owned(), 1),
    ] {
        let proxy = ScriptedServer::answering(format!("HTTP/1.1 {head}\r\n{body}"));
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config("http://plexsphere.example", &token("stored")));
        let run = sandbox.observe(sandbox.command(["whoami"]).env("HTTP_PROXY", proxy.url()));
        assert_eq!((run.exit, run.stdout.as_str()), (exit, ""), "{head}: {run:?}");
        assert_eq!(run.stderr.contains("not logged in"), exit == 4, "{run:?}");
        assert_eq!(run.stderr.contains("cannot tell who is logged in at http://plexsphere.example: "), exit == 1);
        let [request] = &proxy.requests()[..] else { panic!("not one request") };
        assert!(request.starts_with("GET http://plexsphere.example/v1/auth/whoami HTTP/1.1\r\n"), "{request}");
    }
}
