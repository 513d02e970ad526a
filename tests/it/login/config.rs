//! What happens to the file between the code and the token, and between the two writes: by somebody who breaks it, by the
//! system, and by other runs of plexctl.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use plexctl::testing::{Answer, Endpoint, Script};
use rustix::fs::{CWD, IFlags, Mode, mkfifoat};
use rustix::io::Errno;

use super::{LOGIN, Login, at_once, instructed};
use crate::logout::config::{Attribute, chmod};
use crate::support::sandbox::{FileState, Run, TEMP_NAME};
use crate::support::shell::{has_namespaces, in_namespace};
use crate::support::signed_in::id_of;
use crate::support::unprivileged::Unprivileged;
use crate::support::{skip, system_words};

const LOGGED_IN: &str = "Logged in as operator@plexsphere.example. Saved profile \"default\".\n";

/// Something that happens to a config file, how it is undone, and what is said of it.
#[derive(Clone, Copy)]
struct Trouble {
    name: &'static str,
    make: fn(&Path),
    undo: fn(&Path),
    words: &'static str,
}

/// Where a config file waits for its place to become free again.
fn aside(config: &Path) -> PathBuf {
    config.with_file_name("aside.toml")
}

fn temp(config: &Path) -> PathBuf {
    config.with_file_name(TEMP_NAME)
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

fn put_aside(config: &Path) {
    fs::rename(config, aside(config)).unwrap();
}

/// Puts another private file in the config's place.
fn exchange(config: &Path, text: &str) {
    put_aside(config);
    fs::write(config, text).unwrap();
    chmod(config, 0o600);
}

fn put_back(config: &Path) {
    fs::rename(aside(config), config).unwrap();
}

fn spoil(config: &Path, bytes: &[u8]) {
    fs::copy(config, aside(config)).unwrap();
    append(config, bytes);
}

const TROUBLES: [Trouble; 11] = [
    Trouble {
        name: "a wide mode",
        make: |config| chmod(config, 0o644),
        undo: |config| chmod(config, 0o600),
        words: "its mode 0644 is wider than 0600",
    },
    Trouble {
        name: "half a table",
        make: |config| spoil(config, b"\n[profiles"),
        undo: put_back,
        words: "it is not valid TOML",
    },
    Trouble { name: "no UTF-8", make: |config| spoil(config, b"\xff"), undo: put_back, words: "it is not valid UTF-8" },
    Trouble {
        name: "another document",
        make: |config| exchange(config, "profiles = 3\n"),
        undo: put_back,
        words: "`profiles` is not a table",
    },
    Trouble {
        name: "a large file",
        make: |config| {
            fs::copy(config, aside(config)).unwrap();
            File::options().write(true).open(config).unwrap().set_len(16 * 1024 * 1024 + 1).unwrap();
        },
        undo: put_back,
        words: "it is larger than 16 MiB",
    },
    Trouble {
        name: "a directory",
        make: |config| {
            put_aside(config);
            fs::create_dir(config).unwrap();
        },
        undo: |config| {
            fs::remove_dir(config).unwrap();
            put_back(config);
        },
        words: "it is not a regular file",
    },
    Trouble {
        name: "a FIFO",
        make: |config| {
            put_aside(config);
            mkfifoat(CWD, config, Mode::RUSR | Mode::WUSR).unwrap();
        },
        undo: put_back,
        words: "it is not a regular file",
    },
    Trouble {
        name: "a dangling link",
        make: |config| {
            put_aside(config);
            symlink("nowhere", config).unwrap();
        },
        undo: put_back,
        words: "a symbolic link in its path leads nowhere",
    },
    Trouble {
        name: "a link in the temporary file's place",
        make: |config| symlink("nowhere", temp(config)).unwrap(),
        undo: |config| fs::remove_file(temp(config)).unwrap(),
        words: "is in the way and was not left by plexctl",
    },
    Trouble {
        name: "a directory in the temporary file's place",
        make: |config| fs::create_dir(temp(config)).unwrap(),
        undo: |config| fs::remove_dir(temp(config)).unwrap(),
        words: "is in the way and was not left by plexctl",
    },
    Trouble {
        name: "a key of the profile's name",
        make: |config| exchange(config, "[profiles]\ndefault = 1\n"),
        undo: put_back,
        words: "the profile is not a table",
    },
];

/// What the config is, if it is a file.
fn state(login: &Login) -> Option<FileState> {
    let config = login.sandbox.config();
    fs::symlink_metadata(&config).is_ok_and(|metadata| metadata.is_file()).then(|| login.sandbox.config_state())
}

impl Login {
    /// Holds that the token was issued, found no place, and was revoked, or is told of where the server does not revoke.
    fn assert_withdrew(&self, case: &str, run: &Run, words: &str, is_revoked: bool) {
        assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{case}: {run:?}");
        let error = if is_revoked {
            "error: login failed: [CONFIG]"
        } else {
            "error: token [NEW] was issued by [ORIGIN], could not be stored and may be live until [TIME]: [CONFIG]"
        };
        assert!(run.stderr.starts_with(&instructed(error)), "{case}: {}", run.stderr);
        let told = run.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
        assert!(told.contains(words), "{case}: {words:?} is not in {told}");
        assert_eq!(self.live(), if is_revoked { vec!["[OLD]"] } else { vec!["[OLD]", "[NEW]"] }, "{case}");
        let attempts = if is_revoked { 1 } else { 3 };
        assert_eq!(self.asked()[..2], ["code", "poll"], "{case}");
        assert_eq!(self.asked()[2..], vec!["revoke [NEW]"; attempts], "{case}");
    }

    /// Holds that once the cause is gone another login goes well.
    fn assert_heals(&self, case: &str) {
        self.server.answer_revocations_with(None);
        self.server.approve_next();
        let run = self.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (0, LOGGED_IN), "{case}: {run:?}");
        assert!(self.sandbox.neighbours().iter().all(|name| name == "aside.toml"), "{case}");
    }
}

