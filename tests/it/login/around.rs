//! What stands around a login: where its words go, how failures look as data, whose page it is, and what else is stored.

use std::fs::{self, Permissions};
use std::io::pipe;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use plexctl::testing::{Answer, ControlPlane, Endpoint, Script, TokenShape};
use rustix::io::Errno;
use rustix::process::Signal;

use super::signals::{send, wait_for};
use super::{LOGIN, Login, at_once, instructed};
use crate::support::bystander::config;
use crate::support::program::free_port;
use crate::support::sandbox::{Run, start};
use crate::support::shell::in_shell;
use crate::support::system_words;
use crate::support::tls::{Authority, leaf};
use crate::support::unprivileged::Unprivileged;

#[test]
fn a_result_that_cannot_be_written_is_an_error_after_the_login() {
    let login = Login::replacing();
    let run = login.sandbox.observe(&mut in_shell("exec \"$0\" \"$@\" >/dev/full", &login.command(&[])));
    let cause = system_words(Errno::NOSPC);
    let error = format!("error: the login is complete, but its result could not be written: {cause}\n");
    assert_eq!(login.labelled(&run), Run::new(1, "", instructed(&error)));
    assert_eq!(login.live(), ["[NEW]"]);

    let login = Login::approved();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let child = login.command(&[]).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(login.sandbox.observe_child(child).exit, 0);
    assert!(login.config().contains("[NEW TOKEN]"));
}

#[test]
fn a_failure_is_data_for_programs_with_what_it_leaves() {
    let unavailable = || Script::answer(Answer::bare(503));
    let cases = [
        (Endpoint::DeviceCode, Script::answer(Answer::bare(403)), 4, "refused", "untouched", false),
        (Endpoint::DeviceCode, Script::answer(Answer::bare(404)), 1, "unconfirmed", "untouched", false),
        (Endpoint::DeviceCode, unavailable(), 1, "unconfirmed", "untouched", false),
        (Endpoint::DeviceCode, Script::hang_up(), 1, "unanswered", "untouched", false),
        (Endpoint::DeviceToken, Script::answer(Answer::bare(403)), 4, "refused", "untouched", false),
        (Endpoint::DeviceToken, Script::answer(Answer::bare(404)), 1, "unconfirmed", "untouched", false),
        (Endpoint::Whoami, Script::answer(Answer::bare(401)), 1, "not_accepted", "kept", true),
        (Endpoint::Whoami, Script::answer(Answer::bare(403)), 4, "not_accepted", "kept", true),
    ];
    at_once(&cases, |(endpoint, script, exit, code, session, has_token)| {
        let login = Login::approved();
        login.server.once(*endpoint, script.clone());
        let run = login.run(&["--output", "json"]);
        let failure: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let error = &failure["error"];
        assert_eq!(run.exit, *exit, "{run:?}");
        assert_eq!((error["code"].as_str(), error["session"].as_str()), (Some(*code), Some(*session)), "{error}");
        assert_eq!((&error["profile"], &error["server"]), (&"default".into(), &"[ORIGIN]".into()));
        assert_eq!(error["token_id"].as_str(), has_token.then_some("[NEW]"));
        let message = error["message"].as_str().unwrap();
        assert!(run.stderr.contains(&format!("error: {message}\n")), "{}", run.stderr);
    });
}

#[test]
fn a_server_that_is_not_reached_begins_no_login() {
    let login = Login::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    let run = login.sandbox.run([&LOGIN[..], &["--server", &url, "--output", "json"]].concat());
    let error = format!("error: nobody is logged in: connecting failed: connection refused ({url})\nhint: ");
    assert!(run.exit == 1 && run.stderr.starts_with(&error), "{run:?}");
    assert!(run.stdout.contains("\"code\": \"unreached\""), "{}", run.stdout);
    assert!(!login.sandbox.config().exists());
}

#[test]
fn other_credentials_that_stay_in_use_are_hinted_at() {
    let login = Login::approved();
    let mut command = login.command(&["--token-file", "/nowhere"]);
    let run = login.labelled(&login.sandbox.observe(command.env("PLEXSPHERE_TOKEN", "a-token")));
    let hints = "hint: PLEXSPHERE_TOKEN still authenticates other commands\nhint: --token-file still authenticates other \
                 commands\n";
    assert_eq!((run.exit, run.stderr), (0, instructed(hints)));
}

#[test]
fn a_page_at_another_origin_is_warned_about_and_never_opened() {
    let login = Login::approved();
    login.server.configure(|settings| settings.verification_uri = Some("https://elsewhere.invalid/device".to_owned()));
    let run = login.run(&[]);
    let warning = "warning: the approval page is at https://elsewhere.invalid, not at [ORIGIN]; approve only if you know \
                   it\n";
    assert!(run.exit == 0 && run.stderr.starts_with(warning), "{run:?}");
    assert_eq!(run.stderr.matches("Not opened in a browser: ").count(), 1, "{}", run.stderr);
}

