//! The figures: what all black-box runs of this process came to.
//!
//! They are written down after each case, so that a suite that has ended leaves its sums in `target/tmp/figures.txt`.

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the sums are left.
const FILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/figures.txt");

static FIGURES: Mutex<Figures> = Mutex::new(Figures {
    cases: 0,
    survived: 0,
    runs: 0,
    most_requests: 0,
    captures: 0,
    leaks: 0,
    longest: Duration::ZERO,
    largest: 0,
});

struct Figures {
    /// Cases that have begun, and those that ended well.
    cases: usize,
    survived: usize,
    runs: usize,
    most_requests: usize,
    /// Streams and files that the leak hunt went through, and those in which it found something.
    captures: usize,
    leaks: usize,
    longest: Duration,
    /// The highest memory of a run, in KiB.
    largest: u64,
}

pub fn case_begins() {
    figures().cases += 1;
}

/// Counts a case that has ended, and writes the sums so far.
pub fn case_ends(is_survived: bool) {
    let mut figures = figures();
    figures.survived += usize::from(is_survived);
    // Somebody else may own what an earlier run has left; the cases are judged all the same.
    if let Err(error) = fs::write(FILE, figures.to_string()) {
        super::skip(FILE, &error.to_string());
    }
}

pub fn run(took: Duration, peak_kib: u64) {
    let mut figures = figures();
    figures.runs += 1;
    figures.longest = figures.longest.max(took);
    figures.largest = figures.largest.max(peak_kib);
}

/// Notes how many requests one run made.
pub fn requests(count: usize) {
    let mut figures = figures();
    figures.most_requests = figures.most_requests.max(count);
}

pub fn capture(is_leak: bool) {
    let mut figures = figures();
    figures.captures += 1;
    figures.leaks += usize::from(is_leak);
}

fn figures() -> MutexGuard<'static, Figures> {
    FIGURES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Display for Figures {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cases, survived, runs, most_requests, captures, leaks, longest, largest } = self;
        writeln!(formatter, "cases survived: {survived} of {cases}, in {runs} runs")?;
        writeln!(formatter, "requests of one run: at most {most_requests}")?;
        writeln!(formatter, "leaks: {leaks} in {captures} streams and files")?;
        let (seconds, mebibytes) = (longest.as_secs_f64(), f64::from(u32::try_from(*largest).unwrap()) / 1024.0);
        writeln!(formatter, "worst case: {seconds:.1} s and {mebibytes:.1} MiB")
    }
}
