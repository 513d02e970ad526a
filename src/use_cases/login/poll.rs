//! When the server is asked whether the login was approved, and what its answers mean: one table, without any I/O.

use std::time::Duration;

use thiserror::Error;

use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::issued_token::IssuedToken;
use crate::domain::minutes::Minutes;
use crate::ports::call_error::CallError;
use crate::ports::token_issuer::{PollFailure, PollResponse};

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
pub(crate) struct Polling {
    interval: Duration,
    begun: Duration,
    lifetime: Duration,
    streak: Option<Streak>,
    is_response_lost: bool,
}

/// Polls that failed in a row.
#[derive(Debug)]
struct Streak {
    /// How many there were before the last one.
    earlier: u32,
    /// Why the last one failed.
    cause: CallError,
}

impl Polling {
    /// The state at the arrival of the codes.
    pub(crate) fn new(authorization: &DeviceAuthorization, now: Duration) -> Self {
        Self {
            interval: authorization.interval(),
            begun: now,
            lifetime: authorization.lifetime(),
            streak: None,
            is_response_lost: false,
        }
    }

    /// Whether a poll may have issued a token that did not arrive.
    pub(crate) fn is_response_lost(&self) -> bool {
        self.is_response_lost
    }

    fn deadline(&self) -> Duration {
        self.begun.saturating_add(self.lifetime)
    }
}

/// What has happened since the last decision.
#[derive(Debug)]
pub(crate) enum PollEvent {
    /// The codes have arrived.
    Begun,
    /// The wait is over.
    Waited,
    /// A poll has ended.
    Responded(PollResponse),
}

/// What to do next.
#[derive(Debug)]
pub(crate) enum PollStep {
    /// Wait, and tell the operator if the server has just begun not to answer.
    Wait {
        /// For how long.
        duration: Duration,
        /// Why there was no answer, at the first failure in a row.
        first_failure: Option<CallError>,
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
        cause: Option<CallError>,
    },
    /// The server does not know the request any more, or cannot be asked.
    #[error("the server did not issue a token")]
    Rejected {
        /// What the server said.
        source: CallError,
    },
    /// The server understood and declined.
    #[error("the server refused to issue a token")]
    Refused {
        /// What the server said.
        source: CallError,
    },
    /// The server meant to issue a token, and its answer cannot be used. That answer is lost.
    #[error("the server's answer cannot be used")]
    Unusable {
        /// What is wrong with it.
        source: CallError,
    },
}

/// Decides what follows from an answer, and from everything before it. Nothing else does.
///
/// Each poll comes after a wait of one interval at least, and none after the deadline: where the wait would last longer
/// than that, the login is given up.
pub(crate) fn decide(mut state: Polling, news: PollEvent, now: Duration) -> (Polling, PollStep) {
    let decision = match news {
        PollEvent::Begun => wait(&state, state.interval, now),
        PollEvent::Waited if now > state.deadline() => give_up(&state),
        PollEvent::Waited => PollStep::Poll,
        PollEvent::Responded(PollResponse::Issued(token)) => PollStep::Take(token),
        PollEvent::Responded(PollResponse::Pending) => {
            state.streak = None;
            wait(&state, state.interval, now)
        }
        PollEvent::Responded(PollResponse::SlowDown) => {
            state.streak = None;
            state.interval = (state.interval + SLOW_DOWN).min(MAX_INTERVAL);
            wait(&state, state.interval, now)
        }
        PollEvent::Responded(PollResponse::Denied) => PollStep::GiveUp(NotIssued::Denied),
        PollEvent::Responded(PollResponse::Expired) => {
            let within = now.saturating_sub(state.begun);
            PollStep::GiveUp(NotIssued::NotApproved { within, cause: None })
        }
        PollEvent::Responded(PollResponse::Rejected { source }) => PollStep::GiveUp(NotIssued::Rejected { source }),
        PollEvent::Responded(PollResponse::Refused { source }) => PollStep::GiveUp(NotIssued::Refused { source }),
        PollEvent::Responded(PollResponse::Unusable { source }) => {
            state.is_response_lost = true;
            PollStep::GiveUp(NotIssued::Unusable { source })
        }
        PollEvent::Responded(PollResponse::Failed(failure)) => after_failure(&mut state, failure, now),
    };
    (state, decision)
}

