//! Help: one screen for `-h`, everything for `--help`.

use crate::support::sandbox::Sandbox;

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
