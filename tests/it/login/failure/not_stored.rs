//! The rows of the outcome table in which a token was issued and found no place.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use plexctl::testing::{Answer, Endpoint, Script, TokenShape};

use crate::login::{Login, instructed};
use crate::support::bystander::config;
use crate::support::{runs_as_root, skip};

/// What is stored while a login waits for its approval.
const NEWER: &str = "psk_dev_0192f0c1-9876-7abc-8def-0123456789ab_newer-s3cret";

impl Login {
    /// A login whose config file is readable for others by the time at which the token comes.
    fn exposed_meanwhile() -> Self {
        let login = Self::replacing();
        let file = login.sandbox.config();
        let expose = move || fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        login.server.once(Endpoint::DeviceToken, Script::real().running(expose));
        login
    }

    /// A login whose profile holds another session by the time at which the token comes.
    fn overtaken() -> Self {
        let login = Self::replacing();
        let (file, newer) = (login.sandbox.config(), config(&login.server.url(), NEWER));
        let store = move || fs::write(&file, &newer).unwrap();
        let old = login.server.live_tokens()[0].clone();
        assert!(login.sandbox.config_text().contains(&old.text));
        fs::write(login.sandbox.path().join("old.toml"), old.text).unwrap();
        login.server.once(Endpoint::DeviceToken, Script::real().running(store));
        login
    }
}

#[test]
fn revokes_token_that_cannot_be_stored() {
    let login = Login::exposed_meanwhile();
    let before = login.sandbox.config_state();
    let run = login.run(&[]);
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""));
    let error = instructed(
        "error: login failed: [CONFIG] was not changed: its mode 0644 is wider than 0600; token [NEW] was issued and has been \
         revoked ([ORIGIN])\nhint: ",
    );
    assert!(run.stderr.starts_with(&error), "{}", run.stderr);
    assert_eq!(login.sandbox.config_state().bytes, before.bytes);
    assert_eq!(login.sandbox.neighbours(), [""; 0]);
    assert_eq!(login.asked(), ["code", "poll", "revoke [NEW]"]);
    assert_eq!(login.live(), ["[OLD]"]);
}

#[test]
fn names_token_after_three_revocation_attempts() {
    let login = Login::exposed_meanwhile();
    login.server.answer_revocations_with(Answer::bare(503));
    let run = login.run(&[]);
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""));
    let error = instructed(
        "error: token [NEW] was issued by [ORIGIN], could not be stored and may be live until [TIME]: [CONFIG] was not \
         changed: its mode 0644 is wider than 0600; revoking it: ",
    );
    assert!(run.stderr.starts_with(&error), "{}", run.stderr);
    let revoke = "revoke [NEW]";
    assert_eq!(login.asked(), ["code", "poll", revoke, revoke, revoke]);
    let arrived: Vec<_> = login.server.requests().iter().skip(2).map(|request| request.arrived).collect();
    assert!(arrived[1] - arrived[0] >= Duration::from_millis(900));
    assert!(arrived[2] - arrived[0] >= Duration::from_millis(2900));
}

#[test]
fn tells_of_unstored_token_without_id() {
    let login = Login::exposed_meanwhile();
    login.server.configure(|settings| settings.token_shape = TokenShape::Jwt);
    // Not observed, since the watch looks for the id of each live token, and this one has none.
    let output = login.command(&[]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let error = format!("\nerror: a token without an id was issued by {}, could not be stored ", login.server.url());
    assert!(stderr.contains(&error), "{stderr}");
    let hint = "hint: ask the administrator of the server to revoke it\n";
    assert!(stderr.ends_with(&format!("; revoking it: it has no id to revoke it by\n{hint}")), "{stderr}");
    assert_eq!(login.server.requests().len(), 2);
}

#[test]
fn second_revocation_attempt_succeeds() {
    let login = Login::exposed_meanwhile();
    login.server.once(Endpoint::Revoke, Script::hang_up());
    let run = login.run(&[]);
    assert!(run.stderr.contains("error: login failed: "), "{run:?}");
    assert_eq!(login.asked(), ["code", "poll", "revoke [NEW]", "revoke [NEW]"]);
    assert_eq!(login.live(), ["[OLD]"]);
}

#[test]
fn overtaken_login_revokes_its_token() {
    let login = Login::overtaken();
    let run = login.run(&[]);
    let error = instructed(
        "error: profile \"default\" holds a newer session, which is kept; token [NEW] is revoked ([ORIGIN])\nhint: another \
         login was faster; log in to another profile with --profile-name\n",
    );
    assert_eq!((run.exit, run.stdout, run.stderr), (1, String::new(), error));
    assert_eq!(login.config(), config("[ORIGIN]", NEWER));
    assert_eq!(login.asked(), ["code", "poll", "revoke [NEW]"]);
}

#[test]
fn names_overtaken_token_not_revoked() {
    let login = Login::overtaken();
    login.server.answer_revocations_with(Answer::bare(403));
    let run = login.run(&[]);
    let error = instructed(
        "error: profile \"default\" holds a newer session, which is kept; token [NEW] was issued by [ORIGIN] and may \
         still be live until [TIME]: ",
    );
    assert!(run.exit == 1 && run.stderr.starts_with(&error), "{run:?}");
    assert_eq!(login.config(), config("[ORIGIN]", NEWER));
    assert_eq!(login.asked(), ["code", "poll", "revoke [NEW]"]);
}

#[test]
fn unstored_token_as_data() {
    let unavailable = || Answer::bare(503);
    let cases = [
        (Login::exposed_meanwhile(), None, "not_stored", "revoked"),
        (Login::exposed_meanwhile(), Some(unavailable()), "not_stored", "kept"),
        (Login::overtaken(), None, "superseded", "revoked"),
        (Login::overtaken(), Some(unavailable()), "superseded", "kept"),
    ];
    for (login, answer, code, session) in cases {
        login.server.answer_revocations_with(answer);
        let run = login.run(&["--output", "json"]);
        let failure: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let member = |key: &str| failure["error"][key].as_str().unwrap_or_default().to_owned();
        assert_eq!((run.exit, member("code").as_str(), member("session").as_str()), (1, code, session), "{run:?}");
        assert_eq!((member("token_id").as_str(), member("server").as_str()), ("[NEW]", "[ORIGIN]"));
    }
}

#[test]
fn reports_login_that_is_not_durable() {
    let login = Login::replacing();
    let plexctl = login.command(&[]);
    let directory = login.sandbox.config().parent().unwrap().to_owned();
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-P"]).arg(&directory).args(["-e", "inject=fsync:error=EIO", "--"]);
    command.arg(plexctl.get_program()).args(plexctl.get_args()).stdin(Stdio::null());
    command.env_clear().envs(plexctl.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if !runs_as_root() || Command::new("strace").arg("-V").output().is_err() {
        skip("a directory that cannot be synced", "it takes strace, and root to look into plexctl's memory");
        return;
    }
    let run = login.labelled(&login.sandbox.observe(&mut command));
    let error = instructed(
        "error: logged in, but the change may not survive a power loss: [CONFIG]: syncing its directory failed: Input/output \
         error ([ORIGIN], token [NEW])\n",
    );
    assert!(run.exit == 1 && run.stderr.starts_with(&error), "{run:?}");
    // One failed last step does not cancel the others.
    assert!(!login.config().contains("default-replaced-[OLD]"), "{}", login.config());
    assert_eq!(login.asked(), ["code", "poll", "whoami", "revoke [OLD]"]);
    assert_eq!(login.live(), ["[NEW]"]);
}
