//! Every failing row of the outcome table, seen from outside and in each of the three formats: exit code and both
//! streams, then the config file's bytes and mode, then the requests that the server saw.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use plexctl::testing::Answer;

use crate::support::bystander::{BYSTANDER, config};
use crate::support::sandbox::{Run, Sandbox, TEMP_NAME};
use crate::support::scripted_server::ScriptedServer;
use crate::support::signed_in::{Failed, SignedIn};

const FORMATS: [&str; 3] = ["text", "json", "yaml"];

/// A failure after which the token may still be live.
fn kept(code: &'static str, reason: &str) -> Failed<'static> {
    Failed {
        exit: 1,
        code,
        message: format!(
            "profile \"default\" was kept, and its session may still be live: {reason} ([ORIGIN], token [ID])"
        ),
        hint: Some("run `plexctl logout` again".to_owned()),
        profile: Some("default"),
        server: Some("[ORIGIN]"),
        token_id: Some("[ID]"),
        session: "kept",
        problem_code: None,
    }
}

/// A failure before anything was asked, when it is not known yet whose session it is about.
fn stopped(exit: i32, code: &'static str, message: &str, hint: &str) -> Failed<'static> {
    Failed {
        exit,
        code,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
        profile: None,
        server: None,
        token_id: None,
        session: "untouched",
        problem_code: None,
    }
}

#[test]
fn keeps_profile_on_403_with_server_detail() {
    let refused = |words: &str| {
        Failed {
        exit: 4,
        hint: Some("ask somebody who may revoke the token to run `plexctl identity-tokens delete --id [ID]`; then run `plexctl logout` again".to_owned()),
        ..kept("refused", &format!("the server responded with 403 Forbidden{words}"))
    }
    };
    SignedIn::answering(Answer::problem(403, "Forbidden", "not_allowed", "Tokens of services stay.")).assert_fails(
        &["logout"],
        &Failed { problem_code: Some("not_allowed"), ..refused(": Forbidden (not_allowed): Tokens of services stay.") },
        1,
    );
    SignedIn::answering(Answer::bare(403)).assert_fails(&["logout"], &refused(""), 1);
}

#[test]
fn keeps_profile_on_other_status() {
    let cases = [
        (202, "202 Accepted"),
        (206, "206 Partial Content"),
        (301, "301 Moved Permanently"),
        (307, "307 Temporary Redirect"),
        (400, "400 Bad Request"),
        (409, "409 Conflict"),
        (410, "410 Gone"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (503, "503 Service Unavailable"),
        (799, "799"),
    ];
    let check = "check the server at [CONFIG]:4:10: [ORIGIN] may not be a plexsphere server; then run `plexctl logout` \
                 again";
    let forget = "if the server is gone for good, run `plexctl profiles forget --yes default`";
    for (status, words) in cases {
        let hint = match status {
            400 | 410 => format!("{check}; {forget}"),
            429 | 500.. => "run `plexctl logout` again".to_owned(),
            _ => check.to_owned(),
        };
        let expected =
            Failed { hint: Some(hint), ..kept("unconfirmed", &format!("the server responded with {words}")) };
        SignedIn::answering(Answer::bare(status)).assert_fails(&["logout"], &expected, 1);
    }
    SignedIn::answering(Answer::problem(503, "Down", "maintenance", "Back soon.")).assert_fails(
        &["logout"],
        &Failed {
            problem_code: Some("maintenance"),
            ..kept("unconfirmed", "the server responded with 503 Service Unavailable: Down (maintenance): Back soon.")
        },
        1,
    );
}

#[test]
fn keeps_profile_without_response() {
    let mut signed_in = SignedIn::new();
    let closed = "http://127.0.0.1:1";
    signed_in.sandbox.label(closed, "[ORIGIN]");
    signed_in.sandbox.write_config(config(closed, &signed_in.token));
    let hint = "start the server, or check the port of the server at [CONFIG]:4:10; then run `plexctl logout` again; if \
                the server is gone for good, run `plexctl profiles forget --yes default`";
    let refused = kept("unreached", "cannot connect: connection refused");
    signed_in.assert_fails(&["logout"], &Failed { hint: Some(hint.to_owned()), ..refused }, 0);

    let hangs_up = ScriptedServer::answering("");
    signed_in.sandbox.label(hangs_up.url(), "[ORIGIN]");
    signed_in.sandbox.write_config(config(&hangs_up.url(), &signed_in.token));
    let reason = "the connection was closed before a response";
    signed_in.assert_fails(&["logout"], &kept("unanswered", reason), 0);
}

#[test]
fn refuses_stored_token_of_other_kind() {
    let cases = [
        ("nsk_prod_0192f0c1-2345-7abc-8def-0123456789ab_s3cret-s3cret", "it does not start with `psk_`"),
        ("psk_prod_0192f0c1_s3cret-s3cret", "its id is not a UUID in lower-case base32 or in hyphenated form"),
        (
            "psk_prod_0192f0c1-2345-7abc-8def-0123456789ab_s3cret s3cret",
            "its secret is empty or has characters that a bearer token cannot have",
        ),
    ];
    for (token, reason) in cases {
        let mut signed_in = SignedIn::new();
        signed_in.sandbox.write_config(config("junk", token));
        let expected = Failed {
            profile: Some("default"),
            ..stopped(
                2,
                "not_a_session_token",
                &format!("cannot log out: [CONFIG]:5:9 holds no session token: {reason}"),
                "plexctl cannot revoke this token; run `plexctl profiles forget --yes default` to remove it from the \
                 config file",
            )
        };
        signed_in.assert_fails(&["logout"], &expected, 0);
    }
}

#[test]
fn sends_nothing_to_uncertain_server() {
    let refused = |code, reason: &str, hint: &str| Failed {
        profile: Some("default"),
        token_id: Some("[ID]"),
        ..stopped(2, code, &format!("cannot log out: {reason} (token [ID])"), hint)
    };
    let form = "https://HOST[:PORT][/PATH], or http for development";

    let mut signed_in = SignedIn::new();
    let other = refused(
        "server_mismatch",
        "--server names http://localhost:1, but the token was issued by [ORIGIN]",
        "run `plexctl logout`",
    );
    let other = Failed { server: Some("[ORIGIN]"), ..other };
    signed_in.assert_fails(&["logout", "--server", "http://localhost:1"], &other, 0);
    let junk = refused(
        "server_unusable",
        "--server is not a valid URL: it is not a URL",
        &format!("--server must look like {form}"),
    );
    let junk = Failed { message: junk.message.replace("(token", "([ORIGIN], token"), server: Some("[ORIGIN]"), ..junk };
    signed_in.assert_fails(&["--server", "junk", "logout"], &junk, 0);

    for (stored, reason) in [
        ("", "it is not a URL"),
        ("ftp://h", "its scheme is not http or https"),
        ("https://user:hunter2@h", "it has userinfo"),
        ("https://h?a", "it has a query or a fragment"),
        ("https://h:99999", "its port is not from 1 to 65535"),
    ] {
        signed_in.sandbox.write_config(config(stored, &signed_in.token));
        let expected = refused(
            "server_unusable",
            &format!("the server at [CONFIG]:4:10 is not a valid URL: {reason}"),
            &format!("change it to {form}; then run `plexctl logout` again"),
        );
        signed_in.assert_fails(&["logout"], &expected, 0);
    }

    let without_server = config("", &signed_in.token).replace("server = \"\"\n", "");
    signed_in.sandbox.write_config(&without_server);
    let unknown = refused(
        "server_unknown",
        "the profile stores no server, and none was given",
        "name the server that issued the token with --server or PLEXSPHERE_URL",
    );
    signed_in.assert_fails(&["logout"], &unknown, 0);
}

#[test]
fn rejects_config_wider_than_0600() {
    for mode in [0o640, 0o604, 0o700, 0o4600, 0o610, 0o666] {
        for contents in ["", "not TOML at all, and never looked at", "[profiles.x]\n"] {
            let mut sandbox = Sandbox::new();
            sandbox.write_config(contents);
            fs::set_permissions(sandbox.config(), Permissions::from_mode(mode)).unwrap();
            let before = sandbox.config_state();
            let expected = stopped(
                3,
                "config_exposed",
                &format!("cannot log out: [CONFIG] is refused: its mode {mode:04o} is wider than 0600"),
                "run `chmod 600 [CONFIG]`, then `plexctl logout` again",
            );
            assert_fails(&sandbox, &["logout"], &expected);
            assert_eq!(sandbox.config_state(), before);
        }
    }
}

/// Runs `plexctl` in each format without a server.
fn assert_fails(sandbox: &Sandbox, arguments: &[&str], expected: &Failed<'_>) {
    for format in FORMATS {
        expected.assert_is(&sandbox.run([&["--output", format], arguments].concat()), format);
    }
}

#[test]
fn names_line_and_column_of_invalid_config() {
    let cases: [(&[u8], &str); 8] = [
        (
            b"default = \"x\n",
            "[CONFIG]:1:13 cannot be used: it is not valid TOML: a string is not closed before the end of its line",
        ),
        (
            b"a = 1\na = 2\n",
            "[CONFIG]:2:1 cannot be used: it is not valid TOML: the key or table is already defined at 1:1",
        ),
        (b"a = 1\n\xff\n", "[CONFIG]:2:1 cannot be used: it is not valid UTF-8"),
        (b"default = 3\n", "[CONFIG]:1:11 cannot be used: `default` is not a string"),
        (b"profiles = 3\n", "[CONFIG]:1:12 cannot be used: `profiles` is not a table"),
        (b"[[profiles.x]]\n", "[CONFIG]:1:1 cannot be used: the profile is not a table"),
        (b"[profiles.x]\ntoken = 3\n", "[CONFIG]:2:9 cannot be used: the profile's `token` is not a string"),
        (b"profiles.x.server = []\n", "[CONFIG]:1:21 cannot be used: the profile's `server` is not a string"),
    ];
    for (contents, reason) in cases {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(contents);
        let before = sandbox.config_state();
        let expected = Failed { profile: Some("x"), ..unusable(reason, " --profile x") };
        assert_fails(&sandbox, &["logout", "--profile", "x"], &expected);
        assert_eq!(sandbox.config_state(), before);
    }
}

#[test]
fn rejects_config_that_is_not_regular_file() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.config()).unwrap();
    let expected = unusable("[CONFIG] cannot be used: it is not a regular file", "");
    assert_fails(&sandbox, &["logout"], &expected);

    let sandbox = Sandbox::new();
    symlink("nowhere", sandbox.config()).unwrap();
    let expected = unusable("[CONFIG] cannot be used: a symbolic link in its path leads nowhere", "");
    assert_fails(&sandbox, &["logout"], &expected);
}

fn unusable(reason: &str, typed: &str) -> Failed<'static> {
    let place = reason.split_once(" cannot be used").unwrap().0;
    let hint = format!("fix {place}; then run `plexctl logout{typed}` again");
    stopped(1, "config_unusable", &format!("cannot log out: {reason}"), &hint)
}

