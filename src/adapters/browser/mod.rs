//! The browser of the machine that plexctl runs on: whether the operator can be expected to see one, and which program
//! opens a page.

mod launcher;

use std::process::Command;

use self::launcher::{named_command, start};
use crate::domain::page_url::PageUrl;
use crate::ports::browser::{Browser, BrowserSkipped};

/// What decides whether a browser is opened, and which. It comes from the environment, which only the binary reads.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct BrowserSettings {
    /// Whether the operator wants one. A program that reads data instead of instructions does not.
    pub is_wanted: bool,
    /// Whether standard error is a terminal.
    pub is_at_terminal: bool,
    /// Whether the operator came by SSH (`SSH_CONNECTION`, `SSH_TTY`, `SSH_CLIENT`).
    pub is_remote: bool,
    /// The variable that build servers set (`CI`). `0` and `false` mean that this is not a build server.
    pub ci: Option<String>,
    /// The operator's browsers (`BROWSER`): commands between colons, in each of which `%s` stands for the link, or the
    /// link comes last. `none` disables them.
    pub browser: Option<String>,
    /// Whether there is a graphical session: always on macOS, elsewhere X11 (`DISPLAY`), Wayland (`WAYLAND_DISPLAY`) or
    /// Windows around WSL.
    pub has_screen: bool,
    /// The environment variables that no browser gets: those that hold secrets, and `BROWSER`, which a launcher would
    /// read by rules of its own.
    pub withheld: Vec<String>,
}

impl BrowserSettings {
    /// Why no browser is opened, whichever it would be.
    fn reason_to_skip(&self) -> Option<BrowserSkipped> {
        let is_ci = self.ci.as_deref().is_some_and(|value| value != "0" && value != "false");
        let reasons = [
            (!self.is_wanted || self.browser.as_deref() == Some("none"), BrowserSkipped::Disabled),
            (!self.is_at_terminal, BrowserSkipped::NoTerminal),
            (self.is_remote, BrowserSkipped::SshSession),
            (is_ci, BrowserSkipped::CiJob),
        ];
        reasons.into_iter().find_map(|(applies, reason)| applies.then_some(reason))
    }
}

/// A [`Browser`] that starts programs: those of the operator first, then those that the system has to open a link.
///
/// The first program that can be started counts as opened, and no other is tried.
pub struct SystemBrowser {
    settings: BrowserSettings,
    system: fn(&PageUrl) -> Vec<Command>,
}

impl SystemBrowser {
    /// A browser with these settings.
    #[must_use]
    pub fn new(settings: BrowserSettings) -> Self {
        Self { settings, system: |page| open::commands(page.as_str()) }
    }

    fn open_named(&self, entry: &str, page: &PageUrl) -> Result<(), BrowserSkipped> {
        let mut command = named_command(entry, page, self.settings.has_screen)?;
        let started = start(&mut command, &self.settings.withheld);
        let browser = || command.get_program().to_string_lossy().into_owned();
        started.map_err(|_| BrowserSkipped::NotStarted { browser: browser() })
    }
}

