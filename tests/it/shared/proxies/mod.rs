//! The way through a proxy, seen from outside: proxies on loopback, scripted ones and ([`real`]) those that people run,
//! and servers under names that only the proxy has to know.

mod real;

use std::fs;
use std::io::Write;
use std::process::Command;

use crate::support::detour::relay;
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

/// The commands that send one request with the token.
const COMMANDS: [&[&str]; 3] = [&["logout"], &["identity-tokens", "list"], &["identity-tokens", "delete", "--id", ID]];

fn logout(sandbox: &Sandbox) -> Command {
    sandbox.command(["logout"])
}

/// Checks that a run failed for this cause, and that the file is as it was.
fn assert_keeps(sandbox: &Sandbox, command: &mut Command, cause: &str) {
    assert_keeps_with(1, sandbox, command, cause);
}

fn assert_keeps_with(exit: i32, sandbox: &Sandbox, command: &mut Command, cause: &str) {
    let before = sandbox.config_state();
    let run = sandbox.observe(command);
    assert_eq!((run.exit, run.stdout.as_str()), (exit, ""), "{}", run.stderr);
    let error = run.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(error.contains(cause), "{cause:?} is not in {}", run.stderr);
    assert!(error.contains(ID), "{}", run.stderr);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    assert_eq!(sandbox.config_state(), before);
}

