//! What a config file can be that no command can use, held against login, whoami and the three of profiles: each says so
//! with its place, asks nobody, and leaves the file as it is. Those of a logout stand in `logout::config`.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::Arc;

use plexctl::testing::ControlPlane;
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::io::Errno;

use crate::login::LOGIN;
use crate::logout::config::{chmod, system};
use crate::support::bystander::config;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::system_words;
use crate::support::unprivileged::{Unprivileged, output_behind};

/// The commands, each with the beginning of what it says.
const COMMANDS: [(&[&str], &str); 6] = [
    (&LOGIN, "cannot log in: "),
    (&["whoami"], ""),
    (&["identity-tokens", "list"], ""),
    (&["profiles"], ""),
    (&["profiles", "use", "default"], ""),
    (&["profiles", "forget", "--yes", "default"], ""),
];

/// A server that must not be asked, with one session that is stored.
struct Unasked {
    server: Arc<ControlPlane>,
    token: String,
}

impl Unasked {
    fn new() -> Self {
        let server = Arc::new(ControlPlane::start().unwrap());
        let token = server.mint("dev");
        Self { server, token }
    }

    fn config(&self) -> String {
        config(&self.server.url(), &self.token)
    }

    /// Runs every command in a sandbox of its own that was prepared, each of which has to end so, with this after what it
    /// begins with.
    fn assert_stopped(&self, case: &str, exit: i32, problem: &str, prepare: impl Fn(&mut Sandbox)) {
        for (arguments, begins) in COMMANDS {
            let mut sandbox = Sandbox::new();
            sandbox.watch(&self.server);
            prepare(&mut sandbox);
            let command = sandbox.command(arguments.iter().copied().chain(["--server", &self.server.url()]));
            self.assert_stops(
                &format!("{case}: {arguments:?}"),
                exit,
                &format!("{begins}{problem}"),
                &sandbox,
                command,
            );
        }
    }

    /// Every command names this place in a config with these contents, and what is wrong there.
    fn assert_broken(&self, case: &str, contents: impl AsRef<[u8]>, place: &str, problem: &str) {
        let problem = format!("[CONFIG]:{place} cannot be used: {problem}");
        self.assert_stopped(case, 1, &problem, |sandbox| sandbox.write_config(&contents));
    }

    fn assert_stops(&self, case: &str, exit: i32, error: &str, sandbox: &Sandbox, mut command: Command) -> Run {
        let before = sandbox.config().is_file().then(|| sandbox.config_state());
        let run = sandbox.observe(&mut command);
        assert_fails(case, &run, exit, error);
        assert_eq!(sandbox.config().is_file().then(|| sandbox.config_state()), before, "{case}");
        assert_eq!(sandbox.neighbours(), [""; 0], "{case}");
        assert_eq!(self.server.connections(), 0, "{case}");
        assert!(self.server.is_live(&self.token), "{case}");
        run
    }
}

/// Tells whether a command locks the directory before it reads the file in it.
fn writes(arguments: &[&str]) -> bool {
    matches!(arguments, ["profiles", "use", ..])
}