#[test]
fn a_complete_link_that_cannot_be_trusted_is_left_out() {
    let links = [
        "\"https://elsewhere.invalid/?user_code=ABCD-EFGH\"",
        "\"[ORIGIN]/v1/device?user_code=another\"",
        "\"[USER]/v1/device?user_code=ABCD-EFGH\"",
        "\"[ORIGIN]/v1/device?user_code=ABCD-EFGH[LONG]\"",
        "\"[ORIGIN]/v1/device?user_code=ABCD-EFGH\\u001b\"",
        "\"/v1/device?user_code=ABCD-EFGH\"",
        "\"javascript:0\"",
        "17",
        "null",
    ];
    at_once(&links, |link| {
        let login = Login::approved();
        let url = login.server.url();
        let link = link.replace("[USER]", &url.replace("//", "//user@")).replace("[ORIGIN]", &url);
        let link = link.replace("[LONG]", &"a".repeat(2048));
        let code = Script::real().with("user_code", "\"ABCD-EFGH\"").with("verification_uri_complete", &link);
        login.server.once(Endpoint::DeviceCode, code);
        let run = login.run(&[]);
        assert_eq!(run.exit, 0, "{run:?}");
        let start = "To log in to [ORIGIN], open this page:\n\n    [ORIGIN]/v1/device\n\nType this code there: ";
        assert!(run.stderr.starts_with(start) && !run.stderr.contains("Elsewhere:"), "{}", run.stderr);
    });
}

#[test]
fn a_page_in_plain_http_of_an_encrypted_server_is_refused_unless_it_is_on_loopback() {
    let authority = Authority::named("login");
    for (page, exit) in [("http://elsewhere.invalid/device", 1), ("http://localhost:1/device", 0)] {
        let (certificate, key) = authority.certify(&leaf()).der();
        let login = Login::at(ControlPlane::start_with_tls(vec![certificate], key).unwrap());
        login.server.approve_next();
        let store = login.sandbox.path().join("authority.pem");
        fs::write(&store, &authority.pem).unwrap();
        login.server.configure(|settings| settings.verification_uri = Some(page.to_owned()));
        let run = login.sandbox.observe(login.command(&[]).env("SSL_CERT_FILE", &store));
        assert_eq!(run.exit, exit, "{run:?}");
        let unusable = "error: nobody is logged in: the server's answer cannot be used: verification_uri: it is http, ";
        assert_eq!(run.stderr.starts_with(unusable), exit == 1, "{run:?}");
    }
}

#[test]
fn lifetimes_and_intervals_are_counted_within_their_bounds() {
    let cases = [
        ("1800", "60", 1800, 60),
        ("1801", "61", 1800, 60),
        ("99999", "99999", 1800, 60),
        ("600", "0", 600, 1),
        ("600", "-7", 600, 1),
        ("1", "5", 1, 5),
    ];
    at_once(&cases, |(expires_in, interval, lifetime, pause)| {
        let login = Login::new();
        let code = Script::real().with("expires_in", expires_in).with("interval", interval);
        login.server.once(Endpoint::DeviceCode, code);
        let child = start(&mut login.command(&["--output", "json"]));
        wait_for(&login, 1);
        thread::sleep(Duration::from_millis(500));
        send(&child, Signal::TERM);
        let run = login.sandbox.observe_child(child);
        let pending = format!("\"expires_in\":{lifetime},\"interval\":{pause}}}");
        assert!(run.stderr.lines().next().unwrap().ends_with(&pending), "{expires_in} {interval}: {run:?}");
    });
}

#[test]
fn another_profile_is_added_and_every_other_byte_stays() {
    let login = Login::approved();
    let old = login.server.mint("dev");
    let login = login.holding(&old);
    let before = login.config();
    let run = login.run(&["--profile", "staging"]);
    let said = "Logged in as operator@plexsphere.example. Saved profile \"staging\".\n";
    assert_eq!(run, Run::new(0, said, instructed("")));
    let section = "\n[profiles.staging]\nserver = \"[ORIGIN]\"\ntoken = \"[NEW TOKEN]\"\nexpires_at = [TIME]\n";
    assert_eq!(login.config(), before + section);
    assert_eq!(login.live(), ["[OLD]", "[NEW]"]);
}

#[test]
fn a_replaced_token_without_an_id_is_kept_and_named_as_such() {
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
    assert!(run.stderr.contains("\nhint: run `plexctl profiles forget default-replaced-2"), "{}", run.stderr);
    assert!(login.sandbox.config_text().contains(&old));
}

#[test]
fn a_replaced_token_whose_profile_stores_no_server_goes_nowhere() {
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

#[test]
fn a_directory_that_cannot_be_written_gets_no_request() {
    let Some(unprivileged) = Unprivileged::new("a login in a directory that cannot be written") else { return };
    let login = Login::replacing();
    let directory = login.sandbox.config().parent().unwrap().to_owned();
    let mut command = unprivileged.run_after("", &login.sandbox, &login.command(&[]));
    fs::set_permissions(&directory, Permissions::from_mode(0o500)).unwrap();
    let before = login.sandbox.config_state();
    let run = login.labelled(&login.sandbox.observe(&mut command));
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.starts_with("error: no login was begun: "), "{}", run.stderr);
    assert!(run.stderr.contains(&system_words(Errno::ACCESS)), "{}", run.stderr);
    assert_eq!(login.sandbox.config_state(), before);
    assert_eq!(login.asked(), [""; 0]);
}