#[test]
fn fails_without_home_directory() {
    let sandbox = Sandbox::new();
    let expected = stopped(
        1,
        "config_unusable",
        "cannot tell where the config file is",
        "set HOME, XDG_CONFIG_HOME or PLEXCTL_CONFIG",
    );
    for format in FORMATS {
        let mut command = sandbox.command(["logout", "--output", format]);
        expected.assert_is(&sandbox.observe(command.env_remove("HOME")), format);
        command.env("HOME", "").env("XDG_CONFIG_HOME", "relative").env("PLEXCTL_CONFIG", "");
        expected.assert_is(&sandbox.observe(&mut command), format);
    }
}

const TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret-s3cret";

/// Signs in at a server that does a deed to the config file before it answers 204.
fn meanwhile(deed: impl Fn(&Path) + Send + 'static) -> (Sandbox, ScriptedServer) {
    let mut sandbox = Sandbox::new();
    let path = sandbox.config();
    let server = ScriptedServer::start(Box::new(move |stream| {
        deed(&path);
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    }));
    sandbox.label(server.url(), "[ORIGIN]");
    sandbox.label("0192f0c1-2345-7abc-8def-0123456789ab", "[ID]");
    sandbox.write_config(config(&server.url(), TOKEN));
    (sandbox, server)
}

