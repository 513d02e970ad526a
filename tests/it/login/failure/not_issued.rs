//! The rows of the outcome table in which no login was begun or no token was issued: the file stays as it was.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use plexctl::testing::{Answer, Decision, Endpoint, Script};
use rustix::io::Errno;

use crate::login::{BINDING, DOMAIN, LOGIN, Login, at_once, instructed, instructed_for};
use crate::support::program::free_port;
use crate::support::sandbox::Run;
use crate::support::shell::in_shell;
use crate::support::signed_in::Failed;
use crate::support::system_words;
use crate::support::unprivileged::Unprivileged;

/// The command that a hint tells to run again.
fn again() -> String {
    format!("`plexctl login --domain-id {DOMAIN} --idp-binding-id {BINDING} --server [ORIGIN]`")
}

impl Login {
    /// Runs it, which has to end so after these requests, and to leave the file and the old session as they were.
    fn assert_fails(&self, expected: &Run, asked: &[&str]) {
        let before = self.sandbox.config_state();
        assert_eq!(self.run(&[]), *expected);
        assert_eq!(self.sandbox.config_state(), before);
        assert_eq!(self.sandbox.neighbours(), [""; 0]);
        assert_eq!(self.asked(), asked);
        assert_eq!(self.live(), ["[OLD]"]);
    }

    fn with_session() -> Self {
        let login = Self::new();
        let old = login.server.mint("dev");
        login.holding(&old)
    }
}

#[test]
fn denied_request_logs_nobody_in() {
    let login = Login::with_session();
    login.server.decide_next(Decision::Deny, 2);
    let expected = Run::new(4, "", instructed("error: login failed: the request was denied\n"));
    login.assert_fails(&expected, &["code", "poll", "poll"]);
}

#[test]
fn unapproved_request_logs_nobody_in() {
    let login = Login::with_session();
    login.server.configure(|settings| settings.expires_in = Duration::from_secs(3));
    let error =
        format!("error: login failed: the request was not approved within 3 seconds\nhint: run {} again\n", again());
    let before = login.sandbox.config_state();
    assert_eq!(login.run(&[]), Run::new(1, "", instructed_for("3 seconds", &error)));
    assert_eq!(login.sandbox.config_state(), before);
    assert!(login.polls().len() <= 2, "{:?}", login.asked());
}

#[test]
fn timeout_tells_last_poll_failure() {
    let login = Login::with_session();
    login.server.configure(|settings| settings.expires_in = Duration::from_secs(4));
    login.server.always(Endpoint::DeviceToken, Script::answer(Answer::bare(429)));
    let busy = "the server responded with 429 Too Many Requests";
    let error = format!(
        "warning: polling [ORIGIN] failed: {busy}; still waiting for approval\nerror: login failed: the request was not \
         approved within 4 seconds: {busy} ([ORIGIN])\nhint: run {} again\n",
        again()
    );
    login.assert_fails(&Run::new(1, "", instructed_for("4 seconds", &error)), &["code", "poll", "poll"]);
}

#[test]
fn refused_code_begins_no_login() {
    let check = || "hint: check --domain-id and --idp-binding-id\n".to_owned();
    let mend = || format!("hint: run {} again\n", again());
    let problem = |status, title| Answer::problem(status, title, "no_login", "Not here.");
    let cases = [
        (Script::answer(problem(400, "Bad Request")), 1, "400 Bad Request", check()),
        (Script::answer(problem(404, "Not Found")), 1, "404 Not Found", check()),
        (Script::answer(problem(403, "Forbidden")), 4, "403 Forbidden", String::new()),
        (Script::answer(problem(500, "Down")), 1, "500 Internal Server Error", mend()),
        (Script::answer(problem(401, "Unknown")), 1, "401 Unauthorized", mend()),
    ];
    at_once(&cases, |(script, exit, status, hint)| {
        let login = Login::with_session();
        login.server.once(Endpoint::DeviceCode, script.clone());
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (*exit, ""), "{run:?}");
        let head = format!("error: login failed: the server responded with {status}: ");
        assert!(run.stderr.starts_with(&head) && run.stderr.contains("Not here."), "{}", run.stderr);
        assert!(
            run.stderr.ends_with(&format!(" ([ORIGIN], correlation 0190a8b8-a0c0-7a0a-8a0a-000000000001)\n{hint}")),
            "{}",
            run.stderr
        );
        assert_eq!(login.asked(), ["code"]);
        assert_eq!(login.live(), ["[OLD]"]);
    });
}

#[test]
fn failed_code_request_is_not_repeated() {
    let cases = [
        (Endpoint::DeviceCode, "the connection was closed before a response", vec!["code"]),
        (Endpoint::Connection, "the connection was closed before a response", vec![]),
    ];
    at_once(&cases, |(endpoint, cause, asked)| {
        let login = Login::with_session();
        login.server.once(*endpoint, Script::hang_up());
        let error = format!("error: login failed: {cause} ([ORIGIN])\nhint: run {} again\n", again());
        login.assert_fails(&Run::new(1, "", error), asked);
    });
}

