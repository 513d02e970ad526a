//! `plexctl identity-tokens`: the list of tokens, and ([`delete`]) the end of one; what can go wrong with either
//! ([`failure`]; on the way to the server: `shared::network`, `shared::proxies`); and the hints that lead here
//! ([`hints`]).

mod delete;
mod failure;
mod hints;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use plexctl::testing::{Answer, Endpoint, Script};

use crate::support::sandbox::Run;
use crate::support::signed_in::{Failed, SignedIn, id_of};

/// A token that is in no profile.
const OTHER_ID: &str = "0192f0c1-8888-7abc-8def-0123456789ab";

/// What a run that lists tokens may hold in memory, in KiB.
const MEMORY_FOR_A_LIST: u64 = 64 * 1024;

/// A failure of the default profile's credential at its server.
fn failed(exit: i32, code: &'static str, message: impl Into<String>, hint: Option<&str>) -> Failed<'static> {
    Failed {
        exit,
        code,
        message: message.into(),
        hint: hint.map(str::to_owned),
        profile: Some("default"),
        server: Some("[ORIGIN]"),
        token_id: None,
        session: "untouched",
        problem_code: None,
    }
}

/// A signed-in profile whose server responds to a list with this.
fn listing(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> SignedIn {
    let signed_in = SignedIn::new();
    let answer = Answer { status, content_type: content_type.to_owned(), body: body.into() };
    signed_in.server.always(Endpoint::ListTokens, Script::answer(answer));
    signed_in
}

/// What a list of the signed-in profile's server shows in a format.
fn list(signed_in: &SignedIn, format: &str) -> Run {
    let before = signed_in.sandbox.config_state();
    let run = signed_in.sandbox.run(["identity-tokens", "list", "--output", format]);
    assert_eq!((signed_in.sandbox.config_state(), signed_in.sandbox.neighbours()), (before, vec![]));
    run
}

/// A list of a token in the default profile, and of another one that is newer and has every field.
fn two_tokens(signed_in: &SignedIn) -> String {
    let ours = id_of(&signed_in.token);
    format!(
        r#"[{{"unknown":[{{"id":"x"}}],"created_at":"2026-11-24T13:46:00+02:00","id":"{ours}","env_prefix":"dev",
        "expires_at":"2026-11-25T13:46:00Z","last_used_at":null}},{{"rotated_at":"2026-11-26T00:00:00Z",
        "last_used_at":"2026-11-27T00:00:00Z","expires_at":"soon","created_at":"2026-11-25T13:46:00.5Z",
        "env_prefix":"prod","id":"{OTHER_ID}"}}]"#
    )
}

#[test]
fn list_is_a_table_or_the_array_of_the_server() {
    let signed_in = SignedIn::new();
    let answer =
        Answer { status: 200, content_type: "application/json".to_owned(), body: two_tokens(&signed_in).into_bytes() };
    signed_in.server.always(Endpoint::ListTokens, Script::answer(answer));

    // The label of the id is shorter than the id.
    let table = format!(
        "\
ID                                    ENV   CREATED                    EXPIRES               LAST USED             PROFILE
{OTHER_ID}  prod  2026-11-25T13:46:00.5Z     soon                  2026-11-27T00:00:00Z  -
[ID]  dev   2026-11-24T13:46:00+02:00  2026-11-25T13:46:00Z  -                     default
"
    );
    assert_eq!(list(&signed_in, "text"), Run::new(0, table, ""));
    let json = format!(
        r#"[
  {{
    "id": "[ID]",
    "env_prefix": "dev",
    "created_at": "2026-11-24T13:46:00+02:00",
    "expires_at": "2026-11-25T13:46:00Z",
    "profile": "default"
  }},
  {{
    "id": "{OTHER_ID}",
    "env_prefix": "prod",
    "created_at": "2026-11-25T13:46:00.5Z",
    "expires_at": "soon",
    "last_used_at": "2026-11-27T00:00:00Z",
    "rotated_at": "2026-11-26T00:00:00Z",
    "profile": null
  }}
]
"#
    );
    assert_eq!(list(&signed_in, "json"), Run::new(0, json, ""));
    let yaml = format!(
        r#"- id: [ID]
  env_prefix: dev
  created_at: "2026-11-24T13:46:00+02:00"
  expires_at: "2026-11-25T13:46:00Z"
  profile: default
- id: {OTHER_ID}
  env_prefix: prod
  created_at: "2026-11-25T13:46:00.5Z"
  expires_at: soon
  last_used_at: "2026-11-27T00:00:00Z"
  rotated_at: "2026-11-26T00:00:00Z"
  profile: null
"#
    );
    let run = list(&signed_in, "yaml");
    assert_eq!((run.exit, run.stdout.replace('\'', ""), run.stderr.as_str()), (0, yaml, ""));

    let requests = signed_in.server.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/v1/auth/tokens"));
        assert_eq!(request.header("authorization"), Some(format!("Bearer {}", signed_in.token).as_str()));
        assert!(request.body.is_empty());
        let mut headers: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        headers.sort_unstable();
        assert_eq!(headers, ["accept", "authorization", "host", "user-agent"]);
    }
}

