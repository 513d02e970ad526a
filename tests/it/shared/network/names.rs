//! Names: what the resolver can do to a run. Each run asks a resolver of its test on loopback, or a list of hosts.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustls::version::TLS13;

use super::connection::trust::{AUTHORITY, trusting};
use super::connection::{FullBacklog, Kept, assert_kept};
use crate::support::program::find;
use crate::support::scripted_server::ScriptedServer;
use crate::support::shell::{has_namespaces, in_namespace, without_network, without_route};
use crate::support::skip;
use crate::support::tls::{Authority, leaf_for};
use crate::support::trial::{Outcome, SUCCESS, Subject, Trial, assert_took, at_the_same_time, timed};

#[test]
fn unknown_host_keeps_profile() {
    for code in [NO_SUCH_NAME, NO_ERROR] {
        let name_server = name_server("a name without an address", move |query| Some(answer(query, code)));
        let Some((name_server, asked)) = name_server else { return };
        for subject in Subject::ALL {
            let trial = Trial::of(subject, "https://plexsphere.example");
            let run = trial.sandbox.observe(&mut asking(name_server, &trial));
            let cause = "cannot look up the host: no such host";
            assert_kept(&format!("code {code}"), trial.outcome(run, &[]), Kept::Unreached, cause);
            let query = asked.try_iter().last().unwrap();
            assert!(String::from_utf8_lossy(&query).contains("\x0aplexsphere\x07example\0"), "{query:?}");
        }
    }
}

#[test]
fn dead_name_server_keeps_profile() {
    if !has_namespaces("a name server that is down") {
        return;
    }
    for subject in Subject::ALL {
        let trial = Trial::of(subject, "https://plexsphere.example");
        // Nobody takes this address, which is none of those that the tests' own name servers have.
        let run = trial.sandbox.observe(&mut asking(Ipv4Addr::new(127, 53, 1, 1), &trial));
        let cause = "cannot look up the host: Temporary failure in name resolution";
        assert_kept("a name server that is down", trial.outcome(run, &[]), Kept::Unreached, cause);
    }
}

/// The resolver itself would go on for twice as long.
#[test]
fn gives_up_on_silent_resolver() {
    let Some((name_server, asked)) = name_server("a resolver that does not answer", |_| None) else { return };
    at_the_same_time(Subject::ALL.to_vec(), |subject| {
        let trial = Trial::of(subject, "https://plexsphere.example");
        let (run, took) = timed(|| trial.sandbox.observe(&mut asking(name_server, &trial)));
        let cause = "cannot look up the host: timed out after 30 s";
        assert_kept("a silent resolver", trial.outcome(run, &[]), Kept::Unreached, cause);
        assert_took("a silent resolver", took, 30);
    });
    assert!(asked.try_recv().is_ok());
}

/// Takes 16 seconds: the C library gives the question up after ten, and only then the limit for connecting begins.
#[test]
fn silent_ipv6_lookup_leaves_time_to_connect() {
    let only_ipv4 = |query: &[u8]| is_for_ipv4(query).then(|| localhost(query));
    let Some((name_server, asked)) = name_server("a resolver that does not answer for IPv6", only_ipv4) else { return };
    let authority = Authority::named("an authority");
    let server =
        authority
            .certify(&leaf_for(["plexsphere.example"]))
            .play(&[&TLS13], Duration::from_secs(6), |_, stream| stream.write_all(SUCCESS.as_bytes()).unwrap());
    let trial = trusting(Subject::Logout, &authority, &format!("https://plexsphere.example:{}", server.port()));
    let resolver = format!("nameserver {name_server}\n");
    let mut command = trial.command();
    let files = [("nsswitch.conf", "hosts: dns\n"), ("resolv.conf", &resolver)];
    let (run, took) = timed(|| trial.sandbox.observe(&mut with_files(&trial, command.envs(AUTHORITY), &files)));
    assert_eq!(trial.outcome(run, &server.finish()), Outcome::cleared());
    assert!(took > Duration::from_secs(10), "the C library did not wait for IPv6: {took:?}");
    assert!(asked.try_iter().any(|query| !is_for_ipv4(&query)));
}

