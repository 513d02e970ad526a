//! Every row of the outcome table, seen from outside: exit code, standard output and standard error as one value, then
//! the config file's bytes and mode, then the requests that the server saw.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;

use plexctl::domain::token::SessionToken;
use plexctl::testing::{Answer, ControlPlane, RecordedRequest};

use crate::support::sandbox::{Run, Sandbox};
use crate::support::scripted_server::ScriptedServer;

/// What is left of the config file when the default session is cleared.
const BYSTANDER: &str = "# plexctl\n\n[profiles.bystander]\nserver = \"https://elsewhere.invalid\"\ntoken = \
                         \"psk_prod_0192f0c1-9999-7abc-8def-0123456789ab_bystander-s3cret\"\n";

const NO_SESSION: &str = "No active session; nothing to do.\n";

/// A signed-in profile `default` beside a bystander, and the control plane that it is signed in to.
struct SignedIn {
    server: ControlPlane,
    sandbox: Sandbox,
    token: String,
}

impl SignedIn {
    fn new() -> Self {
        let server = ControlPlane::start().unwrap();
        let token = server.mint("dev");
        let mut sandbox = Sandbox::new();
        sandbox.label(server.url(), "[ORIGIN]");
        sandbox.label(id_of(&token), "[ID]");
        sandbox.write_config(config(&server.url(), &token));
        Self { server, sandbox, token }
    }

    fn answering(answer: Answer) -> Self {
        let signed_in = Self::new();
        signed_in.server.answer_revocations_with(answer);
        signed_in
    }

    /// Runs `plexctl logout`, which has to clear the profile with one request; a second run has to be the no-op.
    fn assert_clears(&self, arguments: &[&str], expected: &Run) {
        assert_eq!(self.sandbox.run(arguments), *expected);
        assert_eq!(self.sandbox.config_text(), BYSTANDER);
        assert_eq!(self.sandbox.config_state().mode, 0o600);
        assert_eq!(self.sandbox.neighbours(), [""; 0]);
        assert_is_the_revocation(&self.server.requests(), &self.token);

        assert_eq!(self.sandbox.run(arguments), Run::new(0, "", NO_SESSION));
        assert_eq!(self.server.requests().len(), 1);
    }

    /// Runs `plexctl`, which has to leave the file as it is after so many requests.
    fn assert_keeps(&self, arguments: &[&str], expected: &Run, requests: usize) {
        let before = self.sandbox.config_state();
        assert_eq!(self.sandbox.run(arguments), *expected);
        assert_eq!(self.sandbox.config_state(), before);
        assert_eq!(self.sandbox.neighbours(), [""; 0]);
        assert_eq!(self.server.requests().len(), requests);
    }
}

fn config(server: &str, token: &str) -> String {
    let (head, bystander) = BYSTANDER.split_once('\n').unwrap();
    format!(
        "{head}\ndefault = \"default\"\n{bystander}[profiles.default]\nserver = \"{server}\"\ntoken = \"{token}\"\n"
    )
}

fn id_of(token: &str) -> String {
    SessionToken::parse(token).unwrap().id().to_string()
}

/// Checks the only request: method, target, every header, no body.
fn assert_is_the_revocation(requests: &[RecordedRequest], token: &str) {
    let [request] = requests else { panic!("{} requests", requests.len()) };
    assert_eq!((request.method.as_str(), request.body.len()), ("DELETE", 0));
    assert_eq!(request.target, format!("/v1/auth/tokens/{}", id_of(token)));
    let mut headers: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    headers.sort_unstable();
    assert_eq!(headers, ["accept", "authorization", "host", "user-agent"]);
    assert_eq!(request.header("authorization"), Some(format!("Bearer {token}").as_str()));
    assert_eq!(request.header("accept"), Some("application/problem+json, application/json"));
    assert_eq!(request.header("user-agent"), Some(concat!("plexctl/", env!("CARGO_PKG_VERSION"))));
}

/// The two lines of a failure after which the token may still be live.
fn kept(reason: &str) -> Run {
    let error = format!("token [ID] may still be live at [ORIGIN], so profile \"default\" is kept: {reason}");
    Run::new(1, "", format!("error: {error}\nhint: once the cause is gone, run `plexctl logout` again\n"))
}

