//! When the server is asked whether the login was approved, and what its answers mean: one table, without any I/O.

use std::time::Duration;

use thiserror::Error;

use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::issued_token::IssuedToken;
use crate::domain::minutes::Minutes;
use crate::ports::BoxError;
use crate::ports::cause::Cause;
use crate::ports::token_issuer::{PollAnswer, PollFailure};

/// By how much the interval grows where the server asks for it (RFC 8628, section 3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// How far the interval grows.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// How far the wait after a failure grows.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// The longest wait that a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// What is known of a login that waits for its approval. All times are of one monotonic clock.
#[derive(Debug)]
pub(super) struct Polling {
    interval: Duration,
    begun: Duration,
    lifetime: Duration,
    streak: Option<Streak>,
    is_answer_lost: bool,
}

/// Polls that failed in a row.
#[derive(Debug)]
struct Streak {
    /// How many there were before the last one.
    earlier: u32,
    /// Why the last one failed.
    cause: Cause,
}

impl Polling {
    /// The state at the arrival of the codes.
    pub(super) fn new(authorization: &DeviceAuthorization, now: Duration) -> Self {
        Self {
            interval: authorization.interval(),
            begun: now,
            lifetime: authorization.lifetime(),
            streak: None,
            is_answer_lost: false,
        }
    }

    /// Whether a poll may have issued a token that did not arrive.
    pub(super) fn is_answer_lost(&self) -> bool {
        self.is_answer_lost
    }

    fn deadline(&self) -> Duration {
        self.begun.saturating_add(self.lifetime)
    }
}

/// What has happened since the last decision.
#[derive(Debug)]
pub(super) enum News {
    /// The codes have arrived.
    Begun,
    /// The wait is over.
    Waited,
    /// A poll has ended.
    Answered(PollAnswer),
}

/// What to do next.
#[derive(Debug)]
pub(super) enum Decision {
    /// Wait, and tell the operator if the server has just begun not to answer.
    Wait {
        /// For how long.
        duration: Duration,
        /// Why there was no answer, at the first failure in a row.
        no_answer: Option<Cause>,
    },
    /// Poll.
    Poll,
    /// Take the token.
    Take(IssuedToken),
    /// Give up.
    GiveUp(NotIssued),
}

/// Why no token was issued.
#[derive(Debug, Error)]
pub enum NotIssued {
    /// Somebody denied the request.
    #[error("the request was denied")]
    Denied,
    /// Nobody approved the request in time.
    #[error("the request was not approved within {}", Minutes::from(*within))]
    NotApproved {
        /// How long there was time for it.
        within: Duration,
        /// Why the last polls failed, if they did.
        #[source]
        cause: Option<Cause>,
    },
    /// The server does not know the request any more, or cannot be asked.
    #[error("the server did not issue a token")]
    Rejected {
        /// What the server said.
        source: BoxError,
    },
    /// The server understood and declined.
    #[error("the server refused to issue a token")]
    Refused {
        /// What the server said.
        source: BoxError,
    },
    /// The server meant to issue a token, and its answer cannot be used. That answer is lost.
    #[error("the server's answer cannot be used")]
    Unusable {
        /// What is wrong with it.
        source: BoxError,
    },
}

/// Decides what follows from an answer, and from everything before it. Nothing else does.
///
/// Each poll comes after a wait of one interval at least, and none after the deadline: where the wait would last longer
/// than that, the login is given up.
pub(super) fn decide(mut state: Polling, news: News, now: Duration) -> (Polling, Decision) {
    let decision = match news {
        News::Begun => wait(&state, state.interval, now),
        News::Waited if now > state.deadline() => give_up(&state),
        News::Waited => Decision::Poll,
        News::Answered(PollAnswer::Issued(token)) => Decision::Take(token),
        News::Answered(PollAnswer::Pending) => {
            state.streak = None;
            wait(&state, state.interval, now)
        }
        News::Answered(PollAnswer::SlowDown) => {
            state.streak = None;
            state.interval = (state.interval + SLOW_DOWN).min(MAX_INTERVAL);
            wait(&state, state.interval, now)
        }
        News::Answered(PollAnswer::Denied) => Decision::GiveUp(NotIssued::Denied),
        News::Answered(PollAnswer::Expired) => {
            let within = now.saturating_sub(state.begun);
            Decision::GiveUp(NotIssued::NotApproved { within, cause: None })
        }
        News::Answered(PollAnswer::Rejected { source }) => Decision::GiveUp(NotIssued::Rejected { source }),
        News::Answered(PollAnswer::Refused { source }) => Decision::GiveUp(NotIssued::Refused { source }),
        News::Answered(PollAnswer::Unusable { source }) => {
            state.is_answer_lost = true;
            Decision::GiveUp(NotIssued::Unusable { source })
        }
        News::Answered(PollAnswer::Failed(failure)) => after_failure(&mut state, failure, now),
    };
    (state, decision)
}

fn after_failure(state: &mut Polling, failure: PollFailure, now: Duration) -> Decision {
    state.is_answer_lost |= failure.may_have_issued;
    let earlier = state.streak.take().map_or(0, |streak| streak.earlier.saturating_add(1));
    let cause = Cause::new(failure.source);
    state.streak = Some(Streak { earlier, cause: cause.clone() });

    let backoff = state.interval.saturating_mul(2_u32.saturating_pow(earlier)).min(MAX_BACKOFF);
    let asked_for = failure.retry_after.filter(|duration| *duration <= MAX_RETRY_AFTER).unwrap_or_default();
    match wait(state, state.interval.max(backoff).max(asked_for), now) {
        Decision::Wait { duration, .. } if earlier == 0 => Decision::Wait { duration, no_answer: Some(cause) },
        decision => decision,
    }
}

fn wait(state: &Polling, duration: Duration, now: Duration) -> Decision {
    if now.saturating_add(duration) > state.deadline() {
        give_up(state)
    } else {
        Decision::Wait { duration, no_answer: None }
    }
}

fn give_up(state: &Polling) -> Decision {
    let cause = state.streak.as_ref().map(|streak| streak.cause.clone());
    Decision::GiveUp(NotIssued::NotApproved { within: state.lifetime, cause })
}