/// Another login heals what was broken.
#[test]
fn broken_file_revokes_or_names_token() {
    let cases: Vec<(Trouble, bool)> =
        TROUBLES.iter().flat_map(|trouble| [(*trouble, true), (*trouble, false)]).collect();
    at_once(&cases, |(Trouble { name, make, undo, words }, is_revoked)| {
        let login = Login::replacing();
        let (config, make) = (login.sandbox.config(), *make);
        let broken = config.clone();
        login.server.once(Endpoint::DeviceToken, Script::real().running(move || make(&broken)));
        login.server.answer_revocations_with((!is_revoked).then(|| Answer::bare(503)));
        let run = login.run(&[]);
        login.assert_withdrew(name, &run, words, *is_revoked);
        let before = state(&login);
        undo(&config);
        // What stands there now has not been touched by the first run.
        if let (Some(before), Some(after)) = (before, state(&login)) {
            assert!(before.inode != after.inode || before.bytes == after.bytes, "{name}");
        }
        login.assert_heals(name);
    });
}

#[test]
fn closed_directory_stores_no_token() {
    let Some(unprivileged) = Unprivileged::new("a directory that is closed during a login") else { return };
    let directory: fn(&Path) -> PathBuf = |config| config.parent().unwrap().to_owned();
    let file: fn(&Path) -> PathBuf = Path::to_owned;
    let cases = [(directory, 0o500, true), (directory, 0o500, false), (directory, 0o300, true), (file, 0o000, true)];
    at_once(&cases, |(place, mode, is_revoked)| {
        let login = Login::replacing();
        let (closed, mode) = (place(&login.sandbox.config()), *mode);
        let opened = fs::metadata(&closed).unwrap().permissions();
        let mut command = unprivileged.run_after("", &login.sandbox, &login.command(&[]));
        let path = closed.clone();
        login.server.once(Endpoint::DeviceToken, Script::real().running(move || chmod(&path, mode)));
        login.server.answer_revocations_with((!is_revoked).then(|| Answer::bare(503)));
        let run = login.labelled(&login.sandbox.observe(&mut command));
        login.assert_withdrew(&format!("{mode:04o}"), &run, &system_words(Errno::ACCESS), *is_revoked);
        fs::set_permissions(&closed, opened).unwrap();
        login.server.approve_next();
        login.server.answer_revocations_with(None);
        let mut command = unprivileged.run_after("", &login.sandbox, &login.command(&[]));
        assert_eq!(login.sandbox.observe(&mut command).exit, 0, "{mode:04o}");
    });
}

#[test]
fn immutable_file_or_directory_stores_no_token() {
    let login = Login::replacing();
    let directory = login.sandbox.config().parent().unwrap().to_owned();
    let attribute = Arc::new(Mutex::new(None));
    let (held, path) = (Arc::clone(&attribute), directory.clone());
    match Attribute::set(&directory, IFlags::IMMUTABLE) {
        Ok(attribute) => drop(attribute),
        Err(error) => return skip("an immutable directory during a login", &error.to_string()),
    }
    let make = move || *held.lock().unwrap() = Attribute::set(&path, IFlags::IMMUTABLE).ok();
    login.server.once(Endpoint::DeviceToken, Script::real().running(make));
    let run = login.run(&[]);
    drop(attribute.lock().unwrap().take());
    login.assert_withdrew("immutable", &run, &system_words(Errno::PERM), true);
    login.assert_heals("immutable");
}

