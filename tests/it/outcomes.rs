//! Every row of the outcome table, seen from outside.

use plexctl::testing::ControlPlane;

use crate::support::sandbox::{Run, Sandbox};

#[test]
fn smoke() {
    let server = ControlPlane::start().unwrap();
    let mut sandbox = Sandbox::new();
    sandbox.write_config(format!(
        "default = \"default\"\n\n[profiles.default]\nserver = \"{}\"\ntoken = \"{}\"\n",
        server.url(),
        server.mint("dev")
    ));
    assert_eq!(sandbox.run(["logout"]), Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
    dbg!(server.requests());
    assert_eq!(sandbox.config_text(), "\n");
    assert_eq!(sandbox.run(["logout"]), Run::new(0, "", "No active session; nothing to do.\n"));
}
