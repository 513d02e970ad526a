//! The browser of the machine that plexctl runs on: whether the operator can be expected to see one, and which programs
//! are told to show a page.

mod launcher;

use std::process::Command;

use self::launcher::{Launcher, named};
use crate::domain::page_url::PageUrl;
use crate::ports::browser::{Browser, NotShown};

/// What decides whether a browser is told to show a page, and which. It comes from the surroundings, which only the
/// binary reads.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct BrowserSettings {
    /// Whether the operator wants one. Nobody does who reads data instead of instructions.
    pub is_wanted: bool,
    /// Whether standard error is a terminal.
    pub is_at_terminal: bool,
    /// Whether the operator came by SSH (`SSH_CONNECTION`, `SSH_TTY`, `SSH_CLIENT`).
    pub is_remote: bool,
    /// What build servers set (`CI`). `0` and `false` mean that this is none.
    pub ci: Option<String>,
    /// The operator's own browsers (`BROWSER`): commands between colons, in each of which `%s` stands for the address, or
    /// the address comes last. `none` means that none is wanted.
    pub browser: Option<String>,
    /// Whether there is a screen: always on macOS, and elsewhere one of X11 (`DISPLAY`), Wayland (`WAYLAND_DISPLAY`) or
    /// Windows around WSL.
    pub has_screen: bool,
    /// The environment variables that no browser gets: those that hold secrets, and `BROWSER`, which a launcher would
    /// read by rules of its own.
    pub withheld: Vec<String>,
}

impl BrowserSettings {
    /// Why no browser is told anything.
    fn refusal(&self) -> Option<NotShown> {
        if !self.is_wanted || self.browser.as_deref() == Some("none") {
            return Some(NotShown::Unwanted);
        }
        if !self.is_at_terminal {
            return Some(NotShown::NoTerminal);
        }
        if self.is_remote {
            return Some(NotShown::Remote);
        }
        if self.ci.as_deref().is_some_and(|value| value != "0" && value != "false") {
            return Some(NotShown::Unattended);
        }
        None
    }
}

/// A [`Browser`] that starts programs: the operator's own first, then what the system has to open a link with.
pub struct SystemBrowser {
    settings: BrowserSettings,
    system: fn(&PageUrl) -> Vec<Command>,
}

impl SystemBrowser {
    /// Takes what decides.
    #[must_use]
    pub fn new(settings: BrowserSettings) -> Self {
        Self { settings, system: |page| open::commands(page.as_str()) }
    }

    fn launchers(&self, page: &PageUrl) -> Vec<Launcher> {
        let own = self.settings.browser.as_deref().unwrap_or_default();
        let mut launchers = named(own, page);
        if self.settings.has_screen {
            launchers.extend((self.system)(page).into_iter().map(Launcher::of_system));
        }
        launchers
    }
}

