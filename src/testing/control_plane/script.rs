//! Scripts: answers that replace the real ones, and the requests that get them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::answer::{Answer, Reply};
use super::endpoint::Endpoint;

/// What the control plane does with one request.
///
/// A script starts with an answer ([`real`](Self::real), [`answer`](Self::answer), [`raw`](Self::raw) or
/// [`hang_up`](Self::hang_up)), which the other methods modify. The steps run in this order: the hook, the operation
/// itself, edits of the answer, the delay, and the rewriting of its bytes. What the operation changed stays changed,
/// even if the client has closed the connection by then.
///
/// ```
/// use std::time::Duration;
/// use plexctl::testing::{Answer, ControlPlane, Endpoint, Script};
///
/// let control_plane = ControlPlane::start()?;
/// // The first poll fails, the third mints a token but its answer is lost, and every whoami is slow.
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
    correlation_id: Option<String>,
    delay: Duration,
    hook: Option<Arc<dyn Fn() + Send + Sync>>,
    rewrite: Option<Arc<Rewrite>>,
}

type Rewrite = dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync;

impl Script {
    /// Serves the request as usual.
    #[must_use]
    pub fn real() -> Self {
        Self::default()
    }

    /// Sends this answer and does nothing else. A problem document without a `correlation_id` gets the one of the
    /// request.
    #[must_use]
    pub fn answer(answer: Answer) -> Self {
        Self { instead: Some(answer), ..Self::default() }
    }

    /// Sends these bytes, which need not be HTTP, and closes the connection. Does nothing else.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::answer(Answer::bare(200)).rewritten(move |_| bytes.clone())
    }

    /// Closes the connection without an answer. Does nothing else.
    #[must_use]
    pub fn hang_up() -> Self {
        Self::raw([])
    }

    /// Adds a header field to the answer. It replaces a field of the same name that the control plane sets itself.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a member of the JSON object in the answer to a text, which need not be JSON.
    #[must_use]
    pub fn with(mut self, key: &str, json: &str) -> Self {
        self.edits.push((key.to_owned(), Some(json.to_owned())));
        self
    }

    /// Removes a member of the JSON object in the answer.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.edits.push((key.to_owned(), None));
        self
    }

    /// Serves the request at once and sends the answer after this time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Runs a hook after the request is recorded and before it is served. The hook may block, and other clients can use
    /// the control plane meanwhile. If it panics, the connection is closed without an answer.
    #[must_use]
    pub fn running(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.hook = Some(Arc::new(hook));
        self
    }

    /// Serves the request and closes the connection without an answer: a token that was minted is live, but no client
    /// received it.
    #[must_use]
    pub fn lost(self) -> Self {
        self.rewritten(|_| Vec::new())
    }

    /// Sends what this function makes of the whole answer, head and body, and closes the connection.
    #[must_use]
    pub fn rewritten(mut self, rewrite: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.rewrite = Some(Arc::new(rewrite));
        self
    }

    /// Sets the correlation id of the request.
    pub(super) fn correlated(mut self, correlation_id: &str) -> Self {
        self.correlation_id = Some(correlation_id.to_owned());
        self
    }

    /// Tells whether a connection is served after this script.
    pub(super) fn is_real(&self) -> bool {
        self.instead.is_none() && self.rewrite.is_none()
    }

    /// Plays the script. `act` gives the real answer.
    pub(super) async fn play(self, act: impl FnOnce() -> Reply) -> Outcome {
        if let Some(hook) = self.hook
            && spawn_blocking(move || hook()).await.is_err()
        {
            return Outcome::Bytes(Vec::new());
        }
        let mut reply = self.instead.map_or_else(act, Reply::from);
        if let Some(correlation_id) = &self.correlation_id {
            reply.correlate(correlation_id);
        }
        reply.edit(&self.edits);
        reply.headers.retain(|(name, _)| self.headers.iter().all(|(other, _)| !other.eq_ignore_ascii_case(name)));
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
    /// With an answer; the connection stays open.
    Reply(Reply),
    /// With these bytes; the connection is closed.
    Bytes(Vec<u8>),
}

/// Which request gets which script.
#[derive(Default)]
pub(super) struct Scripts {
    turns: Vec<Turn>,
    standing: HashMap<Endpoint, Script>,
}

struct Turn {
    endpoint: Endpoint,
    /// How many requests come before its own.
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

    /// The script for a request that just arrived.
    pub(super) fn take(&mut self, endpoint: Endpoint) -> Script {
        let due = self.turns.iter().position(|turn| turn.endpoint == endpoint && turn.others_first == 0);
        let due = due.map(|index| self.turns.remove(index).script);
        for turn in self.turns.iter_mut().filter(|turn| turn.endpoint == endpoint) {
            turn.others_first = turn.others_first.saturating_sub(1);
        }
        due.or_else(|| self.standing.get(&endpoint).cloned()).unwrap_or_default()
    }
}
