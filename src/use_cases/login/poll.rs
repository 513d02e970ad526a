//! When to poll, and what a response to a poll means: one decision table without any I/O.

use std::time::Duration;

use thiserror::Error;

use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::issued_token::IssuedToken;
use crate::ports::call_error::CallError;
use crate::ports::login_outcome::Lifetime;
use crate::ports::request_error::RequestError;
use crate::ports::token_issuer::{PollFailure, PollResponse};

/// How much a `slow_down` adds to the interval (RFC 8628, section 3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// The longest interval.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// The longest back-off after a failure, unless the interval is longer.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// The longest `Retry-After` that is honored.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// How long before the deadline the last poll starts, if the interval would end after the deadline.
const LAST_POLL_LEAD: Duration = Duration::from_secs(1);

/// The shortest pause between the last poll and the one before.
const LAST_POLL_PAUSE: Duration = Duration::from_secs(1);

/// How far latency may move the last poll. Without it, polls that are due at 5, 10 and 11 s would end at 10 s, because
/// the second one starts some milliseconds late.
const LAST_POLL_SLACK: Duration = Duration::from_millis(250);

/// The state of a login that waits for its approval. All times are of one monotonic clock.
#[derive(Debug)]
pub struct Polling {
    interval: Duration,
    begun: Duration,
    lifetime: Duration,
    /// When the last poll started.
    last_poll: Option<Duration>,
    streak: Option<Streak>,
    is_response_lost: bool,
}

/// Polls that failed in a row.
#[derive(Debug)]
struct Streak {
    failures: u32,
    /// Why the last one failed.
    cause: CallError,
}

impl Polling {
    /// The state at the arrival of the codes.
    pub fn new(authorization: &DeviceAuthorization, now: Duration) -> Self {
        Self {
            interval: authorization.interval(),
            begun: now,
            lifetime: authorization.lifetime(),
            last_poll: None,
            streak: None,
            is_response_lost: false,
        }
    }

    /// Whether a response that may have held a token was lost.
    pub fn is_response_lost(&self) -> bool {
        self.is_response_lost
    }

    fn deadline(&self) -> Duration {
        self.begun.saturating_add(self.lifetime)
    }

    /// When to poll for the last time, now that the next interval would end after the deadline.
    fn last_chance(&self, now: Duration) -> Option<Duration> {
        let moment = self.deadline().saturating_sub(LAST_POLL_LEAD);
        let earliest = self.last_poll.map_or(self.begun, |poll| poll.saturating_add(LAST_POLL_PAUSE));
        let time = moment.max(earliest).max(now);
        (earliest <= moment.saturating_add(LAST_POLL_SLACK) && time <= self.deadline()).then_some(time)
    }
}

/// What has happened since the last step.
#[derive(Debug)]
pub enum PollEvent {
    /// The codes have arrived.
    Begun,
    /// The wait is over.
    Waited,
    /// A poll has ended.
    Responded(PollResponse),
}

