//! `plexctl identity-tokens delete`.

use plexctl::testing::{Answer, Endpoint, Script};

use super::OTHER_ID;
use crate::support::bystander::config;
use crate::support::sandbox::Run;
use crate::support::signed_in::{SignedIn, id_of};

/// Deletes a token in a format, and holds that the config is as it was.
fn delete(signed_in: &SignedIn, id: &str, format: &str) -> Run {
    let before = signed_in.sandbox.config_state();
    let run = signed_in.sandbox.run(["identity-tokens", "delete", "--id", id, "--output", format]);
    assert_eq!((signed_in.sandbox.config_state(), signed_in.sandbox.neighbours()), (before, vec![]));
    run
}

fn summary(id: &str, format: &str) -> String {
    match format {
        "text" => format!("Revoked token {id}.\n"),
        "json" => {
            format!("{{\n  \"token_id\": \"{id}\",\n  \"server\": \"[ORIGIN]\",\n  \"revoked\": true\n}}\n")
        }
        _ => format!("token_id: {id}\nserver: [ORIGIN]\nrevoked: true\n"),
    }
}

#[test]
fn revokes_a_token_that_no_profile_holds() {
    for format in ["text", "json", "yaml"] {
        let signed_in = SignedIn::new();
        let other = signed_in.server.mint("dev");
        let id = id_of(&other);
        let run = delete(&signed_in, &id.to_uppercase(), format);
        assert_eq!(run, Run::new(0, summary(&id, format), ""));
        assert!(!signed_in.server.is_live(&other) && signed_in.server.is_live(&signed_in.token));

        let requests = signed_in.server.requests();
        let [request] = &requests[..] else { panic!("{} requests", requests.len()) };
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("DELETE", format!("/v1/auth/tokens/{id}").as_str())
        );
        assert_eq!(request.header("authorization"), Some(format!("Bearer {}", signed_in.token).as_str()));
        let mut headers: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        headers.sort_unstable();
        assert_eq!((headers, request.body.len()), (vec!["accept", "authorization", "host", "user-agent"], 0));
    }
}

#[test]
fn success_is_what_it_is_for_logout() {
    let answer = |status, content_type: &str, body: &str| Answer {
        status,
        content_type: content_type.to_owned(),
        body: body.as_bytes().to_vec(),
    };
    for (answer, is_success) in [
        (answer(204, "", ""), true),
        (answer(200, "", ""), true),
        (answer(200, "application/json", "{}"), true),
        (answer(200, "application/vnd.x+json; charset=utf-8", "nonsense"), true),
        (answer(200, "text/html", "<title>Sign in</title>"), false),
        (answer(202, "application/json", "{}"), false),
    ] {
        let signed_in = SignedIn::answering(answer.clone());
        let run = delete(&signed_in, OTHER_ID, "text");
        assert_eq!(run.exit == 0, is_success, "{answer:?}: {run:?}");
        assert_eq!(signed_in.server.requests().len(), 1);
    }
}

#[test]
fn hints_at_the_profile_that_holds_the_token() {
    for (profile, quoted) in [("default", "default"), ("it's mine", "\"it's mine\"")] {
        let mut signed_in = SignedIn::new();
        let url = signed_in.server.url();
        let text = config(&url, &signed_in.token);
        let text = text.replacen("\"default\"", &format!("\"{profile}\""), 1);
        signed_in.sandbox.write_config(text.replace("profiles.default", &format!("profiles.\"{profile}\"")));
        let hint = format!(
            "hint: profile \"{profile}\" holds this token; run `plexctl logout --profile {quoted}` to remove it\n"
        );
        let run = delete(&signed_in, &id_of(&signed_in.token), "json");
        assert_eq!(run, Run::new(0, summary("[ID]", "json"), &hint), "{profile}");
        assert!(!signed_in.server.is_live(&signed_in.token));

        let run = signed_in.sandbox.run(["logout", "--profile", profile]);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{run:?}");
        assert!(!signed_in.sandbox.config_text().contains(&signed_in.token));
    }
}

