//! What the suites of the ports that send requests have in common.

use std::error::Error;
use std::fmt::{self, Debug};
use std::future::{Future, poll_fn};
use std::mem::discriminant;
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use super::{SECRET, SERVER, promise, shown};
use crate::domain::server_url::ServerUrl;
use crate::ports::request_error::RequestError;

/// How a request fails, whatever it was for. Every text in a response holds the [`SECRET`], if the request held it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerFailure {
    /// The server responds with an error of its own (500).
    ServerError,
    /// The server redirects to another server, which would accept the request (307).
    Redirected,
    /// A proxy that can read the request rejects it in its own name: 401 without problem details.
    ProxyError,
    /// The server closes the connection without a response.
    Unanswered,
    /// The server never responds.
    Silent,
    /// There is no server.
    Unreached,
}

impl ServerFailure {
    /// Every failure.
    pub const ALL: [Self; 6] =
        [Self::ServerError, Self::Redirected, Self::ProxyError, Self::Unanswered, Self::Silent, Self::Unreached];

    /// Whether there is a response, which is not the one that was asked for.
    #[must_use]
    pub fn is_response(self) -> bool {
        matches!(self, Self::ServerError | Self::Redirected | Self::ProxyError)
    }

    /// Whether the server may have read the request without responding.
    #[must_use]
    pub fn is_unanswered(self) -> bool {
        matches!(self, Self::Unanswered | Self::Silent)
    }

    /// The error that a port owes for it.
    pub(super) fn error(self) -> RequestError {
        let source = "told to".into();
        match self {
            Self::ServerError | Self::Redirected | Self::ProxyError => RequestError::Unconfirmed { source },
            Self::Unanswered | Self::Silent => RequestError::Unanswered { source },
            Self::Unreached => RequestError::Unreached { source },
        }
    }

    /// Tells whether an error is the one that a port owes for it.
    pub(super) fn is_said_by(self, error: &RequestError) -> bool {
        discriminant(error) == discriminant(&self.error())
    }
}

/// An implementation with the server that it sends requests to.
pub trait ServerUnderTest {
    /// The longest time that a call may take.
    const CALL_LIMIT: Duration = Duration::from_secs(60);

    /// The server to name in a call.
    fn server(&self) -> ServerUrl {
        ServerUrl::parse(SERVER).unwrap()
    }

    /// The servers that were sent a request so far, one entry a request.
    fn requested(&self) -> Vec<ServerUrl>;
}

/// One call to a server, and what it led to.
pub(super) struct Observed<C, T> {
    pub(super) case: C,
    /// `None` if the call took too long.
    pub(super) result: Option<T>,
    server: ServerUrl,
    requested: Vec<ServerUrl>,
}

impl<C: Debug, T: Debug> Debug for Observed<C, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Some(result) => write!(formatter, "{:?} is {result:?}", self.case),
            None => write!(formatter, "{:?} has no end", self.case),
        }
    }
}

/// Waits for a call, for as long as one may take.
pub(super) async fn observe<S: ServerUnderTest, C, T>(
    case: C,
    under_test: &S,
    call: impl Future<Output = T>,
) -> Observed<C, T> {
    let result = within(S::CALL_LIMIT, call).await;
    Observed { case, result, server: under_test.server(), requested: under_test.requested() }
}

/// Awaits a future until a time limit, on any runtime.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, started, mut has_alarm) = (pin!(future), Instant::now(), false);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if started.elapsed() >= limit {
            return Poll::Ready(None);
        }
        if !has_alarm {
            let waker = context.waker().clone();
            thread::spawn(move || {
                thread::sleep(limit);
                waker.wake();
            });
        }
        has_alarm = true;
        Poll::Pending
    })
    .await
}

/// The error of a call, for [`check_calls`].
pub(super) fn error_of<T, E: Error>(result: &Result<T, E>) -> Option<&dyn Error> {
    result.as_ref().err().map(|error| error as &dyn Error)
}

/// Checks the promises 1 to 4, which all of these ports have in common.
pub(super) fn check_calls<C: Debug, T: Debug>(calls: &[Observed<C, T>], source: impl Fn(&T) -> Option<&dyn Error>) {
    promise(1, "a call sends at most one request", || {
        for call in calls {
            assert!(call.requested.len() <= 1, "{call:?} after {} requests", call.requested.len());
        }
    });
    promise(2, "what is secret goes to the given server only", || {
        for call in calls {
            let others: Vec<_> = call.requested.iter().filter(|server| !server.same_origin(&call.server)).collect();
            assert!(others.is_empty(), "{:?}: {others:?} got a request", call.case);
        }
    });
    promise(3, "a call ends in bounded time", || {
        for call in calls {
            assert!(call.result.is_some(), "{call:?}");
        }
    });
    promise(4, "no response and no error shows any part of a secret", || {
        for call in calls {
            let error = call.result.as_ref().and_then(&source).map(shown);
            let text = format!("{call:?} {}", error.unwrap_or_default());
            assert!(!text.contains(SECRET), "{text}");
        }
    });
}
