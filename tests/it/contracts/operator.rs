//! The promises of the ports of a login to its operator, the browser and the timer, held against every adapter and every
//! fake.

use std::env;
use std::fs;
use std::future::Future;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use plexctl::adapters::browser::{BrowserSettings, SystemBrowser};
use plexctl::adapters::timer::SystemTimer;
use plexctl::domain::page_url::PageUrl;
use plexctl::ports::browser::{Browser, BrowserSkipped};
use plexctl::ports::timer::{AtRisk, Timer};
use plexctl::testing::{ManualTimer, RecordingBrowser};
use rustix::process::{Signal, getpid, kill_process};
use tempfile::TempDir;

use super::login::{at, runtime};
use crate::support::is_heard;

/// An address that asks for one more word wherever it can.
const ADDRESS: &str = "https://plexsphere.example/v1/device?user_code=A-B%20--help#%09--new";

/// A variable of the tests' own surroundings that stands for a secret one.
const SECRET_VARIABLE: &str = "CARGO_MANIFEST_DIR";

/// How long anything may take that another process does next.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser with an eye on what was told and what became of it.
trait BrowserUnderTest {
    fn willing() -> Self;
    /// One that shows nothing, for this reason.
    fn declining(reason: &BrowserSkipped) -> Self;
    /// One that has the page open until the operator closes it.
    fn staying_open() -> Self;
    fn browser(&self) -> &dyn Browser;
    /// Waits until a page that was shown has reached what shows it.
    fn wait_until_shown(&self);
    /// The addresses of the pages that are shown, each as it arrived.
    fn shown(&self) -> Vec<String>;
    /// Fails if the operator has closed the page before, and then closes it.
    fn close(&self);
    /// Holds that the secret has not reached what shows the page, nor anything that this has printed the operator, and
    /// that no signal of the terminal reaches it.
    fn assert_is_kept_apart(&self);
}

impl BrowserUnderTest for RecordingBrowser {
    fn willing() -> Self {
        Self::new()
    }

    fn declining(reason: &BrowserSkipped) -> Self {
        Self::declining(reason.clone())
    }

    fn staying_open() -> Self {
        Self::new()
    }

    fn browser(&self) -> &dyn Browser {
        self
    }

    fn wait_until_shown(&self) {}

    fn shown(&self) -> Vec<String> {
        self.shown().iter().map(ToString::to_string).collect()
    }

    fn close(&self) {}

    fn assert_is_kept_apart(&self) {}
}

/// The browser of this machine with a script in the place of one, which notes what it meets in a directory.
struct SystemUnderTest {
    browser: SystemBrowser,
    directory: TempDir,
}

impl SystemUnderTest {
    /// A script that notes what it meets and then does this, in surroundings in which it is told to.
    fn running(then: &str, change: impl FnOnce(&mut BrowserSettings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("browser.sh");
        let note = r#"
            cd "$(dirname "$0")"
            printf '%s\n' "$@" >> shown
            env > variables
            streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
            printf '%s\n' "$streams" > streams
            cut -d' ' -f5 /proc/$$/stat > group; echo $$ >> group
            echo noise; echo noise >&2; : > noted"#;
        fs::write(&script, format!("{note}\n{then}\n")).unwrap();
        let mut settings = BrowserSettings {
            is_wanted: true,
            is_at_terminal: true,
            is_remote: false,
            ci: None,
            browser: Some(format!("sh {}", script.display())),
            has_screen: false,
            withheld: vec![SECRET_VARIABLE.to_owned()],
        };
        change(&mut settings);
        Self { browser: SystemBrowser::new(settings), directory }
    }

    /// What the script noted in a file.
    fn noted(&self, file: &str) -> String {
        fs::read_to_string(self.directory.path().join(file)).unwrap_or_default()
    }
}

impl BrowserUnderTest for SystemUnderTest {
    fn willing() -> Self {
        Self::running("", |_| {})
    }

    fn declining(reason: &BrowserSkipped) -> Self {
        match reason {
            BrowserSkipped::Disabled => Self::running("", |settings| settings.is_wanted = false),
            BrowserSkipped::NoTerminal => Self::running("", |settings| settings.is_at_terminal = false),
            BrowserSkipped::SshSession => Self::running("", |settings| settings.is_remote = true),
            BrowserSkipped::CiJob => Self::running("", |settings| settings.ci = Some("true".to_owned())),
            BrowserSkipped::NoScreen => Self::running("", |settings| settings.browser = None),
            BrowserSkipped::NotStarted { browser } | BrowserSkipped::TextBrowser { browser } => {
                Self::running("", |settings| settings.browser = Some(browser.clone()))
            }
            other => panic!("{other:?} is not the case everywhere"),
        }
    }

