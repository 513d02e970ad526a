//! Hints that name a command are run as a shell runs them, and act on the session that they were printed for, however its
//! profile is called.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use plexctl::testing::{Answer, ControlPlane, Endpoint, Script};

use crate::login::LOGIN;
use crate::support::bystander::config;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::shell::{has_namespaces, in_namespace, in_shell};
use crate::support::signed_in::id_of;
use crate::support::trial::at_the_same_time;
use crate::support::unprivileged::Unprivileged;
use crate::support::{runs_as_root, shell, skip};

/// Names that a shell would take apart, expand or take for something else.
const NAMES: [&str; 13] = [
    "staging",
    "two words",
    " blanks around ",
    "it's",
    "say \"hi\"",
    "$HOME",
    "`id`",
    "$(id)",
    "back\\slash!",
    "-x",
    "--profile",
    "a;b&c|d>e<f*g?h~i#j",
    "ünï 日本 🦀",
];

/// A default session, which no hint for another one may touch, beside a session of a given name.
struct Signed {
    server: Arc<ControlPlane>,
    sandbox: Sandbox,
    default: String,
    other: String,
}

impl Signed {
    fn with(name: &str) -> Self {
        let server = Arc::new(ControlPlane::start().unwrap());
        let (default, other) = (server.mint("dev"), server.mint("dev"));
        let mut sandbox = Sandbox::new();
        sandbox.watch(&server);
        let (url, quoted) = (server.url(), serde_json::to_string(name).unwrap());
        let config = format!(
            "default = \"default\"\n[profiles.default]\nserver = \"{url}\"\ntoken = \"{default}\"\n\
             [profiles.{quoted}]\nserver = \"{url}\"\ntoken = \"{other}\"\n"
        );
        sandbox.write_config(config);
        Self { server, sandbox, default, other }
    }

    /// Runs the commands of a hint in a shell whose `plexctl` is the binary.
    fn paste(&self, shell: &str, hint: &str, config: &Path) -> Run {
        let mut command = shell::typed(&self.sandbox, shell, &commands_in(hint).join(" && "));
        self.sandbox.observe(command.env("PLEXCTL_CONFIG", config))
    }

    fn assert_only_the_other_has_ended(&self, case: &str) {
        assert!(self.server.is_live(&self.default), "{case}: the default session was ended");
        assert!(!self.server.is_live(&self.other), "{case}: the session was not ended");
        let text = self.sandbox.config_text();
        assert!(text.contains(&self.default) && !text.contains(&self.other), "{case}: {text}");
    }
}

/// The commands that a hint names: `… run COMMAND, then COMMAND again`, each between backticks. A name may hold backticks
/// itself, so a command ends at the backtick before the words that follow it.
fn commands_in(hint: &str) -> Vec<&str> {
    let hint = hint.trim_end();
    let inner = hint.split_once('`').unwrap().1;
    let inner = inner.strip_suffix(" again").unwrap_or(inner);
    inner.strip_suffix('`').unwrap_or_else(|| panic!("{hint}")).split("`, then `").collect()
}

fn hint_of(run: &Run) -> String {
    run.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_else(|| panic!("{run:?}")).to_owned()
}

/// The shells that are there.
fn shells() -> impl Iterator<Item = &'static str> {
    ["sh", "bash", "zsh"].into_iter().filter(|shell| {
        let is_there = Command::new(shell).args(["-c", ":"]).output().is_ok();
        if !is_there {
            skip("hints in a shell", &format!("{shell} is not there"));
        }
        is_there
    })
}

#[test]
fn pasted_hint_ends_the_right_session() {
    for shell in shells() {
        for name in NAMES {
            let signed = Signed::with(name);
            signed.server.answer_revocations_with(Answer::bare(503));
            let run = signed.sandbox.run(["logout", &format!("--profile={name}")]);
            assert_eq!(run.exit, 1, "{run:?}");
            signed.server.answer_revocations_with(None);
            let pasted = signed.paste(shell, &hint_of(&run), &signed.sandbox.config());
            assert_eq!((pasted.exit, pasted.stderr.as_str()), (0, ""), "{shell}: {name}");
            signed.assert_only_the_other_has_ended(name);
        }
    }
}

