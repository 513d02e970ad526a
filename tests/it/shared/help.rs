//! Help: one screen for `-h`, everything for `--help`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use plexctl::testing::ControlPlane;

use super::terminal::on_a_terminal_of;
use crate::support::detour::relay;
use crate::support::program::find;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::scripted_server::read_head;
use crate::support::tls::{Authority, leaf_for};

/// Each command with the exit codes of its help.
const COMMANDS: [(&str, &[&str]); 13] = [
    ("", &["0", "1", "2", "3", "4"]),
    ("login", &["0", "1", "2", "3", "4"]),
    ("whoami", &["0", "1", "2", "3", "4"]),
    ("profiles", &["0", "1", "2", "3"]),
    ("profiles list", &["0", "1", "2", "3"]),
    ("profiles use", &["0", "1", "2", "3"]),
    ("profiles forget", &["0", "1", "2", "3"]),
    ("exec", &["1", "2", "3", "126", "127", "else"]),
    ("identity-tokens", &["0", "1", "2", "3", "4"]),
    ("identity-tokens list", &["0", "1", "2", "3", "4"]),
    ("identity-tokens delete", &["0", "1", "2", "3", "4"]),
    ("logout", &["0", "1", "2", "3", "4"]),
    ("completion", &["0", "2"]),
];

fn help(sandbox: &Sandbox, command: &str, flag: &str) -> String {
    let words = command.split_whitespace().chain([flag]);
    let run = sandbox.run(words);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{command} {flag}");
    run.stdout
}

/// The lines below a heading, up to the next empty line.
fn section<'h>(help: &'h str, heading: &str) -> Vec<&'h str> {
    let (_, below) = help.split_once(&format!("{heading}\n")).unwrap_or_else(|| panic!("no {heading:?} in {help}"));
    below.lines().take_while(|line| !line.is_empty()).collect()
}

#[test]
fn short_help_fits_a_screen() {
    let sandbox = Sandbox::new();
    for (command, _) in COMMANDS {
        let help = help(&sandbox, command, "-h");
        // The prompt takes the last of 24 rows.
        assert!(help.lines().count() <= 23, "{command}:\n{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80 && line.trim_end() == line, "{command}: {line:?}");
        }
        let usage = format!("Usage: {} ", format!("plexctl {command}").trim_end());
        assert!(help.contains(&usage) && help.contains("\nOptions:\n"), "{help}");
        assert!(help.contains("Commands:\n") || help.contains("Examples:\n"), "{help}");
        assert!(!help.contains("Exit codes:"), "{help}");
    }
}

#[test]
fn long_help_shows_examples_exit_codes_and_environment() {
    let sandbox = Sandbox::new();
    for (command, codes) in COMMANDS {
        let help = help(&sandbox, command, "--help");
        for line in help.lines() {
            assert!(line.chars().count() <= 80 && line.trim_end() == line, "{command}: {line:?}");
        }
        assert!(!section(&help, "Examples:").is_empty());
        assert!(!section(&help, "Files and environment:").is_empty());
        let shown: Vec<&str> = section(&help, "Exit codes:")
            .into_iter()
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(shown, codes, "{command}");
        let words: Vec<&str> = ["help"].into_iter().chain(command.split_whitespace()).collect();
        assert_eq!(sandbox.run(words).stdout, help);
    }
}

#[test]
fn help_fits_60_columns() {
    let sandbox = Sandbox::new();
    for (command, _) in COMMANDS {
        for flag in ["-h", "--help"] {
            let at = |columns| {
                let mut run = sandbox.command(command.split_whitespace().chain([flag]));
                on_a_terminal_of(columns, &sandbox, run.env("TERM", "xterm").env("NO_COLOR", "1"))
            };
            let help = at(60);
            for line in help.lines() {
                // clap does not wrap usages.
                let is_usage = line.starts_with("Usage: ");
                assert!(line.chars().count() <= 60 || is_usage, "{command} {flag}: {line:?}");
            }
            // What is laid out by hand is not wrapped.
            let by_hand = |help: &str| help.split_once("\nExamples:\n").map(|(_, below)| below.to_owned());
            assert_eq!(by_hand(&help), by_hand(&at(80)), "{command} {flag}");
        }
    }
}

const CONFIG: [&str; 3] = ["PLEXCTL_CONFIG", "XDG_CONFIG_HOME", "HOME"];
const NETWORK: [&str; 6] = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUEST_METHOD", "SSL_CERT_FILE", "SSL_CERT_DIR"];
const TOKEN_AND_SERVER: [&str; 2] = ["PLEXSPHERE_TOKEN", "PLEXSPHERE_URL"];
const BROWSER: [&str; 8] =
    ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "CI", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY"];
const TERMINAL: [&str; 3] = ["NO_COLOR", "TERM", "COLUMNS"];

/// The variables that a help names.
fn variables(help: &str) -> BTreeSet<String> {
    let (_, below) = help.split_once("Files and environment:\n").unwrap();
    let terms = below.lines().filter_map(|line| line.strip_prefix("  ")?.split("  ").next());
    let names = terms.flat_map(|term| term.split([',', ' ']));
    let is_name = |name: &&str| name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    names.filter(is_name).map(str::to_owned).collect()
}

