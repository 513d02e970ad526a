//! Lines that are typed into real shells on a terminal, with Tab at their end, and what the shells then run.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::script;
use crate::support::program::find;
use crate::support::sandbox::Sandbox;

/// Names that a shell would read as something else, were they not quoted.
const CONFIG: &str = r#"
[profiles.default]
[profiles."my pro"]
[profiles."it's"]
[profiles.'a"b$c\d`e']
[profiles."zoë"]
[profiles."x:y=z"]
[profiles."-dash"]
"#;

/// What is typed before Tab, and the arguments that plexctl gets then.
const LINES: [(&str, &[&str]); 29] = [
    ("plexctl compl", &["completion"]),
    ("plexctl --output j", &["--output", "json"]),
    ("plexctl --output=j", &["--output=json"]),
    ("plexctl logout --output y", &["logout", "--output", "yaml"]),
    ("plexctl logout --rev", &["logout", "--reveal-secrets"]),
    ("plexctl --profile whoami logo", &["--profile", "whoami", "logout"]),
    ("plexctl --profile my", &["--profile", "my pro"]),
    ("plexctl logout --profile my", &["logout", "--profile", "my pro"]),
    ("plexctl logout --profile=my", &["logout", "--profile=my pro"]),
    ("plexctl logout --profile \"my", &["logout", "--profile", "my pro"]),
    ("plexctl logout --profile 'my", &["logout", "--profile", "my pro"]),
    ("plexctl login --profile-name it", &["login", "--profile-name", "it's"]),
    ("plexctl profiles use a", &["profiles", "use", "a\"b$c\\d`e"]),
    ("plexctl profiles use \"a", &["profiles", "use", "a\"b$c\\d`e"]),
    ("plexctl profiles use 'it", &["profiles", "use", "it's"]),
    ("plexctl --profile=zo", &["--profile=zoë"]),
    ("plexctl profiles rm zo", &["profiles", "rm", "zoë"]),
    ("plexctl profiles forget x:", &["profiles", "forget", "x:y=z"]),
    ("plexctl profiles use -- -d", &["profiles", "use", "--", "-dash"]),
    ("plexctl whoami --token-file fi", &["whoami", "--token-file", "file one"]),
    ("plexctl whoami --token-file=fi", &["whoami", "--token-file=file one"]),
    ("plexctl exec --profile de", &["exec", "--profile", "default"]),
    ("plexctl exec -- trunca", &["exec", "--", "truncate"]),
    ("plexctl exec -- cat fi", &["exec", "--", "cat", "file one"]),
    // Nothing fits.
    ("plexctl --server fi", &["--server", "fi"]),
    ("plexctl logout fi", &["logout", "fi"]),
    ("plexctl profiles use fi", &["profiles", "use", "fi"]),
    ("plexctl login --domain-id fi", &["login", "--domain-id", "fi"]),
    ("plexctl completion bash po", &["completion", "bash", "po"]),
];

/// An interactive shell, and how it is told to load a script and to write down what `plexctl` is called with.
struct Shell {
    name: &'static str,
    command: &'static str,
    script: &'static str,
    setup: &'static str,
}

const BASH: Shell = Shell {
    name: "bash",
    command: "bash --noprofile --norc -i",
    script: "plexctl.bash",
    setup: "source ./plexctl.bash; plexctl() { printf '%s\\036' \"$@\" >>typed; printf '\\n' >>typed; }",
};

const ZSH: Shell = Shell {
    name: "zsh",
    command: "zsh -f -i",
    script: "_plexctl",
    setup: "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; plexctl() { printf '%s\\036' \"$@\" >>typed; \
            printf '\\n' >>typed; }",
};

const FISH: Shell = Shell {
    name: "fish",
    command: "fish --no-config -i",
    script: "plexctl.fish",
    setup: "source plexctl.fish; function plexctl; printf '%s\\036' $argv >>typed; printf '\\n' >>typed; end",
};

