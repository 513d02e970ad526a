//! Whatever a server answers and however long that takes, it is polled as the table says, never too soon and never too
//! late: the table against a second one, written by hand.
//!
//! The first three bytes are the interval and the lifetime, and every four others are an answer: which one, the wait
//! that it asks for, how long it took, and how late the wait after it ends.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::domain::bearer_token::BearerToken;
use plexctl::domain::device_authorization::{AuthorizationFields, DeviceAuthorization};
use plexctl::domain::issued_token::IssuedToken;
use plexctl::domain::server_url::ServerUrl;
use plexctl::fuzzing::{PollEvent, PollStep, Polling, decide};
use plexctl::ports::RequestError;
use plexctl::ports::token_issuer::{PollFailure, PollResponse};
use plexctl::use_cases::login::NotIssued;

const BEGUN: Duration = Duration::from_secs(77);

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let [interval, lifetime_high, lifetime_low, answers @ ..] = bytes else { return Corpus::Reject };
    let lifetime = u16::from_be_bytes([*lifetime_high, *lifetime_low]);
    let authorization = authorization((*interval).into(), i64::from(lifetime).max(1));
    let mut model = Model::new(i64::from(*interval).clamp(1, 60).unsigned_abs(), u64::from(lifetime).clamp(1, 1800));
    let (mut answers, _) = answers.as_chunks::<4>();

    let (mut now, mut late) = (BEGUN, Duration::ZERO);
    let (mut state, mut step) = decide(Polling::new(&authorization, BEGUN), PollEvent::Begun, now);
    model.check_interval(&step, now);
    let mut told = 0;
    loop {
        match step {
            PollStep::Wait { duration, first_failure } => {
                told += u32::from(first_failure.is_some());
                now = now.checked_add(duration).expect("no wait is longer than the clock").saturating_add(late);
                (state, step) = decide(state, PollEvent::Waited, now);
                assert_eq!(matches!(step, PollStep::Poll), now <= model.deadline(), "{step:?} at {now:?}");
                if !matches!(step, PollStep::Poll) {
                    model.check_not_approved(&step);
                }
            }
            PollStep::Poll => {
                assert!(now <= model.deadline());
                let [[kind, wait, took, after], rest @ ..] = answers else { break };
                answers = rest;
                model.last_poll = Some(now);
                now = if *took == 255 { Duration::MAX } else { now + Duration::from_millis(u64::from(*took) * 250) };
                late = if *after == 255 { Duration::MAX } else { Duration::from_millis((*after).into()) };
                (state, step) = decide(state, PollEvent::Responded(answer(*kind, *wait)), now);
                model.check(&step, *kind, *wait, now);
                assert_eq!(state.is_response_lost(), model.is_lost);
            }
            PollStep::Take(_) | PollStep::GiveUp(_) => break,
        }
    }
    assert_eq!(told, model.told, "each streak is told once");
    Corpus::Keep
});

fn authorization(interval: i64, lifetime: i64) -> DeviceAuthorization {
    let fields = AuthorizationFields {
        device_code: "d3vice".into(),
        user_code: "ABCD-EFGH".into(),
        verification_uri: "https://h/".into(),
        expires_in: lifetime,
        interval: Some(interval),
        ..AuthorizationFields::default()
    };
    DeviceAuthorization::parse(fields, &ServerUrl::parse("https://h").unwrap()).unwrap()
}

/// Mostly an answer after which the login goes on.
fn answer(kind: u8, wait: u8) -> PollResponse {
    let source = || format!("answer {kind}").into();
    match kind {
        0..64 => PollResponse::Pending,
        64..96 => PollResponse::SlowDown,
        96..240 => PollResponse::Failed(PollFailure {
            source: source(),
            may_have_issued: may_have_issued(kind),
            retry_after: (wait % 2 == 0).then(|| asked_for(wait)),
        }),
        240 => PollResponse::Issued(IssuedToken { token: BearerToken::parse("t0ken").unwrap(), lifetime: None }),
        241 => PollResponse::Denied,
        242 => PollResponse::Expired,
        243 => PollResponse::NotIssued(RequestError::Rejected { source: source() }),
        244 => PollResponse::NotIssued(RequestError::Refused { source: source() }),
        _ => PollResponse::NotIssued(RequestError::Unusable { source: source() }),
    }
}

fn may_have_issued(kind: u8) -> bool {
    kind % 2 == 1
}

