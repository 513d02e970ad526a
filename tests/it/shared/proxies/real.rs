//! Proxies and servers that people run, as far as they are installed: what they say by themselves must not pass for the
//! word of plexsphere, and a whole login, with all of its polls, goes through them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use plexctl::testing::{ControlPlane, Decision};
use tempfile::TempDir;

use super::{CLEARED, NO_CONTENT, assert_keeps, assert_keeps_with, logout, signed_in};
use crate::login::LOGIN;
use crate::support::program::{Program, find, free_port};
use crate::support::sandbox::{Run, Sandbox};
use crate::support::scripted_server::ScriptedServer;
use crate::support::tls::{Authority, leaf_for};
use crate::support::trial::at_the_same_time;

/// A program in a directory of its own, which it may write to whoever it becomes.
struct Daemon {
    program: Program,
    _directory: TempDir,
}

impl Daemon {
    /// Starts a program on a free port with a configuration, in which `DIRECTORY` and `PORT` stand for its own.
    fn start(program: &Path, configuration: &str, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        let port = free_port();
        let own = |text: &str| {
            text.replace("DIRECTORY", directory.path().to_str().unwrap()).replace("PORT", &port.to_string())
        };
        fs::write(directory.path().join("configuration"), own(configuration)).unwrap();
        let mut command = Command::new(program);
        command.args(arguments.iter().map(|argument| own(argument))).current_dir(directory.path());
        Self { program: Program::on_port(port, &mut command), _directory: directory }
    }

    fn url(&self) -> String {
        self.program.url()
    }
}

/// squid, with rules of its own.
fn squid(program: &Path, rules: &str) -> Daemon {
    let configuration = format!(
        "http_port 127.0.0.1:PORT\npid_filename DIRECTORY/pid\naccess_log none\ncache_log DIRECTORY/log\ncache deny all\n\
         coredump_dir DIRECTORY\npinger_enable off\nshutdown_lifetime 0\nvisible_hostname squid.example\n{rules}\n"
    );
    Daemon::start(program, &configuration, &["-N", "-f", "DIRECTORY/configuration"])
}

fn tinyproxy(program: &Path, rules: &str) -> Daemon {
    let configuration =
        format!("Port PORT\nListen 127.0.0.1\nTimeout 60\nMaxClients 10\nLogFile \"DIRECTORY/log\"\n{rules}\n");
    Daemon::start(program, &configuration, &["-d", "-c", "DIRECTORY/configuration"])
}

fn nginx(program: &Path, server: &str) -> Daemon {
    let configuration = format!(
        "daemon off; master_process off; pid DIRECTORY/pid; error_log DIRECTORY/log;\nevents {{ }}\nhttp {{ access_log off; \
         client_body_temp_path DIRECTORY/a; proxy_temp_path DIRECTORY/b; fastcgi_temp_path DIRECTORY/c; \
         uwsgi_temp_path DIRECTORY/d; scgi_temp_path DIRECTORY/e; server {{ {server} }} }}\n"
    );
    Daemon::start(program, &configuration, &["-p", "DIRECTORY", "-c", "DIRECTORY/configuration"])
}

fn proxy(name: &str) -> Option<PathBuf> {
    find(&format!("the way through {name}"), name)
}

/// Squid can be configured to answer a denied request with 200.
#[test]
fn squid_200_confirms_nothing() {
    let Some(program) = proxy("squid") else { return };
    let squid =
        squid(&program, "acl all_of_it src all\ndeny_info 200:ERR_ACCESS_DENIED all_of_it\nhttp_access deny all_of_it");
    let sandbox = signed_in("http://plexsphere.example");
    let mut command = logout(&sandbox);
    command.env("HTTP_PROXY", squid.url());
    let cause = format!("the server or the proxy {} (HTTP_PROXY) responded with 200 OK", squid.url());
    assert_keeps(&sandbox, &mut command, &cause);

    let sandbox = signed_in("https://plexsphere.example");
    let mut command = logout(&sandbox);
    command.env("HTTPS_PROXY", squid.url());
    // The tunnel seems to be open, and then comes a page.
    assert_keeps(&sandbox, &mut command, ": the port does not use TLS");
}

