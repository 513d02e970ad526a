//! Everything that can happen before an answer: no way to the server, no trust in it, or no word from it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rcgen::{CertificateParams, date_time_ymd};
use rustix::net::sockopt::set_socket_linger;
use rustls::version::{TLS12, TLS13};

use super::{Outcome, Trial, assert_took, at_the_same_time, timed};
use crate::support::has_localhost;
use crate::support::sandbox::SLACK;
use crate::support::scripted_server::{ScriptedServer, read_head, read_to_hangup};
use crate::support::tls::{Authority, Identity, leaf, leaf_for};

const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

#[test]
fn a_server_out_of_reach_keeps_the_session() {
    let (refusing, _held) = refusing_port();
    let servers = vec![
        (format!("http://127.0.0.1:{refusing}"), "refused"),
        (format!("https://127.0.0.1:{refusing}"), "refused"),
        // A label has 63 characters at most (RFC 1035, section 2.3.4), so this name is not even asked for.
        (format!("https://{}.invalid", "a".repeat(64)), "dns error"),
    ];
    at_the_same_time(servers, |(server, cause)| {
        let trial = Trial::against(&server);
        let (run, took) = timed(|| trial.sandbox.observe(&mut trial.command()));
        assert!(took < Duration::from_secs(10) + SLACK, "{server}: {took:?}");
        assert!(run.stderr.contains(cause), "{server}: {run:?}");
        let outcome = trial.outcome(run, &[]).with_cause_elided("connecting to [SERVER] failed");
        assert_eq!(outcome, Outcome::unreached("connecting to [SERVER] failed: [CAUSE]"), "{server}");
    });
}

