//! Everything that a server can answer: only the number in the status line says what became of the token.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::connection::{Kept, assert_kept};
use crate::support::leak_hunt::percent_encoded;
use crate::support::scripted_server::ScriptedServer;
use crate::support::trial::{ID, Outcome, SECRET, Subject, TOKEN, Trial, assert_took, at_the_same_time, timed};

/// What is said of a 200 that plexsphere would not give.
const NOT_JSON: &str = "the server responded with 200 OK, but not with JSON, as a captive portal does";

const NOT_HTTP: &str = "the response is not HTTP";

const TOO_LARGE: &str = "the header of the response is larger than 64 KiB or 256 lines";

#[test]
fn success_status_clears_despite_odd_head() {
    let answers = [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\nstray bytes",
        "HTTP/1.1 204 No Content\r\nContent-Length: 11\r\n\r\nstray bytes",
        "HTTP/1.1 204\r\n\r\n",
        "HTTP/1.1 204 Any Other Reason\r\nContent-Type: application/problem+json\r\n\r\n{\"title\":\"no\"}",
        "HTTP/1.0 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nno header\r\nX: \u{1}\r\n\r\n",
        &format!("HTTP/1.1 204 No Content\r\n{}\r\n", "X: 1\r\n".repeat(200)),
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\nstray bytes",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\nto the end of the connection",
        "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON ; charset=utf-8\r\nContent-Length: 9\r\n\r\na cut",
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.api+json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\na cut",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nno chunk",
    ];
    for answer in answers {
        for subject in [Subject::Logout, Subject::DeleteToken] {
            let server = ScriptedServer::answering(answer);
            assert_eq!(Trial::of(subject, &server.url()).run(server), Outcome::success(subject), "{answer}");
        }
    }
}

#[test]
fn success_is_not_waited_for_further() {
    let heads = [
        "HTTP/1.1 204 No Content\r\nContent-Length: 1000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\na body that hangs",
    ];
    for head in heads {
        let server = ScriptedServer::stalling_after(head);
        let trial = Trial::against(&server.url());
        let (outcome, took) = timed(|| trial.run(server));
        assert_eq!(outcome, Outcome::cleared(), "{head}");
        assert_took(head, took, 0);
    }
}

/// What a captive portal or some other server says that is not plexsphere, or an answer of which nobody can tell.
#[test]
fn success_without_json_confirms_nothing() {
    let page = "<title>Sign in to the hotel's network</title>";
    let answers = [
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len()),
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{page}"),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n<\r\n0\r\n\r\n".to_owned(),
        format!("HTTP/1.0 200 OK\r\n\r\n{page}"),
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Type: json\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Type: +json\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Type: application/jsonp\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; a=application/json\r\nContent-Length: 2\r\n\r\n{}".to_owned(),
        // A body that breaks off before its first byte is not an empty one.
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
    ];
    for answer in answers {
        let server = ScriptedServer::answering(answer.as_str());
        assert_kept(&answer, Trial::against(&server.url()).run(server), Kept::Unconfirmed, NOT_JSON);
    }
}

#[test]
fn waits_two_seconds_for_success_body() {
    let heads = [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];
    at_the_same_time(heads.to_vec(), |head| {
        let server = ScriptedServer::stalling_after(head);
        let trial = Trial::against(&server.url());
        let (run, took) = timed(|| trial.sandbox.observe(&mut trial.command()));
        assert_kept(head, trial.outcome(run, &server.finish()), Kept::Unconfirmed, NOT_JSON);
        assert_took(head, took, 2);
    });
}

