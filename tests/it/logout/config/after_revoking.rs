//! What can still go wrong when the server has said gone: the old bytes stay whole, the operator learns that the token
//! is dead, and another run heals it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::io::Errno;
use rustix::process::{Pid, kill_process};

use super::{AT_ONCE, NO_CONTENT, TEMP_NAME, TOKEN, assert_cleared, assert_heals, assert_kept, chmod, config};
use super::{logged_out, not_removed, observe_within, prepared, system, temp};
use crate::support::bystander::BYSTANDER;
use crate::support::sandbox::{BYSTANDER_HINT, Run, SLACK, Sandbox, file_state, no_session, no_session_but, start};
use crate::support::scripted_server::{Record, ScriptedServer};
use crate::support::shell::in_shell;
use crate::support::unprivileged::{NOBODY, Unprivileged};
use crate::support::{ending_signals, runs_as_root, skip};

const NEWER_TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ad_n3w3r-0123456789abcdef";

/// A sandbox like any [`prepared`] one, but other programs get at the file before the first answer.
fn prepared_with(meanwhile: impl Fn(&Path) + Send + 'static) -> (Sandbox, ScriptedServer) {
    let mut sandbox = Sandbox::new();
    let path = sandbox.config();
    let meanwhile = Mutex::new(Some(meanwhile));
    let server = ScriptedServer::start(Box::new(move |stream| {
        if let Some(meanwhile) = meanwhile.lock().unwrap().take() {
            meanwhile(&path);
        }
        stream.write_all(NO_CONTENT.as_bytes()).unwrap();
    }));
    sandbox.write_config(config(&server.url()));
    sandbox.label(server.url(), "[SERVER]");
    sandbox.count_requests_to(&server);
    (sandbox, server)
}

/// How long after its request a run has got its answer and waits for its turn.
const HALF_A_SECOND: Duration = Duration::from_millis(500);