#[test]
fn pasted_chmod_hint_ends_session() {
    for directory in ["plain", "two words", "it's", "$HOME", "ünï `id`"] {
        let signed = Signed::with("staging");
        let config = signed.sandbox.path().join(directory).join("config.toml");
        fs::create_dir(config.parent().unwrap()).unwrap();
        fs::rename(signed.sandbox.config(), &config).unwrap();
        fs::set_permissions(&config, Permissions::from_mode(0o644)).unwrap();
        let mut command = signed.sandbox.command(["logout", "--profile", "staging"]);
        let run = signed.sandbox.observe(command.env("PLEXCTL_CONFIG", &config));
        assert_eq!(run.exit, 3, "{run:?}");

        let hint = hint_of(&run).replace("[SANDBOX]", signed.sandbox.path().to_str().unwrap());
        let pasted = signed.paste("sh", &hint, &config);
        assert_eq!((pasted.exit, pasted.stderr.as_str()), (0, ""), "{directory}");
        fs::rename(&config, signed.sandbox.config()).unwrap();
        signed.assert_only_the_other_has_ended(directory);
    }
}

#[test]
fn pasted_hint_drops_wrong_server() {
    let signed = Signed::with("two words");
    let run = signed.sandbox.run(["logout", "--profile", "two words", "--server", "https://elsewhere.example"]);
    assert_eq!(run.exit, 2, "{run:?}");
    let pasted = signed.paste("sh", &hint_of(&run), &signed.sandbox.config());
    assert_eq!((pasted.exit, pasted.stderr.as_str()), (0, ""));
    signed.assert_only_the_other_has_ended("a wrong server");
}

#[test]
fn pasted_hint_repeats_given_server() {
    let mut signed = Signed::with("staging");
    let url = signed.server.url();
    let text = signed.sandbox.config_text();
    let (first, second) = text.split_once("[profiles.\"staging\"]\n").unwrap();
    let second = second.replace(&format!("server = \"{url}\"\n"), "");
    signed.sandbox.write_config(format!("{first}[profiles.staging]\n{second}"));
    signed.server.answer_revocations_with(Answer::bare(503));
    let run = signed.sandbox.run(["logout", "--profile", "staging", "--server", &url]);
    assert_eq!(run.exit, 1, "{run:?}");
    signed.server.answer_revocations_with(None);
    let pasted = signed.paste("sh", &hint_of(&run), &signed.sandbox.config());
    assert_eq!((pasted.exit, pasted.stderr.as_str()), (0, ""));
    signed.assert_only_the_other_has_ended("a given server");
}

#[test]
fn pasted_hint_forgets_the_right_profile() {
    for shell in shells() {
        for name in NAMES {
            let signed = Signed::with(name);
            let run = signed.sandbox.run(["profiles", "forget", "--", name]);
            assert_eq!(run.exit, 2, "{run:?}");
            let pasted = signed.paste(shell, &hint_of(&run), &signed.sandbox.config());
            assert_eq!((pasted.exit, pasted.stdout.starts_with("Forgot profile \"")), (0, true), "{shell}: {pasted:?}");
            assert_eq!((signed.server.connections(), signed.server.live_tokens().len()), (0, 2));
            let text = signed.sandbox.config_text();
            assert!(text.contains(&signed.default) && !text.contains(&signed.other), "{shell}: {name}: {text}");
        }
    }
}

#[test]
fn pasted_chmod_hint_changes_profiles() {
    for arguments in [&["profiles", "use", "--", "-x"][..], &["profiles", "forget", "--yes", "--", "-x"]] {
        let signed = Signed::with("-x");
        fs::set_permissions(signed.sandbox.config(), Permissions::from_mode(0o644)).unwrap();
        let run = signed.sandbox.run(arguments);
        assert_eq!(run.exit, 3, "{run:?}");
        let hint = hint_of(&run).replace("[CONFIG]", signed.sandbox.config().to_str().unwrap());
        let pasted = signed.paste("sh", &hint, &signed.sandbox.config());
        assert_eq!(pasted.exit, 0, "{pasted:?}");
        let text = signed.sandbox.config_text();
        assert_eq!(text.contains("default = \"-x\"\n"), arguments[1] == "use", "{text}");
        assert_eq!(text.contains(&signed.other), arguments[1] == "use", "{text}");
    }
}

