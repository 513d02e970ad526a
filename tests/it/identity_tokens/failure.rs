//! What the server says instead, for both commands, in each format; and what is refused before anything is sent.

use plexctl::testing::{Answer, Endpoint, Script};

use super::{MEMORY_FOR_A_LIST, OTHER_ID, failed, listing};
use crate::support::sandbox::Sandbox;
use crate::support::signed_in::{Failed, SignedIn};

const LOG_IN: &str = "run `plexctl login` to log in again";
const OTHER_PROGRAM: &str = "request /v1/auth/tokens with another program, such as curl in `plexctl exec`; `plexctl \
                             identity-tokens delete --id ID` works without the list";
const CHECK_SERVER: &str = "check the server at [CONFIG]:4:10: [ORIGIN] may not be a plexsphere server; then run \
                            `plexctl identity-tokens list` again";
const LIST_AGAIN: &str = "run `plexctl identity-tokens list` again";
const DELETE_AGAIN: &str = "run `plexctl identity-tokens delete --id 0192f0c1-8888-7abc-8def-0123456789ab` again";

const NOT_ACCEPTED: &str = "not logged in at [ORIGIN]: the token of profile \"default\" is not accepted: the server \
                            responded with 401 Unauthorized";
/// What [`problem`] adds to a message.
const DETAILS: &str = ": Title (a_code): Detail.";

/// What to do after a response. One without problem details may come from any server.
fn hint_after(cause: &str, again: &str) -> String {
    let check = "check the server at [CONFIG]:4:10: [ORIGIN] may not be a plexsphere server; then ";
    format!("{}{again}", if cause.contains("(a_code)") { "" } else { check })
}

fn problem(status: u16) -> Answer {
    Answer::problem(status, "Title", "a_code", "Detail.")
}

fn assert_list_fails(signed_in: &SignedIn, expected: &Failed<'_>) {
    let problem_code = expected.message.contains("(a_code)").then_some("a_code");
    signed_in.assert_fails(&["identity-tokens", "list"], &Failed { problem_code, ..expected.clone() }, 1);
}

fn assert_delete_fails(signed_in: &SignedIn, expected: &Failed<'_>) {
    let problem_code = expected.message.contains("(a_code)").then_some("a_code");
    let expected = Failed { token_id: Some(OTHER_ID), session: "kept", problem_code, ..expected.clone() };
    signed_in.assert_fails(&["identity-tokens", "delete", "--id", OTHER_ID], &expected, 1);
}

#[test]
fn refused_list_says_what_the_server_said() {
    let answering = |answer: Answer| {
        let signed_in = SignedIn::new();
        signed_in.server.always(Endpoint::ListTokens, Script::answer(answer));
        signed_in
    };
    for (answer, details) in [(problem(401), DETAILS), (Answer::bare(401), "")] {
        let message = format!("{NOT_ACCEPTED}{details}");
        assert_list_fails(&answering(answer), &failed(4, "not_authenticated", message, Some(LOG_IN)).about_token());
    }
    let refused =
        "[ORIGIN] refused to list the tokens: the server responded with 403 Forbidden: Title (a_code): Detail.";
    assert_list_fails(&answering(problem(403)), &failed(4, "refused", refused, None).about_token());
    for (answer, cause) in [
        (problem(404), "404 Not Found: Title (a_code): Detail."),
        (problem(500), "500 Internal Server Error: Title (a_code): Detail."),
        (problem(503), "503 Service Unavailable: Title (a_code): Detail."),
        (problem(429), "429 Too Many Requests: Title (a_code): Detail."),
        (Answer::bare(204), "204 No Content"),
        (Answer::bare(410), "410 Gone"),
    ] {
        let message = format!("cannot list the tokens at [ORIGIN]: the server responded with {cause}");
        let expected = failed(1, "unconfirmed", message, Some(&hint_after(cause, LIST_AGAIN))).about_token();
        assert_list_fails(&answering(answer), &expected);
    }
}

