//! When no program runs: no session, no server, an unusable config, or a command that cannot be executed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::support::sandbox::{Run, Sandbox};
use crate::support::shell::in_shell;
use crate::support::signed_in::{Failed, SignedIn};

/// A failure of `exec` of a program that must not run.
fn failed<'a>(exit: i32, code: &'a str, reason: &str, hint: Option<&str>) -> Failed<'a> {
    Failed {
        exit,
        code,
        message: format!("cannot run \"./ran\": {reason}"),
        hint: hint.map(str::to_owned),
        profile: None,
        server: None,
        token_id: None,
        session: "untouched",
        problem_code: None,
    }
}

/// Runs `exec` of a program that leaves a mark, in each format, and holds that it did not run.
fn assert_runs_nothing(sandbox: &Sandbox, flags: &[&str], variables: &[(&str, &str)], expected: &Failed<'_>) {
    let mark = sandbox.path().join("mark");
    fs::write(sandbox.path().join("ran"), format!("#!/bin/sh\n: > {}\n", mark.display())).unwrap();
    fs::set_permissions(sandbox.path().join("ran"), Permissions::from_mode(0o755)).unwrap();
    let before = fs::read(sandbox.config()).ok();
    for format in ["text", "json", "yaml"] {
        let mut command = sandbox.command(["exec", "--output", format]);
        command.args(flags).args(["--", "./ran"]).envs(variables.iter().copied());
        expected.assert_is(&sandbox.observe(&mut command), format);
        assert!(!mark.exists(), "{expected:?}");
    }
    assert_eq!((fs::read(sandbox.config()).ok(), sandbox.neighbours()), (before, vec![]));
}

#[test]
fn no_session_is_explained_as_by_logout() {
    const LOG_IN: &str = "run `plexctl login` to log in";
    let no_session = |why: &str, hint| failed(2, "no_session", &format!("no session: {why}"), Some(hint));
    for (config, flags, profile, why, hint) in [
        (None, &[][..], None, "the config file does not exist", LOG_IN),
        (Some("# nothing\n"), &[], None, "there is no default profile", LOG_IN),
        (
            Some("[profiles.a]\ntoken = \"t\"\n"),
            &[],
            None,
            "there is no default profile",
            "there is no default, but [CONFIG] has \"a\"; name one with --profile",
        ),
        (
            Some("default = \"b\"\n[profiles.a]\ntoken = \"t\"\n"),
            &[],
            Some("b"),
            "the default profile \"b\" does not exist",
            "the default of [CONFIG] names profile \"b\", which is not there; it has \"a\"",
        ),
        (
            Some("[profiles.a]\ntoken = \"t\"\n"),
            &["--profile", "b"],
            Some("b"),
            "profile \"b\" does not exist",
            "[CONFIG] has no profile \"b\", it has \"a\"",
        ),
        (
            Some("[profiles.a]\nserver = \"https://h\"\n"),
            &["--profile", "a"],
            Some("a"),
            "profile \"a\" has no token",
            "profile \"a\" of [CONFIG] has no token",
        ),
    ] {
        let mut sandbox = Sandbox::new();
        if let Some(config) = config {
            sandbox.write_config(config);
        }
        // The variable is no source of a session here.
        let variables = [("PLEXSPHERE_TOKEN", "of-the-caller"), ("PLEXSPHERE_URL", "https://h")];
        assert_runs_nothing(&sandbox, flags, &variables, &Failed { profile, ..no_session(why, hint) });
        assert_eq!(sandbox.config().exists(), config.is_some());
    }
}

#[test]
fn session_goes_to_no_other_server() {
    const FORM: &str = "https://HOST[:PORT][/PATH], or http for development";
    let of_default =
        |code, reason: &str, hint: &str| Failed { profile: Some("a"), ..failed(2, code, reason, Some(hint)) };
    let mut sandbox = Sandbox::new();
    sandbox.write_config("default = \"a\"\n[profiles.a]\ntoken = \"t\"\nserver = \"https://h\"\n");
    assert_runs_nothing(
        &sandbox,
        &["--server", "https://other"],
        &[],
        &Failed {
            server: Some("https://h"),
            ..of_default(
                "server_mismatch",
                "--server names https://other, but the token was issued by https://h",
                "run `plexctl exec`",
            )
        },
    );
    sandbox.write_config("default = \"a\"\n[profiles.a]\ntoken = \"t\"\nserver = \"junk\"\n");
    assert_runs_nothing(
        &sandbox,
        &[],
        &[],
        &of_default(
            "server_unusable",
            "the server at [CONFIG]:4:10 is not a valid URL: it is not a URL",
            &format!("change it to {FORM}; then run `plexctl exec` again"),
        ),
    );
    sandbox.write_config("default = \"a\"\n[profiles.a]\ntoken = \"t\"\n");
    assert_runs_nothing(
        &sandbox,
        &["--server", "junk"],
        &[("PLEXSPHERE_URL", "https://h")],
        &of_default(
            "server_unusable",
            "--server is not a valid URL: it is not a URL",
            &format!("--server must look like {FORM}"),
        ),
    );
    assert_runs_nothing(
        &sandbox,
        &[],
        &[("PLEXSPHERE_URL", "junk")],
        &of_default(
            "server_unusable",
            "PLEXSPHERE_URL is not a valid URL: it is not a URL",
            &format!("change it to {FORM}; then run `plexctl exec` again"),
        ),
    );
    assert_runs_nothing(
        &sandbox,
        &[],
        &[],
        &of_default(
            "server_unknown",
            "the profile stores no server, and none was given",
            "name the server that issued the token with --server or PLEXSPHERE_URL",
        ),
    );
}

