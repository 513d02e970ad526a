//! Bugs in copies of the timer.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plexctl::domain::timestamp::Timestamp;
use plexctl::ports::{AtRisk, Timer, async_trait};
use plexctl::testing::ManualTimer;
use plexctl::testing::contract::{TimerUnderTest, a_timer_keeps_its_promises};

use crate::contracts::runtime;

/// A copy of the fake with the bug of this number. Number 0 has none.
struct Planted<const BUG: u8> {
    fake: ManualTimer,
    /// How many futures have waited for an interruption.
    waiting: AtomicUsize,
}

impl<const BUG: u8> TimerUnderTest for Planted<BUG> {
    fn started() -> Self {
        Self { fake: ManualTimer::started(), waiting: AtomicUsize::default() }
    }

    fn timer(&self) -> &dyn Timer {
        self
    }

    fn interrupt(&self) {
        TimerUnderTest::interrupt(&self.fake);
    }

    fn last_words(at_first: AtRisk, at_second: AtRisk) -> String {
        match BUG {
            // The first interruption ends the process; the second one says nothing.
            40 => ManualTimer::last_words(at_second, at_first),
            41 => String::new(),
            _ => ManualTimer::last_words(at_first, at_second),
        }
    }
}

#[async_trait]
impl<const BUG: u8> Timer for Planted<BUG> {
    fn now(&self) -> Duration {
        // The time goes back.
        if BUG == 10 { Duration::MAX.saturating_sub(self.fake.now()) } else { self.fake.now() }
    }

    fn wall_clock(&self) -> Timestamp {
        self.fake.wall_clock()
    }

    async fn wait(&self, duration: Duration) {
        match BUG {
            // A wait ends at once; an interruption ends it.
            20 => {}
            21 if self.fake.is_interrupted() => {}
            _ => self.fake.wait(duration).await,
        }
    }

    async fn interrupted(&self) {
        match BUG {
            // Only who waits already notices an interruption; a future that is dropped takes it along; it ends early.
            30 if self.fake.is_interrupted() => pending().await,
            31 if self.waiting.fetch_add(1, Ordering::Relaxed) > 0 => pending().await,
            32 => {}
            _ => self.fake.interrupted().await,
        }
    }

    fn is_interrupted(&self) -> bool {
        // An interruption is denied, or invented.
        match BUG {
            33 => false,
            34 => true,
            _ => self.fake.is_interrupted(),
        }
    }

    fn set_at_risk(&self, at_risk: AtRisk) {
        self.fake.set_at_risk(at_risk);
    }
}

fn timer_suite<T: TimerUnderTest>() {
    runtime().block_on(a_timer_keeps_its_promises::<T>());
}

#[test]
fn timer_suite_names_broken_promise() {
    assert_named!(
        timer_suite, Planted:
        10 => 1, 20 => 2, 21 => 2, 30 => 3, 31 => 3, 32 => 3, 33 => 3, 34 => 3, 40 => 4, 41 => 4,
    );
}