/// A run that waits in vain, and for how many seconds.
struct Wait {
    case: &'static str,
    trial: Trial,
    server: Option<ScriptedServer>,
    variable: Option<(&'static str, String)>,
    limit: u64,
    expected: Outcome,
}

impl Wait {
    fn new(case: &'static str, url: &str, server: ScriptedServer, limit: u64, expected: Outcome) -> Self {
        Self { case, trial: Trial::against(url), server: Some(server), variable: None, limit, expected }
    }
}

/// Takes 30 seconds, the longest of the limits.
#[test]
fn every_wait_ends_at_its_limit() {
    let handshake_timed_out = || Outcome::unreached("TLS handshake with [SERVER] failed: timed out");
    let backlog = FullBacklog::on(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let silent = ScriptedServer::raw(|stream, record| record.add(read_to_hangup(stream)));
    let mute = ScriptedServer::stalling_after("");
    let proxy = ScriptedServer::start(Box::new(|stream| {
        thread::sleep(Duration::from_secs(6));
        send(stream, b"HTTP/1.1 200 OK\r\n\r\n");
        read_to_hangup(stream);
    }));
    let authority = Authority::named("an authority");
    let late = authority.certify(&leaf()).play(&[&TLS13], Duration::from_secs(8), |_, stream| {
        read_to_hangup(stream);
    });

    let waits = vec![
        Wait {
            case: "a full backlog",
            trial: Trial::against(&format!("http://127.0.0.1:{}", backlog.port)),
            server: None,
            variable: None,
            limit: 10,
            expected: Outcome::unreached("connecting to [SERVER] failed: [CAUSE]"),
        },
        Wait::new("a silent handshake", &silent.https_url(), silent, 10, handshake_timed_out()),
        // The handshake gets no more than what is left of the ten seconds behind the tunnel.
        Wait {
            variable: Some(("HTTPS_PROXY", proxy.url())),
            ..Wait::new("a slow tunnel", "https://plexsphere.example", proxy, 10, handshake_timed_out())
        },
        Wait::new("no answer", &mute.url(), mute, 30, Outcome::unanswered("timed out")),
        // What connecting takes is a part of the thirty seconds.
        Wait {
            trial: trusting(&authority, &late.https_url()),
            variable: Some((AUTHORITY.0, AUTHORITY.1.to_owned())),
            ..Wait::new("a slow handshake", "https://h", late, 30, Outcome::unanswered("timed out"))
        },
    ];
    at_the_same_time(waits, |Wait { case, trial, server, variable, limit, expected }| {
        let (run, took) = timed(|| trial.sandbox.observe(trial.command().envs(variable)));
        assert_took(case, took, limit);
        let sent = server.map(ScriptedServer::finish).unwrap_or_default();
        // The connector and the deadline of the whole notice a full backlog at the same time, in different words.
        let outcome = trial.outcome(run, &sent).with_cause_elided("connecting to [SERVER] failed");
        assert_eq!(outcome, expected, "{case}");
    });
}

#[test]
fn a_connection_that_ends_without_an_answer_leaves_the_outcome_unknown() {
    type Script = fn(&mut TcpStream) -> String;
    let cases: [(&str, Script, bool); 5] = [
        ("closed at once", |_| String::new(), false),
        (
            "reset in the request",
            |stream| {
                stream.read_exact(&mut [0; 10]).unwrap();
                String::new()
            },
            false,
        ),
        (
            "reset after the request",
            |stream| {
                reset_on_close(stream);
                read_head(stream)
            },
            true,
        ),
        ("closed after the request", |stream| read_head(stream), true),
        (
            "half closed after the request",
            |stream| {
                let head = read_head(stream);
                stream.shutdown(Shutdown::Write).unwrap();
                read_to_hangup(stream);
                head
            },
            true,
        ),
    ];
    for (case, script, is_read) in cases {
        let server = ScriptedServer::raw(move |stream, record| record.add(script(stream)));
        let outcome = Trial::against(&server.url()).run(server);
        let expected = Outcome::unanswered("[CAUSE]");
        let expected = if is_read { expected } else { expected.unread() };
        assert_eq!(outcome.with_cause_elided("waiting for the answer of [SERVER] failed"), expected, "{case}");
    }
}

#[test]
fn a_connection_that_is_reset_at_once_keeps_the_session() {
    let server = ScriptedServer::raw(|stream, _| reset_on_close(stream));
    let trial = Trial::against(&server.url());
    let phases = ["connecting to [SERVER] failed", "waiting for the answer of [SERVER] failed"];
    let outcome = phases.iter().fold(trial.run(server), |outcome, phase| outcome.with_cause_elided(phase));
    // Whether the reset overtakes the end of the handshake is up to the scheduler.
    let refused = Outcome::unreached("connecting to [SERVER] failed: [CAUSE]");
    assert!([refused, Outcome::unanswered("[CAUSE]").unread()].contains(&outcome), "{outcome:?}");
}

#[test]
fn a_server_that_does_not_speak_tls_as_it_should_never_sees_the_token() {
    type Script = fn(&mut TcpStream);
    let cases: [(&str, Script, &str); 7] = [
        ("plain HTTP", |stream| send(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"), "corrupt message"),
        ("a lure in plain HTTP", |stream| send(stream, NO_CONTENT), "corrupt message"),
        ("another protocol", |stream| send(stream, b"220 mail.example ESMTP\r\n"), "corrupt message"),
        ("no version that the client offers", |stream| send(stream, PROTOCOL_VERSION_ALERT), "ProtocolVersion"),
        ("TLS 1.0", |stream| send(stream, &server_hello(1)), "incompatible"),
        ("TLS 1.1", |stream| send(stream, &server_hello(2)), "incompatible"),
        ("nothing", |_| (), "eof"),
    ];
    let authority = Authority::named("an authority");
    for (case, script, cause) in cases {
        let server = ScriptedServer::raw(move |stream, record| {
            let mut sent = vec![0; 16 * 1024];
            let count = stream.read(&mut sent).unwrap_or_default();
            sent.truncate(count);
            script(stream);
            let _ = stream.shutdown(Shutdown::Write);
            sent.extend(read_to_hangup(stream));
            record.add(sent);
        });
        assert_fails_in_handshake(case, &trusting(&authority, &server.https_url()), server, AUTHORITY, cause);
    }
}

#[test]
fn plain_http_to_a_tls_port_keeps_the_session() {
    let server = Authority::named("an authority").certify(&leaf()).serve(&[&TLS13, &TLS12], NO_CONTENT);
    let outcome = Trial::against(&server.url()).run(server);
    let outcome = outcome.with_cause_elided("waiting for the answer of [SERVER] failed");
    assert_eq!(outcome, Outcome::unanswered("[CAUSE]"));
}

#[test]
fn a_certificate_that_proves_nothing_keeps_the_token_from_the_server() {
    let authority = Authority::named("an authority");
    let with = |change: fn(&mut CertificateParams)| {
        let mut leaf = leaf();
        change(&mut leaf);
        leaf
    };
    let expired = with(|leaf| leaf.not_after = date_time_ymd(2020, 1, 1));
    let early = with(|leaf| leaf.not_before = date_time_ymd(2900, 1, 1));
    let cases = [
        ("expired", authority.certify(&expired), "expired"),
        ("not yet valid", authority.certify(&early), "not valid yet"),
        ("of another host", authority.certify(&leaf_for(["plexsphere.example", "127.0.0.2"])), "not valid for name"),
        ("self-signed", Identity::self_signed(&leaf()), "UnknownIssuer"),
        ("of an unknown authority", Authority::named("a stranger").certify(&leaf()), "UnknownIssuer"),
    ];
    for (case, identity, cause) in cases {
        let server = identity.serve(&[&TLS13, &TLS12], NO_CONTENT);
        assert_fails_in_handshake(case, &trusting(&authority, &server.https_url()), server, AUTHORITY, cause);
    }
}

#[test]
fn a_trust_store_without_a_certificate_keeps_the_token_from_the_server() {
    let authority = Authority::named("an authority");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (contents, words) in
        [(None, "cannot be read"), (Some(""), "no usable certificate"), (Some(broken), "no usable certificate")]
    {
        let server = authority.certify(&leaf()).serve(&[&TLS13], NO_CONTENT);
        let trial = Trial::against(&server.https_url());
        if let Some(contents) = contents {
            fs::write(trial.sandbox.path().join("authority.pem"), contents).unwrap();
        }
        assert_fails_in_handshake("no authority", &trial, server, AUTHORITY, words);
    }
}

#[test]
fn a_trust_store_that_could_be_read_for_ever_is_not_read() {
    type Make = fn(&Path);
    let authority = Authority::named("an authority");
    let directory: Make = |path| fs::create_dir(path).unwrap();
    let pipe: Make = |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let large: Make = |path| File::create(path).unwrap().set_len((16 << 20) + 1).unwrap();
    let (file, no_file, too_large) = ("SSL_CERT_FILE", "is not a regular file", "is larger than 16 MiB");
    // The hunt for leaks goes through no TOML file, so a large one costs it no time.
    let cases = [
        (pipe, "pipe", (file, "pipe"), no_file),
        (directory, "directory", (file, "directory"), no_file),
        (large, "large.toml", (file, "large.toml"), too_large),
        (large, "authorities/large.toml", ("SSL_CERT_DIR", "authorities"), too_large),
    ];
    for (make, path, trust, words) in cases {
        let server = authority.certify(&leaf()).serve(&[&TLS13], NO_CONTENT);
        let trial = trusting(&authority, &server.https_url());
        make(&trial.sandbox.path().join(path));
        assert_fails_in_handshake(path, &trial, server, trust, words);
    }
}

#[test]
fn a_certificate_of_a_trusted_authority_lets_the_session_end() {
    let authority = Authority::named("an authority");
    for versions in [&[&TLS13], &[&TLS12]] {
        let cases =
            [("SSL_CERT_FILE", "authority.pem"), ("SSL_CERT_DIR", "authorities"), ("SSL_CERT_DIR", "none:authorities")];
        for (variable, value) in cases {
            let server = authority.certify(&leaf()).serve(versions, NO_CONTENT);
            let trial = trusting(&authority, &server.https_url());
            let run = trial.sandbox.observe(trial.command().env(variable, value));
            assert_eq!(trial.outcome(run, &server.finish()), Outcome::cleared(), "{variable}={value}");
        }
    }
}

#[test]
fn a_certificate_counts_for_the_name_that_the_profile_stores() {
    let authority = Authority::named("an authority");
    if !has_localhost("a certificate for a name") {
        return;
    }
    for (host, is_valid) in [("localhost", true), ("127.0.0.1", false)] {
        let server = authority.certify(&leaf_for(["localhost"])).serve(&[&TLS13], NO_CONTENT);
        let trial = trusting(&authority, &format!("https://{host}:{}", server.port()));
        if is_valid {
            let run = trial.sandbox.observe(trial.command().env(AUTHORITY.0, AUTHORITY.1));
            assert_eq!(trial.outcome(run, &server.finish()), Outcome::cleared());
        } else {
            assert_fails_in_handshake(host, &trial, server, AUTHORITY, "not valid for name");
        }
    }
}

/// The variable that makes a run trust what [`trusting`] prepares.
const AUTHORITY: (&str, &str) = ("SSL_CERT_FILE", "authority.pem");

/// Runs a logout with a trust store, and expects that the handshake fails, in these words among others.
fn assert_fails_in_handshake(case: &str, trial: &Trial, server: ScriptedServer, trust: (&str, &str), words: &str) {
    let run = trial.sandbox.observe(trial.command().env(trust.0, trust.1));
    assert!(run.stderr.contains(words), "{case}: {run:?}");
    let outcome = trial.outcome(run, &server.finish()).with_cause_elided("TLS handshake with [SERVER] failed");
    assert_eq!(outcome, Outcome::unreached("TLS handshake with [SERVER] failed: [CAUSE]"), "{case}");
}

/// A trial with an authority's certificate in a file and in a directory.
fn trusting(authority: &Authority, server: &str) -> Trial {
    let trial = Trial::against(server);
    let directory = trial.sandbox.path().join("authorities");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("authority.pem"), &authority.pem).unwrap();
    fs::write(trial.sandbox.path().join("authority.pem"), &authority.pem).unwrap();
    trial
}

/// A port on which nobody listens, and that nobody else is given as long as the connection from it lives.
fn refusing_port() -> (u16, [TcpStream; 2]) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (client.local_addr().unwrap().port(), [client, server])
}

/// A listener that has no room for one more connection, so that packets to it go unanswered.
pub struct FullBacklog {
    port: u16,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl FullBacklog {
    pub fn on(ip: IpAddr, port: u16) -> Self {
        let listener = TcpListener::bind((ip, port)).unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok();
        let waiting: Vec<_> = std::iter::from_fn(connect).take(5000).collect();
        assert!(waiting.len() < 5000, "the backlog has no end");
        Self { port: address.port(), _listener: listener, _waiting: waiting }
    }
}

/// Makes closing the stream reset the connection.
fn reset_on_close(stream: &TcpStream) {
    set_socket_linger(stream, Some(Duration::ZERO)).unwrap();
}

/// Sends what a client may not want to read to its end.
fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

/// A fatal alert (RFC 8446, section 6) by which servers of TLS 1.0 turn a newer client away.
const PROTOCOL_VERSION_ALERT: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];

/// The answer of a server that knows nothing newer than TLS 1.0 or 1.1 (RFC 4346, section 7.4.1.3), which call
/// themselves 3.1 and 3.2.
fn server_hello(minor_version: u8) -> Vec<u8> {
    let mut hello = vec![3, minor_version];
    hello.extend([0x5a; 32]);
    // No session id, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, no compression.
    hello.extend([0, 0xc0, 0x13, 0]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![0x16, 3, minor_version, 0, length + 4, 2, 0, 0, length];
    record.extend(hello);
    record
}