#[test]
fn lists_every_live_token_of_a_control_plane() {
    let signed_in = SignedIn::new();
    let others: Vec<_> = (0..3).map(|_| id_of(&signed_in.server.mint("dev"))).collect();
    let run = list(&signed_in, "json");
    let listed: Vec<serde_json::Value> = serde_json::from_str(&run.stdout).unwrap();
    let ids: Vec<_> = listed.iter().map(|token| token["id"].as_str().unwrap()).collect();
    assert_eq!((run.exit, ids.len()), (0, 4), "{run:?}");
    assert!(ids.contains(&"[ID]") && others.iter().all(|id| ids.contains(&id.as_str())), "{run:?}");
    for token in &listed {
        assert_eq!(token["profile"] == "default", token["id"] == "[ID]", "{token}");
    }
}

#[test]
fn no_tokens_are_an_empty_array_and_a_sentence() {
    let signed_in = listing(200, "application/json", "\u{feff} [ ]\n");
    for (format, stdout) in [("text", ""), ("json", "[]\n"), ("yaml", "[]\n")] {
        assert_eq!(list(&signed_in, format), Run::new(0, stdout, "No tokens at [ORIGIN].\n"));
    }
}

#[test]
fn escapes_hostile_fields_and_masks_the_credential() {
    let hostile = "a\t\u{1b}[2J\u{202e}\n- b: \"c\"\u{85}\u{0}é日本";
    let signed_in = SignedIn::new();
    let token = serde_json::json!([{
        "id": hostile, "env_prefix": signed_in.token, "created_at": hostile, "expires_at": hostile, "last_used_at": hostile,
        "rotated_at": hostile,
    }]);
    let answer =
        Answer { status: 200, content_type: "application/json".to_owned(), body: token.to_string().into_bytes() };
    signed_in.server.always(Endpoint::ListTokens, Script::answer(answer));
    for format in ["text", "json", "yaml"] {
        let run = list(&signed_in, format);
        assert!(!run.stdout.contains(|c: char| c != '\n' && c.is_control()), "{run:?}");
        assert!(!run.stdout.contains('\u{202e}') && run.stdout.contains("é日本"), "{run:?}");
        assert!(run.stdout.contains("[redacted]"), "{run:?}");
        if format == "text" {
            assert_eq!(run.stdout.lines().count(), 2, "{run:?}");
        } else {
            let listed: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(listed[0]["id"], hostile);
        }
    }
}

#[test]
fn unusable_config_is_a_warning_where_the_credential_is_given() {
    let signed_in = listing(200, "application/json", format!(r#"[{{"id":"{OTHER_ID}"}}]"#));
    let url = signed_in.server.url();
    let given = |run: &[&str]| {
        let mut command = signed_in.sandbox.command(run);
        signed_in.sandbox.observe(command.env("PLEXSPHERE_TOKEN", &signed_in.token))
    };
    let listed = ["identity-tokens", "list", "--server", &url];
    let deleted = ["identity-tokens", "delete", "--id", OTHER_ID, "--server", &url];
    signed_in.server.always(Endpoint::Revoke, Script::answer(Answer::bare(204)));
    let table = format!(
        "ID                                    ENV  CREATED  EXPIRES  LAST USED  PROFILE\n{OTHER_ID}  -    -        -        -          -\n"
    );
    assert_eq!(given(&listed), Run::new(0, &table, ""));

    fs::set_permissions(signed_in.sandbox.config(), Permissions::from_mode(0o644)).unwrap();
    let cause = "[CONFIG] is refused: its mode 0644 is wider than 0600";
    let warning = format!("warning: cannot tell which profiles hold these tokens: {cause}\n");
    assert_eq!(given(&listed), Run::new(0, &table, warning));
    let warning = format!("warning: cannot tell which profiles hold this token: {cause}\n");
    assert_eq!(given(&deleted), Run::new(0, format!("Revoked token {OTHER_ID}.\n"), warning));

    fs::remove_file(signed_in.sandbox.config()).unwrap();
    assert_eq!(given(&listed), Run::new(0, &table, ""));
    let mut homeless = signed_in.sandbox.command(listed);
    homeless.env_remove("HOME").env("PLEXSPHERE_TOKEN", &signed_in.token);
    assert_eq!(signed_in.sandbox.observe(&mut homeless), Run::new(0, table, ""));
}

/// 100,000 tokens in 16 MiB: a list that is as long as may be.
#[test]
fn longest_list_is_printed_within_64_mib() {
    let tokens: Vec<String> = (0..100_000)
        .map(|number| {
            format!(
                r#"{{"id":"0192f0c1-2345-7abc-8def-{number:012}","env_prefix":"prod","created_at":"2026-11-25T13:46:00Z","expires_at":"2027-11-25T13:46:00Z"}}"#
            )
        })
        .collect();
    let mut signed_in = listing(200, "application/json", format!("[{}]", tokens.join(",")));
    signed_in.sandbox.allow_memory(MEMORY_FOR_A_LIST);
    // A pipe would be full long before the run ends, and the hunt for leaks would take a minute in another file.
    let path = signed_in.sandbox.path().join("list.toml");
    let mut command = signed_in.sandbox.command(["identity-tokens", "list", "--output", "json"]);
    command.stdout(File::create(&path).unwrap()).stderr(Stdio::piped());
    let run = signed_in.sandbox.observe_child(command.spawn().unwrap());
    assert_eq!((run.exit, run.stderr.as_str()), (0, ""));
    assert_eq!(fs::read_to_string(&path).unwrap().matches("0192f0c1-2345-7abc-8def-").count(), 100_000);
}
