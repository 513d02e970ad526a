//! The hint of each cause for which a request fails, to the byte; and where it names a cure, the cure.

use std::fs;
use std::process::Command;

use plexctl::testing::ControlPlane;
use rcgen::date_time_ymd;
use rustls::version::TLS13;

use crate::support::bystander::config;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::scripted_server::ScriptedServer;
use crate::support::shell;
use crate::support::tls::{Authority, Identity, leaf, leaf_for};
use crate::support::trial::TOKEN;

const AGAIN: &str = "; then run `plexctl logout` again";
const FORGET: &str = "; if the server is gone for good, run `plexctl profiles forget --yes default`";

/// A sandbox that is signed in to a server, which is shown as `[SERVER]`.
fn signed_in(server: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config(server, TOKEN));
    sandbox.label(server, "[SERVER]");
    sandbox
}

fn hint_of(run: &Run) -> &str {
    run.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_else(|| panic!("{run:?}"))
}

/// Fails unless a logout fails and hints at this.
fn assert_hints(sandbox: &Sandbox, command: &mut Command, hint: &str) {
    let run = sandbox.observe(command);
    assert_eq!((run.exit, hint_of(&run)), (1, hint), "{run:?}");
}

#[test]
fn response_decides_hint() {
    let problem = "Content-Type: application/problem+json\r\n\r\n{\"title\":\"No\"}";
    let check = format!("check the server at [CONFIG]:4:10: [SERVER] may not be a plexsphere server{AGAIN}");
    let moved =
        |location: &str| format!("if the server is at {location} now, change the server at [CONFIG]:4:10{AGAIN}");
    let again = "run `plexctl logout` again".to_owned();
    for (answer, hint) in [
        ("302 Found\r\nLocation: https://new.example/base\r\n\r\n", moved("https://new.example/base")),
        ("308 Moved\r\nLocation: https://new.\u{202e}example\r\n\r\n", moved("https://new.example")),
        ("302 Found\r\n\r\n", check.clone()),
        ("429 Slow Down\r\nRetry-After: 7\r\n\r\n", format!("wait 7 s{AGAIN}")),
        ("503 Down\r\nRetry-After: 120\r\n\r\n", format!("wait 120 s{AGAIN}")),
        ("503 Down\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n", again.clone()),
        ("500 Oops\r\n\r\n", again.clone()),
        ("400 Bad\r\n\r\n", format!("{check}{FORGET}")),
        ("410 Gone\r\n\r\n", format!("{check}{FORGET}")),
        ("422 No\r\n\r\n", format!("{check}{FORGET}")),
        (&format!("422 No\r\n{problem}"), format!("{again}{FORGET}")),
        ("200 OK\r\nContent-Type: text/html\r\n\r\n<p>", check.clone()),
    ] {
        let server = ScriptedServer::answering(format!("HTTP/1.1 {answer}"));
        let sandbox = signed_in(&server.url());
        assert_hints(&sandbox, &mut sandbox.command(["logout"]), &hint);
    }
}

#[test]
fn certificate_decides_hint() {
    let authority = Authority::named("an authority");
    let mut expired = leaf();
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut early = leaf();
    early.not_before = date_time_ymd(2900, 12, 31);
    let trust = "add the authority to the system's trust store, or set SSL_CERT_FILE to a file that contains it";
    for (identity, hint) in [
        (authority.certify(&expired), "replace the server's certificate"),
        (authority.certify(&early), "check this machine's clock"),
        (authority.certify(&leaf_for(["plexsphere.example"])), "check the host of the server at [CONFIG]:4:10"),
        (Identity::self_signed(&leaf()), trust),
        (Authority::named("a stranger").certify(&leaf()), trust),
    ] {
        let server = identity.serve(&[&TLS13], b"");
        let sandbox = signed_in(&server.https_url());
        fs::write(sandbox.path().join("authority.pem"), &authority.pem).unwrap();
        let mut command = sandbox.command(["logout"]);
        let forget = if hint.starts_with("check the host") { FORGET } else { "" };
        assert_hints(&sandbox, command.env("SSL_CERT_FILE", "authority.pem"), &format!("{hint}{AGAIN}{forget}"));
    }
}

