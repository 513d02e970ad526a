//! `plexctl exec`: another program runs with the session of a profile.

mod failure;
mod process;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use crate::support::sandbox::{Run, Sandbox};
use crate::support::signed_in::SignedIn;

/// The variables that `exec` sets.
const VARIABLES: [&str; 4] = ["PLEXSPHERE_TOKEN", "PLEXSPHERE_URL", "PLEXSPHERE_ENDPOINT", "PLEXCTL_PROFILE_IN_USE"];

/// Programs may write secrets to this file only: the sandbox looks for leaks everywhere else.
const WRITTEN: &str = "written.toml";

/// What a program wrote to its file.
fn written(sandbox: &Sandbox) -> Vec<u8> {
    fs::read(sandbox.path().join(WRITTEN)).unwrap()
}

/// `plexctl exec` of a shell that runs a script with arguments.
fn exec_shell(sandbox: &Sandbox, flags: &[&str], script: &str, arguments: &[&OsStr]) -> Command {
    let mut command = sandbox.command(["exec"]);
    command.args(flags).args(["--", "/bin/sh", "-c", script, "sh"]).args(arguments);
    command
}

/// The environment of a program as it wrote it to its file.
fn environment_in(sandbox: &Sandbox) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let written = written(sandbox);
    let assignments = written.split(|byte| *byte == 0).filter(|assignment| !assignment.is_empty());
    let split = |assignment: &[u8]| {
        let at = assignment.iter().position(|byte| *byte == b'=').unwrap();
        (assignment[..at].to_vec(), assignment[at + 1..].to_vec())
    };
    assignments.map(split).collect()
}

fn value_of(environment: &BTreeMap<Vec<u8>, Vec<u8>>, name: &str) -> Option<String> {
    environment.get(name.as_bytes()).map(|value| String::from_utf8(value.clone()).unwrap())
}

/// The values of [`VARIABLES`] that a program gets.
fn session_of(sandbox: &Sandbox, flags: &[&str], variables: &[(&str, &str)]) -> Result<[String; 4], Run> {
    let mut command = exec_shell(sandbox, flags, "env -0 > written.toml", &[]);
    let run = sandbox.observe(command.envs(variables.iter().copied()));
    if run != Run::new(0, "", "") {
        return Err(run);
    }
    let environment = environment_in(sandbox);
    Ok(VARIABLES.map(|name| value_of(&environment, name).unwrap()))
}

#[test]
fn program_gets_the_session_of_the_selected_profile() {
    let mut signed_in = SignedIn::new();
    let (url, token) = (signed_in.server.url(), signed_in.token.clone());
    let config = signed_in.sandbox.config_text();
    signed_in.sandbox.write_config(format!(
        "{config}\n[profiles.\"it's mine\"]\nserver = \"HTTPS://H:443/base/\"\ntoken = \"eyJhbGci.e30.c2ln\"\n"
    ));
    let sandbox = &signed_in.sandbox;
    let before = sandbox.config_state();
    let session = |values: [&str; 4]| Ok(values.map(str::to_owned));

    assert_eq!(session_of(sandbox, &[], &[]), session([&token, &url, &url, "default"]));
    // The server is the text that is stored, and any kind of token will do.
    let other = session(["eyJhbGci.e30.c2ln", "HTTPS://H:443/base/", "HTTPS://H:443/base/", "it's mine"]);
    assert_eq!(session_of(sandbox, &["--profile", "it's mine"], &[]), other);
    assert_eq!(session_of(sandbox, &["--profile", "it's mine", "--server", "https://h/else"], &[]), other);
    // No variable and no other flag is a source of the session.
    let given = VARIABLES.map(|name| (name, "of-the-caller"));
    assert_eq!(session_of(sandbox, &["--token-file", "nowhere"], &given), session([&token, &url, &url, "default"]));

    assert_eq!(sandbox.config_state(), before);
    assert_eq!((sandbox.neighbours(), signed_in.server.connections()), (vec![], 0));
}

