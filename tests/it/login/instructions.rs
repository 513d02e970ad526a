//! The instructions of a login, and the limits on what a server may ask for.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use plexctl::testing::{Decision, Endpoint, Script};
use rustix::process::Signal;

use super::signals::{send, wait_for};
use super::{Login, at_once};
use crate::shared::terminal::{Terminal, at_a_terminal_of};
use crate::support::sandbox::start;

#[test]
fn never_opens_page_of_other_origin() {
    let login = Login::approved();
    login.server.configure(|settings| settings.verification_uri = Some("https://elsewhere.invalid/device".to_owned()));
    let run = login.run(&[]);
    let warning = "warning: the approval page is at https://elsewhere.invalid, not at [ORIGIN]; approve only if you know \
                   it\n";
    assert!(run.exit == 0 && run.stderr.starts_with(warning), "{run:?}");
    let browser = "Browser not opened: the page is not on the server.\n";
    assert!(run.stderr.contains(browser), "{}", run.stderr);
    assert_eq!(run.stderr.matches("Browser not opened: ").count(), 1, "{}", run.stderr);
}

#[test]
fn drops_untrusted_complete_link() {
    let links = [
        "\"https://elsewhere.invalid/?user_code=ABCD-EFGH\"",
        "\"[ORIGIN]/v1/device?user_code=another\"",
        "\"[USER]/v1/device?user_code=ABCD-EFGH\"",
        "\"[ORIGIN]/v1/device?user_code=ABCD-EFGH[LONG]\"",
        "\"[ORIGIN]/v1/device?user_code=ABCD-EFGH\\u001b\"",
        "\"/v1/device?user_code=ABCD-EFGH\"",
        "\"javascript:0\"",
        "17",
        "null",
    ];
    at_once(&links, |link| {
        let login = Login::approved();
        let url = login.server.url();
        let link = link.replace("[USER]", &url.replace("//", "//user@")).replace("[ORIGIN]", &url);
        let link = link.replace("[LONG]", &"a".repeat(2048));
        let code = Script::real().with("user_code", "\"ABCD-EFGH\"").with("verification_uri_complete", &link);
        login.server.once(Endpoint::DeviceCode, code);
        let run = login.run(&[]);
        assert_eq!(run.exit, 0, "{run:?}");
        let start = "To log in to [ORIGIN], open this page:\n\n    [ORIGIN]/v1/device\n\nEnter this code there: ";
        assert!(run.stderr.starts_with(start) && !run.stderr.contains("another device"), "{}", run.stderr);
    });
}

#[test]
fn refuses_plain_http_page_of_https_server() {
    for (page, exit) in [("http://elsewhere.invalid/device", 1), ("http://localhost:1/device", 0)] {
        let (login, store) = Login::over_tls();
        login.server.approve_next();
        login.server.configure(|settings| settings.verification_uri = Some(page.to_owned()));
        let run = login.sandbox.observe(login.command(&[]).env("SSL_CERT_FILE", &store));
        assert_eq!(run.exit, exit, "{run:?}");
        let unusable = "error: login failed: the server's answer cannot be used: verification_uri: it is http, ";
        assert_eq!(run.stderr.starts_with(unusable), exit == 1, "{run:?}");
    }
}

#[test]
fn clamps_lifetime_and_interval() {
    let cases = [
        ("1800", "60", 1800, 60),
        ("1801", "61", 1800, 60),
        ("99999", "99999", 1800, 60),
        ("600", "0", 600, 1),
        ("600", "-7", 600, 1),
        ("1", "5", 1, 5),
    ];
    at_once(&cases, |(expires_in, interval, lifetime, pause)| {
        let login = Login::new();
        let code = Script::real().with("expires_in", expires_in).with("interval", interval);
        login.server.once(Endpoint::DeviceCode, code);
        let child = start(&mut login.command(&["--output", "json"]));
        wait_for(&login, 1);
        thread::sleep(Duration::from_millis(500));
        send(&child, Signal::TERM);
        let run = login.sandbox.observe_child(child);
        let pending = format!("\"expires_in\":{lifetime},\"interval\":{pause}}}");
        assert!(run.stderr.lines().next().unwrap().ends_with(&pending), "{expires_in} {interval}: {run:?}");
    });
}

