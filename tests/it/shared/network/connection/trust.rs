//! The trust store: whose certificates count, wherever a system or its operator keeps them.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use rustls::version::{TLS12, TLS13};

use super::{Kept, assert_kept};
use crate::support::scripted_server::ScriptedServer;
use crate::support::shell::{has_namespaces, in_namespace};
use crate::support::tls::{Authority, leaf};
use crate::support::trial::{Outcome, SUCCESS, Subject, Trial};
use crate::support::{runs_as_root, skip};

/// The variables that make a run trust what [`trusting`] prepares, and nothing else.
pub const AUTHORITY: [(&str, &str); 2] = [("SSL_CERT_FILE", "authority.pem"), ("SSL_CERT_DIR", "no-authorities")];

/// A trial with an authority's certificate in a file and in a directory, a stranger's in a file, and an empty directory.
pub fn trusting(subject: Subject, authority: &Authority, server: &str) -> Trial {
    let trial = Trial::of(subject, server);
    let at = |path| trial.sandbox.path().join(path);
    for directory in ["authorities", "no-authorities"] {
        fs::create_dir(at(directory)).unwrap();
    }
    for file in ["authority.pem", "authorities/authority.pem"] {
        fs::write(at(file), &authority.pem).unwrap();
    }
    fs::write(at("stranger.pem"), Authority::named("a stranger").pem).unwrap();
    trial
}

/// A server of an authority, on whose connections something comes.
fn server_of(authority: &Authority) -> ScriptedServer {
    authority.certify(&leaf()).serve(&[&TLS13, &TLS12], SUCCESS.as_bytes())
}

/// Takes the outcome of a run that made so many connections, the last of which may be the one for the request.
fn outcome_after(connections: usize, trial: &Trial, server: ScriptedServer, command: &mut Command) -> Outcome {
    let run = trial.sandbox.observe(command);
    let sent = server.finish();
    assert_eq!(sent.len(), connections, "{run:?}");
    for first in sent.iter().rev().skip(1) {
        assert!(!first.contains("Bearer"), "the request was sent on a connection that was given up");
    }
    trial.outcome(run, &sent[connections.saturating_sub(1)..])
}

#[test]
fn accepts_certificate_of_trusted_authority() {
    let authority = Authority::named("an authority");
    for versions in [&[&TLS13], &[&TLS12]] {
        for subject in Subject::ALL {
            for (file, directories, connections) in [
                ("authority.pem", "no-authorities", 1),
                ("none.pem", "authorities", 1),
                ("stranger.pem", "none:authorities", 2),
            ] {
                let server = authority.certify(&leaf()).serve(versions, SUCCESS.as_bytes());
                let trial = trusting(subject, &authority, &server.https_url());
                let mut command = trial.command();
                command.env("SSL_CERT_FILE", file).env("SSL_CERT_DIR", directories);
                let outcome = outcome_after(connections, &trial, server, &mut command);
                assert_eq!(outcome, Outcome::success(subject), "{file} {directories}");
            }
        }
    }
}

