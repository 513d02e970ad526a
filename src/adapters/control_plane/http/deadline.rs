//! The time that a step has.

use std::time::Duration;

use tokio::time::Instant;

use super::super::failure::Cause;
use super::late::wait_until;

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
        wait_until(self.at, step).await.unwrap_or(Err(Cause::TimedOut(self.limit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_limit_only_shortens() {
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(9));
        for (first, then) in [(short, long), (long, short)] {
            let deadline = Deadline::within(first).or_within(then);
            assert_eq!(deadline.limit, short);
            assert!(deadline.at <= Instant::now() + short);
        }
    }
}