#[test]
fn a_revoked_session_is_cleared_and_a_second_run_finds_none() {
    let signed_in = SignedIn::new();
    signed_in.assert_clears(&["logout"], &Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
    assert!(!signed_in.server.is_live(&signed_in.token));
}

#[test]
fn status_200_means_revoked_too() {
    SignedIn::answering(Answer::bare(200))
        .assert_clears(&["logout"], &Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
}

#[test]
fn json_and_yaml_summaries_have_the_same_three_keys() {
    let json = "{\n  \"profile\": \"default\",\n  \"server\": \"[ORIGIN]\",\n  \"revoked\": true\n}\n";
    SignedIn::new().assert_clears(&["logout", "--output", "json"], &Run::new(0, json, ""));
    let yaml = "profile: default\nserver: [ORIGIN]\nrevoked: true\n";
    SignedIn::new().assert_clears(&["--output=yaml", "logout"], &Run::new(0, yaml, ""));
}

#[test]
fn a_session_that_is_gone_already_is_cleared_and_not_called_revoked() {
    for status in [401, 404] {
        let answer = Answer::problem(status, "Gone", "gone", "No such session.");
        SignedIn::answering(answer.clone())
            .assert_clears(&["logout"], &Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
        let json = "{\n  \"profile\": \"default\",\n  \"server\": \"[ORIGIN]\",\n  \"revoked\": false\n}\n";
        SignedIn::answering(answer).assert_clears(&["logout", "--output", "json"], &Run::new(0, json, ""));
    }
}

#[test]
fn a_bare_401_or_404_is_believed_with_a_warning() {
    for status in [401, 404] {
        for answer in [
            Answer::bare(status),
            Answer { status, content_type: "application/json".into(), body: b"{\"title\":\"T\"}".to_vec() },
            Answer { status, content_type: "application/problem+json".into(), body: b"[]".to_vec() },
        ] {
            let warning = format!(
                "warning: the server answered {status} without problem details for token [ID], so it may not be \
                 plexsphere\n"
            );
            SignedIn::answering(answer)
                .assert_clears(&["logout"], &Run::new(0, "Logged out. Cleared profile \"default\".\n", warning));
        }
    }
}

#[test]
fn without_a_session_there_is_nothing_to_do_in_any_format() {
    let stores = [
        "",
        "# only a comment\n",
        "[profiles.other]\nserver = \"http://127.0.0.1:1\"\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s\"\n",
        "default = \"\"\n[profiles.\"\"]\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s\"\n",
        "default = \"gone\"\n[profiles.default]\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s\"\n",
        "default = \"x\"\n[profiles.x]\nserver = \"junk\"\n",
        "default = \"x\"\n[profiles.x]\ntoken = \"\"\n",
    ];
    for store in stores {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(store);
        let before = sandbox.config_state();
        for output in ["text", "json", "yaml"] {
            let run = sandbox.run(["logout", "--output", output, "--server", "junk"]);
            assert_eq!(run, Run::new(0, "", NO_SESSION), "{store:?}");
        }
        assert_eq!(sandbox.config_state(), before);
    }
}

#[test]
fn without_a_config_file_nothing_is_created() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(["logout"]), Run::new(0, "", NO_SESSION));
    assert_eq!(sandbox.run(["logout", "--profile", "default"]), Run::new(0, "", NO_SESSION));
    fs::remove_dir_all(sandbox.path().join(".config")).unwrap();
    assert_eq!(sandbox.run(["logout"]), Run::new(0, "", NO_SESSION));
    assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), 0);
}

#[test]
fn a_refusal_keeps_the_session_and_shows_the_servers_words() {
    let error = |words: &str| {
        Run::new(
            4,
            "",
            format!(
                "error: token [ID] may still be live at [ORIGIN], so profile \"default\" is kept: the server refused \
                 to revoke it: 403 Forbidden{words}\nhint: somebody with the right to revoke the token has to do it; \
                 then run `plexctl logout` again\n"
            ),
        )
    };
    SignedIn::answering(Answer::problem(403, "Forbidden", "not_allowed", "Tokens of services stay.")).assert_keeps(
        &["logout"],
        &error(": Forbidden (not_allowed): Tokens of services stay."),
        1,
    );
    SignedIn::answering(Answer::bare(403)).assert_keeps(&["logout", "--output", "json"], &error(""), 1);
}

