//! Names: what the resolver can do to a run. Each run asks a resolver of its test on loopback, or a list of hosts.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;

use super::connection::FullBacklog;
use super::{NO_CONTENT, Outcome, Trial, assert_took, timed};
use crate::support::scripted_server::ScriptedServer;
use crate::support::shell::{has_namespaces, in_namespace, without_network};
use crate::support::skip;

#[test]
fn a_name_that_does_not_exist_keeps_the_session() {
    let Some((name_server, asked)) = name_server("a name that does not exist", |query| Some(no_such_name(query)))
    else {
        return;
    };
    let trial = Trial::against("https://plexsphere.example");
    let run = trial.sandbox.observe(&mut asking(name_server, &trial));
    // The rest is in the words of the C library.
    let outcome = trial.outcome(run, &[]).with_cause_elided("connecting to [SERVER] failed: dns error");
    assert_eq!(outcome, Outcome::unreached("connecting to [SERVER] failed: dns error: [CAUSE]"));
    let query = asked.try_recv().unwrap();
    assert!(String::from_utf8_lossy(&query).contains("\x0aplexsphere\x07example\0"), "{query:?}");
}

/// The resolver itself would go on for three times as long.
#[test]
fn a_resolver_that_does_not_answer_is_given_up_at_the_limit() {
    let Some((name_server, asked)) = name_server("a resolver that does not answer", |_| None) else { return };
    let trial = Trial::against("https://plexsphere.example");
    let (run, took) = timed(|| trial.sandbox.observe(&mut asking(name_server, &trial)));
    assert_eq!(trial.outcome(run, &[]), Outcome::unreached("connecting to [SERVER] failed: timed out"));
    assert_took("a silent resolver", took, 10);
    assert!(asked.try_recv().is_ok());
}

#[test]
fn a_dead_ipv6_address_beside_a_live_ipv4_one_does_not_matter() {
    if !has_namespaces("a dead IPv6 address") {
        return;
    }
    if let Err(error) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
        skip("a dead IPv6 address", &error.to_string());
        return;
    }
    for swallows_packets in [false, true] {
        let server = ScriptedServer::answering(NO_CONTENT);
        let _backlog = swallows_packets.then(|| FullBacklog::on(IpAddr::V6(Ipv6Addr::LOCALHOST), server.port()));
        let trial = Trial::against(&format!("http://localhost:{}", server.port()));
        let mut command =
            with_files(&trial, &[("hosts", "::1 localhost\n127.0.0.1 localhost\n"), ("host.conf", "multi on\n")]);
        let (run, took) = timed(|| trial.sandbox.observe(&mut command));
        assert_eq!(trial.outcome(run, &server.finish()), Outcome::cleared(), "swallows packets: {swallows_packets}");
        assert_took("a dead address", took, 0);
    }
}

#[test]
fn a_machine_without_a_network_keeps_the_session() {
    if !has_namespaces("a machine without a network") {
        return;
    }
    let server = ScriptedServer::answering(NO_CONTENT);
    let trial = Trial::against(&server.url());
    let run = trial.sandbox.observe(&mut without_network(&trial.command()));
    let cause = format!("connecting to [SERVER] failed: tcp connect error: {}", io::Error::from(Errno::NETUNREACH));
    assert_eq!(trial.outcome(run, &server.finish()), Outcome::unreached(&cause));
}

/// Starts a name server on a loopback address of its own, and gives the queries that reach it. Only root may take the
/// port that resolvers ask.
fn name_server(
    what: &str,
    answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static,
) -> Option<(Ipv4Addr, Receiver<Vec<u8>>)> {
    if !has_namespaces(what) {
        return None;
    }
    let free = (1..=254).find_map(|host| UdpSocket::bind((Ipv4Addr::new(127, 53, 0, host), 53)).ok());
    let Some(socket) = free else {
        skip(what, "the port of a name server cannot be taken");
        return None;
    };
    let IpAddr::V4(address) = socket.local_addr().unwrap().ip() else { panic!("it was bound to IPv4") };
    let (sender, queries) = mpsc::channel();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let query = &buffer[..length];
            if let Some(answer) = answer(query) {
                socket.send_to(&answer, client).unwrap();
            }
            if sender.send(query.to_vec()).is_err() {
                return;
            }
        }
    });
    Some((address, queries))
}

/// The answer that there is no such name: the query as a response with code 3 (RFC 1035, section 4.1.1).
fn no_such_name(query: &[u8]) -> Vec<u8> {
    let mut answer = query.to_vec();
    answer[2] |= 0x80;
    answer[3] = 0x80 | 3;
    answer
}

/// A logout that asks a name server for names.
fn asking(name_server: Ipv4Addr, trial: &Trial) -> Command {
    let resolver = format!("nameserver {name_server}\noptions timeout:30 attempts:1\n");
    with_files(trial, &[("nsswitch.conf", "hosts: files dns\n"), ("resolv.conf", &resolver)])
}

/// A logout for which these files are all that there is in `/etc`.
fn with_files(trial: &Trial, files: &[(&str, &str)]) -> Command {
    let directory = trial.sandbox.path().join("etc");
    fs::create_dir(&directory).unwrap();
    for (name, contents) in files {
        fs::write(directory.join(name), contents).unwrap();
    }
    in_namespace("mount -t tmpfs none /etc; cp \"$HOME\"/etc/* /etc; exec \"$0\" \"$@\"", &trial.command())
}
