//! Time as the system tells it, and the signals by which an operator interrupts.

mod signals;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use tokio::sync::watch;

use self::signals::{die, listen};
use crate::domain::timestamp::Timestamp;
use crate::ports::timer::{AtRisk, Timer};

/// How much later than due a wait ends only because the process could not run, for example after SIGSTOP.
const LATE: Duration = Duration::from_millis(500);

/// How much longer such a wait takes.
const GRACE: Duration = Duration::from_millis(100);

/// A [`Timer`] that waits on a tokio runtime, and takes SIGINT, SIGTERM and SIGHUP for an interruption.
///
/// A signal that was ignored when the process started, as `nohup` and a shell's background jobs have it, stays ignored.
pub struct SystemTimer {
    start: Instant,
    watched: Arc<Watched>,
}

impl SystemTimer {
    /// Takes the signals over, for as long as the process lives. A second interruption ends it, as that signal would have
    /// ended it: `last_words` are said before, in a second at most, and may be cut off then.
    ///
    /// # Errors
    ///
    /// What the system said if it has no handlers or no thread to give.
    pub fn start(last_words: fn(&AtRisk)) -> io::Result<Self> {
        let watched = Arc::new(Watched::default());
        listen(Arc::clone(&watched), last_words)?;
        Ok(Self { start: Instant::now(), watched })
    }

    /// The number of the signal by which the operator interrupted first.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        *self.watched.signal.borrow()
    }

    /// What would be lost with the process now.
    #[must_use]
    pub fn at_risk(&self) -> AtRisk {
        self.watched.at_risk()
    }

    /// Ends the process as the signal by which the operator interrupted would have ended it, so that the program that
    /// started it sees that. Returns if there was none.
    pub fn die_interrupted(&self) {
        if let Some(signal) = self.signal() {
            die(signal);
        }
    }
}

/// What the timer and the thread that listens to signals know of each other.
#[derive(Default)]
struct Watched {
    signal: watch::Sender<Option<i32>>,
    at_risk: Mutex<AtRisk>,
}

impl Watched {
    fn interrupt(&self, signal: i32) {
        // Replaces even without a listener: `is_interrupted` reads the value later.
        self.signal.send_replace(Some(signal));
    }

    fn at_risk(&self) -> AtRisk {
        self.at_risk.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Timer for SystemTimer {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall_clock(&self) -> Timestamp {
        SystemTime::now().into()
    }

    async fn wait(&self, duration: Duration) {
        // tokio's clock is monotonic, like `start`. Linux stops it while the machine sleeps.
        let due = tokio::time::Instant::now() + duration;
        tokio::time::sleep_until(due).await;
        // The process was stopped, and what it waits for besides may have arrived: it gets a moment to be noticed.
        if due.elapsed() >= LATE {
            tokio::time::sleep(GRACE).await;
        }
    }

    async fn interrupted(&self) {
        // This fails once all senders are gone, and the sender lives as long as the timer.
        let _ = self.watched.signal.subscribe().wait_for(Option::is_some).await;
    }

    fn is_interrupted(&self) -> bool {
        self.signal().is_some()
    }

    fn set_at_risk(&self, at_risk: AtRisk) {
        *self.watched.at_risk.lock().unwrap_or_else(PoisonError::into_inner) = at_risk;
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::future::Future;
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, ChildStdout, Command, Stdio};
    use std::thread;

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    /// Between two signals that are two interruptions.
    const PAUSE: Duration = Duration::from_millis(200);

    /// What chooses what a process of its own does.
    const ROLE: &str = "PLEXCTL_ROLE_IN_TEST";

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    /// A timer to which no signal comes.
    fn deaf() -> SystemTimer {
        SystemTimer { start: Instant::now(), watched: Arc::default() }
    }

    /// Tells whether an interruption is heard in time.
    fn hears(timer: &SystemTimer, patience: Duration) -> bool {
        block_on(async { tokio::time::timeout(patience, timer.interrupted()).await.is_ok() })
    }

    #[test]
    fn a_wait_takes_its_time_whether_interrupted_or_not() {
        let timer = deaf();
        let duration = Duration::from_millis(60);
        for _ in 0..2 {
            let before = timer.now();
            block_on(timer.wait(duration));
            let took = timer.now().saturating_sub(before);
            assert!(took >= duration && took < Duration::from_secs(5), "{took:?}");
            timer.watched.interrupt(2);
            assert!(timer.is_interrupted());
        }
    }

    /// On a clock that only waits move.
    #[test]
    fn a_wait_that_ends_in_time_has_no_grace() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let waited = runtime.block_on(async {
            let start = tokio::time::Instant::now();
            deaf().wait(GRACE).await;
            start.elapsed()
        });
        assert!(waited >= GRACE && waited < 2 * GRACE, "{waited:?}");
    }

    #[test]
    fn the_time_on_the_wall_is_the_systems() {
        let (before, time) = (Timestamp::from(SystemTime::now()), deaf().wall_clock());
        assert!(before <= time && time <= SystemTime::now().into());
    }

    #[test]
    fn an_interruption_reaches_earlier_and_later_waits() {
        let timer = Arc::new(deaf());
        assert!(!timer.is_interrupted() && !hears(&timer, Duration::from_millis(20)));

        let waiters = [0, 1].map(|_| {
            let timer = Arc::clone(&timer);
            thread::spawn(move || hears(&timer, Duration::from_secs(10)))
        });
        thread::sleep(Duration::from_millis(20));
        timer.watched.interrupt(15);
        assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
        assert!(hears(&timer, Duration::from_secs(10)));
        assert_eq!((timer.is_interrupted(), timer.signal()), (true, Some(15)));
    }

    #[test]
    fn the_last_stake_is_the_one_that_is_told() {
        let timer = deaf();
        assert_eq!(timer.watched.at_risk(), AtRisk::Nothing);
        timer.set_at_risk(AtRisk::Response);
        assert_eq!(timer.watched.at_risk(), AtRisk::Response);
        timer.die_interrupted();
    }

    #[test]
    #[ignore = "it is started by the tests below as a process of its own"]
    fn process() {
        let Ok(role) = env::var(ROLE) else { return };
        // The tests may have been started by something that ignores signals, such as nohup.
        if role != "deaf" {
            for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
                signal_hook::flag::register(signal.as_raw(), Arc::default()).unwrap();
            }
        }
        let timer = SystemTimer::start(|at_risk| eprintln!("last words: {at_risk:?}")).unwrap();
        timer.set_at_risk(AtRisk::Response);
        if role == "blocked" {
            let _lock = io::stderr().lock();
            println!("ready");
            thread::sleep(Duration::from_secs(60));
        }
        println!("ready");
        assert!(hears(&timer, Duration::from_secs(60)));
        if role == "dying" {
            timer.die_interrupted();
        }
        println!("interrupted by {}", timer.signal().unwrap());
        thread::sleep(Duration::from_secs(60));
    }