/// What to do next.
#[derive(Debug)]
pub enum PollStep {
    /// Wait, and warn the operator of the first failure in a row.
    Wait {
        /// How long to wait.
        duration: Duration,
        /// Why the last poll failed, if the one before did not.
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
    /// The request was not approved in time.
    #[error("the request was not approved within {}", Lifetime(*within))]
    NotApproved {
        /// How long there was time for it.
        within: Duration,
        /// Why the last polls failed, if they did.
        #[source]
        cause: Option<CallError>,
    },
    /// The server declined, does not know the request any more, or meant to issue a token in a response that cannot be
    /// used, and is lost: [`RequestError::Refused`], [`RequestError::Rejected`] or [`RequestError::Unusable`].
    #[error(transparent)]
    Failed(RequestError),
}

impl NotIssued {
    /// The response, or the lack of one, that decided.
    pub(super) fn call_error(&self) -> Option<&CallError> {
        match self {
            Self::Denied => None,
            Self::NotApproved { cause, .. } => cause.as_ref(),
            Self::Failed(error) => Some(error.call_error()),
        }
    }
}

/// Decides what follows from an event and everything before it. Nothing else does.
///
/// Each poll starts after a wait of at least one interval, and before the deadline. If the interval would end after the
/// deadline, there is one last poll shortly before it. A back-off that would end after it ends the login.
pub fn decide(mut state: Polling, event: PollEvent, now: Duration) -> (Polling, PollStep) {
    let step = match event {
        PollEvent::Begun => wait_for_interval(&state, now),
        // A process that was stopped may wake up after the deadline, when the server has forgotten the code.
        PollEvent::Waited if now > state.deadline() => give_up(&state),
        PollEvent::Waited => {
            state.last_poll = Some(now);
            PollStep::Poll
        }
        PollEvent::Responded(PollResponse::Issued(token)) => PollStep::Take(token),
        PollEvent::Responded(PollResponse::Pending) => {
            state.streak = None;
            wait_for_interval(&state, now)
        }
        PollEvent::Responded(PollResponse::SlowDown) => {
            state.streak = None;
            // The increase holds for all further polls (RFC 8628, section 3.5).
            state.interval = (state.interval + SLOW_DOWN).min(MAX_INTERVAL);
            wait_for_interval(&state, now)
        }
        PollEvent::Responded(PollResponse::Denied) => PollStep::GiveUp(NotIssued::Denied),
        PollEvent::Responded(PollResponse::Expired) => {
            // The server decides when a code expires, so the message has the time that has passed, not the lifetime it
            // promised.
            let within = now.saturating_sub(state.begun);
            PollStep::GiveUp(NotIssued::NotApproved { within, cause: None })
        }
        PollEvent::Responded(PollResponse::NotIssued(error)) => {
            state.is_response_lost |= matches!(error, RequestError::Unusable { .. });
            PollStep::GiveUp(NotIssued::Failed(error))
        }
        PollEvent::Responded(PollResponse::Failed(failure)) => back_off(&mut state, failure, now),
    };
    (state, step)
}

fn wait_for_interval(state: &Polling, now: Duration) -> PollStep {
    if now.saturating_add(state.interval) <= state.deadline() {
        return PollStep::Wait { duration: state.interval, first_failure: None };
    }
    match state.last_chance(now) {
        Some(time) => PollStep::Wait { duration: time.saturating_sub(now), first_failure: None },
        None => give_up(state),
    }
}

/// Slows down from the first failure on (RFC 8628, section 3.5). The server may be overloaded, so a back-off that would
/// end after the deadline is not cut short for a last poll.
fn back_off(state: &mut Polling, failure: PollFailure, now: Duration) -> PollStep {
    // Never reset: a later pending answer does not bring that token back.
    state.is_response_lost |= failure.may_have_issued;
    let failures = state.streak.take().map_or(0, |streak| streak.failures).saturating_add(1);
    let cause = failure.source;
    state.streak = Some(Streak { failures, cause: cause.clone() });

    let backoff = state.interval.saturating_mul(2_u32.saturating_pow(failures)).min(MAX_BACKOFF);
    let asked_for = failure.retry_after.filter(|duration| *duration <= MAX_RETRY_AFTER).unwrap_or_default();
    let duration = state.interval.max(backoff).max(asked_for);
    if now.saturating_add(duration) > state.deadline() {
        return give_up(state);
    }
    PollStep::Wait { duration, first_failure: (failures == 1).then_some(cause) }
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
            last_poll: None,
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
    fn waiting(step: PollStep) -> (u64, bool) {
        match step {
            PollStep::Wait { duration, first_failure } => (duration.as_secs(), first_failure.is_some()),
            other => panic!("{other:?}"),
        }
    }

    fn given_up(step: PollStep) -> NotIssued {
        match step {
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
            let (after, step) = decide(before, PollEvent::Responded(answer), seconds(number));
            state = after;
            waiting(step)
        };
        answers.map(next).collect()
    }

    #[test]
    fn polls_first_after_one_interval() {
        let (state, step) = decide(polling(7), PollEvent::Begun, seconds(0));
        assert_eq!(waiting(step), (7, false));
        let (_, step) = decide(state, PollEvent::Waited, seconds(7));
        assert!(matches!(step, PollStep::Poll), "{step:?}");
    }

    #[test]
    fn takes_a_token() {
        let (_, step) = decide(polling(5), PollEvent::Responded(issued()), seconds(9999));
        assert!(matches!(step, PollStep::Take(token) if token.token.expose_secret() == "t0ken"));
    }

    #[test]
    fn slow_down_lengthens_the_interval_for_good() {
        let pending = || PollResponse::Pending;
        let slow_down = || PollResponse::SlowDown;
        assert_eq!(waits(5, [pending(), pending()]), [(5, false), (5, false)]);
        let slower = [pending(), slow_down(), pending(), slow_down(), pending()];
        assert_eq!(waits(5, slower), [(5, false), (10, false), (10, false), (15, false), (15, false)]);
        assert_eq!(waits(52, [slow_down(), slow_down(), slow_down()]), [(57, false), (60, false), (60, false)]);
        assert_eq!(waits(60, [slow_down()]), [(60, false)]);
    }

    #[test]
    fn backs_off_and_warns_of_the_first_failure() {
        let failures = |number| (0..number).map(|_| failed(false, None));
        assert_eq!(waits(1, failures(7)).iter().map(|wait| wait.0).collect::<Vec<_>>(), [2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(waits(5, failures(5)).iter().map(|wait| wait.0).collect::<Vec<_>>(), [10, 20, 30, 30, 30]);
        assert_eq!(waits(40, failures(2)).iter().map(|wait| wait.0).collect::<Vec<_>>(), [40, 40]);
        assert_eq!(waits(5, failures(3)).iter().map(|wait| wait.1).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(waits(1, failures(40)).pop(), Some((30, false)));
    }

    #[test]
    fn warns_again_after_a_response() {
        for answer in [PollResponse::Pending, PollResponse::SlowDown] {
            let answers = [failed(false, None), failed(false, None), answer, failed(false, None)];
            let waits = waits(5, answers);
            assert_eq!((waits[3].1, waits[3].0 <= 20), (true, true), "{waits:?}");
            assert!(!waits[2].1);
        }
    }

    #[test]
    fn honors_retry_after_up_to_a_minute() {
        for (asked_for, waited) in
            [(None, 10), (Some(0), 10), (Some(9), 10), (Some(11), 11), (Some(60), 60), (Some(61), 10)]
        {
            assert_eq!(waits(5, [failed(false, asked_for)]), [(waited, true)], "{asked_for:?}");
        }
        assert_eq!(waits(5, [failed(false, None), failed(false, Some(7))]), [(10, true), (20, false)]);
    }

    #[test]
    fn ends_the_login_for_every_other_response() {
        let reason = |answer| given_up(decide(polling(5), PollEvent::Responded(answer), seconds(61)).1);
        assert!(matches!(reason(PollResponse::Denied), NotIssued::Denied));
        let source = || "the server's words".into();
        assert!(matches!(
            reason(PollResponse::NotIssued(RequestError::Rejected { source: source() })),
            NotIssued::Failed(RequestError::Rejected { .. })
        ));
        assert!(matches!(
            reason(PollResponse::NotIssued(RequestError::Refused { source: source() })),
            NotIssued::Failed(RequestError::Refused { .. })
        ));
        assert!(matches!(
            reason(PollResponse::NotIssued(RequestError::Unusable { source: source() })),
            NotIssued::Failed(RequestError::Unusable { .. })
        ));
        match reason(PollResponse::Expired) {
            NotIssued::NotApproved { within, cause: None } => assert_eq!(within.as_secs(), 61),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn remembers_a_lost_response() {
        let is_lost = |answer| decide(polling(5), PollEvent::Responded(answer), seconds(0)).0.is_response_lost();
        assert!(is_lost(failed(true, None)));
        assert!(is_lost(PollResponse::NotIssued(RequestError::Unusable { source: "junk".into() })));
        let kept = [
            issued(),
            PollResponse::Pending,
            PollResponse::SlowDown,
            PollResponse::Denied,
            PollResponse::Expired,
            PollResponse::NotIssued(RequestError::Rejected { source: "400".into() }),
            PollResponse::NotIssued(RequestError::Refused { source: "403".into() }),
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

    fn not_approved(step: PollStep) {
        match given_up(step) {
            NotIssued::NotApproved { within, cause: None } => assert_eq!(within, LIFETIME),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_poll_starts_after_the_deadline() {
        assert_eq!(
            waiting(decide(polling(5), PollEvent::Responded(PollResponse::Pending), seconds(595)).1),
            (5, false)
        );
        not_approved(decide(polling(5), PollEvent::Waited, seconds(600) + Duration::from_millis(1)).1);
        let (_, step) = decide(polling(5), PollEvent::Waited, seconds(600));
        assert!(matches!(step, PollStep::Poll), "{step:?}");
    }

    /// The step after a poll that started and was answered at these times, in milliseconds of a login that begins at 0.
    fn after_poll(lifetime: u64, started: u64, responded: u64, response: PollResponse) -> PollStep {
        let time = |millis| seconds(0) + Duration::from_millis(millis);
        let state = Polling { lifetime: Duration::from_secs(lifetime), ..polling(5) };
        let (state, _) = decide(state, PollEvent::Waited, time(started));
        decide(state, PollEvent::Responded(response), time(responded)).1
    }

    fn millis(step: PollStep) -> Option<u128> {
        match step {
            PollStep::Wait { duration, .. } => Some(duration.as_millis()),
            PollStep::GiveUp(NotIssued::NotApproved { .. }) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn polls_once_more_a_second_before_the_deadline() {
        for (lifetime, started, responded, wait) in [
            (12, 10_000, 10_000, Some(1000)),
            // Latency moves the last poll, but only so far.
            (12, 10_020, 10_030, Some(990)),
            (12, 10_250, 10_300, Some(950)),
            (12, 10_251, 10_300, None),
            (12, 10_900, 10_900, None),
            // A slow response leaves no time to wait for that moment.
            (12, 5000, 11_400, Some(0)),
            (12, 5000, 12_000, Some(0)),
            (12, 5000, 12_001, None),
            // There is no poll after the last one.
            (12, 11_000, 11_010, None),
            (12, 11_000, 11_990, None),
            // The interval ends in time.
            (15, 10_000, 10_000, Some(5000)),
        ] {
            for response in [PollResponse::Pending, PollResponse::SlowDown] {
                let is_slower = matches!(response, PollResponse::SlowDown) && lifetime == 15;
                let expected = if is_slower { Some(4000) } else { wait };
                let step = after_poll(lifetime, started, responded, response);
                assert_eq!(millis(step), expected, "{lifetime} {started} {responded}");
            }
        }
    }

    #[test]
    fn polls_a_code_that_expires_within_the_interval() {
        for (lifetime, wait) in [(1, 0), (2, 1000), (4, 3000), (5, 5000)] {
            let state = Polling { lifetime: Duration::from_secs(lifetime), ..polling(5) };
            assert_eq!(millis(decide(state, PollEvent::Begun, seconds(0)).1), Some(wait), "{lifetime}");
        }
    }

    #[test]
    fn cuts_no_back_off_short_for_a_last_poll() {
        assert_eq!(millis(after_poll(21, 10_000, 10_000, failed(false, None))), Some(10_000));
        assert_eq!(millis(after_poll(20, 10_000, 10_000, failed(false, None))), Some(10_000));
        assert_eq!(millis(after_poll(19, 10_000, 10_000, failed(false, None))), None);
        assert_eq!(millis(after_poll(21, 10_000, 10_000, failed(false, Some(12)))), None);
    }

    #[test]
    fn timeout_carries_the_cause_of_the_streak() {
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

    fn response(kind: u8, retry_after: Option<u64>) -> PollResponse {
        let source = || "said".into();
        match kind {
            0 => PollResponse::Pending,
            1 => PollResponse::SlowDown,
            2 => failed(false, retry_after),
            3 => failed(true, retry_after),
            4 => issued(),
            5 => PollResponse::Denied,
            6 => PollResponse::Expired,
            7 => PollResponse::NotIssued(RequestError::Rejected { source: source() }),
            8 => PollResponse::NotIssued(RequestError::Refused { source: source() }),
            _ => PollResponse::NotIssued(RequestError::Unusable { source: source() }),
        }
    }

    proptest! {
        #[test]
        fn polls_neither_too_soon_nor_too_late(
            interval in 1_u64..=60,
            lifetime in 1_u64..=1800,
            // Mostly responses after which it goes on.
            responses in prop::collection::vec((prop_oneof![9 => 0_u8..4, 1 => 4_u8..10], any::<Option<u64>>(), 0_u64..40_000, 0_u64..50), 0..200),
        ) {
            let begun = Duration::from_secs(77);
            let deadline = begun + Duration::from_secs(lifetime);
            let mut state = Polling { lifetime: Duration::from_secs(lifetime), begun, ..polling(interval) };
            let (mut now, mut quiet_since, mut event) = (begun, begun, PollEvent::Begun);
            let (mut previous, mut is_last) = (None, false);
            let mut responses = responses.into_iter();
            loop {
                let (after, step) = decide(state, event, now);
                state = after;
                prop_assert!(state.interval >= Duration::from_secs(interval) && state.interval <= MAX_INTERVAL);
                event = match step {
                    PollStep::Wait { duration, .. } => {
                        prop_assert!(!is_last, "it waits after the last poll");
                        prop_assert!(duration <= MAX_RETRY_AFTER);
                        prop_assert!(now + duration <= deadline);
                        now += duration + Duration::from_millis(responses.as_slice().first().map_or(0, |next| next.3));
                        PollEvent::Waited
                    }
                    PollStep::Poll => {
                        prop_assert!(now <= deadline);
                        is_last = now < quiet_since + state.interval;
                        if is_last {
                            prop_assert!(now >= deadline.saturating_sub(LAST_POLL_LEAD));
                            prop_assert!(previous.is_none_or(|previous| now >= previous + LAST_POLL_PAUSE));
                        }
                        previous = Some(now);
                        let Some((kind, retry_after, took, _)) = responses.next() else { break };
                        now += Duration::from_millis(took);
                        quiet_since = now;
                        PollEvent::Responded(response(kind, retry_after.map(|seconds| seconds % 100)))
                    }
                    PollStep::Take(_) | PollStep::GiveUp(_) => break,
                };
            }
        }

        #[test]
        fn warns_once_a_streak_and_remembers_lost_responses(
            interval in 1_u64..=60,
            lifetime in 1_u64..=1800,
            answers in prop::collection::vec((0_u8..4, 0_u64..20_000), 0..200),
        ) {
            let deadline = seconds(lifetime);
            let mut state = Polling { lifetime: Duration::from_secs(lifetime), ..polling(interval) };
            let (mut now, mut is_in_streak, mut is_lost) = (seconds(0), false, false);
            for (kind, took) in answers {
                now += Duration::from_millis(took);
                let (after, step) = decide(state, PollEvent::Responded(response(kind, None)), now);
                state = after;
                let is_failure = matches!(kind, 2 | 3);
                let is_first = is_failure && !is_in_streak;
                (is_in_streak, is_lost) = (is_failure, is_lost || kind == 3);
                prop_assert_eq!(state.is_response_lost(), is_lost);
                match step {
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
        fn decides_in_every_state_at_every_time(
            interval in 1_u64..=60, begun in any::<u64>(), now in any::<u64>(), kind in 0_u8..10, failures in 0_u32..,
            retry_after in any::<Option<u64>>(),
        ) {
            for event in [PollEvent::Begun, PollEvent::Waited, PollEvent::Responded(response(kind, retry_after))] {
                let streak = Some(Streak { failures, cause: "down".into() });
                let state = Polling { begun: Duration::from_secs(begun), streak, ..polling(interval) };
                let _ = decide(state, event, Duration::from_secs(now));
            }
        }
    }
}
