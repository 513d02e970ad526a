//! What stops a logout before anything was sent: one table per kind of fault. Whatever it is, the file stays the same
//! and no connection is made.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::io::Errno;

use super::{
    AT_ONCE, ID, NO_CONTENT, TEMP_NAME, TOKEN, chmod, config, logged_out, observe_within, system, unusable,
    unusable_after,
};
use crate::support::bystander::BYSTANDER;
use crate::support::sandbox::{Run, Sandbox, file_state, no_session, no_session_but};
use crate::support::scripted_server::ScriptedServer;
use crate::support::shell::in_shell;
use crate::support::trace::{has_strace, traced};
use crate::support::unprivileged::{Unprivileged, output_behind};

/// A server that would say gone, and must not be asked.
fn unasked_server() -> ScriptedServer {
    ScriptedServer::answering(NO_CONTENT)
}

/// Runs a logout over a config, and holds that it changed and sent nothing.
fn assert_stopped(arguments: &[&str], contents: impl AsRef<[u8]>, mode: u32, server: &ScriptedServer, expected: &Run) {
    let contents = contents.as_ref();
    let shown = String::from_utf8_lossy(&contents[..contents.len().min(300)]).into_owned();
    let case = format!("{arguments:?} over {mode:04o} {shown:?}");
    let mut sandbox = Sandbox::new();
    sandbox.label(server.url(), "[SERVER]");
    sandbox.write_config(contents);
    chmod(&sandbox.config(), mode);
    let before = sandbox.config_state();
    assert_eq!(&sandbox.run(["logout"].iter().chain(arguments)), expected, "{case}");
    assert_eq!(sandbox.config_state(), before, "{case}");
    assert_eq!(sandbox.neighbours(), [""; 0], "{case}");
    assert_eq!(server.requests(), [""; 0], "{case}");
}

#[test]
fn has_nothing_to_do_without_session() {
    let server = unasked_server();
    let url = server.url();
    let has = |names: &str| format!("hint: there is no default, but [CONFIG] has {names}; name one with --profile\n");
    let both = "\"default\", \"bystander\"";
    let not_there = |name: &str| format!("hint: [CONFIG] has no profile \"{name}\", it has {both}\n");
    let dangling = "hint: the default of [CONFIG] names profile";
    let no_token = "hint: profile \"default\" of [CONFIG] has no token\n";
    let pointing_to = |pointer: &str| config(&url).replace("default = \"default\"", pointer);
    let cases: [(&[&str], String, String); 12] = [
        (&[], String::new(), String::new()),
        (&[], "\u{feff}".into(), String::new()),
        (&[], "# default = \"default\"\n# [profiles.default]\r\n".into(), String::new()),
        (&["--profile", "unknown"], config(&url), not_there("unknown")),
        (
            &["--profile", "Default"],
            config(&url),
            not_there("Default").replace('\n', "; \"Default\" is not \"default\": names are case-sensitive\n"),
        ),
        (
            &[],
            pointing_to("default = \"missing\""),
            format!("{dangling} \"missing\", which is not there; it has {both}\n"),
        ),
        (&[], pointing_to("default = \"\""), has(both)),
        (&[], pointing_to(""), has(both)),
        (&[], format!("default = \"default\"\n[profiles.default]\nserver = \"{url}\"\n"), no_token.into()),
        (
            &[],
            format!("default = \"default\"\n[profiles.default]\nserver = \"{url}\"\ntoken = \"\"\n"),
            no_token.into(),
        ),
        (&[], "default = \"default\"\nprofiles = {}\n".into(), format!("{dangling} \"default\", which is not there\n")),
        (&["--profile", "a"], "[profiles]\n[other.a]\ntoken = 3\n".into(), String::new()),
    ];
    for (arguments, contents, hint) in cases {
        for format in ["text", "json", "yaml"] {
            let arguments = [arguments, &["--output", format]].concat();
            assert_stopped(&arguments, &contents, 0o600, &server, &no_session_but(&hint));
        }
    }
}

