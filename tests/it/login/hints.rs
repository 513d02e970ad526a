//! What a login hints at beside its result.

use super::{Login, instructed};

#[test]
fn hints_at_other_credentials() {
    let login = Login::approved();
    let mut command = login.command(&["--token-file", "/nowhere"]);
    let run = login.labelled(&login.sandbox.observe(command.env("PLEXSPHERE_TOKEN", "a-token")));
    let hints = "hint: PLEXSPHERE_TOKEN still authenticates other commands\nhint: --token-file still authenticates other \
                 commands\n";
    assert_eq!((run.exit, run.stderr), (0, instructed(hints)));
}
