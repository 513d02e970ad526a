//! Everything that can happen before an answer: no way to the server, no trust in it ([`tls`], [`trust`]), or no word from
//! it.

mod tls;
pub mod trust;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use rustls::version::{TLS12, TLS13};

use crate::login::config as meanwhile;
use crate::login::network::connections;
use crate::login::signals::stopped;
use crate::support::sandbox::SLACK;
use crate::support::scripted_server::{ScriptedServer, read_head, read_to_hangup};
use crate::support::tls::{Authority, leaf};
use crate::support::trial::{Outcome, SUCCESS, Subject, Trial, assert_took, at_the_same_time, timed};

/// How a run ends that leaves the session as it was.
#[derive(Clone, Copy)]
pub enum Kept {
    /// Nothing was sent.
    Unreached,
    /// The request was sent, and read by the server.
    Unanswered,
    /// The request may have been sent.
    Unread,
    Unconfirmed,
    Refused,
}

/// Holds an outcome against all that such an end comes to, with these words for the cause.
#[expect(clippy::needless_pass_by_value, reason = "an outcome is held once")]
pub fn assert_kept(case: &str, outcome: Outcome, kept: Kept, words: &str) {
    let subject = outcome.subject;
    let expected = match kept {
        Kept::Unreached => Outcome::unreached(subject, words),
        Kept::Unanswered => Outcome::unanswered(subject, words),
        Kept::Unread => Outcome::unanswered(subject, words).unread(),
        Kept::Unconfirmed => Outcome::unconfirmed(subject, words),
        Kept::Refused => Outcome::refused(subject, words),
    };
    assert_eq!(outcome, expected, "{case}");
}

#[test]
fn unreachable_server_keeps_profile() {
    let (refusing, _held) = refusing_port();
    let servers = vec![
        (format!("http://127.0.0.1:{refusing}"), "cannot connect: connection refused"),
        (format!("https://127.0.0.1:{refusing}"), "cannot connect: connection refused"),
        // A label has 63 characters at most (RFC 1035, section 2.3.4), so this name is not even asked for.
        (format!("https://{}.invalid", "a".repeat(64)), "cannot look up the host: no such host"),
    ];
    at_the_same_time(servers, |(server, cause)| {
        for subject in Subject::ALL {
            let trial = Trial::of(subject, &server);
            let (run, took) = timed(|| trial.sandbox.observe(&mut trial.command()));
            assert!(took < Duration::from_secs(10) + SLACK, "{server}: {took:?}");
            assert_kept(&server, trial.outcome(run, &[]), Kept::Unreached, cause);
        }
    });
}