impl Browser for SystemBrowser {
    fn show(&self, page: &PageUrl) -> Result<(), BrowserSkipped> {
        let settings = &self.settings;
        if let Some(reason) = settings.reason_to_skip() {
            return Err(reason);
        }
        let mut first_reason = None;
        for entry in settings.browser.iter().flat_map(|list| list.split(':')).filter(|entry| !entry.trim().is_empty()) {
            match self.open_named(entry, page) {
                Ok(()) => return Ok(()),
                // The first is the one that the operator wanted most.
                Err(reason) => first_reason = first_reason.or(Some(reason)),
            }
        }
        // After the operator's own commands, which may open a page elsewhere, for example through a tunnel.
        if !settings.has_screen {
            return Err(first_reason.unwrap_or(BrowserSkipped::NoScreen));
        }
        // Which of these programs are installed is not known, so one that cannot be started is no reason to tell.
        if (self.system)(page).iter_mut().any(|command| start(command, &settings.withheld).is_ok()) {
            return Ok(());
        }
        Err(first_reason.unwrap_or(BrowserSkipped::NotFound))
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::path::Path;
    use std::thread;
    use std::time::{Duration, Instant};

    use tempfile::TempDir;

    use super::*;

    const LINK: &str = "https://h/device?user_code=A-B#--new-window";

    /// How long a program that was started may take until it has done something.
    const START_LIMIT: Duration = Duration::from_secs(20);

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

    fn not_started(browser: &str) -> Result<(), BrowserSkipped> {
        Err(BrowserSkipped::NotStarted { browser: browser.to_owned() })
    }

    fn text_browser(browser: &str) -> Result<(), BrowserSkipped> {
        Err(BrowserSkipped::TextBrowser { browser: browser.to_owned() })
    }

    /// Launchers made of shell scripts. A shell reads them, so none of them is busy being written.
    struct Scripts(TempDir);

    impl Scripts {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        /// A launcher that notes its arguments, one a line, and then does this.
        fn entry(&self, name: &str, then: &str) -> String {
            let (script, note) = (self.0.path().join(name), self.note(name));
            let text = format!("printf '%s\\n' \"$@\" >{0}.new; mv {0}.new {0}\n{then}\n", note.display());
            fs::write(&script, text).unwrap();
            format!("sh {}", script.display())
        }

        fn note(&self, name: &str) -> std::path::PathBuf {
            self.0.path().join(format!("{name}.arguments"))
        }

        /// The arguments that a launcher was started with.
        fn arguments(&self, name: &str) -> Vec<String> {
            let text = eventually(&self.note(name));
            fs::remove_file(self.note(name)).unwrap();
            text.lines().map(str::to_owned).collect()
        }

        fn is_started(&self, name: &str) -> bool {
            self.note(name).exists()
        }
    }

    /// What a file holds once it is there.
    fn eventually(path: &Path) -> String {
        let start = Instant::now();
        while !path.exists() {
            assert!(start.elapsed() < START_LIMIT, "{} is missing", path.display());
            thread::sleep(Duration::from_millis(5));
        }
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn opens_only_where_operator_sees_and_wants_it() {
        type Change = fn(&mut BrowserSettings);
        let cases: [(Change, Option<BrowserSkipped>); 12] = [
            (|_| {}, None),
            (|settings| settings.is_wanted = false, Some(BrowserSkipped::Disabled)),
            (|settings| settings.browser = Some("none".into()), Some(BrowserSkipped::Disabled)),
            (|settings| settings.browser = Some("none:true".into()), None),
            (|settings| settings.is_at_terminal = false, Some(BrowserSkipped::NoTerminal)),
            (|settings| settings.is_remote = true, Some(BrowserSkipped::SshSession)),
            (|settings| settings.ci = Some("true".into()), Some(BrowserSkipped::CiJob)),
            (|settings| settings.ci = Some("1".into()), Some(BrowserSkipped::CiJob)),
            (|settings| settings.ci = Some("woodpecker".into()), Some(BrowserSkipped::CiJob)),
            (|settings| settings.ci = Some("0".into()), None),
            (|settings| settings.ci = Some("false".into()), None),
            (|settings| settings.has_screen = false, Some(BrowserSkipped::NoScreen)),
        ];
        for (change, reason) in cases {
            let mut settings = BrowserSettings { has_screen: true, ..settings() };
            change(&mut settings);
            let shown = format!("{settings:?}");
            let browser = SystemBrowser { settings, system: |_| vec![Command::new("true")] };
            assert_eq!(browser.show(&page()).err(), reason, "{shown}");
        }
    }

    #[test]
    fn link_is_one_word_where_operator_wants_it() {
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
            assert_eq!(scripts.arguments("script"), arguments, "{list}");
        }
    }

    /// The server chooses the link, and the operator's command may be one that a shell reads.
    #[test]
    fn escapes_characters_a_shell_acts_on() {
        let scripts = Scripts::new();
        let show = |query: &str, list: &str| {
            browser(list).show(&PageUrl::parse(&format!("https://h/d?user_code=A-B{query}")).unwrap())
        };
        let entry = scripts.entry("script", "");
        for (query, escaped) in [
            (";touch$IFS./x", "%3Btouch%24IFS./x"),
            ("'$(id)'", "%27%24%28id%29%27"),
            ("!*~root", "%21%2A%7Eroot"),
            ("%20+,=:@/?", "%20+,=:@/?"),
        ] {
            for template in ["%s", "'sh -c %s'"] {
                assert_eq!(show(query, &format!("{entry} {template}")), Ok(()), "{query}");
                let link = format!("https://h/d?user_code=A-B{escaped}");
                assert_eq!(scripts.arguments("script"), [template.trim_matches('\'').replace("%s", &link)]);
            }
        }
        // It separates parameters, so it cannot be escaped; what the system has gets the link by itself.
        assert_eq!(show("&lang=en", &entry), Err(BrowserSkipped::UnsafeLink));
        let settings = BrowserSettings { browser: Some(entry), has_screen: true, ..settings() };
        let system = SystemBrowser { settings, system: |_| vec![Command::new("true")] };
        assert_eq!(system.show(&PageUrl::parse("https://h/d?user_code=A-B&lang=en").unwrap()), Ok(()));
        assert!(!scripts.is_started("script"));
    }

    /// `explorer.exe` opens the page and exits with 1.
    #[test]
    fn first_started_program_counts_as_opened() {
        let scripts = Scripts::new();
        let (a, b) = (scripts.entry("a", "exit 3"), scripts.entry("b", ""));
        let list = format!("::plexctl-no-such-program %s: :{a} x %s:{b}");
        let settings = BrowserSettings { browser: Some(list), has_screen: true, ..settings() };
        let system: fn(&PageUrl) -> Vec<Command> = |_| panic!("the operator's browser was started");
        assert_eq!(SystemBrowser { settings, system }.show(&page()), Ok(()));
        assert_eq!(scripts.arguments("a"), ["x", LINK]);
        assert!(!scripts.is_started("b"));
    }

    #[test]
    fn names_first_program_that_cannot_be_started() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path().to_str().unwrap();
        for (list, program) in [
            ("plexctl-no-such-program %s:plexctl-no-other", "plexctl-no-such-program"),
            ("%s", "%s"),
            ("un'closed %s", "un'closed %s"),
            ("# comment", "# comment"),
            (directory, directory),
        ] {
            assert_eq!(browser(list).show(&page()), not_started(program));
        }
    }

