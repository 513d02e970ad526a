//! The rows of the outcome table in which the login succeeds.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use plexctl::testing::{Answer, Endpoint, Script, TokenShape};

use super::{DOMAIN, Login, at_once, instructed};
use crate::support::bystander::config;
use crate::support::sandbox::Run;
use crate::support::signed_in::id_of;

const LOGGED_IN: &str = "Logged in as operator@plexsphere.example. Saved profile \"default\".\n";

#[test]
fn a_first_login_makes_the_directories_and_the_file() {
    let login = Login::approved();
    fs::remove_dir_all(login.sandbox.path().join(".config")).unwrap();
    assert_eq!(login.run(&[]), Run::new(0, LOGGED_IN, instructed("")));
    assert_eq!(
        login.config(),
        "default = \"default\"\n\n[profiles.default]\nserver = \"[ORIGIN]\"\ntoken = \"[NEW TOKEN]\"\nexpires_at = \
         [TIME]\n"
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

/// The config file after a login into a profile `default` that stood before another, which follows in the text.
fn renewed() -> String {
    renewed_and("")
}

fn renewed_and(put_aside: &str) -> String {
    let config = config("[ORIGIN]", "[NEW TOKEN]");
    config.replace("[NEW TOKEN]\"\n", "[NEW TOKEN]\"\nexpires_at = [TIME]\n") + put_aside
}

fn put_aside(server: &str) -> String {
    format!("\n[profiles.default-replaced-[OLD]]\nserver = \"{server}\"\ntoken = \"[OLD TOKEN]\"\n")
}

#[test]
fn the_session_that_is_replaced_is_revoked_and_leaves_no_trace() {
    let login = Login::replacing();
    assert_eq!(login.run(&[]), Run::new(0, LOGGED_IN, instructed("")));
    assert_eq!(login.config(), renewed());
    assert_eq!(login.sandbox.config_state().mode, 0o600);
    assert_eq!(login.sandbox.neighbours(), [""; 0]);
    assert_eq!(login.asked(), ["code", "poll", "whoami", "revoke [OLD]"]);
    assert_eq!(login.live(), ["[NEW]"]);
}

#[test]
fn a_replaced_session_that_is_gone_already_is_cleared() {
    let login = Login::approved();
    let dead = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_long-dead-s3cret";
    let login = login.holding(dead);
    let run = login.run(&["--output", "json"]);
    assert_eq!(run.exit, 0, "{run:?}");
    assert!(run.stdout.contains("\"state\": \"gone\",\n    \"kept_as\": null\n"), "{}", run.stdout);
    assert_eq!(login.config(), renewed());
}

#[test]
fn an_old_server_that_is_down_blocks_nothing_and_the_hint_ends_its_session() {
    let login = Login::replacing();
    login.server.once(Endpoint::Revoke, Script::answer(Answer::bare(503)));
    let kept = "warning: the replaced token [OLD] may still be live at [ORIGIN]; it is kept as profile \
                \"default-replaced-[OLD]\": the server did not confirm it: the server answered 503 Service \
                Unavailable\nhint: run `plexctl logout --profile default-replaced-[OLD]` once the cause is gone\n";
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
fn a_session_of_another_origin_is_replaced_with_yes_alone() {
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
            "error: no login was begun: the profile holds a session of [ELSEWHERE], and this one would be of \
             [ORIGIN]\nhint: choose another --profile-name, or replace that session: run `plexctl login --domain-id "
        ) && refused.stderr.ends_with(" --server [ORIGIN] --yes`\n"),
        "{}",
        refused.stderr
    );
    assert_eq!(login.sandbox.config_state(), before);
    assert_eq!(login.asked(), [""; 0]);

    assert_eq!(login.run(&["--yes"]), Run::new(0, LOGGED_IN, instructed("")));
    assert_eq!(login.config(), renewed());
    assert_eq!(login.asked(), ["code", "poll", "whoami"]);
    assert_eq!(elsewhere.server.live_tokens(), []);
    assert_eq!(elsewhere.server.requests().len(), 1);
}

#[test]
fn a_server_that_does_not_say_who_it_is_costs_a_warning() {
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
        login.server.once(Endpoint::Whoami, script.clone());
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (0, "Logged in. Saved profile \"default\".\n"), "{run:?}");
        let warning = run.stderr.strip_prefix(&instructed("warning: the server did not say who is logged in: "));
        assert!(warning.is_some_and(|rest| rest.contains(cause) && rest.lines().count() == 1), "{}", run.stderr);
        assert_eq!(login.config(), renewed());
        assert_eq!(login.asked(), ["code", "poll", "whoami", "revoke [OLD]"]);
    });
}

#[test]
fn a_session_that_its_server_does_not_accept_is_an_error_and_both_are_kept() {
    let other = "\"0192f0c1-0000-7000-8000-0000000000ff\"";
    let cases = [
        (Script::answer(Answer::bare(401)), 1),
        (Script::answer(Answer::bare(403)), 4),
        (Script::real().with("domain_id", other), 1),
    ];
    at_once(&cases, |(script, exit)| {
        let login = Login::replacing();
        login.server.once(Endpoint::Whoami, script.clone());
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (*exit, ""));
        let error = instructed("error: profile \"default\" holds a session that [ORIGIN] does not accept");
        assert!(run.stderr.starts_with(&error), "{}", run.stderr);
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
fn programs_get_the_pending_line_and_the_result() {
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
fn a_token_that_is_no_session_token_is_stored_with_a_warning() {
    let login = Login::approved();
    login.server.configure(|settings| settings.token_shape = TokenShape::Jwt);
    let run = login.sandbox.observe(&mut login.command(&[]));
    assert_eq!(run.exit, 0, "{run:?}");
    let warning = "\nwarning: the token is not a session token, so plexctl logout cannot end it; it expires at ";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    assert!(login.sandbox.config_text().contains(&login.server.live_tokens()[0].text));
}
