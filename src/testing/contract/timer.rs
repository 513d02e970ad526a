//! What a [`Timer`] promises.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use super::promise;
use crate::ports::timer::{AtRisk, Timer};
use crate::testing::ManualTimer;

const SHORT: Duration = Duration::from_millis(20);

/// A timer that a test can interrupt.
pub trait TimerUnderTest {
    /// A timer that is not interrupted.
    fn started() -> Self;

    /// The timer.
    fn timer(&self) -> &dyn Timer;

    /// Interrupts as the operator does, once.
    fn interrupt(&self);

    /// Interrupts a timer while the first of these is at risk, and again while the second is. Returns what the timer then
    /// says, in the `Debug` form of what is at risk. A timer that watches its process needs one for this.
    fn last_words(at_first: AtRisk, at_second: AtRisk) -> String;
}

impl TimerUnderTest for ManualTimer {
    fn started() -> Self {
        Self::new(UNIX_EPOCH.into())
    }

    fn timer(&self) -> &dyn Timer {
        self
    }

    fn interrupt(&self) {
        self.interrupt();
    }

    fn last_words(at_first: AtRisk, at_second: AtRisk) -> String {
        let timer = Self::started();
        for at_risk in [at_first, at_second] {
            timer.set_at_risk(at_risk);
            timer.interrupt();
        }
        timer.risks().last().map(|risk| format!("{risk:?}")).unwrap_or_default()
    }
}

/// Holds a timer to every promise of [`Timer`].
pub async fn a_timer_keeps_its_promises<T: TimerUnderTest>() {
    let under_test = T::started();
    let timer = under_test.timer();

    let mut moments: Vec<Duration> = (0..1000).map(|_| timer.now()).collect();
    let undisturbed = wait(timer).await;
    moments.push(timer.now());
    let is_early = timer.is_interrupted() || ends_within(timer, timer.interrupted(), SHORT).await;
    let (waiting, dropped) = (timer.interrupted(), timer.interrupted());
    drop(dropped);
    under_test.interrupt();
    // The interruption arrives while the process is busy.
    thread::sleep(SHORT);
    let is_noticed = ends_within(timer, waiting, Duration::from_secs(5)).await;
    let is_noticed_later = ends_within(timer, timer.interrupted(), Duration::from_secs(5)).await;
    let interrupted = wait(timer).await;
    moments.push(timer.now());

    promise(1, "the monotonic time never goes back", || assert!(moments.is_sorted(), "{moments:?}"));
    promise(2, "a wait ends when its time has passed, and an interruption does not shorten it", || {
        assert!(undisturbed >= SHORT, "{undisturbed:?}");
        assert!(interrupted >= SHORT, "{interrupted:?} after an interruption");
    });
    promise(3, "an interruption is noticed by all who wait or ask for it, from then on", || {
        assert!(!is_early, "there is an interruption before the first one");
        assert!(is_noticed, "a future that waited for it does not end");
        assert!(is_noticed_later, "a future that waits for it later does not end");
        assert!(timer.is_interrupted(), "it is denied");
    });
    promise(4, "only the second interruption ends the process, which says before what is at risk", || {
        assert_eq!(T::last_words(AtRisk::Response, AtRisk::Nothing), "Nothing");
        assert_eq!(T::last_words(AtRisk::Nothing, AtRisk::Response), "Response");
    });
}

/// Waits for a short time, and tells how long that took by the timer itself.
async fn wait(timer: &dyn Timer) -> Duration {
    let start = timer.now();
    timer.wait(SHORT).await;
    timer.now().saturating_sub(start)
}

async fn ends_within(timer: &dyn Timer, future: impl Future<Output = ()>, limit: Duration) -> bool {
    let (mut future, mut limit) = (pin!(future), timer.wait(limit));
    poll_fn(|context| {
        if future.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        limit.as_mut().poll(context).map(|()| false)
    })
    .await
}
