//! Every row of the poll table, with the times between the polls.

use std::time::Duration;

use plexctl::testing::{Answer, Decision, Endpoint, Script};

use crate::login::{INTERVAL, Login, at_once, instructed, instructed_for};

pub(super) const LOST: &str = "an earlier response was lost, so a token may have been issued that is stored nowhere";

/// By how much two arrivals may lie closer together than the requests were sent.
const JITTER: Duration = Duration::from_millis(100);

impl Login {
    /// The times between the arrival of the request for the code, and of each poll.
    fn waits(&self) -> Vec<Duration> {
        let requests = self.server.requests();
        let arrived: Vec<_> = requests.iter().take(1 + self.polls().len()).map(|request| request.arrived).collect();
        arrived.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    pub(super) fn assert_waited(&self, seconds: &[u64]) {
        let waits = self.waits();
        let is_long_enough = |(wait, least): (&Duration, &u64)| *wait + JITTER >= Duration::from_secs(*least);
        assert!(waits.len() == seconds.len() && waits.iter().zip(seconds).all(is_long_enough), "{waits:?}");
    }
}

#[test]
fn polls_on_connections_of_their_own() {
    let login = Login::new();
    login.server.decide_next(Decision::Approve, 3);
    let run = login.run(&[]);
    assert_eq!((run.exit, run.stderr), (0, instructed("")));
    assert_eq!(login.asked(), ["code", "poll", "poll", "poll", "whoami"]);
    login.assert_waited(&[1, 1, 1]);
    let polls = login.polls();
    // A poll may mint a token, so it is not sent on a connection that has been idle for the interval.
    assert!(polls.windows(2).all(|pair| pair[0].connection != pair[1].connection));
    assert!(polls.iter().all(|poll| poll.body == polls[0].body));
}

#[test]
fn whoami_shares_tls_connection_of_token() {
    let (login, store) = Login::over_tls();
    login.server.decide_next(Decision::Approve, 2);
    let run = login.sandbox.observe(login.command(&[]).env("SSL_CERT_FILE", &store));
    assert_eq!(run.exit, 0, "{run:?}");
    assert_eq!(login.asked(), ["code", "poll", "poll", "whoami"]);
    let connections: Vec<_> = login.server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 2, 3, 3]);
}

#[test]
fn encrypted_server_cannot_send_operator_to_unencrypted_page() {
    let (login, store) = Login::over_tls();
    login.server.configure(|settings| settings.verification_uri = Some("http://plexsphere.example/device".to_owned()));
    let run = login.sandbox.observe(login.command(&[]).env("SSL_CERT_FILE", &store));
    let words = "cannot be used: verification_uri: it is http, but the server is https";
    assert!(run.exit == 1 && run.stderr.contains(words), "{run:?}");
    assert_eq!(login.asked(), ["code"]);
}

#[test]
fn slow_down_lengthens_interval() {
    let login = Login::new();
    let slow = Script::answer(Answer::problem(400, "Bad Request", "slow_down", "Too early."));
    login.server.once(Endpoint::DeviceToken, slow);
    login.server.decide_next(Decision::Approve, 2);
    let run = login.run(&[]);
    assert_eq!((run.exit, run.stderr), (0, instructed("")));
    login.assert_waited(&[1, 6, 6]);
}

#[test]
fn terminal_poll_response_ends_login() {
    let problem = |status, code| Script::answer(Answer::problem(status, "Title", code, "Detail."));
    let cases = [
        (problem(400, "access_denied"), 4, "the request was denied"),
        (problem(400, "expired_token"), 1, ""),
        (problem(400, "invalid_grant"), 1, "invalid_grant"),
        (problem(400, "invalid_request"), 1, "invalid_request"),
        (Script::answer(Answer::bare(400)), 1, "400 Bad Request"),
        (problem(401, "unauthenticated"), 1, "401 Unauthorized"),
        (problem(404, "not_found"), 1, "404 Not Found"),
        (problem(418, "teapot"), 1, "418"),
        (problem(403, "forbidden"), 4, "403 Forbidden"),
    ];
    at_once(&cases, |(script, exit, words)| {
        let login = Login::new();
        login.server.once(Endpoint::DeviceToken, script.clone());
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (*exit, ""), "{run:?}");
        let told = run.stderr.strip_prefix(&instructed("error: login failed: ")).unwrap_or_default();
        assert!(told.contains(words) && !told.is_empty() && !told.contains(LOST), "{words}: {}", run.stderr);
        assert_eq!(login.asked(), ["code", "poll"]);
        assert!(!login.sandbox.config().exists());
    });
}