fn after_failure(state: &mut Polling, failure: PollFailure, now: Duration) -> PollStep {
    state.is_response_lost |= failure.may_have_issued;
    let earlier = state.streak.take().map_or(0, |streak| streak.earlier.saturating_add(1));
    let cause = failure.source;
    state.streak = Some(Streak { earlier, cause: cause.clone() });

    let backoff = state.interval.saturating_mul(2_u32.saturating_pow(earlier)).min(MAX_BACKOFF);
    let asked_for = failure.retry_after.filter(|duration| *duration <= MAX_RETRY_AFTER).unwrap_or_default();
    match wait(state, state.interval.max(backoff).max(asked_for), now) {
        PollStep::Wait { duration, .. } if earlier == 0 => PollStep::Wait { duration, first_failure: Some(cause) },
        decision => decision,
    }
}

fn wait(state: &Polling, duration: Duration, now: Duration) -> PollStep {
    if now.saturating_add(duration) > state.deadline() {
        give_up(state)
    } else {
        PollStep::Wait { duration, first_failure: None }
    }
}

fn give_up(state: &Polling) -> PollStep {
    let cause = state.streak.as_ref().map(|streak| streak.cause.clone());
    PollStep::GiveUp(NotIssued::NotApproved { within: state.lifetime, cause })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::bearer_token::BearerToken;

    const LIFETIME: Duration = Duration::from_secs(600);

    fn polling(interval: u64) -> Polling {
        Polling {
            interval: Duration::from_secs(interval),
            begun: Duration::from_secs(1000),
            lifetime: LIFETIME,
            streak: None,
            is_response_lost: false,
        }
    }

    fn issued() -> PollResponse {
        PollResponse::Issued(IssuedToken { token: BearerToken::parse("t0ken").unwrap(), lifetime: None })
    }

    fn failed(may_have_issued: bool, retry_after: Option<u64>) -> PollResponse {
        let retry_after = retry_after.map(Duration::from_secs);
        PollResponse::Failed(PollFailure { source: "down".into(), may_have_issued, retry_after })
    }

    fn seconds(now: u64) -> Duration {
        Duration::from_secs(1000 + now)
    }

    /// Waits as a decision says, in seconds, and whether it tells of a failure.
    fn waiting(decision: PollStep) -> (u64, bool) {
        match decision {
            PollStep::Wait { duration, first_failure } => (duration.as_secs(), first_failure.is_some()),
            other => panic!("{other:?}"),
        }
    }

    fn given_up(decision: PollStep) -> NotIssued {
        match decision {
            PollStep::GiveUp(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    /// What follows from these answers, ten seconds apart, in a login that lasts long enough.
    fn waits(interval: u64, answers: impl IntoIterator<Item = PollResponse>) -> Vec<(u64, bool)> {
        let mut state = polling(interval);
        let answers = answers.into_iter().zip(1..);
        let next = |(answer, number)| {
            let before = std::mem::replace(&mut state, polling(interval));
            let (after, decision) = decide(before, PollEvent::Responded(answer), seconds(number));
            state = after;
            waiting(decision)
        };
        answers.map(next).collect()
    }

    #[test]
    fn the_first_poll_comes_after_one_interval() {
        let (state, decision) = decide(polling(7), PollEvent::Begun, seconds(0));
        assert_eq!(waiting(decision), (7, false));
        let (_, decision) = decide(state, PollEvent::Waited, seconds(7));
        assert!(matches!(decision, PollStep::Poll), "{decision:?}");
    }

    #[test]
    fn a_token_is_taken() {
        let (_, decision) = decide(polling(5), PollEvent::Responded(issued()), seconds(9999));
        assert!(matches!(decision, PollStep::Take(token) if token.token.expose_secret() == "t0ken"));
    }

    #[test]
    fn pending_waits_one_interval_and_slow_down_makes_it_longer_for_good() {
        let pending = || PollResponse::Pending;
        let slow_down = || PollResponse::SlowDown;
        assert_eq!(waits(5, [pending(), pending()]), [(5, false), (5, false)]);
        let slower = [pending(), slow_down(), pending(), slow_down(), pending()];
        assert_eq!(waits(5, slower), [(5, false), (10, false), (10, false), (15, false), (15, false)]);
        assert_eq!(waits(52, [slow_down(), slow_down(), slow_down()]), [(57, false), (60, false), (60, false)]);
        assert_eq!(waits(60, [slow_down()]), [(60, false)]);
    }

    #[test]
    fn failures_in_a_row_wait_longer_and_longer_and_are_told_once() {
        let failures = |number| (0..number).map(|_| failed(false, None));
        assert_eq!(waits(1, failures(7)).iter().map(|wait| wait.0).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(waits(5, failures(5)).iter().map(|wait| wait.0).collect::<Vec<_>>(), [5, 10, 20, 30, 30]);
        assert_eq!(waits(40, failures(2)).iter().map(|wait| wait.0).collect::<Vec<_>>(), [40, 40]);
        assert_eq!(waits(5, failures(3)).iter().map(|wait| wait.1).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(waits(1, failures(40)).pop(), Some((30, false)));
    }

    #[test]
    fn an_answer_ends_a_streak_and_the_next_is_told_again() {
        for answer in [PollResponse::Pending, PollResponse::SlowDown] {
            let answers = [failed(false, None), failed(false, None), answer, failed(false, None)];
            let waits = waits(5, answers);
            assert_eq!((waits[3].1, waits[3].0 <= 10), (true, true), "{waits:?}");
            assert!(!waits[2].1);
        }
    }

    #[test]
    fn a_longer_wait_that_the_server_asks_for_counts_up_to_a_minute() {
        for (asked_for, waited) in [(None, 5), (Some(0), 5), (Some(4), 5), (Some(6), 6), (Some(60), 60), (Some(61), 5)]
        {
            assert_eq!(waits(5, [failed(false, asked_for)]), [(waited, true)], "{asked_for:?}");
        }
        assert_eq!(waits(5, [failed(false, None), failed(false, Some(7))]), [(5, true), (10, false)]);
    }

    #[test]
    fn every_other_answer_ends_the_login_with_its_own_reason() {
        let reason = |answer| given_up(decide(polling(5), PollEvent::Responded(answer), seconds(61)).1);
        assert!(matches!(reason(PollResponse::Denied), NotIssued::Denied));
        let source = || "the server's words".into();
        assert!(matches!(reason(PollResponse::Rejected { source: source() }), NotIssued::Rejected { .. }));
        assert!(matches!(reason(PollResponse::Refused { source: source() }), NotIssued::Refused { .. }));
        assert!(matches!(reason(PollResponse::Unusable { source: source() }), NotIssued::Unusable { .. }));
        match reason(PollResponse::Expired) {
            NotIssued::NotApproved { within, cause: None } => assert_eq!(within.as_secs(), 61),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_may_have_issued_a_token_is_lost_and_that_is_remembered() {
        let is_lost = |answer| decide(polling(5), PollEvent::Responded(answer), seconds(0)).0.is_response_lost();
        assert!(is_lost(failed(true, None)));
        assert!(is_lost(PollResponse::Unusable { source: "junk".into() }));
        let kept = [
            issued(),
            PollResponse::Pending,
            PollResponse::SlowDown,
            PollResponse::Denied,
            PollResponse::Expired,
            PollResponse::Rejected { source: "400".into() },
            PollResponse::Refused { source: "403".into() },
            failed(false, None),
        ];
        for answer in kept {
            let shown = format!("{answer:?}");
            assert!(!is_lost(answer), "{shown}");
        }
        let (state, _) = decide(polling(5), PollEvent::Responded(failed(true, None)), seconds(0));
        let (state, _) = decide(state, PollEvent::Responded(failed(false, None)), seconds(5));
        let (state, _) = decide(state, PollEvent::Responded(PollResponse::Pending), seconds(15));
        let (state, _) = decide(state, PollEvent::Responded(issued()), seconds(20));
        assert!(state.is_response_lost());
    }

    #[test]
    fn no_poll_starts_after_the_deadline_but_one_may_start_at_it() {
        assert_eq!(
            waiting(decide(polling(5), PollEvent::Responded(PollResponse::Pending), seconds(595)).1),
            (5, false)
        );
        let not_approved = |news, now| match given_up(decide(polling(5), news, now).1) {
            NotIssued::NotApproved { within, cause: None } => assert_eq!(within, LIFETIME),
            other => panic!("{other:?}"),
        };
        not_approved(PollEvent::Responded(PollResponse::Pending), seconds(596));
        not_approved(PollEvent::Begun, seconds(596));
        not_approved(PollEvent::Waited, seconds(600) + Duration::from_millis(1));
        let (_, decision) = decide(polling(5), PollEvent::Waited, seconds(600));
        assert!(matches!(decision, PollStep::Poll), "{decision:?}");
    }

    #[test]
    fn what_is_not_approved_in_time_tells_why_the_last_polls_failed() {
        let (state, _) = decide(polling(5), PollEvent::Responded(failed(false, None)), seconds(590));
        match given_up(decide(state, PollEvent::Waited, seconds(601)).1) {
            NotIssued::NotApproved { cause: Some(cause), .. } => assert_eq!(cause.to_string(), "down"),
            other => panic!("{other:?}"),
        }
        match given_up(decide(polling(5), PollEvent::Responded(failed(false, None)), seconds(599)).1) {
            NotIssued::NotApproved { cause: Some(cause), .. } => assert_eq!(cause.to_string(), "down"),
            other => panic!("{other:?}"),
        }
        let (state, _) = decide(polling(5), PollEvent::Responded(failed(false, None)), seconds(580));
        let (state, _) = decide(state, PollEvent::Responded(PollResponse::Pending), seconds(585));
        assert!(matches!(
            given_up(decide(state, PollEvent::Waited, seconds(601)).1),
            NotIssued::NotApproved { cause: None, .. }
        ));
    }

    fn answer(kind: u8, retry_after: Option<u64>) -> PollResponse {
        let source = || "said".into();
        match kind {
            0 => PollResponse::Pending,
            1 => PollResponse::SlowDown,
            2 => failed(false, retry_after),
            3 => failed(true, retry_after),
            4 => issued(),
            5 => PollResponse::Denied,
            6 => PollResponse::Expired,
            7 => PollResponse::Rejected { source: source() },
            8 => PollResponse::Refused { source: source() },
            _ => PollResponse::Unusable { source: source() },
        }
    }

    proptest! {
        #[test]
        fn no_answers_make_it_poll_too_soon_or_too_late_or_for_ever(
            interval in 1_u64..=60,
            lifetime in 1_u64..=1800,
            // Mostly answers after which it goes on.
            answers in prop::collection::vec((prop_oneof![9 => 0_u8..4, 1 => 4_u8..10], any::<Option<u64>>(), 0_u64..40_000, 0_u64..50), 0..200),
        ) {
            let begun = Duration::from_secs(77);
            let deadline = begun + Duration::from_secs(lifetime);
            let mut state = Polling { lifetime: Duration::from_secs(lifetime), begun, ..polling(interval) };
            let (mut now, mut quiet_since, mut news) = (begun, begun, PollEvent::Begun);
            let mut answers = answers.into_iter();
            loop {
                let (after, decision) = decide(state, news, now);
                state = after;
                prop_assert!(state.interval >= Duration::from_secs(interval) && state.interval <= MAX_INTERVAL);
                news = match decision {
                    PollStep::Wait { duration, .. } => {
                        prop_assert!(duration >= state.interval && duration <= MAX_RETRY_AFTER);
                        prop_assert!(now + duration <= deadline);
                        now += duration + Duration::from_millis(answers.as_slice().first().map_or(0, |next| next.3));
                        PollEvent::Waited
                    }
                    PollStep::Poll => {
                        prop_assert!(now <= deadline);
                        prop_assert!(now >= quiet_since + state.interval);
                        let Some((kind, retry_after, took, _)) = answers.next() else { break };
                        now += Duration::from_millis(took);
                        quiet_since = now;
                        PollEvent::Responded(answer(kind, retry_after.map(|seconds| seconds % 100)))
                    }
                    PollStep::Take(_) | PollStep::GiveUp(_) => break,
                };
            }
        }

        #[test]
        fn a_streak_is_told_once_a_lost_answer_for_good_and_only_want_of_time_ends_the_wait(
            interval in 1_u64..=60,
            lifetime in 1_u64..=1800,
            answers in prop::collection::vec((0_u8..4, 0_u64..20_000), 0..200),
        ) {
            let deadline = seconds(lifetime);
            let mut state = Polling { lifetime: Duration::from_secs(lifetime), ..polling(interval) };
            let (mut now, mut is_in_streak, mut is_lost) = (seconds(0), false, false);
            for (kind, took) in answers {
                now += Duration::from_millis(took);
                let (after, decision) = decide(state, PollEvent::Responded(answer(kind, None)), now);
                state = after;
                let is_failure = matches!(kind, 2 | 3);
                let is_first = is_failure && !is_in_streak;
                (is_in_streak, is_lost) = (is_failure, is_lost || kind == 3);
                prop_assert_eq!(state.is_response_lost(), is_lost);
                match decision {
                    PollStep::Wait { duration, first_failure } => {
                        prop_assert_eq!(first_failure.is_some(), is_first);
                        now += duration;
                    }
                    PollStep::GiveUp(NotIssued::NotApproved { cause, .. }) => {
                        prop_assert_eq!(cause.is_some(), is_failure);
                        prop_assert!(now + state.interval.max(MAX_BACKOFF) > deadline);
                        break;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }

        #[test]
        fn every_state_has_a_decision_at_every_time(
            interval in 1_u64..=60, begun in any::<u64>(), now in any::<u64>(), kind in 0_u8..10, failures in 0_u32..,
            retry_after in any::<Option<u64>>(),
        ) {
            for news in [PollEvent::Begun, PollEvent::Waited, PollEvent::Responded(answer(kind, retry_after))] {
                let streak = Some(Streak { earlier: failures, cause: "down".into() });
                let state = Polling { begun: Duration::from_secs(begun), streak, ..polling(interval) };
                let _ = decide(state, news, Duration::from_secs(now));
            }
        }
    }
}
