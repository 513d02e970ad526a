//! The way to the server: its addresses, TCP, the proxy's tunnel, TLS.
//!
//! Each phase is one awaited step, so an error or a deadline can name the phase that it struck.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::header::{HOST, PROXY_AUTHORIZATION};
use hyper::{Request, StatusCode};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::task;

use super::super::connect::proxy::Route;
use super::super::connect::tcp;
use super::super::connect::tls::{self, Stream};
use super::super::connect::trust_store::{TrustSettings, TrustStore};
use super::super::failure::{CallFailure, Cause, Phase, TrustStoreProblem};
use super::connection::{Connection, Sent};
use super::deadline::Deadline;
use super::lenient_stream::LenientStream;
use crate::domain::server_url::{Scheme, ServerUrl};

/// How long TCP, tunnel and TLS may take together, from the resolved name on.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Makes connections to servers.
pub(super) struct Transport {
    trust: TrustSettings,
    /// The TLS configuration of the last connection with the origin of its server. It holds the TLS sessions, which the
    /// next connection to the same server resumes.
    tls: Mutex<Option<(String, Arc<ClientConfig>)>>,
}

impl Transport {
    pub(super) fn new(trust: TrustSettings) -> Self {
        Self { trust, tls: Mutex::default() }
    }

    /// Connects to the server, or to the proxy on the way to it, with TLS up to the server where its scheme asks for it.
    pub(super) async fn connect(
        &self,
        server: &ServerUrl,
        route: &Route,
        deadline: Deadline,
    ) -> Result<Stream, CallFailure> {
        let failed = |phase| move |cause| route.failure(server, phase, cause);
        let addresses =
            deadline.bound(tcp::resolve(route.next_hop(server))).await.map_err(failed(Phase::NameLookup))?;
        // Resolving does not count against the limit: the C library alone may wait 10 s for an address that never comes.
        let deadline = deadline.or_within(CONNECT_LIMIT);
        let connecting = tcp::connect(&addresses);
        if server.scheme() == Scheme::Http {
            let tcp = deadline.bound(connecting).await.map_err(failed(Phase::Connection))?;
            return Ok(MaybeHttpsStream::Http(TokioIo::new(tcp)));
        }

        // Reading the trust store costs no time while the first packet is under way.
        task::yield_now().await;
        let mut store = TrustStore::new(&self.trust);
        let config = match self.take_config(server) {
            Some(config) => Some(Ok(config)),
            None => store.bundle().or_else(|| store.directories()).map(tls::config),
        };
        // A failed connection comes first: the operator has to fix it first.
        let tcp = deadline.bound(connecting).await.map_err(failed(Phase::Connection))?;
        let Some(config) = config else {
            let problem = store.into_problem().unwrap_or(TrustStoreProblem::Missing);
            return Err(failed(Phase::Tls)(Cause::TrustStore(problem)));
        };
        match self.encrypt(tcp, server, route, config, deadline).await {
            Err(CallFailure { cause: Cause::NotTrusted { .. }, .. }) => {}
            result => return result,
        }

        // No token was sent, so it does no harm to ask again what the directories know.
        let Some(roots) = store.directories() else {
            return Err(failed(Phase::Tls)(Cause::NotTrusted { store: store.into_problem() }));
        };
        let tcp = deadline.bound(tcp::connect(&addresses)).await.map_err(failed(Phase::Connection))?;
        let result = self.encrypt(tcp, server, route, tls::config(roots), deadline).await;
        result.map_err(|failure| match failure.cause {
            Cause::NotTrusted { .. } => {
                CallFailure { cause: Cause::NotTrusted { store: store.into_problem() }, ..failure }
            }
            _ => failure,
        })
    }

    /// Opens the tunnel, if there is a proxy, and does the TLS handshake.
    async fn encrypt(
        &self,
        tcp: TcpStream,
        server: &ServerUrl,
        route: &Route,
        config: Result<Arc<ClientConfig>, Cause>,
        deadline: Deadline,
    ) -> Result<Stream, CallFailure> {
        let failed = |phase| move |cause| route.failure(server, phase, cause);
        let config = config.map_err(failed(Phase::Tls))?;
        let tcp = deadline.bound(open_tunnel(tcp, route, server)).await.map_err(failed(Phase::Tunnel))?;
        let result = deadline.bound(tls::start(tcp, server, Arc::clone(&config))).await;
        if !matches!(result, Err(Cause::NotTrusted { .. })) {
            *self.tls.lock().unwrap_or_else(PoisonError::into_inner) = Some((server.origin(), config));
        }
        result.map_err(failed(Phase::Tls))
    }