    /// A process of its own, which is listening to signals.
    struct Process {
        child: Child,
        stdout: BufReader<ChildStdout>,
    }

    impl Process {
        fn start(role: &str, prelude: &str) -> Self {
            let mut command = Command::new("sh");
            command.arg("-c").arg(format!("{prelude} exec \"$@\"")).arg("sh").arg(env::current_exe().unwrap());
            command.args(["--exact", "adapters::timer::tests::process", "--ignored", "--nocapture"]);
            let mut child = command.env(ROLE, role).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut process = Self { stdout: BufReader::new(child.stdout.take().unwrap()), child };
            process.await_line("ready");
            process
        }

        fn await_line(&mut self, end: &str) {
            let mut line = String::new();
            while !line.trim_end().ends_with(end) {
                line.clear();
                assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it ended before it said {end:?}");
            }
        }

        fn signal(&self, signal: Signal) {
            kill_process(Pid::from_child(&self.child), signal).unwrap();
        }

        /// The signal that the process died by, what it said in the end, and how long that took.
        fn end(mut self) -> (Option<i32>, String, Duration) {
            let start = Instant::now();
            let status = self.child.wait().unwrap();
            let mut said = String::new();
            self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            (status.signal(), said, start.elapsed())
        }
    }

    #[test]
    fn second_signal_ends_the_process() {
        let mut process = Process::start("waiting", "");
        process.signal(Signal::INT);
        process.await_line("interrupted by 2");
        thread::sleep(PAUSE);
        assert!(process.child.try_wait().unwrap().is_none());
        process.signal(Signal::TERM);
        let (signal, said, _) = process.end();
        assert_eq!((signal, said.as_str()), (Some(15), "last words: Response\n"));
    }

    #[test]
    fn a_process_dies_by_the_signal_that_interrupted_it() {
        for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
            let process = Process::start("dying", "");
            process.signal(signal);
            let (number, said, _) = process.end();
            assert_eq!((number, said.as_str()), (Some(signal.as_raw()), ""));
        }
    }

    #[test]
    fn second_signal_ends_a_blocked_process() {
        let process = Process::start("blocked", "");
        process.signal(Signal::TERM);
        thread::sleep(PAUSE);
        process.signal(Signal::TERM);
        let (signal, said, elapsed) = process.end();
        assert_eq!((signal, said.as_str()), (Some(15), ""));
        assert!(elapsed < Duration::from_secs(10), "{elapsed:?}");
    }

    #[test]
    fn what_was_ignored_from_the_start_stays_ignored() {
        let mut process = Process::start("deaf", "trap '' HUP INT;");
        process.signal(Signal::HUP);
        thread::sleep(PAUSE);
        process.signal(Signal::INT);
        thread::sleep(PAUSE);
        process.signal(Signal::TERM);
        process.await_line("interrupted by 15");
        thread::sleep(PAUSE);
        process.signal(Signal::TERM);
        assert_eq!(process.end().0, Some(15));
    }
}