fn asked_for(wait: u8) -> Duration {
    if wait == 254 { Duration::MAX } else { Duration::from_secs(u64::from(wait) / 2) }
}

/// What is expected of the table.
struct Model {
    interval: Duration,
    lifetime: Duration,
    /// The failures in a row, by the kinds of their answers.
    streak: Vec<u8>,
    last_poll: Option<Duration>,
    told: u32,
    is_lost: bool,
}

impl Model {
    fn new(interval: u64, lifetime: u64) -> Self {
        let (interval, lifetime) = (Duration::from_secs(interval), Duration::from_secs(lifetime));
        Self { interval, lifetime, streak: Vec::new(), last_poll: None, told: 0, is_lost: false }
    }

    fn deadline(&self) -> Duration {
        BEGUN + self.lifetime
    }

    fn check(&mut self, step: &PollStep, kind: u8, wait: u8, now: Duration) {
        let given_up = match step {
            PollStep::GiveUp(reason) => Some(reason),
            _ => None,
        };
        match kind {
            0..96 => {
                self.streak.clear();
                if kind >= 64 {
                    self.interval = Duration::from_secs((self.interval.as_secs() + 5).min(60));
                }
                self.check_interval(step, now);
            }
            96..240 => {
                self.is_lost |= may_have_issued(kind);
                self.streak.push(kind);
                let mut backoff = self.interval;
                for _ in &self.streak {
                    backoff = (backoff * 2).min(Duration::from_secs(60));
                }
                let mut pause = backoff.min(Duration::from_secs(30)).max(self.interval);
                if wait % 2 == 0 && asked_for(wait) <= Duration::from_secs(60) {
                    pause = pause.max(asked_for(wait));
                }
                self.check_pause(step, pause, self.streak.len() == 1, now);
            }
            240 => assert!(matches!(step, PollStep::Take(token) if token.token.expose_secret() == "t0ken")),
            241 => assert!(matches!(given_up, Some(NotIssued::Denied))),
            242 => match given_up {
                Some(NotIssued::NotApproved { within, cause: None }) => assert_eq!(*within, now - BEGUN),
                other => panic!("{other:?}"),
            },
            243 => assert!(matches!(given_up, Some(NotIssued::Failed(RequestError::Rejected { .. })))),
            244 => assert!(matches!(given_up, Some(NotIssued::Failed(RequestError::Refused { .. })))),
            _ => {
                self.is_lost = true;
                assert!(matches!(given_up, Some(NotIssued::Failed(RequestError::Unusable { .. }))));
            }
        }
    }

    /// Expects a wait of one interval, or until the last poll: a second before the deadline, and a second after the poll
    /// before. If that one started too late, there is no last poll.
    fn check_interval(&mut self, step: &PollStep, now: Duration) {
        if now.saturating_add(self.interval) <= self.deadline() {
            return self.check_pause(step, self.interval, false, now);
        }
        let second = Duration::from_secs(1);
        let earliest = self.last_poll.map_or(BEGUN, |poll| poll + second);
        let time = now.max(earliest).max(self.deadline() - second);
        if earliest > self.deadline() - second + Duration::from_millis(250) || time > self.deadline() {
            return self.check_not_approved(step);
        }
        self.check_pause(step, time - now, false, now);
    }

    /// Expects a wait of this length, or the end if it would last until after the deadline.
    fn check_pause(&mut self, step: &PollStep, expected: Duration, is_to_be_told: bool, now: Duration) {
        match step {
            PollStep::Wait { duration, first_failure } => {
                assert_eq!((*duration, first_failure.is_some()), (expected, is_to_be_told));
                assert!(now + *duration <= self.deadline(), "the wait is not in vain");
                self.told += u32::from(is_to_be_told);
            }
            other => {
                assert!(now.saturating_add(expected) > self.deadline(), "there is time to wait: {other:?}");
                self.check_not_approved(other);
            }
        }
    }

    /// Expects the end, with the cause of a streak that is not over.
    fn check_not_approved(&self, step: &PollStep) {
        match step {
            PollStep::GiveUp(NotIssued::NotApproved { within, cause }) => {
                assert_eq!(*within, self.lifetime);
                let last = self.streak.last().map(|kind| format!("answer {kind}"));
                assert_eq!(cause.as_ref().map(ToString::to_string), last);
            }
            other => panic!("{other:?}"),
        }
    }
}