/// Runs a login in a mount namespace whose config directory a script prepares and, when the token comes, breaks. Gives
/// the login too.
fn broken_by_mount(prepare: &str, break_it: &str) -> (Login, Run) {
    let login = Login::replacing();
    let at = |name: &str| login.sandbox.path().join(name);
    let (now, done) = (at("now"), at("done"));
    let script = format!(
        "d=\"$HOME/.config/plexctl\"; {prepare}
         \"$0\" \"$@\" & pid=$!
         while [ ! -e \"$HOME/now\" ] && kill -0 $pid; do sleep 0.02; done
         {break_it}; : > \"$HOME/done\"
         code=0; wait $pid || code=$?; cp -p \"$d/config.toml\" \"$HOME/left.toml\"; exit $code"
    );
    let signal = move || {
        fs::write(&now, "").unwrap();
        let begun = Instant::now();
        while !done.exists() && begun.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(10));
        }
    };
    login.server.once(Endpoint::DeviceToken, Script::real().running(signal));
    let before = login.sandbox.config_text();
    let run = login.labelled(&login.sandbox.observe(&mut in_namespace(&script, &login.command(&[]))));
    assert_eq!(fs::read_to_string(login.sandbox.path().join("left.toml")).unwrap(), before);
    (login, run)
}

#[test]
fn failing_file_system_stores_no_token() {
    if !has_namespaces("a file system that becomes read-only or full during a login") {
        return;
    }
    let tmpfs = "cp -p \"$d/config.toml\" \"$HOME/copy.toml\"; mount -t tmpfs -o size=64k,mode=0755 none \"$d\"
         cp -p \"$HOME/copy.toml\" \"$d/config.toml\"";
    let cases = [
        ("mount --bind \"$d\" \"$d\"", "mount -o remount,bind,ro \"$d\"", Errno::ROFS),
        (tmpfs, "dd if=/dev/zero of=\"$d/filler\" bs=4k 2>/dev/null || true", Errno::NOSPC),
    ];
    at_once(&cases, |(prepare, break_it, errno)| {
        let (login, run) = broken_by_mount(prepare, break_it);
        login.assert_withdrew(break_it, &run, &system_words(*errno), true);
    });
}

/// A file system on which no placeholder finds room gets no request, nor does one that cannot be written.
#[test]
fn unwritable_file_system_begins_no_login() {
    if !has_namespaces("a login on a read-only or full file system") {
        return;
    }
    let full = "cp -p \"$d/config.toml\" \"$HOME/copy.toml\"; mount -t tmpfs -o size=16k,mode=0755 none \"$d\"
         cp -p \"$HOME/copy.toml\" \"$d/config.toml\"; dd if=/dev/zero of=\"$d/filler\" bs=4k 2>/dev/null || true";
    for (prepare, errno) in
        [("mount --bind \"$d\" \"$d\"; mount -o remount,bind,ro \"$d\"", Errno::ROFS), (full, Errno::NOSPC)]
    {
        let login = Login::replacing();
        let script = format!("d=\"$HOME/.config/plexctl\"; {prepare}\nexec \"$0\" \"$@\"");
        let before = login.sandbox.config_state();
        let run = login.labelled(&login.sandbox.observe(&mut in_namespace(&script, &login.command(&[]))));
        assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(run.stderr.starts_with("error: cannot log in: "), "{}", run.stderr);
        assert!(run.stderr.contains(&system_words(errno)), "{}", run.stderr);
        assert_eq!((login.sandbox.config_state(), login.asked()), (before, vec![]));
    }
}

/// An ordinary logout clears it later.
#[test]
fn reports_replaced_token_not_cleared() {
    // These two would leave nothing of the replaced session to clear.
    let is_kept = |trouble: &Trouble| !["another document", "a key of the profile's name"].contains(&trouble.name);
    let troubles: Vec<Trouble> = TROUBLES.into_iter().filter(is_kept).collect();
    at_once(&troubles, |Trouble { name, make, undo, words }| {
        let login = Login::replacing();
        let (config, make) = (login.sandbox.config(), *make);
        let broken = config.clone();
        login.server.once(Endpoint::Revoke, Script::real().running(move || make(&broken)));
        let run = login.run(&[]);
        assert_eq!((run.exit, run.stdout.as_str()), (0, LOGGED_IN), "{name}: {run:?}");
        let warning = "warning: the replaced token [OLD] is dead, but may still be stored as profile \
                       \"default-replaced-[OLD]\": ";
        assert!(run.stderr.contains(warning) && run.stderr.contains(words), "{name}: {}", run.stderr);
        let is_readable = name.contains("temporary file");
        let is_named = run.stderr.contains("warning: cannot check that profile \"default\" still holds token [NEW]: ");
        assert_eq!(is_named, !is_readable, "{name}: {}", run.stderr);
        assert_eq!(login.live(), ["[NEW]"], "{name}");
        undo(&config);
        let put_aside = format!("default-replaced-{}", id_of(login.old.as_ref().unwrap()));
        assert_eq!(login.sandbox.run(["logout", "--profile", &put_aside]).exit, 0, "{name}");
        assert!(!login.config().contains("[OLD TOKEN]") && login.config().contains("[NEW TOKEN]"), "{name}");
    });
}