#[test]
fn creates_nothing_without_config() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(["logout"]), no_session());
    assert_eq!(sandbox.neighbours(), [""; 0]);

    fs::remove_dir_all(sandbox.path().join(".config")).unwrap();
    for arguments in [&["logout"][..], &["logout", "--profile", "default", "--server", "not a URL"]] {
        assert_eq!(sandbox.run(arguments), no_session());
    }
    assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), 0);
}

#[test]
fn fails_without_home() {
    let sandbox = Sandbox::new();
    let no_place = Run::new(
        1,
        "",
        "error: cannot tell where the config file is\nhint: set HOME, XDG_CONFIG_HOME or PLEXCTL_CONFIG\n",
    );
    let environments: [&[(&str, &str)]; 4] = [
        &[],
        &[("HOME", "")],
        &[("HOME", ""), ("XDG_CONFIG_HOME", ""), ("PLEXCTL_CONFIG", "")],
        &[("XDG_CONFIG_HOME", "relative")],
    ];
    for environment in environments {
        let mut command = sandbox.command(["logout"]);
        command.env_remove("HOME").envs(environment.iter().copied());
        assert_eq!(sandbox.observe(&mut command), no_place, "{environment:?}");
    }
}

#[test]
fn empty_variable_counts_as_unset() {
    for variable in ["XDG_CONFIG_HOME", "PLEXCTL_CONFIG"] {
        let server = ScriptedServer::answering(NO_CONTENT);
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(&server.url()));
        let mut command = sandbox.command(["logout"]);
        assert_eq!(sandbox.observe(command.env(variable, "")), logged_out(), "{variable}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn rejects_empty_profile_name() {
    let server = unasked_server();
    for flag in [&["--profile", ""][..], &["--profile="]] {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(&server.url()));
        let before = sandbox.config_state();
        let run = sandbox.run([&["logout"], flag].concat());
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains("--profile <NAME>"), "{}", run.stderr);
        assert!(run.stderr.contains("Usage: "), "{}", run.stderr);
        assert_eq!(sandbox.config_state(), before);
        assert_eq!(sandbox.neighbours(), [""; 0]);
        assert_eq!(server.requests(), [""; 0]);
    }
}

#[test]
fn broken_path_is_an_error() {
    let sandbox = Sandbox::new();
    let at = |name: &str| sandbox.path().join(name);
    fs::write(at("file"), "").unwrap();
    symlink("loop", at("loop")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink("dangling", at("chain")).unwrap();
    let too_long = "x".repeat(300);
    let dangling = "a symbolic link in its path leads nowhere".to_owned();
    let cases = [
        ("file/config.toml", system("opening it", Errno::NOTDIR)),
        (&too_long, system("opening it", Errno::NAMETOOLONG)),
        ("loop", system("opening it", Errno::LOOP)),
        ("loop/config.toml", system("opening it", Errno::LOOP)),
        ("dangling", dangling.clone()),
        ("chain", dangling.clone()),
        ("dangling/config.toml", dangling.clone()),
        ("chain/plexctl/config.toml", dangling),
    ];
    for (path, problem) in cases {
        let mut command = sandbox.command(["logout"]);
        command.env("PLEXCTL_CONFIG", at(path));
        assert_eq!(sandbox.observe(&mut command), unusable(&format!("[SANDBOX]/{path}"), &problem));
        // A relative path counts from the working directory.
        assert_eq!(sandbox.observe(command.env("PLEXCTL_CONFIG", path)), unusable(path, &problem));
    }
    let mut names: Vec<_> = fs::read_dir(sandbox.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".config", "chain", "dangling", "file", "loop"]);
    assert_eq!(fs::read_link(at("dangling")).unwrap(), Path::new("nowhere"));
}

/// No file is found, and why cannot be told: there may be a session behind it.
#[test]
fn path_that_cannot_be_examined_is_an_error() {
    if !has_strace("a path that cannot be examined") {
        return;
    }
    // After a `statx` that failed, std calls it once more to find out whether the kernel has it.
    let (run, _) = traced(&Sandbox::new(), &["logout"], &["inject=statx:error=EIO:when=1"]);
    assert_eq!(run, unusable("[CONFIG]", &system("examining its path", Errno::IO)));
}

