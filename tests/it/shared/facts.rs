//! What the JSON of a failure tells about the profile, the server and the token, where no request was made: the same
//! for each command.

use serde_json::Value;

use crate::support::sandbox::Sandbox;
use crate::support::signed_in::id_of;
use crate::whoami::token;

const SESSION_COMMANDS: [&str; 5] = [
    "logout",
    "whoami",
    "exec -- true",
    "identity-tokens list",
    "identity-tokens delete --id 0192f0c1-8888-7abc-8def-0123456789ab",
];

/// The code, the profile, the server and the token id of the failure that a command ends with.
fn facts(config: &str, arguments: &str, variables: &[(&str, &str)]) -> [Value; 4] {
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config);
    let arguments = ["--output", "json"].into_iter().chain(arguments.split_whitespace());
    let run = sandbox.observe(sandbox.command(arguments).envs(variables.iter().copied()));
    let failure: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    ["code", "profile", "server", "token_id"].map(|key| failure["error"][key].clone())
}

#[test]
fn failures_tell_stored_server_and_token_in_every_command() {
    let token = token("a");
    let (https, ftp) = ("server = \"https://h/base\"\n", "server = \"ftp://h\"\n");
    for (server, flag, variables, code, shown) in [
        (https, "--server https://other", &[][..], "server_mismatch", Some("https://h/base")),
        (https, "--server junk", &[], "server_unusable", Some("https://h/base")),
        (ftp, "", &[], "server_unusable", None),
        ("", "--server junk", &[], "server_unusable", None),
        ("", "", &[("PLEXSPHERE_URL", "junk")], "server_unusable", None),
        ("", "", &[], "server_unknown", None),
    ] {
        let config = format!("default = \"a\"\n[profiles.a]\n{server}token = \"{token}\"\n");
        for command in SESSION_COMMANDS {
            let told = facts(&config, &format!("{flag} {command}"), variables);
            let id = id_of(&token);
            let expected = [code.into(), "a".into(), shown.map_or(Value::Null, Value::from), id.into()];
            assert_eq!(told, expected, "{server} {flag} {command}");
        }
    }
}

#[test]
fn failures_tell_token_of_variable() {
    let token = token("variable");
    for command in ["whoami", "identity-tokens list"] {
        let told = facts("", command, &[("PLEXSPHERE_TOKEN", &token)]);
        assert_eq!(told, ["server_unknown".into(), Value::Null, Value::Null, id_of(&token).into()], "{command}");
    }
}

#[test]
fn failed_login_tells_server_that_it_would_be_of() {
    let held = format!("[profiles.default]\nserver = \"https://held\"\ntoken = \"{}\"\n", token("a"));
    let arguments = "login --server https://h/base --domain-id 0192f0c1-0000-7000-8000-000000000002";
    let told = facts(&held, arguments, &[]);
    assert_eq!(told, ["server_mismatch".into(), "default".into(), "https://h/base".into(), Value::Null]);
}