/// A run that waits in vain, for how many seconds, and what it says then.
struct Wait {
    case: &'static str,
    trial: Trial,
    server: Option<ScriptedServer>,
    variables: Vec<(&'static str, String)>,
    limit: u64,
    kept: Kept,
    cause: &'static str,
}

/// A run that waits in vain for each reason that there is.
fn waits(subject: Subject, backlog: &FullBacklog) -> Vec<Wait> {
    let silent = ScriptedServer::raw(|stream, record| record.add(read_to_hangup(stream)));
    let mute = ScriptedServer::stalling_after("");
    let mute_proxy = ScriptedServer::stalling_after("");
    let slow_proxy = ScriptedServer::start(Box::new(|stream| {
        thread::sleep(Duration::from_secs(6));
        send(stream, b"HTTP/1.1 200 OK\r\n\r\n");
        read_to_hangup(stream);
    }));
    let authority = Authority::named("an authority");
    let late = authority.certify(&leaf()).play(&[&TLS13], Duration::from_secs(8), |_, stream| {
        read_to_hangup(stream);
    });
    let handshake = "TLS handshake failed: timed out after 10 s";

    vec![
        Wait {
            case: "a full backlog",
            trial: Trial::of(subject, &format!("http://127.0.0.1:{}", backlog.port)),
            server: None,
            variables: vec![],
            limit: 10,
            kept: Kept::Unreached,
            cause: "cannot connect: timed out after 10 s",
        },
        Wait {
            case: "a silent handshake",
            trial: Trial::of(subject, &silent.https_url()),
            server: Some(silent),
            variables: vec![],
            limit: 10,
            kept: Kept::Unreached,
            cause: handshake,
        },
        // The handshake gets no more than what is left of the ten seconds behind the tunnel.
        Wait {
            case: "a slow tunnel",
            trial: Trial::of(subject, "https://plexsphere.example"),
            variables: vec![("HTTPS_PROXY", slow_proxy.url())],
            server: Some(slow_proxy),
            limit: 10,
            kept: Kept::Unreached,
            cause: handshake,
        },
        Wait {
            case: "a tunnel that is never opened",
            trial: labelled(Trial::of(subject, "https://plexsphere.example"), &mute_proxy.url(), "[PROXY]"),
            variables: vec![("https_proxy", mute_proxy.url())],
            server: Some(mute_proxy),
            limit: 10,
            kept: Kept::Unreached,
            cause: "cannot open a tunnel through the proxy [PROXY] (https_proxy): timed out after 10 s",
        },
        Wait {
            case: "no answer",
            trial: Trial::of(subject, &mute.url()),
            server: Some(mute),
            variables: vec![],
            limit: 30,
            kept: Kept::Unanswered,
            cause: "no response within 30 s",
        },
        // What connecting takes is a part of the thirty seconds.
        Wait {
            case: "a slow handshake",
            trial: trust::trusting(subject, &authority, &late.https_url()),
            variables: trust::AUTHORITY.map(|(name, value)| (name, value.to_owned())).to_vec(),
            server: Some(late),
            limit: 30,
            kept: Kept::Unanswered,
            cause: "no response within 30 s",
        },
    ]
}

/// Takes 30 seconds, the longest of the limits.
#[test]
fn every_wait_ends_at_its_limit() {
    let backlog = FullBacklog::on(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let mut waits = waits(Subject::Logout, &backlog);
    // Many processes that wait at once make each other late, so the others meet one limit of each kind.
    for subject in [Subject::ListTokens, Subject::DeleteToken] {
        let is_met = |wait: &Wait| ["a silent handshake", "no answer"].contains(&wait.case);
        waits.extend(self::waits(subject, &backlog).into_iter().filter(is_met));
    }
    thread::scope(|scope| {
        // Those of the other commands take as long.
        scope.spawn(connections::every_wait_ends_at_its_limit);
        scope.spawn(stopped::response_counts_after_its_deadline);
        scope.spawn(meanwhile::held_lock_stores_no_token);
        at_the_same_time(waits, |Wait { case, trial, server, variables, limit, kept, cause }| {
            let (run, took) = timed(|| trial.sandbox.observe(trial.command().envs(variables)));
            assert_took(case, took, limit);
            let sent = server.map(ScriptedServer::finish).unwrap_or_default();
            assert_kept(case, trial.outcome(run, &sent), kept, cause);
        });
    });
}

/// Shows a value as its label in what the trial's run says.
fn labelled(mut trial: Trial, value: &str, label: &str) -> Trial {
    trial.sandbox.label(value, label);
    trial
}

#[test]
fn closed_connection_leaves_outcome_unknown() {
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
        for subject in Subject::ALL {
            let server = ScriptedServer::raw(move |stream, record| record.add(script(stream)));
            let outcome = Trial::of(subject, &server.url()).run(server);
            let kept = if is_read { Kept::Unanswered } else { Kept::Unread };
            assert_kept(case, outcome, kept, "the connection was closed before a response");
        }
    }
}

#[test]
fn reset_connection_keeps_profile() {
    for subject in Subject::ALL {
        let server = ScriptedServer::raw(|stream, _| reset_on_close(stream));
        let outcome = Trial::of(subject, &server.url()).run(server);
        // Whether the reset overtakes the end of the handshake is up to the scheduler.
        if outcome.run.stderr.contains("cannot connect: ") {
            assert_kept("reset at once", outcome, Kept::Unreached, "cannot connect: the connection was closed");
        } else {
            assert_kept("reset at once", outcome, Kept::Unread, "the connection was closed before a response");
        }
    }
}

#[test]
fn response_before_request_counts() {
    let authority = Authority::named("an authority");
    let hasty = |closes_at_once: bool| {
        ScriptedServer::raw(move |stream, record| {
            send(stream, SUCCESS.as_bytes());
            // The client has to be given the chance to hear of it before it asks.
            thread::sleep(Duration::from_millis(20));
            if !closes_at_once {
                record.add(read_head(stream));
            }
        })
    };
    // It was lost in every other run.
    for round in 0..10 {
        for subject in Subject::ALL {
            let success = || Outcome::success(subject);
            let server = hasty(false);
            assert_eq!(Trial::of(subject, &server.url()).run(server), success(), "{round}");
            let server = hasty(true);
            assert_eq!(Trial::of(subject, &server.url()).run(server), success().unread(), "closed, {round}");

            let server = authority.certify(&leaf()).greet(&[&TLS13, &TLS12], SUCCESS.as_bytes());
            let trial = trust::trusting(subject, &authority, &server.https_url());
            let run = trial.sandbox.observe(trial.command().envs(trust::AUTHORITY));
            assert_eq!(trial.outcome(run, &server.finish()), success(), "TLS, {round}");
        }
    }
}

#[test]
fn plain_http_to_tls_port_keeps_profile() {
    let authority = Authority::named("an authority");
    for subject in Subject::ALL {
        let server = authority.certify(&leaf()).serve(&[&TLS13, &TLS12], SUCCESS.as_bytes());
        let outcome = Trial::of(subject, &server.url()).run(server);
        assert_kept("plain http", outcome, Kept::Unanswered, "the response is not HTTP");
    }
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
