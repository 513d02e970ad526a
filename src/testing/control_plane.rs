//! A plexsphere control plane on loopback, as far as logout needs one.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use data_encoding::BASE32_NOPAD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::lock;

const TOKENS_PATH: &str = "/v1/auth/tokens/";
const WHOAMI_PATH: &str = "/v1/auth/whoami";

/// A control plane that listens on 127.0.0.1 until it is dropped.
///
/// It mints session tokens and serves two operations of the plexsphere API: `DELETE /v1/auth/tokens/{id}` and
/// `GET /v1/auth/whoami`. Every request is recorded.
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

#[derive(Default)]
struct State {
    tokens: Vec<MintedToken>,
    answer: Option<Answer>,
    requests: Vec<RecordedRequest>,
}

struct MintedToken {
    text: String,
    id: String,
    subject: Uuid,
    is_live: bool,
}

/// One request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The request target (RFC 9112, section 3.2).
    pub target: String,
    /// The header fields in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The value of a header field, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// An answer that stands in for the real one to every attempt to revoke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code, from 200 to 999.
    pub status: u16,
    /// The media type of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn bare(status: u16) -> Self {
        Self { status, content_type: "text/plain".to_owned(), body: Vec::new() }
    }

    /// An answer with a problem document (RFC 9457).
    #[must_use]
    pub fn problem(status: u16, title: &str, code: &str, detail: &str) -> Self {
        let document = json!({
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "instance": "/v1/auth/tokens",
            "code": code,
        });
        Self { status, content_type: "application/problem+json".to_owned(), body: document.to_string().into_bytes() }
    }
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
        let listener = TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        runtime.spawn(serve(listener, Arc::clone(&state)));
        let thread = thread::Builder::new().name("control plane".to_owned()).spawn(move || {
            // Whether the sender spoke or is gone, this is the end.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// The server URL to store in a profile.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Issues a live session token for an environment such as `dev`.
    #[must_use]
    pub fn mint(&self, environment: &str) -> String {
        let id = Uuid::now_v7();
        let encoded = BASE32_NOPAD.encode(id.as_bytes()).to_ascii_lowercase();
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let text = format!("psk_{environment}_{encoded}_{secret}");
        lock(&self.state).tokens.push(MintedToken {
            text: text.clone(),
            id: id.hyphenated().to_string(),
            subject: Uuid::now_v7(),
            is_live: true,
        });
        text
    }

    /// Tells whether a token would still be accepted.
    #[must_use]
    pub fn is_live(&self, token: &str) -> bool {
        lock(&self.state).tokens.iter().any(|minted| minted.text == token && minted.is_live)
    }

    /// Answers every further attempt to revoke with this, and revokes nothing; `None` goes back to the real answers.
    pub fn answer_revocations_with(&self, answer: impl Into<Option<Answer>>) {
        lock(&self.state).answer = answer.into();
    }

    /// The requests so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.state).requests.clone()
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

async fn serve(listener: tokio::net::TcpListener, state: Arc<Mutex<State>>) {
    loop {
        // What fails here is one client's connection.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        let service = service_fn(move |request| respond(request, Arc::clone(&state)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn respond(request: Request<Incoming>, state: Arc<Mutex<State>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let header = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let recorded = RecordedRequest {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), header(value))).collect(),
        body,
    };
    let bearer = head.headers.get(AUTHORIZATION).map(header).unwrap_or_default();
    let bearer = bearer.strip_prefix("Bearer ").unwrap_or_default();

    let mut state = lock(&state);
    state.requests.push(recorded);
    let answer = match (&head.method, head.uri.path()) {
        (&Method::DELETE, path) if path.starts_with(TOKENS_PATH) => {
            let id = path.trim_start_matches(TOKENS_PATH);
            state.answer.clone().unwrap_or_else(|| state.revoke(id, bearer))
        }
        (&Method::GET, WHOAMI_PATH) => state.whoami(bearer),
        _ => Answer::problem(404, "Not Found", "not_found", "No route matched the request."),
    };
    Ok(answer.into_response())
}

impl State {
    fn revoke(&mut self, id: &str, bearer: &str) -> Answer {
        match self.authenticate(bearer) {
            None => Answer::unauthenticated(),
            Some(token) if token.id == id => {
                token.is_live = false;
                Answer::bare(204)
            }
            Some(_) => Answer::problem(404, "Not Found", "token_not_found", "The caller has no such token."),
        }
    }

    fn whoami(&mut self, bearer: &str) -> Answer {
        match self.authenticate(bearer) {
            None => Answer::unauthenticated(),
            Some(token) => Answer {
                status: 200,
                content_type: "application/json".to_owned(),
                body: json!({ "principal_type": "user", "subject": token.subject }).to_string().into_bytes(),
            },
        }
    }

    fn authenticate(&mut self, bearer: &str) -> Option<&mut MintedToken> {
        self.tokens.iter_mut().find(|token| token.is_live && token.text == bearer)
    }
}

impl Answer {
    fn unauthenticated() -> Self {
        Self::problem(401, "Unauthorized", "unauthenticated", "The bearer token is not valid.")
    }

    fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Ok(content_type) = self.content_type.parse() {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        response
    }
}
