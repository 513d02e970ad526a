//! Which credential goes to which server: one table for every command that sends a credential that may be given.

use plexctl::testing::ControlPlane;

use crate::support::sandbox::Sandbox;
use crate::whoami::token;

/// The commands, each of which sends one request with the credential.
const COMMANDS: [&str; 3] =
    ["whoami", "identity-tokens list", "identity-tokens delete --id 0192f0c1-8888-7abc-8def-0123456789ab"];

/// Runs a command where the default profile `a` is of one control plane and `PLEXSPHERE_URL` or `--server` may name
/// another, and tells which token went where, or why none went anywhere.
fn credential_sent(command: &str, given: &str, variables: &[&str]) -> String {
    let servers = [ControlPlane::start().unwrap(), ControlPlane::start().unwrap()];
    let mut sandbox = Sandbox::new();
    let [a, b] = servers.each_ref().map(ControlPlane::url);
    let [of_a, of_none, of_file, of_variable] = ["a", "none", "file", "variable"].map(token);
    sandbox.write_config(format!(
        "default = \"a\"\n[profiles.a]\nserver = \"{a}\"\ntoken = \"{of_a}\"\n[profiles.none]\ntoken = \"{of_none}\"\n"
    ));
    sandbox.write(&sandbox.path().join("token.toml"), format!("{of_file}\n"));
    let fill = |text: &str| text.replace("[A]", &a).replace("[B]", &b);
    let mut command = sandbox.command(command.split_whitespace().chain(given.split_whitespace()).map(fill));
    for variable in variables {
        let (name, value) = variable.split_once('=').unwrap();
        command.env(name, fill(value).replace("[TOKEN]", &of_variable));
    }
    let run = sandbox.observe(&mut command);
    // Neither control plane knows any of the tokens.
    let mut went = Vec::new();
    for (server, name) in servers.iter().zip(["A", "B"]) {
        for request in server.requests() {
            let sent = request.header("authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned();
            let whose = ["a", "none", "file", "variable"].into_iter().find(|whose| token(whose) == sent).unwrap();
            went.push(format!("{whose} -> {name}"));
        }
    }
    assert_eq!(run.exit, if went.is_empty() { 2 } else { 4 }, "{run:?}");
    if went.is_empty() { "nobody".to_owned() } else { went.join(", ") }
}

#[test]
fn sends_no_credential_to_other_origin() {
    for (given, variables, expected) in [
        ("", &[][..], "a -> A"),
        ("", &["PLEXSPHERE_URL=[B]"], "a -> A"),
        ("--server [A]/base", &[], "a -> A"),
        ("--server [B]", &[], "nobody"),
        ("--profile a --server [B]", &["PLEXSPHERE_TOKEN=[TOKEN]"], "nobody"),
        ("--profile a", &["PLEXSPHERE_TOKEN=[TOKEN]", "PLEXSPHERE_URL=[B]"], "a -> A"),
        ("--profile none", &[], "nobody"),
        ("--profile none", &["PLEXSPHERE_URL=[B]"], "none -> B"),
        ("--profile none --server [B]", &["PLEXSPHERE_URL=[A]"], "none -> B"),
        ("", &["PLEXSPHERE_TOKEN=[TOKEN]"], "variable -> A"),
        ("", &["PLEXSPHERE_TOKEN=[TOKEN]", "PLEXSPHERE_URL=[B]"], "variable -> B"),
        ("--server [B]", &["PLEXSPHERE_TOKEN=[TOKEN]", "PLEXSPHERE_URL=[A]"], "variable -> B"),
        ("", &["PLEXSPHERE_TOKEN=", "PLEXSPHERE_URL="], "a -> A"),
        ("", &["PLEXSPHERE_TOKEN=no token", "PLEXSPHERE_URL=[B]"], "nobody"),
        ("--token-file token.toml", &[], "file -> A"),
        ("--token-file token.toml --server [B]", &["PLEXSPHERE_TOKEN=[TOKEN]"], "file -> B"),
        ("--token-file token.toml --profile none", &["PLEXSPHERE_TOKEN=[TOKEN]"], "nobody"),
        ("--token-file token.toml --profile none", &["PLEXSPHERE_URL=[B]"], "file -> B"),
        ("--token-file token.toml --server junk", &["PLEXSPHERE_URL=[B]"], "nobody"),
    ] {
        for command in COMMANDS {
            let sent = credential_sent(command, given, variables);
            assert_eq!(sent, expected, "{command} {given} {variables:?}");
        }
    }
}