#[test]
fn any_other_status_keeps_the_session() {
    let cases = [
        (202, "202 Accepted"),
        (206, "206 Partial Content"),
        (301, "301 Moved Permanently, and a token follows no redirect"),
        (307, "307 Temporary Redirect, and a token follows no redirect"),
        (400, "400 Bad Request"),
        (409, "409 Conflict"),
        (410, "410 Gone"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (503, "503 Service Unavailable"),
        (799, "799"),
    ];
    for (status, words) in cases {
        let expected = kept(&format!("the server did not confirm it: {words}"));
        SignedIn::answering(Answer::bare(status)).assert_keeps(&["logout"], &expected, 1);
    }
    SignedIn::answering(Answer::problem(503, "Down", "maintenance", "Back soon.")).assert_keeps(
        &["logout", "--output", "yaml"],
        &kept("the server did not confirm it: 503 Service Unavailable: Down (maintenance): Back soon."),
        1,
    );
}

#[test]
fn a_server_that_cannot_be_reached_keeps_the_session() {
    let mut signed_in = SignedIn::new();
    let closed = "http://127.0.0.1:1";
    signed_in.sandbox.label(closed, "[ORIGIN]");
    signed_in.sandbox.write_config(config(closed, &signed_in.token));
    let reason = "the server was not reached: connecting to [ORIGIN] failed: tcp connect error: Connection refused (os \
                  error 111)";
    signed_in.assert_keeps(&["logout"], &kept(reason), 0);
}

#[test]
fn a_stored_credential_that_is_no_session_token_is_refused() {
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
        let expected = format!(
            "error: no session was ended: [CONFIG]:9:9 holds no session token: {reason}\nhint: only sessions that \
             `plexctl login` has begun can be ended; nothing was sent or changed\n"
        );
        signed_in.assert_keeps(&["logout"], &Run::new(2, "", expected), 0);
    }
}

#[test]
fn a_server_that_is_not_certain_gets_nothing() {
    let refused = |reason: &str, hint: &str| {
        let error = format!("no session was ended: no server for profile \"default\": {reason}");
        Run::new(2, "", format!("error: {error}\nhint: {hint}\n"))
    };
    let unchanged = "nothing was sent or changed";

    let mut signed_in = SignedIn::new();
    let other = refused("the given server http://localhost:1 is not [ORIGIN], which issued the token", unchanged);
    signed_in.assert_keeps(&["logout", "--server", "http://localhost:1"], &other, 0);
    let junk = refused("the given server is not a usable URL: it is not a URL", unchanged);
    signed_in.assert_keeps(&["--server", "junk", "logout"], &junk, 0);

    for (stored, reason) in [
        ("", "it is not a URL"),
        ("ftp://h", "its scheme is not http or https"),
        ("https://user:hunter2@h", "it has userinfo"),
        ("https://h?a", "it has a query or a fragment"),
        ("https://h:99999", "its port is not from 1 to 65535"),
    ] {
        signed_in.sandbox.write_config(config(stored, &signed_in.token));
        let expected = refused(&format!("the stored server is not a usable URL: {reason}"), unchanged);
        signed_in.assert_keeps(&["logout"], &expected, 0);
    }

    let without_server = config("", &signed_in.token).replace("server = \"\"\n", "");
    signed_in.sandbox.write_config(&without_server);
    let unknown =
        refused("the profile stores none and none was given", "name the server that issued the token with --server");
    signed_in.assert_keeps(&["logout"], &unknown, 0);
}

