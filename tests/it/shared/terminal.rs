//! What an operator at a terminal sees, and nobody else: colored labels, and what a long wait is for.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::bystander::config;
use crate::support::leak_hunt::percent_encoded;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::scripted_server::{ScriptedServer, read_to_hangup};

const TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret-s3cret";

/// The operator's end of a terminal, which is closed with it.
pub struct Terminal(OwnedFd);

impl Terminal {
    pub fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        Self(master)
    }

    /// The operator's end, to read from and to write to.
    pub fn into_operators_end(self) -> OwnedFd {
        self.0
    }

    /// The end that programs have.
    pub fn slave(&self) -> OwnedFd {
        let path = ptsname(&self.0, Vec::new()).unwrap();
        open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap()
    }
}

/// Runs a command whose standard error is a terminal, and gives what that was sent beside the rest.
pub fn at_a_terminal(sandbox: &Sandbox, command: &mut Command) -> (Run, String) {
    at_a_terminal_of(80, sandbox, command)
}

/// The same on a terminal of so many columns.
pub fn at_a_terminal_of(columns: u16, sandbox: &Sandbox, command: &mut Command) -> (Run, String) {
    let terminal = Terminal::open();
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal.0, size).unwrap();
    let child = command.stdout(Stdio::piped()).stderr(terminal.slave()).spawn().unwrap();
    // The command holds the last copies of the slave's end.
    command.stderr(Stdio::null());
    let reader = thread::spawn(move || {
        let mut seen = Vec::new();
        // The end of a terminal is an error.
        let _ = File::from(terminal.0).read_to_end(&mut seen);
        String::from_utf8(seen).unwrap()
    });
    let run = sandbox.observe_child(child);
    (run, reader.join().unwrap().replace("\r\n", "\n"))
}

/// Runs a command whose standard streams are a terminal of so many columns, and gives what that was sent.
pub fn on_a_terminal_of(columns: u16, sandbox: &Sandbox, command: &mut Command) -> String {
    let terminal = Terminal::open();
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal.0, size).unwrap();
    let child = command.stdout(terminal.slave()).stderr(terminal.slave()).spawn().unwrap();
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let reader = thread::spawn(move || {
        let mut seen = Vec::new();
        let _ = File::from(terminal.0).read_to_end(&mut seen);
        String::from_utf8(seen).unwrap()
    });
    assert_eq!(sandbox.observe_child(child).exit, 0);
    reader.join().unwrap().replace("\r\n", "\n")
}

/// A sandbox that is signed in to a server.
fn signed_in(server: &ScriptedServer) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config(&server.url(), TOKEN));
    sandbox
}

fn logout(sandbox: &Sandbox) -> Command {
    let mut command = sandbox.command(["logout"]);
    command.env("TERM", "xterm-256color");
    command
}

#[test]
fn colors_labels_only_on_terminal() {
    let server = ScriptedServer::answering("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    let sandbox = signed_in(&server);
    let (run, seen) = at_a_terminal(&sandbox, &mut logout(&sandbox));
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""));
    assert!(seen.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m profile \"default\" was kept"), "{seen:?}");
    assert!(seen.contains("\n\u{1b}[1m\u{1b}[36mhint:\u{1b}[0m run `plexctl logout` again"), "{seen:?}");

    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let (_, plain) = at_a_terminal(&sandbox, logout(&sandbox).env(variable, value));
        assert!(plain.starts_with("error: profile \"default\" was kept"), "{variable}: {plain:?}");
        assert!(!plain.contains('\u{1b}'), "{variable}: {plain:?}");
    }
    let (_, colored) = at_a_terminal(&sandbox, logout(&sandbox).env("NO_COLOR", ""));
    assert!(colored.starts_with("\u{1b}["), "an empty variable is unset: {colored:?}");
    for variable in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
        let run = sandbox.observe(logout(&sandbox).env(variable, "1"));
        assert!(run.stderr.starts_with("error: "), "{variable}: {run:?}");
    }
}

