//! The way to the server: its addresses, TCP, the proxy's tunnel, TLS.
//!
//! Each phase is one awaited step, so an error or a deadline can name the phase that it struck.

use std::future::Future;
use std::time::Duration;

use http_body_util::Full;
use hyper::header::{HOST, PROXY_AUTHORIZATION};
use hyper::{Request, StatusCode};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task;
use tokio::time::Instant;

use super::super::connect::proxy::Route;
use super::super::connect::tcp;
use super::super::connect::tls::{self, Stream};
use super::super::connect::trust_store::{TrustSettings, TrustStore};
use super::super::failure::{CallFailure, Cause, Phase, TrustStoreProblem};
use super::connection::{Connection, Sent};
use super::late::wait_until;
use super::lenient_stream::LenientStream;
use crate::domain::server_url::{Scheme, ServerUrl};

/// How long TCP, tunnel and TLS may take together, from the resolved name on.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// When a step has to be done, and the limit that this comes from.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    limit: Duration,
}

impl Deadline {
    /// A limit that counts from now.
    pub(crate) fn in_time(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// The earlier of this and a limit that counts from now.
    fn or_in_time(self, limit: Duration) -> Self {
        let other = Self::in_time(limit);
        if other.at < self.at { other } else { self }
    }

    /// Gives a step up when its time has come.
    pub(crate) async fn bound<T>(self, step: impl Future<Output = Result<T, Cause>>) -> Result<T, Cause> {
        wait_until(self.at, step).await.unwrap_or(Err(Cause::TimedOut(self.limit)))
    }
}

/// Connects to the server, or to the proxy on the way to it, with TLS up to the server where its scheme asks for it.
pub(crate) async fn connect(
    server: &ServerUrl,
    route: &Route,
    trust: &TrustSettings,
    deadline: Deadline,
) -> Result<Stream, CallFailure> {
    let failed = |phase| move |cause| CallFailure { phase, peer: route.peer(server, phase), cause };
    let addresses = deadline.bound(tcp::resolve(route.next_hop(server))).await.map_err(failed(Phase::NameLookup))?;
    let deadline = deadline.or_in_time(CONNECT_LIMIT);
    let connecting = tcp::connect(&addresses);
    if server.scheme() == Scheme::Http {
        let tcp = deadline.bound(connecting).await.map_err(failed(Phase::Connection))?;
        return Ok(MaybeHttpsStream::Http(TokioIo::new(tcp)));
    }

    // Reading the trust store costs no time while the first packet is under way.
    task::yield_now().await;
    let mut store = TrustStore::new(trust);
    let roots = store.bundle().or_else(|| store.directories());
    let tcp = deadline.bound(connecting).await.map_err(failed(Phase::Connection))?;
    let Some(roots) = roots else {
        return Err(failed(Phase::Tls)(Cause::TrustStore(store.into_problem().unwrap_or(TrustStoreProblem::Missing))));
    };
    let tcp = deadline.bound(open_tunnel(tcp, route, server)).await.map_err(failed(Phase::Tunnel))?;
    match deadline.bound(tls::start(tcp, server, roots)).await {
        Err(Cause::NotTrusted { .. }) => {}
        result => return result.map_err(failed(Phase::Tls)),
    }

    // No token was sent, so it does no harm to ask again what the directories know.
    let Some(roots) = store.directories() else {
        return Err(failed(Phase::Tls)(Cause::NotTrusted { store: store.into_problem() }));
    };
    let tcp = deadline.bound(tcp::connect(&addresses)).await.map_err(failed(Phase::Connection))?;
    let tcp = deadline.bound(open_tunnel(tcp, route, server)).await.map_err(failed(Phase::Tunnel))?;
    let result = deadline.bound(tls::start(tcp, server, roots)).await;
    result.map_err(|cause| match cause {
        Cause::NotTrusted { .. } => failed(Phase::Tls)(Cause::NotTrusted { store: store.into_problem() }),
        cause => failed(Phase::Tls)(cause),
    })
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

    let Sent::Answered(_connection, response) = Connection::over(tcp).await?.send(request).await? else {
        return Err(Cause::Closed);
    };
    if response.status() != StatusCode::OK {
        return Err(Cause::TunnelRefused {
            status: response.status().as_u16(),
            reason: response.status().canonical_reason(),
        });
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(|_| Cause::Closed)?;
    let parts = upgraded.downcast::<LenientStream<TokioIo<TcpStream>>>().map_err(|_| Cause::NotHttp)?;
    // A server waits for the client to begin the handshake, so what came already is not from one.
    if parts.read_buf.is_empty() { Ok(parts.io.into_inner()) } else { Err(Cause::NotTls) }
}