#[test]
fn a_profile_without_a_server_uses_the_flag_else_the_environment() {
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
fn the_environment_never_redirects_a_stored_token() {
    let signed_in = SignedIn::new();
    let mut command = signed_in.sandbox.command(["logout"]);
    command.env("PLEXSPHERE_URL", "http://127.0.0.1:1").env("PLEXSPHERE_TOKEN", "");
    let run = signed_in.sandbox.observe(&mut command);
    assert_eq!(run, Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
    assert_is_the_revocation(&signed_in.server.requests(), &signed_in.token);
}

#[test]
fn usage_errors_show_the_error_and_the_usage_and_send_nothing() {
    let signed_in = SignedIn::new();
    let cases: [(&[&str], &str); 9] = [
        (&[], "error: 'plexctl' requires a subcommand but one was not provided\n"),
        (&["logout", "extra"], "error: unexpected argument 'extra' found\n"),
        (&["logout", "psk_dev_a_b"], "error: unexpected argument 'psk_[redacted]' found\n"),
        (&["logout", "--all"], "error: unexpected argument '--all' found\n"),
        (&["login"], "error: unrecognized subcommand 'login'\n"),
        (&["logout", "--profile", ""], "error: a value is required for '--profile <NAME>' but none was supplied\n"),
        (&["--server=", "logout"], "error: a value is required for '--server <URL>' but none was supplied\n"),
        (&["logout", "--output", "xml"], "error: invalid value 'xml' for '--output <FORMAT>'\n"),
        (&["logout", "--profile"], "error: a value is required for '--profile <NAME>' but none was supplied\n"),
    ];
    for (arguments, error) in cases {
        let before = signed_in.sandbox.config_state();
        let run = signed_in.sandbox.run(arguments);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(run.stderr.starts_with(error) && run.stderr.contains("\nUsage: plexctl "), "{}", run.stderr);
        assert_eq!(signed_in.sandbox.config_state(), before);
    }
    assert_eq!(signed_in.server.requests(), []);
}

#[test]
fn a_file_that_others_may_use_is_refused_even_without_a_session() {
    for mode in [0o640, 0o604, 0o700, 0o4600, 0o610, 0o666] {
        for contents in ["", "not TOML at all, and never looked at", "[profiles.x]\n"] {
            let mut sandbox = Sandbox::new();
            sandbox.write_config(contents);
            fs::set_permissions(sandbox.config(), Permissions::from_mode(mode)).unwrap();
            let before = sandbox.config_state();
            let expected = format!(
                "error: no session was ended: [CONFIG] is refused: its mode {mode:04o} is wider than 0600\nhint: run \
                 `chmod 600 [CONFIG]`, then `plexctl logout` again\n"
            );
            assert_eq!(sandbox.run(["logout"]), Run::new(3, "", expected));
            assert_eq!(sandbox.config_state(), before);
        }
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_line_and_column() {
    let cases: [(&[u8], &str); 8] = [
        (b"default = \"x\n", "[CONFIG]:1:13 cannot be used: it is not valid TOML"),
        (b"a = 1\na = 2\n", "[CONFIG]:2:1 cannot be used: it is not valid TOML"),
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
        assert_eq!(sandbox.run(["logout", "--profile", "x"]), unusable(reason));
        assert_eq!(sandbox.config_state(), before);
    }
}

#[test]
fn a_path_that_leads_to_no_regular_file_is_an_error() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.config()).unwrap();
    assert_eq!(sandbox.run(["logout"]), unusable("[CONFIG] cannot be used: it is not a regular file"));

    let sandbox = Sandbox::new();
    symlink("nowhere", sandbox.config()).unwrap();
    assert_eq!(sandbox.run(["logout"]), unusable("[CONFIG] cannot be used: a symbolic link in its path leads nowhere"));
}

fn unusable(reason: &str) -> Run {
    let hint = "nothing was sent or changed; mend the cause and run `plexctl logout` again";
    Run::new(1, "", format!("error: no session was ended: {reason}\nhint: {hint}\n"))
}

#[test]
fn without_a_place_for_a_config_there_is_an_error() {
    let sandbox = Sandbox::new();
    let expected = Run::new(
        1,
        "",
        "error: no place for a config file is known\nhint: set HOME, XDG_CONFIG_HOME or PLEXCTL_CONFIG\n",
    );
    assert_eq!(sandbox.observe(sandbox.command(["logout"]).env_remove("HOME")), expected);
    let mut command = sandbox.command(["logout"]);
    command.env("HOME", "").env("XDG_CONFIG_HOME", "relative").env("PLEXCTL_CONFIG", "");
    assert_eq!(sandbox.observe(&mut command), expected);
}

#[test]
fn the_config_file_is_found_by_variable_then_xdg_then_home() {
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
fn a_newer_session_in_the_profile_is_kept() {
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
fn what_is_gone_meanwhile_counts_as_cleared() {
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
fn what_else_changed_meanwhile_is_kept() {
    let (sandbox, _server) = meanwhile(|path| {
        let more = fs::read_to_string(path).unwrap() + "\n[profiles.more]\nk = nan # new\n";
        fs::write(path, more).unwrap();
    });
    assert_eq!(sandbox.run(["logout"]), Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
    assert_eq!(sandbox.config_text(), format!("{BYSTANDER}\n[profiles.more]\nk = nan # new\n"));
}

#[test]
fn a_dead_token_that_cannot_be_removed_is_said_plainly_and_a_rerun_heals() {
    let not_removed = |reason: &str| {
        Run::new(
            1,
            "",
            format!(
                "error: token 0192f0c1-2345-7abc-8def-0123456789ab is revoked on the server: the profile was not \
                 removed from {reason}\nhint: once the cause is gone, run `plexctl logout` again\n"
            ),
        )
    };
    let (sandbox, server) = meanwhile(|path| fs::write(path, "default = \n").unwrap());
    assert_eq!(sandbox.run(["logout"]), not_removed("[CONFIG]:1:11: it is not valid TOML"));
    assert_eq!(sandbox.config_text(), "default = \n");
    fs::write(sandbox.config(), config(&server.url(), TOKEN)).unwrap();

    let (sandbox, _server) = meanwhile(|path| fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap());
    assert_eq!(sandbox.run(["logout"]), not_removed("[CONFIG]: its mode 0644 is wider than 0600"));
    assert_eq!(sandbox.config_state().mode, 0o644);

    let (sandbox, _server) = meanwhile(|path| {
        let temp = path.with_file_name(".plexctl-replacement.tmp");
        if !temp.exists() {
            fs::create_dir(temp).unwrap();
        }
    });
    let before = sandbox.config_state();
    let expected = not_removed(
        "[CONFIG]: [SANDBOX]/.config/plexctl/.plexctl-replacement.tmp is in the way and was not left by plexctl",
    );
    assert_eq!(sandbox.run(["logout"]), expected);
    assert_eq!(sandbox.config_state(), before);
}

#[test]
fn a_summary_that_cannot_be_written_is_an_error_after_the_logout() {
    let signed_in = SignedIn::new();
    let mut command = signed_in.sandbox.command(["logout"]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let error =
        "error: the logout is complete: the summary could not be written: No space left on device (os error 28)\n";
    assert_eq!(signed_in.sandbox.observe_child(child), Run::new(1, "", error));
    assert_eq!(signed_in.sandbox.config_text(), BYSTANDER);
}

#[test]
fn hints_name_the_credentials_that_logout_does_not_end() {
    let token_hint = "hint: PLEXSPHERE_TOKEN still authenticates other commands\n";
    let file_hint = "hint: --token-file still authenticates other commands\n";
    let arguments = ["logout", "--token-file", "/never/opened", "--yes", "--reveal-secrets"];
    let signed_in = SignedIn::new();
    let mut command = signed_in.sandbox.command(arguments);
    command.env("PLEXSPHERE_TOKEN", "anything");

    let cleared = "Logged out. Cleared profile \"default\".\n";
    assert_eq!(signed_in.sandbox.observe(&mut command), Run::new(0, cleared, format!("{token_hint}{file_hint}")));
    let nothing = format!("{NO_SESSION}{token_hint}{file_hint}");
    assert_eq!(signed_in.sandbox.observe(&mut command), Run::new(0, "", nothing));
    assert_eq!(signed_in.sandbox.run(arguments), Run::new(0, "", format!("{NO_SESSION}{file_hint}")));

    let failing = SignedIn::answering(Answer::bare(500));
    let mut command = failing.sandbox.command(["logout"]);
    command.env("PLEXSPHERE_TOKEN", "anything");
    assert_eq!(failing.sandbox.observe(&mut command), kept("the server did not confirm it: 500 Internal Server Error"),);
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

#[test]
fn plain_http_to_another_host_is_warned_about_before_anything_else() {
    let mut signed_in = SignedIn::new();
    signed_in.sandbox.write_config(config("http://plexsphere.example", &signed_in.token));
    let mut command = signed_in.sandbox.command(["logout"]);
    command.env("HTTP_PROXY", "http://127.0.0.1:1");
    let expected = Run::new(
        1,
        "",
        "warning: the token travels unencrypted to http://plexsphere.example\nerror: token [ID] may still be live at \
         http://plexsphere.example, so profile \"default\" is kept: the server was not reached: connecting to \
         http://127.0.0.1:1 failed: tcp connect error: Connection refused (os error 111)\nhint: once the cause is \
         gone, run `plexctl logout` again\n",
    );
    assert_eq!(signed_in.sandbox.observe(&mut command), expected);
}

#[test]
fn help_shows_exit_codes_and_examples_and_version_the_build() {
    let sandbox = Sandbox::new();
    for arguments in [vec!["--help"], vec!["logout", "--help"], vec!["help", "logout"]] {
        let run = sandbox.run(arguments);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
        for part in ["Usage: plexctl", "--profile <NAME>", "Exit codes:\n  0 ", "\n  4 ", "Examples:\n"] {
            assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
        }
    }
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