#[test]
fn falls_back_from_dead_ipv6_address() {
    if !has_namespaces("a dead IPv6 address") {
        return;
    }
    if let Err(error) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
        skip("a dead IPv6 address", &error.to_string());
        return;
    }
    for (swallows_packets, subject) in
        [false, true].into_iter().flat_map(|swallows| Subject::ALL.map(|subject| (swallows, subject)))
    {
        let server = ScriptedServer::answering(SUCCESS);
        let _backlog = swallows_packets.then(|| FullBacklog::on(IpAddr::V6(Ipv6Addr::LOCALHOST), server.port()));
        let trial = Trial::of(subject, &format!("http://localhost:{}", server.port()));
        let files = [("hosts", "::1 localhost\n127.0.0.1 localhost\n"), ("host.conf", "multi on\n")];
        let mut command = with_files(&trial, &trial.command(), &files);
        let (run, took) = timed(|| trial.sandbox.observe(&mut command));
        assert_eq!(
            trial.outcome(run, &server.finish()),
            Outcome::success(subject),
            "swallows packets: {swallows_packets}"
        );
        assert_took("a dead address", took, 0);
    }
}

#[test]
fn missing_network_keeps_profile() {
    if !has_namespaces("a machine without a network") {
        return;
    }
    for subject in Subject::ALL {
        let server = ScriptedServer::answering(SUCCESS);
        let trial = Trial::of(subject, &server.url());
        let run = trial.sandbox.observe(&mut without_network(&trial.command()));
        let cause = "cannot connect: the network is unreachable";
        assert_kept("no network", trial.outcome(run, &server.finish()), Kept::Unreached, cause);
    }
}

#[test]
fn missing_route_keeps_profile() {
    let what = "a host without a route";
    let Some(ip) = find(what, "ip").filter(|_| has_namespaces(what)) else { return };
    for subject in Subject::ALL {
        let server = ScriptedServer::answering(SUCCESS);
        let trial = Trial::of(subject, &server.url());
        let run = trial.sandbox.observe(&mut without_route(&ip, "127.0.0.1", &trial.command()));
        let cause = "cannot connect: no route to the host";
        assert_kept("no route", trial.outcome(run, &server.finish()), Kept::Unreached, cause);
    }
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

/// The response codes for an answer, and for a name that does not exist (RFC 1035, section 4.1.1).
const NO_ERROR: u8 = 0;
const NO_SUCH_NAME: u8 = 3;

/// The answer that says no more than a response code: the query as a response.
fn answer(query: &[u8], code: u8) -> Vec<u8> {
    let mut answer = query.to_vec();
    answer[2] |= 0x80;
    answer[3] = 0x80 | code;
    answer
}

/// The answer that the name of a query has the address 127.0.0.1.
fn localhost(query: &[u8]) -> Vec<u8> {
    let mut answer = answer(query, NO_ERROR);
    // One answer: the name of the question, of the same type and class, for a minute, and four bytes.
    answer[7] = 1;
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
    answer
}

/// Tells whether a query asks for an IPv4 address: its question ends in the type A and the class of the Internet.
fn is_for_ipv4(query: &[u8]) -> bool {
    query.ends_with(&[0, 1, 0, 1])
}

/// A command that asks a name server for names.
fn asking(name_server: Ipv4Addr, trial: &Trial) -> Command {
    let resolver = format!("nameserver {name_server}\noptions timeout:30 attempts:2\n");
    with_files(trial, &trial.command(), &[("nsswitch.conf", "hosts: files dns\n"), ("resolv.conf", &resolver)])
}

/// A command for which these files are all that there is in `/etc`.
fn with_files(trial: &Trial, command: &Command, files: &[(&str, &str)]) -> Command {
    let directory = trial.sandbox.path().join("etc");
    fs::create_dir(&directory).unwrap();
    for (name, contents) in files {
        fs::write(directory.join(name), contents).unwrap();
    }
    in_namespace("mount -t tmpfs none /etc; cp \"$HOME\"/etc/* /etc; exec \"$0\" \"$@\"", command)
}