#[test]
fn pasted_hint_repeats_credential() {
    for name in NAMES {
        let signed = Signed::with(name);
        signed.server.once(Endpoint::Whoami, Script::answer(Answer::bare(503)));
        let run = signed.sandbox.run(["whoami", &format!("--profile={name}"), "--server", &signed.server.url()]);
        assert_eq!(run.exit, 1, "{run:?}");
        let pasted = signed.paste("sh", &hint_of(&run), &signed.sandbox.config());
        assert_eq!(pasted.exit, 0, "{pasted:?}");
        let sent = format!("Bearer {}", signed.other);
        for request in signed.server.requests() {
            assert_eq!(request.header("authorization"), Some(sent.as_str()), "{name}");
        }
        assert_eq!(signed.server.requests().len(), 2);
    }
}

/// A profile remembers the domain and the server of its last login.
#[test]
fn pasted_hint_to_log_in_needs_no_ids() {
    let commands = [
        ("whoami", Endpoint::Whoami),
        ("identity-tokens list", Endpoint::ListTokens),
        ("identity-tokens delete --id 0192f0c1-8888-7abc-8def-0123456789ab", Endpoint::Revoke),
    ];
    let names = [("default", ""), ("two words", " --profile-name 'two words'")];
    let cases = commands.into_iter().flat_map(|command| names.map(|name| (command, name))).collect();
    at_the_same_time(cases, |((command, endpoint), (name, typed))| {
        let signed = Signed::with("staging");
        signed.server.configure(|settings| settings.interval = Duration::from_secs(1));
        let url = signed.server.url();
        signed.server.approve_next();
        let run = signed.sandbox.run([&LOGIN[..], &["--server", &url, "--profile-name", name]].concat());
        assert_eq!(run.exit, 0, "{run:?}");
        signed.server.once(endpoint, Script::answer(Answer::bare(401)));
        let run = signed.sandbox.run(command.split(' ').chain(["--profile", name, "--server", &url]));
        assert_eq!(hint_of(&run), format!("run `plexctl login{typed}` to log in again"), "{command}");

        signed.server.approve_next();
        let line = format!("plexctl login{typed}");
        let pasted = signed.sandbox.observe(&mut shell::typed(&signed.sandbox, "sh", &line));
        assert!(pasted.exit == 0 && pasted.stdout.contains(&format!("Saved profile \"{name}\".")), "{pasted:?}");
    });
}

#[test]
fn unprintable_name_is_not_quoted_in_hint() {
    let name = "a\u{1b}[2J\nb\u{202e}";
    let signed = Signed::with(name);
    signed.server.answer_revocations_with(Answer::bare(503));
    let run = signed.sandbox.run(["logout", "--profile", name]);
    assert_eq!(hint_of(&run), "run the same command again");
    let run = signed.sandbox.run(["logout", "--profile", name, "--server", "https://other.example"]);
    assert_eq!(hint_of(&run), "run the same command without --server");
    signed.server.once(Endpoint::Whoami, Script::answer(Answer::bare(401)));
    let run = signed.sandbox.run(["whoami", "--profile", name]);
    assert_eq!(hint_of(&run), "run `plexctl login` for that profile to log in again");
}

