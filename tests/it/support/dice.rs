//! Chance that can be repeated: every draw follows from a seed, which is told when a test fails.
//!
//! `PLEXCTL_SEED` gives the seed; without it, the clock does.

use std::env;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, SystemTime};

use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};

pub struct Dice {
    seed: u64,
    number: usize,
    generator: TestRng,
}

/// The seed of a run of the tests.
pub fn seed() -> u64 {
    let now = || SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis().to_string();
    env::var("PLEXCTL_SEED").unwrap_or_else(|_| now()).parse().unwrap()
}

impl Dice {
    /// Those of the case with this number, which draw the same whatever the others do meanwhile.
    pub fn of_case(seed: u64, number: usize) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&number.to_le_bytes());
        Self { seed, number, generator: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes) }
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.generator.random_range(0..limit)
    }

    pub fn is_one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// A time that is shorter than this, to a thousandth of it.
    pub fn time_below(&mut self, limit: Duration) -> Duration {
        limit * self.generator.random_range(0..1000) / 1000
    }
}

impl Drop for Dice {
    fn drop(&mut self) {
        if thread::panicking() {
            let Self { seed, number, .. } = self;
            let _ = writeln!(io::stderr(), "case {number} of PLEXCTL_SEED={seed} has failed");
        }
    }
}