/// Each request of a login that takes more than a second shows what it waits for, in one line that is erased.
#[test]
fn long_waits_are_shown_and_erased() {
    const ERASE: &str = "\r\u{1b}[K";
    let delays = [Endpoint::DeviceCode, Endpoint::DeviceToken, Endpoint::Whoami];
    at_once(&[80, 30], |columns| {
        let login = Login::approved();
        for endpoint in delays {
            login.server.once(endpoint, Script::real().after(Duration::from_millis(1500)));
        }
        let (run, seen) = at_a_terminal_of(*columns, &login.sandbox, login.command(&[]).env("NO_COLOR", "1"));
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{seen:?}");
        let notice = format!("waiting for {} (30 s at most)", login.server.url());
        // One column stays free: some terminals wrap after the last one.
        let notice: String = notice.chars().take(usize::from(*columns) - 1).collect();
        assert!(seen.starts_with(&format!("{notice}{ERASE}To log in to ")), "{seen:?}");
        assert!(seen.ends_with(&format!("cancel.\n{notice}{ERASE}{notice}{ERASE}")), "{seen:?}");
        assert_eq!(seen.matches(&notice).count(), delays.len(), "{seen:?}");
    });
}

/// The wait for a response is erased when it comes, not when the next poll begins.
#[test]
fn no_wait_is_shown_between_polls() {
    let login = Login::new();
    login.server.configure(|settings| settings.interval = Duration::from_secs(5));
    login.server.decide_next(Decision::Approve, 2);
    login.server.once(Endpoint::DeviceToken, Script::real().after(Duration::from_millis(1500)));
    let terminal = Terminal::open();
    let mut command = login.command(&[]);
    let child = command.stdout(Stdio::piped()).stderr(terminal.slave()).spawn().unwrap();
    drop(command);
    let mut screen = File::from(terminal.into_operators_end());
    let (mut seen, mut piece) = (String::new(), [0; 1024]);
    while !(seen.contains("cancel.") && seen.ends_with("\r\u{1b}[K")) {
        let length = screen.read(&mut piece).unwrap();
        seen.push_str(str::from_utf8(&piece[..length]).unwrap());
    }
    // A poll that begins right after it would be seen by then.
    thread::sleep(Duration::from_secs(1));
    assert_eq!(login.polls().len(), 1, "{seen:?}");
    let rest = thread::spawn(move || screen.read_to_end(&mut Vec::new()));
    assert_eq!(login.sandbox.observe_child(child).exit, 0);
    let _ = rest.join();
}

#[test]
fn qr_code_is_drawn_on_a_terminal_that_is_wide_enough() {
    let drawn = |line: &str| line.chars().all(|block| "█▀▄ ".contains(block)) && line.contains('█');
    let login = Login::approved();
    let (_, plain) = at_a_terminal_of(80, &login.sandbox, login.command(&["--qr"]).env("NO_COLOR", "1"));
    let lines: Vec<&str> = plain.lines().filter(|line| drawn(line)).collect();
    assert!(lines.len() > 10 && lines.iter().all(|line| line.chars().count() > 20), "{plain}");

    let login = Login::approved();
    let (_, colored) = at_a_terminal_of(80, &login.sandbox, login.command(&["--qr"]).env("TERM", "xterm"));
    assert!(colored.contains("\u{1b}[97m\u{1b}[40m█"), "{colored:?}");

    let login = Login::approved();
    let (_, narrow) = at_a_terminal_of(20, &login.sandbox, &mut login.command(&["--qr"]));
    assert!(narrow.contains("\nNo QR code: it takes ") && narrow.contains("and the terminal has 20.\n"), "{narrow}");

    let login = Login::approved();
    let (_, unwanted) = at_a_terminal_of(80, &login.sandbox, &mut login.command(&[]));
    assert!(!unwanted.contains("QR") && !unwanted.lines().any(drawn), "{unwanted}");

    let login = Login::approved();
    let run = login.run(&["--qr"]);
    assert!(run.stderr.contains("\nNo QR code: standard error is not a terminal.\n"), "{run:?}");
    let login = Login::approved();
    let run = login.run(&["--qr", "--output", "json"]);
    assert!(run.exit == 0 && !run.stderr.contains("QR"), "{run:?}");
}
