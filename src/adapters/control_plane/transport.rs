//! The way to the server: name resolution and TCP, the proxy's tunnel, TLS.
//!
//! Each phase is one awaited step, so an error or a deadline can name the phase that it struck.

use std::future::{self, Future, Ready};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;
use std::vec;

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::proxy::{Proxy, Route};
use super::trust::TrustSettings;
use crate::domain::server_url::{Scheme, ServerUrl};
use crate::ports::BoxError;

/// How long name resolution, TCP, tunnel and TLS may take together.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Connects to the server, or to the proxy on the way to it, with TLS up to the server where its scheme asks for it.
pub(super) async fn connect(
    server: &ServerUrl,
    route: &Route,
    trust: &TrustSettings,
    deadline: Instant,
) -> Result<Stream, TransportError> {
    let (next_hop, proxy) = match route {
        Route::Direct => (server, None),
        Route::Proxy(proxy) => (&proxy.address, Some(proxy)),
    };
    let tcp = within(deadline, "connecting to", next_hop, dial(next_hop)).await?;
    if server.scheme() == Scheme::Http {
        return Ok(MaybeHttpsStream::Http(tcp));
    }
    let tcp = match proxy {
        None => tcp,
        Some(proxy) => within(deadline, "opening a tunnel through", next_hop, open_tunnel(tcp, proxy, server)).await?,
    };
    within(deadline, "TLS handshake with", server, start_tls(tcp, server, trust)).await
}

/// What stopped the way to the server, and in which phase.
#[derive(Debug, Error)]
#[error("{phase} {peer} failed")]
pub(super) struct TransportError {
    phase: &'static str,
    peer: String,
    source: BoxError,
}

impl TransportError {
    pub(super) fn new(phase: &'static str, peer: &ServerUrl, source: impl Into<BoxError>) -> Self {
        Self { phase, peer: peer.origin(), source: source.into() }
    }
}

async fn within<T>(
    deadline: Instant,
    phase: &'static str,
    peer: &ServerUrl,
    step: impl Future<Output = Result<T, BoxError>>,
) -> Result<T, TransportError> {
    let result = timeout_at(deadline, step).await.unwrap_or_else(|_| Err("timed out".into()));
    result.map_err(|source| TransportError::new(phase, peer, source))
}

async fn dial(peer: &ServerUrl) -> Result<TokioIo<TcpStream>, BoxError> {
    let mut connector = HttpConnector::new_with_resolver(Resolver);
    connector.enforce_http(false);
    connector.set_nodelay(true);
    // Shared among the addresses that a name resolves to, so that one that swallows packets leaves time for the next.
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    Ok(connector.call(uri(peer)?).await?)
}

/// Asks the system for the addresses of a name, which cannot be interrupted, on a thread that nobody waits for.
///
/// The runtime's own threads for such work would hold its end up for as long as the system takes, and it panics where
/// it cannot start one.
#[derive(Clone)]
struct Resolver;

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (sender, answer) = oneshot::channel();
        let thread = thread::Builder::new().name("resolver".to_owned());
        let started = thread.spawn(move || {
            // Nobody listens any more where the deadline has passed.
            let _ = sender.send((name.as_str(), 0).to_socket_addrs());
        });
        Box::pin(async move {
            started?;
            answer.await.map_err(io::Error::other)?
        })
    }
}

async fn open_tunnel(
    tcp: TokioIo<TcpStream>,
    proxy: &Proxy,
    server: &ServerUrl,
) -> Result<TokioIo<TcpStream>, BoxError> {
    let mut tunnel = Tunnel::new(uri(&proxy.address)?, Established(Some(tcp)));
    if let Some(authorization) = &proxy.authorization {
        tunnel = tunnel.with_auth(HeaderValue::from_str(authorization)?);
    }
    Ok(tunnel.call(uri(server)?).await?)
}

async fn start_tls(tcp: TokioIo<TcpStream>, server: &ServerUrl, trust: &TrustSettings) -> Result<Stream, BoxError> {
    let config = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trust.load()?)
        .with_no_client_auth();
    HttpsConnector::from((Established(Some(tcp)), config)).call(uri(server)?).await
}

/// The server's scheme, host and port, as the connectors want them.
fn uri(server: &ServerUrl) -> Result<Uri, BoxError> {
    Ok(format!("{}://{}:{}", server.scheme(), server.host(), server.port()).parse()?)
}

/// A connector over a connection that is there already.
struct Established(Option<TokioIo<TcpStream>>);

impl Service<Uri> for Established {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<TokioIo<TcpStream>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        future::ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}
