//! Which credential `plexctl whoami` asks with, where it goes, and what is refused before anything is sent.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{LEAST, failed, named, token};
use crate::support::sandbox::{Run, Sandbox};
use crate::support::signed_in::{Failed, SignedIn};

/// A failure that is about no server.
fn unasked(exit: i32, code: &'static str, message: impl Into<String>, hint: Option<&str>) -> Failed<'static> {
    Failed { server: None, profile: None, ..failed(exit, code, message, hint) }
}

#[test]
fn sends_nothing_without_credential() {
    let by_default = "run `plexctl login`, or set PLEXSPHERE_TOKEN".to_owned();
    let bare = "default = \"a\"\n[profiles.a]\nserver = \"https://h\"\n[profiles.b]\ntoken = \"\"\n";
    let at_server = ["whoami", "--profile", "c d", "--server", "https://h"];
    for (config, arguments, profile, why, hint) in [
        (None, vec!["whoami"], None, "the config file does not exist", by_default.clone()),
        (Some("# nothing\n"), vec!["whoami"], None, "there is no default profile", by_default),
        (
            Some(bare),
            vec!["whoami"],
            Some("a"),
            "profile \"a\" has no token",
            "profile \"a\" of [CONFIG] has no token".to_owned(),
        ),
        (
            Some(bare),
            vec!["whoami", "--profile", "b"],
            Some("b"),
            "profile \"b\" has no token",
            "profile \"b\" of [CONFIG] has no token".to_owned(),
        ),
        (
            Some(bare),
            at_server.into(),
            Some("c d"),
            "profile \"c d\" does not exist",
            "[CONFIG] has no profile \"c d\", it has \"a\", \"b\"".to_owned(),
        ),
    ] {
        let mut sandbox = Sandbox::new();
        if let Some(config) = config {
            sandbox.write_config(config);
        }
        for format in ["text", "json", "yaml"] {
            let run = sandbox.run([&arguments[..], &["--output", format]].concat());
            let mut expected = unasked(2, "no_credential", format!("no credential: {why}"), Some(&hint));
            expected.profile = profile;
            expected.assert_is(&run, format);
        }
        assert_eq!(sandbox.config().exists(), config.is_some());
    }
}

#[test]
fn checks_mode_of_file_with_token() {
    let mut signed_in = SignedIn::new();
    fs::set_permissions(signed_in.sandbox.config(), Permissions::from_mode(0o644)).unwrap();
    let message = "[CONFIG] is refused: its mode 0644 is wider than 0600";
    let hint = "run `chmod 600 [CONFIG]`, then `plexctl whoami` again";
    signed_in.assert_fails(&["whoami"], &unasked(3, "config_exposed", message, Some(hint)), 0);

    // The config is read for the server alone, and it is still its mode that counts.
    let path = signed_in.sandbox.path().join("token.toml");
    signed_in.sandbox.write(&path, token("ours"));
    let hint = "run `chmod 600 [CONFIG]`, then `plexctl whoami --token-file token.toml` again";
    let by_file = ["whoami", "--token-file", "token.toml"];
    signed_in.assert_fails(&by_file, &unasked(3, "config_exposed", message, Some(hint)), 0);
}

#[test]
fn names_place_of_invalid_config() {
    for (config, place, cause) in [
        ("default = \n", ":1:11", "it is not valid TOML"),
        ("default = 1\n", ":1:11", "`default`"),
        ("default = \"a\"\n[profiles.a]\ntoken = 1\n", ":3:9", "`token`"),
    ] {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config);
        let run = sandbox.run(["whoami", "--output", "json"]);
        assert_eq!((run.exit, run.stdout.contains("\"code\": \"config_unusable\"")), (1, true), "{run:?}");
        assert!(run.stderr.starts_with(&format!("error: [CONFIG]{place} cannot be used: ")), "{run:?}");
        assert!(run.stderr.contains(cause), "{run:?}");
    }
}

#[test]
fn names_place_of_invalid_server() {
    const FORM: &str = "https://HOST[:PORT][/PATH], or http for development";
    let with = |server: &str| {
        let mut signed_in = SignedIn::new();
        let text =
            signed_in.sandbox.config_text().replace(&format!("server = \"{}\"\n", signed_in.server.url()), server);
        signed_in.sandbox.write_config(text);
        signed_in
    };
    let about_default = |code, message: String, hint: String| Failed {
        profile: Some("default"),
        ..unasked(2, code, message, Some(hint.as_str())).about_token()
    };

    let stored = about_default(
        "server_unusable",
        "the server at [CONFIG]:4:10 is not a valid URL: it is not a URL".to_owned(),
        format!("change it to {FORM}; then run `plexctl whoami` again"),
    );
    with("server = \"junk\"\n").assert_fails(&["whoami"], &stored, 0);

    let unknown = about_default(
        "server_unknown",
        "the profile stores no server, and none was given".to_owned(),
        "name the server that issued the token with --server or PLEXSPHERE_URL".to_owned(),
    );
    with("").assert_fails(&["whoami"], &unknown, 0);

    let other = about_default(
        "server_mismatch",
        "--server names https://elsewhere.example, but the token was issued by [ORIGIN]".to_owned(),
        "run `plexctl whoami`".to_owned(),
    );
    let other = Failed { server: Some("[ORIGIN]"), ..other };
    SignedIn::new().assert_fails(&["whoami", "--server", "https://elsewhere.example"], &other, 0);
}

