//! The TLS handshake: what servers and their certificates can get wrong, before the token is sent.

use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use rustls::version::{TLS12, TLS13};

use super::trust::{AUTHORITY, trusting};
use super::{Kept, assert_kept, send};
use crate::support::has_localhost;
use crate::support::program::{self, Program};
use crate::support::scripted_server::{ScriptedServer, read_to_hangup};
use crate::support::tls::{Authority, Identity, leaf, leaf_for};
use crate::support::trial::{Outcome, SUCCESS, Subject, Trial};

/// Runs a command that trusts the authority alone, and expects that the handshake fails for this cause.
fn assert_fails(case: &str, trial: &Trial, server: ScriptedServer, words: &str) {
    let run = trial.sandbox.observe(trial.command().envs(AUTHORITY));
    let words = format!("TLS handshake failed: {words}");
    assert_kept(case, trial.outcome(run, &server.finish()), Kept::Unreached, &words);
}

#[test]
fn broken_tls_server_never_sees_token() {
    type Script = fn(&mut TcpStream);
    let (no_tls, old) = ("the port does not use TLS", "the server does not support TLS 1.2 or newer");
    let nothing_in_common = "no common cipher suite or key type (P-521 keys are not supported)";
    let cases: [(&str, Script, &str); 12] = [
        ("plain HTTP", |stream| send(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"), no_tls),
        ("a lure in plain HTTP", |stream| send(stream, SUCCESS.as_bytes()), no_tls),
        ("another protocol", |stream| send(stream, b"220 mail.example ESMTP\r\n"), no_tls),
        ("no version that the client offers", |stream| send(stream, &alert(70)), old),
        ("TLS 1.0", |stream| send(stream, &server_hello(1)), old),
        ("TLS 1.1", |stream| send(stream, &server_hello(2)), old),
        ("no cipher suite that the client offers", |stream| send(stream, &alert(40)), nothing_in_common),
        ("a name that the server does not know", |stream| send(stream, &alert(112)), "the server aborted it"),
        (
            "a certificate of the client",
            |stream| send(stream, &alert(116)),
            "the server requires a client certificate, which plexctl does not support",
        ),
        (
            "an empty server hello",
            |stream| send(stream, &[0x16, 3, 3, 0, 4, 2, 0, 0, 0]),
            "the server violated the TLS protocol",
        ),
        ("half a record", |stream| send(stream, &[0x16, 3, 3, 0, 2, 2, 0]), "the connection was closed"),
        ("nothing", |_| (), "the connection was closed"),
    ];
    let authority = Authority::named("an authority");
    for (case, script, cause) in cases {
        for subject in Subject::ALL {
            let server = ScriptedServer::raw(move |stream, record| {
                let mut sent = vec![0; 16 * 1024];
                let count = stream.read(&mut sent).unwrap_or_default();
                sent.truncate(count);
                script(stream);
                let _ = stream.shutdown(Shutdown::Write);
                sent.extend(read_to_hangup(stream));
                record.add(sent);
            });
            assert_fails(case, &trusting(subject, &authority, &server.https_url()), server, cause);
        }
    }
}

#[test]
fn invalid_certificate_gets_no_token() {
    let authority = Authority::named("an authority");
    let with = |change: fn(&mut CertificateParams)| {
        let mut leaf = leaf();
        change(&mut leaf);
        authority.certify(&leaf)
    };
    let certified_for = |hosts: &[&str]| {
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        authority.certify(&CertificateParams::new(hosts).unwrap())
    };
    let unknown = "the certificate was issued by an unknown authority";
    let cases = || {
        [
            (
                "expired",
                with(|leaf| leaf.not_after = date_time_ymd(2020, 1, 1)),
                "the certificate expired on 2020-01-01",
            ),
            (
                "not yet valid",
                with(|leaf| leaf.not_before = date_time_ymd(2900, 12, 31)),
                "the certificate is not valid before 2900-12-31",
            ),
            (
                "of another host",
                certified_for(&["plexsphere.example"]),
                "the certificate is for plexsphere.example, not for 127.0.0.1",
            ),
            (
                "of other hosts",
                certified_for(&["127.0.0.2", "*.plexsphere.example"]),
                "the certificate is for 127.0.0.2 and 1 more, not for 127.0.0.1",
            ),
            ("of no host", certified_for(&[]), "the certificate names no host, so it is not valid for 127.0.0.1"),
            ("self-signed", Identity::self_signed(&leaf()), unknown),
            ("of an unknown authority", Authority::named("a stranger").certify(&leaf()), unknown),
            (
                "of an authority",
                with(|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
                "the server presents a CA certificate (CA:TRUE) as its own",
            ),
            ("wrongly signed", with(|_| ()).wrongly_signed(), "the certificate is malformed or unsupported"),
            (
                "for clients",
                with(|leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
                "the certificate is not for servers",
            ),
        ]
    };
    for subject in Subject::ALL {
        for (case, identity, cause) in cases() {
            let server = identity.serve(&[&TLS13, &TLS12], SUCCESS.as_bytes());
            assert_fails(case, &trusting(subject, &authority, &server.https_url()), server, cause);
        }
    }
}

#[test]
fn shortens_hostile_certificate_names() {
    let authority = Authority::named("an authority");
    let many: Vec<_> = (0..900).map(|number| format!("host-{number}.{}.example", "x".repeat(30))).collect();
    let long = vec![format!("{}.example", ["y".repeat(60).as_str(); 4].join("."))];
    for (case, hosts) in [("many", many), ("long", long)] {
        let server = authority.certify(&CertificateParams::new(hosts).unwrap()).serve(&[&TLS13], SUCCESS.as_bytes());
        let trial = trusting(Subject::Logout, &authority, &server.https_url());
        let run = trial.sandbox.observe(trial.command().envs(AUTHORITY));
        let line = run.stderr.lines().next().unwrap();
        assert!(line.len() < 350 && line.contains("not for 127.0.0.1"), "{case}: {line}");
        assert!(case != "many" || line.contains(" and 899 more, "), "{line}");
        assert_eq!(trial.outcome(run, &server.finish()).unread().run.exit, 1, "{case}");
    }
}

#[test]
fn verbose_names_version_of_tls() {
    let authority = Authority::named("an authority");
    for (version, name) in [(&TLS12, "1.2"), (&TLS13, "1.3")] {
        let server = authority.certify(&leaf()).serve(&[version], SUCCESS.as_bytes());
        let trial = trusting(Subject::Logout, &authority, &server.https_url());
        let run = trial.sandbox.observe(trial.command().envs(AUTHORITY).arg("-v"));
        let line = format!("debug: TLS {name} with 127.0.0.1: a new session\n");
        assert!(run.exit == 0 && run.stderr.contains(&line), "{run:?}");
    }
}

#[test]
fn verifies_certificate_against_stored_name() {
    let authority = Authority::named("an authority");
    if !has_localhost("a certificate for a name") {
        return;
    }
    for (host, is_valid) in [("localhost", true), ("127.0.0.1", false)] {
        for subject in Subject::ALL {
            let server = authority.certify(&leaf_for(["localhost"])).serve(&[&TLS13], SUCCESS.as_bytes());
            let trial = trusting(subject, &authority, &format!("https://{host}:{}", server.port()));
            if is_valid {
                let run = trial.sandbox.observe(trial.command().envs(AUTHORITY));
                assert_eq!(trial.outcome(run, &server.finish()), Outcome::success(subject));
            } else {
                assert_fails(host, &trial, server, "the certificate is for localhost, not for 127.0.0.1");
            }
        }
    }
}

/// What OpenSSL takes, but this client's library does not.
#[test]
fn names_unsupported_certificate_key() {
    let Some(openssl) = program::find("P-521 keys", "openssl") else { return };
    let (from_authority, of_server) = (
        "the certificate chain has an unsupported key type, such as P-521",
        "no common cipher suite or key type (P-521 keys are not supported)",
    );
    for (authority, leaf, cause) in [("P-256", "P-521", of_server), ("P-521", "P-256", from_authority)] {
        for version in ["-tls1_2", "-tls1_3"] {
            let directory = tempfile::tempdir().unwrap();
            let run_openssl = |arguments: &str| {
                let mut command = Command::new(&openssl);
                command.args(arguments.split(' ')).current_dir(directory.path()).stderr(Stdio::null());
                assert!(command.status().unwrap().success(), "{arguments}");
            };
            let mut extensions = "basicConstraints=critical,CA:FALSE\n".to_owned();
            writeln!(extensions, "subjectAltName=IP:127.0.0.1").unwrap();
            fs::write(directory.path().join("extensions"), extensions).unwrap();
            let key = "-newkey ec -nodes -pkeyopt ec_paramgen_curve:";
            run_openssl(&format!("req -x509 {key}{authority} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"));
            run_openssl(&format!("req {key}{leaf} -keyout leaf.key -out leaf.csr -subj /CN=leaf"));
            run_openssl(
                "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile extensions -out leaf.pem -days 2",
            );
            let mut server = Command::new(&openssl);
            server.args([
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-www",
                "-cert",
                "leaf.pem",
                "-key",
                "leaf.key",
                version,
            ]);
            let server = Program::that_tells_its_port(server.current_dir(directory.path()));

            let trial = Trial::against(&format!("https://127.0.0.1:{}", server.port));
            copy(&directory.path().join("ca.pem"), &trial);
            let run = trial.sandbox.observe(trial.command().envs(AUTHORITY));
            let cause = format!("TLS handshake failed: {cause}");
            assert_kept(&format!("{leaf} {version}"), trial.outcome(run, &[]), Kept::Unreached, &cause);
        }
    }
}

/// Puts an authority where a trial finds the one that it trusts.
fn copy(authority: &Path, trial: &Trial) {
    fs::copy(authority, trial.sandbox.path().join(AUTHORITY[0].1)).unwrap();
    fs::create_dir(trial.sandbox.path().join(AUTHORITY[1].1)).unwrap();
}

/// A fatal alert (RFC 8446, section 6) in the version that all clients know.
fn alert(description: u8) -> [u8; 7] {
    [0x15, 3, 1, 0, 2, 2, description]
}

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