fn assert_fails(case: &str, run: &Run, exit: i32, error: &str) {
    assert_eq!((run.exit, run.stdout.as_str()), (exit, ""), "{case}: {run:?}");
    assert!(run.stderr.starts_with(&format!("error: {error}")), "{case}: {error:?} does not begin {}", run.stderr);
    assert_eq!(run.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{case}: {}", run.stderr);
}

#[test]
fn every_command_names_place_of_invalid_toml() {
    let unasked = Unasked::new();
    let good = unasked.config();
    let token_line = format!("token = \"{}\"\n", unasked.token);
    let lines = good.lines().count();
    let cases: [(Vec<u8>, String, &str); 11] = [
        (b"\xff\xfe".to_vec(), "1:1".into(), "it is not valid UTF-8"),
        ([good.as_bytes(), b"# \xc3"].concat(), format!("{}:3", lines + 1), "it is not valid UTF-8"),
        (b"\0".to_vec(), "1:2".into(), "it is not valid TOML: a key has no value"),
        (
            good.replace(&token_line, "token = psk\n").into(),
            "5:9".into(),
            "it is not valid TOML: a value without quotes is not a number, a boolean or a date",
        ),
        (
            good.replace(&token_line, &token_line.repeat(2)).into(),
            "6:1".into(),
            "it is not valid TOML: the key or table is already defined at 5:1",
        ),
        (
            format!("{good}[profiles.default]\n").into(),
            format!("{}:11", lines + 1),
            "it is not valid TOML: the key or table is already defined at 3:11",
        ),
        (
            good.replace("[profiles.default]", "[profiles.default").into(),
            "3:18".into(),
            "it is not valid TOML: a bracket is not closed",
        ),
        (
            format!("{good}x = '''{}\n", unasked.token).into(),
            format!("{}:1", lines + 2),
            "it is not valid TOML: a string is not closed",
        ),
        (
            good.replace("default]\nserver", "default]\rserver").into(),
            "3:20".into(),
            "it is not valid TOML: a carriage return is not followed by a line feed",
        ),
        (format!("{good}port = 0x\n").into(), format!("{}:8", lines + 1), "it is not valid TOML: a number is invalid"),
        (
            format!("{good}list = {}{}\n", "[".repeat(81), "]".repeat(81)).into(),
            format!("{}:88", lines + 1),
            "the value is nested more than 80 levels deep",
        ),
    ];
    for (number, (contents, place, problem)) in cases.iter().enumerate() {
        unasked.assert_broken(&number.to_string(), contents, place, problem);
    }
}

#[test]
fn every_command_names_broken_rule_of_toml() {
    let unasked = Unasked::new();
    for (contents, place, reason) in [
        ("default\n", "1:8", "a key has no value"),
        ("= 1\n", "1:1", "a key is missing"),
        ("a+b = 1\n", "1:2", "a key has a character that needs quotes"),
        ("\"\"\"a\"\"\" = 1\n", "1:1", "a key is a multi-line string"),
        ("a = 1979-05-32\n", "1:5", "a date or time is invalid"),
        ("a = \"b\n", "1:7", "a string is not closed before the end of its line"),
        ("a = b\"\n", "1:5", "a string has no opening quote"),
        ("a = \"\\q\"\n", "1:7", "a string has an invalid escape sequence"),
        ("a = \"\u{7}\"\n", "1:6", "a control character must be escaped"),
        ("a = ]\n", "1:5", "a bracket is not opened"),
        ("a = {b = 1 c = 2}\n", "1:14", "a comma is missing"),
        ("a = [1,,2]\n", "1:8", "there is an extra comma"),
        ("a == 1\n", "1:4", "there is an extra equals sign"),
        ("a = { b\n= 1 }\n", "2:3", "a line break separates a key from its value"),
        ("[a] b = 1\n", "1:5", "there is more on the line than one key and value or one header"),
    ] {
        unasked.assert_broken(contents, contents, place, &format!("it is not valid TOML: {reason}\n"));
    }
}

#[test]
fn every_command_names_place_of_wrong_type() {
    let unasked = Unasked::new();
    for (contents, place, problem) in [
        ("default = 3\n", "1:11", "`default` is not a string"),
        ("[default]\n", "1:1", "`default` is not a string"),
        ("profiles = 3\n", "1:12", "`profiles` is not a table"),
        ("[[profiles]]\n", "1:1", "`profiles` is not a table"),
    ] {
        unasked.assert_broken(contents, contents, place, problem);
    }
    // What stands in a profile matters to those that act on it.
    for (contents, place, problem) in [
        ("default = \"default\"\n[[profiles.default]]\ntoken = \"a\"\n", "2:1", "the profile is not a table"),
        ("default = \"default\"\n[profiles]\ndefault = \"a\"\n", "3:11", "the profile is not a table"),
        ("default = \"default\"\n[profiles.default]\ntoken = 3\n", "3:9", "the profile's `token` is not a string"),
        ("default = \"default\"\n[profiles.default]\nserver = []\n", "3:10", "the profile's `server` is not a string"),
    ] {
        for (arguments, begins) in &COMMANDS[..2] {
            let mut sandbox = Sandbox::new();
            sandbox.write_config(contents);
            let command = sandbox.command(*arguments);
            let error = format!("{begins}[CONFIG]:{place} cannot be used: {problem}");
            unasked.assert_stops(&format!("{arguments:?} {contents}"), 1, &error, &sandbox, command);
        }
    }
}

#[test]
fn every_command_rejects_mode_wider_than_0600() {
    let unasked = Unasked::new();
    let contents = [unasked.config(), String::new(), "not TOML".to_owned()];
    let modes = [
        0o640, 0o604, 0o660, 0o606, 0o620, 0o602, 0o644, 0o666, 0o777, 0o610, 0o601, 0o700, 0o1600, 0o2600, 0o4600,
        0o440,
    ];
    for (number, mode) in modes.into_iter().enumerate() {
        let problem = format!("[CONFIG] is refused: its mode {mode:04o} is wider than 0600");
        unasked.assert_stopped(&format!("{mode:04o}"), 3, &problem, |sandbox| {
            sandbox.write_config(&contents[number % contents.len()]);
            chmod(&sandbox.config(), mode);
        });
    }
}

#[test]
fn every_command_rejects_special_files() {
    let unasked = Unasked::new();
    let not_regular = "[CONFIG] cannot be used: it is not a regular file";
    unasked.assert_stopped("a directory", 1, not_regular, |sandbox| fs::create_dir(sandbox.config()).unwrap());
    unasked.assert_stopped("a FIFO", 1, not_regular, |sandbox| {
        mkfifoat(CWD, sandbox.config(), Mode::RUSR | Mode::WUSR).unwrap();
    });
    let socket = format!("[CONFIG] cannot be used: {}", system("opening it", Errno::NXIO));
    unasked.assert_stopped("a socket", 1, &socket, |sandbox| {
        drop(UnixListener::bind(sandbox.config()).unwrap());
        chmod(&sandbox.config(), 0o600);
    });
    unasked.assert_stopped("a device", 1, not_regular, |sandbox| symlink("/dev/zero", sandbox.config()).unwrap());
}

#[test]
fn every_command_rejects_broken_paths() {
    const DANGLING: &str = "a symbolic link in its path leads nowhere";
    let unasked = Unasked::new();
    let too_long = "x".repeat(300);
    for (path, problem) in [
        ("file/config.toml", system_words(Errno::NOTDIR)),
        (&too_long, system_words(Errno::NAMETOOLONG)),
        ("loop", system_words(Errno::LOOP)),
        ("dangling", DANGLING.to_owned()),
        ("dangling/config.toml", DANGLING.to_owned()),
    ] {
        for (arguments, begins) in COMMANDS {
            let sandbox = Sandbox::new();
            let at = |name: &str| sandbox.path().join(name);
            fs::write(at("file"), "").unwrap();
            symlink("loop", at("loop")).unwrap();
            symlink("nowhere", at("dangling")).unwrap();
            let mut command = sandbox.command(arguments);
            command.env("PLEXCTL_CONFIG", path).env("PLEXSPHERE_URL", unasked.server.url());
            let is_dangling = problem == DANGLING;
            let fails = if writes(arguments) && !is_dangling { "was not changed" } else { "cannot be used" };
            let error = format!("{begins}{path} {fails}: ");
            let run = unasked.assert_stops(&format!("{arguments:?} {path}"), 1, &error, &sandbox, command);
            assert!(run.stderr.lines().next().unwrap().ends_with(&problem), "{arguments:?} {path}: {}", run.stderr);
            assert!(!at("nowhere").exists());
        }
    }
}

/// At most 16 MiB are read.
#[test]
fn every_command_rejects_oversized_config() {
    let unasked = Unasked::new();
    let too_many = "[CONFIG] cannot be used: it has more than a million keys and values";
    let list = format!("list = [{}]\n", "{},".repeat(1_000_000));
    unasked.assert_stopped("a long list", 1, too_many, |sandbox| sandbox.write_config(&list));
    unasked.assert_stopped("a large file", 1, "[CONFIG] cannot be used: it is larger than 16 MiB", |sandbox| {
        sandbox.write_config("#");
        let file = fs::OpenOptions::new().write(true).open(sandbox.config()).unwrap();
        file.set_len(16 * 1024 * 1024 + 1).unwrap();
    });
}

#[test]
fn every_command_needs_a_home_directory() {
    let unasked = Unasked::new();
    for (arguments, _) in COMMANDS {
        for variables in [&[][..], &[("HOME", ""), ("XDG_CONFIG_HOME", ""), ("PLEXCTL_CONFIG", "")]] {
            let sandbox = Sandbox::new();
            let mut command = sandbox.command(arguments);
            command.env_remove("HOME").envs(variables.iter().copied());
            let error = "cannot tell where the config file is\nhint: set HOME, XDG_CONFIG_HOME or PLEXCTL_CONFIG\n";
            unasked.assert_stops(&format!("{arguments:?} {variables:?}"), 1, error, &sandbox, command);
        }
    }
}

#[test]
fn every_command_rejects_unreadable_config() {
    let Some(unprivileged) = Unprivileged::new("a config that permissions close to other commands") else { return };
    let unasked = Unasked::new();
    // The file, and the directory above its own.
    for (depth, mode) in [(0, 0o000), (2, 0o000)] {
        for (arguments, begins) in COMMANDS {
            let mut sandbox = Sandbox::new();
            sandbox.watch(&unasked.server);
            sandbox.write_config(unasked.config());
            let mut command = unprivileged.run_after("", &sandbox, &sandbox.command(arguments));
            let before = sandbox.config_state();
            let output = output_behind(&sandbox, (depth, mode), &mut command);
            let case = format!("{arguments:?} {depth} {mode:04o}");
            let fails = if writes(arguments) && depth > 0 { "was not changed" } else { "cannot be used" };
            let run = sandbox.judge(&output);
            assert_fails(&case, &run, 1, &format!("{begins}[CONFIG] {fails}: "));
            assert!(
                run.stderr.lines().next().unwrap().ends_with(&system_words(Errno::ACCESS)),
                "{case}: {}",
                run.stderr
            );
            assert_eq!((sandbox.config_state(), sandbox.neighbours()), (before, vec![]), "{case}");
        }
    }
    assert_eq!(unasked.server.connections(), 0);
}
