//! Problem details (RFC 9457): the bounded, sanitized part of an error answer that may reach the operator.

use std::fmt;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Body, Bytes};
use hyper::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::domain::printable::is_unprintable;
use crate::domain::token::SessionToken;

/// How much of an error body is read, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// How long an error body is waited for.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// How much of each text is shown, in characters.
const MAX_TEXT: usize = 300;

/// The shortest secret that is masked on its own; a shorter one would also hit harmless text.
const MIN_MASKED_SECRET: usize = 8;

/// What stands in place of a credential.
const MASK: &str = "[redacted]";

/// A problem document's texts, fit for a terminal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Problem {
    title: Option<String>,
    code: Option<String>,
    detail: Option<String>,
}

impl Problem {
    /// Reads an answer's problem document, for as long and as far as the limits allow. `None` means that the answer
    /// has none: another media type, or no JSON object.
    pub(super) async fn read(
        response: Response<impl Body<Data = Bytes> + Unpin>,
        token: &SessionToken,
        deadline: Instant,
    ) -> Option<Self> {
        let media_type = response.headers().get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
        if !media_type.eq_ignore_ascii_case("application/problem+json") {
            return None;
        }
        let deadline = deadline.min(Instant::now() + BODY_TIMEOUT);
        let body = read_body(response.into_body(), deadline).await;
        Self::parse(&body, token)
    }

    fn parse(body: &[u8], token: &SessionToken) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let text = |member| Some(sanitize(members.get(member)?.as_str()?, token)).filter(|text| !text.is_empty());
        Some(Self { title: text("title"), code: text("code"), detail: text("detail") })
    }
}

/// Writes `title (code): detail`, as far as they are there.
impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.title.as_deref().unwrap_or("no title"))?;
        if let Some(code) = &self.code {
            write!(formatter, " ({code})")?;
        }
        if let Some(detail) = &self.detail {
            write!(formatter, ": {detail}")?;
        }
        Ok(())
    }
}

/// A body's title, code and detail, and the line they make, for the fuzz target.
#[cfg(fuzzing)]
pub(crate) fn fuzzed_problem(body: &[u8], token: &SessionToken) -> Option<([Option<String>; 3], String)> {
    let problem = Problem::parse(body, token)?;
    let line = problem.to_string();
    Some(([problem.title, problem.code, problem.detail], line))
}

/// Reads what arrives of a body before the deadline and within the limit; the rest is left to the closing connection.
async fn read_body(mut body: impl Body<Data = Bytes> + Unpin, deadline: Instant) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_BODY {
        let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await else { break };
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(&data[..data.len().min(MAX_BODY - bytes.len())]);
        }
    }
    bytes
}