#[test]
fn unusable_config_runs_nothing() {
    let signed_in = SignedIn::new();
    fs::set_permissions(signed_in.sandbox.config(), Permissions::from_mode(0o644)).unwrap();
    let hint = "run `chmod 600 [CONFIG]`, then `plexctl exec` again";
    let reason = "[CONFIG] is refused: its mode 0644 is wider than 0600";
    assert_runs_nothing(&signed_in.sandbox, &[], &[], &failed(3, "config_exposed", reason, Some(hint)));

    let mut sandbox = Sandbox::new();
    for (config, code, exit, reason) in [
        ("default = 1\n", "config_unusable", 1, "[CONFIG]:1:11 cannot be used: "),
        ("default = \n", "config_unusable", 1, "[CONFIG]:1:11 cannot be used: "),
        (
            "default = \"a\"\n[profiles.a]\nserver = \"https://h\"\ntoken = \"a b\"\n",
            "not_a_session_token",
            2,
            "[CONFIG]:4:9 holds no bearer token: ",
        ),
        (
            "default = \"a\"\n[profiles.a]\nserver = \"https://h\"\ntoken = \"a\\u0000b\"\n",
            "not_a_session_token",
            2,
            "[CONFIG]:4:9 holds no bearer token: ",
        ),
        (
            "default = \"a\\u0000b\"\n[profiles.\"a\\u0000b\"]\nserver = \"https://h\"\ntoken = \"t\"\n",
            "no_session",
            2,
            "the name of profile \"a\\u{0}b\" contains a NUL, which no variable can hold",
        ),
    ] {
        sandbox.write_config(config);
        let run = sandbox.run(["exec", "--output", "json", "--", "/bin/sh", "-c", "echo ran"]);
        assert_eq!(run.exit, exit, "{config}: {run:?}");
        assert!(run.stdout.contains(&format!("\"code\": \"{code}\"")), "{config}: {run:?}");
        let message = format!("error: cannot run \"/bin/sh\": {reason}");
        assert!(run.stderr.starts_with(&message), "{config}: {run:?}");
    }
}

#[test]
fn unknown_place_of_the_config_runs_nothing() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["exec", "--", "/bin/sh", "-c", "echo ran"]);
    let run = sandbox.observe(command.env_remove("HOME"));
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
}

#[test]
fn command_that_cannot_run_ends_as_in_a_shell() {
    let signed_in = SignedIn::new();
    let sandbox = &signed_in.sandbox;
    let write = |name: &str, contents: &[u8], mode| {
        fs::write(sandbox.path().join(name), contents).unwrap();
        fs::set_permissions(sandbox.path().join(name), Permissions::from_mode(mode)).unwrap();
    };
    write("bare", b"echo ran\n", 0o755);
    write("foreign", b"\x7fELF\x02\x01\x01 of another machine", 0o755);
    write("plain", b"#!/bin/sh\necho ran\n", 0o644);
    write("orphan", b"#!/nowhere/interpreter\n", 0o755);
    write("a\x1b[2J\"b", b"echo ran\n", 0o755);
    fs::create_dir(sandbox.path().join("directory")).unwrap();
    let no_format = "it is neither a program for this machine nor a script that starts with #!";
    for (command, exit, reason) in [
        ("nowhere", 127, "it is in no directory of PATH"),
        ("./nowhere", 127, "the file does not exist"),
        ("plain/below", 127, "the file does not exist"),
        ("./bare", 126, no_format),
        ("bare", 126, no_format),
        ("./foreign", 126, no_format),
        ("./plain", 126, "permission denied"),
        ("plain", 126, "permission denied"),
        ("./directory", 126, "permission denied"),
        ("./orphan", 126, "the interpreter that it names does not exist"),
        ("./a\x1b[2J\"b", 126, no_format),
    ] {
        let shown = command.replace('\x1b', "\\u{1b}");
        let expected = Failed {
            exit,
            code: if exit == 127 { "command_not_found" } else { "command_not_executable" },
            message: format!("cannot run \"{shown}\": {reason} ([ORIGIN], token [ID])"),
            hint: None,
            profile: Some("default"),
            server: Some("[ORIGIN]"),
            token_id: Some("[ID]"),
            session: "untouched",
            problem_code: None,
        };
        for format in ["text", "json", "yaml"] {
            let mut run = sandbox.command(["exec", "--output", format, "--", command, "argument"]);
            expected.assert_is(&sandbox.observe(run.env("PATH", sandbox.path())), format);
        }
    }
}

/// plexctl itself just fits into what the system passes on to a program; with the session it is too much.
#[test]
fn environment_that_becomes_too_long_is_refused() {
    let mut sandbox = Sandbox::new();
    let token = "t".repeat(4096);
    sandbox.write_config(format!("default = \"a\"\n[profiles.a]\nserver = \"https://h\"\ntoken = \"{token}\"\n"));
    let mut command = sandbox.command(["exec", "--", "/bin/sh", "-c", "echo ran"]);
    command.env("LONG", "x".repeat(128_000));
    let run = sandbox.observe(&mut in_shell("ulimit -s 256; exec \"$0\" \"$@\"", &command));
    let error = "error: cannot run \"/bin/sh\": its arguments and the environment are too long\n";
    assert_eq!(run, Run::new(126, "", error));
}

#[test]
fn command_line_without_a_command_is_a_usage_error() {
    let signed_in = SignedIn::new();
    for arguments in [
        &["exec"][..],
        &["exec", "--"],
        &["exec", "--", ""],
        &["exec", "env"],
        &["exec", "--profile", "default", "env", "--", "env"],
        &["exec", "--profile", "", "--", "env"],
        &["exec", "--unknown", "--", "env"],
    ] {
        let run = signed_in.sandbox.run(arguments);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains("error: ") && run.stderr.contains("Usage: plexctl exec"), "{arguments:?}: {run:?}");
    }
}