#[test]
fn shows_and_erases_long_wait() {
    let slow = || {
        ScriptedServer::start(Box::new(|stream| {
            use std::io::Write;
            thread::sleep(Duration::from_millis(1500));
            let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
            read_to_hangup(stream);
        }))
    };
    let server = slow();
    let sandbox = signed_in(&server);
    let (_, seen) = at_a_terminal(&sandbox, logout(&sandbox).env("NO_COLOR", "1"));
    let line = format!("waiting for {} (30 s at most)", server.url());
    assert!(seen.starts_with(&format!("{line}\r\u{1b}[Kerror: ")), "{seen:?}");

    // A line that wraps is not erased as a whole, and some terminals wrap after the last column.
    let mut command = logout(&sandbox);
    let (_, narrow) = at_a_terminal_of(30, &sandbox, command.env("NO_COLOR", "1"));
    assert!(narrow.starts_with(&format!("{}\r\u{1b}[Kerror: ", &line[..29])), "{narrow:?}");

    let (_, dumb) = at_a_terminal(&sandbox, logout(&sandbox).env("TERM", "dumb"));
    assert!(dumb.starts_with("error: "), "{dumb:?}");
    let run = sandbox.observe(&mut logout(&sandbox));
    assert!(run.stderr.starts_with("error: "), "{run:?}");
}

#[test]
fn shows_nothing_for_short_wait() {
    let server = ScriptedServer::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let sandbox = signed_in(&server);
    let (run, seen) = at_a_terminal(&sandbox, &mut logout(&sandbox));
    assert_eq!((run, seen.as_str()), (Run::new(0, "Logged out. Cleared profile \"default\".\n", ""), ""));
}

/// The library's own messages are shown; those of other crates could hold a secret.
#[test]
fn verbose_shows_debug_messages_without_secrets() {
    let server = ScriptedServer::answering("HTTP/1.1 204 No Content\r\n\r\n");
    for flag in ["-v", "--verbose"] {
        let sandbox = signed_in(&server);
        let run = sandbox.run([flag, "logout"]);
        assert_eq!((run.exit, run.stdout.as_str()), (0, "Logged out. Cleared profile \"default\".\n"));
        assert!(run.stderr.contains("debug: config file [CONFIG]\n"), "{}", run.stderr);
        assert!(run.stderr.contains("debug: profile \"default\" of the config file\n"), "{}", run.stderr);
        let facts = [
            "DELETE [ORIGIN]/v1/auth/tokens/",
            "route to [ORIGIN]: direct, no proxy is set for http\n",
            "connecting to 127.0.0.1:",
            "connected to 127.0.0.1:",
            "response from [ORIGIN]: 204 No Content after ",
        ];
        for fact in facts {
            let fact = format!("debug: {}", fact.replace("[ORIGIN]", &server.url()));
            assert!(run.stderr.contains(&fact), "{fact}: {}", run.stderr);
        }
        for line in run.stderr.lines() {
            assert!(line.starts_with("debug: "), "{line}");
        }
    }
    assert_eq!(signed_in(&server).run(["logout"]).stderr, "");
}

/// Debug messages hold neither what a server sends back of a token nor the password of a proxy.
#[test]
fn verbose_masks_what_others_repeat() {
    let encoded = percent_encoded(TOKEN.as_bytes());
    let answer = format!("HTTP/1.1 302 {TOKEN}\r\nLocation: https://h/{TOKEN}?t={encoded}\r\nX: {TOKEN}\r\n\r\n");
    let server = ScriptedServer::answering(answer);
    let sandbox = signed_in(&server);
    // The sandbox hunts for the secret in every encoding.
    let run = sandbox.run(["-v", "logout"]);
    assert!(run.exit == 1 && run.stderr.contains("debug: response from "), "{run:?}");
    assert!(run.stderr.contains("a redirect to https://h/[redacted]?t=[redacted]"), "{run:?}");

    let mut sandbox = Sandbox::new();
    sandbox.write_config(config("http://plexsphere.example", TOKEN));
    let mut command = sandbox.command(["-v", "logout"]);
    let proxy = server.url().replace("http://", "http://operator:pa55-w0rd@");
    let run = sandbox.observe(command.env("HTTP_PROXY", proxy));
    assert!(run.stderr.contains(&format!("through the proxy {} (HTTP_PROXY)", server.url())), "{run:?}");
    assert!(!run.stderr.contains("pa55-w0rd") && !run.stderr.contains("operator:"), "{run:?}");
}