/// A second run removes it.
#[test]
fn reports_revoked_token_not_removed() {
    let not_removed = |reason: &str| Failed {
        message: format!(
            "the session of profile \"default\" was revoked on the server, but its profile is still stored: the profile \
             was not removed from {reason} ([ORIGIN], token [ID])"
        ),
        hint: Some("run `plexctl logout` again, or delete the profile by hand: its token is dead".to_owned()),
        session: "revoked",
        problem_code: None,
        ..kept("not_cleared", "")
    };
    for format in FORMATS {
        let arguments = ["logout", "--output", format];
        let (sandbox, server) = meanwhile(|path| fs::write(path, "default = \n").unwrap());
        not_removed("[CONFIG]:1:11: it is not valid TOML: a key has no value")
            .assert_is(&sandbox.run(arguments), format);
        assert_eq!(sandbox.config_text(), "default = \n");
        fs::write(sandbox.config(), config(&server.url(), TOKEN)).unwrap();

        let (sandbox, _server) = meanwhile(|path| fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap());
        not_removed("[CONFIG]: its mode 0644 is wider than 0600").assert_is(&sandbox.run(arguments), format);
        assert_eq!(sandbox.config_state().mode, 0o644);

        let (sandbox, _server) = meanwhile(|path| {
            let temp = path.with_file_name(TEMP_NAME);
            if !temp.exists() {
                fs::create_dir(temp).unwrap();
            }
        });
        let before = sandbox.config_state();
        let in_the_way = "[SANDBOX]/.config/plexctl/.plexctl-replacement.tmp is in the way and was not left by plexctl";
        not_removed(&format!("[CONFIG]: {in_the_way}")).assert_is(&sandbox.run(arguments), format);
        assert_eq!(sandbox.config_state(), before);

        fs::remove_dir(sandbox.config().with_file_name(TEMP_NAME)).unwrap();
        // The server obstructs each run, so that the profile can only be cleared where it is gone.
        fs::write(sandbox.config(), BYSTANDER).unwrap();
        assert_eq!(sandbox.run(["logout"]).exit, 0);
    }
}

#[test]
fn fails_when_summary_cannot_be_written() {
    for format in FORMATS {
        let signed_in = SignedIn::new();
        let mut command = signed_in.sandbox.command(["logout", "--output", format]);
        let full = File::options().write(true).open("/dev/full").unwrap();
        let child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let error = "error: logged out, but the summary could not be written: No space left on device\n";
        assert_eq!(signed_in.sandbox.observe_child(child), Run::new(1, "", error));
        assert_eq!(signed_in.sandbox.config_text(), BYSTANDER);
    }
}

#[test]
fn warns_about_plain_http_first() {
    let mut signed_in = SignedIn::new();
    signed_in.sandbox.write_config(config("http://plexsphere.example", &signed_in.token));
    let mut command = signed_in.sandbox.command(["logout"]);
    command.env("HTTP_PROXY", "http://127.0.0.1:1");
    let run = signed_in.sandbox.observe(&mut command);
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""));
    let (warning, rest) = run.stderr.split_once('\n').unwrap();
    assert_eq!(warning, "warning: the token travels unencrypted to http://plexsphere.example");
    let error = "error: profile \"default\" was kept, and its session may still be live: ";
    assert!(rest.starts_with(error) && rest.contains("http://127.0.0.1:1"), "{rest}");
}
