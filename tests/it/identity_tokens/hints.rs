//! The hints that lead here, followed to the end: the control plane then holds nothing live.

use std::sync::Arc;

use plexctl::testing::ControlPlane;

use crate::support::sandbox::Sandbox;
use crate::support::signed_in::{SignedIn, id_of};

/// The ids that `identity-tokens list` shows beside no profile.
fn unheld(sandbox: &Sandbox, credential: &str, server: &str) -> Vec<String> {
    let mut command = sandbox.command(["identity-tokens", "list", "--output", "json", "--server", server]);
    let output = command.env("PLEXSPHERE_TOKEN", credential).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let unheld = listed.iter().filter(|token| token["profile"].is_null());
    unheld.map(|token| token["id"].as_str().unwrap().to_owned()).collect()
}

/// Revokes a token, and then the credential that revoked it.
fn end(sandbox: &Sandbox, control_plane: &Arc<ControlPlane>, credential: &str, id: &str) {
    for id in [id, &id_of(credential)] {
        let url = control_plane.url();
        let mut command = sandbox.command(["identity-tokens", "delete", "--server", &url, "--id", id]);
        let run = sandbox.observe(command.env("PLEXSPHERE_TOKEN", credential));
        assert_eq!(run.exit, 0, "{run:?}");
    }
    assert_eq!(control_plane.live_tokens(), []);
}

#[test]
fn token_of_a_forgotten_profile_is_listed_and_ended() {
    let signed_in = SignedIn::new();
    let (url, credential) = (signed_in.server.url(), signed_in.server.mint("dev"));
    let run = signed_in.sandbox.run(["profiles", "forget", "--yes", "default"]);
    assert!(run.exit == 0 && run.stderr.contains("[ID]"), "{run:?}");
    let ours = id_of(&signed_in.token);
    assert!(unheld(&signed_in.sandbox, &credential, &url).contains(&ours));
    end(&signed_in.sandbox, &signed_in.server, &credential, &ours);
}
