//! What other programs do to the config between the first write of a login and its result.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use plexctl::testing::{Answer, Endpoint, Script};
use rustix::process::Signal;

use super::signals::{send, wait_for};
use super::{Login, at_once, instructed};
use crate::support::blocked_stderr::BlockedStderr;
use crate::support::sandbox::{Run, start};
use crate::support::signed_in::id_of;

const ANOTHER: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ff_an0ther-an0ther";

impl Login {
    /// Logs in, and does something once the server is asked who is logged in.
    fn run_beside(&self, act: impl FnOnce()) -> Run {
        self.server.once(Endpoint::Whoami, Script::real().after(Duration::from_secs(2)));
        let child = start(&mut self.command(&[]));
        wait_for(self, 3);
        act();
        self.labelled(&self.sandbox.observe_child(child))
    }

    fn replaced_name(&self) -> String {
        format!("default-replaced-{}", id_of(self.old.as_deref().unwrap()))
    }
}

#[test]
fn forgotten_replaced_session_is_revoked() {
    let login = Login::replacing();
    let run = login.run_beside(|| {
        let forget = login.sandbox.run(["profiles", "forget", "--yes", &login.replaced_name()]);
        assert_eq!(forget.exit, 0, "{forget:?}");
    });
    assert_eq!((run.exit, run.stderr), (0, instructed("The session that it replaced has ended.\n")));
    assert_eq!(login.asked(), ["code", "poll", "whoami", "revoke [OLD]"]);
    assert_eq!(login.live(), ["[NEW]"]);
}

#[test]
fn forgotten_replaced_session_that_stays_live_is_named() {
    let login = Login::replacing();
    login.server.answer_revocations_with(Answer::bare(503));
    let run = login.run_beside(|| {
        login.sandbox.run(["profiles", "forget", "--yes", &login.replaced_name()]);
    });
    let warning = instructed(
        "warning: the replaced token [OLD] may still be live at [ORIGIN], and another program has removed profile ",
    );
    assert!(run.exit == 0 && run.stderr.starts_with(&warning), "{run:?}");
    assert!(run.stderr.ends_with("\nhint: run `plexctl identity-tokens delete --id [OLD]`\n"), "{run:?}");
}

#[test]
fn old_text_that_is_put_back_revokes_the_new_token() {
    for revocations in [true, false] {
        let login = Login::replacing();
        if !revocations {
            login.server.answer_revocations_with(Answer::bare(503));
        }
        let before = login.sandbox.config_text();
        let run = login.run_beside(|| fs::write(login.sandbox.config(), &before).unwrap());
        assert!(run.exit == 1 && run.stdout.is_empty(), "{run:?}");
        let cause = "another program has changed the config and removed the new session";
        if revocations {
            let error =
                format!("error: login failed: {cause}; token [NEW] was issued and has been revoked ([ORIGIN])\n");
            assert!(run.stderr.starts_with(&instructed(&error)), "{run:?}");
            assert_eq!(login.live(), ["[OLD]"]);
        } else {
            let error =
                instructed("error: token [NEW] was issued by [ORIGIN], could not be stored and may be live until ");
            assert!(run.stderr.starts_with(&error) && run.stderr.contains(cause), "{run:?}");
            let hint = "\nhint: once you are logged in, run `plexctl identity-tokens delete --id [NEW]`\n";
            assert!(run.stderr.ends_with(hint), "{run:?}");
        }
        assert_eq!(login.sandbox.config_text(), before);
        assert!(!login.asked().contains(&"revoke [OLD]".to_owned()), "{:?}", login.asked());
    }
}

const REMOVED: &str = "another program has changed the config and removed the new session; token [NEW] was issued and \
                       has been revoked ([ORIGIN])\n";

#[test]
fn interrupted_login_looks_at_the_file_once_more() {
    for (endpoint, requests) in [(Endpoint::Whoami, 3), (Endpoint::Revoke, 4)] {
        let login = Login::replacing();
        let before = login.sandbox.config_text();
        login.server.once(endpoint, Script::real().after(Duration::from_secs(60)).lost());
        let child = start(&mut login.command(&[]));
        wait_for(&login, requests);
        fs::write(login.sandbox.config(), &before).unwrap();
        send(&child, Signal::TERM);
        let run = login.labelled(&login.sandbox.observe_child(child));
        let error = instructed(&format!("error: login failed: {REMOVED}"));
        assert!(run.exit == -Signal::TERM.as_raw() && run.stderr.starts_with(&error), "{run:?}");
        assert_eq!(login.asked().last().unwrap(), "revoke [NEW]");
    }
}

#[test]
fn refused_login_looks_at_the_file_once_more() {
    let of_another_domain = Script::real().with("domain_id", "\"0192f0c1-0000-7000-8000-0000000000ff\"");
    for answer in [of_another_domain, Script::answer(Answer::problem(403, "Forbidden", "no_scope", ""))] {
        let login = Login::replacing();
        let (before, config) = (login.sandbox.config_text(), login.sandbox.config());
        login.server.once(Endpoint::Whoami, answer.running(move || fs::write(&config, &before).unwrap()));
        let run = login.run(&[]);
        let error = instructed(&format!("error: login failed: {REMOVED}"));
        assert!(run.exit == 1 && run.stderr.starts_with(&error), "{run:?}");
        assert_eq!(login.live(), ["[OLD]"]);
    }
}

