//! What a login hints at beside its result.

use std::time::Duration;

use plexctl::testing::ControlPlane;

use super::{Login, instructed};
use crate::support::bystander::config;

#[test]
fn hints_at_other_credentials() {
    let login = Login::approved();
    let mut command = login.command(&["--token-file", "/nowhere"]);
    let run = login.labelled(&login.sandbox.observe(command.env("PLEXSPHERE_TOKEN", "a-token")));
    let hints = "hint: PLEXSPHERE_TOKEN still authenticates other commands\nhint: --token-file still authenticates other \
                 commands\n";
    assert_eq!((run.exit, run.stderr), (0, instructed(hints)));
}

/// Without it, the login that is run again would be refused.
#[test]
fn hint_repeats_yes() {
    let elsewhere = ControlPlane::start().unwrap();
    let mut login = Login::new();
    login.sandbox.write_config(config(&elsewhere.url(), &elsewhere.mint("dev")));
    login.server.configure(|settings| settings.expires_in = Duration::from_secs(1));
    let run = login.run(&["--yes"]);
    assert_eq!(run.exit, 1, "{run:?}");
    let hint = run.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap();
    assert!(hint.contains(" --yes`"), "{hint}");
}
