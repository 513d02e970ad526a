//! Every row of the outcome table that is no failure, seen from outside: exit code, standard output and standard error as one value, then
//! the config file's bytes and mode, then the requests that the server saw.

use std::fs;

use plexctl::testing::Answer;

use crate::support::bystander::{BYSTANDER, config};
use crate::support::sandbox::{BYSTANDER_HINT, Run, Sandbox, no_session, no_session_but};
use crate::support::scripted_server::ScriptedServer;
use crate::support::signed_in::{SignedIn, assert_is_the_revocation, id_of};

#[test]
fn clears_revoked_session() {
    let signed_in = SignedIn::new();
    signed_in.assert_clears(&["logout"], &Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
    assert!(!signed_in.server.is_live(&signed_in.token));
}

#[test]
fn treats_200_as_revoked() {
    SignedIn::answering(Answer::bare(200))
        .assert_clears(&["logout"], &Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
}

#[test]
fn json_and_yaml_summaries_have_same_keys() {
    let json = "{\n  \"profile\": \"default\",\n  \"server\": \"[ORIGIN]\",\n  \"revoked\": true\n}\n";
    SignedIn::new().assert_clears(&["logout", "--output", "json"], &Run::new(0, json, ""));
    let yaml = "profile: default\nserver: [ORIGIN]\nrevoked: true\n";
    SignedIn::new().assert_clears(&["--output=yaml", "logout"], &Run::new(0, yaml, ""));
}

#[test]
fn clears_session_already_gone() {
    for status in [401, 404] {
        let answer = Answer::problem(status, "Gone", "gone", "No such session.");
        SignedIn::answering(answer.clone())
            .assert_clears(&["logout"], &Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
        let json = "{\n  \"profile\": \"default\",\n  \"server\": \"[ORIGIN]\",\n  \"revoked\": false\n}\n";
        SignedIn::answering(answer).assert_clears(&["logout", "--output", "json"], &Run::new(0, json, ""));
    }
}

#[test]
fn clears_on_bare_401_or_404_with_warning() {
    for status in [401, 404] {
        for answer in [
            Answer::bare(status),
            Answer { status, content_type: "application/json".into(), body: b"{\"title\":\"T\"}".to_vec() },
            Answer { status, content_type: "application/problem+json".into(), body: b"[]".to_vec() },
        ] {
            let warning = format!(
                "warning: the server responded with {status} without problem details for token [ID], so it may not be \
                 plexsphere\n"
            );
            SignedIn::answering(answer)
                .assert_clears(&["logout"], &Run::new(0, "Logged out. Cleared profile \"default\".\n", warning));
        }
    }
}

#[test]
fn no_session_in_every_format() {
    let has = |what: &str| format!("hint: {what}\n");
    let stores = [
        ("", String::new()),
        ("# only a comment\n", String::new()),
        (
            "[profiles.other]\nserver = \"http://127.0.0.1:1\"\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s\"\n",
            has("there is no default, but [CONFIG] has \"other\"; name one with --profile"),
        ),
        (
            "default = \"\"\n[profiles.\"\"]\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s\"\n",
            String::new(),
        ),
        (
            "default = \"gone\"\n[profiles.default]\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s\"\n",
            has("the default of [CONFIG] names profile \"gone\", which is not there; it has \"default\""),
        ),
        ("default = \"x\"\n[profiles.x]\nserver = \"junk\"\n", has("profile \"x\" of [CONFIG] has no token")),
        ("default = \"x\"\n[profiles.x]\ntoken = \"\"\n", has("profile \"x\" of [CONFIG] has no token")),
    ];
    for (store, hint) in stores {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(store);
        let before = sandbox.config_state();
        for output in ["text", "json", "yaml"] {
            let run = sandbox.run(["logout", "--output", output, "--server", "junk"]);
            assert_eq!(run, no_session_but(&hint), "{store:?}");
        }
        assert_eq!(sandbox.config_state(), before);
    }
}

#[test]
fn creates_nothing_without_config_file() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(["logout"]), no_session());
    assert_eq!(sandbox.run(["logout", "--profile", "default"]), no_session());
    fs::remove_dir_all(sandbox.path().join(".config")).unwrap();
    assert_eq!(sandbox.run(["logout"]), no_session());
    assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), 0);
}