/// Each field of the answer that begins a login, as no server may send it. `[LONG]` stands for more than any field takes.
const HOSTILE: [(&str, &str); 32] = [
    ("device_code", "\"\""),
    ("device_code", "\"a b\""),
    ("device_code", "17"),
    ("device_code", "null"),
    ("device_code", "\"caf\u{e9}\""),
    ("device_code", "\"\\u0007\""),
    ("device_code", "\"[LONG]\""),
    ("user_code", "\"\""),
    ("user_code", "\"\\u001b[2J\""),
    ("user_code", "\"\u{202e}\""),
    ("user_code", "\"\u{e9}\""),
    ("user_code", "[\"ABCD\"]"),
    ("user_code", "\"ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOPABCDEFGHIJKLMNOPABCDEFGHIJKLMNOPQ\""),
    ("verification_uri", "\"javascript:0\""),
    ("verification_uri", "\"ftp://127.0.0.1/\""),
    ("verification_uri", "\"/v1/device\""),
    ("verification_uri", "\"http://\""),
    ("verification_uri", "\"http://user@127.0.0.1/\""),
    ("verification_uri", "\"http://@127.0.0.1/\""),
    ("verification_uri", "\"http://127.0.0.1/\\n\""),
    ("verification_uri", "\"http://127.0.0.1/[LONG]\""),
    ("verification_uri", "17"),
    ("verification_uri", "null"),
    ("expires_in", "0"),
    ("expires_in", "-1"),
    ("expires_in", "1.5"),
    ("expires_in", "null"),
    ("expires_in", "\"600\""),
    ("interval", "\"1\""),
    ("interval", "1.5"),
    ("interval", "true"),
    ("interval", "[]"),
];

fn assert_unusable(login: &Login, case: &str, field: &str) {
    let before = login.sandbox.config_state();
    let run = login.run(&[]);
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{case}: {run:?}");
    let error = "error: login failed: the server's answer cannot be used: ";
    assert!(run.stderr.starts_with(error) && run.stderr.contains(field), "{case}: {}", run.stderr);
    assert!(run.stderr.lines().all(|line| line.len() < 600), "{case}: {}", run.stderr);
    assert_eq!(login.sandbox.config_state(), before);
    assert_eq!(login.asked(), ["code"]);
    assert_eq!(login.live(), ["[OLD]"]);
}

#[test]
fn hostile_code_field_begins_no_login() {
    at_once(&HOSTILE, |(field, value)| {
        let login = Login::with_session();
        let hostile = value.replace("[LONG]", &"a".repeat(4097));
        login.server.once(Endpoint::DeviceCode, Script::real().with(field, &hostile));
        assert_unusable(&login, &format!("{field} {value}"), field);
    });
    for (field, value, words) in [
        ("user_code", "17", "user_code: it is not a string"),
        ("expires_in", "1.5", "expires_in: it is not an integer"),
        ("device_code", "\"a b\"", "device_code: it has invalid characters"),
        ("expires_in", "0", "expires_in: it is less than 1"),
    ] {
        let login = Login::with_session();
        login.server.once(Endpoint::DeviceCode, Script::real().with(field, value));
        assert_unusable(&login, field, words);
    }
    at_once(&["device_code", "user_code", "verification_uri", "expires_in"], |field| {
        let login = Login::with_session();
        login.server.once(Endpoint::DeviceCode, Script::real().without(field));
        assert_unusable(&login, &format!("no {field}"), field);
    });
}

#[test]
fn non_object_response_begins_no_login() {
    let long = format!("{{\"x\":\"{}\"}}", "a".repeat(64 * 1024));
    let deep = "[".repeat(10_000);
    let bodies: [&[u8]; 9] =
        [b"", b"null", b"[]", b"17", b"{", b"<html>", b"{\"device_code\":\"\xff\"}", long.as_bytes(), deep.as_bytes()];
    at_once(&bodies, |body| {
        let login = Login::with_session();
        let answer = Answer { content_type: "application/json".to_owned(), body: body.to_vec(), ..Answer::bare(200) };
        login.server.once(Endpoint::DeviceCode, Script::answer(answer));
        let words = if body.len() > 64 * 1024 { "it is incomplete" } else { "it is not a JSON object" };
        assert_unusable(&login, &String::from_utf8_lossy(&body[..body.len().min(40)]), words);
    });
}

