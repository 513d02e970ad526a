//! The token revoker over HTTP: one `DELETE /v1/auth/tokens/{id}`, and what its answer means.
//!
//! This file is the port: the request, and what its answer comes to. Below it stand the choice of a proxy (`proxy`),
//! the way to the server (`transport`), the status table (`status`) and the texts that a server may send back
//! (`problem`).

mod problem;
mod proxy;
mod status;
mod transport;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use self::problem::Problem;
#[cfg(fuzzing)]
pub(crate) use self::problem::fuzzed_problem;
pub use self::proxy::ProxySettings;
use self::proxy::Route;
use self::status::{Verdict, verdict};
pub use self::transport::TrustSettings;
use self::transport::{CONNECT_TIMEOUT, Stream, TransportError};
use crate::domain::server_url::{Scheme, ServerUrl};
use crate::domain::token::SessionToken;
use crate::ports::BoxError;
use crate::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};

/// How long the whole exchange may take.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of an answer's head is buffered, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// How many header lines an answer may have.
const MAX_HEADERS: usize = 256;

/// A [`TokenRevoker`] that speaks HTTP/1.1, with TLS 1.2 or 1.3 for `https` servers.
///
/// Connecting is bounded by 10 seconds, the whole call by 30. It needs a tokio runtime with its I/O and time drivers.
pub struct HttpRevoker {
    proxy: ProxySettings,
    trust: TrustSettings,
    warn: Box<dyn Fn(&str) + Send + Sync>,
}

impl HttpRevoker {
    /// Takes the settings, and what to do with a warning that is no failure.
    pub fn new(proxy: ProxySettings, trust: TrustSettings, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { proxy, trust, warn: Box::new(warn) }
    }

    /// Sends the one request and waits for the head of its answer.
    async fn send(
        &self,
        request: Request<Empty<Bytes>>,
        server: &ServerUrl,
        route: &Route,
        started: Instant,
        connection: &mut JoinSet<hyper::Result<()>>,
    ) -> Result<Response<Incoming>, RevokeError> {
        let stream = transport::connect(server, route, &self.trust, started + CONNECT_TIMEOUT)
            .await
            .map_err(|error| RevokeError::Unreached { source: error.into() })?;
        timeout_at(started + TOTAL_TIMEOUT, exchange(stream, request, connection))
            .await
            .unwrap_or_else(|_| Err("timed out".into()))
            .map_err(|source| {
                let peer = server.origin();
                RevokeError::Unanswered { source: ExchangeError { peer, source }.into() }
            })
    }

    /// Says that an answer was believed although anything on the way could have given it.
    fn warn_of_bare_answer(&self, answer: &ErrorAnswer, token: &SessionToken) {
        (self.warn)(&format!(
            "the server answered {} without problem details for token {}, so it may not be plexsphere",
            answer.status.as_str(),
            token.id()
        ));
    }
}

#[async_trait]
impl TokenRevoker for HttpRevoker {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
        let started = Instant::now();
        if server.scheme() == Scheme::Http && !server.is_loopback() {
            (self.warn)(&format!("the token travels unencrypted to {}", server.origin()));
        }
        let route = self.proxy.route(server).map_err(|error| {
            let error = TransportError::new("choosing a proxy for", server, error);
            RevokeError::Unreached { source: error.into() }
        })?;
        let request = request(server, token, &route).map_err(|source| RevokeError::Unreached { source })?;

        // The connection lives in a task, which the set aborts when this call ends in whatever way.
        let mut connection = JoinSet::new();
        let response = self.send(request, server, &route, started, &mut connection).await?;
        let verdict = verdict(response.status().as_u16());
        // Not awaited yet: the body of a success is never read.
        let reading = ErrorAnswer::read(response, token, started + TOTAL_TIMEOUT);
        match verdict {
            Verdict::Revoked => Ok(Revocation::Revoked),
            Verdict::AlreadyGone => {
                let answer = reading.await;
                if answer.problem.is_none() {
                    if is_plain_proxied(server, &route) {
                        return Err(RevokeError::Unconfirmed { source: AnswerOfProxy(answer).into() });
                    }
                    self.warn_of_bare_answer(&answer, token);
                }
                Ok(Revocation::AlreadyGone)
            }
            Verdict::Refused => Err(RevokeError::Refused { source: reading.await.into() }),
            Verdict::Unconfirmed => Err(RevokeError::Unconfirmed { source: reading.await.into() }),
        }
    }
}

/// Builds the one request. Through a proxy for plain http it names the server in absolute form (RFC 9112, section
/// 3.2.2); everywhere else the connection itself leads to the server.
fn request(server: &ServerUrl, token: &SessionToken, route: &Route) -> Result<Request<Empty<Bytes>>, BoxError> {
    let path = format!("{}/v1/auth/tokens/{}", server.base_path(), token.id());
    let authority = server.origin().split_off(format!("{}://", server.scheme()).len());
    let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))?;
    authorization.set_sensitive(true);

    let mut request = Request::builder()
        .method(Method::DELETE)
        .header(HOST, &authority)
        .header(AUTHORIZATION, authorization)
        .header(ACCEPT, "application/problem+json, application/json")
        .header(USER_AGENT, concat!("plexctl/", env!("CARGO_PKG_VERSION")));
    request = match route {
        Route::Proxy(proxy) if is_plain_proxied(server, route) => {
            if let Some(credentials) = &proxy.authorization {
                let mut credentials = HeaderValue::from_str(credentials)?;
                credentials.set_sensitive(true);
                request = request.header(PROXY_AUTHORIZATION, credentials);
            }
            request.uri(format!("{}{path}", server.origin()))
        }
        _ => request.uri(path),
    };
    Ok(request.body(Empty::new())?)
}

/// Tells whether a proxy can read and answer the request itself.
fn is_plain_proxied(server: &ServerUrl, route: &Route) -> bool {
    server.scheme() == Scheme::Http && matches!(route, Route::Proxy(_))
}

/// Takes whatever headers come, as far as they fit: only the status line decides.
fn client() -> http1::Builder {
    let mut client = http1::Builder::new();
    client.max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS).ignore_invalid_headers_in_responses(true);
    client
}

async fn exchange(
    stream: Stream,
    request: Request<Empty<Bytes>>,
    connection: &mut JoinSet<hyper::Result<()>>,
) -> Result<Response<Incoming>, BoxError> {
    let (mut sender, driver) = client().handshake(stream).await?;
    connection.spawn(driver);
    Ok(sender.send_request(request).await?)
}

/// The request was on its way when something else than an answer came.
#[derive(Debug, Error)]
#[error("waiting for the answer of {peer} failed")]
struct ExchangeError {
    peer: String,
    source: BoxError,
}

/// An answer that is not a success, in the server's words as far as they may be shown.
#[derive(Debug, Error)]
struct ErrorAnswer {
    status: StatusCode,
    problem: Option<Problem>,
}

impl ErrorAnswer {
    /// Reads what an answer says beside its status, as far as it may be shown.
    async fn read(response: Response<Incoming>, token: &SessionToken, deadline: Instant) -> Self {
        Self { status: response.status(), problem: Problem::read(response, token, deadline).await }
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

/// An answer that may be the proxy's own.
#[derive(Debug, Error)]
#[error("{0}, without problem details, may be the answer of the proxy")]
struct AnswerOfProxy(ErrorAnswer);
