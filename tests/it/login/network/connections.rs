//! What can happen to the connection of each request of a login, and of a whoami: it cannot be made, breaks, is silent, or
//! leads to somebody else.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use plexctl::testing::{ControlPlane, Endpoint, Script};
use rcgen::date_time_ymd;
use rustls::version::{TLS12, TLS13};

use super::polls::LOST;
use crate::login::{INTERVAL, Login, at_once, called};
use crate::support::bystander::config;
use crate::support::detour::{Fate, detour};
use crate::support::sandbox::Run;
use crate::support::scripted_server::ScriptedServer;
use crate::support::signed_in::id_of;
use crate::support::tls::{Authority, leaf, leaf_for};
use crate::support::trial::{assert_took, timed};

/// The request that meets the fault. Each has a connection of its own here, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    Code = 1,
    Poll,
    Whoami,
    Revoke,
    /// The only request of `plexctl whoami`.
    WhoamiAlone,
}

const MET: [Met; 5] = [Met::Code, Met::Poll, Met::Whoami, Met::Revoke, Met::WhoamiAlone];

/// A login into a profile with a session, on whose way one connection comes to grief.
struct Detoured {
    login: Login,
    old: String,
    url: String,
}

impl Detoured {
    fn new(control_plane: ControlPlane, scheme: &str, met: Met, fate: Fate) -> Self {
        let port = control_plane.address().port();
        let nth = if met == Met::WhoamiAlone { 1 } else { met as usize };
        let url = format!("{scheme}://127.0.0.1:{}", detour(port, nth, fate));
        let mut login = Login::at(control_plane);
        login.server.approve_next();
        login.server.configure(|settings| settings.verification_uri = Some(format!("{url}/v1/device")));
        for endpoint in [Endpoint::DeviceCode, Endpoint::DeviceToken, Endpoint::Whoami] {
            login.server.always(endpoint, Script::real().header("connection", "close"));
        }
        let old = login.server.mint("dev");
        login.sandbox.write_config(config(&url, &old));
        login.sandbox.label(&url, "[URL]");
        Self { login, old, url }
    }

    /// A control plane that shows the certificate of an authority, which the run trusts alone.
    fn over_tls(authority: &Authority, met: Met, fate: Fate) -> Self {
        let (certificate, key) = authority.certify(&leaf()).der();
        let detoured = Self::new(ControlPlane::start_with_tls(vec![certificate], key).unwrap(), "https", met, fate);
        fs::write(detoured.login.sandbox.path().join("authority.pem"), &authority.pem).unwrap();
        fs::create_dir(detoured.login.sandbox.path().join("no-authorities")).unwrap();
        detoured
    }

    fn command(&self, met: Met) -> Command {
        let mut command = match met {
            Met::WhoamiAlone => self.login.sandbox.command(["whoami"]),
            _ => self.login.command_to(&self.url, &[]),
        };
        command.env("SSL_CERT_FILE", "authority.pem").env("SSL_CERT_DIR", "no-authorities");
        command
    }

    fn run(&self, met: Met) -> Run {
        self.login.sandbox.observe(&mut self.command(met))
    }

    fn asked(&self) -> Vec<String> {
        let requests = self.login.server.requests();
        requests.iter().map(|request| called(request).split(' ').next().unwrap().to_owned()).collect()
    }

