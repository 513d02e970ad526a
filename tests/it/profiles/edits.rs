//! What `profiles use` and `profiles forget` make of a file, byte by byte.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::{SESSION, run, storing};
use crate::support::bystander::{BYSTANDER, config};
use crate::support::sandbox::{Sandbox, file_state};
use crate::support::trace::{has_strace, traced};

/// A command line, the config before it, and the config after it.
const EDITS: [(&str, &str, &str); 15] = [
    ("use b", "default = \"a\" # mine\n[profiles]\na={}\nb={}\n", "default = \"b\" # mine\n[profiles]\na={}\nb={}\n"),
    (
        "use b",
        "\u{feff}# mine\r\n\r\n'default'\t=\t'a'\r\n[profiles.a]\r\n[profiles.b]",
        "\u{feff}# mine\r\n\r\n'default'\t=\t\"b\"\r\n[profiles.a]\r\n[profiles.b]",
    ),
    ("use b", "default = \"\"\n[profiles.b]\n", "default = \"b\"\n[profiles.b]\n"),
    ("use b", "# mine\r\n\r\n[profiles.b]\r\n", "default = \"b\"\r\n# mine\r\n\r\n[profiles.b]\r\n"),
    ("use b", "\u{feff}[profiles.b]\r\nx = 1", "\u{feff}default = \"b\"\r\n[profiles.b]\r\nx = 1"),
    ("use b", "profiles = { a = {}, b = {} } # x\n", "profiles = { a = {}, b = {} } # x\ndefault = \"b\"\n"),
    ("use a.b", "default = \"a\"\n[profiles.\"a.b\"]\n", "default = \"a.b\"\n[profiles.\"a.b\"]\n"),
    ("forget b --yes", "# b\n[profiles.b]\nx = 1 # x\n\n# end\n", "# b\n\n# end\n"),
    (
        "forget b --yes",
        "\u{feff}[profiles.b]\r\ntoken = 1\r\n# old\r\nx = []\r\n# end\r\n[z]\r\n  y=nan",
        "\u{feff}# end\r\n[z]\r\n  y=nan",
    ),
    ("forget b --yes", "default='b'\nprofiles = {a={}, b = {x=1} } # x\n", "profiles = {a={} } # x\n"),
    ("forget b --yes", "default='a'\nprofiles = { b = {}, a = {} }\n", "default='a'\nprofiles = {  a = {} }\n"),
    ("forget b --yes", "profiles.b.x = 1 # b\nprofiles.a.x = 1 # a\nprofiles.b.y = 2\n", "profiles.a.x = 1 # a\n"),
    ("forget b --yes", "[profiles.b]\nx = 1\n[other]\n[profiles.b.sub]\ny = 2\n[profiles]\n", "[other]\n[profiles]\n"),
    (
        "forget b --yes",
        "\n\n\n[profiles.a]\n\n\n[profiles.b]\nx = 1\n\n\n\n# end\n",
        "\n\n\n[profiles.a]\n\n\n\n\n\n# end\n",
    ),
    ("forget b --yes", "[profiles]\nb = { token = \"t\" } # b\n# end", "[profiles]\n# end"),
];

#[test]
fn changes_no_foreign_byte() {
    for (line, before, after) in EDITS {
        for mode in [0o600, 0o400] {
            let sandbox = storing(before);
            fs::set_permissions(sandbox.config(), Permissions::from_mode(mode)).unwrap();
            let ran = run(&sandbox, &format!("profiles {line}"));
            assert_eq!(ran.exit, 0, "{before:?}: {ran:?}");
            assert_eq!(sandbox.config_text(), after, "{line}: {before:?}");
            assert_eq!(sandbox.config_state().mode, mode);
            assert_eq!(sandbox.neighbours(), [""; 0]);
        }
    }
}

#[test]
fn replaces_target_of_link() {
    for (line, after) in [
        ("use b", format!("default = \"b\"\n[profiles.a]\ntoken = \"{SESSION}\"\n[profiles.b]\n")),
        ("forget a --yes", "[profiles.b]\n".to_owned()),
    ] {
        let mut sandbox = Sandbox::new();
        let elsewhere = sandbox.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let target = elsewhere.join("target.toml");
        sandbox.write(&target, format!("default = \"a\"\n[profiles.a]\ntoken = \"{SESSION}\"\n[profiles.b]\n"));
        symlink("../../elsewhere/target.toml", sandbox.config()).unwrap();
        let before = file_state(&target);
        let ran = run(&sandbox, &format!("profiles {line}"));
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert!(fs::symlink_metadata(sandbox.config()).unwrap().is_symlink());
        let now = file_state(&target);
        assert_eq!(String::from_utf8(now.bytes).unwrap(), after);
        assert_eq!((now.mode, now.owner), (before.mode, before.owner));
        assert_ne!(now.inode, before.inode);
        assert_eq!((fs::read_dir(&elsewhere).unwrap().count(), sandbox.neighbours()), (1, vec![]));
    }
}

#[test]
fn writes_nothing_without_change() {
    for config in [
        "default = \"b\"\n[profiles.b]\n",
        "\u{feff}'default' = 'b' # mine\r\nprofiles = { b = {} }",
        "default = \"\\u0062\"\n[profiles.b]\n",
    ] {
        let sandbox = storing(config);
        let before = sandbox.config_state();
        let ran = run(&sandbox, "profiles use b");
        assert_eq!((ran.exit, ran.stdout.as_str()), (0, "Default profile is now \"b\".\n"), "{ran:?}");
        assert_eq!((sandbox.config_state(), sandbox.neighbours()), (before, vec![]));
    }
}

/// The profile is removed by then, and may be back after a power loss.
#[test]
fn tells_forgotten_session_that_is_not_durable() {
    if !has_strace("a removal that is not durable") {
        return;
    }
    let server = "https://plexsphere.example";
    let sandbox = storing(config(server, SESSION));
    let forget = ["profiles", "forget", "default", "--yes", "--output", "json"];
    let (run, trace) = traced(&sandbox, &forget, &["inject=fsync:error=EIO:when=2"]);
    assert!(trace.contains("(INJECTED)"), "{trace}");
    let failure: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let error = &failure["error"];
    assert_eq!((run.exit, &error["code"], &error["session"]), (1, &"not_durable".into(), &"ended".into()), "{run:?}");
    assert_eq!((&error["profile"], &error["server"]), (&"default".into(), &server.into()));
    assert_eq!(error["token_id"], "0192f0c1-2345-7abc-8def-0123456789ab");
    assert_eq!(sandbox.config_text(), BYSTANDER);
}
