//! The rows of the outcome table in which the login succeeds.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use plexctl::testing::{Answer, Endpoint, Script, TokenShape};

use super::{DOMAIN, LOGIN, Login, at_once, instructed};
use crate::support::bystander::config;
use crate::support::sandbox::Run;
use crate::support::signed_in::id_of;
use crate::support::trace::{has_strace, traced};

/// What is said of a replaced session that is gone.
const ENDED: &str = "The session that it replaced has ended.\n";

const LOGGED_IN: &str = "Logged in as operator@plexsphere.example. Saved profile \"default\".\n";

#[test]
fn first_login_creates_directories_and_file() {
    let login = Login::approved();
    fs::remove_dir_all(login.sandbox.path().join(".config")).unwrap();
    assert_eq!(login.run(&[]), Run::new(0, LOGGED_IN, instructed("")));
    assert_eq!(
        login.config(),
        format!(
            "default = \"default\"\n\n[profiles.default]\nserver = \"[ORIGIN]\"\ntoken = \"[NEW TOKEN]\"\n{}",
            remembered()
        )
    );
    assert_eq!(login.sandbox.config_state().mode, 0o600);
    for directory in [".config", ".config/plexctl"] {
        assert_eq!(fs::metadata(login.sandbox.path().join(directory)).unwrap().mode() & 0o7777, 0o700);
    }
    assert_eq!(login.sandbox.neighbours(), [""; 0]);
    assert_eq!(login.asked(), ["code", "poll", "whoami"]);
    let requests = login.server.requests();
    let body = |index: usize| String::from_utf8(requests[index].body.clone()).unwrap();
    assert_eq!(body(0), format!("{{\"domain_id\":\"{DOMAIN}\",\"idp_binding_id\":\"{}\"}}", super::BINDING));
    assert!(body(1).starts_with("{\"device_code\":\""), "{}", body(1));
    for request in &requests[..2] {
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("accept"), Some("application/json, application/problem+json"));
        assert_eq!(request.header("authorization"), None);
    }
}

/// What a login stores behind the token.
fn remembered() -> String {
    format!("expires_at = [TIME]\ndomain_id = \"{DOMAIN}\"\nidp_binding_id = \"{}\"\n", super::BINDING)
}

/// The config file after a login into a profile `default` that stood before another, which follows in the text.
fn renewed() -> String {
    renewed_and("")
}

fn renewed_and(put_aside: &str) -> String {
    let config = config("[ORIGIN]", "[NEW TOKEN]");
    config.replace("[NEW TOKEN]\"\n", &format!("[NEW TOKEN]\"\n{}", remembered())) + put_aside
}

fn put_aside(server: &str) -> String {
    format!("\n[profiles.default-replaced-[OLD]]\nserver = \"{server}\"\ntoken = \"[OLD TOKEN]\"\n")
}

#[test]
fn revokes_and_clears_replaced_session() {
    let login = Login::replacing();
    assert_eq!(login.run(&[]), Run::new(0, LOGGED_IN, instructed(ENDED)));
    assert_eq!(login.config(), renewed());
    assert_eq!(login.sandbox.config_state().mode, 0o600);
    assert_eq!(login.sandbox.neighbours(), [""; 0]);
    assert_eq!(login.asked(), ["code", "poll", "whoami", "revoke [OLD]"]);
    assert_eq!(login.live(), ["[NEW]"]);
}

#[test]
fn clears_replaced_session_already_gone() {
    let login = Login::approved();
    let dead = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_long-dead-s3cret";
    let login = login.holding(dead);
    let run = login.run(&["--output", "json"]);
    assert_eq!(run.exit, 0, "{run:?}");
    assert!(run.stdout.contains("\"state\": \"gone\",\n    \"kept_as\": null\n"), "{}", run.stdout);
    assert_eq!(login.config(), renewed());
}

/// The command of the hint ends it later.
#[test]
fn keeps_replaced_session_of_failing_server() {
    let login = Login::replacing();
    login.server.once(Endpoint::Revoke, Script::answer(Answer::bare(503)));
    let kept = "warning: the replaced token [OLD] may still be live at [ORIGIN]; it is kept as profile \
                \"default-replaced-[OLD]\": the server responded with 503 Service Unavailable\nhint: run `plexctl logout --profile default-replaced-[OLD]` to end that session\n";
    let run = login.run(&[]);
    assert_eq!(run, Run::new(0, LOGGED_IN, instructed(kept)));
    assert_eq!(login.config(), renewed_and(&put_aside("[ORIGIN]")));
    assert_eq!(login.live(), ["[OLD]", "[NEW]"]);

    let name = format!("default-replaced-{}", id_of(login.old.as_ref().unwrap()));
    let logout = login.sandbox.run(["logout", "--profile", &name]);
    assert_eq!(logout.exit, 0, "{logout:?}");
    assert_eq!(login.live(), ["[NEW]"]);
    assert!(!login.config().contains("[OLD TOKEN]"), "{}", login.config());
}