/// Strips what could act on a terminal, masks the credential that a server might send back, and cuts to size. Masking
/// comes after stripping, which could join a credential, and before cutting, which could leave half of one.
fn sanitize(text: &str, token: &SessionToken) -> String {
    let mut clean: String = text.chars().filter(|character| !is_unprintable(*character)).collect();
    let whole = token.expose_secret();
    clean = clean.replace(whole, MASK);
    if let Some(secret) = whole.splitn(4, '_').nth(3).filter(|secret| secret.len() >= MIN_MASKED_SECRET) {
        clean = clean.replace(secret, MASK);
    }
    clean.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::Frame;
    use hyper::header::HeaderValue;
    use proptest::prelude::*;
    use tokio::time::{Sleep, sleep};

    use super::*;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

    fn token(secret: &str) -> SessionToken {
        SessionToken::parse(format!("psk_prod_{ID}_{secret}")).unwrap()
    }

    fn shown(body: &str) -> Option<String> {
        Problem::parse(body.as_bytes(), &token("s3cr3t-s3cr3t")).map(|problem| problem.to_string())
    }

    #[test]
    fn title_code_and_detail_are_shown_as_far_as_they_are_there() {
        let cases = [
            (r#"{"title":"T","code":"c","detail":"D"}"#, "T (c): D"),
            (r#"{"title":"T","detail":"D"}"#, "T: D"),
            (r#"{"title":"T","code":"c"}"#, "T (c)"),
            (r#"{"code":"c"}"#, "no title (c)"),
            (r#"{"title":"","code":"","detail":""}"#, "no title"),
            (r#"{"title":7,"code":["c"],"detail":{"a":1}}"#, "no title"),
            (r#"{"title":"T","title":"U"}"#, "U"),
            ("{}", "no title"),
        ];
        for (body, text) in cases {
            assert_eq!(shown(body).as_deref(), Some(text), "{body}");
        }
    }

    #[test]
    fn whatever_is_no_json_object_is_no_problem_document() {
        let deep = format!("{{\"a\":{}}}", "[".repeat(100_000));
        for body in ["", "null", "[]", "\"title\"", "7", "{", "{\"title\":\"T\"", "{\"title\":\"T\"}x", deep.as_str()] {
            assert_eq!(shown(body), None, "{body:.20}");
        }
        assert_eq!(Problem::parse(b"{\"title\":\"\xff\"}", &token("s3cr3t-s3cr3t")), None);
    }

    /// A body of so many frames of one size. It ends, or hangs and must not be asked for more than that.
    struct Frames {
        left: usize,
        size: usize,
        then_hangs: bool,
    }

    impl Body for Frames {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.left.checked_sub(1) {
                Some(left) => self.left = left,
                None if self.then_hangs => return Poll::Pending,
                None => return Poll::Ready(None),
            }
            Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; self.size])))))
        }
    }

    /// How many bytes are read of a body within the body's time, and whether that took all of it.
    fn length_read(left: usize, size: usize, then_hangs: bool) -> (usize, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let deadline = Instant::now() + Duration::from_millis(200);
            let length = read_body(Frames { left, size, then_hangs }, deadline).await.len();
            (length, Instant::now() >= deadline)
        })
    }

    #[test]
    fn a_body_is_read_to_its_end_its_limit_or_its_deadline() {
        assert_eq!(length_read(3, 1000, false), (3000, false));
        assert_eq!(length_read(3, 1000, true), (3000, true));
        assert_eq!(length_read(66, 1000, false), (64 * 1024, false));
        assert_eq!(length_read(66, 1000, true), (64 * 1024, false));
        assert_eq!(length_read(1, 64 * 1024, true), (64 * 1024, false));
        assert_eq!(length_read(1, 1024 * 1024, true), (64 * 1024, false));
    }

    /// A body that comes as a whole, but not at once.
    struct Late {
        delay: Pin<Box<Sleep>>,
        bytes: Option<Bytes>,
    }

    impl Body for Late {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.delay.as_mut().poll(context).map(|()| Some(Ok(Frame::data(self.bytes.take()?))))
        }
    }

    /// What is read of an answer of this media type, whose body comes 100 milliseconds after its head.
    fn read(media_type: Option<&str>, body: &'static str, deadline: Duration) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let delay = Box::pin(sleep(Duration::from_millis(100)));
            let mut response = Response::new(Late { delay, bytes: Some(Bytes::from_static(body.as_bytes())) });
            if let Some(media_type) = media_type {
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_bytes(media_type.as_bytes()).unwrap());
            }
            let problem = Problem::read(response, &token("s3cr3t-s3cr3t"), Instant::now() + deadline).await;
            problem.map(|problem| problem.to_string())
        })
    }

    #[test]
    fn a_problem_document_is_a_json_object_of_its_media_type_that_comes_in_time() {
        let (document, minute) = ("{\"title\":\"T\"}", Duration::from_secs(60));
        for media_type in ["application/problem+json", "Application/Problem+JSON ; charset=utf-8"] {
            assert_eq!(read(Some(media_type), document, minute).as_deref(), Some("T"), "{media_type}");
            assert_eq!(read(Some(media_type), "[]", minute), None, "{media_type}");
        }
        for media_type in [None, Some(""), Some("application/json"), Some("application/problem+jsonx"), Some("\u{e9}")]
        {
            assert_eq!(read(media_type, document, minute), None, "{media_type:?}");
        }
        assert_eq!(read(Some("application/problem+json"), document, Duration::ZERO), None);
    }

    #[test]
    fn control_and_bidi_characters_are_stripped() {
        let body = "{\"title\":\"a\\u001b[31mb\\r\\n\\u0000\\u009b\\u007f\\u2028c\\u202e\\u2066d\"}";
        assert_eq!(shown(body).as_deref(), Some("a[31mbcd"));
    }

    #[test]
    fn the_token_and_its_secret_are_masked_wherever_they_stand() {
        let masked = |text: &str| sanitize(text, &token("s3cr3t-s3cr3t"));
        assert_eq!(masked(&format!("<psk_prod_{ID}_s3cr3t-s3cr3t>")), "<[redacted]>");
        assert_eq!(masked("a s3cr3t-s3cr3t b s3cr3t-s3cr3t"), "a [redacted] b [redacted]");
        assert_eq!(masked("s3cr3t\u{0}-s3cr\u{202e}3t"), "[redacted]");
        assert_eq!(masked(&format!("the id {ID} is no secret")), format!("the id {ID} is no secret"));
    }

    #[test]
    fn a_secret_is_masked_on_its_own_from_8_characters_on() {
        assert_eq!(sanitize("_1234567_", &token("1234567")), "_1234567_");
        assert_eq!(sanitize("_12345678_", &token("12345678")), "_[redacted]_");
        assert_eq!(sanitize("under_score_", &token("under_score_")), "[redacted]");
        assert_eq!(sanitize(&format!("psk_prod_{ID}_short"), &token("short")), "[redacted]");
    }

    #[test]
    fn texts_are_cut_to_300_characters_after_masking() {
        let long = "ä".repeat(301);
        assert_eq!(sanitize(&long, &token("s3cr3t-s3cr3t")), "ä".repeat(300));
        let tail = format!("{}s3cr3t-s3cr3t", "x".repeat(295));
        assert_eq!(sanitize(&tail, &token("s3cr3t-s3cr3t")), format!("{}[reda", "x".repeat(295)));
    }

    proptest! {
        #[test]
        fn whatever_a_server_sends_back_is_short_printable_and_free_of_the_credential(
            secret in "[A-Za-z0-9._~+/-]{8,20}=?", pieces in prop::collection::vec(0..8_usize, 0..60), filler in "\\PC{0,40}",
        ) {
            // A secret that is part of the mask cannot be hidden by it.
            prop_assume!(!MASK.contains(&secret));
            let token = token(&secret);
            let (head, tail) = secret.split_at(secret.len() / 2);
            let whole = token.expose_secret();
            let parts = [whole, &secret, head, tail, "\u{1b}[31m", "\u{202e}", "\n", &filler];
            let text: String = pieces.into_iter().map(|piece| parts[piece]).collect();

            let shown = sanitize(&text, &token);
            prop_assert!(shown.chars().count() <= 300);
            prop_assert!(!shown.contains(is_unprintable));
            prop_assert!(!shown.contains(secret.as_str()));
        }
    }
}
