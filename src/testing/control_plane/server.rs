//! The server: accepts connections, records requests, plays scripts and sends answers.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::State;
use super::answer::{Answer, Reply};
use super::endpoint::{Endpoint, RouteError};
use super::request::RecordedRequest;
use super::script::Outcome;
use super::token_operations;
use crate::testing::lock;

/// A connection with or without TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Prepares TLS with a certificate chain, the server's own certificate first, and its key.
pub(super) fn tls(certificates: Vec<Vec<u8>>, key: Vec<u8>) -> io::Result<TlsAcceptor> {
    let certificates = certificates.into_iter().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::try_from(key).map_err(|reason| io::Error::new(io::ErrorKind::InvalidInput, reason))?;
    let config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<Mutex<State>>) {
    loop {
        // A failure concerns one client's connection, not the server.
        let Ok((stream, _)) = listener.accept().await else { continue };
        tokio::spawn(serve_connection(stream, tls.clone(), Arc::clone(&state)));
    }
}

async fn serve_connection(mut stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<Mutex<State>>) -> io::Result<()> {
    let (number, script) = {
        let mut state = lock(&state);
        state.connections += 1;
        (state.connections, state.scripts.take(Endpoint::Connection))
    };
    let is_served = script.is_real();
    let outcome = script.play(|| Reply::from(Answer::bare(200))).await;
    if !is_served {
        let bytes = match outcome {
            Outcome::Reply(reply) => reply.into_bytes(),
            Outcome::Bytes(bytes) => bytes,
        };
        stream.write_all(&bytes).await?;
        return stream.shutdown().await;
    }
    let stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(acceptor) => Box::new(acceptor.accept(stream).await?),
    };
    serve_requests(stream, number, state).await
}

/// Serves requests until the client or a script closes the connection.
async fn serve_requests(stream: Box<dyn Stream>, number: usize, state: Arc<Mutex<State>>) -> io::Result<()> {
    let service = service_fn(|request| {
        // A task of its own serves a request that was read even if the client closes the connection meanwhile.
        let answering = tokio::spawn(respond(request, number, Arc::clone(&state)));
        Box::pin(async move { answering.await.unwrap_or_else(|_| Err(Cut(Vec::new()))) })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let result = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let mut stream = connection.into_parts().io.into_inner();
    if let Err(error) = result
        && let Some(Cut(bytes)) = error.source().and_then(|source| source.downcast_ref())
    {
        stream.write_all(bytes).await?;
    }
    stream.shutdown().await
}

async fn respond(
    request: Request<Incoming>,
    connection: usize,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let mut request = record(request, connection).await;
    let endpoint = Endpoint::of(&request);
    let script = {
        let mut state = lock(&state);
        request.correlation_id = format!("0190a8b8-a0c0-7a0a-8a0a-{:012x}", state.requests.len() + 1);
        state.requests.push(request.clone());
        endpoint.as_ref().map(|endpoint| state.scripts.take(*endpoint)).unwrap_or_default()
    };
    let script = script.correlated(&request.correlation_id);
    match script.play(|| lock(&state).act(endpoint, &request)).await {
        Outcome::Reply(reply) => Ok(reply.into_response()),
        Outcome::Bytes(bytes) => Err(Cut(bytes)),
    }
}

async fn record(request: Request<Incoming>, connection: usize) -> RecordedRequest {
    let arrived = Instant::now();
    let (head, body) = request.into_parts();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    RecordedRequest {
        arrived,
        connection,
        correlation_id: String::new(),
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body: body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default(),
    }
}

impl State {
    /// Serves a request.
    fn act(&mut self, endpoint: Result<Endpoint, RouteError>, request: &RecordedRequest) -> Reply {
        let mut reply = match endpoint {
            Ok(Endpoint::DeviceCode) => self.issue_code(request).into(),
            Ok(Endpoint::DeviceToken) => self.answer_poll(request).into(),
            Ok(Endpoint::IdpBindings) => self.list_bindings(request).into(),
            Ok(Endpoint::Whoami) => self.whoami(request).into(),
            Ok(Endpoint::SignOut) => token_operations::sign_out(),
            Ok(Endpoint::ListTokens) => self.list_tokens(request).into(),
            Ok(Endpoint::IssueToken) => self.issue_token(request).into(),
            Ok(Endpoint::RotateToken) => self.rotate_token(request),
            Ok(Endpoint::Revoke) => self.revoke(request).into(),
            Ok(Endpoint::Page) => return self.answer_page(request),
            Err(RouteError::MethodNotAllowed(methods)) => method_not_allowed(request, &methods),
            Err(RouteError::NotFound) | Ok(Endpoint::Connection) => {
                let detail = "No route matched the request.";
                Answer::problem_at(&request.path(), 404, "Not Found", "not_found", detail).into()
            }
        };
        // RFC 6749, section 5.1, requires it for tokens; the API sends it with the bindings too.
        reply.headers.push(("cache-control".to_owned(), "no-store".to_owned()));
        reply
    }
}

fn method_not_allowed(request: &RecordedRequest, methods: &[&str]) -> Reply {
    let detail = "The path does not support this method.";
    let problem = Answer::problem_at(&request.path(), 405, "Method Not Allowed", "method_not_allowed", detail);
    let mut reply = Reply::from(problem);
    reply.headers.push(("allow".to_owned(), methods.join(", ")));
    reply
}

/// Ends a connection in the middle of an exchange, after these bytes.
#[derive(Debug)]
struct Cut(Vec<u8>);

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a script closes the connection")
    }
}

impl Error for Cut {}