    /// Takes the configuration that a connection to this server had. It comes back unless it turns out not to trust the
    /// server any more: then the trust store is read again.
    fn take_config(&self, server: &ServerUrl) -> Option<Arc<ClientConfig>> {
        let mut slot = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take_if(|(origin, _)| *origin == server.origin()).map(|(_, config)| config)
    }
}

/// Asks a proxy for a tunnel to the server (RFC 9110, section 9.3.6); without one there is nothing to do. It is open at
/// status 200 alone.
async fn open_tunnel(tcp: TcpStream, route: &Route, server: &ServerUrl) -> Result<TokioIo<TcpStream>, Cause> {
    let tcp = TokioIo::new(tcp);
    let Route::Proxy(proxy) = route else { return Ok(tcp) };
    let authority = format!("{}:{}", server.host(), server.port());
    let mut request = Request::connect(&authority).header(HOST, &authority);
    if let Some(credentials) = &proxy.authorization {
        request = request.header(PROXY_AUTHORIZATION, credentials);
    }
    let request = request.body(Full::default()).map_err(|error| Cause::System(error.to_string()))?;

    let response = match Connection::over(tcp).await?.send(request).await? {
        Sent::Answered(_connection, response) => response,
        Sent::Not(_) => return Err(Cause::Closed),
        Sent::Unanswered(cause) => return Err(cause),
    };
    if response.status() != StatusCode::OK {
        return Err(Cause::TunnelRefused(response.status().as_u16()));
    }
    // The tunnel's socket is inside the connection's task; the upgrade is the only way to have it back.
    let upgraded = hyper::upgrade::on(response).await.map_err(|_| Cause::Closed)?;
    let parts = upgraded.downcast::<LenientStream<TokioIo<TcpStream>>>().map_err(|_| Cause::NotHttp)?;
    // A server waits for the client to begin the handshake, so what came already is not from one.
    if parts.read_buf.is_empty() { Ok(parts.io.into_inner()) } else { Err(Cause::NotTls) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::sync::mpsc;
    use std::thread;

    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::super::connect::proxy::ProxySettings;
    use super::*;

    /// Accepts connections for 127.0.0.1, speaks a byte on each, and tells how each TLS session began.
    fn tls_server() -> (ServerUrl, tempfile::NamedTempFile, mpsc::Receiver<HandshakeKind>) {
        let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let mut bundle = tempfile::NamedTempFile::new().unwrap();
        bundle.write_all(certificate.cert.pem().as_bytes()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = ServerUrl::parse(format!("https://{}", listener.local_addr().unwrap())).unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for tcp in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, tcp.unwrap());
                let mut byte = [0];
                if stream.read_exact(&mut byte).is_ok() {
                    stream.write_all(&byte).unwrap();
                    sender.send(stream.conn.handshake_kind().unwrap()).unwrap();
                }
            }
        });
        (server, bundle, receiver)
    }

    #[test]
    fn resumes_the_tls_session_of_the_connection_before() {
        let (server, bundle, handshakes) = tls_server();
        let trust = TrustSettings { file: Some(bundle.path().to_owned()), ..TrustSettings::default() };
        let transport = Transport::new(trust);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let route = ProxySettings::default().route(&server).unwrap();
        let handshake = || {
            runtime.block_on(async {
                let deadline = Deadline::within(Duration::from_secs(10));
                let stream = transport.connect(&server, &route, deadline).await.unwrap();
                let mut stream = TokioIo::new(stream);
                stream.write_all(b"x").await.unwrap();
                stream.read_exact(&mut [0]).await.unwrap();
            });
            handshakes.recv().unwrap()
        };
        assert_eq!([handshake(), handshake()], [HandshakeKind::Full, HandshakeKind::Resumed]);
        // The trust store is not read again either.
        bundle.close().unwrap();
        assert_eq!(handshake(), HandshakeKind::Resumed);
    }
}
