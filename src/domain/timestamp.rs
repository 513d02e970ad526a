//! A point in time, as far as plexctl writes one down.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second of the year 9999, the last that RFC 3339 can write, from the Unix epoch on.
const MAX_SECONDS: u64 = 253_402_300_799;

/// A second in UTC, from 1970 to 9999.
///
/// `Display` writes it as in RFC 3339, section 5.6, such as `2026-11-25T13:46:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time this much later, in whole seconds, unless that is after the year 9999.
    #[must_use]
    pub fn after(self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration.as_secs()).filter(|seconds| *seconds <= MAX_SECONDS).map(Self)
    }
}

/// Cuts the fraction of a second off. A clock before 1970 or after 9999 counts as the first or last second.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since_epoch.as_secs().min(MAX_SECONDS))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(self.0)).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn a_time_is_written_as_in_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_528_005, "2026-11-24T13:46:45Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (MAX_SECONDS, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(at(seconds).to_string(), text);
        }
    }

    #[test]
    fn clamps_clocks_outside_the_range() {
        assert_eq!(Timestamp::from(UNIX_EPOCH - Duration::from_secs(1)), at(0));
        assert_eq!(at(MAX_SECONDS + 1), at(MAX_SECONDS));
        assert_eq!(Timestamp::from(UNIX_EPOCH + Duration::from_millis(1999)), at(1));
    }

    #[test]
    fn a_later_time_ends_with_the_year_9999() {
        assert_eq!(at(5).after(Duration::from_millis(2900)), Some(at(7)));
        assert_eq!(at(5).after(Duration::from_secs(MAX_SECONDS - 5)), Some(at(MAX_SECONDS)));
        assert_eq!(at(5).after(Duration::from_secs(MAX_SECONDS - 4)), None);
        assert_eq!(at(5).after(Duration::MAX), None);
    }
}
