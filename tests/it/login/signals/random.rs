//! Signals at random moments of a login, one or two of them, with the terminal there or gone: that no token is forgotten
//! is held after each run by the watch, and here that the file is whole.
//!
//! `PLEXCTL_SIGNALS` raises the number of runs, and `PLEXCTL_SEED` repeats one:
//!
//! ```console
//! $ PLEXCTL_SIGNALS=200 cargo test --test it login::signals::random -- --nocapture
//! ```

use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use plexctl::testing::{Endpoint, Script};
use rustix::process::Signal;
use toml::de::DeTable;

use super::{send, signals, wait_for};
use crate::login::{Login, at_once};
use crate::shared::terminal::Terminal;
use crate::support::dice::{Dice, seed};
use crate::support::program::find;
use crate::support::sandbox::{Run, start};

/// How many run at the same time. Most of their time they wait.
const AT_ONCE: usize = 15;

/// How long after its start a login is over, if the poll does not take its time.
const LONG_ENOUGH: Duration = Duration::from_millis(1500);

/// What the runs came to.
#[derive(Default)]
struct Counts {
    /// Runs whose signal came while a poll that mints was under way.
    minting: AtomicUsize,
    twice: AtomicUsize,
    without_terminal: AtomicUsize,
    /// Runs that died by a signal.
    died: AtomicUsize,
}

fn count(counter: &AtomicUsize, is_one: bool) {
    counter.fetch_add(usize::from(is_one), Ordering::Relaxed);
}

/// Starts a login in a session of its own, whose terminal is the standard error.
fn start_at(terminal: &Terminal, plexctl: &Command) -> Child {
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(plexctl.get_program()).args(plexctl.get_args());
    command.env_clear().envs(plexctl.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(terminal.slave()).stdout(Stdio::piped()).stderr(terminal.slave()).spawn().unwrap()
}

fn interrupt(dice: &mut Dice, signals: &[Signal], is_minting: bool, has_setsid: bool, counts: &Counts) -> Run {
    let login = if dice.is_one_in(2) { Login::approved() } else { Login::replacing() };
    let delay = dice.time_below(Duration::from_secs(1));
    if is_minting {
        login.server.once(Endpoint::DeviceToken, Script::real().after(delay));
    }
    let mut command = login.command(&[]);
    // Nobody can be told of anything then, so the first signal has to do.
    let terminal = (has_setsid && dice.is_one_in(4)).then(Terminal::open);
    let is_twice = terminal.is_none() && dice.is_one_in(3);
    let is_hung_up = terminal.is_some() && dice.is_one_in(2);
    count(&counts.without_terminal, terminal.is_some());
    count(&counts.twice, is_twice);
    count(&counts.minting, is_minting);

    let child = match &terminal {
        Some(terminal) => start_at(terminal, &command),
        None => start(&mut command),
    };
    if is_minting {
        wait_for(&login, 2);
        thread::sleep(dice.time_below(delay.max(Duration::from_millis(1))));
    } else {
        thread::sleep(dice.time_below(LONG_ENOUGH));
    }
    drop(terminal);
    if !is_hung_up {
        send(&child, dice.pick(signals));
    }
    if is_twice {
        thread::sleep(dice.time_below(Duration::from_millis(700)));
        send(&child, dice.pick(signals));
    }
    let run = login.sandbox.observe_child(child);
    let config = login.sandbox.config();
    let text = if config.exists() { login.sandbox.config_text() } else { String::new() };
    assert!(DeTable::parse(&text).is_ok(), "{text}");
    assert_eq!(login.sandbox.neighbours(), [""; 0]);
    // The answer comes in time, so after a single signal nothing is left to be told.
    let live = login.server.live_tokens();
    assert!(is_twice || live.iter().all(|token| text.contains(&token.text)), "{run:?}");
    count(&counts.died, run.exit < 0);
    run
}

#[test]
fn random_signals_lose_no_token() {
    let runs: usize = env::var("PLEXCTL_SIGNALS").map_or(30, |runs| runs.parse().unwrap());
    let (signals, seed) = (signals(), seed());
    if signals.is_empty() {
        return;
    }
    let has_setsid = find("a terminal that is closed", "setsid").is_some() && signals.contains(&Signal::HUP);
    let counts = Counts::default();
    for first in (0..runs).step_by(AT_ONCE) {
        let numbers: Vec<usize> = (first..runs.min(first + AT_ONCE)).collect();
        at_once(&numbers, |number| {
            let mut dice = Dice::of_case(seed, *number);
            let run = interrupt(&mut dice, &signals, number % 2 == 0, has_setsid, &counts);
            let is_of_signal = signals.iter().any(|signal| run.exit == -signal.as_raw());
            assert!(run.exit == 0 || is_of_signal, "{run:?}");
        });
    }
    let Counts { minting, twice, without_terminal, died } = counts;
    println!(
        "{runs} runs were interrupted, {} of them during a poll that mints, {} twice, {} without their terminal, and {} \
         died by a signal; tokens forgotten: 0",
        minting.into_inner(),
        twice.into_inner(),
        without_terminal.into_inner(),
        died.into_inner()
    );
}
