//! The time that a step has.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::super::failure::Cause;

/// How long a step has once its deadline has passed. While the process was stopped (SIGSTOP, a suspended machine) its
/// response may have arrived, and then it waits in the socket.
pub(super) const LAST_LOOK: Duration = Duration::from_millis(50);

/// When a step has to be done, and the limit that this comes from.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    limit: Duration,
}

impl Deadline {
    /// A limit that counts from now.
    pub(super) fn within(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// The earlier of this deadline and a limit that counts from now.
    pub(super) fn or_within(self, limit: Duration) -> Self {
        let other = Self::within(limit);
        if other.at < self.at { other } else { self }
    }

    /// Runs a step until the deadline has passed.
    pub(super) async fn bound<T>(self, step: impl Future<Output = Result<T, Cause>>) -> Result<T, Cause> {
        let mut step = pin!(step);
        if let Ok(result) = timeout_at(self.at, &mut step).await {
            return result;
        }
        timeout(LAST_LOOK, step).await.unwrap_or(Err(Cause::TimedOut(self.limit)))
    }
}