    fn staying_open() -> Self {
        let at_most_ten_seconds = "n=0; while [ ! -e close ] && [ $n -lt 500 ]; do sleep 0.02; n=$((n+1)); done";
        Self::running(&format!("{at_most_ten_seconds}; : > closed"), |_| {})
    }

    fn browser(&self) -> &dyn Browser {
        &self.browser
    }

    fn wait_until_shown(&self) {
        wait_for(&self.directory.path().join("noted"));
    }

    fn shown(&self) -> Vec<String> {
        self.noted("shown").lines().map(str::to_owned).collect()
    }

    fn close(&self) {
        let closed = self.directory.path().join("closed");
        assert!(!closed.exists());
        fs::write(self.directory.path().join("close"), "").unwrap();
        wait_for(&closed);
    }

    fn assert_is_kept_apart(&self) {
        assert!(env::var_os(SECRET_VARIABLE).is_some());
        let variables = self.noted("variables");
        assert!(!variables.is_empty() && !variables.contains(&format!("{SECRET_VARIABLE}=")), "{variables}");
        assert_eq!(self.noted("streams"), "/dev/null\n".repeat(3));
        let group = self.noted("group");
        let (group, leader) = group.trim_end().split_once('\n').unwrap();
        assert_eq!(group, leader, "it is in a group with others");
    }
}

fn wait_for(path: &Path) {
    let started = Instant::now();
    while !path.exists() {
        assert!(started.elapsed() < PATIENCE, "{} does not come", path.display());
        thread::sleep(Duration::from_millis(10));
    }
}

fn a_browser_keeps_its_promises<B: BrowserUnderTest>() {
    let page = PageUrl::parse(ADDRESS).unwrap();

    // What it shows was told, as one word and with nothing that is secret, by something that the operator does not hear
    // of and does not interrupt.
    let willing = B::willing();
    assert_eq!(willing.browser().show(&page), Ok(()));
    willing.wait_until_shown();
    assert_eq!(willing.shown(), [ADDRESS]);
    willing.assert_is_kept_apart();

    // It does not wait until the page is closed.
    let staying_open = B::staying_open();
    assert_eq!(staying_open.browser().show(&page), Ok(()));
    staying_open.wait_until_shown();
    assert_eq!(staying_open.shown(), [ADDRESS]);
    staying_open.close();

    // Where the operator does not want or would not see the page, or the browser cannot be started, nothing is shown.
    let named = |browser: &str| browser.to_owned();
    for reason in [
        BrowserSkipped::Disabled,
        BrowserSkipped::NoTerminal,
        BrowserSkipped::SshSession,
        BrowserSkipped::CiJob,
        BrowserSkipped::NoScreen,
        BrowserSkipped::NotStarted { browser: named("plexctl-no-such-program") },
        BrowserSkipped::TextBrowser { browser: named("lynx") },
    ] {
        let declining = B::declining(&reason);
        assert_eq!(declining.browser().show(&page), Err(reason.clone()));
        assert_eq!(declining.shown(), [""; 0], "{reason:?}");
    }
}

#[test]
fn recording_browser_keeps_contract() {
    a_browser_keeps_its_promises::<RecordingBrowser>();
}

#[test]
fn system_browser_keeps_contract() {
    a_browser_keeps_its_promises::<SystemUnderTest>();
}

/// A timer with the means to interrupt.
trait TimerUnderTest {
    /// Whether it watches over the process, which a second interruption ends then.
    const WATCHES_A_PROCESS: bool;
    fn started() -> Self;
    fn timer(&self) -> &dyn Timer;
    fn interrupt(&self);
}

impl TimerUnderTest for ManualTimer {
    const WATCHES_A_PROCESS: bool = false;

    fn started() -> Self {
        Self::new(SystemTime::now().into())
    }

    fn timer(&self) -> &dyn Timer {
        self
    }

    fn interrupt(&self) {
        self.interrupt();
    }
}

impl TimerUnderTest for SystemTimer {
    const WATCHES_A_PROCESS: bool = true;