#[test]
fn replaces_other_origin_only_with_yes() {
    let elsewhere = Login::new();
    let old = elsewhere.server.mint("dev");
    let mut login = Login::approved().holding(&old);
    login.sandbox.watch(&elsewhere.server);
    login.sandbox.label(elsewhere.server.url(), "[ELSEWHERE]");
    login.sandbox.write_config(config(&elsewhere.server.url(), &old));
    let before = login.sandbox.config_state();
    let refused = login.run(&[]);
    assert_eq!((refused.exit, refused.stdout.as_str()), (2, ""));
    assert!(
        refused.stderr.starts_with(
            "error: cannot log in: the profile holds a session of [ELSEWHERE], and this one would be of \
             [ORIGIN]\nhint: choose another --profile-name, or replace that session: run `plexctl login --domain-id "
        ) && refused.stderr.ends_with(" --server [ORIGIN] --yes`\n"),
        "{}",
        refused.stderr
    );
    assert_eq!(login.sandbox.config_state(), before);
    assert_eq!(login.asked(), [""; 0]);

    assert_eq!(login.run(&["--yes"]), Run::new(0, LOGGED_IN, instructed(ENDED)));
    assert_eq!(login.config(), renewed());
    assert_eq!(login.asked(), ["code", "poll", "whoami"]);
    assert_eq!(elsewhere.server.live_tokens(), []);
    assert_eq!(elsewhere.server.requests().len(), 1);
}

#[test]
fn warns_without_whoami_response() {
    let answers = [
        (Script::answer(Answer::bare(500)), "500"),
        (Script::answer(Answer::bare(404)), "404"),
        (Script::answer(Answer::bare(429)), "429"),
        (Script::answer(Answer::bare(302)), "302"),
        (Script::raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]"), ""),
        (Script::hang_up(), "closed"),
        (Script::real().after(Duration::from_secs(60)), "no answer within 10 s"),
    ];
    at_once(&answers, |(script, cause)| {
        let login = Login::replacing();
        // A hang-up on the reused connection is followed by the same request on a new one.
        login.server.always(Endpoint::Whoami, script.clone());
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (0, "Logged in. Saved profile \"default\".\n"), "{run:?}");
        let warning = run.stderr.strip_prefix(&instructed("warning: the server did not say who is logged in: "));
        assert!(
            warning.is_some_and(|rest| rest.contains(cause)
                && rest.ends_with(&format!("\n{ENDED}"))
                && rest.lines().count() == 2),
            "{}",
            run.stderr
        );
        assert_eq!(login.config(), renewed());
        let mut asked = login.asked();
        asked.dedup();
        assert_eq!(asked, ["code", "poll", "whoami", "revoke [OLD]"]);
    });
}

#[test]
fn fails_when_whoami_rejects_session() {
    let other = "\"0192f0c1-0000-7000-8000-0000000000ff\"";
    let of_other = format!("it is a session of domain {}, not of domain {DOMAIN}", other.trim_matches('"'));
    let cases = [
        (Script::answer(Answer::bare(401)), 1, "the server responded with 401 Unauthorized"),
        (Script::answer(Answer::bare(403)), 4, "the server responded with 403 Forbidden"),
        (Script::real().with("domain_id", other), 1, &of_other),
    ];
    at_once(&cases, |(script, exit, cause)| {
        let login = Login::replacing();
        login.server.once(Endpoint::Whoami, script.clone());
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (*exit, ""));
        let error = instructed("error: profile \"default\" holds a session that [ORIGIN] does not accept: ");
        assert!(run.stderr.starts_with(&(error + cause)), "{}", run.stderr);
        assert!(
            run.stderr.ends_with(
                "\nhint: the session that was replaced is kept as profile \"default-replaced-[OLD]\"; to end it run \
                 `plexctl logout --profile default-replaced-[OLD]`\n"
            ),
            "{}",
            run.stderr
        );
        assert_eq!(login.config(), renewed_and(&put_aside("[ORIGIN]")));
        assert_eq!(login.asked(), ["code", "poll", "whoami"]);
        assert_eq!(login.live(), ["[OLD]", "[NEW]"]);
    });
}