#[test]
fn empty_trust_store_sends_no_token() {
    let authority = Authority::named("an authority");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cases = [
        (None, "the trust store authority.pem cannot be read: No such file or directory"),
        (Some(""), "the trust store authority.pem has no usable certificate"),
        (Some(broken), "the trust store authority.pem has no usable certificate"),
    ];
    for (contents, cause) in cases {
        for subject in Subject::ALL {
            let server = server_of(&authority);
            let trial = trusting(subject, &authority, &server.https_url());
            let path = trial.sandbox.path().join("authority.pem");
            match contents {
                Some(contents) => fs::write(path, contents).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
            let run = trial.sandbox.observe(trial.command().envs(AUTHORITY));
            assert_kept(cause, trial.outcome(run, &server.finish()), Kept::Unreached, cause);
        }
    }
}

/// It can be found and opened, but there is nothing at its start.
#[test]
fn names_trust_store_that_cannot_be_read() {
    if !runs_as_root() {
        return skip("a trust store that cannot be read", "it takes root to open that file");
    }
    let authority = Authority::named("an authority");
    let server = server_of(&authority);
    let trial = trusting(Subject::Logout, &authority, &server.https_url());
    let mut command = trial.command();
    command.env("SSL_CERT_FILE", "/proc/self/mem").env("SSL_CERT_DIR", "no-authorities");
    let run = trial.sandbox.observe(&mut command);
    let cause = "the trust store /proc/self/mem cannot be read: Input/output error";
    assert_kept(cause, trial.outcome(run, &server.finish()), Kept::Unreached, cause);
}

#[test]
fn skips_endless_trust_store() {
    type Make = fn(&Path);
    let authority = Authority::named("an authority");
    let directory: Make = |path| fs::create_dir(path).unwrap();
    let pipe: Make = |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let large: Make = |path| File::create(path).unwrap().set_len((16 << 20) + 1).unwrap();
    // The hunt for leaks goes through no TOML file, so a large one costs it no time.
    let cases = [
        (pipe, "pipe", ["pipe", "no-authorities"], "pipe is not a regular file"),
        (directory, "directory", ["directory", "no-authorities"], "directory is not a regular file"),
        (large, "large.toml", ["large.toml", "no-authorities"], "large.toml is larger than 16 MiB"),
        (large, "authorities/large.toml", ["none", "authorities"], "none cannot be read: No such file or directory"),
        (large, "no-authorities/large.toml", ["", "no-authorities"], "no-authorities is larger than 16 MiB"),
    ];
    for (make, path, [file, directories], cause) in cases {
        for subject in Subject::ALL {
            let server = server_of(&authority);
            let trial = trusting(subject, &authority, &server.https_url());
            make(&trial.sandbox.path().join(path));
            let mut command = trial.command();
            command.env("SSL_CERT_FILE", file).env("SSL_CERT_DIR", directories);
            if file.is_empty() {
                if !has_namespaces("a directory that is too large, on a system without a bundle") {
                    continue;
                }
                command = in_namespace("mount -t tmpfs none /etc; exec \"$0\" \"$@\"", &command);
            }
            let run = trial.sandbox.observe(&mut command);
            let cause = format!("the trust store {cause}");
            assert_kept(path, trial.outcome(run, &server.finish()), Kept::Unreached, &cause);
        }
    }
}

#[test]
fn reads_trust_store_of_16_mib() {
    let authority = Authority::named("an authority");
    let server = server_of(&authority);
    let trial = trusting(Subject::Logout, &authority, &server.https_url());
    let filler = "\n".repeat((16 << 20) - authority.pem.len());
    fs::write(trial.sandbox.path().join("large.toml"), authority.pem.clone() + &filler).unwrap();
    let mut command = trial.command();
    command.env("SSL_CERT_FILE", "large.toml").env("SSL_CERT_DIR", "no-authorities");
    let run = trial.sandbox.observe(&mut command);
    assert_eq!(trial.outcome(run, &server.finish()), Outcome::success(Subject::Logout));
}

/// What stands in a file of the system's trust store.
#[derive(Clone, Copy, Debug)]
enum Holds {
    TheAuthority,
    AStranger,
    Nothing,
}

/// The files of a system's trust store.
type System = &'static [(&'static str, Holds)];

/// A command for which the files of the trust store are all that there is in `/etc`.
fn on_a_system_with(files: &[(&str, Holds)], trial: &Trial, command: &Command) -> Command {
    for (path, holds) in files {
        let path = trial.sandbox.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match holds {
            Holds::TheAuthority => fs::copy(trial.sandbox.path().join("authority.pem"), path).unwrap(),
            Holds::AStranger => fs::copy(trial.sandbox.path().join("stranger.pem"), path).unwrap(),
            Holds::Nothing => File::create(path).map(|_| 0).unwrap(),
        };
    }
    fs::create_dir_all(trial.sandbox.path().join("etc")).unwrap();
    in_namespace("mount -t tmpfs none /etc; cp -r \"$HOME\"/etc/. /etc; exec \"$0\" \"$@\"", command)
}

const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