#[test]
fn list_is_complete_or_an_error() {
    let too_many = format!("[{}]", vec![r#"{"id":"a"}"#; 100_001].join(","));
    let too_large = format!("[{}]", " ".repeat(16 * 1024 * 1024 - 1));
    for (body, cause, hint) in [
        ("<html>", "the response is not a JSON array of tokens", CHECK_SERVER),
        ("", "the list is incomplete", LIST_AGAIN),
        ("{}", "the response is not a JSON array of tokens", CHECK_SERVER),
        (r#"[{"id":"a"},"#, "the list is incomplete", LIST_AGAIN),
        (r#"[{"id":"a"},]"#, "the response is not a JSON array of tokens", CHECK_SERVER),
        (r#"[{"id":"a"}] more"#, "the response is not a JSON array of tokens", CHECK_SERVER),
        (r#"[{"id":"a"},{"env_prefix":"dev"}]"#, "a token in the list cannot be used: id: it is missing", LIST_AGAIN),
        (r#"[{"id":"a"},{"id":7}]"#, "a token in the list cannot be used: id: it is not a string", LIST_AGAIN),
        (&too_many, "the list has more than 100000 tokens", OTHER_PROGRAM),
        (&too_large, "the list is larger than 16 MiB", OTHER_PROGRAM),
    ] {
        let message = format!("cannot list the tokens at [ORIGIN]: {cause}");
        let expected = failed(1, "unconfirmed", message, Some(hint)).about_token();
        let mut signed_in = listing(200, "application/json", body);
        signed_in.sandbox.allow_memory(MEMORY_FOR_A_LIST);
        assert_list_fails(&signed_in, &expected);
    }

    // The connection ends before the body does, wherever that is.
    let list = r#"[{"id":"a"},{"id":"b"}]"#;
    for cut in 1..=list.len() {
        let signed_in = SignedIn::new();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", list.len());
        let answer = format!("{head}{}", &list[..list.len() - cut]);
        signed_in.server.always(Endpoint::ListTokens, Script::raw(answer));
        let run = signed_in.sandbox.run(["identity-tokens", "list", "--output", "json"]);
        assert!(
            run.exit == 1 && run.stderr.contains("[ORIGIN]: the list is incomplete (token [ID])\n"),
            "{cut}: {run:?}"
        );
    }
    // A list that looks whole, in a body that is longer.
    let signed_in = SignedIn::new();
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n[{\"id\":\"a\"}]";
    signed_in.server.always(Endpoint::ListTokens, Script::raw(answer));
    let run = signed_in.sandbox.run(["identity-tokens", "list"]);
    assert!(run.exit == 1 && run.stderr.contains("the list is incomplete"), "{run:?}");
}

#[test]
fn refused_delete_says_what_the_server_said() {
    for (answer, details) in [(problem(401), DETAILS), (Answer::bare(401), "")] {
        let message = format!("{NOT_ACCEPTED}{details} (token {OTHER_ID})");
        let expected = failed(4, "not_authenticated", message, Some(LOG_IN));
        assert_delete_fails(&SignedIn::answering(answer), &expected);
    }
    let refused = format!(
        "[ORIGIN] refused to revoke token {OTHER_ID}, which may still be live: the server responded with 403 Forbidden: Title \
         (a_code): Detail."
    );
    assert_delete_fails(&SignedIn::answering(problem(403)), &failed(4, "refused", refused, None));
    let unknown = format!(
        "[ORIGIN] knows no token {OTHER_ID} of this principal: it is gone, or it belongs to another: the server responded with 404 Not Found{DETAILS}"
    );
    assert_delete_fails(&SignedIn::answering(problem(404)), &failed(1, "no_such_token", unknown, None));
    for (answer, cause) in [
        (problem(400), "400 Bad Request: Title (a_code): Detail."),
        (problem(409), "409 Conflict: Title (a_code): Detail."),
        (problem(500), "500 Internal Server Error: Title (a_code): Detail."),
        (problem(429), "429 Too Many Requests: Title (a_code): Detail."),
        (Answer::bare(410), "410 Gone"),
        (Answer::bare(302), "302 Found"),
    ] {
        let message = format!(
            "cannot revoke token {OTHER_ID} at [ORIGIN], so it may still be live: the server responded with {cause}"
        );
        let hint = hint_after(cause, DELETE_AGAIN);
        let expected = failed(1, "unconfirmed", message, Some(&hint));
        assert_delete_fails(&SignedIn::answering(answer), &expected);
    }
}

/// The header counts where there are no problem details.
#[test]
fn correlation_id_of_the_header_is_named() {
    let signed_in = SignedIn::new();
    let answer = || Script::answer(Answer::bare(500)).header("X-Correlation-Id", "request-7");
    signed_in.server.always(Endpoint::ListTokens, answer());
    signed_in.server.always(Endpoint::Revoke, answer());
    for command in [&["identity-tokens", "list"][..], &["identity-tokens", "delete", "--id", OTHER_ID], &["logout"]] {
        let run = signed_in.sandbox.run([command, &["--output", "json"]].concat());
        let data: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.exit, data["error"]["correlation_id"].as_str()), (1, Some("request-7")), "{run:?}");
        assert!(run.stderr.lines().next().unwrap().ends_with("correlation request-7)"), "{run:?}");
    }
}

#[test]
fn without_a_credential_nothing_is_sent() {
    let sandbox = Sandbox::new();
    for command in [&["identity-tokens", "list"][..], &["identity-tokens", "delete", "--id", OTHER_ID]] {
        let expected = Failed {
            profile: None,
            server: None,
            ..failed(
                2,
                "no_credential",
                "no credential: the config file does not exist",
                Some("run `plexctl login`, or set PLEXSPHERE_TOKEN"),
            )
        };
        for format in ["text", "json", "yaml"] {
            expected.assert_is(&sandbox.run([command, &["--output", format]].concat()), format);
        }
    }
    assert!(!sandbox.config().exists());
}