#[test]
fn begins_no_login_that_cannot_be_stored() {
    let cases: [(&str, u32, i32, &str); 3] = [
        ("default = \"a\"\n", 0o644, 3, "its mode 0644 is wider than 0600"),
        ("default = \"a\n", 0o600, 1, ""),
        ("profiles = 3\n", 0o600, 1, ""),
    ];
    for (text, mode, exit, cause) in cases {
        let mut login = Login::approved();
        login.sandbox.write_config(text);
        fs::set_permissions(login.sandbox.config(), Permissions::from_mode(mode)).unwrap();
        let before = login.sandbox.config_state();
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (exit, ""), "{run:?}");
        assert!(run.stderr.starts_with("error: cannot log in: [CONFIG]"), "{}", run.stderr);
        assert!(run.stderr.contains(cause), "{}", run.stderr);
        assert_eq!(login.sandbox.config_state(), before);
        assert_eq!(login.asked(), [""; 0]);
    }
}

#[test]
fn uncreatable_directory_sends_no_request() {
    let login = Login::approved();
    fs::remove_dir_all(login.sandbox.path().join(".config")).unwrap();
    fs::write(login.sandbox.path().join(".config"), "a file").unwrap();
    let run = login.run(&[]);
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.starts_with("error: cannot log in: "), "{}", run.stderr);
    assert_eq!(login.asked(), [""; 0]);
}

#[test]
fn begins_no_login_without_valid_server() {
    let login = Login::new();
    let run = login.sandbox.run(LOGIN);
    let error = "error: cannot log in: the server is missing\nhint: add --server URL, or set PLEXSPHERE_URL\n";
    assert_eq!(run, Run::new(2, "", error));
    let run = login.sandbox.run([&LOGIN[..], &["--server", "ftp://h"]].concat());
    assert_eq!(run.exit, 2, "{run:?}");
    assert!(run.stderr.starts_with("error: cannot log in: --server is not a valid URL: "), "{}", run.stderr);
    assert!(!login.sandbox.config().exists());
}

#[test]
fn usage_errors_send_nothing() {
    let login = Login::approved();
    for more in [
        &["--domain-id", "x"][..],
        &["--profile-name", ""],
        &["--profile-name", "a\u{202e}"],
        &["--profile-name", "a", "--profile", "b"],
        &["operand"],
    ] {
        let run = login.run(more);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{more:?} {run:?}");
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    }
    assert_eq!(login.sandbox.run(["login", "--domain-id", DOMAIN]).exit, 2);
    assert_eq!(login.asked(), [""; 0]);
    assert!(!login.sandbox.config().exists());
}

#[test]
fn denied_login_as_data() {
    at_once(&["json", "yaml"], |format| {
        let login = Login::with_session();
        login.server.decide_next(Decision::Deny, 1);
        let run = login.run(&["--output", format]);
        let (pending, told) = run.stderr.split_once('\n').unwrap();
        assert!(pending.starts_with("{\"status\":\"pending\","), "{pending}");
        let failed = Failed {
            exit: 4,
            code: "denied",
            message: "login failed: the request was denied".to_owned(),
            hint: None,
            profile: Some("default"),
            server: Some("[ORIGIN]"),
            token_id: None,
            session: "untouched",
            problem_code: None,
        };
        failed.assert_is(&Run::new(run.exit, run.stdout.clone(), told), format);
    });
}

#[test]
fn unreachable_server_begins_no_login() {
    let login = Login::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    let run = login.sandbox.run([&LOGIN[..], &["--server", &url, "--output", "json"]].concat());
    let error = format!("error: login failed: cannot connect: connection refused ({url})\nhint: ");
    assert!(run.exit == 1 && run.stderr.starts_with(&error), "{run:?}");
    assert!(run.stdout.contains("\"code\": \"unreached\""), "{}", run.stdout);
    assert!(!login.sandbox.config().exists());
}

#[test]
fn unwritable_directory_sends_no_request() {
    let Some(unprivileged) = Unprivileged::new("a login in a directory that cannot be written") else { return };
    let login = Login::replacing();
    let directory = login.sandbox.config().parent().unwrap().to_owned();
    let mut command = unprivileged.run_after("", &login.sandbox, &login.command(&[]));
    fs::set_permissions(&directory, Permissions::from_mode(0o500)).unwrap();
    let before = login.sandbox.config_state();
    let run = login.labelled(&login.sandbox.observe(&mut command));
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.starts_with("error: cannot log in: "), "{}", run.stderr);
    assert!(run.stderr.contains(&system_words(Errno::ACCESS)), "{}", run.stderr);
    assert_eq!(login.sandbox.config_state(), before);
    assert_eq!(login.asked(), [""; 0]);
}

/// The file that is there fits, and so does its replacement without the token.
#[test]
fn begins_no_login_beyond_file_size_limit() {
    let login = Login::replacing();
    let before = login.sandbox.config_state();
    // In blocks of 512 bytes; the token that is tried has 4096.
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
    let run = login.labelled(&login.sandbox.observe(&mut in_shell(script, &login.command(&[]))));
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.contains(&system_words(Errno::FBIG)), "{}", run.stderr);
    assert_eq!(login.sandbox.config_state(), before);
    assert_eq!(login.asked(), [""; 0]);
}
