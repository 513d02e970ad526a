//! The port to time, and to the operator's wish to stop.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::issued_token::TokenFacts;
use crate::domain::timestamp::Timestamp;

/// Tells the time, waits, and notices whether the operator interrupted.
///
/// The implementation decides what an interruption is, such as a signal; the caller decides what follows from it. Every
/// implementation promises:
///
/// 1. The monotonic time starts anywhere and never goes back.
/// 2. A wait ends when its time has passed, not before and soon after. An interruption does not shorten it.
/// 3. From the first interruption on, [`is_interrupted`](Timer::is_interrupted) returns true, and every
///    [`interrupted`](Timer::interrupted) ends, also one that is awaited later. No interruption is missed, whatever the
///    process does meanwhile, and no future that is dropped consumes one. Before it, neither is the case.
/// 4. The second interruption ends the process at once, if the implementation watches one. Before that, it prints what
///    the last [`set_at_risk`](Timer::set_at_risk) said would be lost. The first interruption ends and prints nothing.
///
/// ```
/// use std::future::pending;
/// use std::time::{Duration, Instant, SystemTime};
///
/// use plexctl::domain::timestamp::Timestamp;
/// use plexctl::ports::async_trait;
/// use plexctl::ports::timer::{AtRisk, Timer};
///
/// /// The time of a program without interruptions.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AtRisk {
    /// Nothing: every token that is known is stored or dead.
    #[default]
    Nothing,
    /// An answer, under way or lost before, so a token may have been issued that is stored nowhere.
    Response,
    /// A token that is neither stored nor known to be dead.
    Token(TokenFacts),
}

/// The name in version 0.1.
#[doc(hidden)]
pub use self::AtRisk as Stake;