/// Neither the profile that it was in nor the one that it moved to holds the replaced token any more.
#[test]
fn removed_file_names_both_tokens() {
    let refusal = Script::answer(Answer::problem(403, "Forbidden", "no_scope", ""));
    for answer in [Script::real(), refusal] {
        let login = Login::replacing();
        let config = login.sandbox.config();
        login.server.once(Endpoint::Whoami, answer.running(move || fs::remove_file(&config).unwrap()));
        let run = login.run(&[]);
        let error = instructed(&format!(
            "warning: the replaced token [OLD] may still be live at [ORIGIN], and another program has removed it from the \
             config\nhint: once you are logged in, run `plexctl identity-tokens delete --id [OLD]`\nerror: login failed: \
             {REMOVED}"
        ));
        assert!(run.exit == 1 && run.stderr.starts_with(&error), "{run:?}");
        assert_eq!(login.live(), ["[OLD]"]);
    }
}

/// The words of an interrupted login may be all that tells of its token, so they wait for a reader.
#[test]
fn interrupted_login_names_token_that_it_cannot_look_for() {
    let login = Login::replacing();
    login.server.once(Endpoint::Whoami, Script::real().after(Duration::from_secs(60)).lost());
    let child = start(&mut login.command(&[]));
    wait_for(&login, 3);
    fs::set_permissions(login.sandbox.config(), Permissions::from_mode(0o644)).unwrap();
    let blocked = BlockedStderr::of(&child);
    send(&child, Signal::TERM);
    thread::sleep(Duration::from_secs(2));
    blocked.unblock();
    let run = login.labelled(&login.sandbox.observe_child(child));
    let warning = "warning: cannot check that profile \"default\" still holds token [NEW]: ";
    assert!(run.exit == -Signal::TERM.as_raw() && run.stderr.contains(warning), "{run:?}");
    assert!(run.stderr.contains("\ninterrupted: profile \"default\" holds the new session (token [NEW]); "), "{run:?}");
}

/// As an editor does that saves under an ordinary umask. Whether the session is stored cannot be seen then.
#[test]
fn old_text_that_is_put_back_unreadable_names_the_new_token() {
    for format in ["text", "json"] {
        let login = Login::replacing();
        let (before, config) = (login.sandbox.config_text(), login.sandbox.config());
        let save = move || {
            fs::write(&config, &before).unwrap();
            fs::set_permissions(&config, Permissions::from_mode(0o644)).unwrap();
        };
        login.server.once(Endpoint::Whoami, Script::real().running(save));
        let run = login.run(&["--output", format]);
        assert_eq!(run.exit, 0, "{run:?}");
        let warning = "warning: cannot check that profile \"default\" still holds token [NEW]: [CONFIG] is refused: its mode \
                       0644 is wider than 0600\nhint: if `plexctl profiles` does not list that token, run `plexctl \
                       identity-tokens delete --id [NEW]` once you are logged in\n";
        assert!(run.stderr.contains(warning), "{run:?}");

        let forgotten = login.server.live_tokens().pop().unwrap().id;
        fs::set_permissions(login.sandbox.config(), Permissions::from_mode(0o600)).unwrap();
        let listed = login.sandbox.run(["profiles"]);
        assert!(listed.exit == 0 && !listed.stdout.contains(&forgotten), "{listed:?}");
        login.server.approve_next();
        assert_eq!(login.run(&[]).exit, 0);
        assert_eq!(login.sandbox.run(["identity-tokens", "delete", "--id", &forgotten]).exit, 0);
        assert_eq!(login.server.live_tokens().len(), 1);
    }
}

#[test]
fn another_token_in_the_replaced_profile_is_left_alone() {
    let login = Login::replacing();
    let run = login.run_beside(|| {
        let text = login.sandbox.config_text().replace(login.old.as_deref().unwrap(), ANOTHER);
        fs::write(login.sandbox.config(), text).unwrap();
    });
    assert_eq!((run.exit, run.stderr), (0, instructed("The session that it replaced has ended.\n")));
    assert!(login.sandbox.config_text().contains(ANOTHER));
    assert_eq!(login.asked(), ["code", "poll", "whoami", "revoke [OLD]"]);
}

#[test]
fn later_login_keeps_its_session() {
    let login = Login::replacing();
    let run = login.run_beside(|| {
        let text = login.sandbox.config_text();
        let new = login.server.live_tokens().last().unwrap().text.clone();
        fs::write(login.sandbox.config(), text.replace(&new, ANOTHER)).unwrap();
    });
    let error = instructed(
        "error: profile \"default\" holds a newer session, which is kept; token [NEW] is revoked ([ORIGIN])\n",
    );
    assert!(run.exit == 1 && run.stderr.starts_with(&error), "{run:?}");
    assert!(login.sandbox.config_text().contains(ANOTHER));
}

#[test]
fn rotated_token_replaces_and_revokes_nothing() {
    at_once(&["json", "text"], |format| {
        let token = |secret: &str| format!("psk_dev_0192f0c1-2345-7abc-8def-0123456789ac_{secret}");
        let login = Login::new().holding(&token("0ld-0ld-0ld"));
        let rotated = token("r0tated-r0tated");
        let body = format!(r#"{{"access_token":"{rotated}","token_type":"Bearer"}}"#);
        let length = body.len();
        let response =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
        login.server.once(Endpoint::DeviceToken, Script::raw(response));
        login.server.once(Endpoint::Whoami, Script::answer(Answer::bare(500)));
        let run = login.run(&["--output", format]);
        assert_eq!(run.exit, 0, "{run:?}");
        assert!(*format == "text" || run.stdout.contains("\"replaced\": null"), "{run:?}");
        assert!(login.sandbox.config_text().contains(&rotated) && !login.config().contains("replaced"), "{run:?}");
        assert_eq!(login.asked(), ["code", "poll", "whoami"]);
    });
}
