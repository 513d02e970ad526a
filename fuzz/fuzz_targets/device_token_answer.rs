//! Whatever a server answers to a poll, it means what the table of answers says, which is written here by hand a second
//! time; a token that arrived is never given away, and no error shows it or the device code.
//!
//! Three bytes are the status and flags; then come a line with the value of `Retry-After`, a line with the device code,
//! and the body, in which `$` stands for the device code if a flag says so.

#![no_main]

use std::error::Error;
use std::iter;
use std::time::Duration;

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::fuzzing;
use plexctl::ports::RequestError;
use plexctl::ports::token_issuer::PollResponse;
use serde_json::{Map, Value, json};

/// What stands in place of a secret. Beside it a code with a bracket may come to be, and `Debug` may spell another text as
/// a code with a backslash or a quote.
const MASK: &str = "[redacted]";

/// The shortest secret that is not found in harmless words by chance.
const MIN_SECRET: usize = 12;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let [status_high, status_low, flags, rest @ ..] = bytes else { return Corpus::Reject };
    let mut lines = rest.splitn(3, |byte| *byte == b'\n');
    let (Some(Ok(retry_after)), Some(Ok(code)), Some(body)) =
        (lines.next().map(str::from_utf8), lines.next().map(str::from_utf8), lines.next())
    else {
        return Corpus::Reject;
    };
    if code.is_empty() || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Corpus::Reject;
    }
    let flag = |number: u8| flags >> number & 1 == 1;
    let status = u16::from_be_bytes([*status_high, *status_low]) % 1000;
    let is_complete = flag(0);
    let head = PollHead {
        status,
        retry_after: flag(1).then(|| retry_after.to_owned()),
        is_problem: flag(2),
        is_proxied: flag(3),
    };
    let body = if flag(4) { String::from_utf8_lossy(body).replace('$', code).into_bytes() } else { body.to_vec() };
    let members = serde_json::Deserializer::from_slice(&body).into_iter::<Map<String, Value>>().next();
    let members = members.and_then(Result::ok);

    let answer = read_poll(&head, &body, is_complete, code);
    let is_document = head.is_problem && serde_json::from_slice::<Map<String, Value>>(&body).is_ok();
    let said = members.as_ref().filter(|_| is_document).and_then(|members| members.get("code")?.as_str());
    let may_be_the_proxys = head.is_proxied && !is_document;
    match (status, &answer) {
        (200, PollResponse::Issued(issued)) => {
            if let Some(members) = &members {
                let expected = issued_in(members).expect("a token is taken only if it keeps its rule");
                assert_eq!((issued.token.expose_secret(), issued.lifetime), expected);
            }
            let again = json!({
                "access_token": issued.token.expose_secret(),
                "token_type": "bEARER",
                "expires_in": issued.lifetime.map(|lifetime| lifetime.as_secs()),
            });
            let again = read_poll(&head, again.to_string().as_bytes(), is_complete, code);
            assert!(matches!(again, PollResponse::Issued(again) if again == *issued), "what is taken can be sent");
        }
        (200, PollResponse::NotIssued(RequestError::Unusable { source })) => {
            let told = source.to_string();
            if told == "it holds more than one token" {
                let object = String::from_utf8_lossy(&body);
                assert!(object.matches('{').count() > 1 || object.matches(':').count() > 1, "{object}");
                return Corpus::Keep;
            }
            assert!(members.as_ref().and_then(issued_in).is_none(), "a token that arrived is taken");
            let is_of_field = ["access_token: ", "token_type: "].iter().any(|field| told.starts_with(field));
            assert!(
                is_of_field || ["it is not a JSON object", "it is incomplete"].contains(&told.as_str()),
                "{told:?}"
            );
            assert!(told.len() < 100);
        }
        (201..300, PollResponse::NotIssued(RequestError::Unusable { source })) => {
            assert!(source.to_string().contains(&format!(" responded with {status}")), "{source}");
        }
        (100..200 | 300..400 | 408 | 429 | 500.., PollResponse::Failed(failure))
        | (0..100, PollResponse::Failed(failure)) => {
            let did_nothing = (300..500).contains(&status) || status == 503 && is_document;
            assert_eq!(failure.may_have_issued, !did_nothing);
            assert_eq!(failure.retry_after, wait(&head));
        }
        (400..500, PollResponse::Failed(failure)) => {
            assert!(may_be_the_proxys && !failure.may_have_issued);
            assert_eq!(failure.retry_after, wait(&head));
        }
        (400, PollResponse::Pending) => assert_eq!(said, Some("authorization_pending")),
        (400, PollResponse::SlowDown) => assert_eq!(said, Some("slow_down")),
        (400, PollResponse::Denied) => assert_eq!(said, Some("access_denied")),
        (400, PollResponse::Expired) => assert_eq!(said, Some("expired_token")),
        (400, PollResponse::NotIssued(RequestError::Rejected { .. })) => {
            let known = ["authorization_pending", "slow_down", "access_denied", "expired_token"];
            assert!(!may_be_the_proxys && !said.is_some_and(|said| known.contains(&said)));
        }
        (403, PollResponse::NotIssued(RequestError::Refused { .. })) => assert!(!may_be_the_proxys),
        (401 | 402 | 404.., PollResponse::NotIssued(RequestError::Rejected { .. })) => {
            assert!(!may_be_the_proxys && status < 500)
        }
        _ => panic!("{status}: {answer:?}"),
    }

    let seen = shown(&answer);
    if (MIN_SECRET..=4096).contains(&code.len()) && !code.contains(['[', ']', '\\', '"']) && !MASK.contains(code) {
        // The words that stand there whatever the body says.
        let is_said_by_itself = shown(&read_poll(&head, b"{}", true, "-")).contains(code);
        assert!(is_said_by_itself || !seen.contains(code), "the device code is shown: {seen}");
    }
    // What a success holds may be a token, whether it can be used or not.
    if (200..300).contains(&status) {
        let token = members.as_ref().and_then(|members| members.get("access_token")?.as_str()).unwrap_or_default();
        assert!(token.len() < MIN_SECRET || !seen.contains(token), "the token is shown: {seen}");
    }
    Corpus::Keep
});