#[test]
fn finds_system_trust_store_like_go() {
    use Holds::{AStranger, Nothing, TheAuthority};
    if !has_namespaces("the system's trust store") {
        return;
    }
    let bundles = [
        BUNDLE,
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    let mut systems: Vec<(Vec<(&str, Holds)>, usize)> = vec![
        // An unusable bundle does not end the search.
        (vec![(BUNDLE, Nothing), ("/etc/ssl/cert.pem", TheAuthority)], 1),
        // What stands in a directory alone takes another connection, but where the bundle says nothing.
        (vec![(BUNDLE, AStranger), ("/etc/ssl/certs/5ed36f99.0", TheAuthority)], 2),
        (vec![(BUNDLE, AStranger), ("/etc/pki/tls/certs/authority", TheAuthority)], 2),
        (vec![("/etc/ssl/certs/5ed36f99.0", TheAuthority)], 1),
        (
            vec![(BUNDLE, Nothing), ("/etc/ssl/certs/stranger.pem", AStranger), ("/etc/ssl/certs/a.pem", TheAuthority)],
            1,
        ),
    ];
    systems.extend(bundles.map(|bundle| (vec![(bundle, TheAuthority)], 1)));
    let authority = Authority::named("an authority");
    for (files, connections) in &systems {
        for subject in Subject::ALL {
            let server = server_of(&authority);
            let trial = trusting(subject, &authority, &server.https_url());
            let mut command = on_a_system_with(files, &trial, &trial.command());
            let outcome = outcome_after(*connections, &trial, server, &mut command);
            assert_eq!(outcome, Outcome::success(subject), "{files:?}");
        }
    }
}

#[test]
fn unknown_authority_gets_no_token() {
    use Holds::{AStranger, Nothing};
    if !has_namespaces("an authority that the system does not know") {
        return;
    }
    let unknown = "TLS handshake failed: the certificate was issued by an unknown authority";
    let systems: [(System, usize, &str); 4] = [
        (&[], 0, "the system has no trust store"),
        (&[(BUNDLE, Nothing)], 0, "the trust store /etc/ssl/certs/ca-certificates.crt has no usable certificate"),
        // The directory knows no more than the bundle, so nothing would come of another connection.
        (&[(BUNDLE, AStranger), ("/etc/ssl/certs/stranger.pem", AStranger)], 1, unknown),
        (&[("/etc/ssl/certs/stranger.pem", AStranger)], 1, unknown),
    ];
    let authority = Authority::named("an authority");
    for (files, connections, cause) in systems {
        for subject in Subject::ALL {
            let server = server_of(&authority);
            let trial = trusting(subject, &authority, &server.https_url());
            let mut command = on_a_system_with(files, &trial, &trial.command());
            let outcome = outcome_after(connections, &trial, server, &mut command);
            assert_kept(&format!("{files:?}"), outcome, Kept::Unreached, cause);
        }
    }
}

#[test]
fn unknown_authority_is_told_with_unread_directory() {
    let authority = Authority::named("an authority");
    for subject in Subject::ALL {
        let server = server_of(&authority);
        let trial = trusting(subject, &authority, &server.https_url());
        fs::write(trial.sandbox.path().join("no-authorities/b.pem"), Authority::named("a foreigner").pem).unwrap();
        let mut command = trial.command();
        command.env("SSL_CERT_FILE", "stranger.pem").env("SSL_CERT_DIR", "none:no-authorities");
        let cause = "TLS handshake failed: the certificate was issued by an unknown authority, and the trust store none \
                     cannot be read: No such file or directory";
        assert_kept("", outcome_after(2, &trial, server, &mut command), Kept::Unreached, cause);
    }
}

/// As in Go, and as OpenSSL and curl do it: each variable stands in for its own half of the system's store.
#[test]
fn variables_override_trust_store() {
    use Holds::{AStranger, TheAuthority};
    if !has_namespaces("the variables of the trust store") {
        return;
    }
    let in_bundle: System = &[(BUNDLE, TheAuthority)];
    let in_directory: System = &[(BUNDLE, AStranger), ("/etc/pki/tls/certs/a.pem", TheAuthority)];
    let (file, directories) = ("SSL_CERT_FILE", "SSL_CERT_DIR");
    let unknown = Err("TLS handshake failed: the certificate was issued by an unknown authority");
    let cases: [(_, &[(&str, &str)], _, _); 6] = [
        (in_bundle, &[(directories, "no-authorities")], 1, Ok(())),
        (in_bundle, &[(file, "stranger.pem"), (directories, "no-authorities")], 1, unknown),
        (in_directory, &[(file, "stranger.pem")], 2, Ok(())),
        (in_directory, &[(file, "none.pem")], 1, Ok(())),
        (in_directory, &[(directories, "no-authorities")], 1, unknown),
        (
            in_bundle,
            &[(file, "none.pem"), (directories, ".")],
            1,
            Err(
                "TLS handshake failed: the certificate was issued by an unknown authority, and the trust store none.pem \
                 cannot be read: No such file or directory",
            ),
        ),
    ];
    let authority = Authority::named("an authority");
    for (files, variables, connections, expected) in cases {
        for subject in Subject::ALL {
            let server = server_of(&authority);
            let trial = trusting(subject, &authority, &server.https_url());
            // Where the sandbox itself is a directory of authorities, it has no other than the stranger.
            let is_strange = variables.contains(&(directories, "."));
            let mut command = trial.command();
            let mut command = on_a_system_with(files, &trial, command.envs(variables.iter().copied()));
            if is_strange {
                fs::remove_file(trial.sandbox.path().join("authority.pem")).unwrap();
            }
            let outcome = outcome_after(connections, &trial, server, &mut command);
            match expected {
                Ok(()) => assert_eq!(outcome, Outcome::success(subject), "{variables:?}"),
                Err(cause) => assert_kept(&format!("{variables:?}"), outcome, Kept::Unreached, cause),
            }
        }
    }
}
