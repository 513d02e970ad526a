//! How long an operator has, in the unit that an operator thinks in.

use std::fmt;
use std::time::Duration;

/// A number of minutes, rounded up. `Display` writes it as `10 minutes` or `1 minute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minutes(u128);

impl From<Duration> for Minutes {
    fn from(duration: Duration) -> Self {
        Self(duration.as_millis().div_ceil(60_000))
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.0 == 1 { "minute" } else { "minutes" };
        write!(formatter, "{} {unit}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_rounded_up_and_one_is_singular() {
        for (millis, text) in [
            (1, "1 minute"),
            (60_000, "1 minute"),
            (60_001, "2 minutes"),
            (600_000, "10 minutes"),
            (1_799_000, "30 minutes"),
        ] {
            assert_eq!(Minutes::from(Duration::from_millis(millis)).to_string(), text);
        }
    }
}