impl Browser for SystemBrowser {
    fn show(&self, page: &PageUrl) -> Result<(), NotShown> {
        if let Some(refusal) = self.settings.refusal() {
            return Err(refusal);
        }
        let mut reason = None;
        for mut launcher in self.launchers(page) {
            match launcher.launch(&self.settings.withheld) {
                Ok(()) => return Ok(()),
                Err(failure) => reason = reason.or(failure),
            }
        }
        Err(reason.unwrap_or(NotShown::NoBrowser))
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::time::{Duration, Instant};

    use tempfile::TempDir;

    use super::*;

    /// An address that a shell would take apart and run.
    const LINK: &str = "https://h/device?user_code=A&b=$(touch%20x)&c=';reboot;'&d=!*(),+#--new-window";

    fn page() -> PageUrl {
        PageUrl::parse(LINK).unwrap()
    }

    /// The surroundings in which a browser can be shown, but there is none.
    fn settings() -> BrowserSettings {
        BrowserSettings {
            is_wanted: true,
            is_at_terminal: true,
            is_remote: false,
            ci: None,
            browser: None,
            has_screen: false,
            withheld: Vec::new(),
        }
    }

    fn browser(list: &str) -> SystemBrowser {
        SystemBrowser {
            settings: BrowserSettings { browser: Some(list.to_owned()), ..settings() },
            system: |_| Vec::new(),
        }
    }

    fn failed(browser: &str) -> Result<(), NotShown> {
        Err(NotShown::Failed { browser: browser.to_owned() })
    }

    /// Launchers made of shell scripts. A shell is told to read them, so none of them is busy being written.
    struct Scripts(TempDir);

    impl Scripts {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        /// A launcher that notes its arguments, one a line, and then does this.
        fn entry(&self, name: &str, then: &str) -> String {
            let (script, note) = (self.0.path().join(name), self.0.path().join(format!("{name}.arguments")));
            fs::write(&script, format!("printf '%s\\n' \"$@\" > {}\n{then}\n", note.display())).unwrap();
            format!("sh {}", script.display())
        }

        /// The arguments that a launcher was started with, if it was.
        fn arguments(&self, name: &str) -> Option<Vec<String>> {
            let note = fs::read_to_string(self.0.path().join(format!("{name}.arguments"))).ok()?;
            Some(note.lines().map(str::to_owned).collect())
        }
    }

    #[test]
    fn a_browser_is_told_only_where_the_operator_wants_and_sees_it() {
        type Change = fn(&mut BrowserSettings);
        let cases: [(Change, Option<NotShown>); 12] = [
            (|_| {}, None),
            (|settings| settings.is_wanted = false, Some(NotShown::Unwanted)),
            (|settings| settings.browser = Some("none".into()), Some(NotShown::Unwanted)),
            (|settings| settings.browser = Some("none:true".into()), None),
            (|settings| settings.is_at_terminal = false, Some(NotShown::NoTerminal)),
            (|settings| settings.is_remote = true, Some(NotShown::Remote)),
            (|settings| settings.ci = Some("true".into()), Some(NotShown::Unattended)),
            (|settings| settings.ci = Some("1".into()), Some(NotShown::Unattended)),
            (|settings| settings.ci = Some("woodpecker".into()), Some(NotShown::Unattended)),
            (|settings| settings.ci = Some("0".into()), None),
            (|settings| settings.ci = Some("false".into()), None),
            (|settings| settings.has_screen = false, Some(NotShown::NoBrowser)),
        ];
        for (change, refusal) in cases {
            let mut settings = BrowserSettings { has_screen: true, ..settings() };
            change(&mut settings);
            let shown = format!("{settings:?}");
            let browser = SystemBrowser { settings, system: |_| vec![Command::new("true")] };
            assert_eq!(browser.show(&page()).err(), refusal, "{shown}");
        }
    }

    #[test]
    fn the_address_is_one_word_wherever_the_operator_wants_it() {
        let scripts = Scripts::new();
        for (template, arguments) in [
            ("", vec![LINK.to_owned()]),
            (" %s", vec![LINK.to_owned()]),
            (" --new %s --quiet", vec!["--new".into(), LINK.into(), "--quiet".into()]),
            (" --url=%s '%s it'", vec![format!("--url={LINK}"), format!("{LINK} it")]),
            (" 'two words' \"$HOME\"", vec!["two words".into(), "$HOME".into(), LINK.into()]),
        ] {
            let list = format!("{}{template}", scripts.entry("script", ""));
            assert_eq!(browser(&list).show(&page()), Ok(()), "{list}");
            assert_eq!(scripts.arguments("script").unwrap(), arguments, "{list}");
        }
    }

    #[test]
    fn the_operators_browsers_are_tried_in_their_order_until_one_works() {
        let scripts = Scripts::new();
        let (a, b) = (scripts.entry("a", "exit 3"), scripts.entry("b", "kill -9 $$"));
        let (c, d) = (scripts.entry("c", ""), scripts.entry("d", ""));
        let list = format!("::plexctl-no-such-program %s: :{a}:{b} x %s:{c}:{d}");
        assert_eq!(browser(&list).show(&page()), Ok(()));
        assert_eq!(scripts.arguments("a").unwrap(), [LINK]);
        assert_eq!(scripts.arguments("b").unwrap(), ["x", LINK]);
        assert_eq!((scripts.arguments("c").unwrap(), scripts.arguments("d")), (vec![LINK.to_owned()], None));
    }

    #[test]
    fn the_first_that_fails_is_named_and_never_the_address() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().to_str().unwrap();
        for (list, program) in [
            ("false:plexctl-no-such-program", "false"),
            ("plexctl-no-such-program %s:false", "plexctl-no-such-program"),
            ("%s", "%s"),
            ("un'closed %s", "un'closed %s"),
            ("# comment", "# comment"),
            (directory, directory),
        ] {
            assert_eq!(browser(list).show(&page()), failed(program));
        }
    }