    /// Holds that a run met this fault as the command that it is has to.
    fn assert_met(&self, met: Met, run: &Run, words: &str, is_sent: bool) {
        let case = format!("{met:?}, {words}: {run:?}");
        let (live, text) = (self.login.server.live_tokens(), self.login.sandbox.config_text());
        let stands = |token: &str| text.contains(token);
        assert!(live.iter().all(|token| stands(&token.text)), "{case}");
        assert_eq!(self.login.sandbox.neighbours(), [""; 0], "{case}");
        let is_old_live = self.login.server.is_live(&self.old);
        let old_id = id_of(&self.old);
        let assert_says = |start: &str| {
            let mut lines = run.stderr.lines().filter(|line| line.starts_with(start));
            let told = lines.next().unwrap_or_else(|| panic!("no line {start:?}: {case}"));
            assert!(told.contains(words) && lines.next().is_none(), "{start:?}: {case}");
        };
        match met {
            Met::Code => {
                assert_says("error: login failed: ");
                assert_eq!((run.exit, run.stdout.as_str(), self.asked()), (1, "", vec![]), "{case}");
                assert!(is_old_live && text == config(&self.url, &self.old), "{case}");
            }
            Met::Poll => {
                assert_says("warning: polling [URL] failed: ");
                assert_eq!(run.exit, 0, "{case}");
                assert_eq!(run.stderr.contains(&format!("warning: {LOST}\n")), is_sent, "{case}");
                assert_eq!(self.asked(), ["code", "poll", "whoami", "revoke"], "{case}");
                assert_eq!((live.len(), is_old_live), (1, false), "{case}");
            }
            Met::Whoami => {
                assert_says("warning: the server did not say who is logged in: ");
                assert_eq!((run.exit, run.stdout.as_str()), (0, "Logged in. Saved profile \"default\".\n"), "{case}");
                assert_eq!(self.asked(), ["code", "poll", "revoke"], "{case}");
                assert_eq!((live.len(), is_old_live), (1, false), "{case}");
            }
            Met::Revoke => {
                assert_says(&format!(
                    "warning: the replaced token {old_id} may still be live at [URL]; it is kept as profile "
                ));
                assert_eq!(
                    (run.exit, self.asked()),
                    (0, vec!["code".into(), "poll".into(), "whoami".into()]),
                    "{case}"
                );
                assert!(live.len() == 2 && is_old_live, "{case}");
            }
            Met::WhoamiAlone => {
                assert_says("error: cannot tell who is logged in at [URL]: ");
                assert_eq!((run.exit, run.stdout.as_str(), self.asked()), (1, "", vec![]), "{case}");
                assert!(!run.stderr.contains("plexctl login"), "{case}");
                assert!(is_old_live && text == config(&self.url, &self.old), "{case}");
            }
        }
    }
}

#[test]
fn broken_connection_follows_table() {
    let closed = "the connection was closed before a response";
    let faults = [
        (Fate::Closed, closed),
        (Fate::Reset, closed),
        (Fate::Hears(b""), closed),
        (Fate::Hears(b"HTTP/1.1 200 OK\r\nContent-Le"), closed),
        (Fate::Hears(b"SSH-2.0-OpenSSH_9.6\r\n"), "the response is not HTTP"),
        // What a TLS server says to plain HTTP.
        (Fate::Hears(&[0x15, 3, 3, 0, 2, 2, 22]), "the response is not HTTP"),
    ];
    let cases: Vec<_> = faults.into_iter().flat_map(|fault| MET.map(|met| (fault, met))).collect();
    at_once(&cases, |((fate, words), met)| {
        let detoured = Detoured::new(ControlPlane::start().unwrap(), "http", *met, *fate);
        detoured.assert_met(*met, &detoured.run(*met), words, true);
    });
}

