//! Requests: as tests see them afterwards, and as the operations read them.

use std::time::Instant;

use hyper::Uri;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

/// One request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    /// When its head arrived.
    pub arrived: Instant,
    /// The number of its connection, from 1. All requests on a kept connection have the same one.
    pub connection: usize,
    /// The correlation id that a problem document in the answer carries. It counts the requests, so a test can predict
    /// it.
    pub correlation_id: String,
    /// The method.
    pub method: String,
    /// The request target (RFC 9112, section 3.2).
    pub target: String,
    /// The header fields in order, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The value of the header field with this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn path(&self) -> String {
        self.uri().path().to_owned()
    }

    pub(super) fn bearer(&self) -> &str {
        self.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default()
    }

    /// The body, if its media type is JSON and it has this form.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        let media_type = self.header("content-type")?.split(';').next()?.trim();
        media_type.eq_ignore_ascii_case("application/json").then(|| serde_json::from_slice(&self.body).ok())?
    }

    /// A parameter of the query.
    pub(super) fn query_parameter(&self, name: &str) -> Option<String> {
        form_field(self.uri().query()?, name)
    }

    /// A field of a form in the body.
    pub(super) fn form_field(&self, name: &str) -> Option<String> {
        form_field(&String::from_utf8_lossy(&self.body), name)
    }

    fn uri(&self) -> Uri {
        self.target.parse().unwrap_or_default()
    }
}

/// The first field with this name in a text of type `application/x-www-form-urlencoded`.
fn form_field(text: &str, name: &str) -> Option<String> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let fields = text.split('&').map(|field| field.split_once('=').unwrap_or((field, "")));
    fields.map(|(key, value)| (decode(key), value)).find(|(key, _)| key == name).map(|(_, value)| decode(value))
}
