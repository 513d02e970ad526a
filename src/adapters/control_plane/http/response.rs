//! The response to a call: its head, and the body as far as the call wants it.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use tokio::time::{Instant, timeout_at};

use super::super::failure::ProxyName;
use super::super::problem::{MAX_TEXT, ProblemDetails};
use super::super::sent_secrets::SentSecrets;
use super::super::unexpected_response::{UnexpectedResponse, wait_in};
use super::body::Body;
use super::connection::Connection;
use super::idle_connection::IdleConnection;
use crate::domain::server_url::ServerUrl;
#[cfg(fuzzing)]
use crate::domain::token::SessionToken;

/// How long the body of an error is waited for.
pub(crate) const ERROR_BODY_LIMIT: Duration = Duration::from_secs(2);

/// The id under which the server logged a request.
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// The head of a response, with the body still on its way.
pub(crate) struct Response<'a> {
    pub(super) inner: hyper::Response<Incoming>,
    /// What the body arrives on, until it is complete.
    pub(super) connection: Option<Connection>,
    /// Where the connection goes once the body is complete, if a later call may use it.
    pub(super) idle: Option<&'a IdleConnection>,
    pub(super) server: &'a ServerUrl,
    /// When the whole call has to be done.
    pub(super) deadline: Instant,
    pub(super) sent_secrets: &'a SentSecrets,
    /// The proxy that could read the request and answer it itself.
    pub(crate) proxy: Option<ProxyName>,
}

impl Response<'_> {
    /// The status code.
    pub(crate) fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    /// Whether the media type is one of JSON: `application/json`, or one that ends in `+json` (RFC 6839, section 3.1).
    pub(crate) fn is_json(&self) -> bool {
        self.media_type().is_some_and(|media_type| {
            media_type == "application/json" || media_type.contains('/') && media_type.ends_with("+json")
        })
    }

    /// The media type of the body, in lower case and without parameters (RFC 9110, section 8.3.1).
    fn media_type(&self) -> Option<String> {
        let value = self.inner.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next()?.trim().to_ascii_lowercase())
    }

    /// Reads the body, within a limit that counts from now.
    pub(crate) async fn body(&mut self, limit: Duration) -> Body {
        let deadline = self.deadline.min(Instant::now() + limit);
        let body = Body::read(self.inner.body_mut(), deadline).await;
        // Bytes that are still to come would be taken for the next response on this connection.
        if body.is_complete
            && let Some(idle) = self.idle
            && let Some(connection) = self.connection.take()
        {
            idle.put(self.server, connection);
        }
        body
    }

    /// Hands the body on in pieces as it arrives, until it ends or the time of the call is up. Tells whether it ended.
    ///
    /// # Errors
    ///
    /// The error of the function that takes the pieces.
    pub(crate) async fn pieces<E>(&mut self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<bool, E> {
        loop {
            match timeout_at(self.deadline, self.inner.body_mut().frame()).await {
                Ok(Some(Ok(frame))) => frame.data_ref().map_or(Ok(()), |piece| take(piece))?,
                Ok(None) => return Ok(true),
                // The caller decides what a part is worth, so a broken body is no error of this function.
                Ok(Some(Err(_))) | Err(_) => return Ok(false),
            }
        }
    }

    /// Makes an error of the response, with its problem details as far as they may be shown: without any secret that the
    /// client has sent.
    pub(crate) async fn into_error(mut self) -> UnexpectedResponse {
        // A page of a proxy or a captive portal can be long, and nothing of it would be shown.
        let body = if self.is_problem() { self.body(ERROR_BODY_LIMIT).await } else { Body::default() };
        self.unexpected(&body)
    }

    /// Makes an error of a response whose body was read already.
    pub(crate) fn unexpected(self, body: &Body) -> UnexpectedResponse {
        let problem = if self.is_problem() { ProblemDetails::parse(&body.bytes, self.sent_secrets) } else { None };
        let header = |name| shown(self.inner.headers().get(name)?, self.sent_secrets);
        UnexpectedResponse {
            status: self.status(),
            correlation_id: correlation_id(problem.as_ref(), || header(CORRELATION_ID)),
            location: header(LOCATION),
            retry_after: self.inner.headers().get(RETRY_AFTER).and_then(|value| wait_in(value.to_str().ok()?)),
            problem,
            proxy: self.proxy,
        }
    }

    fn is_problem(&self) -> bool {
        self.media_type().is_some_and(|media_type| media_type == "application/problem+json")
    }
}

/// The id under which the server logged the request: in the problem details, or else in the header.
fn correlation_id(problem: Option<&ProblemDetails>, header: impl FnOnce() -> Option<String>) -> Option<String> {
    problem.and_then(|problem| problem.correlation_id.clone()).or_else(header)
}

/// What is shown of the correlation id of a response with this header and these problem details, for its fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_correlation_id(header: &[u8], body: &[u8], token: &SessionToken) -> Option<String> {
    let secrets = [token.expose_secret()].into();
    let problem = ProblemDetails::parse(body, &secrets);
    correlation_id(problem.as_ref(), || shown(&HeaderValue::from_bytes(header).ok()?, &secrets))
}

/// A header as far as it may be shown. An empty one counts as missing.
fn shown(value: &HeaderValue, secrets: &SentSecrets) -> Option<String> {
    let text = secrets.sanitized(&String::from_utf8_lossy(value.as_bytes()), MAX_TEXT);
    Some(text).filter(|text| !text.is_empty())
}