/// It would be swept as a leftover.
/// Only where the config holds a session; without one there is nothing to write.
#[test]
fn rejects_config_named_like_temporary_file() {
    let server = unasked_server();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join(TEMP_NAME);
    let mut sandbox = Sandbox::new();
    sandbox.write(&target, config(&server.url()));
    symlink(&target, sandbox.config()).unwrap();
    let before = sandbox.config_state();
    sandbox.label(target.display().to_string(), "[TARGET]");
    // The link's own name is not to blame.
    let cause = "the name of [TARGET], which it leads to, is reserved for the temporary file that would replace it";
    let expected = unusable("[CONFIG]", cause);
    assert_eq!(sandbox.run(["logout"]), expected);
    let hint = "hint: [CONFIG] has no profile \"unknown\", it has \"default\", \"bystander\"\n";
    assert_eq!(sandbox.run(["logout", "--profile", "unknown"]), no_session_but(hint));
    assert_eq!(sandbox.config_state(), before);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    assert_eq!(server.requests(), [""; 0]);
}

/// Runs the binary over a relative path, and keeps its exit code.
const OVER_RELATIVE_PATH: &str = "code=0; PLEXCTL_CONFIG=config.toml \"$0\" \"$@\" || code=$?";

/// The file can be read, but no path leads to the directory that would have to be locked.
/// The absolute path would be too long. Only where there is a session.
#[test]
fn rejects_relative_path_in_deep_directory() {
    let server = unasked_server();
    let refused = unusable("config.toml", &system("resolving its path", Errno::NAMETOOLONG));
    let hint = "hint: config.toml has no profile \"unknown\", it has \"default\", \"bystander\"\n";
    let none = no_session_but(hint);
    for (arguments, expected) in [(&["logout"][..], refused), (&["logout", "--profile", "unknown"], none)] {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(&server.url()));
        let before = sandbox.config_state();
        let elsewhere = tempfile::tempdir().unwrap();
        let deep = vec!["d".repeat(200); 12].join("/");
        for half in ["upper", "lower"] {
            fs::create_dir_all(elsewhere.path().join(half).join(&deep)).unwrap();
        }
        let script = format!(
            "e={}; d={deep}; cd $e/lower/$d; cp -p \"$HOME/.config/plexctl/config.toml\" .; mv $e/lower $e/upper/$d
             {OVER_RELATIVE_PATH}; cp -p config.toml \"$HOME\"; exit $code",
            elsewhere.path().display()
        );
        assert_eq!(sandbox.observe(&mut in_shell(&script, &sandbox.command(arguments))), expected);
        let after = file_state(&sandbox.path().join("config.toml"));
        assert_eq!((after.bytes, after.mode), (before.bytes, before.mode));
    }
    assert_eq!(server.requests(), [""; 0]);
}

