//! The port to time, and to the operator's wish to stop.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::issued_token::TokenFacts;
use crate::domain::timestamp::Timestamp;

/// Tells the time, waits, and notices whether the operator interrupted.
///
/// What an interruption is, such as a signal, is the implementation's affair; what follows from it is decided by whoever
/// asks. Every implementation promises:
///
/// 1. The monotonic time starts anywhere, never goes back, and is set by nobody.
/// 2. A wait is over when its time has passed, not before and soon after. An interruption does not shorten it.
/// 3. From the first interruption on [`is_interrupted`](Timer::is_interrupted) says so, and every
///    [`interrupted`](Timer::interrupted) is over, those that are awaited later as well. No interruption is missed,
///    whatever the process does meanwhile, and no future that is dropped takes one with it.
/// 4. The first interruption does nothing else: what is under way goes on.
/// 5. The second one ends the process at once, if the implementation watches over a process. Before it does, it says what
///    the last [`set_at_risk`](Timer::set_at_risk) told would be lost.
///
/// ```
/// use std::future::pending;
/// use std::time::{Duration, Instant, SystemTime};
///
/// use plexctl::domain::timestamp::Timestamp;
/// use plexctl::ports::async_trait;
/// use plexctl::ports::timer::{AtRisk, Timer};
///
/// /// The time of a program that nobody interrupts.
/// struct Undisturbed(Instant);
///
/// #[async_trait]
/// impl Timer for Undisturbed {
///     fn now(&self) -> Duration {
///         self.0.elapsed()
///     }
///
///     fn wall_clock(&self) -> Timestamp {
///         SystemTime::now().into()
///     }
///
///     async fn wait(&self, duration: Duration) {
///         tokio::time::sleep(duration).await;
///     }
///
///     async fn interrupted(&self) {
///         pending().await
///     }
///
///     fn is_interrupted(&self) -> bool {
///         false
///     }
///
///     fn set_at_risk(&self, _: AtRisk) {}
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Timer: Send + Sync {
    /// The monotonic time.
    fn now(&self) -> Duration;

    /// The time on the wall.
    fn wall_clock(&self) -> Timestamp;

    /// Waits.
    async fn wait(&self, duration: Duration);

    /// Waits until the operator interrupts, for ever if need be.
    async fn interrupted(&self);

    /// Tells whether the operator has interrupted.
    fn is_interrupted(&self) -> bool;

    /// Takes note of what the operator has to be told if the process ends now.
    fn set_at_risk(&self, at_risk: AtRisk);
}

/// What would be lost with the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtRisk {
    /// Nothing: every token that is known is stored or dead.
    Nothing,
    /// An answer, under way or lost before, so a token may have been issued that nobody holds.
    Response,
    /// A token that is neither stored nor known to be dead.
    Token(TokenFacts),
}

/// The name in version 0.1.
#[doc(hidden)]
pub use self::AtRisk as Stake;
