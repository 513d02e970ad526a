//! What stands around the process of a login: browsers that are missing, fail, print or never end, and streams that cannot
//! be written.

use std::fs;
use std::io::pipe;
use std::process::Stdio;

use plexctl::testing::{Answer, Endpoint, Script};
use rustix::io::Errno;

use super::{Login, at_once, instructed};
use crate::shared::terminal::at_a_terminal;
use crate::support::sandbox::Run;
use crate::support::shell::in_shell;
use crate::support::system_words;

const LOGGED_IN: &str = "Logged in as operator@plexsphere.example. Saved profile \"default\".\n";

/// What `BROWSER` holds, and what is said of it. `[DIRECTORY]` stands for that of the scripts.
const BROWSERS: [(&str, &str); 11] = [
    ("plexctl-no-such-program %s", "Browser not opened: plexctl-no-such-program cannot be started."),
    ("[DIRECTORY]", "Browser not opened: [DIRECTORY] cannot be started."),
    ("false", "Opened your browser."),
    ("sh [DIRECTORY]/killed.sh", "Opened your browser."),
    ("sh [DIRECTORY]/printing.sh", "Opened your browser."),
    ("sh [DIRECTORY]/hanging.sh", "Opened your browser."),
    ("plexctl-no-such-program:true", "Opened your browser."),
    ("none", "Browser not opened: opening one is disabled."),
    (":", "Browser not opened: there is no graphical session."),
    ("w3m", "Browser not opened: w3m runs in the terminal."),
    ("/usr/bin/sensible-browser", "Browser not opened: there is no graphical session."),
];

#[test]
fn broken_browsers_never_block_login() {
    at_once(&BROWSERS, |(list, words)| {
        let login = Login::approved();
        let directory = login.sandbox.path().display().to_string();
        for (script, text) in [
            ("killed.sh", "kill -9 $$"),
            ("printing.sh", "echo noise; echo noise >&2; (echo noise >/dev/tty) 2>/dev/null; exit 0"),
            ("hanging.sh", "trap '' HUP INT TERM; sleep 20 & wait"),
        ] {
            fs::write(login.sandbox.path().join(script), text).unwrap();
        }
        let mut command = login.command(&[]);
        command
            .env("BROWSER", list.replace("[DIRECTORY]", &directory))
            .env("NO_COLOR", "1")
            .env("PATH", "/usr/bin:/bin");
        let (run, seen) = at_a_terminal(&login.sandbox, &mut command);
        assert_eq!(run, Run::new(0, LOGGED_IN, ""), "{list}: {seen}");
        let words = words.replace("[DIRECTORY]", &directory);
        assert!(seen.contains(&format!("\n{words}\n")), "{list}: {seen}");
        assert_eq!(
            seen.lines().filter(|line| line.starts_with("Opened") || line.starts_with("Browser")).count(),
            1,
            "{list}: {seen}"
        );
        assert!(!seen.contains("noise"), "{list}: {seen}");
    });
}

#[test]
fn tells_that_the_system_has_no_browser() {
    let login = Login::approved();
    let mut command = login.command(&[]);
    command.env("DISPLAY", ":0").env("NO_COLOR", "1").env("PATH", login.sandbox.path());
    let (run, seen) = at_a_terminal(&login.sandbox, &mut command);
    assert_eq!(run, Run::new(0, LOGGED_IN, ""), "{seen}");
    assert!(seen.contains("\nBrowser not opened: no browser was found.\n"), "{seen}");
}

#[test]
fn starts_no_browser_nobody_sees() {
    let cases = [
        ("CI", "true", &[][..], "this is a CI job"),
        ("SSH_TTY", "/dev/pts/0", &[], "this is an SSH session"),
        ("SSH_CONNECTION", "a", &[], "this is an SSH session"),
        ("SSH_CLIENT", "a", &[], "this is an SSH session"),
        ("NO_COLOR", "1", &["--no-browser"], "opening one is disabled"),
    ];
    at_once(&cases, |(variable, value, more, reason)| {
        let login = Login::approved();
        let started = login.sandbox.path().join("started");
        fs::write(login.sandbox.path().join("browser.sh"), format!(": > {}\n", started.display())).unwrap();
        let mut command = login.command(more);
        command.env("BROWSER", "sh browser.sh").env("NO_COLOR", "1").env(variable, value);
        let (run, seen) = at_a_terminal(&login.sandbox, &mut command);
        assert_eq!(run, Run::new(0, LOGGED_IN, ""), "{variable}: {seen}");
        assert!(seen.contains(&format!("\nBrowser not opened: {reason}.\n")), "{variable}: {seen}");
        assert!(!started.exists(), "{variable}");
    });
}

#[test]
fn login_without_streams_is_stored() {
    for format in ["text", "json"] {
        let cases = ["2>&-", "2>/dev/full", ">&-", ">&- 2>&-", "<&- >&- 2>&-", ">&- 2>/dev/full"];
        at_once(&cases, |streams| {
            let login = Login::replacing();
            let script = format!("exec \"$0\" \"$@\" {streams}");
            let run = login.sandbox.observe(&mut in_shell(&script, &login.command(&["--output", format])));
            assert_eq!(run.exit, 0, "{streams}: {run:?}");
            assert!(login.config().contains("[NEW TOKEN]") && !login.config().contains("[OLD TOKEN]"), "{streams}");
            assert_eq!(login.live(), ["[NEW]"], "{streams}");
            assert_eq!(login.sandbox.neighbours(), [""; 0]);
        });
    }
}

#[test]
fn failed_login_without_streams_keeps_exit_code() {
    at_once(&["2>&-", "2>/dev/full", ">&- 2>&-"], |streams| {
        let script = format!("exec \"$0\" \"$@\" {streams}");
        let login = Login::replacing();
        login.server.once(Endpoint::Whoami, Script::answer(Answer::bare(403)));
        let run = login.sandbox.observe(&mut in_shell(&script, &login.command(&[])));
        assert_eq!((run.exit, login.live()), (4, vec!["[OLD]".to_owned(), "[NEW]".to_owned()]), "{streams}: {run:?}");
    });
}

#[test]
fn fails_when_result_cannot_be_written() {
    let login = Login::replacing();
    let run = login.sandbox.observe(&mut in_shell("exec \"$0\" \"$@\" >/dev/full", &login.command(&[])));
    let cause = system_words(Errno::NOSPC);
    let error = format!("error: logged in, but the result could not be written: {cause} ([ORIGIN], token [NEW])\n");
    assert_eq!(login.labelled(&run), Run::new(1, "", instructed(&error)));
    assert_eq!(login.live(), ["[NEW]"]);

    let login = Login::approved();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let child = login.command(&[]).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(login.sandbox.observe_child(child).exit, 0);
    assert!(login.config().contains("[NEW TOKEN]"));
}
