//! The promises of a browser, held against the adapter and the fake.

use std::env;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use plexctl::adapters::browser::{BrowserSettings, SystemBrowser};
use plexctl::ports::browser::{Browser, BrowserSkipped};
use plexctl::testing::RecordingBrowser;
use plexctl::testing::contract::{BrowserUnderTest, a_browser_keeps_its_promises};
use tempfile::TempDir;

/// A variable in the environment of the tests that stands for a secret one.
const SECRET_VARIABLE: &str = "CARGO_MANIFEST_DIR";

/// How long the script may take for its next step.
const SHOW_LIMIT: Duration = Duration::from_secs(20);

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

    fn close(&self) -> bool {
        let closed = self.directory.path().join("closed");
        let was_open = !closed.exists();
        fs::write(self.directory.path().join("close"), "").unwrap();
        wait_for(&closed);
        was_open
    }

    fn knows_secret(&self) -> bool {
        assert!(env::var_os(SECRET_VARIABLE).is_some());
        let variables = self.noted("variables");
        assert!(!variables.is_empty());
        variables.contains(&format!("{SECRET_VARIABLE}="))
    }

    fn is_attached(&self) -> bool {
        let group = self.noted("group");
        let (group, leader) = group.trim_end().split_once('\n').unwrap();
        self.noted("streams") != "/dev/null\n".repeat(3) || group != leader
    }
}

fn wait_for(path: &Path) {
    let started = Instant::now();
    while !path.exists() {
        assert!(started.elapsed() < SHOW_LIMIT, "{} is missing", path.display());
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn system_browser_keeps_contract() {
    a_browser_keeps_its_promises::<SystemUnderTest>();
}

#[test]
fn recording_browser_keeps_contract() {
    a_browser_keeps_its_promises::<RecordingBrowser>();
}
