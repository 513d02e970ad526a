//! The way through a proxy, seen from outside: a real proxy on loopback, and servers under names that only the proxy has
//! to know.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::thread;

use crate::support::sandbox::{Run, Sandbox};
use crate::support::scripted_server::ScriptedServer;
use crate::support::tls::{Authority, leaf_for};

const TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_c4nary-s3cret-c4nary";
const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const CLEARED: &str = "Logged out. Cleared profile \"default\".\n";
const PROBLEM_404: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: \
                             16\r\n\r\n{\"title\":\"Gone\"}";

/// A sandbox that is signed in to a server.
fn signed_in(server: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.write_config(format!(
        "default = \"default\"\n[profiles.default]\nserver = \"{server}\"\ntoken = \"{TOKEN}\"\n# the end\n"
    ));
    sandbox
}

fn logout(sandbox: &Sandbox) -> Command {
    sandbox.command(["logout"])
}

/// Checks that a run failed with this in its error, and that the file is as it was.
fn assert_keeps(sandbox: &Sandbox, command: &mut Command, error: &str) {
    let before = sandbox.config_state();
    let run = sandbox.observe(command);
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    assert!(run.stderr.contains(error) && run.stderr.contains(ID), "{}", run.stderr);
    assert!(run.stderr.contains("may still be live at"), "{}", run.stderr);
    assert_eq!(sandbox.config_state(), before);
}

#[test]
fn plain_http_goes_to_the_proxy_in_absolute_form_with_credentials_from_its_url() {
    let proxy = ScriptedServer::answering(NO_CONTENT);
    let sandbox = signed_in("http://plexsphere.example:8080/base");
    let mut command = logout(&sandbox);
    command.env("HTTP_PROXY", format!("http://us%65r:p%40ss@127.0.0.1:{}", proxy.port())).env("http_proxy", "junk://");

    let warning = "warning: the token travels unencrypted to http://plexsphere.example:8080\n";
    assert_eq!(sandbox.observe(&mut command), Run::new(0, CLEARED, warning));
    assert_eq!(sandbox.config_text(), "# the end\n");
    let [request] = &proxy.requests()[..] else { panic!("not one request") };
    let (line, headers) = request.split_once("\r\n").unwrap();
    assert_eq!(line, format!("DELETE http://plexsphere.example:8080/base/v1/auth/tokens/{ID} HTTP/1.1"));
    let headers = headers.to_lowercase();
    assert!(headers.contains("\r\nproxy-authorization: basic dxnlcjpwqhnz\r\n"), "{headers}");
    assert!(headers.contains("host: plexsphere.example:8080\r\n"), "{headers}");
    assert!(request.contains(&format!("Bearer {TOKEN}")));
}

#[test]
fn a_plain_proxys_404_counts_only_with_problem_details() {
    for status in ["401 Unauthorized", "404 Not Found"] {
        for body in ["", "Content-Type: text/html\r\n", "Content-Type: application/problem+json\r\n"] {
            let answer = format!("HTTP/1.1 {status}\r\n{body}Content-Length: 0\r\n\r\n");
            let proxy = ScriptedServer::answering(answer);
            let sandbox = signed_in("http://plexsphere.example");
            let mut command = logout(&sandbox);
            command.env("http_proxy", proxy.url());
            let error = format!("{status}, without problem details, may be the answer of the proxy");
            assert_keeps(&sandbox, &mut command, &error);
            assert_eq!(proxy.requests().len(), 1);
        }
    }
    let proxy = ScriptedServer::answering(PROBLEM_404);
    let sandbox = signed_in("http://plexsphere.example");
    let mut command = logout(&sandbox);
    command.env("HTTP_PROXY", proxy.url());
    let run = sandbox.observe(&mut command);
    assert_eq!((run.exit, run.stdout.as_str()), (0, CLEARED), "{}", run.stderr);
    assert_eq!(sandbox.config_text(), "# the end\n");
}

#[test]
fn a_plain_proxys_own_failure_keeps_the_session() {
    for status in ["407 Proxy Authentication Required", "502 Bad Gateway"] {
        let proxy = ScriptedServer::answering(format!("HTTP/1.1 {status}\r\n\r\n"));
        let sandbox = signed_in("http://plexsphere.example");
        let mut command = logout(&sandbox);
        command.env("HTTP_PROXY", proxy.url());
        assert_keeps(&sandbox, &mut command, status);
    }
}

#[test]
fn a_refused_tunnel_says_nothing_about_the_session() {
    for status in ["401 U", "403 F", "404 N", "407 P", "502 B", "301 M", "204 N", "100 C", "junk"] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\n\r\n{{\"title\":\"T\"}}");
        let proxy = ScriptedServer::answering(answer);
        let sandbox = signed_in("https://plexsphere.example");
        let mut command = logout(&sandbox);
        command.env("HTTPS_PROXY", format!("http://user:hunter2@127.0.0.1:{}", proxy.port()));
        let error = format!("the server was not reached: opening a tunnel through {} failed: ", proxy.url());
        assert_keeps(&sandbox, &mut command, &error);

        let [request] = &proxy.requests()[..] else { panic!("not one request") };
        assert!(request.starts_with("CONNECT plexsphere.example:443 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Proxy-Authorization: Basic dXNlcjpodW50ZXIy\r\n"), "{request}");
        assert!(!request.contains("s3cret") && !request.contains("Bearer"), "{request}");
    }
}

#[test]
fn a_proxy_that_cannot_be_used_fails_closed_and_shows_no_password() {
    for value in ["https://127.0.0.1:1", "socks5://127.0.0.1:1", "http://user:hunter2@127.0.0.1:port", "http://"] {
        let sandbox = signed_in("https://plexsphere.example");
        let mut command = logout(&sandbox);
        command.env("https_proxy", value);
        assert_keeps(
            &sandbox,
            &mut command,
            "the server was not reached: choosing a proxy for https://plexsphere.example failed: the proxy setting ",
        );
        assert!(!sandbox.observe(&mut command).stderr.contains("hunter2"));
    }
}

#[test]
fn a_proxy_that_is_down_is_named() {
    let sandbox = signed_in("https://plexsphere.example");
    let mut command = logout(&sandbox);
    command.env("HTTPS_PROXY", "127.0.0.1:1");
    assert_keeps(&sandbox, &mut command, "connecting to http://127.0.0.1:1 failed: tcp connect error");
}

#[test]
fn loopback_and_exempt_servers_are_reached_directly() {
    let server = ScriptedServer::answering(NO_CONTENT);
    let proxy = ScriptedServer::answering(PROBLEM_404);
    let sandbox = signed_in(&server.url());
    let mut command = logout(&sandbox);
    command.env("HTTP_PROXY", proxy.url()).env("HTTPS_PROXY", "junk://").env("ALL_PROXY", proxy.url());
    assert_eq!(sandbox.observe(&mut command), Run::new(0, CLEARED, ""));
    assert_eq!((server.requests().len(), proxy.requests().len()), (1, 0));

    // Nothing listens on port 1 of the exempt address, which is what shows that the proxy was left out.
    let sandbox = signed_in("http://0.0.0.0:1");
    let mut command = logout(&sandbox);
    command.env("HTTP_PROXY", proxy.url()).env("NO_PROXY", "other,0.0.0.0/8");
    assert_keeps(&sandbox, &mut command, "connecting to http://0.0.0.0:1 failed");
    assert_eq!(proxy.requests(), [""; 0]);
}

#[test]
fn no_other_variable_chooses_a_proxy() {
    let proxy = ScriptedServer::answering(NO_CONTENT);
    for variable in ["ALL_PROXY", "all_proxy", "HTTP_PROXY"] {
        let sandbox = signed_in("https://0.0.0.0:1");
        let mut command = logout(&sandbox);
        command.env(variable, proxy.url());
        assert_keeps(&sandbox, &mut command, "connecting to https://0.0.0.0:1 failed");
    }
    assert_eq!(proxy.requests(), [""; 0]);
}

/// A proxy that opens every tunnel to the same port of this machine.
fn tunnel_to(port: u16) -> ScriptedServer {
    ScriptedServer::start(Box::new(move |client| {
        client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 a\r\n\r\n").unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let upwards = thread::spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Write);
        });
        // Either side may hang up first; then the other is told, and both copies end.
        let _ = io::copy(&mut &server, client);
        let _ = client.shutdown(Shutdown::Both);
        upwards.join().unwrap();
    }))
}