#[test]
fn failed_handshake_follows_table_and_leaks_nothing() {
    let (authority, stranger) = (Authority::named("an authority"), Authority::named("a stranger"));
    let mut expired = leaf();
    expired.not_after = date_time_ymd(2020, 1, 1);
    let identities = [
        (authority.certify(&expired), "the certificate expired on 2020-01-01"),
        (authority.certify(&leaf_for(["plexsphere.example"])), "the certificate is for plexsphere.example, not for"),
        (stranger.certify(&leaf()), "the certificate was issued by an unknown authority"),
    ];
    let (impostors, words): (Vec<ScriptedServer>, Vec<&str>) = identities
        .into_iter()
        .map(|(identity, words)| (identity.serve(&[&TLS13, &TLS12], b"HTTP/1.1 204 No Content\r\n\r\n"), words))
        .unzip();
    let fates = impostors.iter().map(|impostor| Fate::LeadsTo(impostor.port()));
    let mut faults: Vec<(Fate, &str)> = fates.zip(words).collect();
    faults.extend([
        (Fate::Hears(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "the port does not use TLS"),
        // The alert of a server that has no version from 1.2 on.
        (Fate::Hears(&[0x15, 3, 1, 0, 2, 2, 70]), "the server does not support TLS 1.2 or newer"),
        (Fate::Closed, "the connection was closed"),
    ]);
    let cases: Vec<_> = faults.into_iter().flat_map(|fault| MET.map(|met| (fault, met))).collect();
    at_once(&cases, |((fate, words), met)| {
        let detoured = Detoured::over_tls(&authority, *met, *fate);
        let run = detoured.run(*met);
        assert!(run.stderr.contains("TLS handshake failed: "), "{met:?}: {run:?}");
        detoured.assert_met(*met, &run, words, false);
    });
    for impostor in impostors {
        for sent in impostor.finish() {
            assert!(!sent.contains("HTTP/1.1") && !sent.contains("psk_"), "{sent}");
        }
    }
}

#[test]
fn gone_server_follows_table() {
    let refused = "cannot connect: connection refused";
    at_once(&[Met::Poll, Met::Whoami, Met::Revoke], |met| {
        let detoured = Detoured::new(ControlPlane::start().unwrap(), "http", *met, Fate::Refused);
        detoured.login.server.configure(|settings| settings.expires_in = Duration::from_secs(5));
        let run = detoured.run(*met);
        let live = detoured.login.server.live_tokens();
        assert!(detoured.login.server.is_live(&detoured.old), "{run:?}");
        if *met == Met::Poll {
            assert_eq!((run.exit, detoured.asked(), live.len()), (1, vec!["code".into()], 1), "{run:?}");
            let warning = format!("warning: polling [URL] failed: {refused}; still waiting for approval\n");
            let error = format!("the request was not approved within 5 seconds: {refused} ([URL])\n");
            assert!(run.stderr.contains(&warning) && run.stderr.contains(&error), "{run:?}");
            assert!(!run.stderr.contains(LOST), "{run:?}");
        } else {
            // It is gone for the session that is to be ended, too.
            let kept = format!("warning: the replaced token {} may still be live at [URL]; ", id_of(&detoured.old));
            assert_eq!((run.exit, live.len()), (0, 2), "{run:?}");
            assert!(run.stderr.contains(&kept), "{run:?}");
            let nobody = "warning: the server did not say who is logged in: ";
            assert_eq!(run.stderr.contains(nobody), *met == Met::Whoami, "{run:?}");
            assert_eq!(run.stderr.matches(refused).count(), run.stderr.matches("warning: ").count(), "{run:?}");
        }
    });
}

/// Takes 30 seconds, which another test takes as well, and so calls it.
pub fn every_wait_ends_at_its_limit() {
    let handshake = "TLS handshake failed: timed out after 10 s";
    let cases = [
        ("http", Met::Code, 30, "no response within 30 s"),
        ("http", Met::Poll, 31, "no response within 30 s"),
        ("http", Met::WhoamiAlone, 30, "no response within 30 s"),
        ("https", Met::Code, 10, handshake),
        ("https", Met::WhoamiAlone, 10, handshake),
        ("http", Met::Whoami, 11, "no answer within 10 s"),
    ];
    let authority = Arc::new(Authority::named("an authority"));
    at_once(&cases, |(scheme, met, seconds, words)| {
        let detoured = match *scheme {
            "https" => Detoured::over_tls(&authority, *met, Fate::Silence),
            _ => Detoured::new(ControlPlane::start().unwrap(), scheme, *met, Fate::Silence),
        };
        let (run, took) = timed(|| detoured.run(*met));
        let more = if *met == Met::Poll { INTERVAL.as_secs() } else { 0 };
        assert_took(&format!("{scheme} {met:?}"), took, seconds + more);
        detoured.assert_met(*met, &run, words, true);
    });
}