#[test]
fn rejects_invalid_token_variable_unseen() {
    let signed_in = SignedIn::new();
    for (value, cause) in [("c4nary s3cret", "characters"), (&"c4nary".repeat(700), "4096 bytes")] {
        let mut command = signed_in.sandbox.command(["whoami", "--output", "json"]);
        let run = signed_in.sandbox.observe(command.env("PLEXSPHERE_TOKEN", value));
        assert_eq!((run.exit, run.stderr.contains(cause)), (2, true), "{run:?}");
        assert!(run.stderr.starts_with("error: PLEXSPHERE_TOKEN is not a bearer token: "), "{run:?}");
        assert!(!run.stderr.contains("c4nary") && !run.stdout.contains("c4nary"), "{run:?}");
    }
    assert_eq!(signed_in.server.connections(), 0);
}

#[test]
fn tells_which_credential_was_used() {
    let mut signed_in = SignedIn::new();
    let path = signed_in.sandbox.path().join("token.toml");
    let (variable, file) = (signed_in.server.mint("dev"), signed_in.server.mint("dev"));
    signed_in.sandbox.write(&path, &file);
    let ask = |arguments: &[&str], value: &str| {
        let mut command = signed_in.sandbox.command(["whoami"].iter().chain(arguments));
        signed_in.sandbox.observe(command.env("PLEXSPHERE_TOKEN", value))
    };
    let by_file = ["--token-file", "token.toml"];
    let using = |source: &str| format!("Logged in to [ORIGIN] as operator@plexsphere.example, using {source}.\n");
    assert_eq!(ask(&[], &variable).stderr, using("PLEXSPHERE_TOKEN"));
    // A variable that was set from a file may end as one.
    for end in ["\n", "\r\n"] {
        assert_eq!(ask(&[], &format!("{variable}{end}")).stderr, using("PLEXSPHERE_TOKEN"));
    }
    assert_eq!(ask(&[], &format!("{variable}\n\n")).exit, 2);
    assert_eq!(ask(&by_file, &variable).stderr, using("token.toml"));

    let refused = |which: &str, instead: &str| {
        let hint = format!("hint: run `plexctl login` to log in again, and {instead}\n");
        let error = format!("error: not logged in at [ORIGIN]: the token of {which} is not accepted: ");
        move |run: &Run| {
            assert_eq!((run.exit, run.stdout.as_str()), (4, ""));
            assert!(run.stderr.starts_with(&error) && run.stderr.ends_with(&hint), "{run:?}");
        }
    };
    refused("PLEXSPHERE_TOKEN", "unset PLEXSPHERE_TOKEN")(&ask(&[], &token("nobody")));
    fs::write(&path, token("nobody")).unwrap();
    refused("token.toml", "omit --token-file")(&ask(&by_file, &variable));
}

/// What a token file can be, and what comes of it.
#[test]
fn opens_token_file_like_config() {
    let signed_in = named(LEAST);
    let sandbox = &signed_in.sandbox;
    let at = |name: &str| sandbox.path().join(name);
    let write = |name: &str, contents: &[u8], mode| {
        fs::write(at(name), contents).unwrap();
        fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
    };
    let long = "a".repeat(4096);
    write("lf.toml", b"eyJhbGci.e30.c2ln\n", 0o600);
    write("crlf.toml", b"eyJhbGci.e30.c2ln\r\n", 0o400);
    write("bare.toml", b"eyJhbGci.e30.c2ln", 0o600);
    write("longest.toml", format!("{long}\n").as_bytes(), 0o600);
    write("longer.toml", format!("{long}a\n").as_bytes(), 0o600);
    write("two.toml", b"eyJhbGci.e30.c2ln\n\n", 0o600);
    write("blank.toml", b"a b\n", 0o600);
    write("empty.toml", b"", 0o600);
    write("newline.toml", b"\n", 0o600);
    write("wide.toml", b"eyJhbGci.e30.c2ln\n", 0o640);
    fs::create_dir(at("directory")).unwrap();
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(at("pipe")).status().unwrap().success());

    let url = signed_in.server.url();
    let ask = |name: &str| sandbox.run(["whoami", "--server", &url, "--token-file", at(name).to_str().unwrap()]);
    for (name, sent) in [
        ("lf.toml", "eyJhbGci.e30.c2ln"),
        ("crlf.toml", "eyJhbGci.e30.c2ln"),
        ("bare.toml", "eyJhbGci.e30.c2ln"),
        ("longest.toml", &long),
    ] {
        let run = ask(name);
        let asked = format!("Logged in to [ORIGIN] as s-1, using [SANDBOX]/{name}.\n");
        assert_eq!((run.exit, run.stderr), (0, asked), "{name}");
        let header = format!("Bearer {sent}");
        assert_eq!(
            signed_in.server.requests().last().unwrap().header("authorization"),
            Some(header.as_str()),
            "{name}"
        );
    }
    let asked = signed_in.server.requests().len();
    for (name, exit, cause) in [
        ("longer.toml", 2, "holds no bearer token: it is longer than 4096 bytes"),
        ("two.toml", 2, "holds no bearer token: "),
        ("blank.toml", 2, "holds no bearer token: "),
        ("empty.toml", 2, "holds no bearer token: it is empty"),
        ("newline.toml", 2, "holds no bearer token: it is empty"),
        ("wide.toml", 3, "is refused: its mode 0640 is wider than 0600"),
        ("missing.toml", 1, "cannot be used: there is no such file"),
        ("directory", 1, "cannot be used: it is not a regular file"),
        ("pipe", 1, "cannot be used: it is not a regular file"),
    ] {
        let run = ask(name);
        assert_eq!((run.exit, run.stdout.as_str()), (exit, ""), "{name}: {run:?}");
        let message = format!("error: [SANDBOX]/{name} {cause}");
        assert!(run.stderr.starts_with(&message), "{run:?}");
        assert_eq!(run.stderr.contains(&format!("hint: run `chmod 600 [SANDBOX]/{name}`")), exit == 3, "{run:?}");
    }
    assert_eq!(signed_in.server.requests().len(), asked);
}