    /// They would draw over the instructions and read what the operator types.
    #[test]
    fn never_starts_text_browsers() {
        for (list, program) in [
            ("w3m", "w3m"),
            ("lynx %s", "lynx"),
            ("/usr/bin/links -g", "/usr/bin/links"),
            ("elinks:true:w3m", "elinks"),
            ("www-browser", "www-browser"),
        ] {
            let is_last = !list.contains(':');
            let expected = if is_last { text_browser(program) } else { Ok(()) };
            assert_eq!(browser(list).show(&page()), expected, "{list}");
        }
        for list in ["xdg-open", "/usr/bin/sensible-browser %s", "sensible-browser:xdg-open"] {
            assert_eq!(browser(list).show(&page()), Err(BrowserSkipped::NoScreen), "{list}");
        }
    }

    #[test]
    fn tries_system_browsers_only_with_a_screen() {
        type System = fn(&PageUrl) -> Vec<Command>;
        let show = |list: &str, has_screen, system| {
            let settings = BrowserSettings { browser: Some(list.to_owned()), has_screen, ..settings() };
            SystemBrowser { settings, system }.show(&page())
        };
        let none: System = |_| vec![Command::new("plexctl-no-such-program")];
        let working: System = |_| ["plexctl-no-such-program", "false", "true"].map(Command::new).into();
        assert_eq!(show("plexctl-no-browser", true, working), Ok(()));
        assert_eq!(show("plexctl-no-browser", false, working), not_started("plexctl-no-browser"));
        assert_eq!(show("plexctl-no-browser", true, none), not_started("plexctl-no-browser"));
        assert_eq!(show("w3m", true, working), Ok(()));
        assert_eq!(show("", true, working), Ok(()));
        assert_eq!(show("", true, none), Err(BrowserSkipped::NotFound));
        assert_eq!(show(": :", false, working), Err(BrowserSkipped::NoScreen));
    }

    #[test]
    fn system_gets_link_as_one_word() {
        let commands = (SystemBrowser::new(settings()).system)(&page());
        assert!(!commands.is_empty());
        for command in commands {
            let is_argument = command.get_args().any(|argument| argument == LINK);
            let is_variable = command.get_envs().any(|(_, value)| value.is_some_and(|value| value == LINK));
            assert!(is_argument || is_variable, "{command:?}");
        }
    }

    #[test]
    fn browser_gets_no_secret_stream_or_terminal_signal() {
        let scripts = Scripts::new();
        let facts = scripts.0.path().join("facts");
        let script = r#"
            streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
            group=$(cut -d' ' -f5 /proc/$$/stat)
            printf '%s\n' "$streams" $(($$ == $group)) ${CARGO_PKG_NAME-none} ${CARGO_MANIFEST_DIR-none} >"#;
        let noise = "echo noise; echo noise >&2";
        let entry = scripts.entry("script", &format!("{noise}\n{script} {0}.new; mv {0}.new {0}", facts.display()));
        let mut browser = browser(&entry);
        browser.settings.withheld = vec!["CARGO_MANIFEST_DIR".to_owned(), "PLEXCTL_NOT_SET".to_owned()];
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert_eq!(browser.show(&page()), Ok(()));

        let facts = eventually(&facts);
        assert_eq!(facts.lines().collect::<Vec<_>>(), ["/dev/null", "/dev/null", "/dev/null", "1", "plexctl", "none"]);
    }

    #[test]
    fn does_not_wait_for_the_browser() {
        let scripts = Scripts::new();
        let start = Instant::now();
        assert_eq!(browser(&scripts.entry("script", "exec sleep 4")).show(&page()), Ok(()));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}
