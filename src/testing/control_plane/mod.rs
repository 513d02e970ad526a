//! A plexsphere control plane on loopback, with the operations that a client's sessions need.
//!
//! - `server` accepts connections and records requests; `endpoint` names the operation that each request asks for.
//! - `device_flow` issues codes and answers polls; `page` shows the approval page; `bindings` lists IdP bindings.
//! - `tokens` knows every token; `token_operations` identifies, lists, issues, rotates and revokes them.
//! - `script` replaces answers in tests; `settings` has the terms.

mod answer;
mod bindings;
mod device_flow;
mod endpoint;
mod page;
mod request;
mod script;
mod server;
mod settings;
mod token_operations;
mod tokens;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

pub use self::answer::Answer;
pub use self::device_flow::Decision;
pub use self::endpoint::Endpoint;
pub use self::request::RecordedRequest;
pub use self::script::Script;
pub use self::settings::{BindingSettings, ControlPlaneSettings, TokenShape};
pub use self::tokens::{LiveToken, Minting};

use self::device_flow::Authorization;
use self::script::Scripts;
use self::tokens::{MintedToken, Tokens};
use super::lock;

/// A control plane that listens on 127.0.0.1 until it is dropped.
///
/// It serves the operations of the plexsphere API on sessions and tokens (see [`Endpoint`]), and the page at
/// `/v1/device` on which a person approves a login. It answers as the API does unless a [`Script`] replaces the answer,
/// knows which tokens are live, and records every request.
///
/// ```
/// let control_plane = plexctl::testing::ControlPlane::start()?;
/// let token = control_plane.mint("dev");
/// assert!(control_plane.is_live(&token));
/// # std::io::Result::Ok(())
/// ```
pub struct ControlPlane {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    url: String,
    settings: ControlPlaneSettings,
    tokens: Tokens,
    authorizations: Vec<Authorization>,
    /// The decisions for codes not issued yet, each with the poll that it applies at.
    planned: VecDeque<(Decision, usize)>,
    scripts: Scripts,
    requests: Vec<RecordedRequest>,
    connections: usize,
}

impl ControlPlane {
    /// Starts on a free port.
    ///
    /// # Errors
    ///
    /// If it gets no port, thread or runtime.
    pub fn start() -> io::Result<Self> {
        Self::start_on(0)
    }

    /// Starts on a given port, or a free one for 0.
    ///
    /// # Errors
    ///
    /// If it gets not this port, or no thread or runtime.
    pub fn start_on(port: u16) -> io::Result<Self> {
        Self::start_with(port, None)
    }

    /// Starts on a free port with TLS. The certificate chain is DER with the server's own certificate first, and the
    /// key is DER (PKCS #8, PKCS #1 or SEC 1).
    ///
    /// # Errors
    ///
    /// If the certificate or key is invalid, or it gets no port, thread or runtime.
    pub fn start_with_tls(certificates: Vec<Vec<u8>>, key: Vec<u8>) -> io::Result<Self> {
        Self::start_with(0, Some(server::tls(certificates, key)?))
    }

    fn start_with(port: u16, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = Arc::new(Mutex::new(State {
            url: format!("{scheme}://{address}"),
            settings: ControlPlaneSettings::default(),
            tokens: Tokens::default(),
            authorizations: Vec::new(),
            planned: VecDeque::new(),
            scripts: Scripts::default(),
            requests: Vec::new(),
            connections: 0,
        }));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        runtime.spawn(server::serve(listener, tls, Arc::clone(&state)));
        let thread = thread::Builder::new().name("control plane".to_owned()).spawn(move || {
            // A dropped sender stops the server as well as a message does.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// The server URL to store in a profile.
    #[must_use]
    pub fn url(&self) -> String {
        lock(&self.state).url.clone()
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the terms for codes and tokens issued after this call.
    pub fn configure(&self, change: impl FnOnce(&mut ControlPlaneSettings)) {
        change(&mut lock(&self.state).settings);
    }

    /// Issues a live token, for an environment such as `dev`.
    #[must_use]
    pub fn mint(&self, environment: &str) -> String {
        let mut state = lock(&self.state);
        let minted = MintedToken::new(Uuid::now_v7(), environment, Minting::Mint, &state.settings);
        let text = minted.token.text.clone();
        state.tokens.add(minted);
        text
    }

    /// Whether the control plane accepts a token.
    #[must_use]
    pub fn is_live(&self, token: &str) -> bool {
        lock(&self.state).tokens.live().any(|minted| minted.token.text == token)
    }

    /// Every token that the control plane accepts, in the order in which they were minted.
    #[must_use]
    pub fn live_tokens(&self) -> Vec<LiveToken> {
        lock(&self.state).tokens.live().map(|minted| minted.token.clone()).collect()
    }

    /// The undecided user codes, in the order in which they were issued.
    #[must_use]
    pub fn open_codes(&self) -> Vec<String> {
        let state = lock(&self.state);
        let open = state.authorizations.iter().filter(|authorization| authorization.is_open(Instant::now()).is_ok());
        open.map(|authorization| authorization.user_code.clone()).collect()
    }

    /// Approves a user code like the page does, so the next poll mints the token. Returns whether the code was open.
    #[must_use]
    pub fn approve(&self, user_code: &str) -> bool {
        lock(&self.state).decide(user_code, Decision::Approve, Instant::now()).is_ok()
    }

    /// Denies a user code like the page does. Returns whether the code was open.
    #[must_use]
    pub fn deny(&self, user_code: &str) -> bool {
        lock(&self.state).decide(user_code, Decision::Deny, Instant::now()).is_ok()
    }

    /// Expires a user code. Returns whether the code was open.
    #[must_use]
    pub fn expire(&self, user_code: &str) -> bool {
        lock(&self.state).expire(user_code, Instant::now()).is_ok()
    }

    /// Approves the next code that is issued, so its first poll mints the token.
    pub fn approve_next(&self) {
        self.decide_next(Decision::Approve, 1);
    }

    /// Decides the next code that is issued when its `poll`th poll arrives, counted from 1. Each call applies to one
    /// code, in order.
    pub fn decide_next(&self, decision: Decision, poll: usize) {
        lock(&self.state).planned.push_back((decision, poll));
    }

    /// Plays a script once, for the next request that no earlier script waits for.
    pub fn once(&self, endpoint: Endpoint, script: Script) {
        self.on_nth(endpoint, 1, script);
    }

    /// Plays a script once, for the `nth` request after this call, counted from 1.
    pub fn on_nth(&self, endpoint: Endpoint, nth: usize, script: Script) {
        lock(&self.state).scripts.add(endpoint, nth, script);
    }

    /// Plays a script for every further request that gets none from [`once`](Self::once) or [`on_nth`](Self::on_nth).
    /// [`Script::real`] restores the real answers.
    pub fn always(&self, endpoint: Endpoint, script: Script) {
        lock(&self.state).scripts.stand(endpoint, script);
    }

    /// Sends this answer to every further revocation, and revokes nothing. `None` restores the real answers.
    pub fn answer_revocations_with(&self, answer: impl Into<Option<Answer>>) {
        self.always(Endpoint::Revoke, answer.into().map_or_else(Script::real, Script::answer));
    }

    /// The requests so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.state).requests.clone()
    }

    /// The number of connections so far, with or without a request.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.state).connections
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread has printed its panic, if any. A second one here would abort.
            let _ = thread.join();
        }
    }
}
