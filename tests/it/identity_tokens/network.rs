//! Faults on the way to the server, for both commands: no credential is sent where the server is not known, and no run
//! takes silence for success.

use std::io::Write;

use rustls::version::{TLS12, TLS13};

use super::OTHER_ID;
use crate::support::bystander::config;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::scripted_server::ScriptedServer;
use crate::support::tls::{Authority, leaf};

const TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_c4nary-s3cret-c4nary";

/// The commands, and how the sentence of each begins when the server does not answer.
const COMMANDS: [(&[&str], &str); 2] = [
    (&["identity-tokens", "list"], "error: cannot list the tokens at "),
    (
        &["identity-tokens", "delete", "--id", OTHER_ID],
        "error: cannot revoke token 0192f0c1-8888-7abc-8def-0123456789ab at ",
    ),
];

/// Runs both commands against a server, and holds that each fails for this cause and leaves the file as it is.
fn assert_both_fail(server: &str, variables: &[(&str, &str)], cause: &str) {
    for (arguments, beginning) in COMMANDS {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(server, TOKEN));
        let before = sandbox.config_state();
        let mut command = sandbox.command(arguments);
        let run = sandbox.observe(command.envs(variables.iter().copied()));
        assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
        let error = run.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
        assert!(error.starts_with(beginning) && error.contains(cause), "{cause:?} is not in {run:?}");
        assert_eq!((sandbox.config_state(), sandbox.neighbours()), (before, vec![]));
    }
}

#[test]
fn unreachable_server_fails() {
    assert_both_fail("http://127.0.0.1:1", &[], "connection refused");
    assert_both_fail("https://nowhere.invalid", &[], "nowhere.invalid");
}

#[test]
fn connection_that_closes_fails() {
    for (answer, cause) in [
        ("", "the connection was closed"),
        ("HTTP/1.1 200 OK\r\nContent-Ty", "the connection was closed"),
        ("HTTP/1.1 100 Continue\r\n\r\n", "the connection was closed"),
        ("nonsense\r\n\r\n", ""),
    ] {
        assert_both_fail(&ScriptedServer::answering(answer).url(), &[], cause);
    }
}

#[test]
fn unverified_server_sees_no_token() {
    let authority = Authority::named("an authority");
    let (file, other) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    file.as_file().write_all(authority.pem.as_bytes()).unwrap();
    other.as_file().write_all(Authority::named("another").pem.as_bytes()).unwrap();
    for (name, trusted, cause) in
        [("127.0.0.1", &other, "TLS handshake failed: "), ("elsewhere.example", &file, "TLS handshake failed: ")]
    {
        let identity = authority.certify(&rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap());
        let server = identity.serve(&[&TLS12, &TLS13], b"HTTP/1.1 204 No Content\r\n\r\n");
        let variables = [("SSL_CERT_FILE", trusted.path().to_str().unwrap()), ("SSL_CERT_DIR", "/nowhere")];
        assert_both_fail(&server.https_url(), &variables, cause);
        assert!(!server.requests().iter().any(|sent| sent.contains("Bearer")), "{:?}", server.requests());
    }
    let server = authority.certify(&leaf()).serve(&[&TLS12, &TLS13], b"HTTP/1.1 204 No Content\r\n\r\n");
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config(&server.https_url(), TOKEN));
    let mut command = sandbox.command(COMMANDS[1].0);
    command.env("SSL_CERT_FILE", file.path()).env("SSL_CERT_DIR", "/nowhere");
    assert_eq!(sandbox.observe(&mut command), Run::new(0, format!("Revoked token {OTHER_ID}.\n"), ""));
}

#[test]
fn proxy_that_fails_is_named() {
    let refusing = ScriptedServer::answering("HTTP/1.1 403 Forbidden\r\n\r\n");
    let cause = format!("{} (HTTPS_PROXY)", refusing.url());
    assert_both_fail("https://plexsphere.example", &[("HTTPS_PROXY", &refusing.url())], &cause);
    assert!(refusing.requests().iter().all(|sent| sent.starts_with("CONNECT ") && !sent.contains("Bearer")));
    assert_both_fail("http://plexsphere.example", &[("HTTP_PROXY", "socks5://h")], "HTTP_PROXY");
}

/// Behind a plain proxy a status alone is nobody's word.
#[test]
fn plain_proxy_decides_nothing() {
    for answer in [
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\npage",
    ] {
        let proxy = ScriptedServer::answering(answer);
        assert_both_fail("http://plexsphere.example", &[("HTTP_PROXY", &proxy.url())], "");
        assert_eq!(proxy.requests().len(), 2, "{answer}");
    }
    let proxy = ScriptedServer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_both_fail("http://plexsphere.example", &[("HTTP_PROXY", &proxy.url())], "");
}