#[test]
fn hints_at_the_credential_that_was_the_token() {
    let mut signed_in = SignedIn::new();
    let (variable, file) = (signed_in.server.mint("dev"), signed_in.server.mint("dev"));
    let path = signed_in.sandbox.path().join("token.toml");
    signed_in.sandbox.write(&path, &file);
    let ours = |token: &str| ["identity-tokens".to_owned(), "delete".to_owned(), "--id".to_owned(), id_of(token)];
    let mut command = signed_in.sandbox.command(ours(&variable));
    let run = signed_in.sandbox.observe(command.env("PLEXSPHERE_TOKEN", &variable));
    assert_eq!((run.exit, run.stderr.as_str()), (0, "hint: PLEXSPHERE_TOKEN holds this token; unset it\n"));
    let mut command = signed_in.sandbox.command(ours(&file));
    let run = signed_in.sandbox.observe(command.args(["--token-file", "token.toml"]));
    assert_eq!((run.exit, run.stderr.as_str()), (0, "hint: token.toml holds this token; delete the file\n"));
    assert_eq!(signed_in.server.live_tokens().len(), 1);
}

#[test]
fn profile_of_another_origin_is_not_meant() {
    let mut signed_in = SignedIn::new();
    let other = signed_in.server.mint("dev");
    let text = signed_in.sandbox.config_text();
    signed_in.sandbox.write_config(format!(
        "{text}\n[profiles.elsewhere]\nserver = \"https://elsewhere.example\"\ntoken = \"{other}\"\n"
    ));
    let id = id_of(&other);
    assert_eq!(delete(&signed_in, &id, "text"), Run::new(0, summary(&id, "text"), ""));
}

#[test]
fn bare_404_warns_that_the_server_may_be_another() {
    let signed_in = SignedIn::answering(Answer::bare(404));
    let error = format!(
        "warning: the server responded with 404 without problem details for token {OTHER_ID}, so it may not be plexsphere\n\
         error: [ORIGIN] knows no token {OTHER_ID} of this principal: it is gone, or it belongs to another: the \
         server responded with 404 Not Found\n"
    );
    assert_eq!(delete(&signed_in, OTHER_ID, "text"), Run::new(1, "", error));
}

#[test]
fn usage_error_sends_nothing() {
    let signed_in = SignedIn::new();
    for arguments in [
        &["identity-tokens"][..],
        &["identity-tokens", "delete"],
        &["identity-tokens", "delete", OTHER_ID],
        &["identity-tokens", "delete", "--id", ""],
        &["identity-tokens", "delete", "--id", "0192f0c1"],
        &["identity-tokens", "delete", "--id", &OTHER_ID.replace('-', "")],
        &["identity-tokens", "delete", "--id", OTHER_ID, "more"],
        &["identity-tokens", "list", "--id", OTHER_ID],
    ] {
        let run = signed_in.sandbox.run(arguments);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains("error: ") && run.stderr.contains("Usage: plexctl identity-tokens"), "{run:?}");
    }
    assert_eq!(signed_in.server.connections(), 0);
}

/// A response that was lost leaves open whether the token is live, and a second run settles it.
#[test]
fn lost_response_is_settled_by_a_second_run() {
    let signed_in = SignedIn::new();
    let other = signed_in.server.mint("dev");
    let id = id_of(&other);
    signed_in.server.once(Endpoint::Revoke, Script::real().lost());
    let run = delete(&signed_in, &id, "text");
    assert_eq!(run.exit, 1, "{run:?}");
    assert!(
        run.stderr.contains(&format!("cannot revoke token {id} at [ORIGIN], so it may still be live: ")),
        "{run:?}"
    );
    assert!(!signed_in.server.is_live(&other));
    let run = delete(&signed_in, &id, "text");
    assert!(run.exit == 1 && run.stderr.contains("knows no token"), "{run:?}");
}