/// Types each line with Tab and Enter. Returns the arguments of each run, and all that stood on the terminal.
fn type_lines(sandbox: &Sandbox, shell: &Shell, mode: &str, lines: &[&str]) -> Option<(Vec<Vec<String>>, String)> {
    let terminal = find("completion on a terminal", "script")?;
    find("completion on a terminal", shell.name)?;
    fs::write(sandbox.path().join(shell.script), script(sandbox, shell.name)).unwrap();
    fs::write(sandbox.path().join("file one"), "").unwrap();
    let typed = sandbox.path().join("typed");
    fs::write(&typed, "").unwrap();
    let directory = Path::new(env!("CARGO_BIN_EXE_plexctl")).parent().unwrap();
    let mut command = Command::new(terminal);
    sandbox.furnish(&mut command);
    command.args(["-qec", shell.command, "/dev/null"]).env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
    command.env("PATH", format!("{}:/usr/bin:/bin", directory.display()));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let reader = thread::spawn(move || {
        let mut seen = Vec::new();
        let _ = screen.read_to_end(&mut seen);
        String::from_utf8_lossy(&seen).into_owned()
    });
    let mut press = |line: &str| keys.write_all(line.as_bytes()).unwrap();
    press(&format!("{}; {mode}; plexctl ready\n", shell.setup));
    wait_for_lines(&typed, 1);
    for (number, line) in lines.iter().enumerate() {
        press(&format!("{line}\t"));
        // Quotes that nothing completed would go on with the next line.
        press("\n");
        wait_for_lines(&typed, number + 2);
    }
    press("exit\n");
    drop(keys);
    child.wait().unwrap();
    let typed = fs::read_to_string(&typed).unwrap();
    let runs = typed.lines().skip(1).map(|run| run.split_terminator('\u{1e}').map(str::to_owned).collect());
    Some((runs.collect(), reader.join().unwrap()))
}

fn wait_for_lines(file: &Path, count: usize) {
    let started = Instant::now();
    while fs::read_to_string(file).unwrap_or_default().lines().count() < count {
        assert!(started.elapsed() < Duration::from_secs(30), "line {count} was not run");
        thread::sleep(Duration::from_millis(5));
    }
}

fn assert_completes(shell: &Shell, mode: &str) {
    let mut sandbox = Sandbox::new();
    sandbox.write_config(CONFIG);
    let lines = LINES.map(|(line, _)| line);
    let Some((runs, _)) = type_lines(&sandbox, shell, mode, &lines) else { return };
    for ((line, expected), run) in LINES.into_iter().zip(runs) {
        assert_eq!(run, expected, "{} with {mode}: {line}", shell.name);
    }
}

/// Where there are no names to offer, Tab does nothing and shows nothing.
fn assert_quiet_without_profiles(shell: &Shell, mode: &str) {
    for (contents, permissions) in [(None, 0), (Some("[profiles.default]\n"), 0o644), (Some("[profiles\n"), 0o600)] {
        let mut sandbox = Sandbox::new();
        if let Some(contents) = contents {
            sandbox.write_config(contents);
            fs::set_permissions(sandbox.config(), Permissions::from_mode(permissions)).unwrap();
        }
        let line = "plexctl profiles use d";
        let Some((runs, screen)) = type_lines(&sandbox, shell, mode, &[line]) else { return };
        assert_eq!(runs, [["profiles", "use", "d"]], "{} with {contents:?}", shell.name);
        for word in ["error", "hint", "refused", "No profiles"] {
            assert!(!screen.contains(word), "{} with {contents:?}: {screen}", shell.name);
        }
    }
}

#[test]
fn bash_completes_typed_lines() {
    for mode in ["true", "set -eu", "set -o posix"] {
        assert_completes(&BASH, mode);
    }
}

#[test]
fn zsh_completes_typed_lines() {
    for mode in ["true", "set -eu"] {
        assert_completes(&ZSH, mode);
    }
}

#[test]
fn fish_completes_typed_lines() {
    assert_completes(&FISH, "true");
}

#[test]
fn completion_is_quiet_without_profiles() {
    assert_quiet_without_profiles(&BASH, "set -eu");
    assert_quiet_without_profiles(&ZSH, "set -eu");
    assert_quiet_without_profiles(&FISH, "true");
}