#[test]
fn server_that_is_not_stored_comes_from_flag_or_variable() {
    let mut sandbox = Sandbox::new();
    sandbox.write_config("default = \"a\"\n[profiles.a]\ntoken = \"t\"\n");
    let url = |given: Result<[String; 4], Run>| given.unwrap()[1].clone();
    let variable = [("PLEXSPHERE_URL", "https://variable")];
    assert_eq!(url(session_of(&sandbox, &["--server", "https://flag"], &variable)), "https://flag");
    assert_eq!(url(session_of(&sandbox, &[], &variable)), "https://variable");
}

#[test]
fn nothing_else_of_the_environment_changes() {
    let signed_in = SignedIn::new();
    let environment = |through_plexctl: bool| {
        let mut command = if through_plexctl {
            signed_in.sandbox.command(["exec", "--", "/usr/bin/env", "-0"])
        } else {
            let mut command = Command::new("/usr/bin/env");
            signed_in.sandbox.furnish(command.arg("-0"));
            command
        };
        command.env("BYTES", OsStr::from_bytes(b"\xff\x01 \n=\xc3")).env("EMPTY", "").env("PATH", "/usr/bin");
        command.env("PLEXSPHERE_TOKEN", "old").env("PLEXCTL_CONFIG", signed_in.sandbox.config());
        let file = fs::File::create(signed_in.sandbox.path().join(WRITTEN)).unwrap();
        let child = command.stdout(file).stderr(std::process::Stdio::piped()).spawn().unwrap();
        assert_eq!(signed_in.sandbox.observe_child(child), Run::new(0, "", ""));
        environment_in(&signed_in.sandbox)
    };
    let without_session = |mut environment: BTreeMap<Vec<u8>, Vec<u8>>| {
        environment.retain(|name, _| VARIABLES.iter().all(|variable| variable.as_bytes() != name));
        environment
    };
    let (direct, through) = (environment(false), environment(true));
    assert_eq!(value_of(&through, "PLEXSPHERE_TOKEN").as_ref(), Some(&signed_in.token));
    assert_eq!(without_session(through), without_session(direct));
}

#[test]
fn arguments_arrive_byte_for_byte() {
    let signed_in = SignedIn::new();
    let every_byte: Vec<u8> = (1..=255).collect();
    let arguments: Vec<&OsStr> = [
        &every_byte[..],
        b"",
        b"--",
        b"--help",
        b"--output",
        b"json",
        b"--profile",
        b"-h",
        b"logout",
        b"$(id) `id` \"'",
        b"psk_dev_",
        b"",
    ]
    .map(OsStr::from_bytes)
    .to_vec();
    let mut command = exec_shell(&signed_in.sandbox, &[], "printf '%s\\0' \"$@\" > written.toml", &arguments);
    assert_eq!(signed_in.sandbox.observe(&mut command), Run::new(0, "", ""));
    let mut expected = arguments.iter().map(|argument| argument.as_bytes()).collect::<Vec<_>>().join(&0);
    expected.push(0);
    assert_eq!(written(&signed_in.sandbox), expected);
}

#[test]
fn expired_token_is_a_warning() {
    let mut signed_in = SignedIn::new();
    let with_expiry = signed_in.sandbox.config_text().replacen("token = ", "expires_at = EXPIRY\ntoken = ", 1);
    for (expiry, warning) in [
        ("2020-01-02T03:04:05Z", "warning: the token of profile \"default\" expired at 2020-01-02T03:04:05Z\n"),
        ("9999-01-02T03:04:05Z", ""),
        ("\"soon\"", ""),
    ] {
        signed_in.sandbox.write_config(with_expiry.replace("EXPIRY", expiry));
        for format in ["text", "json", "yaml"] {
            let run = signed_in.sandbox.run(["exec", "--output", format, "--", "/bin/sh", "-c", "echo ran; exit 5"]);
            assert_eq!(run, Run::new(5, "ran\n", warning), "{expiry} {format}");
        }
    }
}