#[test]
fn help_names_exactly_the_variables_of_the_command() {
    let sandbox = Sandbox::new();
    let cases: [(&str, &[&[&str]]); 8] = [
        ("whoami", &[&CONFIG, &TOKEN_AND_SERVER, &NETWORK, &TERMINAL]),
        ("identity-tokens list", &[&CONFIG, &TOKEN_AND_SERVER, &NETWORK, &TERMINAL]),
        ("logout", &[&CONFIG, &TOKEN_AND_SERVER, &NETWORK, &TERMINAL]),
        ("profiles", &[&CONFIG, &TERMINAL]),
        ("profiles use", &[&CONFIG, &TERMINAL]),
        ("profiles forget", &[&CONFIG, &TERMINAL]),
        ("exec", &[&CONFIG, &["PLEXSPHERE_URL", "PATH"], &TERMINAL]),
        ("completion", &[]),
    ];
    for (command, expected) in cases {
        let expected: BTreeSet<String> = expected.concat().into_iter().map(str::to_owned).collect();
        assert_eq!(variables(&help(&sandbox, command, "--help")), expected, "{command}");
    }
    let login = variables(&help(&sandbox, "login", "--help"));
    for name in [&CONFIG[..], &TOKEN_AND_SERVER, &NETWORK, &BROWSER, &TERMINAL].concat() {
        assert!(login.contains(name), "login: {name}");
    }
}

/// No variable that the binary reads is missing from the help.
#[test]
fn help_names_every_variable_that_is_read() {
    let sandbox = Sandbox::new();
    let named: BTreeSet<String> =
        COMMANDS.iter().flat_map(|(command, _)| variables(&help(&sandbox, command, "--help"))).collect();
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/plexctl/environment.rs"));
    let source = source.unwrap();
    let is_name = |text: &&str| text.len() > 1 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let read: Vec<&str> = source.split('"').filter(is_name).collect();
    assert!(read.len() > 10, "{read:?}");
    for name in read {
        assert!(named.contains(name), "{name}");
    }
}

/// A proxy that leads to a control plane whatever host is asked for. Returns its URL.
fn proxy_to(control_plane: &ControlPlane) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let port = control_plane.address().port();
    thread::spawn(move || {
        // It ends with the process of the tests.
        for mut client in listener.incoming().flatten() {
            thread::spawn(move || {
                read_head(&mut client);
                let _ = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                relay(&mut client, port);
            });
        }
    });
    url
}

/// The examples of a help, one a line.
fn examples(help: &str) -> Vec<String> {
    let joined = section(help, "Examples:").join("\n").replace("\\\n", "").replace("|\n", "| ");
    joined.lines().map(|line| line.trim().to_owned()).collect()
}

/// Each example runs as it is printed, where there are a session of the default profile and one of `staging`; those of
/// plexctl and of login run where there is nothing.
#[test]
fn examples_run_as_printed() {
    let Some(shell) = find("the examples of the help", "bash") else { return };
    let authority = Authority::named("Examples");
    let (certificate, key) = authority.certify(&leaf_for(["plexsphere.example"])).der();
    let server = ControlPlane::start_with_tls(vec![certificate], key).unwrap();
    server.configure(|settings| settings.interval = Duration::from_secs(1));
    let proxy = proxy_to(&server);
    let directory = Path::new(env!("CARGO_BIN_EXE_plexctl")).parent().unwrap();
    let run = |sandbox: &Sandbox, line: &str| -> Run {
        server.approve_next();
        let authorities = sandbox.path().join("authorities.pem");
        fs::write(&authorities, &authority.pem).unwrap();
        let mut command = Command::new(&shell);
        sandbox.furnish(&mut command);
        command.env("HTTPS_PROXY", &proxy).env("SSL_CERT_FILE", authorities).args(["-c", line]);
        command.env("PATH", format!("{}:/usr/bin:/bin", directory.display()));
        sandbox.judge(&command.output().unwrap())
    };
    let texts = Sandbox::new();
    let login = examples(&help(&texts, "login", "--help")).remove(0);
    for (command, _) in COMMANDS {
        let sandbox = Sandbox::new();
        if !["", "login"].contains(&command) {
            assert_eq!(run(&sandbox, &login).exit, 0, "{login}");
            assert_eq!(run(&sandbox, &format!("{login} --profile-name staging")).exit, 0);
        }
        for example in examples(&help(&texts, command, "--help")) {
            let needs = ["zsh", "fish", "powershell"].into_iter().find(|shell| example.contains(shell));
            if needs.is_some() {
                continue;
            }
            let run = run(&sandbox, &example);
            // The control plane chooses the ids of its tokens.
            let is_unknown_token = example.contains("delete") && run.exit == 1 && run.stderr.contains("knows no token");
            assert!(run.exit == 0 || is_unknown_token, "{example}: {run:?}");
        }
    }
}

#[test]
fn the_version_names_the_build() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(["--version"]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    let fields: Vec<&str> = run.stdout.trim_end().split(' ').collect();
    let [version, commit, date] = fields[..] else { panic!("{}", run.stdout) };
    assert_eq!(version, concat!("version=", env!("CARGO_PKG_VERSION")));
    let commit = commit.strip_prefix("commit=").unwrap();
    assert!(commit == "unknown" || (commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())));
    let date = date.strip_prefix("date=").unwrap();
    assert!(date == "unknown" || date.as_bytes()[10] == b'T', "{date}");
}