/// A logout from `plexsphere.example` through a tunnel, at whose end a server shows a trusted certificate of a host.
fn behind_a_tunnel(host: &str) -> (ScriptedServer, ScriptedServer, Sandbox, Command) {
    let authority = Authority::named("an authority");
    let server = authority.certify(&leaf_for([host])).serve(rustls::ALL_VERSIONS, NO_CONTENT);
    let proxy = tunnel_to(server.port());
    let mut sandbox = signed_in("https://plexsphere.example");
    sandbox.write(&sandbox.path().join("authority.toml"), &authority.pem);
    let mut command = logout(&sandbox);
    command.env("HTTPS_PROXY", proxy.url()).env("SSL_CERT_FILE", "authority.toml");
    (server, proxy, sandbox, command)
}

#[test]
fn https_goes_through_the_tunnel_and_is_verified_behind_it() {
    let (server, proxy, sandbox, mut command) = behind_a_tunnel("plexsphere.example");

    assert_eq!(sandbox.observe(&mut command), Run::new(0, CLEARED, ""));
    assert_eq!(sandbox.config_text(), "# the end\n");
    let [request] = &server.requests()[..] else { panic!("not one request") };
    assert!(request.starts_with(&format!("DELETE /v1/auth/tokens/{ID} HTTP/1.1\r\n")), "{request}");
    let [connect] = &proxy.requests()[..] else { panic!("not one tunnel") };
    assert!(connect.starts_with("CONNECT plexsphere.example:443 HTTP/1.1\r\n"), "{connect}");
    assert!(!connect.contains("s3cret") && !connect.to_lowercase().contains("proxy-authorization"), "{connect}");
}

#[test]
fn a_wrong_certificate_behind_the_tunnel_gets_no_token() {
    let (server, _proxy, sandbox, mut command) = behind_a_tunnel("other.example");

    assert_keeps(&sandbox, &mut command, "TLS handshake with https://plexsphere.example failed: ");
    assert!(server.requests().iter().all(|request| !request.contains("DELETE")));
}