#[test]
fn prints_pending_line_and_result_as_data() {
    let login = Login::replacing();
    let run = login.run(&["--output", "json"]);
    let pending = "{\"status\":\"pending\",\"server\":\"[ORIGIN]\",\"verification_uri\":\"[ORIGIN]/v1/device\",\
                   \"verification_uri_complete\":\"[ORIGIN]/v1/device?user_code=[CODE]\",\"user_code\":\"[CODE]\",\
                   \"expires_in\":600,\"interval\":1}\n";
    assert_eq!((run.exit, run.stderr.as_str()), (0, pending));
    let result = json_of(&run.stdout);
    let member = |key: &str| result[key].clone();
    assert_eq!(member("profile"), "default");
    assert_eq!(member("server"), "[ORIGIN]");
    assert_eq!(member("token_id"), "[NEW]");
    assert_eq!(member("expires_at"), "[TIME]");
    assert_eq!(member("principal")["domain_id"], DOMAIN);
    assert_eq!(member("principal")["email"], "operator@plexsphere.example");
    assert_eq!(result["replaced"], serde_json::json!({ "token_id": "[OLD]", "state": "revoked", "kept_as": null }));
    let keys: Vec<_> = run.stdout.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect();
    assert_eq!(keys, ["profile", "server", "token_id", "expires_at", "principal", "replaced"]);

    let login = Login::approved();
    let run = login.run(&["--output", "yaml"]);
    assert_eq!((run.exit, run.stderr.as_str()), (0, pending));
    assert!(run.stdout.starts_with("profile: default\nserver: "), "{}", run.stdout);
    assert!(run.stdout.ends_with("\nreplaced: null\n"), "{}", run.stdout);
}

fn json_of(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn stores_other_token_with_warning() {
    let login = Login::approved();
    login.server.configure(|settings| settings.token_shape = TokenShape::Jwt);
    let run = login.sandbox.observe(&mut login.command(&[]));
    assert_eq!(run.exit, 0, "{run:?}");
    let warning = "\nwarning: the token is not a session token, so plexctl logout cannot end it; it expires at ";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    assert!(login.sandbox.config_text().contains(&login.server.live_tokens()[0].text));
}

#[test]
fn adds_profile_and_keeps_other_bytes() {
    let login = Login::approved();
    let old = login.server.mint("dev");
    let login = login.holding(&old);
    let before = login.config();
    let run = login.run(&["--profile", "staging"]);
    let said = "Logged in as operator@plexsphere.example. Saved profile \"staging\".\n";
    assert_eq!(run, Run::new(0, said, instructed("")));
    let section = format!("\n[profiles.staging]\nserver = \"[ORIGIN]\"\ntoken = \"[NEW TOKEN]\"\n{}", remembered());
    assert_eq!(login.config(), before + &section);
    assert_eq!(login.live(), ["[OLD]", "[NEW]"]);
}

#[test]
fn keeps_replaced_token_without_id() {
    let login = Login::approved();
    login.server.configure(|settings| settings.token_shape = TokenShape::Jwt);
    let old = login.server.mint("dev");
    login.server.configure(|settings| settings.token_shape = TokenShape::Base32);
    let mut login = login;
    login.sandbox.write_config(config(&login.server.url(), &old));
    let run = login.sandbox.observe(&mut login.command(&[]));
    assert_eq!(run.exit, 0, "{run:?}");
    let warning = format!(
        "\nwarning: the replaced token, a token without an id, may still be live at {}; it is kept as profile \
         \"default-replaced-2",
        login.server.url()
    );
    assert!(run.stderr.contains(&warning), "{}", run.stderr);
    assert!(
        run.stderr.contains("\nhint: once that token is dead, run `plexctl profiles forget --yes default-replaced-2"),
        "{}",
        run.stderr
    );
    assert!(login.sandbox.config_text().contains(&old));
}

#[test]
fn sends_replaced_token_without_server_nowhere() {
    let mut login = Login::approved();
    let old = login.server.mint("dev");
    login.old = Some(old.clone());
    login.sandbox.write_config(format!("default = \"default\"\n\n[profiles.default]\ntoken = \"{old}\"\n"));
    let run = login.run(&[]);
    let warning = "warning: the replaced token [OLD] may still be live; it is kept as profile \
                   \"default-replaced-[OLD]\": ";
    assert!(run.exit == 0 && run.stderr.starts_with(&instructed(warning)), "{run:?}");
    assert_eq!(login.asked(), ["code", "poll", "whoami"]);
    assert_eq!(login.live(), ["[OLD]", "[NEW]"]);
}

/// Otherwise they may be gone after a power loss, and the token with them.
#[test]
fn syncs_new_directories_into_their_parents() {
    if !has_strace("the directories of a first login") {
        return;
    }
    let login = Login::approved();
    fs::remove_dir_all(login.sandbox.path().join(".config")).unwrap();
    let url = login.server.url();
    let (run, trace) = traced(&login.sandbox, &[&LOGIN[..], &["--server", &url]].concat(), &[]);
    assert_eq!(run.exit, 0, "{run:?}");
    // The dry run has created and removed the directories before.
    let (_, stored) = trace.rsplit_once("rmdir(").unwrap();
    let (before, after) = stored.split_once("renameat").unwrap();
    for (place, calls) in [("", before), (".config", before), (".config/plexctl", after)] {
        let directory = login.sandbox.path().join(place);
        let synced = format!("<{}>)", directory.display().to_string().trim_end_matches('/'));
        let is_synced =
            calls.lines().any(|line| line.contains("fsync(") && line.contains(&synced) && line.ends_with("= 0"));
        assert!(is_synced, "{place} is not synced:\n{trace}");
    }
}
