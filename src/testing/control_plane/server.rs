//! The server: connections in, requests recorded, scripts played, answers out.

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
use super::request::RecordedRequest;
use super::script::{Endpoint, Outcome};
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
        // What fails here is one client's connection.
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

/// Serves requests until the client is gone, or until a script closes the connection.
async fn serve_requests(stream: Box<dyn Stream>, number: usize, state: Arc<Mutex<State>>) -> io::Result<()> {
    let service = service_fn(|request| {
        // By itself: what has been read is acted upon, even if the client is gone meanwhile.
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
    let request = record(request, connection).await;
    let endpoint = Endpoint::of(&request);
    let script = {
        let mut state = lock(&state);
        state.requests.push(request.clone());
        endpoint.map(|endpoint| state.scripts.take(endpoint)).unwrap_or_default()
    };
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
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body: body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default(),
    }
}

impl State {
    /// Does what a request asks for.
    fn act(&mut self, endpoint: Option<Endpoint>, request: &RecordedRequest) -> Reply {
        let answer = match endpoint {
            Some(Endpoint::DeviceCode) => self.issue_code(request),
            Some(Endpoint::DeviceToken) => self.answer_poll(request),
            Some(Endpoint::Whoami) => self.whoami(request),
            Some(Endpoint::Revoke) => self.revoke(request),
            Some(Endpoint::Page) => return self.answer_page(request),
            Some(Endpoint::Connection) | None => {
                let detail = "No route matched the request.";
                Answer::problem_at(&request.path(), 404, "Not Found", "not_found", detail)
            }
        };
        // RFC 6749, section 5.1, for answers with a token.
        Reply { answer, headers: vec![("cache-control".to_owned(), "no-store".to_owned())] }
    }
}

/// What ends a connection in the middle of an exchange: these bytes, then nothing.
#[derive(Debug)]
struct Cut(Vec<u8>);

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a script closes the connection")
    }
}

impl Error for Cut {}