#[test]
fn accepts_token_cut_off_after_object() {
    let login = Login::approved();
    let promise_more = |answer: Vec<u8>| {
        let text = String::from_utf8(answer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let head: Vec<_> = head.lines().filter(|line| !line.starts_with("content-length")).collect();
        format!("{}\r\ncontent-length: 9999\r\n\r\n{body}", head.join("\r\n")).into_bytes()
    };
    login.server.once(Endpoint::DeviceToken, Script::real().rewritten(promise_more));
    let run = login.run(&[]);
    assert_eq!((run.exit, run.stderr), (0, instructed("")));
    assert_eq!(login.live(), ["[NEW]"]);
}

#[test]
fn unusable_success_is_lost() {
    let cut = |mut answer: Vec<u8>| {
        answer.truncate(answer.len() - 1);
        answer
    };
    let with_body = |answer: Vec<u8>, change: fn(&str) -> String| {
        let text = String::from_utf8(answer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let head: Vec<_> = head.lines().filter(|line| !line.starts_with("content-length")).collect();
        let body = change(body);
        format!("{}\r\ncontent-length: {}\r\n\r\n{body}", head.join("\r\n"), body.len()).into_bytes()
    };
    let second_token =
        move |answer| with_body(answer, |body| body.replacen('{', r#"{"access_token":"psk_dev_a_b","#, 1));
    let second_object = move |answer| with_body(answer, |body| format!("{body}{body}"));
    let cases = [
        (Script::real().rewritten(cut), "it is incomplete"),
        (Script::real().with("token_type", "\"mac\""), "token_type: it is not Bearer"),
        (Script::real().with("access_token", "\"\""), "access_token: it is empty"),
        (
            Script::real().with("access_token", "\"a b\""),
            "access_token: it has characters that a bearer token cannot have",
        ),
        (Script::real().without("access_token"), "access_token: it is missing"),
        (Script::real().without("token_type"), "token_type: it is missing"),
        (Script::real().with("token_type", "null"), "token_type: it is missing"),
        (Script::real().with("token_type", "\"Bearer \""), "token_type: it is not Bearer"),
        (Script::real().with("access_token", "17"), "access_token: it is not a string"),
        (Script::real().rewritten(second_token), "it holds more than one token"),
        (Script::real().rewritten(second_object), "it holds more than one token"),
        (
            Script::real().with("access_token", "\"caf\u{e9}\""),
            "access_token: it has characters that a bearer token cannot have",
        ),
        (
            Script::real().with("access_token", "\"a\\u0007\""),
            "access_token: it has characters that a bearer token cannot have",
        ),
        (
            Script::real().with("access_token", &format!("\"{}\"", "a".repeat(4097))),
            "access_token: it is longer than 4096 bytes",
        ),
        (Script::answer(Answer::bare(200)), "it is not a JSON object"),
        (Script::answer(Answer::bare(204)), "responded with 204 No Content"),
        (Script::answer(Answer::bare(202)), "responded with 202 Accepted"),
    ];
    at_once(&cases, |(script, words)| {
        let login = Login::approved();
        login.server.once(Endpoint::DeviceToken, script.clone());
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(run.stderr.starts_with(&instructed("error: login failed: ")), "{}", run.stderr);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(run.stderr.contains(LOST), "{}", run.stderr);
        assert!(!login.sandbox.config().exists());
        assert_eq!(login.asked(), ["code", "poll"]);
    });
}

#[test]
fn invalid_expiry_is_unknown() {
    at_once(&["0", "-1", "\"3600\"", "99999999999999999999"], |expires_in| {
        let login = Login::approved();
        login.server.once(Endpoint::DeviceToken, Script::real().with("expires_in", expires_in));
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stderr), (0, instructed("")), "{expires_in}");
        assert!(!login.config().contains("expires_at"), "{}", login.config());
    });
}

#[test]
fn polls_once_more_before_the_code_expires() {
    // With an interval of 5 s, in milliseconds: the lifetime of the code, and when it is polled.
    let cases: [(u64, &[u64]); 3] = [(12, &[5000, 10_000, 11_000]), (4, &[3000]), (1, &[0])];
    at_once(&cases, |(lifetime, polls)| {
        let login = Login::new();
        login.server.configure(|settings| {
            settings.interval = Duration::from_secs(5);
            settings.expires_in = Duration::from_secs(*lifetime);
        });
        login.server.decide_next(Decision::Approve, polls.len());
        let run = login.run(&[]);
        assert_eq!(
            (run.exit, run.stderr),
            (0, instructed_for(&format!("{lifetime} second{}", if *lifetime == 1 { "" } else { "s" }), ""))
        );
        let requests = login.server.requests();
        for (poll, expected) in login.polls().iter().zip(*polls) {
            let time = poll.arrived - requests[0].arrived;
            let expected = Duration::from_millis(*expected);
            assert!(time + JITTER >= expected && time < expected + Duration::from_millis(800), "{time:?} {expected:?}");
        }
        assert_eq!(login.polls().len(), polls.len());
    });
}

#[test]
fn warns_once_per_failure_streak() {
    let cases = [
        (Script::answer(Answer::bare(408)), false, "408 Request Timeout"),
        (Script::answer(Answer::bare(429)), false, "429 Too Many Requests"),
        (Script::answer(Answer::bare(302)), false, "302 Found"),
        (Script::answer(Answer::bare(503)), true, "503 Service Unavailable"),
        (Script::answer(Answer::problem(503, "Busy", "busy", "Nothing was done.")), false, "503 Service Unavailable"),
        (Script::hang_up(), true, "the connection was closed before a response"),
    ];
    at_once(&cases, |(script, is_lost, words)| {
        let login = Login::approved();
        login.server.once(Endpoint::DeviceToken, script.clone());
        login.server.once(Endpoint::DeviceToken, script.clone());
        let run = login.run(&[]);
        assert_eq!(run.exit, 0, "{run:?}");
        assert_eq!(run.stderr.matches("warning: polling [ORIGIN] failed: ").count(), 1, "{}", run.stderr);
        assert!(run.stderr.contains(words) && run.stderr.contains("; still waiting for approval\n"), "{}", run.stderr);
        assert_eq!(run.stderr.contains(&format!("warning: {LOST}\n")), *is_lost, "{}", run.stderr);
        // The first failure already slows the polls down (RFC 8628, section 3.5).
        login.assert_waited(&[1, 2, 4]);
        assert_eq!(login.asked(), ["code", "poll", "poll", "poll", "whoami"]);
    });
}

#[test]
fn tells_lost_poll_response_at_end() {
    let login = Login::approved();
    login.server.once(Endpoint::DeviceToken, Script::real().lost());
    let run = login.run(&[]);
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("error: login failed: ") && run.stderr.contains(LOST), "{}", run.stderr);
    assert_eq!(login.asked(), ["code", "poll", "poll"]);
    assert_eq!(login.live(), ["[NEW]"]);
}

#[test]
fn honors_reasonable_retry_after() {
    at_once(&[("4", 4), ("61", 2), ("0", 2), ("Wed, 21 Oct 2026 07:28:00 GMT", 2)], |(value, least)| {
        let login = Login::approved();
        let busy = Script::answer(Answer::bare(429)).header("retry-after", value);
        login.server.once(Endpoint::DeviceToken, busy);
        assert_eq!(login.run(&[]).exit, 0, "{value}");
        login.assert_waited(&[INTERVAL.as_secs(), *least]);
    });
}
