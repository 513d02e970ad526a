//! `plexctl profiles`, `profiles use` and `profiles forget`: what is told and what is written, byte by byte ([`edits`]),
//! without a word to any server.

mod edits;
mod interrupted;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;
use std::time::Duration;

use crate::support::sandbox::{Run, Sandbox, start};
use crate::support::shell::{has_namespaces, in_shell, without_network};
use crate::support::signed_in::{Failed, SignedIn};

const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
const SESSION: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_c4nary-s3cret-c4nary";

/// Profiles of every kind, in an order that is not the alphabet's.
const STORED: &str = "\
default = \"work\"
[profiles.work]
server = \"https://plexsphere.example\"
token = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_c4nary-s3cret-c4nary\"
expires_at = 2126-11-25T13:46:00Z
[profiles.jwt]
server = \"https://operator:hunter2@staging.example/base\"
token = \"eyJhbGciOiJFZERTQSJ9.e30.c2ln\"
[profiles.bare]
";

const TABLE: &str = "\
DEFAULT  PROFILE  SERVER                        TOKEN ID                              EXPIRES
*        work     https://plexsphere.example    0192f0c1-2345-7abc-8def-0123456789ab  2126-11-25T13:46:00Z
         jwt      https://staging.example/base  -                                     -
         bare     -                             -                                     -
";

const JSON: &str = r#"{
  "config": "[CONFIG]",
  "default": "work",
  "profiles": [
    {
      "name": "work",
      "server": "https://plexsphere.example",
      "token_id": "0192f0c1-2345-7abc-8def-0123456789ab",
      "expires_at": "2126-11-25T13:46:00Z"
    },
    {
      "name": "jwt",
      "server": "https://staging.example/base",
      "token_id": null,
      "expires_at": null
    },
    {
      "name": "bare",
      "server": null,
      "token_id": null,
      "expires_at": null
    }
  ]
}
"#;

const YAML: &str = "\
config: [CONFIG]
default: work
profiles:
- name: work
  server: https://plexsphere.example
  token_id: 0192f0c1-2345-7abc-8def-0123456789ab
  expires_at: \"2126-11-25T13:46:00Z\"
- name: jwt
  server: https://staging.example/base
  token_id: null
  expires_at: null
- name: bare
  server: null
  token_id: null
  expires_at: null
";

/// A sandbox with this config.
fn storing(config: impl AsRef<[u8]>) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config);
    sandbox
}

/// Runs a command line, given as words without blanks in them.
fn run(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.run(line.split(' '))
}

/// A failure that names no server.
fn failed<'a>(exit: i32, code: &'a str, message: &str, hint: Option<&str>, profile: Option<&'a str>) -> Failed<'a> {
    Failed {
        exit,
        code,
        message: message.to_owned(),
        hint: hint.map(str::to_owned),
        profile,
        server: None,
        token_id: None,
        session: "untouched",
        problem_code: None,
    }
}

/// Runs a command line in each format, which has to fail so and to leave the config as it is.
fn assert_fails(sandbox: &Sandbox, line: &str, expected: &Failed<'_>) {
    let before = sandbox.config().is_file().then(|| sandbox.config_state());
    for format in ["text", "json", "yaml"] {
        expected.assert_is(&run(sandbox, &format!("--output {format} {line}")), format);
        assert_eq!(sandbox.config().is_file().then(|| sandbox.config_state()), before, "{line}");
        assert_eq!(sandbox.neighbours(), [""; 0], "{line}");
    }
}

#[test]
fn lists_profiles_in_file_order() {
    let sandbox = storing(STORED);
    let before = sandbox.config_state();
    let expired = STORED.replace("expires_at = 2126", "expires_at = 2016");
    assert_ne!(expired, STORED);
    assert!(run(&storing(&expired), "profiles").stdout.contains("2016-11-25T13:46:00Z (expired)\n"));
    for (line, listed) in [("profiles", TABLE), ("profiles --output json", JSON), ("--output yaml profiles", YAML)] {
        let run = run(&sandbox, line);
        assert_eq!(run, Run::new(0, listed, ""));
        assert!(!run.stdout.contains("hunter2") && !run.stdout.contains("eyJ"));
    }
    assert_eq!(sandbox.config_state(), before);
}

