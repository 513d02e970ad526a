//! A timer whose time passes when somebody waits for it.

use std::future::poll_fn;
use std::sync::Mutex;
use std::task::{Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;

use super::{lock, yield_once};
use crate::domain::timestamp::Timestamp;
use crate::ports::timer::{AtRisk, Timer};

/// A [`Timer`] that waits by setting its own clock, so that a test takes no time, and that is interrupted on demand.
///
/// It watches over no process: an interruption ends nothing, and neither does a second one.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use plexctl::ports::timer::Timer;
/// use plexctl::testing::ManualTimer;
///
/// let timer = ManualTimer::new(SystemTime::UNIX_EPOCH.into());
/// timer.interrupt_at(Duration::from_secs(12));
/// timer.advance(Duration::from_secs(11));
/// assert!(!timer.is_interrupted());
/// timer.advance(Duration::from_secs(1));
/// assert!(timer.is_interrupted());
/// assert_eq!(timer.wall_clock().to_string(), "1970-01-01T00:00:12Z");
/// ```
#[derive(Debug)]
pub struct ManualTimer {
    start: Timestamp,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    interruption: Option<Duration>,
    waiting: Vec<Waker>,
    waits: Vec<Duration>,
    risks: Vec<AtRisk>,
}

impl ManualTimer {
    /// A timer that starts at this time on the wall.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { start, state: Mutex::default() }
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        let mut state = lock(&self.state);
        state.now += duration;
        state.wake();
    }

    /// Interrupts now.
    pub fn interrupt(&self) {
        let now = lock(&self.state).now;
        self.interrupt_at(now);
    }

    /// Interrupts once the monotonic time is this, which starts at zero.
    pub fn interrupt_at(&self, time: Duration) {
        let mut state = lock(&self.state);
        state.interruption = Some(time);
        state.wake();
    }

    /// How long was waited so far, wait by wait. One that was given up counts as well.
    #[must_use]
    pub fn waits(&self) -> Vec<Duration> {
        lock(&self.state).waits.clone()
    }

    /// What was at risk so far, in order.
    #[must_use]
    pub fn risks(&self) -> Vec<AtRisk> {
        lock(&self.state).risks.clone()
    }
}

impl State {
    fn is_interrupted(&self) -> bool {
        self.interruption.is_some_and(|time| time <= self.now)
    }

    /// The end of a wait that begins now, and an interruption on the way there.
    fn begin_wait(&mut self, duration: Duration) -> (Duration, Option<Duration>) {
        self.waits.push(duration);
        let end = self.now + duration;
        (end, self.interruption.filter(|time| self.now < *time && *time < end))
    }

    fn wake(&mut self) {
        if self.is_interrupted() {
            self.waiting.drain(..).for_each(Waker::wake);
        }
    }
}

#[async_trait]
impl Timer for ManualTimer {
    fn now(&self) -> Duration {
        lock(&self.state).now
    }

    fn wall_clock(&self) -> Timestamp {
        self.start.after(self.now()).unwrap_or(self.start)
    }

    async fn wait(&self, duration: Duration) {
        let (end, interruption) = lock(&self.state).begin_wait(duration);
        if let Some(time) = interruption {
            self.advance(time.saturating_sub(self.now()));
            // A wait for the interruption at the same time ends first.
            yield_once().await;
        }
        self.advance(end.saturating_sub(self.now()));
    }

    async fn interrupted(&self) {
        poll_fn(|context| {
            let mut state = lock(&self.state);
            if state.is_interrupted() {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn is_interrupted(&self) -> bool {
        lock(&self.state).is_interrupted()
    }

    fn set_at_risk(&self, at_risk: AtRisk) {
        lock(&self.state).risks.push(at_risk);
    }
}