/// Another program has removed it and left its descriptor open.
/// The file was unlinked and is read through `/dev/fd`. Only where there is a session.
#[test]
fn rejects_unlinked_config() {
    let server = unasked_server();
    let script = "exec 3< .config/plexctl/config.toml; rm .config/plexctl/config.toml; PLEXCTL_CONFIG=/dev/fd/3
        export PLEXCTL_CONFIG; exec \"$0\" \"$@\"";
    let error = "error: cannot log out: /dev/fd/3 cannot be used: the file is deleted and cannot be replaced\n";
    let refused = Run::new(1, "", format!("{error}hint: name a regular file with mode 0600\n"));
    let hint = "hint: /dev/fd/3 has no profile \"unknown\", it has \"default\", \"bystander\"\n";
    let none = no_session_but(hint);
    for (arguments, expected) in [(&["logout"][..], refused), (&["logout", "--profile", "unknown"], none)] {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(&server.url()));
        assert_eq!(sandbox.observe(&mut in_shell(script, &sandbox.command(arguments))), expected);
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn rejects_relative_path_below_closed_directory() {
    let server = unasked_server();
    let Some(unprivileged) = Unprivileged::new("a working directory that no path leads to") else { return };
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config(&server.url()));
    let script = format!(
        "mkdir -p shut/open; cp -p .config/plexctl/config.toml shut/open; cd shut/open; chmod 0 ..
         {OVER_RELATIVE_PATH}; chmod 755 ..; exit $code"
    );
    let mut command = unprivileged.logout_after(&script, &sandbox);
    let before = sandbox.config_state();
    let expected = unusable("config.toml", &system("resolving its path", Errno::ACCESS));
    assert_eq!(sandbox.observe(&mut command), expected);
    assert_eq!(file_state(&sandbox.path().join("shut/open/config.toml")).bytes, before.bytes);
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn unreadable_file_is_an_error() {
    let server = unasked_server();
    let Some(unprivileged) = Unprivileged::new("a file that permissions close") else { return };
    let denied = unusable("[CONFIG]", &system("opening it", Errno::ACCESS));
    // The file, its directory, and the directory above.
    for (depth, mode) in [(0, 0o000), (0, 0o200), (1, 0o000), (1, 0o600), (2, 0o000)] {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(config(&server.url()));
        let mut command = unprivileged.logout(&sandbox);
        let before = sandbox.config_state();
        let output = output_behind(&sandbox, (depth, mode), &mut command);
        assert_eq!(sandbox.judge(&output), denied, "{depth} {mode:04o}");
        assert_eq!(sandbox.config_state(), before, "{depth} {mode:04o}");
        assert_eq!(sandbox.neighbours(), [""; 0], "{depth} {mode:04o}");
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn rejects_special_files_unread() {
    let not_regular = unusable("[CONFIG]", "it is not a regular file");

    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.config()).unwrap();
    assert_eq!(observe_within(AT_ONCE, &sandbox, &mut sandbox.command(["logout"])).0, not_regular);
    assert!(fs::metadata(sandbox.config()).unwrap().is_dir());

    let sandbox = Sandbox::new();
    mkfifoat(CWD, sandbox.config(), Mode::RUSR | Mode::WUSR).unwrap();
    assert_eq!(observe_within(AT_ONCE, &sandbox, &mut sandbox.command(["logout"])).0, not_regular);
    assert!(fs::metadata(sandbox.config()).unwrap().file_type().is_fifo());
    assert_eq!(sandbox.neighbours(), [""; 0]);

    let sandbox = Sandbox::new();
    let _listener = UnixListener::bind(sandbox.config()).unwrap();
    chmod(&sandbox.config(), 0o600);
    let run = observe_within(AT_ONCE, &sandbox, &mut sandbox.command(["logout"])).0;
    assert_eq!(run, unusable("[CONFIG]", &system("opening it", Errno::NXIO)));
    assert!(fs::metadata(sandbox.config()).unwrap().file_type().is_socket());
    assert_eq!(sandbox.neighbours(), [""; 0]);

    for device in ["/dev/null", "/dev/zero"] {
        let sandbox = Sandbox::new();
        symlink(device, sandbox.config()).unwrap();
        assert_eq!(observe_within(AT_ONCE, &sandbox, &mut sandbox.command(["logout"])).0, not_regular, "{device}");
        assert_eq!(fs::read_link(sandbox.config()).unwrap(), Path::new(device));
        assert_eq!(sandbox.neighbours(), [""; 0]);

        let mut command = sandbox.command(["logout"]);
        let run = observe_within(AT_ONCE, &sandbox, command.env("PLEXCTL_CONFIG", device)).0;
        assert_eq!(run, unusable(device, "it is not a regular file"));
    }
}

#[test]
fn rejects_file_over_16_mib_quickly() {
    const LIMIT: u64 = 16 * 1024 * 1024;
    let cases = [
        (LIMIT, unusable("[CONFIG]:1:1", "it is not valid UTF-8"), AT_ONCE),
        (LIMIT + 1, unusable("[CONFIG]", "it is larger than 16 MiB"), Duration::from_secs(1)),
        (640 * LIMIT, unusable("[CONFIG]", "it is larger than 16 MiB"), Duration::from_secs(1)),
    ];
    for (size, expected, limit) in cases {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(b"\xff");
        fs::OpenOptions::new().write(true).open(sandbox.config()).unwrap().set_len(size).unwrap();
        let before = fs::metadata(sandbox.config()).unwrap();
        let (run, elapsed) = observe_within(AT_ONCE * 4, &sandbox, &mut sandbox.command(["logout"]));
        assert_eq!(run, expected, "{size}");
        assert!(elapsed < limit, "{size} took {elapsed:?}");
        let after = fs::metadata(sandbox.config()).unwrap();
        assert_eq!((after.ino(), after.len(), after.mode()), (before.ino(), before.len(), before.mode()));
        assert_eq!(sandbox.neighbours(), [""; 0]);
    }
}

/// Each of them would take hundreds of MiB to some GiB if the parser got at it.
#[test]
fn rejects_document_of_too_many_parts() {
    const MILLION: usize = 1_000_000;
    let too_many = "it has more than a million keys and values";
    let dotted = |table: usize| format!("{table}.{} = 1\n", ["a"; 79].join("."));
    let cases = [
        (format!("list = [{}]\n", "{},".repeat(MILLION)), too_many),
        (format!("list = [{}]\n", format!("{}{},", "[".repeat(79), "]".repeat(79)).repeat(MILLION / 79 + 1)), too_many),
        ((0..=MILLION / 160).map(dotted).collect(), too_many),
        ("[list.key]\n".repeat(MILLION / 3 + 1), too_many),
        ("\n".repeat(16 * MILLION), "it has more than 3,500,000 words, signs and line ends"),
        ("#\n".repeat(8 * MILLION), "it has more than 3,500,000 words, signs and line ends"),
    ];
    for (contents, problem) in cases {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(contents);
        let before = sandbox.config_state();
        let (run, _) = observe_within(AT_ONCE, &sandbox, &mut sandbox.command(["logout"]));
        assert_eq!(run, unusable("[CONFIG]", problem));
        assert_eq!(sandbox.config_state(), before);
        assert_eq!(sandbox.neighbours(), [""; 0]);
    }
}

/// How much memory any run may take is held by the sandbox.
#[test]
fn costly_documents_stay_within_memory_limit() {
    let nested = format!("{}{},", "[".repeat(79), "]".repeat(79));
    let dotted = |table: usize| format!("{table}.{} = 1\n", ["a"; 79].join("."));
    let filler = "\n".repeat(1_400_000) + "#" + &"x".repeat(10_000_000) + "\n";
    let largest = format!("list = [{}]\n{filler}", nested.repeat(999_900 / 79));
    let ordinary: String = (0..196).map(dotted).collect();
    for document in [largest, ordinary] {
        let server = ScriptedServer::answering(NO_CONTENT);
        let mut sandbox = Sandbox::new();
        sandbox.write_config(format!("{document}{}", config(&server.url())));
        assert_eq!(sandbox.run(["logout"]), logged_out());
        assert!(sandbox.config_text() == format!("{document}{BYSTANDER}"));
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn names_place_of_invalid_toml_without_text() {
    let server = unasked_server();
    let good = config(&server.url());
    let token_line = format!("token = \"{TOKEN}\"\n");
    let cases: [(Vec<u8>, &str, &str); 22] = [
        (b"\xff\xfe".to_vec(), "1:1", "it is not valid UTF-8"),
        (b"default = \"a\"\n# caf\xe9\n".to_vec(), "2:6", "it is not valid UTF-8"),
        ([good.as_bytes(), b"# \xc3"].concat(), "10:3", "it is not valid UTF-8"),
        (b"\0".to_vec(), "1:2", "a key has no value"),
        (
            good.replace("[profiles.default]\n", "[profiles.default] # \0\n").into(),
            "3:22",
            "a control character must be escaped",
        ),
        (good.replace("\"\n\n", "\"\n\n\0").into(), "3:2", "a key has no value"),
        (good.replace("token = \"psk", "token = psk").into(), "5:9", "a string has no opening quote"),
        (good.replace(&token_line, &format!("token {TOKEN}\n")).into(), "5:7", "a key has no value"),
        (good.replace(&token_line, &token_line.repeat(2)).into(), "6:1", "the key or table is already defined at 5:1"),
        (
            good.replace("default = \"default\"\n", "default = \"a\"\n\"default\" = \"b\"\n").into(),
            "2:1",
            "the key or table is already defined at 1:1",
        ),
        (format!("{good}[profiles.default]\n").into(), "10:11", "the key or table is already defined at 3:11"),
        (good.replace("[profiles.default]", "[profiles.default").into(), "3:18", "a bracket is not closed"),
        (good.replace("cdef\"\n", "cdef\n").into(), "5:68", "a string is not closed before the end of its line"),
        (format!("{good}x = '''{TOKEN}\n").into(), "11:1", "a string is not closed"),
        (good.replace("]\nserver", "]\rserver").into(), "3:20", "a carriage return is not followed by a line feed"),
        (b"default = \"a\\q\"\n".to_vec(), "1:14", "a string has an invalid escape sequence"),
        // What the parser would let pass.
        (format!("{good}port = 0x\n").into(), "10:8", "a number is invalid"),
        (format!("{good}port = 1_b\n").into(), "10:8", "a number is invalid"),
        (format!("{good}port = 1_0\u{660}\n").into(), "10:8", "a number is invalid"),
        (format!("{good}note = {{ a # of a\n= 1 }}\n").into(), "11:3", "a line break separates a key from its value"),
        // What it does not.
        (format!("{good}{} = 1\n", ["a"; 81].join(".")).into(), "10:161", "the key has more than 80 parts"),
        (
            format!("{good}list = {}{}\n", "[".repeat(81), "]".repeat(81)).into(),
            "10:88",
            "the value is nested more than 80 levels deep",
        ),
    ];
    for (contents, place, problem) in cases {
        let is_syntax = !problem.starts_with("it is not") && !problem.contains("more than 80");
        let problem = if is_syntax { format!("it is not valid TOML: {problem}") } else { problem.to_owned() };
        assert_ne!(contents, good.as_bytes());
        assert_stopped(&[], &contents, 0o600, &server, &unusable(&format!("[CONFIG]:{place}"), &problem));
        // The file is judged before it is known whether there is anything to log out of.
        let expected = unusable_after(" --profile unknown", &format!("[CONFIG]:{place}"), &problem);
        assert_stopped(&["--profile", "unknown"], &contents, 0o600, &server, &expected);
    }
}

#[test]
fn wrong_type_is_an_error() {
    let server = unasked_server();
    let url = server.url();
    let not_a_profile = "the profile is not a table";
    let cases = [
        ("default = 3\n".to_owned(), "1:11", "`default` is not a string"),
        ("[default]\n".to_owned(), "1:1", "`default` is not a string"),
        ("profiles = 3\n".to_owned(), "1:12", "`profiles` is not a table"),
        ("[[profiles]]\n".to_owned(), "1:1", "`profiles` is not a table"),
        (format!("default = \"a\"\n[[profiles.a]]\ntoken = \"{TOKEN}\"\n"), "2:1", not_a_profile),
        (format!("default = \"a\"\n[profiles]\na = \"{TOKEN}\"\n"), "3:5", not_a_profile),
        ("default = \"a\"\n[profiles.a]\ntoken = 3\n".to_owned(), "3:9", "the profile's `token` is not a string"),
        (
            format!("default = \"a\"\n[profiles.a]\ntoken = [\"{TOKEN}\"]\n"),
            "3:9",
            "the profile's `token` is not a string",
        ),
        (
            format!("default = \"a\"\n[profiles.a]\nserver = {{ url = \"{url}\" }}\ntoken = \"{TOKEN}\"\n"),
            "3:10",
            "the profile's `server` is not a string",
        ),
    ];
    for (contents, place, problem) in cases {
        assert_stopped(&[], &contents, 0o600, &server, &unusable(&format!("[CONFIG]:{place}"), problem));
    }
}

#[test]
fn sends_only_session_tokens() {
    let server = unasked_server();
    let stem = TOKEN.trim_end_matches("c4n4ry-0123456789abcdef");
    let (prefix, incomplete) = ("it does not start with `psk_`", "it does not have the form `psk_<env>_<id>_<secret>`");
    let environment = "its environment is not made of lower-case letters";
    let id = "its id is not a UUID in lower-case base32 or in hyphenated form";
    let secret = "its secret is empty or has characters that a bearer token cannot have";
    let cases = [
        (TOKEN.replace("psk_", "nsk_"), prefix),
        (TOKEN.replace("psk_dev_", "psb_dev_node_"), prefix),
        (TOKEN.replace("psk_", "PSK_"), prefix),
        (format!(" {TOKEN}"), prefix),
        ("eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl".to_owned(), prefix),
        ("psk_dev_agjpbqjdiv5lzdppaerukz4jvm".to_owned(), incomplete),
        (TOKEN.replace("_dev_", "__"), environment),
        (TOKEN.replace("_dev_", "_Dev_"), environment),
        (TOKEN.replace("_agjp", "_AGJP"), id),
        (TOKEN.replace("_agjp", "_0gjp"), id),
        (stem.to_owned(), secret),
        (format!(r"{TOKEN}\r"), secret),
        (format!(r"{TOKEN}\nHost: other"), secret),
        (format!("{TOKEN} "), secret),
        (format!("{stem}c4n4ry 0123456789abcdef"), secret),
        (format!(r"{TOKEN}\u007f"), secret),
        (format!(r"{TOKEN}\u0000"), secret),
        (format!("{TOKEN}é"), secret),
        (TOKEN.repeat(1024 * 1024 / TOKEN.len() + 1), "it is longer than 4096 bytes"),
    ];
    for (token, problem) in cases {
        let contents = config(&server.url()).replace(TOKEN, &token);
        let expected = Run::new(
            2,
            "",
            format!(
                "error: cannot log out: [CONFIG]:5:9 holds no session token: {problem}\n\
                 hint: plexctl cannot revoke this token; run `plexctl profiles forget --yes default` to remove it from the config \
                 file\n"
            ),
        );
        assert_stopped(&[], contents, 0o600, &server, &expected);
    }
}

#[test]
fn rejects_every_mode_wider_than_0600() {
    let server = unasked_server();
    let contents = [config(&server.url()), String::new(), "not TOML".to_owned()];
    for mode in [
        0o640, 0o604, 0o660, 0o606, 0o620, 0o602, 0o644, 0o666, 0o777, 0o610, 0o601, 0o700, 0o1600, 0o2600, 0o4600,
        0o440,
    ] {
        let expected = |typed: &str| {
            Run::new(
                3,
                "",
                format!(
                    "error: cannot log out: [CONFIG] is refused: its mode {mode:04o} is wider than 0600\n\
                     hint: run `chmod 600 [CONFIG]`, then `plexctl logout{typed}` again\n"
                ),
            )
        };
        for contents in &contents {
            assert_stopped(&[], contents, mode, &server, &expected(""));
        }
        assert_stopped(&["--profile", "unknown"], &contents[0], mode, &server, &expected(" --profile unknown"));
    }
}

/// A run that knows no server to which the token may go.
fn no_server(problem: &str, hint: &str) -> Run {
    Run::new(2, "", format!("error: cannot log out: {problem} (token {ID})\nhint: {hint}\n"))
}

/// What a usable server looks like.
const FORM: &str = "https://HOST[:PORT][/PATH], or http for development";

#[test]
fn invalid_stored_server_is_not_echoed() {
    let server = unasked_server();
    let host = server.url().trim_start_matches("http://").to_owned();
    let (syntax, scheme, query) =
        ("it is not a URL", "its scheme is not http or https", "it has a query or a fragment");
    let cases = [
        (String::new(), syntax),
        ("not a URL".to_owned(), syntax),
        (host.clone(), syntax),
        ("localhost".to_owned(), syntax),
        (format!("ftp://{host}"), scheme),
        (format!("file:///{host}"), scheme),
        (format!("http://operator:hunter22-pa55word@{host}"), "it has userinfo"),
        (format!("http://operator@{host}"), "it has userinfo"),
        (format!("http://{host}/?next=x"), query),
        (format!("http://{host}/#top"), query),
        (format!(r"http://{host}/\r\nx: y"), syntax),
        (format!(r"http://{host}/\u0000"), syntax),
        (format!(r"http://{host}\t"), syntax),
        (format!(r"\u001bhttp://{host}"), syntax),
        (format!("http://{host}/é"), syntax),
        ("http://".to_owned(), "it has no valid host"),
        ("http://127.0.0.1:0".to_owned(), "its port is not from 1 to 65535"),
        ("http://127.0.0.1:65536".to_owned(), "its port is not from 1 to 65535"),
    ];
    for (url, problem) in cases {
        let problem = format!("the server at [CONFIG]:4:10 is not a valid URL: {problem}");
        let expected =
            |typed| no_server(&problem, &format!("change it to {FORM}; then run `plexctl logout{typed}` again"));
        assert_stopped(&[], config(&url), 0o600, &server, &expected(""));
        // Naming a good server does not replace a stored one.
        let given = ["--server", &server.url()];
        assert_stopped(&given, config(&url), 0o600, &server, &expected(" --server [SERVER]"));
    }
}

#[test]
fn server_flag_never_redirects_stored_token() {
    let issuer = unasked_server();
    let other = unasked_server();
    let stored = issuer.url();
    let port = issuer.port();
    let cases = [
        (other.url(), other.url()),
        (format!("https://127.0.0.1:{port}"), format!("https://127.0.0.1:{port}")),
        (format!("http://localhost:{port}"), format!("http://localhost:{port}")),
        (format!("http://LOCALHOST:{port}/base"), format!("http://localhost:{port}")),
        ("http://127.0.0.1".to_owned(), "http://127.0.0.1".to_owned()),
    ];
    for (given, origin) in cases {
        let issuer_of = "but the token was issued by";
        let problem = format!("--server names {origin}, {issuer_of} {stored}").replace(&stored, "[SERVER]");
        let expected = no_server(&problem, "run `plexctl logout`");
        assert_stopped(&["--server", &given], config(&stored), 0o600, &issuer, &expected);
    }
    let mut unusable =
        no_server("--server is not a valid URL: it has userinfo", &format!("--server must look like {FORM}"));
    unusable.stderr = unusable.stderr.replace("(token", "([SERVER], token");
    let given = stored.replace("//", "//operator:hunter22-pa55word@");
    assert_stopped(&["--server", &given], config(&stored), 0o600, &issuer, &unusable);
    assert_eq!(other.requests(), [""; 0]);
}

#[test]
fn keeps_token_without_server() {
    let server = unasked_server();
    let contents = config("").replace("server = \"\"\n", "");
    let unknown = no_server(
        "the profile stores no server, and none was given",
        "name the server that issued the token with --server or PLEXSPHERE_URL",
    );
    assert_stopped(&[], &contents, 0o600, &server, &unknown);

    for (variable, value, problem) in [
        ("PLEXSPHERE_URL", "", "the profile stores no server, and none was given"),
        ("PLEXSPHERE_URL", "nonsense", "PLEXSPHERE_URL is not a valid URL: it is not a URL"),
        ("PLEXSPHERE_URL", "http://operator:hunter22-pa55word@h", "PLEXSPHERE_URL is not a valid URL: it has userinfo"),
    ] {
        let mut sandbox = Sandbox::new();
        sandbox.write_config(&contents);
        let before = sandbox.config_state();
        let run = sandbox.observe(sandbox.command(["logout"]).env(variable, OsString::from(value)));
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{value:?}");
        assert!(run.stderr.contains(problem) && !run.stderr.contains("hunter22"), "{}", run.stderr);
        assert_eq!(sandbox.config_state(), before);
        assert_eq!(sandbox.neighbours(), [""; 0]);
    }
}
