//! Signals, heard by a thread of their own: the process may be blocked in a write when one comes, and has to be ended by
//! the second one all the same.

use std::fs;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::Watched;
use crate::ports::timer::AtRisk;

/// The signals that ask a process to end.
const SIGNALS: [i32; 3] = [SIGHUP, SIGINT, SIGTERM];

/// How soon after the first a signal belongs to the same interruption. `timeout` sends every signal twice, to the process
/// and to its group; a terminal that is closed, and a service manager that stops, send more than one as well.
const BURST: Duration = Duration::from_millis(50);

/// How long the last words may take. The program that reads them may have stopped reading.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

/// Begins to hear the signals, but for those that are ignored.
pub(super) fn listen(watched: Arc<Watched>, last_words: fn(&AtRisk)) -> io::Result<()> {
    // To ask for a signal's disposition takes unsafe code everywhere else.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    let mut signals = Signals::new(SIGNALS.into_iter().filter(|signal| !is_in(ignored, *signal)))?;
    let hear = move || {
        let signal = second(signals.forever(), BURST, |signal| watched.interrupt(signal));
        if let Some(signal) = signal {
            say(last_words, &watched.at_risk());
            die(signal);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(hear)?;
    Ok(())
}

/// Ends the process as a signal would have ended it.
pub(super) fn die(signal: i32) {
    // This fails for signals that are not known, and these are.
    let _ = emulate_default_handler(signal);
}

/// Tells of the first signal, and waits for the one that makes a second interruption.
fn second(mut signals: impl Iterator<Item = i32>, burst: Duration, tell: impl FnOnce(i32)) -> Option<i32> {
    tell(signals.next()?);
    let first = Instant::now();
    // Iterating blocks, so this thread sleeps until the second interruption.
    signals.find(|_| first.elapsed() >= burst)
}

/// Says the last words, and does not wait for ever: where they go, the process may be writing already, without end.
fn say(last_words: fn(&AtRisk), at_risk: &AtRisk) {
    let (said, is_said) = mpsc::channel::<()>();
    let words = at_risk.clone();
    let speak = move || {
        last_words(&words);
        drop(said);
    };
    match thread::Builder::new().spawn(speak) {
        // The channel is closed when the words are said.
        Ok(_) => drop(is_said.recv_timeout(LAST_WORDS_LIMIT)),
        // Without a thread, words that may block are better than none.
        Err(_) => last_words(at_risk),
    }
}

/// The signals that the process ignores, as Linux tells it (`SigIgn` in proc(5)): one bit each, from the first signal on.
/// Where the system does not say, there are none.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

fn is_in(mask: u64, signal: i32) -> bool {
    mask & 1 << (signal - 1) != 0
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn tells_the_first_signal_and_returns_the_second() {
        let mut told = None;
        let found = second([SIGINT, SIGTERM, SIGHUP].into_iter(), Duration::ZERO, |signal| told = Some(signal));
        assert_eq!((told, found), (Some(SIGINT), Some(SIGTERM)));
        assert_eq!(second(iter::empty(), Duration::ZERO, |_| panic!("a signal was reported")), None);
    }

    #[test]
    fn a_burst_of_signals_is_one_interruption() {
        let burst = Duration::from_millis(200);
        let mut signals = [SIGTERM, SIGTERM, SIGHUP, SIGINT].into_iter();
        let delayed = iter::from_fn(|| {
            let signal = signals.next()?;
            if signal == SIGINT {
                thread::sleep(burst);
            }
            Some(signal)
        });
        assert_eq!(second(delayed, burst, |_| {}), Some(SIGINT));
    }

    #[test]
    fn reads_ignored_signals_from_proc() {
        let status =
            "Name:\tplexctl\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000005001\nSigCgt:\t0000000000000002\n";
        let ignored_ones = |status| SIGNALS.map(|signal| is_in(ignored(status), signal));
        assert_eq!(ignored_ones(status), [true, false, true]);
        for status in ["", "SigIgn:\n", "SigIgn:\tjunk\n", "SigIgn:\t0000000000001000\n"] {
            assert_eq!(ignored_ones(status), [false; 3], "{status:?}");
        }
    }

    #[test]
    fn says_the_last_words_before_the_end() {
        let start = Instant::now();
        say(|at_risk| assert_eq!(*at_risk, AtRisk::Response), &AtRisk::Response);
        assert!(start.elapsed() < LAST_WORDS_LIMIT);
        say(|_| thread::sleep(Duration::from_secs(60)), &AtRisk::Nothing);
        assert!(start.elapsed() >= LAST_WORDS_LIMIT && start.elapsed() < LAST_WORDS_LIMIT * 5);
    }
}
