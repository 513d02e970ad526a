//! One exchange with a server: its connection, one request, and the head of the answer, which is all that most calls
//! look at.

use std::fmt;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::ControlPlaneClient;
use super::problem::Problem;
use super::proxy::Route;
use super::transport::{self, CONNECT_TIMEOUT, Stream, TransportError};
use crate::domain::server_url::{Scheme, ServerUrl};
use crate::domain::token::SessionToken;
use crate::ports::BoxError;

/// How long the whole exchange may take.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of an answer's head is buffered, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// How many header lines an answer may have.
const MAX_HEADERS: usize = 256;

/// What a call asks of a server.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// The path below the server's base path.
    pub(super) path: String,
    pub(super) token: &'a SessionToken,
    /// The media types that the call understands.
    pub(super) accept: &'static str,
}

/// The head of an answer, with the rest still on its way.
pub(super) struct Answer {
    response: Response<Incoming>,
    deadline: Instant,
    /// Whether a proxy could read and answer the request itself.
    pub(super) is_plain_proxied: bool,
    /// The connection lives in a task, which the set aborts when the answer is dropped.
    _connection: JoinSet<hyper::Result<()>>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum CallError {
    /// The request was not sent.
    #[error(transparent)]
    Unreached(BoxError),
    /// The request was on its way when something else than an answer came.
    #[error("waiting for the answer of {peer} failed")]
    Unanswered { peer: String, source: BoxError },
}

impl ControlPlaneClient {
    /// Sends the one request of a call and waits for the head of its answer.
    pub(super) async fn call(&self, server: &ServerUrl, call: Call<'_>) -> Result<Answer, CallError> {
        let started = Instant::now();
        if server.scheme() == Scheme::Http && !server.is_loopback() {
            (self.warn)(&format!("the token travels unencrypted to {}", server.origin()));
        }
        let route = self.proxy.route(server).map_err(|error| {
            let error = TransportError::new("choosing a proxy for", server, error);
            CallError::Unreached(error.into())
        })?;
        let is_plain_proxied = server.scheme() == Scheme::Http && matches!(route, Route::Proxy(_));
        let request = call.into_request(server, &route, is_plain_proxied).map_err(CallError::Unreached)?;

        let stream = transport::connect(server, &route, &self.trust, started + CONNECT_TIMEOUT)
            .await
            .map_err(|error| CallError::Unreached(error.into()))?;
        let deadline = started + TOTAL_TIMEOUT;
        let mut connection = JoinSet::new();
        let response = timeout_at(deadline, exchange(stream, request, &mut connection))
            .await
            .unwrap_or_else(|_| Err("timed out".into()))
            .map_err(|source| CallError::Unanswered { peer: server.origin(), source })?;
        Ok(Answer { response, deadline, is_plain_proxied, _connection: connection })
    }

    /// Tells the operator something that is no failure.
    pub(super) fn warn(&self, warning: &str) {
        (self.warn)(warning);
    }
}

impl Call<'_> {
    /// Builds the one request. Through a proxy for plain http it names the server in absolute form (RFC 9112, section
    /// 3.2.2); everywhere else the connection itself leads to the server.
    fn into_request(
        self,
        server: &ServerUrl,
        route: &Route,
        is_plain_proxied: bool,
    ) -> Result<Request<Full<Bytes>>, BoxError> {
        let path = format!("{}{}", server.base_path(), self.path);
        let authority = server.origin().split_off(format!("{}://", server.scheme()).len());
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", self.token.expose_secret()))?;
        authorization.set_sensitive(true);

        let mut request = Request::builder()
            .method(self.method)
            .header(HOST, &authority)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, self.accept)
            .header(USER_AGENT, concat!("plexctl/", env!("CARGO_PKG_VERSION")));
        request = match route {
            Route::Proxy(proxy) if is_plain_proxied => {
                if let Some(credentials) = &proxy.authorization {
                    let mut credentials = HeaderValue::from_str(credentials)?;
                    credentials.set_sensitive(true);
                    request = request.header(PROXY_AUTHORIZATION, credentials);
                }
                request.uri(format!("{}{path}", server.origin()))
            }
            _ => request.uri(path),
        };
        Ok(request.body(Full::default())?)
    }
}

impl Answer {
    /// The number in the status line.
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Reads what an answer says beside its status, as far as it may be shown.
    pub(super) async fn into_error(self, token: &SessionToken) -> ErrorAnswer {
        let status = self.response.status();
        ErrorAnswer { status, problem: Problem::read(self.response, token, self.deadline).await }
    }
}

/// An answer that is not a success, in the server's words as far as they may be shown.
#[derive(Debug, Error)]
pub(super) struct ErrorAnswer {
    status: StatusCode,
    problem: Option<Problem>,
}

impl ErrorAnswer {
    /// Tells whether the answer came with problem details, as those of the API do.
    pub(super) fn has_problem(&self) -> bool {
        self.problem.is_some()
    }

    /// The number in the status line.
    pub(super) fn status(&self) -> &str {
        self.status.as_str()
    }
}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.status.as_str())?;
        if let Some(reason) = self.status.canonical_reason() {
            write!(formatter, " {reason}")?;
        }
        if self.status.is_redirection() {
            formatter.write_str(", and a token follows no redirect")?;
        }
        match &self.problem {
            Some(problem) => write!(formatter, ": {problem}"),
            None => Ok(()),
        }
    }
}

/// Takes whatever headers come, as far as they fit: only the status line decides.
fn client() -> http1::Builder {
    let mut client = http1::Builder::new();
    client.max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS).ignore_invalid_headers_in_responses(true);
    client
}

async fn exchange(
    stream: Stream,
    request: Request<Full<Bytes>>,
    connection: &mut JoinSet<hyper::Result<()>>,
) -> Result<Response<Incoming>, BoxError> {
    let (mut sender, driver) = client().handshake(stream).await?;
    connection.spawn(driver);
    Ok(sender.send_request(request).await?)
}
