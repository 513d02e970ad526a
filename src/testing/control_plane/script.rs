//! How a test takes the place of the real answers: what is done with a request, and which request it is done with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::answer::{Answer, Reply};
use super::request::RecordedRequest;

/// A place at which the control plane can be scripted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A new connection, before anything is read from it and before a TLS handshake. An answer is sent there as it is,
    /// without a request, and the connection is closed.
    Connection,
    /// `POST /v1/auth/device-code`
    DeviceCode,
    /// `POST /v1/auth/device-token`
    DeviceToken,
    /// `GET /v1/auth/whoami`
    Whoami,
    /// `DELETE /v1/auth/tokens/{id}`
    Revoke,
    /// `GET` and `POST` of the approval page, `/v1/device`
    Page,
}

impl Endpoint {
    pub(super) fn of(request: &RecordedRequest) -> Option<Self> {
        let path = request.path();
        match (request.method.as_str(), path.as_str()) {
            ("POST", "/v1/auth/device-code") => Some(Self::DeviceCode),
            ("POST", "/v1/auth/device-token") => Some(Self::DeviceToken),
            ("GET", "/v1/auth/whoami") => Some(Self::Whoami),
            ("GET" | "POST", super::page::PATH) => Some(Self::Page),
            ("DELETE", path) if path.starts_with(super::tokens::PATH) => Some(Self::Revoke),
            _ => None,
        }
    }
}

/// What the control plane does with one request.
///
/// A script begins with what is answered ([`real`](Self::real), [`answer`](Self::answer), [`raw`](Self::raw) or
/// [`hang_up`](Self::hang_up)), and goes on with how. In this order: the hook runs, the request is acted upon, the
/// answer is edited, the delay passes, and the bytes are rewritten. What was acted upon stays so, even if the client is
/// gone by then.
///
/// ```
/// use std::time::Duration;
/// use plexctl::testing::{Answer, ControlPlane, Endpoint, Script};
///
/// let control_plane = ControlPlane::start()?;
/// // The first poll fails, the third mints a token and its answer is lost, and whoami is slow from now on.
/// let busy = Script::answer(Answer::bare(503)).header("retry-after", "2");
/// control_plane.once(Endpoint::DeviceToken, busy);
/// control_plane.on_nth(Endpoint::DeviceToken, 3, Script::real().lost());
/// control_plane.always(Endpoint::Whoami, Script::real().with("email", "null").after(Duration::from_secs(1)));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Default)]
pub struct Script {
    instead: Option<Answer>,
    headers: Vec<(String, String)>,
    edits: Vec<(String, Option<String>)>,
    delay: Duration,
    hook: Option<Arc<dyn Fn() + Send + Sync>>,
    rewrite: Option<Arc<Rewrite>>,
}

type Rewrite = dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync;

impl Script {
    /// The request is acted upon and answered as ever.
    #[must_use]
    pub fn real() -> Self {
        Self::default()
    }

    /// This is answered, and nothing is done.
    #[must_use]
    pub fn answer(answer: Answer) -> Self {
        Self { instead: Some(answer), ..Self::default() }
    }

    /// These bytes are sent, whether they are HTTP or not, and the connection is closed. Nothing is done.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::answer(Answer::bare(200)).rewritten(move |_| bytes.clone())
    }

    /// The connection is closed without an answer. Nothing is done.
    #[must_use]
    pub fn hang_up() -> Self {
        Self::raw([])
    }

    /// The answer has one more header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The JSON object of the answer has this value under this key: any text, which need not even be JSON.
    #[must_use]
    pub fn with(mut self, key: &str, json: &str) -> Self {
        self.edits.push((key.to_owned(), Some(json.to_owned())));
        self
    }

    /// The JSON object of the answer lacks this key.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.edits.push((key.to_owned(), None));
        self
    }

    /// The request is acted upon at once, and the answer is sent after this time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// This runs when the request has arrived and is recorded, before it is acted upon. It may take its time, and may
    /// have other clients ask this control plane. If it panics, the connection is closed without an answer.
    #[must_use]
    pub fn running(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// The request is acted upon, and the connection is closed without an answer: a token that was minted is live, and
    /// nobody holds it.
    #[must_use]
    pub fn lost(self) -> Self {
        self.rewritten(|_| Vec::new())
    }

    /// What this makes of the whole answer, head and body, is sent, and the connection is closed.
    #[must_use]
    pub fn rewritten(mut self, rewrite: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.rewrite = Some(Arc::new(rewrite));
        self
    }

    /// Tells whether a connection is served after this script.
    pub(super) fn is_real(&self) -> bool {
        self.instead.is_none() && self.rewrite.is_none()
    }

    /// Plays the script, with `act` for the real answer.
    pub(super) async fn play(self, act: impl FnOnce() -> Reply) -> Outcome {
        if let Some(hook) = self.hook
            && spawn_blocking(move || hook()).await.is_err()
        {
            return Outcome::Bytes(Vec::new());
        }
        let mut reply = self.instead.map_or_else(act, Reply::from);
        reply.edit(&self.edits);
        reply.headers.extend(self.headers);
        tokio::time::sleep(self.delay).await;
        match self.rewrite {
            None => Outcome::Reply(reply),
            Some(rewrite) => Outcome::Bytes(rewrite(reply.into_bytes())),
        }
    }
}

/// How a request ends.
pub(super) enum Outcome {
    /// With an answer, and the connection is kept.
    Reply(Reply),
    /// With these bytes, and the connection is closed.
    Bytes(Vec<u8>),
}

/// Which request is given which script.
#[derive(Default)]
pub(super) struct Scripts {
    turns: Vec<Turn>,
    standing: HashMap<Endpoint, Script>,
}

struct Turn {
    endpoint: Endpoint,
    /// How many requests go by before its own.
    others_first: usize,
    script: Script,
}

impl Scripts {
    pub(super) fn add(&mut self, endpoint: Endpoint, nth: usize, script: Script) {
        self.turns.push(Turn { endpoint, others_first: nth.saturating_sub(1), script });
    }

    pub(super) fn stand(&mut self, endpoint: Endpoint, script: Script) {
        self.standing.insert(endpoint, script);
    }

    /// The script for a request that has just arrived.
    pub(super) fn take(&mut self, endpoint: Endpoint) -> Script {
        let due = self.turns.iter().position(|turn| turn.endpoint == endpoint && turn.others_first == 0);
        let due = due.map(|index| self.turns.remove(index).script);
        for turn in self.turns.iter_mut().filter(|turn| turn.endpoint == endpoint) {
            turn.others_first = turn.others_first.saturating_sub(1);
        }
        due.or_else(|| self.standing.get(&endpoint).cloned()).unwrap_or_default()
    }
}