/// The status line is there and decides, whatever the head says of the body.
#[test]
fn contradictory_head_still_counts() {
    let lengths = [
        ("1.1", "Content-Length: junk\r\n"),
        ("1.1", "Content-Length:\r\n"),
        ("1.1", "Content-Length: -1\r\n"),
        ("1.1", "Content-Length: +2\r\n"),
        ("1.1", "Content-Length: 18446744073709551615\r\n"),
        ("1.1", "Content-Length: 99999999999999999999\r\n"),
        ("1.1", "Content-Length: 2\r\nContent-Length: 3\r\n"),
        ("1.1", "content-length: 2, 3\r\n"),
        ("1.0", "Transfer-Encoding: chunked\r\n"),
        ("1.0", "Content-Length: 2\r\nTransfer-Encoding: identity\r\n"),
    ];
    let json = "Content-Type: application/json\r\n";
    let problem = "Content-Type: application/problem+json\r\n";
    for (version, length) in lengths {
        let run = |status: &str, rest: &str| {
            let server = ScriptedServer::answering(format!("HTTP/{version} {status}\r\n{length}{rest}"));
            Trial::against(&server.url()).run(server)
        };
        assert_eq!(run("204 No Content", "\r\n"), Outcome::cleared(), "{length}");
        assert_eq!(run("200 OK", &format!("{json}\r\n{{}}")), Outcome::cleared(), "{length}");
        assert_eq!(run("404 Not Found", "\r\n"), Outcome::cleared_with_warning(404), "{length}");
        assert_eq!(run("401 Unauthorized", &format!("{problem}\r\n{{}}")), Outcome::cleared(), "{length}");
        assert_kept(length, run("200 OK", "\r\n<title>Sign in</title>"), Kept::Unconfirmed, NOT_JSON);
        let refused = run("403 Forbidden", &format!("{problem}\r\n{{\"title\":\"Not yours\"}}"));
        assert_kept(length, refused, Kept::Refused, "the server responded with 403 Forbidden: Not yours");
    }
}

#[test]
fn clears_on_bare_404_with_warning() {
    for (status, reason) in [(401, "Unauthorized"), (404, "Not Found")] {
        let problem = problem(status, reason, "{\"title\":\"Gone\"}");
        let server = ScriptedServer::answering(problem);
        assert_eq!(Trial::against(&server.url()).run(server), Outcome::cleared(), "{status}");

        let others = [
            format!("HTTP/1.1 {status} {reason}\r\n\r\n"),
            format!("HTTP/1.1 {status} {reason}\r\nContent-Type: text/html\r\n\r\n<title>Gone</title>"),
            format!("HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n\r\n{{\"title\":\"Gone\"}}"),
            format!("HTTP/1.1 {status} {reason}\r\nContent-Type: application/problem+json\r\n\r\n\"Gone\""),
            format!(
                "HTTP/1.1 {status} {reason}\r\nContent-Type: application/problem+json\r\nContent-Length: 99\r\n\r\n{{"
            ),
        ];
        for answer in others {
            let server = ScriptedServer::answering(answer.as_str());
            let outcome = Trial::against(&server.url()).run(server);
            assert_eq!(outcome, Outcome::cleared_with_warning(status), "{answer}");
        }
    }
}

#[test]
fn keeps_profile_on_every_other_status() {
    let statuses = [
        "101 Switching Protocols",
        "202 Accepted",
        "206 Partial Content",
        "304 Not Modified",
        "400 Bad Request",
        "402 Payment Required",
        "405 Method Not Allowed",
        "407 Proxy Authentication Required",
        "409 Conflict",
        "410 Gone",
        "418 I'm a teapot",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ];
    for (subject, status) in of_each_subject(statuses) {
        // A client that tries again, or later, has read too much into these.
        let headers = "Retry-After: 0\r\nContent-Length: 0\r\nConnection: keep-alive\r\n";
        let server = ScriptedServer::answering(format!("HTTP/1.1 {status}\r\n{headers}\r\n"));
        assert_says(status, Trial::of(subject, &server.url()).run(server), status);
    }
    for (subject, status) in of_each_subject(["600", "999"]) {
        let server = ScriptedServer::answering(format!("HTTP/1.1 {status} OK\r\n\r\n"));
        assert_says(status, Trial::of(subject, &server.url()).run(server), status);
    }
}