fn wait_for_request(record: &Record) {
    while record.requests().is_empty() {
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn gives_up_on_held_lock() {
    let (sandbox, server) = prepared();
    let before = sandbox.config_state();
    let lock = sandbox.lock_directory();
    let (run, elapsed) = observe_within(Duration::from_secs(10) + SLACK, &sandbox, &mut sandbox.command(["logout"]));
    assert_eq!(run, not_removed("[CONFIG]", "another program has held the lock on its directory for 10 seconds"));
    assert!(elapsed >= Duration::from_secs(10), "{elapsed:?}");
    assert_kept(&sandbox, &server, &before);
    drop(lock);
    assert_heals(&sandbox, &before);
}

/// Takes 39 seconds, the longest that anything takes.
/// The response may take 30 s and the lock 10 s: 40 s in all.
#[test]
fn late_response_and_held_lock_end_together() {
    let (sandbox, server) = prepared_with(|_| thread::sleep(Duration::from_secs(29)));
    let before = sandbox.config_state();
    let lock = sandbox.lock_directory();
    let (run, elapsed) = observe_within(Duration::from_secs(40) + SLACK, &sandbox, &mut sandbox.command(["logout"]));
    assert_eq!(run, not_removed("[CONFIG]", "another program has held the lock on its directory for 10 seconds"));
    assert!(elapsed >= Duration::from_secs(39), "{elapsed:?}");
    assert_eq!(server.requests().len(), 1);
    drop(lock);
    assert_heals(&sandbox, &before);
}

#[test]
fn signal_while_locking_keeps_file() {
    for signal in ending_signals() {
        let (sandbox, server) = prepared();
        let before = sandbox.config_state();
        let lock = sandbox.lock_directory();
        let child = start(&mut sandbox.command(["logout"]));
        let (pid, record) = (Pid::from_child(&child), server.record());
        let killer = thread::spawn(move || {
            wait_for_request(&record);
            thread::sleep(HALF_A_SECOND);
            kill_process(pid, signal).unwrap();
        });
        assert_eq!(sandbox.observe_child(child), Run::new(-signal.as_raw(), "", ""));
        killer.join().unwrap();
        drop(lock);
        assert_kept(&sandbox, &server, &before);
        assert_heals(&sandbox, &before);
    }
}

#[test]
fn waits_for_released_lock() {
    let (sandbox, server) = prepared();
    let before = sandbox.config_state();
    let lock = sandbox.lock_directory();
    let started = Instant::now();
    let release = thread::spawn(move || {
        thread::sleep(Duration::from_millis(700));
        drop(lock);
    });
    assert_eq!(sandbox.run(["logout"]), logged_out());
    assert!(started.elapsed() >= Duration::from_millis(700), "the lock was not waited for");
    release.join().unwrap();
    assert_cleared(&sandbox, &before);
    assert_eq!(server.requests().len(), 1);
}

/// Whoever waits for the lock of a directory that is replaced meanwhile has to wait for that of its successor.
#[test]
fn locks_replaced_directory_again() {
    let (sandbox, server) = prepared();
    let (before, text) = (sandbox.config_state(), sandbox.config_text());
    let directory = sandbox.config().parent().unwrap().to_owned();
    let old = sandbox.lock_directory();
    let child = start(&mut sandbox.command(["logout"]));
    wait_for_request(&server.record());
    thread::sleep(HALF_A_SECOND);

    fs::rename(&directory, sandbox.path().join("moved")).unwrap();
    fs::create_dir(&directory).unwrap();
    fs::write(sandbox.config(), &text).unwrap();
    chmod(&sandbox.config(), 0o600);
    fs::rename(sandbox.path().join("moved/config.toml"), sandbox.path().join("moved.toml")).unwrap();
    let new = sandbox.lock_directory();
    drop(old);
    thread::sleep(HALF_A_SECOND);
    assert_eq!(sandbox.config_text(), text, "the file was replaced in spite of the lock");
    drop(new);
    assert_eq!(sandbox.observe_child(child), logged_out());
    assert_cleared(&sandbox, &before);
}

/// The lock that was waited for is that of a directory which the config is no longer in.
#[test]
fn follows_changed_link_again() {
    let server = ScriptedServer::answering(NO_CONTENT);
    let mut sandbox = Sandbox::new();
    let at = |name: &str, file: &str| sandbox.path().join(name).join(file);
    for name in ["first", "second"] {
        fs::create_dir(sandbox.path().join(name)).unwrap();
    }
    let (first, second) = (at("first", "plexctl.toml"), at("second", "plexctl.toml"));
    for path in [&first, &second] {
        sandbox.write(path, config(&server.url()));
    }
    symlink(&first, sandbox.config()).unwrap();
    let before = (file_state(&first), file_state(&second));
    let lock = File::open(first.parent().unwrap()).unwrap();
    lock.lock().unwrap();
    let child = start(&mut sandbox.command(["logout"]));
    wait_for_request(&server.record());
    thread::sleep(HALF_A_SECOND);

    fs::remove_file(sandbox.config()).unwrap();
    symlink(&second, sandbox.config()).unwrap();
    drop(lock);
    assert_eq!(sandbox.observe_child(child), logged_out());
    assert_eq!(file_state(&first), before.0);
    assert_cleared(&sandbox, &before.1);
    for path in [first, second] {
        assert_eq!(walk(path.parent().unwrap()), ["plexctl.toml"]);
    }
}

#[test]
fn ignores_lock_on_file_itself() {
    let (sandbox, _server) = prepared();
    let before = sandbox.config_state();
    let lock = File::open(sandbox.config()).unwrap();
    lock.lock().unwrap();
    let (run, _) = observe_within(AT_ONCE, &sandbox, &mut sandbox.command(["logout"]));
    assert_eq!(run, logged_out());
    assert_cleared(&sandbox, &before);
}

#[test]
fn unwritable_directory_keeps_file() {
    let Some(unprivileged) = Unprivileged::new("a directory that cannot be written") else { return };
    // Without write permission no temp can be created; without read permission the lock cannot be had.
    for (mode, action) in [(0o500, "creating its replacement"), (0o300, "opening its directory")] {
        let (sandbox, server) = prepared();
        let mut command = unprivileged.logout(&sandbox);
        let before = sandbox.config_state();
        let directory = sandbox.config().parent().unwrap().to_owned();
        chmod(&directory, mode);
        let output = command.output().unwrap();
        chmod(&directory, 0o755);
        assert_eq!(sandbox.judge(&output), not_removed("[CONFIG]", &system(action, Errno::ACCESS)), "{mode:04o}");
        assert_kept(&sandbox, &server, &before);
        assert_eq!(sandbox.observe(&mut command), logged_out());
        assert_cleared(&sandbox, &before);
    }
}

#[test]
fn never_touches_foreign_temporary_file() {
    type Foreign = fn(&Path, &Path);
    let mut cases: Vec<(&str, Foreign)> = vec![
        ("a link to a file", |temp, victim| symlink(victim, temp).unwrap()),
        ("a dangling link", |temp, _| symlink("nowhere", temp).unwrap()),
        ("a directory", |temp, _| {
            fs::create_dir(temp).unwrap();
            chmod(temp, 0o600);
        }),
        ("a FIFO", |temp, _| mkfifoat(CWD, temp, Mode::RUSR | Mode::WUSR).unwrap()),
        ("a file that others may read", |temp, _| {
            fs::write(temp, "foreign").unwrap();
            chmod(temp, 0o644);
        }),
    ];
    if runs_as_root() {
        cases.push(("a file of another user", |temp, _| {
            fs::write(temp, "foreign").unwrap();
            chmod(temp, 0o600);
            chown(temp, Some(NOBODY), None).unwrap();
        }));
    }
    for (case, occupy) in cases {
        let (mut sandbox, server) = prepared();
        let victim = sandbox.path().join("victim");
        sandbox.write(&victim, "untouched");
        occupy(&temp(&sandbox), &victim);
        let (before, victim_before) = (sandbox.config_state(), file_state(&victim));
        let occupant = fs::symlink_metadata(temp(&sandbox)).unwrap();
        let in_the_way = "is in the way and was not left by plexctl";
        let expected = not_removed("[CONFIG]", &format!("[SANDBOX]/.config/plexctl/{TEMP_NAME} {in_the_way}"));
        assert_eq!(sandbox.run(["logout"]), expected, "{case}");
        assert_eq!(sandbox.config_state(), before, "{case}");
        assert_eq!(file_state(&victim), victim_before, "{case}");
        assert_eq!(sandbox.neighbours(), [TEMP_NAME], "{case}");
        let after = fs::symlink_metadata(temp(&sandbox)).unwrap();
        assert_eq!(
            (after.ino(), after.mode(), after.len()),
            (occupant.ino(), occupant.mode(), occupant.len()),
            "{case}"
        );
        assert_eq!(server.requests().len(), 1, "{case}");

        if occupant.is_dir() { fs::remove_dir(temp(&sandbox)) } else { fs::remove_file(temp(&sandbox)) }.unwrap();
        assert_heals(&sandbox, &before);
    }
}

#[test]
fn removes_leftover_of_killed_run() {
    for mode in [0o600, 0o400, 0o000] {
        let (mut sandbox, _server) = prepared();
        sandbox.write(&temp(&sandbox), "half a repla");
        chmod(&temp(&sandbox), mode);
        let before = sandbox.config_state();
        assert_heals(&sandbox, &before);
    }
}

/// Root was killed after it had given the temporary file to the owner of the config.
#[test]
fn removes_leftover_owned_by_file_owner() {
    if !runs_as_root() {
        return;
    }
    let (mut sandbox, _server) = prepared();
    sandbox.write(&temp(&sandbox), "half a repla");
    for path in [sandbox.config(), temp(&sandbox)] {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let before = sandbox.config_state();
    assert_heals(&sandbox, &before);
}

/// A run by root gives the temporary file to the config's owner only after it has created it.
/// Root was killed before it had given the temporary file to the owner of the config.
#[test]
fn owner_removes_leftover_of_root() {
    let what = "a leftover of root's in the directory of another user";
    let Some(unprivileged) = Unprivileged::new(what).filter(|_| runs_as_root()) else { return };
    let (mut sandbox, _server) = prepared();
    let mut command = unprivileged.logout(&sandbox);
    let before = sandbox.config_state();
    sandbox.write(&temp(&sandbox), "half a repla");
    assert_eq!(sandbox.observe(&mut command), logged_out());
    assert_cleared(&sandbox, &before);
}

/// A file of root counts as a leftover only where the owner of the config owns its directory too.
#[test]
fn keeps_root_file_in_foreign_directory() {
    let what = "a file of root's in a directory of root's";
    let Some(unprivileged) = Unprivileged::new(what).filter(|_| runs_as_root()) else { return };
    let (mut sandbox, server) = prepared();
    let mut command = unprivileged.logout(&sandbox);
    let (directory, before) = (sandbox.config().parent().unwrap().to_owned(), sandbox.config_state());
    chown(&directory, Some(0), Some(0)).unwrap();
    chmod(&directory, 0o777);
    sandbox.write(&temp(&sandbox), "foreign");
    let in_the_way = format!("[SANDBOX]/.config/plexctl/{TEMP_NAME} is in the way and was not left by plexctl");
    assert_eq!(sandbox.observe(&mut command), not_removed("[CONFIG]", &in_the_way));
    assert_eq!(sandbox.config_state(), before);
    assert_eq!(fs::read_to_string(temp(&sandbox)).unwrap(), "foreign");
    assert_eq!(server.requests().len(), 1);

    fs::remove_file(temp(&sandbox)).unwrap();
    assert_eq!(sandbox.observe(&mut command), logged_out());
    assert_cleared(&sandbox, &before);
}

#[test]
fn keeps_file_that_became_invalid() {
    type Meanwhile = fn(&Path);
    let wide = "its mode 0644 is wider than 0600";
    let unclosed = "it is not valid TOML: a bracket is not closed";
    let cases: [(Meanwhile, &str, &str); 8] = [
        (|path| append(path, "[profiles"), "[CONFIG]:10:10", unclosed),
        (
            |path| append(path, "[profiles.default]"),
            "[CONFIG]:10:11",
            "it is not valid TOML: the key or table is already defined at 3:11",
        ),
        (|path| fs::write(path, b"\xff").unwrap(), "[CONFIG]:1:1", "it is not valid UTF-8"),
        (|path| fs::write(path, "profiles = 3").unwrap(), "[CONFIG]:1:12", "`profiles` is not a table"),
        (|path| chmod(path, 0o644), "[CONFIG]", wide),
        (
            |path| {
                append(path, "\n# and other bytes");
                chmod(path, 0o644);
            },
            "[CONFIG]",
            wide,
        ),
        (|path| set_len(path, 16 * 1024 * 1024 + 1), "[CONFIG]", "it is larger than 16 MiB"),
        (
            |path| edit(path, |text| text.replace("cdef\"\n", "cdef\n")),
            "[CONFIG]:5:68",
            "it is not valid TOML: a string is not closed before the end of its line",
        ),
    ];
    for (meanwhile, place, problem) in cases {
        let states = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&states);
        let (sandbox, server) = prepared_with(move |path| {
            meanwhile(path);
            *seen.lock().unwrap() = Some(file_state(path));
        });
        let before = sandbox.config_state();
        assert_eq!(sandbox.run(["logout"]), not_removed(place, problem));
        let meanwhile = states.lock().unwrap().take();
        assert_eq!(Some(sandbox.config_state()), meanwhile, "{problem}");
        assert_eq!(sandbox.neighbours(), [""; 0]);
        assert_eq!(server.requests().len(), 1);

        fs::write(sandbox.config(), &before.bytes).unwrap();
        chmod(&sandbox.config(), 0o600);
        assert_heals(&sandbox, &before);
    }
}

#[test]
fn fails_when_path_stops_being_file() {
    type Meanwhile = fn(&Path);
    let dangling = "a symbolic link in its path leads nowhere".to_owned();
    let cases: [(Meanwhile, String); 3] = [
        (|path| turn_into(path, |path| symlink("nowhere", path).unwrap()), dangling),
        (
            |path| turn_into(path, |path| symlink("config.toml", path).unwrap()),
            system("resolving its path", Errno::LOOP),
        ),
        (|path| turn_into(path, |path| fs::create_dir(path).unwrap()), "it is not a regular file".to_owned()),
    ];
    for (meanwhile, problem) in cases {
        let (sandbox, server) = prepared_with(meanwhile);
        assert_eq!(sandbox.run(["logout"]), not_removed("[CONFIG]", &problem));
        assert_eq!(sandbox.neighbours(), [""; 0]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn vanished_file_counts_as_cleared() {
    type Meanwhile = fn(&Path);
    let cases: [Meanwhile; 2] =
        [|path| fs::remove_file(path).unwrap(), |path| fs::remove_dir_all(path.parent().unwrap()).unwrap()];
    for meanwhile in cases {
        let (sandbox, server) = prepared_with(meanwhile);
        assert_eq!(sandbox.run(["logout"]), logged_out());
        let files = walk(sandbox.path());
        assert!(files.is_empty(), "{files:?}");
        assert_eq!(server.requests().len(), 1);
        assert_eq!(sandbox.run(["logout"]), no_session());
    }
}

#[test]
fn vanished_profile_counts_as_cleared() {
    type Meanwhile = fn(&Path);
    let no_token = "hint: profile \"default\" of [CONFIG] has no token\n";
    let dangling = "hint: the default of [CONFIG] names profile \"default\", which is not there; it has \"renamed\", \
                    \"bystander\"\n";
    let cases: [(Meanwhile, &str); 5] = [
        (|path| fs::write(path, BYSTANDER).unwrap(), BYSTANDER_HINT),
        (|path| fs::write(path, "").unwrap(), ""),
        (|path| edit(path, |text| text.replace(&format!("token = \"{TOKEN}\"\n"), "")), no_token),
        (|path| edit(path, |text| text.replace(TOKEN, "")), no_token),
        (|path| edit(path, |text| text.replace("[profiles.default]", "[profiles.renamed]")), dangling),
    ];
    for (meanwhile, hint) in cases {
        let states = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&states);
        let (sandbox, server) = prepared_with(move |path| {
            meanwhile(path);
            *seen.lock().unwrap() = Some(file_state(path));
        });
        assert_eq!(sandbox.run(["logout"]), logged_out());
        assert_eq!(Some(sandbox.config_state()), states.lock().unwrap().take());
        assert_eq!(sandbox.neighbours(), [""; 0]);
        assert_eq!(server.requests().len(), 1);
        assert_eq!(sandbox.run(["logout"]), no_session_but(hint));
    }
}

/// A rotation changes the secret and keeps the id, so the token that was revoked is the stored one.
#[test]
fn clears_rotated_token() {
    let (sandbox, server) =
        prepared_with(|path| edit(path, |text| text.replace(TOKEN, &TOKEN.replace("c4n4ry", "r0t4t3d"))));
    assert_eq!(sandbox.run(["logout"]), Run::new(0, "Logged out. Cleared profile \"default\".\n", ""));
    assert!(!sandbox.config_text().contains("r0t4t3d"), "{}", sandbox.config_text());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn keeps_newer_token() {
    let kept = "Logged out. Kept profile \"default\": it holds a newer session.\n";
    for format in ["text", "json", "yaml"] {
        let (mut sandbox, server) = prepared_with(|path| edit(path, |text| text.replace(TOKEN, NEWER_TOKEN)));
        sandbox.label(server.url(), "[SERVER]");
        let before = sandbox.config_state();
        let expected = match format {
            "text" => Run::new(0, kept, ""),
            "json" => {
                let summary = "{\n  \"profile\": \"default\",\n  \"server\": \"[SERVER]\",\n  \"revoked\": true\n}\n";
                Run::new(0, summary, kept)
            }
            _ => Run::new(0, "profile: default\nserver: [SERVER]\nrevoked: true\n", kept),
        };
        assert_eq!(sandbox.run(["logout", "--output", format]), expected);
        assert_eq!(sandbox.config_text(), config(&server.url()).replace(TOKEN, NEWER_TOKEN));
        assert_eq!(sandbox.config_state().inode, before.inode, "the file was replaced");
        assert_eq!(sandbox.neighbours(), [""; 0]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn keeps_concurrent_edits() {
    type Edit = fn(&str) -> String;
    let cases: [(Edit, String); 5] = [
        (|text| format!("{text}\n\n[profiles.new]\nx = 1\n"), format!("{BYSTANDER}\n\n[profiles.new]\nx = 1\n")),
        (|text| format!("# first\r\n{text}"), format!("# first\r\n{BYSTANDER}")),
        (
            |text| text.replace("default = \"default\"", "default = \"bystander\""),
            format!("default = \"bystander\"\n{BYSTANDER}"),
        ),
        (|text| text.replace("server = \"http", "note = \"new\"\nserver = \"http"), BYSTANDER.to_owned()),
        (|text| text.split_once("\n[profiles.bystander]").unwrap().0.to_owned(), "\n".to_owned()),
    ];
    for (change, expected) in cases {
        for in_place in [true, false] {
            let (sandbox, server) = prepared_with(move |path| {
                if in_place {
                    edit(path, change);
                } else {
                    let other = path.with_file_name("editor.tmp");
                    fs::copy(path, &other).unwrap();
                    edit(&other, change);
                    fs::rename(other, path).unwrap();
                }
            });
            assert_eq!(sandbox.run(["logout"]), logged_out());
            assert_eq!(sandbox.config_text(), expected);
            assert_eq!(sandbox.config_state().mode, 0o600);
            assert_eq!(sandbox.neighbours(), [""; 0]);
            assert_eq!(server.requests().len(), 1);
        }
    }
}

#[test]
fn keeps_narrowed_mode() {
    let (sandbox, _server) = prepared_with(|path| chmod(path, 0o400));
    let mut before = sandbox.config_state();
    before.mode = 0o400;
    assert_eq!(sandbox.run(["logout"]), logged_out());
    assert_cleared(&sandbox, &before);
}

#[test]
fn mode_ignores_umask_and_privilege() {
    let Some(unprivileged) = Unprivileged::new("the umask of another user") else { return };
    for umask in ["000", "022", "077", "277", "777"] {
        for mode in [0o600, 0o400] {
            let (sandbox, server) = prepared();
            chmod(&sandbox.config(), mode);
            let mut command = unprivileged.logout_after(&format!("umask {umask}"), &sandbox);
            let before = sandbox.config_state();
            assert_eq!(sandbox.observe(&mut command), logged_out(), "{umask} {mode:04o}");
            assert_cleared(&sandbox, &before);
            assert_eq!(server.requests().len(), 1);
        }
    }
}

#[test]
fn replaces_target_of_linked_config() {
    let server = ScriptedServer::answering(NO_CONTENT);
    let mut sandbox = Sandbox::new();
    let elsewhere = sandbox.path().join("dotfiles");
    fs::create_dir(&elsewhere).unwrap();
    sandbox.write(&elsewhere.join("plexctl.toml"), config(&server.url()));
    symlink("../../dotfiles/link", sandbox.config()).unwrap();
    symlink("plexctl.toml", elsewhere.join("link")).unwrap();
    let before = sandbox.config_state();

    assert_eq!(sandbox.run(["logout"]), logged_out());
    assert_eq!(fs::read_link(sandbox.config()).unwrap(), Path::new("../../dotfiles/link"));
    assert_eq!(fs::read_link(elsewhere.join("link")).unwrap(), Path::new("plexctl.toml"));
    assert_ne!(file_state(&elsewhere.join("plexctl.toml")).inode, before.inode);
    assert_cleared(&sandbox, &before);
    assert_eq!(walk(&elsewhere), ["link", "plexctl.toml"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn root_keeps_owner_of_config() {
    if !runs_as_root() {
        return;
    }
    for owner in [(NOBODY, NOBODY), (NOBODY, 0), (0, NOBODY)] {
        let (sandbox, server) = prepared();
        chown(sandbox.config(), Some(owner.0), Some(owner.1)).unwrap();
        let before = sandbox.config_state();
        assert_eq!(before.owner, owner);
        assert_eq!(sandbox.run(["logout"]), logged_out());
        assert_cleared(&sandbox, &before);
        assert_eq!(server.requests().len(), 1);
    }
}

/// Only a member may give a file to a group, and the mode gives the group nothing.
#[test]
fn gives_up_group_that_cannot_be_set() {
    let what = "a group that the owner is not in";
    let Some(unprivileged) = Unprivileged::new(what).filter(|_| runs_as_root()) else { return };
    let (sandbox, server) = prepared();
    let mut command = unprivileged.logout(&sandbox);
    chown(sandbox.config(), Some(NOBODY), Some(0)).unwrap();
    let mut before = sandbox.config_state();
    assert_eq!(sandbox.observe(&mut command), logged_out());
    before.owner = (NOBODY, NOBODY);
    assert_cleared(&sandbox, &before);
    assert_eq!(server.requests().len(), 1);
}

/// As in a container whose root may read any file, but not give one away.
#[test]
fn fails_when_owner_cannot_be_set() {
    let (sandbox, server) = prepared();
    let mut limited = Command::new("setpriv");
    limited.args(["--bounding-set=-chown", "--inh-caps=-chown", "--"]);
    let can_limit = runs_as_root() && limited.arg("true").output().is_ok_and(|output| output.status.success());
    if !can_limit {
        skip("a file that cannot be given away", "only root can be without that one capability, by setpriv");
        return;
    }
    chown(sandbox.config(), Some(NOBODY), None).unwrap();
    let before = sandbox.config_state();
    let script = "exec setpriv --bounding-set=-chown --inh-caps=-chown -- \"$0\" \"$@\"";
    let run = sandbox.observe(&mut in_shell(script, &sandbox.command(["logout"])));
    assert_eq!(run, not_removed("[CONFIG]", &system("restoring its owner", Errno::PERM)));
    assert_kept(&sandbox, &server, &before);
    assert_heals(&sandbox, &before);
}

fn edit(path: &Path, change: impl FnOnce(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed);
    fs::write(path, changed).unwrap();
}

fn append(path: &Path, text: &str) {
    edit(path, |before| format!("{before}{text}"));
}

fn set_len(path: &Path, size: u64) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size).unwrap();
}

fn turn_into(path: &Path, create: impl FnOnce(&Path)) {
    fs::remove_file(path).unwrap();
    create(path);
}

/// The names of everything below a directory that is no directory itself.
fn walk(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            names.extend(walk(&entry.path()));
        } else {
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    names.sort();
    names
}