#[test]
fn proxy_decides_hint() {
    let correct = |variable| format!("correct {variable}, or list the server in NO_PROXY{AGAIN}");
    for (server, variable, answer) in [
        ("https://plexsphere.example", "HTTPS_PROXY", "HTTP/1.1 403 Forbidden\r\n\r\n"),
        ("https://plexsphere.example", "HTTPS_PROXY", "HTTP/1.1 502 Bad Gateway\r\n\r\n"),
        ("http://plexsphere.example", "HTTP_PROXY", "HTTP/1.1 400 Bad\r\n\r\n"),
    ] {
        let proxy = ScriptedServer::answering(answer);
        let sandbox = signed_in(server);
        let hint = correct(variable);
        let hint = if answer.contains("400") { format!("{hint}{FORGET}") } else { hint };
        assert_hints(&sandbox, sandbox.command(["logout"]).env(variable, proxy.url()), &hint);
    }
    for value in ["socks5://127.0.0.1:1", "http://127.0.0.1:1"] {
        let sandbox = signed_in("https://plexsphere.example");
        assert_hints(&sandbox, sandbox.command(["logout"]).env("HTTPS_PROXY", value), &correct("HTTPS_PROXY"));
    }
}

/// The scheme that the port does not use is named with the one that it does, and that one works.
#[test]
fn other_scheme_is_the_cure() {
    let authority = Authority::named("an authority");
    let (certificate, key) = authority.certify(&leaf()).der();
    let secure = ControlPlane::start_with_tls(vec![certificate], key).unwrap();
    let plain = ControlPlane::start().unwrap();
    for (server, wrong, right) in [(&secure, "http://", "https://"), (&plain, "https://", "http://")] {
        let host = server.url().split_once("://").unwrap().1.to_owned();
        let url = |scheme| format!("{scheme}{host}");
        let token = server.mint("dev");
        let mut sandbox = Sandbox::new();
        let authorities = sandbox.path().join("authority.pem");
        fs::write(&authorities, &authority.pem).unwrap();

        // Stored: the line of the config is to be changed.
        sandbox.write_config(config(&url(wrong), &token));
        let mut command = sandbox.command(["logout"]);
        let hint = format!("change the server at [CONFIG]:4:10 to {}{AGAIN}", url(right));
        assert_hints(&sandbox, command.env("SSL_CERT_FILE", &authorities), &hint);

        // Typed: the command with the other URL ends the session.
        sandbox.write_config(config("", &token).replace("server = \"\"\n", ""));
        let mut command = sandbox.command(["logout", "--server", &url(wrong)]);
        let hint = format!("run `plexctl logout --server {}`", url(right));
        assert_hints(&sandbox, command.env("SSL_CERT_FILE", &authorities), &hint);
        let cure = hint.split('`').nth(1).unwrap();
        let run = sandbox.observe(shell::typed(&sandbox, "sh", cure).env("SSL_CERT_FILE", &authorities));
        assert_eq!((run.exit, server.is_live(&token)), (0, false), "{run:?}");
    }
}

/// A profile of a server that is gone: the hint removes it, and says how to end its token one day.
#[test]
fn forgetting_is_the_cure_for_a_server_that_is_gone() {
    let sandbox = signed_in("http://127.0.0.1:1");
    let run = sandbox.run(["logout"]);
    let start = format!("start the server, or check the port of the server at [CONFIG]:4:10{AGAIN}{FORGET}");
    assert_eq!(hint_of(&run), start);
    let cure = FORGET.split('`').nth(1).unwrap();
    let run = sandbox.observe(&mut shell::typed(&sandbox, "sh", cure));
    assert_eq!((run.exit, run.stdout.as_str()), (0, "Forgot profile \"default\".\n"));
    assert!(!sandbox.config_text().contains("[profiles.default]"));
}