/// A name that prints like a stored one is told apart from it by every command, and the hint shows how.
#[test]
fn hints_tell_alike_names_apart() {
    for (stored, typed, difference) in [
        ("Prod", "prod", r#""prod" is not "Prod": names are case-sensitive"#),
        ("cafe\u{301}", "caf\u{e9}", r#""caf\u{e9}" is not "cafe\u{301}": names are compared byte by byte"#),
    ] {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(format!("[profiles.\"{stored}\"]\nserver = \"https://h\"\ntoken = \"t\"\n"));
        let flag = format!("--profile={typed}");
        let (id, environment) = ("--id=0192f0c1-2345-7abc-8def-0123456789ab", "/usr/bin/env");
        for arguments in [
            &["logout", &flag][..],
            &["whoami", &flag],
            &["exec", &flag, "--", environment],
            &["identity-tokens", "list", &flag],
            &["identity-tokens", "delete", id, &flag],
        ] {
            let hint = format!("[CONFIG] has no profile \"{typed}\", it has \"{stored}\"; {difference}");
            assert_eq!(hint_of(&sandbox.run(arguments)), hint, "{arguments:?}");
        }
        for arguments in [&["profiles", "use", typed][..], &["profiles", "forget", "--yes", typed]] {
            assert_eq!(hint_of(&sandbox.run(arguments)), difference, "{arguments:?}");
        }
        sandbox.write_config(format!("default = \"{typed}\"\n[profiles.\"{stored}\"]\n"));
        let hint = format!(
            "the default of [CONFIG] names profile \"{typed}\", which is not there; it has \"{stored}\"; {difference}"
        );
        assert_eq!(hint_of(&sandbox.run(["whoami"])), hint);
    }
}

/// The hint of a run that refuses a config of mode 0644.
fn exposed_hint(sandbox: &Sandbox, command: &mut Command) -> String {
    let run = sandbox.observe(command);
    assert_eq!(run.exit, 3, "{run:?}");
    hint_of(&run)
}

/// A config that everybody may read.
fn with_exposed_config() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.write_config("[profiles.staging]\n");
    fs::set_permissions(sandbox.config(), Permissions::from_mode(0o644)).unwrap();
    sandbox
}

/// `chmod` is hinted at where the reader can run it and it helps; elsewhere the hint says who can do what.
#[test]
fn chmod_hint_belongs_to_who_can_run_it() {
    let sandbox = with_exposed_config();
    let script = "PLEXCTL_CONFIG=/dev/fd/3; export PLEXCTL_CONFIG; exec \"$0\" \"$@\" 3< .config/plexctl/config.toml";
    let mut descriptor = in_shell(script, &sandbox.command(["whoami"]));
    assert_eq!(exposed_hint(&sandbox, &mut descriptor), "name a regular file with mode 0600");

    if has_namespaces("the mode of a file that cannot be changed") {
        let sandbox = with_exposed_config();
        let script = "d=\"$HOME/.config/plexctl\"; mount --bind \"$d\" \"$d\"; mount -o remount,bind,ro \"$d\"; exec \"$0\" \"$@\"";
        let hint = "ask your administrator to set the mode of the file to 0600: its file system is read-only; then run \
                    `plexctl whoami` again";
        assert_eq!(exposed_hint(&sandbox, &mut in_namespace(script, &sandbox.command(["whoami"]))), hint);
    }
    if runs_as_root()
        && let Some(unprivileged) = Unprivileged::new("the file of another user")
    {
        let sandbox = with_exposed_config();
        let mut command = unprivileged.run_after("", &sandbox, &sandbox.command(["whoami"]));
        lchown(sandbox.config(), Some(0), Some(0)).unwrap();
        let hint = "ask the owner of the file to run `chmod 600 [CONFIG]`, then run `plexctl whoami` again";
        assert_eq!(exposed_hint(&sandbox, &mut command), hint);

        let sandbox = with_exposed_config();
        let mut command = unprivileged.run_after("", &sandbox, &sandbox.command(["whoami"]));
        let hint = "run `chmod 600 [CONFIG]`, then `plexctl whoami` again";
        assert_eq!(exposed_hint(&sandbox, &mut command), hint);
    }
}

#[test]
fn named_config_that_is_missing_is_named() {
    let sandbox = Sandbox::new();
    let missing = sandbox.path().join("missing.toml");
    for arguments in [&["logout"][..], &["whoami"], &["identity-tokens", "list"], &["exec", "--", "true"]] {
        let run = sandbox.observe(sandbox.command(arguments).env("PLEXCTL_CONFIG", &missing));
        assert_eq!(hint_of(&run), "PLEXCTL_CONFIG names no file: [SANDBOX]/missing.toml", "{arguments:?}");
    }
}

#[test]
fn token_file_hint_belongs_to_its_path() {
    let sandbox = Sandbox::new();
    let server = ["whoami", "--server", "http://127.0.0.1:1", "--token-file"];
    let missing = sandbox.run([&server[..], &["missing"]].concat());
    let again = "`plexctl whoami --token-file missing --server http://127.0.0.1:1`";
    assert_eq!(hint_of(&missing), format!("check the path of --token-file; then run {again} again"));
    let script = "printf token | exec \"$0\" \"$@\"";
    let mut pipe = in_shell(script, &sandbox.command([&server[..], &["/dev/fd/0"]].concat()));
    assert_eq!(hint_of(&sandbox.observe(&mut pipe)), "name a regular file with mode 0600");
}

/// The command that a hint names, typed into a shell.
fn follow(sandbox: &Sandbox, run: &Run) -> Run {
    let hint = hint_of(run);
    let command = hint.split('`').nth(1).unwrap_or_else(|| panic!("{hint}"));
    sandbox.observe(&mut shell::typed(sandbox, "sh", command))
}

/// A control plane whose next login is approved at once.
fn approving() -> Arc<ControlPlane> {
    let server = Arc::new(ControlPlane::start().unwrap());
    server.configure(|settings| settings.interval = Duration::from_secs(1));
    server.approve_next();
    server
}

/// A login of the profile `default`.
fn login_to(sandbox: &Sandbox, server: &ControlPlane, more: &[&str]) -> Run {
    sandbox.run([&LOGIN[..], &["--server", &server.url()], more].concat())
}

#[test]
fn hint_ends_replaced_session() {
    let server = approving();
    let old = server.mint("dev");
    let mut sandbox = Sandbox::new();
    sandbox.watch(&server);
    sandbox.write_config(config(&server.url(), &old));
    server.answer_revocations_with(Answer::bare(503));
    let run = login_to(&sandbox, &server, &[]);
    assert!(run.exit == 0 && server.is_live(&old), "{run:?}");

    server.answer_revocations_with(None);
    let followed = follow(&sandbox, &run);
    assert!(followed.stdout.starts_with("Logged out. Cleared profile \"default-replaced-"), "{followed:?}");
    assert!(!server.is_live(&old) && !sandbox.config_text().contains("replaced"));
}

#[test]
fn hint_forgets_replaced_token_without_id() {
    let server = approving();
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config(&server.url(), "a.token.without-an-id"));
    let run = login_to(&sandbox, &server, &[]);
    assert_eq!(run.exit, 0, "{run:?}");
    let followed = follow(&sandbox, &run);
    assert!(followed.stdout.starts_with("Forgot profile \"default-replaced-"), "{followed:?}");
    assert!(!sandbox.config_text().contains("replaced"));
}