/// Takes ten seconds, which is how long a login waits for its turn. Another test takes longer, and so calls it.
pub fn held_lock_stores_no_token() {
    let login = Login::replacing();
    let before = login.sandbox.config_state();
    let lock = login.sandbox.lock_directory();
    let run = login.run(&[]);
    drop(lock);
    // The dry run takes the lock too, so no request is sent.
    let error = "error: cannot log in: nothing can be stored in [CONFIG]: another program has held the lock on its directory \
                 for 10 seconds\n";
    assert!(run.exit == 1 && run.stderr.starts_with(error), "{run:?}");
    assert!(login.asked().is_empty(), "{:?}", login.asked());
    assert_eq!(login.sandbox.config_state(), before);
}

/// What another run does, when it does it, and how the login ends. `[ASIDE]` stands for the profile that the replaced
/// session is put into.
struct Other {
    when: Endpoint,
    line: &'static str,
    exit: i32,
    /// How many tokens are live in the end, each of which stands in the file.
    live: usize,
    words: &'static str,
}

const OTHERS: [Other; 9] = [
    Other {
        when: Endpoint::DeviceToken,
        line: "login",
        exit: 1,
        live: 1,
        words: "holds a newer session, which is kept",
    },
    Other { when: Endpoint::DeviceToken, line: "login --profile-name other", exit: 0, live: 2, words: "" },
    Other { when: Endpoint::DeviceToken, line: "logout", exit: 0, live: 1, words: "" },
    Other { when: Endpoint::DeviceToken, line: "profiles use bystander", exit: 0, live: 1, words: "" },
    Other { when: Endpoint::Whoami, line: "logout", exit: 1, live: 1, words: "removed the new session" },
    Other { when: Endpoint::Whoami, line: "login", exit: 1, live: 2, words: "holds a newer session, which is kept" },
    Other { when: Endpoint::Whoami, line: "logout --profile [ASIDE]", exit: 0, live: 1, words: "" },
    Other { when: Endpoint::Revoke, line: "logout --profile [ASIDE]", exit: 0, live: 1, words: "" },
    Other { when: Endpoint::Revoke, line: "profiles forget --yes [ASIDE]", exit: 0, live: 1, words: "" },
];

#[test]
fn respects_concurrent_runs_without_losing_tokens() {
    at_once(&OTHERS, |Other { when, line, exit, live, words }| {
        let login = Login::replacing();
        login.server.approve_next();
        let aside = format!("default-replaced-{}", id_of(login.old.as_ref().unwrap()));
        let mut arguments: Vec<_> = line.split(' ').map(|word| word.replace("[ASIDE]", &aside)).collect();
        if arguments[0] == "login" {
            let server = login.server.url();
            arguments.extend([&LOGIN[1..], &["--server", &server]].concat().into_iter().map(str::to_owned));
        }
        let other: Mutex<(Command, Option<i32>)> = Mutex::new((login.sandbox.command(arguments), None));
        let other = Arc::new(other);
        let meanwhile = Arc::clone(&other);
        let act = move || {
            let mut other = meanwhile.lock().unwrap();
            other.1 = other.0.output().unwrap().status.code();
        };
        login.server.once(*when, Script::real().running(act));
        let run = login.sandbox.observe(&mut login.command(&[]));
        let case = format!("{when:?} {line}: {run:?}");
        assert_eq!(other.lock().unwrap().1, Some(0), "{case}");
        assert_eq!(run.exit, *exit, "{case}");
        assert!(run.stderr.contains(words), "{case}");
        let (tokens, text) = (login.server.live_tokens(), login.sandbox.config_text());
        assert_eq!(tokens.len(), *live, "{case}");
        assert!(tokens.iter().all(|token| text.matches(&token.text).count() == 1), "{case}: {text}");
        assert_eq!(login.sandbox.neighbours(), [""; 0], "{case}");
        assert_eq!(text.contains("default = \"bystander\""), line.contains("use bystander"), "{case}");
    });
}
