//! What goes back over the wire: the answers that tests write, and the bytes of an answer.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value, json};

/// An answer as the control plane or a script gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code, from 200 to 999.
    pub status: u16,
    /// The media type of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn bare(status: u16) -> Self {
        Self { status, content_type: "text/plain".to_owned(), body: Vec::new() }
    }

    /// An answer with a problem document (RFC 9457).
    #[must_use]
    pub fn problem(status: u16, title: &str, code: &str, detail: &str) -> Self {
        Self::problem_at("/v1/auth/tokens", status, title, code, detail)
    }

    /// A problem document that occurred at a path.
    pub(super) fn problem_at(instance: &str, status: u16, title: &str, code: &str, detail: &str) -> Self {
        let document = json!({
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": instance,
            "code": code,
        });
        Self { status, content_type: "application/problem+json".to_owned(), body: document.to_string().into_bytes() }
    }

    pub(super) fn json(document: &Value) -> Self {
        Self { status: 200, content_type: "application/json".to_owned(), body: document.to_string().into_bytes() }
    }
}

/// An answer with the header fields that it has besides the media type.
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
    /// Puts JSON texts in place of the values of a JSON object, or takes keys out of it. Another body stays as it is.
    pub(super) fn edit(&mut self, edits: &[(String, Option<String>)]) {
        if edits.is_empty() {
            return;
        }
        let Ok(object) = serde_json::from_slice::<Map<String, Value>>(&self.answer.body) else { return };
        // Texts and not values, since a test may want a number that no `Value` holds.
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
        if let Ok(content_type) = self.answer.content_type.parse() {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }

    /// The whole answer as HTTP/1.1 has it, for scripts that change it on the wire.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let Answer { status: code, content_type, body } = self.answer;
        let mut head = format!("HTTP/1.1 {code} {}\r\n", status(code).canonical_reason().unwrap_or_default());
        let length = ("content-length".to_owned(), body.len().to_string());
        let own = [("content-type".to_owned(), content_type), length];
        for (name, value) in own.into_iter().chain(self.headers) {
            head.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
        }
        head.push_str("\r\n");
        [head.into_bytes(), body].concat()
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