    #[test]
    fn what_the_system_has_comes_after_what_the_operator_named_and_only_on_a_screen() {
        type System = fn(&PageUrl) -> Vec<Command>;
        let show = |list: &str, has_screen, system| {
            let settings = BrowserSettings { browser: Some(list.to_owned()), has_screen, ..settings() };
            SystemBrowser { settings, system }.show(&page())
        };
        let none: System = |_| vec![Command::new("plexctl-no-such-program")];
        let broken: System = |_| vec![Command::new("false")];
        let working: System = |_| ["plexctl-no-such-program", "false", "true"].map(Command::new).into();
        assert_eq!(show("false", true, working), Ok(()));
        assert_eq!(show("false", false, working), failed("false"));
        assert_eq!(show("", true, working), Ok(()));
        assert_eq!(show("", true, broken), failed("false"));
        assert_eq!(show("", true, none), Err(NotShown::NoBrowser));
        assert_eq!(show(": :", false, working), Err(NotShown::NoBrowser));
    }

    #[test]
    fn the_system_gets_the_address_as_one_word_too() {
        let commands = (SystemBrowser::new(settings()).system)(&page());
        assert!(!commands.is_empty());
        for command in commands {
            let is_argument = command.get_args().any(|argument| argument == LINK);
            let is_variable = command.get_envs().any(|(_, value)| value.is_some_and(|value| value == LINK));
            assert!(is_argument || is_variable, "{command:?}");
        }
    }

    #[test]
    fn a_browser_gets_no_secret_no_stream_and_no_signal_of_the_terminal() {
        let scripts = Scripts::new();
        let facts = scripts.0.path().join("facts");
        let script = r#"
            streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
            group=$(cut -d' ' -f5 /proc/$$/stat)
            printf '%s\n' "$streams" $(($$ == $group)) ${CARGO_PKG_NAME-none} ${CARGO_MANIFEST_DIR-none} >"#;
        let noise = "echo noise; echo noise >&2";
        let entry = scripts.entry("script", &format!("{script} {}\n{noise}", facts.display()));
        let mut browser = browser(&entry);
        browser.settings.withheld = vec!["CARGO_MANIFEST_DIR".to_owned(), "PLEXCTL_NOT_SET".to_owned()];
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert_eq!(browser.show(&page()), Ok(()));

        let facts = fs::read_to_string(facts).unwrap();
        assert_eq!(facts.lines().collect::<Vec<_>>(), ["/dev/null", "/dev/null", "/dev/null", "1", "plexctl", "none"]);
    }

    #[test]
    fn one_that_still_runs_after_a_while_counts_as_shown() {
        let scripts = Scripts::new();
        let start = Instant::now();
        assert_eq!(browser(&scripts.entry("script", "exec sleep 4")).show(&page()), Ok(()));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        let start = Instant::now();
        assert_eq!(browser(&scripts.entry("script", "sleep 0.2; exit 1")).show(&page()), failed("sh"));
        assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
    }
}
