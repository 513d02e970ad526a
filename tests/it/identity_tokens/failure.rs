//! What the server says instead, for both commands, in each format; and what is refused before anything is sent.

use plexctl::testing::{Answer, Endpoint, Script};

use super::{MEMORY_FOR_A_LIST, OTHER_ID, failed, listing};
use crate::support::sandbox::Sandbox;
use crate::support::signed_in::{Failed, SignedIn};

const LOG_IN: &str = "run `plexctl login --profile default` with --domain-id and --idp-binding-id";
const LIST_AGAIN: &str = "once the cause is gone, run `plexctl identity-tokens list` again";
const DELETE_AGAIN: &str =
    "once the cause is gone, run `plexctl identity-tokens delete --id 0192f0c1-8888-7abc-8def-0123456789ab` again";

fn problem(status: u16) -> Answer {
    Answer::problem(status, "Title", "a_code", "Detail.")
}

fn assert_list_fails(signed_in: &SignedIn, expected: &Failed<'_>) {
    signed_in.assert_fails(&["identity-tokens", "list"], expected, 1);
}

fn assert_delete_fails(signed_in: &SignedIn, expected: &Failed<'_>) {
    let expected = Failed { token_id: Some(OTHER_ID), session: "kept", ..expected.clone() };
    signed_in.assert_fails(&["identity-tokens", "delete", "--id", OTHER_ID], &expected, 1);
}

#[test]
fn refused_list_says_what_the_server_said() {
    let answering = |answer: Answer| {
        let signed_in = SignedIn::new();
        signed_in.server.always(Endpoint::ListTokens, Script::answer(answer));
        signed_in
    };
    let not_accepted = "not logged in at [ORIGIN]: the token of profile \"default\" is not accepted";
    for answer in [problem(401), Answer::bare(401)] {
        assert_list_fails(&answering(answer), &failed(4, "not_authenticated", not_accepted, Some(LOG_IN)));
    }
    let refused = "[ORIGIN] refused to list the tokens: the server answered 403 Forbidden: Title (a_code): Detail.";
    assert_list_fails(&answering(problem(403)), &failed(4, "refused", refused, None));
    for (answer, cause) in [
        (problem(404), "404 Not Found: Title (a_code): Detail."),
        (problem(500), "500 Internal Server Error: Title (a_code): Detail."),
        (problem(503), "503 Service Unavailable: Title (a_code): Detail."),
        (problem(429), "429 Too Many Requests: Title (a_code): Detail."),
        (Answer::bare(204), "204 No Content"),
        (Answer::bare(410), "410 Gone"),
    ] {
        let message = format!("cannot list the tokens at [ORIGIN]: the server answered {cause}");
        assert_list_fails(&answering(answer), &failed(1, "unconfirmed", message, Some(LIST_AGAIN)));
    }
}

#[test]
fn list_is_complete_or_an_error() {
    let too_many = format!("[{}]", vec![r#"{"id":"a"}"#; 100_001].join(","));
    let too_large = format!("[{}]", " ".repeat(16 * 1024 * 1024 - 1));
    for (body, cause) in [
        ("<html>", "the response is not a JSON array of tokens"),
        ("", "the list is incomplete"),
        ("{}", "the response is not a JSON array of tokens"),
        (r#"[{"id":"a"},"#, "the list is incomplete"),
        (r#"[{"id":"a"},]"#, "the response is not a JSON array of tokens"),
        (r#"[{"id":"a"}] more"#, "the response is not a JSON array of tokens"),
        (r#"[{"id":"a"},{"env_prefix":"dev"}]"#, "a token in the list cannot be used: id: it is missing"),
        (r#"[{"id":"a"},{"id":7}]"#, "a token in the list cannot be used: id: it is not a text"),
        (&too_many, "the list has more than 100000 tokens"),
        (&too_large, "the list is larger than 16 MiB"),
    ] {
        let message = format!("cannot list the tokens at [ORIGIN]: {cause}");
        let expected = failed(1, "unconfirmed", message, Some(LIST_AGAIN));
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
        assert!(run.exit == 1 && run.stderr.contains("[ORIGIN]: the list is incomplete\n"), "{cut}: {run:?}");
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
    let not_accepted = "not logged in at [ORIGIN]: the token of profile \"default\" is not accepted";
    for answer in [problem(401), Answer::bare(401)] {
        let expected = failed(4, "not_authenticated", not_accepted, Some(LOG_IN));
        assert_delete_fails(&SignedIn::answering(answer), &expected);
    }
    let refused = format!(
        "[ORIGIN] refused to revoke token {OTHER_ID}, which may still be live: the server answered 403 Forbidden: Title \
         (a_code): Detail."
    );
    assert_delete_fails(&SignedIn::answering(problem(403)), &failed(4, "refused", refused, None));
    let unknown = format!("[ORIGIN] knows no token {OTHER_ID} of this principal: it is gone, or it belongs to another");
    assert_delete_fails(&SignedIn::answering(problem(404)), &failed(1, "no_such_token", unknown, None));
    for (answer, cause) in [
        (problem(400), "400 Bad Request: Title (a_code): Detail."),
        (problem(409), "409 Conflict: Title (a_code): Detail."),
        (problem(500), "500 Internal Server Error: Title (a_code): Detail."),
        (problem(429), "429 Too Many Requests: Title (a_code): Detail."),
        (Answer::bare(410), "410 Gone"),
        (Answer::bare(302), "302 Found, and a token follows no redirect"),
    ] {
        let message =
            format!("cannot revoke token {OTHER_ID} at [ORIGIN], so it may still be live: the server answered {cause}");
        let expected = failed(1, "unconfirmed", message, Some(DELETE_AGAIN));
        assert_delete_fails(&SignedIn::answering(answer), &expected);
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
                "no credential: [CONFIG] names no session",
                Some("log in with `plexctl login`, or set PLEXSPHERE_TOKEN"),
            )
        };
        for format in ["text", "json", "yaml"] {
            expected.assert_is(&sandbox.run([command, &["--output", format]].concat()), format);
        }
    }
    assert!(!sandbox.config().exists());
}