#[test]
fn lists_nothing_without_profiles() {
    let empty = storing("# default = \"gone\"\nprofiles = {}\n");
    let missing = Sandbox::new();
    for sandbox in [&empty, &missing] {
        let note = "No profiles in [CONFIG].\n";
        let json = "{\n  \"config\": \"[CONFIG]\",\n  \"default\": null,\n  \"profiles\": []\n}\n";
        assert_eq!(run(sandbox, "profiles"), Run::new(0, "", note));
        assert_eq!(run(sandbox, "profiles --output json"), Run::new(0, json, note));
        let yaml = "config: [CONFIG]\ndefault: null\nprofiles: []\n";
        assert_eq!(run(sandbox, "profiles --output yaml"), Run::new(0, yaml, note));
    }
    assert!(!missing.config().exists());
}

#[test]
fn shows_default_that_names_no_profile() {
    let sandbox = storing("default = \"gone\"\n[profiles.a]\n");
    let table = "DEFAULT  PROFILE  SERVER  TOKEN ID  EXPIRES\n         a        -       -         -\n";
    assert_eq!(run(&sandbox, "profiles"), Run::new(0, table, ""));
    assert!(run(&sandbox, "profiles --output json").stdout.contains("\"default\": \"gone\""));
}

#[test]
fn escapes_hostile_values() {
    let hostile = "a\t\u{1b}[2J\u{202e}\n- b: \"c\"\u{85}é日本";
    let long = "n\u{1b}".repeat(5 * 1024);
    let quote =
        |text: &str| serde_json::to_string(text).unwrap().replace('\u{7f}', "\\u007F").replace('\u{85}', "\\u0085");
    let server = format!("https://user:{}@h.example/{hostile}", "hunter2");
    let sandbox = storing(format!(
        "default = {}\n[profiles.{}]\nserver = {}\n[profiles.{}]\n[profiles.c]\n",
        quote(hostile),
        quote(hostile),
        quote(&server),
        quote(&long)
    ));
    let is_hostile =
        |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));

    let listed = run(&sandbox, "profiles");
    assert_eq!((listed.exit, listed.stdout.lines().count()), (0, 4), "{listed:.300?}");
    assert!(!listed.stdout.contains(is_hostile) && !listed.stdout.contains("hunter2"), "{listed:.300?}");
    let row = listed.stdout.lines().nth(1).unwrap();
    assert!(row.starts_with(r#"*        a\t\u{1b}[2J\u{202e}\n- b: "c"\u{85}é日本  "#), "{row:.100}");
    for format in ["json", "yaml"] {
        let listed = run(&sandbox, &format!("profiles --output {format}"));
        assert!(!listed.stdout.contains(is_hostile) && !listed.stdout.contains("hunter2"), "{listed:.300?}");
        // What cannot stand plainly in YAML is written as JSON, which YAML takes too.
        let data: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
        assert_eq!((&data["default"], &data["profiles"][0]["name"]), (&hostile.into(), &hostile.into()));
        assert_eq!(data["profiles"][1]["name"], long.as_str());
    }

    let used = sandbox.run(["profiles", "use", hostile]);
    let shown = r#"a\t\u{1b}[2J\u{202e}\n- b: "c"\u{85}é日本"#;
    assert_eq!(used, Run::new(0, format!("Default profile is now \"{shown}\".\n"), ""));
    let kept = sandbox.run(["profiles", "forget", hostile]);
    let hint = "hint: if its server is gone for good, run the same command with --yes\n";
    let error = format!("error: profile \"{shown}\" was kept: forgetting it does not revoke its token\n");
    assert_eq!(kept, Run::new(2, "", error + hint));
    let forgotten = sandbox.run(["profiles", "forget", "--yes", hostile]);
    assert_eq!(forgotten, Run::new(0, format!("Forgot profile \"{shown}\".\n"), ""));
    assert_eq!(sandbox.config_text(), format!("[profiles.{}]\n[profiles.c]\n", quote(&long)));
}

#[test]
fn use_sets_default_in_every_format() {
    for (arguments, told) in [
        ("", "Default profile is now \"jwt\".\n"),
        (" --output json", "{\n  \"default\": \"jwt\"\n}\n"),
        (" --output yaml", "default: jwt\n"),
    ] {
        let sandbox = storing(STORED);
        assert_eq!(run(&sandbox, &format!("profiles use jwt{arguments}")), Run::new(0, told, ""));
        assert_eq!(sandbox.config_text(), STORED.replace("default = \"work\"", "default = \"jwt\""));
        let written = sandbox.config_state();
        // A file that is not written is the same file.
        assert_eq!(run(&sandbox, &format!("profiles use jwt{arguments}")), Run::new(0, told, ""));
        assert_eq!((sandbox.config_state(), sandbox.neighbours()), (written, vec![]));
    }
}

#[test]
fn forget_needs_yes_and_names_token() {
    let left = |header: &str, next: &str| {
        let (start, end) = (STORED.find(header).unwrap(), STORED.find(next).unwrap());
        format!("{}{}", &STORED[..start], &STORED[end..])
    };
    let work = left("[profiles.work]", "[profiles.jwt]").replace("default = \"work\"\n", "");
    let jwt = left("[profiles.jwt]", "[profiles.bare]");
    let bare = STORED.replace("[profiles.bare]\n", "");
    let of_work = format!(
        "warning: token {ID} may still be live at https://plexsphere.example\nhint: once you are logged in, run `plexctl \
         identity-tokens delete --id {ID}`\n"
    );
    let of_jwt = "warning: a token without an id may still be live at https://staging.example\n";
    let json = |name: &str, id: &str, server: &str| {
        format!("{{\n  \"forgotten\": \"{name}\",\n  \"token_id\": {id},\n  \"server\": {server}\n}}\n")
    };
    for (name, rest, warning, json, yaml) in [
        (
            "work",
            &work,
            of_work.as_str(),
            json("work", &format!("\"{ID}\""), "\"https://plexsphere.example\""),
            format!("forgotten: work\ntoken_id: {ID}\nserver: https://plexsphere.example\n"),
        ),
        (
            "jwt",
            &jwt,
            of_jwt,
            json("jwt", "null", "\"https://staging.example/base\""),
            "forgotten: jwt\ntoken_id: null\nserver: https://staging.example/base\n".to_owned(),
        ),
        ("bare", &bare, "", json("bare", "null", "null"), "forgotten: bare\ntoken_id: null\nserver: null\n".to_owned()),
    ] {
        for (format, told) in [("text", format!("Forgot profile \"{name}\".\n")), ("json", json), ("yaml", yaml)] {
            let sandbox = storing(STORED);
            let kept = format!("profile \"{name}\" was kept: forgetting it does not revoke its token");
            let hint = format!("if its server is gone for good, run `plexctl profiles forget --yes {name}`");
            let kept = match name {
                "work" => {
                    let kept = format!("{kept} (https://plexsphere.example, token {ID})");
                    let kept = failed(2, "confirmation_needed", &kept, Some(&hint), Some(name));
                    Failed { server: Some("https://plexsphere.example"), token_id: Some(ID), ..kept }
                }
                name => {
                    let server = (name == "jwt").then_some("https://staging.example/base");
                    Failed { server, ..failed(2, "confirmation_needed", &kept, Some(&hint), Some(name)) }
                }
            };
            assert_fails(&sandbox, &format!("profiles forget {name}"), &kept);
            let forgotten = run(&sandbox, &format!("profiles forget {name} --yes --output {format}"));
            assert_eq!(forgotten, Run::new(0, told, warning));
            assert_eq!((sandbox.config_text().as_str(), sandbox.config_state().mode), (rest.as_str(), 0o600));
            assert_eq!(sandbox.neighbours(), [""; 0]);
        }
    }
}

#[test]
fn expired_token_is_marked_in_text_only() {
    let sandbox = storing("[profiles.old]\nexpires_at = 2016-11-25T13:46:00Z\n");
    let table = "DEFAULT  PROFILE  SERVER  TOKEN ID  EXPIRES\n         old      -       -         2016-11-25T13:46:00Z (expired)\n";
    assert_eq!(run(&sandbox, "profiles"), Run::new(0, table, ""));
    let json = run(&sandbox, "profiles --output json").stdout;
    assert!(json.contains("\"expires_at\": \"2016-11-25T13:46:00Z\"\n"), "{json}");
}

/// That a profile is not there is said before anything else.
#[test]
fn unconfirmed_forget_of_missing_profile_fails() {
    let missing =
        |names: &str| failed(2, "no_such_profile", &format!("[CONFIG] has no profile \"x\", {names}"), None, Some("x"));
    assert_fails(&Sandbox::new(), "profiles forget x", &missing("and no other"));
    assert_fails(&storing("[profiles.a]\n"), "profiles forget x", &missing("it has \"a\""));
}

#[test]
fn missing_profile_lists_the_others() {
    let has = "[CONFIG] has no profile \"gone\", it has \"work\", \"jwt\", \"bare\"";
    let has_none = "[CONFIG] has no profile \"gone\", and no other";
    for line in ["profiles use gone", "profiles forget gone --yes"] {
        assert_fails(&storing(STORED), line, &failed(2, "no_such_profile", has, None, Some("gone")));
        let none = failed(2, "no_such_profile", has_none, None, Some("gone"));
        assert_fails(&storing("# nothing\n"), line, &none);
        let sandbox = Sandbox::new();
        assert_fails(&sandbox, line, &none);
        assert!(!sandbox.config().exists());
    }
}

#[test]
fn rejects_mode_wider_than_0600() {
    let sandbox = storing(STORED);
    fs::set_permissions(sandbox.config(), Permissions::from_mode(0o644)).unwrap();
    let message = "[CONFIG] is refused: its mode 0644 is wider than 0600";
    for (line, again, profile) in [
        ("profiles", "profiles", None),
        ("profiles use jwt", "profiles use jwt", Some("jwt")),
        ("profiles forget jwt --yes", "profiles forget --yes jwt", Some("jwt")),
    ] {
        let hint = format!("run `chmod 600 [CONFIG]`, then `plexctl {again}` again");
        assert_fails(&sandbox, line, &failed(3, "config_exposed", message, Some(&hint), profile));
    }
}

#[test]
fn names_place_of_invalid_config() {
    let invalid = storing("default = \"a\"\n[profiles.a\n");
    let wrong = storing("default = 1\n[profiles.a]\n");
    let dangling = Sandbox::new();
    symlink("nowhere.toml", dangling.config()).unwrap();
    let directory = Sandbox::new();
    fs::create_dir(directory.config()).unwrap();
    for (sandbox, place, cause) in [
        (&invalid, "[CONFIG]:2:", "TOML"),
        (&wrong, "[CONFIG]:1:11", "`default` is not a string"),
        (&dangling, "[CONFIG] ", "leads nowhere"),
        (&directory, "[CONFIG] ", "it is not a regular file"),
    ] {
        for line in ["profiles", "profiles use a", "profiles forget a --yes"] {
            let run = run(sandbox, &format!("{line} --output json"));
            assert_eq!((run.exit, run.stdout.contains("\"code\": \"config_unusable\"")), (1, true), "{line}: {run:?}");
            assert!(run.stderr.starts_with(&format!("error: {place}")) && run.stderr.contains(cause), "{run:?}");
        }
    }
}

#[test]
fn never_uses_the_network() {
    let signed_in = SignedIn::new();
    let has_namespaces = has_namespaces("profiles without a network");
    for line in ["profiles", "profiles use bystander", "profiles forget default", "profiles forget default --yes"] {
        let mut command = signed_in.sandbox.command(line.split(' '));
        command.env("HTTP_PROXY", signed_in.server.url()).env("PLEXSPHERE_URL", signed_in.server.url());
        let run = if has_namespaces {
            signed_in.sandbox.observe(&mut without_network(&command))
        } else {
            signed_in.sandbox.observe(&mut command)
        };
        assert_eq!(run.exit, if line == "profiles forget default" { 2 } else { 0 }, "{run:?}");
    }
    assert_eq!(signed_in.server.connections(), 0);
    assert!(signed_in.server.is_live(&signed_in.token));
}

#[test]
fn writers_wait_for_lock_up_to_limit() {
    let sandbox = storing(STORED);
    let before = sandbox.config_state();
    let lock = sandbox.lock_directory();
    let start = |line: &str| start(&mut sandbox.command(line.split(' ')));
    let late = ["profiles use jwt --output json", "profiles forget jwt --yes --output json"].map(start);
    // Who only reads does not wait.
    assert_eq!(run(&sandbox, "profiles"), Run::new(0, TABLE, ""));
    for late in late {
        let late = sandbox.observe_child(late);
        assert_eq!((late.exit, late.stdout.contains("\"code\": \"not_stored\"")), (1, true), "{late:?}");
        let cause =
            "error: [CONFIG] was not changed: another program has held the lock on its directory for 10 seconds";
        assert!(late.stderr.contains(cause), "{late:?}");
    }
    assert_eq!((sandbox.config_state(), sandbox.neighbours()), (before, vec![]));

    let waiting = start("profiles use jwt");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(sandbox.config_text(), STORED);
    drop(lock);
    assert_eq!(sandbox.observe_child(waiting), Run::new(0, "Default profile is now \"jwt\".\n", ""));
}

/// A file that is read through `/dev/fd` after it was unlinked is never found where its path says it is.
#[test]
fn writer_waits_for_steady_path_up_to_limit() {
    let sandbox = storing(STORED);
    let script = "exec 3< .config/plexctl/config.toml; rm .config/plexctl/config.toml; PLEXCTL_CONFIG=/dev/fd/3
        export PLEXCTL_CONFIG; exec \"$0\" \"$@\"";
    let stopped = sandbox.observe(&mut in_shell(script, &sandbox.command(["profiles", "use", "jwt"])));
    let cause = "error: /dev/fd/3 was not changed: its path keeps changing\n";
    assert!(stopped.exit == 1 && stopped.stderr.starts_with(cause), "{stopped:?}");
}

/// No command can select such a profile, so the list has to show it.
#[test]
fn lists_profile_without_name_with_warning() {
    let sandbox = storing("[profiles.\"\"]\ntoken = \"a.jwt\"\nserver = \"user:hunter2@h/http://z@y\"\n");
    let warning =
        "warning: [CONFIG] has a profile whose name is empty, which no command can select; rename it in the file\n";
    let table = "DEFAULT  PROFILE  SERVER  TOKEN ID  EXPIRES\n         \"\"       y       -         -\n";
    assert_eq!(run(&sandbox, "profiles"), Run::new(0, table, warning));
    let listed = run(&sandbox, "profiles --output json");
    assert_eq!((listed.exit, listed.stderr.as_str()), (0, warning));
    assert!(listed.stdout.contains("\"name\": \"\"") && !listed.stdout.contains("hunter2"), "{listed:?}");
}

/// Whatever interrupts the removal, what it loses has been told by then.
#[test]
fn tells_forgotten_token_before_removal() {
    let sandbox = storing(STORED);
    let lock = sandbox.lock_directory();
    let mut waiting = start(&mut sandbox.command(["profiles", "forget", "--yes", "work"]));
    let mut told = String::new();
    BufReader::new(waiting.stderr.take().unwrap()).read_line(&mut told).unwrap();
    assert_eq!(told, format!("warning: token {ID} may still be live at https://plexsphere.example\n"));
    assert_eq!(sandbox.config_text(), STORED, "nothing is removed yet");
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    drop(lock);
}

#[test]
fn names_config_of_other_program_where_there_is_none() {
    let mut sandbox = Sandbox::new();
    let other = sandbox.config().with_file_name("config.json");
    sandbox.write(&other, "{}");
    let hint = "hint: [SANDBOX]/.config/plexctl/config.json belongs to another plexctl, which keeps its sessions there; \
                this one reads [CONFIG]\n";
    assert_eq!(run(&sandbox, "profiles"), Run::new(0, "", format!("No profiles in [CONFIG].\n{hint}")));
    assert_eq!(run(&sandbox, "logout"), Run::new(0, "", format!("No active session; nothing to do.\n{hint}")));
    for (line, failure) in [
        ("whoami", "no credential"),
        ("identity-tokens list", "no credential"),
        ("exec -- true", "cannot run \"true\": no session"),
    ] {
        let error = format!("error: {failure}: the config file does not exist\n{hint}");
        assert_eq!(run(&sandbox, line), Run::new(2, "", error));
    }
}