#[test]
fn follows_no_redirect() {
    let statuses = ["300 Multiple Choices", "301 Moved Permanently", "302 Found", "303 See Other"]
        .into_iter()
        .chain(["307 Temporary Redirect", "308 Permanent Redirect"]);
    for (subject, status) in of_each_subject(statuses) {
        let elsewhere = ScriptedServer::answering("HTTP/1.1 204 No Content\r\n\r\n");
        let locations =
            [format!("{}/v1/auth/tokens/{ID}", elsewhere.url()), "/v2/tokens".to_owned(), "no \\ place".to_owned()];
        for location in locations {
            let server = ScriptedServer::answering(format!(
                "HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            ));
            let outcome = Trial::of(subject, &server.url()).run(server);
            // A relative reference is shown as the server sent it.
            assert_says(&location, outcome, &format!("{status}, a redirect to {location}"));
        }
        assert_eq!(elsewhere.finish(), Vec::<String>::new(), "{status}");
    }
}

#[test]
fn invalid_response_leaves_outcome_unknown() {
    let many_headers = "X: 1\r\n".repeat(1000);
    let closed = "the connection was closed before a response";
    let answers = [
        ("HTTP/1.1 099 Nearly\r\n\r\n", NOT_HTTP),
        ("HTTP/1.1 000 Nothing\r\n\r\n", NOT_HTTP),
        ("HTTP/1.1 20 OK\r\n\r\n", NOT_HTTP),
        ("HTTP/1.1 2040 OK\r\n\r\n", NOT_HTTP),
        ("HTTP/1.1 2O4 No Content\r\n\r\n", NOT_HTTP),
        ("HTTP/1.1 -204 No Content\r\n\r\n", NOT_HTTP),
        ("HTTP/1.1 ٢٠٤ No Content\r\n\r\n", NOT_HTTP),
        ("HTTP/2 204 No Content\r\n\r\n", NOT_HTTP),
        ("HTTP/1.2 204 No Content\r\n\r\n", NOT_HTTP),
        ("ICY 204 No Content\r\n\r\n", NOT_HTTP),
        ("204 No Content\r\n\r\n", NOT_HTTP),
        ("{\"status\":204}", NOT_HTTP),
        ("\0\0\0\0\0\0\0\0", NOT_HTTP),
        ("\u{1b}[2J\u{1b}]0;HTTP/1.1 204\u{7}\r\n\r\n", NOT_HTTP),
        ("HTTP/1.1 20", closed),
        ("HTTP/1.1 204 No Content", closed),
        ("HTTP/1.1 204 No Content\r\n", closed),
        ("HTTP/1.1 204 No Content\r\nContent-Le", closed),
        ("HTTP/1.1 204 No Content\r\nDate: today\r\n", closed),
        ("HTTP/1.1 100 Continue\r\n\r\n", closed),
        ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 20", closed),
        (&format!("HTTP/1.1 204 No Content\r\n{many_headers}\r\n"), TOO_LARGE),
    ];
    for (subject, (answer, cause)) in of_each_subject(answers) {
        let server = ScriptedServer::answering(answer);
        let outcome = Trial::of(subject, &server.url()).run(server);
        assert_kept(&format!("{answer:.80?}"), outcome, Kept::Unanswered, cause);
    }
}

#[test]
fn gives_up_on_endless_head_early() {
    let floods = [
        ("headers", "HTTP/1.1 204 No Content\r\n", "X-Flood: 0123456789abcdef0123456789abcdef\r\n", TOO_LARGE),
        ("one header", "HTTP/1.1 204 No Content\r\nX-Flood: ", "0123456789abcdef", TOO_LARGE),
        ("a status line", "HTTP/1.1 204 ", "No Content ", TOO_LARGE),
        ("no line at all", "", "0123456789abcdef", NOT_HTTP),
    ];
    for (subject, (case, start, rest, cause)) in of_each_subject(floods) {
        let server = ScriptedServer::start(Box::new(move |stream| {
            let block = rest.repeat(1000);
            let _ = stream.write_all(start.as_bytes());
            while stream.write_all(block.as_bytes()).is_ok() {}
        }));
        let trial = Trial::of(subject, &server.url());
        let (run, took) = timed(|| trial.sandbox.observe(&mut trial.command()));
        assert_kept(case, trial.outcome(run, &server.finish()), Kept::Unanswered, cause);
        assert_took(case, took, 0);
    }
}

/// Takes 30 seconds: each of these servers begins its answer, and none comes to the end of the head.
#[test]
fn gives_up_on_endless_response_at_deadline() {
    let second = Duration::from_secs(1);
    let cases = || {
        [
            ("half a status line", ScriptedServer::stalling_after("HTTP/1.1 20")),
            ("half a header", ScriptedServer::stalling_after("HTTP/1.1 204 No Content\r\nContent-Le")),
            (
                "a status line in drops",
                ScriptedServer::start(Box::new(move |stream| drip(stream, "HTTP/1.1 204 ", "No Content ", second))),
            ),
            (
                "headers in drops",
                ScriptedServer::start(Box::new(move |stream| {
                    drip(stream, "HTTP/1.1 204 No Content\r\n", "X: 1\r\n", second);
                })),
            ),
            (
                "endless interim answers",
                ScriptedServer::start(Box::new(|stream| {
                    let block = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n".repeat(500);
                    while stream.write_all(block.as_bytes()).is_ok() {
                        // Leaves the other tests some of the machine.
                        thread::sleep(Duration::from_millis(20));
                    }
                })),
            ),
        ]
    };
    let cases = Subject::ALL.into_iter().flat_map(|subject| cases().map(|case| (subject, case))).collect();
    at_the_same_time(cases, |(subject, (case, server))| {
        let trial = Trial::of(subject, &server.url());
        let (run, took) = timed(|| trial.sandbox.observe(&mut trial.command()));
        let outcome = trial.outcome(run, &server.finish());
        assert_kept(case, outcome, Kept::Unanswered, "no response within 30 s");
        assert_took(case, took, 30);
    });
}

/// Sends the start at once, and the rest over and over, byte by byte.
fn drip(stream: &mut TcpStream, start: &str, rest: &str, pause: Duration) {
    let _ = stream.write_all(start.as_bytes());
    for byte in rest.bytes().cycle() {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        thread::sleep(pause);
    }
}

#[test]
fn waits_two_seconds_for_error_body() {
    let whole = "{\"title\":\"Forbidden\",\"code\":\"not_yours\",\"detail\":\"Ask an administrator.\"}";
    let head =
        |status| format!("HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nContent-Length: 999\r\n\r\n");
    let cases = vec![
        (format!("{}{whole}", head("403 Forbidden")), "403 Forbidden: Forbidden (not_yours): Ask an administrator."),
        (format!("{}{}", head("403 Forbidden"), &whole[..40]), "403 Forbidden"),
        (head("403 Forbidden"), "403 Forbidden"),
        (head("404 Not Found"), "404 Not Found"),
        (head("500 Internal Server Error"), "500 Internal Server Error"),
    ];
    let mut played: Vec<_> = of_each_subject(cases)
        .map(|(subject, (answer, expected))| {
            (subject, ScriptedServer::stalling_after(answer.as_str()), answer, expected)
        })
        .collect();
    for subject in Subject::ALL {
        let dripping = head("403 Forbidden");
        let dripping = ScriptedServer::start(Box::new(move |stream| {
            drip(stream, &dripping, " ", Duration::from_millis(500));
        }));
        played.push((subject, dripping, "a body in drops".to_owned(), "403 Forbidden"));
    }
    at_the_same_time(played, |(subject, server, answer, expected)| {
        let trial = Trial::of(subject, &server.url());
        let (run, took) = timed(|| trial.sandbox.observe(&mut trial.command()));
        assert_says(&answer, trial.outcome(run, &server.finish()), expected);
        assert_took(&answer, took, 2);
    });
}

#[test]
fn cuts_endless_error_body() {
    let cases = [
        ("403 Forbidden", "application/problem+json", "{\"title\":\""),
        ("404 Not Found", "application/problem+json", "{\"title\":\""),
        ("500 Internal Server Error", "application/problem+json", "[[[["),
        ("503 Service Unavailable", "text/html", "<title>"),
    ];
    for (subject, (status, media_type, start)) in of_each_subject(cases) {
        let server = ScriptedServer::start(Box::new(move |stream| {
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\n\r\n{start}");
            let _ = stream.write_all(head.as_bytes());
            let block = "x".repeat(64 * 1024);
            while stream.write_all(block.as_bytes()).is_ok() {}
        }));
        let trial = Trial::of(subject, &server.url());
        let (run, took) = timed(|| trial.sandbox.observe(&mut trial.command()));
        assert_says(status, trial.outcome(run, &server.finish()), status);
        assert_took(status, took, 0);
    }
}

#[test]
fn ignores_compressed_error_body() {
    let statuses = ["403 Forbidden", "404 Not Found", "500 Internal Server Error"];
    for (subject, status) in of_each_subject(statuses) {
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nContent-Encoding: gzip\r\n\r\n");
        let server = ScriptedServer::answering([head.as_bytes(), GZIPPED_PROBLEM].concat());
        assert_says(status, Trial::of(subject, &server.url()).run(server), status);
    }
}

#[test]
fn hostile_problem_document_stays_one_line() {
    let long = "a".repeat(60_000);
    let x290 = "x".repeat(290);
    let cases: Vec<(Vec<u8>, String)> = vec![
        (br#"{"title":"a\u001b[31mb\u001b]0;c\u0007","detail":"\u202ed\u2066"}"#.into(), ": a[31mb]0;c: d".into()),
        (br#"{"title":"a\r\nerror: b\nhint: c\u0085\u2028d"}"#.into(), ": aerror: bhint: cd".into()),
        (b"{\"title\":\"a raw \x1b[31m escape\"}".into(), String::new()),
        (b"{\"title\":\"invalid \xff\xfe UTF-8\"}".into(), String::new()),
        (format!("{{\"detail\":\"{long}\"}}").into(), format!(": {}", "a".repeat(300))),
        (format!("{{\"detail\":\"{}\"}}", "a".repeat(1 << 20)).into(), String::new()),
        (br#"{"title":1e999,"code":[[]],"detail":{"title":"deeper"}}"#.into(), String::new()),
        (br#"{"title":7,"code":["c"],"detail":{"title":"deeper"},"status":"204"}"#.into(), String::new()),
        (br#"{"title":null,"code":true,"detail":-0.0}"#.into(), String::new()),
        (format!("{{\"a\":{}", "[".repeat(30_000)).into(), String::new()),
        (format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)).into(), String::new()),
        (b"[]".into(), String::new()),
        (b"{\"title\":\"a\"} trailing".into(), String::new()),
        (b"\xef\xbb\xbf{\"title\":\"a\"}".into(), ": a".into()),
        (
            format!("{{\"title\":\"{TOKEN}\",\"code\":\"{SECRET}\",\"detail\":\"Bearer {TOKEN}, {SECRET}\"}}").into(),
            ": [redacted] ([redacted]): Bearer [redacted], [redacted]".into(),
        ),
        (format!("{{\"title\":\"{}\"}}", TOKEN.replace('c', "\\u0063")).into(), ": [redacted]".into()),
        (format!("{{\"detail\":\"{}\"}}", TOKEN.replace('-', "\\u0000-\\u202e")).into(), ": [redacted]".into()),
        (format!("{{\"title\":\"{x290}{TOKEN}\"}}").into(), format!(": {x290}[redacted]")),
        (format!("{{\"instance\":\"{TOKEN}\",\"{TOKEN}\":\"{SECRET}\"}}").into(), String::new()),
    ];
    for (subject, (body, text)) in of_each_subject(cases) {
        for (status, reason) in [(500, "Internal Server Error"), (403, "Forbidden")] {
            let server = ScriptedServer::answering(problem(status, reason, &body));
            let outcome = Trial::of(subject, &server.url()).run(server);
            let case = format!("{:.80}", String::from_utf8_lossy(&body));
            assert_says(&case, outcome, &format!("{status} {reason}{text}"));
        }
    }
}

#[test]
fn hides_token_repeated_in_head() {
    let answers = [
        (format!("HTTP/1.1 500 {TOKEN}\r\n\r\n"), "500 Internal Server Error"),
        (format!("HTTP/1.1 403 Forbidden\r\nContent-Type: {TOKEN}\r\n\r\n"), "403 Forbidden"),
        (format!("HTTP/1.1 302 Found\r\nLocation: /{TOKEN}\r\n\r\n"), "302 Found, a redirect to /[redacted]"),
        (
            format!("HTTP/1.1 302 Found\r\nLocation: /?t={}\r\n\r\n", percent_encoded(TOKEN.as_bytes())),
            "302 Found, a redirect to /?t=[redacted]",
        ),
    ];
    for (subject, (answer, expected)) in of_each_subject(answers) {
        let server = ScriptedServer::answering(answer.as_str());
        assert_says(&answer, Trial::of(subject, &server.url()).run(server), expected);
    }
    let server = ScriptedServer::answering(format!("{TOKEN}\r\n\r\n"));
    assert_kept("no answer", Trial::against(&server.url()).run(server), Kept::Unanswered, NOT_HTTP);
}

/// Each case with each command.
fn of_each_subject<T: Clone>(cases: impl IntoIterator<Item = T>) -> impl Iterator<Item = (Subject, T)> {
    cases.into_iter().flat_map(|case| Subject::ALL.map(|subject| (subject, case.clone())))
}

/// Holds an outcome against all that this answer comes to: a status, and what is shown behind it.
fn assert_says(case: &str, outcome: Outcome, answer: &str) {
    let words = format!("the server responded with {answer}");
    match &answer[..3] {
        "404" => assert_eq!(outcome, Outcome::unknown(outcome.subject, &words), "{case}"),
        "403" => assert_kept(case, outcome, Kept::Refused, &words),
        _ => assert_kept(case, outcome, Kept::Unconfirmed, &words),
    }
}

/// `{"title":"Unpacked"}`.
const GZIPPED_PROBLEM: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\xc9\x2c\xc9\x49\x55\xb2\x52\x0a\
    \xcd\x2b\x48\x4c\xce\x4e\x4d\x51\xaa\x05\x00\x9a\x8a\x47\x67\x14\x00\x00\x00";

fn problem(status: u16, reason: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