    fn started() -> Self {
        Self::start(|stake| drop(writeln!(io::stderr(), "last words: {stake:?}"))).unwrap()
    }

    fn timer(&self) -> &dyn Timer {
        self
    }

    fn interrupt(&self) {
        kill_process(getpid(), Signal::TERM).unwrap();
    }
}

fn a_timer_keeps_its_promises<T: TimerUnderTest>() {
    const SHORT: Duration = Duration::from_millis(20);
    let under_test = T::started();
    let timer = under_test.timer();
    runtime().block_on(async {
        // Time never goes back, and passes while it is waited for, on the wall as well.
        let moments: Vec<Duration> = (0..1000).map(|_| timer.now()).collect();
        assert!(moments.is_sorted());
        let (start, wall) = (timer.now(), timer.wall_clock());
        timer.wait(SHORT).await;
        assert!(timer.now() >= start + SHORT, "{start:?} to {:?}", timer.now());
        assert!(timer.wall_clock() >= wall);
        timer.wait(Duration::ZERO).await;

        // Without an interruption there is none.
        assert!(!timer.is_interrupted());
        let before = timer.interrupted();
        assert!(is_over_within(timer, before, SHORT).await.is_none());

        // One that comes is noticed by whoever waits, by whoever waits later, and by whoever asks; a future that was
        // dropped has not taken it along. It comes while the process attends to nothing.
        let waiting = timer.interrupted();
        drop(timer.interrupted());
        under_test.interrupt();
        thread::sleep(SHORT);
        assert!(is_over_within(timer, waiting, Duration::from_secs(5)).await.is_some());
        assert!(timer.is_interrupted());
        timer.interrupted().await;
        timer.interrupted().await;

        // It shortens no wait, and taking note of a stake does nothing else.
        let start = timer.now();
        timer.set_at_risk(AtRisk::Nothing);
        timer.set_at_risk(AtRisk::Response);
        timer.wait(SHORT).await;
        assert!(timer.now() >= start + SHORT, "{start:?} to {:?}", timer.now());
    });

    // The second ends the process that is watched over, and only after the last stake was told, which is for whoever
    // started the process to see.
    thread::sleep(Duration::from_millis(300));
    under_test.interrupt();
    if T::WATCHES_A_PROCESS {
        thread::sleep(PATIENCE);
        panic!("the process lives on");
    }
    assert!(timer.is_interrupted());
}

/// Waits for a future, but only so long.
async fn is_over_within(timer: &dyn Timer, future: impl Future<Output = ()>, limit: Duration) -> Option<()> {
    let (mut future, mut limit) = (pin!(future), timer.wait(limit));
    std::future::poll_fn(|context| {
        if future.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(()));
        }
        limit.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[test]
fn manual_timer_keeps_contract() {
    a_timer_keeps_its_promises::<ManualTimer>();
}

/// The signals of a process cannot be given back, so this one has a process of its own.
#[test]
fn system_timer_keeps_contract() {
    if !is_heard(Signal::TERM) {
        return;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "contracts::operator::system_timer_child_process", "--ignored", "--nocapture"]);
    let output = command.env(ROLE, "").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.signal(), Some(Signal::TERM.as_raw()), "{said}");
    assert_eq!(said, "last words: Response\n");
}

/// What tells the process of a timer that it is meant to be one.
const ROLE: &str = "PLEXCTL_TIMER_UNDER_TEST";

#[test]
#[ignore = "it is started by the test above as a process of its own"]
fn system_timer_child_process() {
    if env::var_os(ROLE).is_some() {
        a_timer_keeps_its_promises::<SystemTimer>();
    }
}

#[test]
fn manual_timer_records_waits_and_interrupts() {
    let timer = ManualTimer::new(at(100));
    timer.interrupt_at(Duration::from_secs(12));
    runtime().block_on(async {
        timer.wait(Duration::from_secs(10)).await;
        assert!(!timer.is_interrupted());
        let interrupted = is_over_within(&timer, timer.interrupted(), Duration::from_secs(5)).await;
        assert_eq!((interrupted, timer.now()), (Some(()), Duration::from_secs(12)));
        timer.wait(Duration::from_secs(1)).await;
    });
    timer.set_at_risk(AtRisk::Response);
    assert_eq!(timer.waits(), [10, 5, 1].map(Duration::from_secs));
    assert_eq!((timer.risks(), timer.wall_clock()), (vec![AtRisk::Response], at(113)));
}
