//! Answers: as tests write them, and as they are sent.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value, json};

/// The media type of a problem document (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// The header field that repeats the correlation id of a problem document.
const CORRELATION_ID: &str = "x-correlation-id";

/// An answer of the control plane or of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code, from 200 to 999.
    pub status: u16,
    /// The media type of the body. Empty: the answer has no `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer without a body and media type.
    #[must_use]
    pub fn bare(status: u16) -> Self {
        Self { status, content_type: String::new(), body: Vec::new() }
    }

    /// An answer with a problem document (RFC 9457). When it is sent, it also gets the `correlation_id` of the request.
    #[must_use]
    pub fn problem(status: u16, title: &str, code: &str, detail: &str) -> Self {
        Self::problem_at("/v1/auth/tokens", status, title, code, detail)
    }

    /// A problem document about a request to this path.
    pub(super) fn problem_at(instance: &str, status: u16, title: &str, code: &str, detail: &str) -> Self {
        let document = json!({
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": instance,
            "code": code,
        });
        Self { status, content_type: PROBLEM.to_owned(), body: document.to_string().into_bytes() }
    }

    pub(super) fn json(status: u16, document: &Value) -> Self {
        Self { status, content_type: "application/json".to_owned(), body: document.to_string().into_bytes() }
    }
}

/// An answer with its header fields other than the media type.
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) headers: Vec<(String, String)>,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, headers: Vec::new() }
    }
}

impl Reply {
    /// Adds a correlation id to a problem document that has none, and repeats it as a header field. Any other answer
    /// stays as it is.
    pub(super) fn correlate(&mut self, correlation_id: &str) {
        if self.answer.content_type != PROBLEM {
            return;
        }
        let Ok(mut document) = serde_json::from_slice::<Map<String, Value>>(&self.answer.body) else { return };
        if !document.contains_key("correlation_id") {
            document.insert("correlation_id".to_owned(), correlation_id.into());
            self.answer.body = Value::from(document.clone()).to_string().into_bytes();
        }
        if let Some(id) = document["correlation_id"].as_str() {
            self.headers.push((CORRELATION_ID.to_owned(), id.to_owned()));
        }
    }

    /// Sets members of a JSON object to JSON texts, or removes them. Any other body stays as it is.
    pub(super) fn edit(&mut self, edits: &[(String, Option<String>)]) {
        if edits.is_empty() {
            return;
        }
        let Ok(object) = serde_json::from_slice::<Map<String, Value>>(&self.answer.body) else { return };
        // Texts, not values: a test may need a number that no `Value` can hold.
        let mut members: Vec<(String, String)> =
            object.into_iter().map(|(key, value)| (key, value.to_string())).collect();
        for (key, text) in edits {
            members.retain(|(other, _)| other != key);
            members.extend(text.clone().map(|text| (key.clone(), text)));
        }
        let members: Vec<String> =
            members.into_iter().map(|(key, text)| format!("{}:{text}", Value::from(key))).collect();
        self.answer.body = format!("{{{}}}", members.join(",")).into_bytes();
    }

    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.answer.body));
        *response.status_mut() = status(self.answer.status);
        if let Ok(content_type) = self.answer.content_type.parse::<HeaderValue>()
            && !content_type.is_empty()
        {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }

    /// The whole answer in HTTP/1.1, for scripts that change its bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let Answer { status: code, content_type, body } = self.answer;
        let mut head = format!("HTTP/1.1 {code} {}\r\n", status(code).canonical_reason().unwrap_or_default());
        let length = ("content-length".to_owned(), body.len().to_string());
        let content_type = (!content_type.is_empty()).then(|| ("content-type".to_owned(), content_type));
        for (name, value) in content_type.into_iter().chain([length]).chain(self.headers) {
            head.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
        }
        head.push_str("\r\n");
        [head.into_bytes(), body].concat()
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
