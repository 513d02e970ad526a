//! A plexsphere control plane on loopback, as far as sessions need one.
//!
//! What it serves stands in a file each: `device_flow` issues codes and answers polls, `page` lets a person decide
//! them, `tokens` tells who a token is and ends it. `server` brings the requests, and `script` lets a test answer in
//! their place.

mod answer;
mod device_flow;
mod page;
mod request;
mod script;
mod server;
mod settings;
mod tokens;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

pub use self::answer::Answer;
pub use self::device_flow::Decision;
pub use self::request::RecordedRequest;
pub use self::script::{Endpoint, Script};
pub use self::settings::{ControlPlaneSettings, TokenShape};
pub use self::tokens::{LiveToken, Minting};

use self::device_flow::Authorization;
use self::script::Scripts;
use self::tokens::Tokens;
use super::lock;

/// A control plane that listens on 127.0.0.1 until it is dropped.
///
/// It serves the operations of the plexsphere API that begin, name and end a session, and the page at `/v1/device` on
/// which a person approves a login. It answers as the API does, as long as no [`Script`] says otherwise; it knows which
/// tokens are live; and it records every request.
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
    /// What is decided about the codes to come, each with the poll at which it is.
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
    /// If no port, thread or runtime can be had.
    pub fn start() -> io::Result<Self> {
        Self::start_on(0)
    }

    /// Starts on a given port; 0 stands for a free one.
    ///
    /// # Errors
    ///
    /// If the port, a thread or a runtime cannot be had.
    pub fn start_on(port: u16) -> io::Result<Self> {
        Self::start_with(port, None)
    }

    /// Starts on a free port with TLS: a certificate chain in DER, the server's own certificate first, and the key to
    /// it in DER (PKCS #8, PKCS #1 or SEC 1).
    ///
    /// # Errors
    ///
    /// If the certificate or the key cannot be used; if no port, thread or runtime can be had.
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
            // Whether the sender spoke or is gone, this is the end.
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

    /// Changes the terms for the codes and tokens to come.
    pub fn configure(&self, change: impl FnOnce(&mut ControlPlaneSettings)) {
        change(&mut lock(&self.state).settings);
    }

    /// Issues a live token, for an environment such as `dev`.
    #[must_use]
    pub fn mint(&self, environment: &str) -> String {
        lock(&self.state).mint(environment, None, Minting::Mint)
    }

    /// Tells whether a token would still be accepted.
    #[must_use]
    pub fn is_live(&self, token: &str) -> bool {
        lock(&self.state).tokens.live().any(|live| live.text == token)
    }

    /// Every token that would be accepted, in the order in which they were minted.
    #[must_use]
    pub fn live_tokens(&self) -> Vec<LiveToken> {
        lock(&self.state).tokens.live().cloned().collect()
    }

    /// The user codes that wait for a decision, in the order in which they were issued.
    #[must_use]
    pub fn open_codes(&self) -> Vec<String> {
        let state = lock(&self.state);
        let open = state.authorizations.iter().filter(|authorization| authorization.is_open(Instant::now()).is_ok());
        open.map(|authorization| authorization.user_code.clone()).collect()
    }

    /// Approves a user code, as its page does: the next poll mints the token. Tells whether the code was open.
    #[must_use]
    pub fn approve(&self, user_code: &str) -> bool {
        lock(&self.state).decide(user_code, Decision::Approve, Instant::now()).is_ok()
    }

    /// Denies a user code, as its page does. Tells whether the code was open.
    #[must_use]
    pub fn deny(&self, user_code: &str) -> bool {
        lock(&self.state).decide(user_code, Decision::Deny, Instant::now()).is_ok()
    }

    /// Ends the time of a user code. Tells whether the code was open.
    #[must_use]
    pub fn expire(&self, user_code: &str) -> bool {
        lock(&self.state).expire(user_code, Instant::now()).is_ok()
    }

    /// Approves the next code that is issued, so that its first poll mints the token.
    pub fn approve_next(&self) {
        self.decide_next(Decision::Approve, 1);
    }

    /// Decides the next code that is issued when its `poll`th poll arrives, counted from 1. Several calls stand for
    /// several codes, one after the other.
    pub fn decide_next(&self, decision: Decision, poll: usize) {
        lock(&self.state).planned.push_back((decision, poll));
    }

    /// Plays a script once: for the next request that no script given before waits for.
    pub fn once(&self, endpoint: Endpoint, script: Script) {
        self.on_nth(endpoint, 1, script);
    }

    /// Plays a script once: for the `nth` request from now on, counted from 1.
    pub fn on_nth(&self, endpoint: Endpoint, nth: usize, script: Script) {
        lock(&self.state).scripts.add(endpoint, nth, script);
    }

    /// Plays a script for every further request that is given none by [`once`](Self::once) or
    /// [`on_nth`](Self::on_nth). [`Script::real`] goes back to the real answers.
    pub fn always(&self, endpoint: Endpoint, script: Script) {
        lock(&self.state).scripts.stand(endpoint, script);
    }

    /// Answers every further attempt to revoke with this, and revokes nothing; `None` goes back to the real answers.
    pub fn answer_revocations_with(&self, answer: impl Into<Option<Answer>>) {
        self.always(Endpoint::Revoke, answer.into().map_or_else(Script::real, Script::answer));
    }

    /// The requests so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.state).requests.clone()
    }

    /// How many connections were made so far, with or without a request on them.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.state).connections
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; dropping must not add another.
            let _ = thread.join();
        }
    }
}
