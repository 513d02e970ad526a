//! Completion scripts: what is printed, and what the shells that load it make of it.

mod typed;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::program::find;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::shell::{has_namespaces, without_network};

const SHELLS: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

/// What is typed before Tab, and what it can become.
const COMPLETIONS: [(&str, &[&str]); 8] = [
    ("plexctl log", &["login", "logout"]),
    ("plexctl completion ", &["bash", "fish", "powershell", "zsh"]),
    ("plexctl completion bash po", &[]),
    ("plexctl logout --out", &["--output"]),
    ("plexctl --out", &["--output"]),
    ("plexctl profiles fo", &["forget"]),
    ("plexctl completion b", &["bash"]),
    ("plexctl completion p", &["powershell"]),
];

/// Completes a line as bash does on Tab; the script and the words of the line are the arguments.
const BASH: &str = r#"source "$1" && shift
spec=$(complete -p plexctl)
function=${spec#*-F }
function=${function%% *}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
"$function" plexctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
for reply in ${COMPREPLY[@]+"${COMPREPLY[@]}"}; do printf '%s\n' "$reply"; done
"#;

/// Completes a line as fish does on Tab; the script and the line are the arguments.
const FISH: &str = "source $argv[1]; complete -C $argv[2]";

/// Completes a line as zsh does on Tab; the script's directory and the line are the arguments. Completion needs the
/// line editor, and that needs a terminal: an interactive shell on a terminal of its own. Each match is written to a
/// file, and Tab ends that shell, so nothing is read off the screen and nothing waits for time to pass.
const ZSH: &str = r#"zmodload zsh/zpty
directory=$1 line=$2 found=$1/found
: > $found
cat > $directory/inner <<END
fpath=(${(q)directory} \$fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
    if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
        local -a hits
        builtin compadd -A hits "\$@"
        (( \$#hits )) && print -rl -- \$hits >> ${(q)found}
    fi
    builtin compadd "\$@"
}
tab() { zle list-choices; exit }
zle -N tab
bindkey '^I' tab
END
zpty shell "env -i TERM=dumb PATH=/usr/bin:/bin HOME=${(q)directory} zsh -f -i"
zpty -w shell "source ${(q)directory}/inner"
zpty -w -n shell $line$'\t'
while zpty -r shell screen; do :; done
cat $found
"#;

fn script(sandbox: &Sandbox, shell: &str) -> String {
    let run = sandbox.run(["completion", shell]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{shell}");
    run.stdout
}

/// A shell that is ended where it waits for something that does not come.
fn bounded(shell: &Path) -> Command {
    let mut command = Command::new("timeout");
    command.arg("60").arg(shell);
    command
}

/// Holds what a shell completes, one match a line and perhaps a description behind a tab, against the table.
fn assert_completes(shell: &str, mut complete: impl FnMut(&str) -> Run) {
    for (line, expected) in COMPLETIONS {
        let run = complete(line);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{shell}: {line}");
        let mut matches: Vec<&str> =
            run.stdout.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
        matches.sort_unstable();
        matches.dedup();
        assert_eq!(matches, expected, "{shell}: {line}");
    }
}

#[test]
fn prints_the_same_script_in_every_format() {
    let sandbox = Sandbox::new();
    for (shell, first) in SHELLS.into_iter().zip([
        "# bash completion for plexctl",
        "#compdef plexctl",
        "# fish completion for plexctl",
        "# powershell completion for plexctl",
    ]) {
        let script = script(&sandbox, shell);
        assert_eq!(script.lines().next(), Some(first));
        assert!(script.ends_with('\n') && script.lines().count() > 20, "{script}");
        for format in ["json", "yaml"] {
            assert_eq!(sandbox.run(["completion", shell, "--output", format]), Run::new(0, script.as_str(), ""));
        }
    }
}

#[test]
fn requires_exactly_one_known_shell() {
    const TRY: &str = "For more information, try '--help'.\n";
    let sandbox = Sandbox::new();
    let refused = |error: &str, usage: &str| Run::new(2, "", format!("error: {error}\n\nUsage: {usage}\n\n{TRY}"));
    for shell in ["Bash", "BASH", "pwsh", "elvish", "bash ", "zsh\u{1b}"] {
        let shown = shell.replace('\u{1b}', "\\u{1b}");
        let expected = refused(
            &format!("unknown shell \"{shown}\"\n  [possible values: bash, zsh, fish, powershell]"),
            "plexctl completion [OPTIONS] <SHELL>",
        );
        assert_eq!(sandbox.run(["completion", shell]), expected, "{shell:?}");
    }
    assert_eq!(
        sandbox.run(["completion"]),
        refused("the following required arguments were not provided:\n  <SHELL>", "plexctl completion <SHELL>")
    );
    assert_eq!(
        sandbox.run(["completion", "bash", "zsh"]),
        refused("unexpected argument 'zsh' found", "plexctl completion [OPTIONS] <SHELL>")
    );
    assert_eq!(sandbox.run(["completion", ""]).exit, 2);
}

#[test]
fn script_ignores_config_and_environment() {
    let sandbox = Sandbox::new();
    let directory = sandbox.path().join("a directory");
    fs::create_dir(&directory).unwrap();
    let has_namespaces = has_namespaces("completion without a network");
    for shell in SHELLS {
        let expected = Run::new(0, script(&sandbox, shell), "");
        let surroundings = [
            ("PLEXCTL_CONFIG", directory.to_str().unwrap()),
            ("PLEXSPHERE_URL", "junk"),
            ("PLEXSPHERE_TOKEN", "not a token"),
            ("HTTPS_PROXY", "socks5://junk"),
            ("SSL_CERT_FILE", "/nowhere"),
        ];
        let mut command = sandbox.command(["completion", shell, "--profile", "gone", "--token-file", "/nowhere"]);
        command.env_remove("HOME").envs(surroundings);
        assert_eq!(sandbox.observe(&mut command), expected, "{shell}");
        if has_namespaces {
            assert_eq!(sandbox.observe(&mut without_network(&command)), expected, "{shell}");
        }
    }
}

#[test]
fn bash_completes_commands_and_flags() {
    let Some(bash) = find("completion in bash", "bash") else { return };
    let sandbox = Sandbox::new();
    let file = sandbox.path().join("plexctl.bash");
    fs::write(&file, script(&sandbox, "bash")).unwrap();
    assert_completes("bash", |line| {
        let mut command = bounded(&bash);
        sandbox.furnish(&mut command);
        command.args(["--noprofile", "--norc", "-euc", BASH, "bash"]).arg(&file).args(line.split(' '));
        sandbox.judge(&command.output().unwrap())
    });
}

#[test]
fn zsh_completes_commands_and_flags() {
    let Some(zsh) = find("completion in zsh", "zsh") else { return };
    let sandbox = Sandbox::new();
    fs::write(sandbox.path().join("_plexctl"), script(&sandbox, "zsh")).unwrap();
    assert_completes("zsh", |line| {
        let mut command = bounded(&zsh);
        sandbox.furnish(&mut command);
        command.env("PATH", "/usr/bin:/bin").args(["-f", "-c", ZSH, "zsh"]).arg(sandbox.path()).arg(line);
        sandbox.judge(&command.output().unwrap())
    });
}

#[test]
fn fish_completes_commands_and_flags() {
    let Some(fish) = find("completion in fish", "fish") else { return };
    let sandbox = Sandbox::new();
    let file = sandbox.path().join("plexctl.fish");
    fs::write(&file, script(&sandbox, "fish")).unwrap();
    assert_completes("fish", |line| {
        let mut command = bounded(&fish);
        sandbox.furnish(&mut command);
        command.env("PATH", "/usr/bin:/bin").args(["--no-config", "-c", FISH]).arg(&file).arg(line);
        sandbox.judge(&command.output().unwrap())
    });
}

/// PowerShell is seldom where the tests run, so its script is held against the one that `tests/powershell/check.sh` parses.
#[test]
fn powershell_script_matches_the_stored_one() {
    let kept = include_str!("powershell.ps1");
    let script = script(&Sandbox::new(), "powershell");
    assert!(script == kept, "`plexctl completion powershell` is not tests/it/completion/powershell.ps1:\n{script}");
}