#[test]
fn server_comes_from_flag_then_environment() {
    for (arguments, fallback) in [(vec!["logout", "--server", "[URL]"], "junk"), (vec!["logout"], "[URL]")] {
        let mut signed_in = SignedIn::new();
        let url = format!("{}/base/", signed_in.server.url());
        signed_in.sandbox.write_config(config("", &signed_in.token).replace("server = \"\"\n", ""));
        let arguments = arguments.iter().map(|argument| argument.replace("[URL]", &url));
        let mut command = signed_in.sandbox.command(arguments.chain(["--output".to_owned(), "json".to_owned()]));
        command.env("PLEXSPHERE_URL", fallback.replace("[URL]", &url));

        // The small control plane routes nothing below a base path; what counts is what it was asked and told.
        let run = signed_in.sandbox.observe(&mut command);
        let summary = "{\n  \"profile\": \"default\",\n  \"server\": \"[ORIGIN]/base/\",\n  \"revoked\": false\n}\n";
        assert_eq!(run, Run::new(0, summary, ""));
        assert_eq!(signed_in.server.requests()[0].target, format!("/base/v1/auth/tokens/{}", id_of(&signed_in.token)));
    }
}

#[test]
fn environment_never_redirects_stored_token() {
    let signed_in = SignedIn::new();
    let mut command = signed_in.sandbox.command(["logout"]);
    command.env("PLEXSPHERE_URL", "http://127.0.0.1:1").env("PLEXSPHERE_TOKEN", "");
    let run = signed_in.sandbox.observe(&mut command);
    assert_eq!(run, Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
    assert_is_the_revocation(&signed_in.server.requests(), &signed_in.token);
}

#[test]
fn finds_config_by_variable_xdg_home() {
    let (explicit, xdg) = ("explicit.toml", "xdg/plexctl/config.toml");
    let cleared = Run::new(0, "Logged out. Cleared profile \"default\".\n", "");
    let mut signed_in = SignedIn::new();
    let sandbox = &mut signed_in.sandbox;
    fs::create_dir_all(sandbox.path().join("xdg/plexctl")).unwrap();
    for path in [explicit, xdg] {
        let token = signed_in.server.mint("dev");
        sandbox.write(&sandbox.path().join(path), config(&signed_in.server.url(), &token));
    }
    let text = |path: &str| fs::read_to_string(sandbox.path().join(path)).unwrap();
    let command = || {
        let mut command = sandbox.command(["logout"]);
        command.env("XDG_CONFIG_HOME", sandbox.path().join("xdg"));
        command
    };

    assert_eq!(sandbox.observe(command().env("PLEXCTL_CONFIG", explicit)), cleared);
    assert_eq!((text(explicit).as_str(), text(xdg) == BYSTANDER), (BYSTANDER, false));
    assert_eq!(sandbox.observe(&mut command()), cleared);
    assert_eq!((text(xdg).as_str(), sandbox.config_text() == BYSTANDER), (BYSTANDER, false));
    assert_eq!(sandbox.run(["logout"]), cleared);
    assert_eq!(sandbox.config_text(), BYSTANDER);
}

/// A server that does something to the config file before it answers 204.
fn server_that(deed: impl Fn() + Send + 'static) -> ScriptedServer {
    ScriptedServer::start(Box::new(move |stream| {
        use std::io::Write;
        deed();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    }))
}

const TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret-s3cret";
const NEWER_TOKEN: &str = "psk_dev_0192f0c1-6789-7abc-8def-0123456789ab_newer-s3cret";

/// Signs in at a server that does a deed to the config file while it is asked to revoke.
fn meanwhile(deed: impl Fn(&std::path::Path) + Send + 'static) -> (Sandbox, ScriptedServer) {
    let mut sandbox = Sandbox::new();
    let path = sandbox.config();
    let server = server_that(move || deed(&path));
    sandbox.label(server.url(), "[ORIGIN]");
    sandbox.write_config(config(&server.url(), TOKEN));
    (sandbox, server)
}

#[test]
fn keeps_newer_session() {
    let sign_in = |path: &std::path::Path| {
        let newer = fs::read_to_string(path).unwrap().replace(TOKEN, NEWER_TOKEN);
        fs::write(path, newer).unwrap();
    };
    let sentence = "Logged out. Kept profile \"default\": it holds a newer session.\n";
    let json = "{\n  \"profile\": \"default\",\n  \"server\": \"[ORIGIN]\",\n  \"revoked\": true\n}\n";
    let yaml = "profile: default\nserver: [ORIGIN]\nrevoked: true\n";
    for (output, expected) in [
        ("text", Run::new(0, sentence, "")),
        ("json", Run::new(0, json, sentence)),
        ("yaml", Run::new(0, yaml, sentence)),
    ] {
        let (sandbox, server) = meanwhile(sign_in);
        assert_eq!(sandbox.run(["logout", "--output", output]), expected);
        assert_eq!(sandbox.config_text(), config(&server.url(), NEWER_TOKEN));
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn vanished_session_counts_as_cleared() {
    let cleared = Run::new(0, "Logged out. Cleared profile \"default\".\n", "");
    let (sandbox, _server) = meanwhile(|path| fs::remove_file(path).unwrap());
    assert_eq!(sandbox.run(["logout"]), cleared);
    assert!(!sandbox.config().exists());

    for rest in ["# nothing here\n", "[profiles.default]\nserver = \"x\"\n", "[profiles.default]\ntoken = \"\"\n"] {
        let (sandbox, _server) = meanwhile(move |path| fs::write(path, rest).unwrap());
        assert_eq!(sandbox.run(["logout"]), cleared);
        assert_eq!(sandbox.config_text(), rest);
    }
}

#[test]
fn keeps_other_concurrent_changes() {
    let (sandbox, _server) = meanwhile(|path| {
        let more = fs::read_to_string(path).unwrap() + "\n[profiles.more]\nk = nan # new\n";
        fs::write(path, more).unwrap();
    });
    assert_eq!(sandbox.run(["logout"]), Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
    assert_eq!(sandbox.config_text(), format!("{BYSTANDER}\n[profiles.more]\nk = nan # new\n"));
}

#[test]
fn hints_name_other_credentials() {
    let token_hint = "hint: PLEXSPHERE_TOKEN still authenticates other commands\n";
    let file_hint = "hint: --token-file still authenticates other commands\n";
    let arguments = ["logout", "--token-file", "/never/opened", "--yes", "--reveal-secrets"];
    let signed_in = SignedIn::new();
    let mut command = signed_in.sandbox.command(arguments);
    command.env("PLEXSPHERE_TOKEN", "anything");

    let cleared = "Logged out. Cleared profile \"default\".\n";
    assert_eq!(signed_in.sandbox.observe(&mut command), Run::new(0, cleared, format!("{token_hint}{file_hint}")));
    let nothing = format!("{BYSTANDER_HINT}{token_hint}{file_hint}");
    assert_eq!(signed_in.sandbox.observe(&mut command), no_session_but(&nothing));
    assert_eq!(signed_in.sandbox.run(arguments), no_session_but(&format!("{BYSTANDER_HINT}{file_hint}")));

    let failing = SignedIn::answering(Answer::bare(500));
    let mut command = failing.sandbox.command(["logout"]);
    command.env("PLEXSPHERE_TOKEN", "anything");
    let run = failing.sandbox.observe(&mut command);
    assert!(run.exit == 1 && !run.stderr.contains("PLEXSPHERE_TOKEN"), "{run:?}");
}

#[test]
fn names_cannot_forge_output() {
    let signed_in = SignedIn::new();
    let mut sandbox = signed_in.sandbox;
    let stored = "profiles.\"a.b \\\"\\u001B[2J\\n\\u202E日本\" = ";
    let name = "a.b \"\u{1b}[2J\n\u{202e}日本";
    let (shown, escaped) = (r#"a.b "\u{1b}[2J\n\u{202e}日本"#, r#"a.b \"\u001b[2J\n\u202e日本"#);
    let json = format!("{{\n  \"profile\": \"{escaped}\",\n  \"server\": \"[ORIGIN]\",\n  \"revoked\": true\n}}\n");
    for (output, summary) in
        [("text", format!("Logged out. Cleared profile \"{shown}\".\n")), ("json", json.clone()), ("yaml", json)]
    {
        let token = signed_in.server.mint("dev");
        sandbox.write_config(format!("{stored}{{ server = '{}', token = '{token}' }}\n", signed_in.server.url()));
        let run = sandbox.run(["logout", "--profile", name, "--output", output]);
        assert_eq!(run, Run::new(0, summary, ""));
        assert_eq!(sandbox.config_text(), "");
    }
}