#[test]
fn hint_replaces_session_of_other_origin() {
    let (server, elsewhere) = (approving(), ControlPlane::start().unwrap());
    let old = elsewhere.mint("dev");
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config(&elsewhere.url(), &old));
    let run = login_to(&sandbox, &server, &[]);
    assert_eq!(run.exit, 2, "{run:?}");
    let followed = follow(&sandbox, &run);
    assert_eq!((followed.exit, elsewhere.is_live(&old)), (0, false), "{followed:?}");
}

#[test]
fn hint_removes_profile_of_deleted_token() {
    let signed = Signed::with("two words");
    let id = format!("--id={}", id_of(&signed.other));
    let run = signed.sandbox.run(["identity-tokens", "delete", &id]);
    assert_eq!(run.exit, 0, "{run:?}");
    assert_eq!(follow(&signed.sandbox, &run), Run::new(0, "Logged out. Cleared profile \"two words\".\n", ""));
    signed.assert_only_the_other_has_ended("a deleted token");
}

#[test]
fn hint_removes_or_replaces_unusable_token() {
    for (command, token) in [("logout", "a.token.without-an-id"), ("whoami", "no token at all")] {
        let server = approving();
        let mut sandbox = Sandbox::new();
        assert_eq!(login_to(&sandbox, &server, &[]).exit, 0);
        let text = sandbox.config_text();
        let stored = text.split("token = \"").nth(1).unwrap().split('"').next().unwrap();
        sandbox.write_config(text.replace(stored, token));
        let run = sandbox.run([command]);
        assert_eq!(run.exit, 2, "{run:?}");
        server.approve_next();
        let followed = follow(&sandbox, &run);
        assert_eq!(followed.exit, 0, "{command}: {followed:?}");
        let healed = sandbox.run([command]);
        assert_eq!(healed.exit, 0, "{command}: {healed:?}");
    }
}