/// The head of an answer to a poll.
struct PollHead {
    status: u16,
    /// The value of `Retry-After`.
    retry_after: Option<String>,
    /// Whether the body is said to be problem details.
    is_problem: bool,
    /// Whether a proxy could have answered.
    is_proxied: bool,
}

fn read_poll(head: &PollHead, body: &[u8], is_complete: bool, code: &str) -> PollResponse {
    let PollHead { status, retry_after, is_problem, is_proxied } = head;
    fuzzing::read_poll((*status, retry_after.as_deref()), (*is_problem, *is_proxied), (body, is_complete), code)
}

/// All that can be read out of an answer.
fn shown(answer: &PollResponse) -> String {
    let source = match answer {
        PollResponse::NotIssued(error) => Some(error.call_error()),
        PollResponse::Failed(failure) => Some(&failure.source),
        _ => None,
    };
    let first = source.map(|source| source as &(dyn Error + 'static));
    let chain = iter::successors(first, |level| (*level).source()).map(ToString::to_string);
    chain.chain([format!("{answer:?}")]).collect::<Vec<_>>().join("\n")
}

/// How long the server asks to be left alone, by the rule.
fn wait(head: &PollHead) -> Option<Duration> {
    let text = head.retry_after.as_deref()?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = text.trim_start_matches('0');
    let seconds =
        if digits.len() > 2 { 61 } else { digits.bytes().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')) };
    (seconds <= 60).then_some(Duration::from_secs(seconds))
}

/// The token in a body, by the rule, and how long it is good.
fn issued_in(members: &Map<String, Value>) -> Option<(&str, Option<Duration>)> {
    let token = members.get("access_token")?.as_str()?;
    let bare = token.trim_end_matches('=');
    let is_b64 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let is_bearer = members.get("token_type")?.as_str()?.to_ascii_lowercase() == "bearer";
    if token.len() > 4096 || bare.is_empty() || !bare.bytes().all(is_b64) || !is_bearer {
        return None;
    }
    let seconds = members.get("expires_in").and_then(|value| match value {
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64()?;
            #[allow(clippy::cast_possible_truncation, reason = "it saturates, as it should")]
            (number.fract() == 0.0).then_some(number as i64)
        }
        Value::Number(number) => Some(number.as_i64().unwrap_or(i64::MAX)),
        _ => None,
    });
    Some((token, seconds.filter(|seconds| *seconds >= 1).map(|seconds| Duration::from_secs(seconds.unsigned_abs()))))
}
