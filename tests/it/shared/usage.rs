//! Usage errors: what is wrong, how the command is used, and what was probably meant. Nothing is sent or changed.

use crate::support::sandbox::{Run, Sandbox};
use crate::support::signed_in::SignedIn;

const MORE: &str = "For more information, try '--help'.\n";

/// A usage error with its message and the usage of the command.
fn refused(message: &str, usage: &str) -> Run {
    Run::new(2, "", format!("error: {message}\n\nUsage: {usage}\n\n{MORE}"))
}

#[test]
fn usage_errors_show_the_usage_and_send_nothing() {
    const LOGOUT: &str = "plexctl logout [OPTIONS]";
    let missing = |flag: &str| format!("a value is required for '{flag}' but none was supplied");
    let signed_in = SignedIn::new();
    let cases: [(&[&str], String, &str); 12] = [
        (&["logout", "psk_dev_a_b"], "unexpected argument 'psk_[redacted]' found".into(), LOGOUT),
        (&["logout", "--psk_dev_a_b", "psk_dev_c_d"], "unexpected argument '--psk_[redacted]' found".into(), LOGOUT),
        (&["logout", "--all"], "unexpected argument '--all' found".into(), LOGOUT),
        (&["logout", "--profile", ""], missing("--profile <NAME>"), LOGOUT),
        (&["logout", "--profile"], missing("--profile <NAME>"), LOGOUT),
        (&["--server=", "logout"], missing("--server <URL>"), LOGOUT),
        (&["whoami", "--token-file", ""], missing("--token-file <PATH>"), "plexctl whoami [OPTIONS]"),
        (&["whoami", "--token-file="], missing("--token-file <PATH>"), "plexctl whoami [OPTIONS]"),
        (
            &["logout", "--output", "xml"],
            "invalid value 'xml' for '--output <FORMAT>'\n  [possible values: text, json, yaml]\n\n  tip: a similar \
             value exists: 'yaml'"
                .into(),
            LOGOUT,
        ),
        (
            &["login", "--domain-id", "x"],
            "invalid value 'x' for '--domain-id <UUID>': it is not a UUID such as 0192f0c1-2345-7abc-8def-0123456789ab"
                .into(),
            "plexctl login [OPTIONS]",
        ),
        (
            &["login", "--idp-binding-alias", "a b"],
            "invalid value 'a b' for '--idp-binding-alias <ALIAS>': it is not 1 to 128 visible ASCII characters".into(),
            "plexctl login [OPTIONS]",
        ),
        (
            &["logout", "--yes=x"],
            "unexpected value 'x' for '--yes' found; no more were expected".into(),
            "plexctl logout --yes",
        ),
    ];
    for (arguments, message, usage) in cases {
        let before = signed_in.sandbox.config_state();
        assert_eq!(signed_in.sandbox.run(arguments), refused(&message, usage), "{arguments:?}");
        assert_eq!(signed_in.sandbox.config_state(), before);
    }
    assert_eq!(signed_in.server.requests(), []);
}

/// An argument that equals the name of a command is not taken for that command.
#[test]
fn shows_the_usage_of_the_typed_command() {
    let sandbox = Sandbox::new();
    for (arguments, usage) in [
        ("--profile whoami logout --output xml", "plexctl logout [OPTIONS]"),
        ("--server login profiles use x --output xml", "plexctl profiles use [OPTIONS] <NAME>"),
        ("logout --profile whoami --output xml", "plexctl logout [OPTIONS]"),
        ("identity-tokens ls --output xml", "plexctl identity-tokens list [OPTIONS]"),
        ("--output xml", "plexctl [OPTIONS] <COMMAND>"),
    ] {
        let run = sandbox.run(arguments.split(' '));
        assert_eq!(run.exit, 2, "{arguments}");
        assert!(run.stderr.contains(&format!("\n\nUsage: {usage}\n\n")), "{arguments}: {}", run.stderr);
    }
}

#[test]
fn stray_operand_suggests_the_profile_flag() {
    let sandbox = Sandbox::new();
    for (arguments, operand, tip, usage) in [
        (&["logout", "staging"][..], "staging", "--profile staging", "plexctl logout [OPTIONS]"),
        (&["whoami", "a b"], "a b", "--profile 'a b'", "plexctl whoami [OPTIONS]"),
        (&["identity-tokens", "list", "x"], "x", "--profile x", "plexctl identity-tokens list [OPTIONS]"),
        (&["exec", "x", "--", "env"], "x", "--profile x", "plexctl exec [OPTIONS] -- <COMMAND> [ARG]..."),
    ] {
        let message = format!("unexpected argument '{operand}' found\n\n  tip: to choose a profile, use '{tip}'");
        assert_eq!(sandbox.run(arguments), refused(&message, usage));
    }
    let message = "unexpected argument 'env' found\n\n  tip: to run a command, put '--' before it";
    assert_eq!(sandbox.run(["exec", "env"]), refused(message, "plexctl exec [OPTIONS] -- <COMMAND> [ARG]..."));
}

#[test]
fn typed_tokens_are_redacted() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(["psk_dev_0192f0c1_s3cret-one/psk_dev_0192f0c1_s3cret-two"]);
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("'psk_[redacted]psk_[redacted]'") && !run.stderr.contains("s3cret"), "{}", run.stderr);
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let sandbox = Sandbox::new();
    for (arguments, missing) in
        [(&["exec"][..], "<COMMAND>..."), (&["identity-tokens", "delete"], "--id <UUID>"), (&["completion"], "<SHELL>")]
    {
        let run = sandbox.run(arguments);
        let message = format!("error: the following required arguments were not provided:\n  {missing}\n\nUsage: ");
        assert!(run.exit == 2 && run.stderr.starts_with(&message), "{run:?}");
    }
}

#[test]
fn without_a_command_the_short_help_comes_before_the_error() {
    let sandbox = Sandbox::new();
    for command in [&[][..], &["identity-tokens"]] {
        assert!(sandbox.run(command).stderr.lines().count() <= 24, "{command:?}");
        let help = sandbox.run([command, &["-h"]].concat()).stdout;
        let expected = Run::new(2, "", format!("{help}\nerror: no command was given\n"));
        assert_eq!(sandbox.run(command), expected);
        assert_eq!(sandbox.run([&["--output", "json"], command].concat()), expected);
    }
}

#[test]
fn list_ls_and_rm_are_aliases() {
    let mut sandbox = Sandbox::new();
    sandbox.write_config("[profiles.old]\nserver = 'https://old.example'\n");
    let list = sandbox.run(["profiles"]);
    assert!(list.stdout.contains("old"), "{list:?}");
    assert_eq!(sandbox.run(["profiles", "list"]), list);
    assert_eq!(sandbox.run(["profiles", "ls"]), list);
    assert_eq!(sandbox.run(["profiles", "rm", "old", "--yes"]), Run::new(0, "Forgot profile \"old\".\n", ""));
    let help = sandbox.run(["profiles", "-h"]).stdout;
    assert!(help.contains("[alias: ls]") && help.contains("[alias: rm]"), "{help}");
}