#[test]
fn squid_errors_differ_from_server() {
    let Some(program) = proxy("squid") else { return };
    let squid = squid(&program, "acl closed port 444\nhttp_access deny closed\nhttp_access allow all");
    let server = ScriptedServer::answering(NO_CONTENT);
    // Not the address of loopback, which is reached without a proxy, but one that leads there.
    let sandbox = signed_in(&format!("http://0.0.0.0:{}", server.port()));
    let mut command = logout(&sandbox);
    let run = sandbox.observe(command.env("HTTP_PROXY", squid.url()));
    assert_eq!((run.exit, run.stdout.as_str()), (0, CLEARED), "{}", run.stderr);

    // Nobody listens there, which squid says with a page.
    let sandbox = signed_in("http://0.0.0.0:1");
    let mut command = logout(&sandbox);
    command.env("HTTP_PROXY", squid.url());
    let cause = format!("the server or the proxy {} (HTTP_PROXY) responded with 503 Service Unavailable", squid.url());
    assert_keeps(&sandbox, &mut command, &cause);

    for (server, status) in [("https://0.0.0.0:444", "403 Forbidden"), ("https://0.0.0.0:1", "503 Service Unavailable")]
    {
        let sandbox = signed_in(server);
        let mut command = logout(&sandbox);
        command.env("HTTPS_PROXY", squid.url());
        let cause = format!("the proxy {} (HTTPS_PROXY) refused the tunnel: {status}", squid.url());
        assert_keeps(&sandbox, &mut command, &cause);
    }
}

#[test]
fn tinyproxy_errors_are_named() {
    let Some(program) = proxy("tinyproxy") else { return };
    let tinyproxy = tinyproxy(&program, "BasicAuth user hunter2");
    let server = ScriptedServer::answering(NO_CONTENT);
    let with_credentials = tinyproxy.url().replace("//", "//user:hunter2@");

    let sandbox = signed_in(&format!("http://0.0.0.0:{}", server.port()));
    let mut command = logout(&sandbox);
    command.env("HTTP_PROXY", tinyproxy.url());
    assert_keeps(&sandbox, &mut command, "(HTTP_PROXY) responded with 407 Proxy Authentication Required");
    let run = sandbox.observe(logout(&sandbox).env("HTTP_PROXY", &with_credentials));
    assert_eq!((run.exit, run.stdout.as_str()), (0, CLEARED), "{}", run.stderr);

    let sandbox = signed_in("http://0.0.0.0:1");
    let mut command = logout(&sandbox);
    command.env("HTTP_PROXY", &with_credentials);
    assert_keeps(
        &sandbox,
        &mut command,
        &format!("the server or the proxy {} (HTTP_PROXY) responded with 5", tinyproxy.url()),
    );

    let sandbox = signed_in("https://0.0.0.0:1");
    let mut command = logout(&sandbox);
    command.env("HTTPS_PROXY", tinyproxy.url());
    assert_keeps(&sandbox, &mut command, "(HTTPS_PROXY) refused the tunnel: 407 Proxy Authentication Required");
    command.env("HTTPS_PROXY", &with_credentials);
    assert_keeps(&sandbox, &mut command, "(HTTPS_PROXY) refused the tunnel: 5");
}

#[test]
fn nginx_is_not_plexsphere() {
    let Some(program) = find("nginx in the place of plexsphere", "nginx") else { return };
    let portal = "listen 127.0.0.1:PORT; default_type text/html; location / { return 200 '<title>Sign in</title>'; }";
    let empty = "listen 127.0.0.1:PORT; location / { return 204; }";
    let forbidding = "listen 127.0.0.1:PORT; location / { deny all; }";
    let missing = "listen 127.0.0.1:PORT; location / { return 404; }";

    let nginx_portal = nginx(&program, portal);
    let sandbox = signed_in(&nginx_portal.url());
    assert_keeps(&sandbox, &mut logout(&sandbox), "the server responded with 200 OK, but not with JSON");

    let nginx_forbidding = nginx(&program, forbidding);
    let sandbox = signed_in(&nginx_forbidding.url());
    assert_keeps_with(4, &sandbox, &mut logout(&sandbox), "the server responded with 403 Forbidden");

    let nginx_missing = nginx(&program, missing);
    let sandbox = signed_in(&nginx_missing.url());
    let run = sandbox.observe(&mut logout(&sandbox));
    assert_eq!((run.exit, run.stdout.as_str()), (0, CLEARED), "{}", run.stderr);
    assert!(run.stderr.starts_with("warning: the server responded with 404 without problem details"), "{}", run.stderr);

    let nginx_empty = nginx(&program, empty);
    let sandbox = signed_in(&nginx_empty.url());
    assert_eq!(sandbox.observe(&mut logout(&sandbox)), Run::new(0, CLEARED, ""));
    let sandbox = signed_in(&nginx_empty.url().replace("http:", "https:"));
    assert_keeps(&sandbox, &mut logout(&sandbox), "TLS handshake failed: the port does not use TLS");
}

