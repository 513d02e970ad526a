//! The example `control_plane`, run as a person would. `cargo test` builds it; where only this crate was built, there
//! may be none.

use std::fs::{self, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Client;
use crate::support::skip;

/// Longer than any step takes.
const LONG: Duration = Duration::from_secs(10);

/// The example while it serves, stopped on drop.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_BIN_EXE_plexctl")).with_file_name("examples/control_plane");
    if !program.exists() {
        skip("the example", "it is not built; `cargo test` builds it");
    }
    program.exists().then_some(program)
}

/// Runs it to its end. A run that serves by mistake is killed.
fn run(program: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who has refused its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > LONG {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Whether a run succeeded, and what it printed.
fn told(output: &Output) -> (bool, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn reports_port_in_use() {
    let Some(program) = program() else { return };
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&program, &["serve", "--port", &port], "");
    let error = format!("error: cannot listen on 127.0.0.1:{port}: the port is in use (try --port 0)\n");
    assert_eq!(told(&output), (false, String::new(), error));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn never_overwrites_config_file() {
    let Some(program) = program() else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    fs::write(&file, "mine").unwrap();
    let path = file.to_str().unwrap();
    let output = run(&program, &["serve", "--port", "0", "--config", path], "");
    let error = format!("error: cannot write {path}: the file already exists\n");
    assert_eq!(told(&output), (false, String::new(), error));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    let output = run(&program, &["serve", "--port", "0", "--config", "/nowhere/at/all"], "");
    let error = "error: cannot write /nowhere/at/all: No such file or directory\n".to_owned();
    assert_eq!(told(&output), (false, String::new(), error));
}

#[test]
fn printed_commands_end_the_session() {
    let Some(program) = program() else { return };
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("a b 'c' $d");
    fs::create_dir(&place).unwrap();
    let (file, printed) = (place.join("config.toml"), directory.path().join("printed"));
    let mut command = Command::new(&program);
    command.args(["serve", "--port", "0", "--profile", "default", "--config"]).arg(&file);
    let _serving = Serving(command.stdout(fs::File::create(&printed).unwrap()).spawn().unwrap());
    let printed = wait_for(&printed, "token-file\n");

    assert_eq!(fs::metadata(&file).unwrap().permissions(), Permissions::from_mode(0o100_600));
    let config = fs::read_to_string(&file).unwrap();
    let line = |word: &str| printed.lines().find(|line| line.contains(word)).unwrap().trim().to_owned();
    let url = config.split('"').find(|part| part.starts_with("http://")).unwrap();
    assert!(line(" login ").contains(&format!("--server {url} --domain-id ")), "{printed}");
    let token = config.split('"').find(|part| part.starts_with("psk_")).unwrap();
    assert!(!printed.contains(token), "{printed}");

    let port = url.rsplit(':').next().unwrap();
    let (is_accepted, who, _) = told(&run(&program, &["check", "--port", port], token));
    assert!(is_accepted && who.starts_with("HTTP/1.1 200 OK\n") && who.contains("\"principal_type\""), "{who}");

    let plexctl = Path::new(env!("CARGO_BIN_EXE_plexctl")).parent().unwrap();
    let mut shell = Command::new("/bin/sh");
    let logout = shell.arg("-c").arg(line(" logout")).env_clear().env("PATH", plexctl).output().unwrap();
    assert_eq!(told(&logout), (true, "Logged out. Cleared profile \"default\".\n".to_owned(), String::new()));
    assert!(!told(&run(&program, &["check", "--port", port], token)).0);
}

#[test]
fn page_form_approves_or_denies() {
    let Some(program) = program() else { return };
    let control_plane = plexctl::testing::ControlPlane::start().unwrap();
    let port = control_plane.address().port().to_string();
    let mut client = Client::of(&control_plane);
    let [approved, denied] = [(); 2].map(|()| client.begin());
    let approve = |login: &serde_json::Value, flags: &[&str]| {
        let code = login["user_code"].as_str().unwrap().to_lowercase();
        told(&run(&program, &[&["approve", "--port", &port], flags, &[&code]].concat(), ""))
    };
    assert_eq!(approve(&approved, &[]), (true, "Approved\n".to_owned(), String::new()));
    assert_eq!(approve(&approved, &[]), (false, "Used code\n".to_owned(), String::new()));
    assert_eq!(approve(&denied, &["--deny"]), (true, "Denied\n".to_owned(), String::new()));
    assert_eq!(approve(&json!({ "user_code": "a&b=c" }), &[]), (false, "Unknown code\n".to_owned(), String::new()));
    assert_eq!(client.poll(&approved).unwrap().status, 200);
    assert_eq!(client.poll(&denied).unwrap().problem(), "access_denied");

    drop((client, control_plane));
    let error = format!("error: cannot connect to 127.0.0.1:{port}: run `serve` first\n");
    assert_eq!(approve(&approved, &[]), (false, String::new(), error));
}

#[test]
fn prints_config_without_file() {
    let Some(program) = program() else { return };
    let directory = tempfile::tempdir().unwrap();
    let printed = directory.path().join("printed");
    let mut command = Command::new(&program);
    command.args(["serve", "--port", "0", "--quiet", "--profile", "a \"b\"", "--profile", "c", "--answer", "503"]);
    let _serving = Serving(command.stdout(fs::File::create(&printed).unwrap()).spawn().unwrap());
    let config = wait_for(&printed, "\n[profiles.\"c\"]\n");
    assert!(
        config.starts_with("default = \"a \\\"b\\\"\"\n\n[profiles.\"a \\\"b\\\"\"]\nserver = \"http://"),
        "{config}"
    );
    assert_eq!(config.matches("\ntoken = \"psk_dev_").count(), 2, "{config}");
}

/// Waits until a file contains a text, and returns its contents.
fn wait_for(file: &Path, text: &str) -> String {
    let started = Instant::now();
    loop {
        let contents = fs::read_to_string(file).unwrap();
        if contents.contains(text) {
            return contents;
        }
        assert!(started.elapsed() < LONG, "{contents}");
        thread::sleep(Duration::from_millis(10));
    }
}