#[test]
fn plain_http_uses_absolute_form_and_credentials() {
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
fn plain_proxy_404_needs_problem_details() {
    for status in ["401 Unauthorized", "404 Not Found"] {
        for body in ["", "Content-Type: text/html\r\n", "Content-Type: application/problem+json\r\n"] {
            for arguments in COMMANDS {
                let answer = format!("HTTP/1.1 {status}\r\n{body}Content-Length: 0\r\n\r\n");
                let proxy = ScriptedServer::answering(answer);
                let sandbox = signed_in("http://plexsphere.example");
                let mut command = sandbox.command(arguments);
                command.env("http_proxy", proxy.url());
                let cause = format!("the server or the proxy {} (http_proxy) responded with {status}", proxy.url());
                assert_keeps(&sandbox, &mut command, &cause);
                assert_eq!(proxy.requests().len(), 1);
            }
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
fn plain_proxy_200_never_counts() {
    for rest in [
        "Content-Length: 0\r\n\r\n",
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        "Content-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}",
        "Content-Type: text/html\r\n\r\n<title>Sign in</title>",
    ] {
        let proxys = " responded with 200 OK, which may be the proxy's own response";
        for (arguments, cause) in COMMANDS.into_iter().zip([proxys, "the list", proxys]) {
            let proxy = ScriptedServer::answering(format!("HTTP/1.1 200 OK\r\n{rest}"));
            let sandbox = signed_in("http://plexsphere.example");
            let mut command = sandbox.command(arguments);
            command.env("HTTP_PROXY", proxy.url());
            let is_page = rest.contains('{') || rest.contains('<');
            let cause = if cause == "the list" && is_page { "is not a JSON array of tokens" } else { cause };
            assert_keeps(&sandbox, &mut command, cause);
            assert_eq!(proxy.requests().len(), 1);
        }
    }
}

#[test]
fn plain_proxy_403_is_refusal() {
    let cases = [
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            "the server or the proxy [PROXY] responded with 403 Forbidden",
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\n\r\n{\"title\":\"Not yours\"}",
            "the server responded with 403 Forbidden: Not yours",
        ),
    ];
    for (answer, cause) in cases {
        for arguments in COMMANDS {
            let proxy = ScriptedServer::answering(answer);
            let mut sandbox = signed_in("http://plexsphere.example");
            sandbox.label(format!("{} (HTTP_PROXY)", proxy.url()), "[PROXY]");
            let mut command = sandbox.command(arguments);
            command.env("HTTP_PROXY", proxy.url());
            assert_keeps_with(4, &sandbox, &mut command, cause);
        }
    }
}

#[test]
fn plain_proxy_failure_keeps_profile() {
    for arguments in COMMANDS {
        for status in ["407 Proxy Authentication Required", "502 Bad Gateway", "302 Found"] {
            let proxy = ScriptedServer::answering(format!("HTTP/1.1 {status}\r\n\r\n"));
            let sandbox = signed_in("http://plexsphere.example");
            let mut command = sandbox.command(arguments);
            command.env("HTTP_PROXY", proxy.url());
            let cause = format!("the server or the proxy {} (HTTP_PROXY) responded with {status}", proxy.url());
            assert_keeps(&sandbox, &mut command, &cause);
        }
        let proxy = ScriptedServer::answering("");
        let sandbox = signed_in("http://plexsphere.example");
        let mut command = sandbox.command(arguments);
        command.env("HTTP_PROXY", proxy.url());
        let cause = format!("the connection to the proxy {} (HTTP_PROXY) was closed before a response", proxy.url());
        assert_keeps(&sandbox, &mut command, &cause);
    }
}

#[test]
fn refused_tunnel_keeps_profile() {
    let refused = |status| format!("the proxy [PROXY] (HTTPS_PROXY) refused the tunnel: {status}");
    let failed = |cause| format!("cannot open a tunnel through the proxy [PROXY] (HTTPS_PROXY): {cause}");
    let cases = [
        ("401 U", refused("401 Unauthorized")),
        ("403 F", refused("403 Forbidden")),
        ("404 N", refused("404 Not Found")),
        ("407 P", refused("407 Proxy Authentication Required")),
        ("502 B\r\nContent-Length: junk", refused("502 Bad Gateway")),
        ("301 M", refused("301 Moved Permanently")),
        ("204 N", refused("204 No Content")),
        ("599", refused("599")),
        ("100 C", failed("the response is not HTTP")),
        ("junk", failed("the response is not HTTP")),
        ("403 F\r\nX: ", failed("the header of the response is larger than 64 KiB or 256 lines")),
    ];
    for (arguments, (status, cause)) in
        COMMANDS.into_iter().flat_map(|arguments| cases.iter().map(move |case| (arguments, case)))
    {
        let flood = if status.ends_with(' ') { "x".repeat(70_000) } else { String::new() };
        let answer =
            format!("HTTP/1.1 {status}{flood}\r\nContent-Type: application/problem+json\r\n\r\n{{\"title\":\"T\"}}");
        let proxy = ScriptedServer::answering(answer);
        let mut sandbox = signed_in("https://plexsphere.example");
        sandbox.label(proxy.url(), "[PROXY]");
        let mut command = sandbox.command(arguments);
        command.env("HTTPS_PROXY", format!("http://user:hunter2@127.0.0.1:{}", proxy.port()));
        assert_keeps(&sandbox, &mut command, cause);

        let [request] = &proxy.requests()[..] else { panic!("not one request") };
        assert!(request.starts_with("CONNECT plexsphere.example:443 HTTP/1.1\r\n"), "{request}");
        let request = request.to_lowercase();
        assert!(request.contains("proxy-authorization: basic dxnlcjpodw50zxiy\r\n"), "{request}");
        assert!(!request.contains("s3cret") && !request.contains("bearer"), "{request}");
    }
}

#[test]
fn early_bytes_close_tunnel() {
    let proxy = ScriptedServer::answering("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    for arguments in COMMANDS {
        let sandbox = signed_in("https://plexsphere.example");
        let mut command = sandbox.command(arguments);
        command.env("HTTPS_PROXY", proxy.url());
        assert_keeps(&sandbox, &mut command, "(HTTPS_PROXY): the port does not use TLS");
    }
}

#[test]
fn proxy_407_hints_at_credentials() {
    for (server, variable) in
        [("http://plexsphere.example", "HTTP_PROXY"), ("https://plexsphere.example", "https_proxy")]
    {
        let proxy = ScriptedServer::answering("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"a\"\r\n\r\n");
        let sandbox = signed_in(server);
        let mut command = logout(&sandbox);
        let run = sandbox.observe(command.env(variable, proxy.url()));
        let hint = format!(
            "hint: add the proxy's credentials to {variable}: http://USER:PASSWORD@127.0.0.1:{}; then run \
             `plexctl logout` again\n",
            proxy.port()
        );
        assert!(run.exit == 1 && run.stderr.contains(&hint), "{}", run.stderr);
    }
}

#[test]
fn invalid_proxy_fails_closed() {
    let unencoded =
        "HTTPS_PROXY is not a valid URL: in a password, / ? # and @ must be percent-encoded (%2F %3F %23 %40)";
    let (scheme, url) = (
        "HTTPS_PROXY is unusable: only http:// proxies work (NO_PROXY lists hosts that need none)",
        "HTTPS_PROXY is not a valid http:// URL of a proxy (NO_PROXY lists hosts that need none)",
    );
    for (value, cause) in [
        ("https://127.0.0.1:1", scheme),
        ("socks5://user:hunter2@127.0.0.1:1", scheme),
        ("http://user:hunter2@127.0.0.1:port", url),
        ("http://", url),
        ("http://user:4711#hunter2@127.0.0.1:1", unencoded),
        ("user:4711/hunter2@127.0.0.1:1", unencoded),
        ("http://user:4711?hunter2@127.0.0.1:1", unencoded),
    ] {
        for arguments in COMMANDS {
            let sandbox = signed_in("https://plexsphere.example");
            let mut command = sandbox.command(arguments);
            command.env("HTTPS_PROXY", value);
            assert_keeps(&sandbox, &mut command, cause);
        }
    }
    let sandbox = signed_in("http://plexsphere.example");
    let mut command = logout(&sandbox);
    command.env("http_proxy", "127.0.0.1:1").env("REQUEST_METHOD", "GET");
    let cgi = "http_proxy is refused while REQUEST_METHOD is set (NO_PROXY lists hosts that need none)";
    assert_keeps(&sandbox, &mut command, cgi);
}

/// The token would go to a host that is part of a password.
#[test]
fn whoami_refuses_proxy_with_unencoded_password() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["whoami", "--server", "http://lan.test"]);
    command.env("HTTP_PROXY", "http://alice:4711#x@proxy.test:3128").env("PLEXSPHERE_TOKEN", TOKEN);
    let run = sandbox.observe(&mut command);
    assert!(run.exit == 1 && run.stderr.contains("HTTP_PROXY is not a valid URL: in a password, "), "{run:?}");
    assert!(!run.stderr.contains("alice") && !run.stderr.contains("4711"), "{run:?}");
    assert!(!run.stderr.contains("unencrypted"), "nothing is sent: {run:?}");
}

#[test]
fn masks_proxy_credentials_that_come_back() {
    const SENT: &str = "YWxpY2U6cEBzcw==";
    for (arguments, status, media_type, exit) in [
        (&["logout"][..], "403 Forbidden", "application/problem+json", 4),
        (&["logout", "--output", "json"], "503 Down", "application/problem+json", 1),
        (&["identity-tokens", "list"], "403 Forbidden", "application/problem+json", 4),
        (&["identity-tokens", "delete", "--id", ID], "503 Down", "application/problem+json", 1),
        (&["whoami"], "403 Forbidden", "application/problem+json", 4),
        (&["whoami"], "200 OK", "application/json", 0),
        (&["whoami", "--output", "json"], "200 OK", "application/json", 0),
        (&["whoami", "--output", "yaml"], "200 OK", "application/json", 0),
    ] {
        let echo = format!("Basic {SENT}, alice:p@ss, p@ss");
        let body = format!(
            r#"{{"title":"{echo}","code":"{echo}","detail":"{echo}","correlation_id":"{echo}","principal_type":"user","subject":"{echo}","email":"{echo}","amr":["{echo}"]}}"#
        );
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nX-Correlation-Id: {echo}");
        let proxy = ScriptedServer::answering(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        let sandbox = signed_in("http://plexsphere.example");
        let mut command = sandbox.command(arguments);
        command.env("HTTP_PROXY", format!("http://alice:p%40ss@127.0.0.1:{}", proxy.port()));
        let run = sandbox.observe(&mut command);
        assert_eq!(run.exit, exit, "{run:?}");
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains("Basic [redacted], [redacted], [redacted]"), "{run:?}");
        assert!(!told.contains(SENT) && !told.contains("p@ss"), "{run:?}");
        assert!(proxy.requests()[0].contains(SENT));
    }
}

#[test]
fn names_unreachable_proxy() {
    let cases = [
        ("127.0.0.1:1", "cannot connect to the proxy http://127.0.0.1:1 (HTTPS_PROXY): connection refused"),
        (
            "http://user:hunter2@a..b:3128",
            "cannot look up the host of the proxy http://a..b:3128 (HTTPS_PROXY): no such host",
        ),
    ];
    for (value, cause) in cases {
        for arguments in COMMANDS {
            let sandbox = signed_in("https://plexsphere.example");
            let mut command = sandbox.command(arguments);
            command.env("HTTPS_PROXY", value);
            assert_keeps(&sandbox, &mut command, cause);
        }
    }
}

#[test]
fn exempt_servers_bypass_proxy() {
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
    assert_keeps(&sandbox, &mut command, "cannot connect: connection refused");
    assert_eq!(proxy.requests(), [""; 0]);
}

#[test]
fn ignores_other_proxy_variables() {
    let proxy = ScriptedServer::answering(NO_CONTENT);
    for variable in ["ALL_PROXY", "all_proxy", "HTTP_PROXY"] {
        let sandbox = signed_in("https://0.0.0.0:1");
        let mut command = logout(&sandbox);
        command.env(variable, proxy.url());
        assert_keeps(&sandbox, &mut command, "cannot connect: connection refused");
    }
    assert_eq!(proxy.requests(), [""; 0]);
}

/// A proxy that opens every tunnel to the same port of this machine.
fn tunnel_to(port: u16) -> ScriptedServer {
    ScriptedServer::start(Box::new(move |client| {
        client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 a\r\n\r\n").unwrap();
        relay(client, port);
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
fn https_is_verified_through_tunnel() {
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
fn proxy_credentials_stay_outside_tunnel() {
    let (server, proxy, sandbox, mut command) = behind_a_tunnel("plexsphere.example");
    command.env("HTTPS_PROXY", format!("http://user:hunter2@127.0.0.1:{}", proxy.port()));

    assert_eq!(sandbox.observe(&mut command), Run::new(0, CLEARED, ""));
    let [connect] = &proxy.requests()[..] else { panic!("not one tunnel") };
    assert!(connect.to_lowercase().contains("proxy-authorization: basic "), "{connect}");
    let [request] = &server.requests()[..] else { panic!("not one request") };
    assert!(!request.to_lowercase().contains("proxy-authorization"), "{request}");
}

#[test]
fn wrong_certificate_behind_tunnel_gets_no_token() {
    let (server, _proxy, sandbox, mut command) = behind_a_tunnel("other.example");

    let cause = "TLS handshake failed: the certificate is for other.example, not for plexsphere.example";
    assert_keeps(&sandbox, &mut command, cause);
    assert!(server.requests().iter().all(|request| !request.contains("DELETE")));
}

#[test]
fn uncertifiable_name_gets_no_token() {
    let (server, _proxy, mut sandbox, mut command) = behind_a_tunnel("plexsphere.example");
    sandbox.write_config(sandbox.config_text().replace("plexsphere.example", "plexsphere..example"));

    let cause = "TLS handshake failed: no certificate can be valid for the server's name";
    assert_keeps(&sandbox, &mut command, cause);
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn directory_authority_opens_second_tunnel() {
    let (server, proxy, mut sandbox, mut command) = behind_a_tunnel("plexsphere.example");
    let stranger = Authority::named("a stranger");
    sandbox.write(&sandbox.path().join("stranger.toml"), &stranger.pem);
    fs::create_dir(sandbox.path().join("authorities")).unwrap();
    fs::copy(sandbox.path().join("authority.toml"), sandbox.path().join("authorities/any.name")).unwrap();
    command.env("SSL_CERT_FILE", "stranger.toml").env("SSL_CERT_DIR", "authorities");

    assert_eq!(sandbox.observe(&mut command), Run::new(0, CLEARED, ""));
    assert_eq!(proxy.requests().len(), 2);
    assert_eq!(server.requests().iter().filter(|request| request.contains("DELETE")).count(), 1);
}