/// An operator who logs in through a proxy to a control plane: not at the address of loopback, which is reached without a
/// proxy, but at one that leads there.
struct Remote {
    control_plane: Arc<ControlPlane>,
    url: String,
    sandbox: Sandbox,
}

/// How a control plane can be reached.
const WAYS: [fn() -> Remote; 2] = [Remote::over_http, Remote::over_tls];

impl Remote {
    fn over_http() -> Self {
        Self::at("http", ControlPlane::start().unwrap(), Sandbox::new())
    }

    fn over_tls() -> Self {
        let authority = Authority::named("an authority");
        let (certificate, key) = authority.certify(&leaf_for(["0.0.0.0"])).der();
        let mut sandbox = Sandbox::new();
        sandbox.write(&sandbox.path().join("authority.toml"), &authority.pem);
        Self::at("https", ControlPlane::start_with_tls(vec![certificate], key).unwrap(), sandbox)
    }

    fn at(scheme: &str, control_plane: ControlPlane, sandbox: Sandbox) -> Self {
        let url = format!("{scheme}://0.0.0.0:{}", control_plane.address().port());
        control_plane.configure(|settings| {
            settings.interval = Duration::from_secs(1);
            settings.verification_uri = Some(format!("{url}/v1/device"));
        });
        let control_plane = Arc::new(control_plane);
        sandbox.watch(&control_plane);
        Self { control_plane, url, sandbox }
    }

    /// Runs a command with a proxy for every server.
    fn run(&self, proxy: &str, arguments: &[&str]) -> Run {
        let mut command = self.sandbox.command(arguments);
        command.env("HTTP_PROXY", proxy).env("HTTPS_PROXY", proxy).env("SSL_CERT_FILE", "authority.toml");
        self.sandbox.observe(&mut command)
    }

    fn log_in(&self, proxy: &str) -> Run {
        self.run(proxy, &[&LOGIN[..], &["--server", &self.url]].concat())
    }

    /// Logs in twice, so that the second login replaces the first, asks who that is, and logs out.
    fn assert_lives_through(&self, proxy: &str) {
        for _ in 0..2 {
            self.control_plane.decide_next(Decision::Approve, 2);
            let run = self.log_in(proxy);
            let said = "Logged in as operator@plexsphere.example. Saved profile \"default\".\n";
            assert_eq!((run.exit, run.stdout.as_str()), (0, said), "{}", run.stderr);
            assert!(!run.stderr.contains("no answer from"), "{}", run.stderr);
            assert_eq!(self.control_plane.live_tokens().len(), 1);
        }
        let run = self.run(proxy, &["whoami"]);
        assert_eq!(run.exit, 0, "{}", run.stderr);
        let run = self.run(proxy, &["logout"]);
        assert_eq!((run.exit, run.stdout.as_str()), (0, CLEARED), "{}", run.stderr);
        assert_eq!((self.control_plane.live_tokens(), self.sandbox.config_text().trim()), (vec![], ""));
    }

    /// Holds that a login does not get around a proxy that lets nothing through.
    fn assert_stops_at(&self, proxy: &str) -> Run {
        let before = self.control_plane.requests().len();
        let run = self.log_in(proxy);
        assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{}", run.stderr);
        assert!(run.stderr.contains("error: login failed: "), "{}", run.stderr);
        assert_eq!(self.control_plane.requests().len(), before);
        run
    }
}

#[test]
fn session_lives_through_squid() {
    let Some(program) = proxy("squid") else { return };
    let (open, closed) = (squid(&program, "http_access allow all"), squid(&program, "http_access deny all"));
    at_the_same_time(WAYS.to_vec(), |way| {
        let remote = way();
        remote.assert_lives_through(&open.url());
        let run = remote.assert_stops_at(&closed.url());
        assert!(run.stderr.contains("403 Forbidden"), "{}", run.stderr);
    });
}

#[test]
fn session_lives_through_tinyproxy() {
    let Some(program) = proxy("tinyproxy") else { return };
    let tinyproxy = tinyproxy(&program, "BasicAuth user hunter2");
    let with_credentials = tinyproxy.url().replace("//", "//user:hunter2@");
    at_the_same_time(WAYS.to_vec(), |way| {
        let remote = way();
        remote.assert_lives_through(&with_credentials);
        let run = remote.assert_stops_at(&tinyproxy.url());
        assert!(run.stderr.contains("407 Proxy Authentication Required"), "{}", run.stderr);
        assert!(!run.stderr.contains("check --domain-id") && !run.stderr.contains("hunter2"), "{}", run.stderr);
    });
}
