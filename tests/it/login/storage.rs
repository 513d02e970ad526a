//! Places in which no token can be stored, found out before one is issued, and places that only look like that.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::{Command, Stdio};

use plexctl::testing::{Endpoint, Script};
use rustix::fs::IFlags;

use super::{LOGIN, Login};
use crate::logout::config::Attribute;
use crate::support::sandbox::Run;
use crate::support::shell::{has_namespaces, in_namespace, in_shell};
use crate::support::trace::{has_strace, traced};
use crate::support::unprivileged::{NOBODY, Unprivileged};
use crate::support::{runs_as_root, skip};

/// Holds that no login was begun: exit 1 for this cause, no request, and the file as it was.
fn assert_not_begun(login: &Login, run: &Run, cause: &str) {
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.lines().any(|line| line.starts_with("error: ") && line.contains(cause)), "{cause}: {run:?}");
    assert_eq!(login.asked(), [""; 0], "{run:?}");
}

/// A command with its environment, started by another program with these arguments.
fn started_by(program: &str, arguments: &[&str], command: &Command) -> Command {
    let mut starter = Command::new(program);
    starter.args(arguments).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    starter.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    starter
}

fn has(program: &str, arguments: &[&str], what: &str) -> bool {
    let mut probe = Command::new(program);
    let has = probe.args(arguments).stdin(Stdio::null()).output().is_ok_and(|output| output.status.success());
    if !has {
        skip(what, &format!("it takes {program}"));
    }
    has
}

const STRACE: [&str; 4] = ["-f", "-o", "/dev/null", "true"];

/// Such as a FAT drive: whatever mode is asked for, everybody can read the file.
#[test]
fn rejects_file_system_without_modes() {
    if !has("bindfs", &["--version"], "a file system without modes") {
        return;
    }
    let login = Login::approved();
    let (back, mounted) = (login.sandbox.path().join("back"), login.sandbox.path().join("mounted"));
    fs::create_dir(&back).unwrap();
    fs::create_dir(&mounted).unwrap();
    fs::write(back.join("stored.toml"), "").unwrap();
    let mount = Command::new("bindfs")
        .args(["--perms=0777", "--chmod-ignore"])
        .args([&back, &mounted])
        .status()
        .is_ok_and(|status| status.success());
    if !mount {
        return skip("a file system without modes", "it cannot be mounted here");
    }
    let mut command = login.command(&[]);
    command.env("PLEXCTL_CONFIG", mounted.join("new/config.toml"));
    let run = login.sandbox.observe(&mut command);
    let mut command = login.sandbox.command(["logout"]);
    command.env("PLEXCTL_CONFIG", mounted.join("stored.toml"));
    let exposed = login.sandbox.observe(&mut command);
    let mut command = login.sandbox.command(["whoami", "--server", "http://127.0.0.1:1", "--token-file"]);
    let token_file = login.sandbox.observe(command.arg(mounted.join("stored.toml")));
    fs::write(login.sandbox.path().join("token"), "token").unwrap();
    fs::set_permissions(login.sandbox.path().join("token"), Permissions::from_mode(0o600)).unwrap();
    let mut command = login.sandbox.command(["whoami", "--token-file", "token"]);
    command.env("PLEXCTL_CONFIG", mounted.join("stored.toml"));
    let config_beside_token_file = login.sandbox.observe(&mut command);
    let left = fs::read_dir(&mounted).unwrap().count();
    assert!(Command::new("umount").arg(&mounted).status().unwrap().success());
    let cause = "its file system keeps no modes: a file created with mode 0600 has mode 0777";
    assert_not_begun(&login, &run, cause);
    assert_eq!(left, 1);
    let hint = "then `plexctl logout` again; if the mode does not change, set PLEXCTL_CONFIG to a path on a file system \
                that keeps modes, such as that of your home directory\n";
    assert!(exposed.exit == 3 && exposed.stderr.ends_with(hint), "{exposed:?}");
    let hint = hint.replace("logout", "whoami --token-file token");
    assert!(
        config_beside_token_file.exit == 3 && config_beside_token_file.stderr.ends_with(&hint),
        "{config_beside_token_file:?}"
    );
    let hint = "if the mode does not change, move the file to a file system that keeps modes, such as that of your home \
                directory\n";
    assert!(token_file.exit == 3 && token_file.stderr.ends_with(hint), "{token_file:?}");
}

#[test]
fn rejects_config_that_is_mount_point() {
    if !has_namespaces("a config that is a mount point") {
        return;
    }
    let login = Login::approved();
    let old = login.server.mint("dev");
    let login = login.holding(&old);
    let before = login.config();
    let config = login.sandbox.config().display().to_string();
    let script = format!("mount --bind {config} {config} && exec \"$0\" \"$@\"");
    let run = login.sandbox.observe(&mut in_namespace(&script, &login.command(&[])));
    assert_not_begun(&login, &run, "it is a mount point, which cannot be replaced");
    assert_eq!(login.config(), before);
}

#[test]
fn creates_usable_directories_under_any_umask() {
    let what = "directories under an unusual umask";
    let Some(unprivileged) = Unprivileged::new(what) else { return };
    for umask in ["0177", "0777"] {
        let login = Login::approved();
        fs::remove_dir_all(login.sandbox.path().join(".config")).unwrap();
        let like = login.command(&[]);
        let run = login.sandbox.observe(&mut unprivileged.run_after(&format!("umask {umask}"), &login.sandbox, &like));
        assert_eq!(run.exit, 0, "{umask}: {run:?}");
        for directory in [".config", ".config/plexctl"] {
            let metadata = fs::metadata(login.sandbox.path().join(directory)).unwrap();
            assert_eq!(metadata.mode() & 0o7777, 0o700, "{umask} {directory}");
        }
        assert_eq!(login.sandbox.config_state().mode, 0o600, "{umask}");
    }
}

#[test]
fn rejects_file_that_no_rename_can_replace() {
    for (is_directory, attribute) in [(false, IFlags::IMMUTABLE), (true, IFlags::IMMUTABLE), (true, IFlags::APPEND)] {
        let login = Login::approved();
        let old = login.server.mint("dev");
        let login = login.holding(&old);
        let config = login.sandbox.config();
        let place = if is_directory { config.parent().unwrap() } else { config.as_path() };
        let set = match Attribute::set(place, attribute) {
            Ok(set) => set,
            Err(error) => return skip("a login into what cannot be replaced", &error.to_string()),
        };
        let run = login.sandbox.observe(&mut login.command(&[]));
        drop(set);
        assert_not_begun(&login, &run, "is immutable or append-only (see chattr)");
    }
}

/// What root creates is to belong to the owner of the config, which takes a capability that a container may drop.
#[test]
fn rejects_foreign_config_without_cap_chown() {
    const WITHOUT: [&str; 4] = ["--bounding-set", "-chown", "--inh-caps", "-chown"];
    let what = "root without CAP_CHOWN";
    if !runs_as_root() {
        return skip(what, "it takes root");
    }
    if !has("setpriv", &[&WITHOUT[..], &["true"]].concat(), what) {
        return;
    }
    for has_config in [true, false] {
        let login = Login::approved();
        let old = login.server.mint("dev");
        let login = login.holding(&old);
        let (config, before) = (login.sandbox.config(), login.config());
        chown(&config, Some(NOBODY), Some(NOBODY)).unwrap();
        chown(config.parent().unwrap(), Some(NOBODY), Some(NOBODY)).unwrap();
        if !has_config {
            fs::remove_file(&config).unwrap();
        }
        let run = login.sandbox.observe(&mut started_by("setpriv", &WITHOUT, &login.command(&[])));
        let step = if has_config { "restoring its owner" } else { "giving it to the owner" };
        assert_not_begun(&login, &run, &format!("{step} failed: Operation not permitted"));
        assert_eq!(login.sandbox.neighbours(), [""; 0]);
        assert!(!has_config || login.config() == before);
    }
}

/// The file system has no way to sync a directory, so nothing can be lost by that.
#[test]
fn directory_that_cannot_be_synced_counts_as_synced() {
    if !has("strace", &STRACE, "a directory that cannot be synced") {
        return;
    }
    let login = Login::replacing();
    let directory = login.sandbox.config().parent().unwrap().display().to_string();
    let arguments =
        ["-f", "-o", "/dev/null", "-P", &directory, "-e", "trace=fsync", "-e", "inject=fsync:error=EINVAL", "--"];
    let run = login.sandbox.observe(&mut started_by("strace", &arguments, &login.command(&[])));
    assert_eq!(run.exit, 0, "{run:?}");
    assert_eq!(login.asked(), ["code", "poll", "whoami", "revoke [OLD]"]);
}

/// Once while the file is looked for, and once while the place is found that it is to be created in.
#[test]
fn rejects_path_that_cannot_be_resolved() {
    if !has("strace", &STRACE, "a path that cannot be resolved") {
        return;
    }
    for time in ["1", "2"] {
        let login = Login::approved();
        let directory = login.sandbox.config().parent().unwrap().display().to_string();
        let (trace, inject) =
            ("trace=?readlink,?readlinkat", format!("inject=?readlink,?readlinkat:error=EIO:when={time}"));
        let arguments = ["-f", "-o", "/dev/null", "-P", &directory, "-e", trace, "-e", &inject, "--"];
        let run = login.sandbox.observe(&mut started_by("strace", &arguments, &login.command(&[])));
        assert_not_begun(&login, &run, "resolving its path failed: Input/output error");
    }
}

/// A dry run removes the directories that it made, which another program may be about to use.
#[test]
fn creates_directory_again_that_another_program_removes() {
    if !has_strace("a directory that another program removes") {
        return;
    }
    for time in ["1", "2"] {
        let login = Login::approved();
        fs::remove_dir_all(login.sandbox.path().join(".config")).unwrap();
        let url = login.server.url();
        let arguments = [&LOGIN[..], &["--server", &url]].concat();
        let (run, trace) = traced(&login.sandbox, &arguments, &[&format!("inject=mkdirat:error=ENOENT:when={time}")]);
        assert_eq!(run.exit, 0, "{run:?}");
        assert!(trace.contains("(INJECTED)"), "{time}");
    }
}

#[test]
fn rejects_path_of_a_directory() {
    for (path, named) in [("new/", "new/"), ("new/.", "new/."), ("new/..", "new/..")] {
        let login = Login::approved();
        let mut command = login.command(&[]);
        command.env("PLEXCTL_CONFIG", path);
        let run = login.sandbox.observe(&mut command);
        assert_not_begun(&login, &run, &format!("nothing can be stored in {named}: its path names a directory"));
        assert!(!login.sandbox.path().join("new").exists());
    }
}

/// The text is as large as one that is read may be, and the session would make it larger.
#[test]
fn rejects_config_without_room_for_session() {
    let mut login = Login::approved();
    let text = format!("#{}\n", "x".repeat(16 * 1024 * 1024 - 2));
    login.sandbox.write_config(&text);
    let run = login.run(&[]);
    assert_not_begun(&login, &run, "nothing can be stored in [CONFIG]: it would be larger than 16 MiB");
    assert!(login.sandbox.config_text() == text);
}

/// A domain of its own that is a table leaves no place for the one to be stored.
#[test]
fn rejects_profile_that_cannot_be_edited() {
    let mut login = Login::approved();
    let text = "[profiles.default]\n[profiles.default.domain_id]\na = 1\n";
    login.sandbox.write_config(text);
    let run = login.run(&[]);
    let cause = "[CONFIG] cannot be used: the profile cannot be edited so that the rest stays as it is";
    assert_not_begun(&login, &run, cause);
    assert_eq!(login.sandbox.config_text(), text);
}

/// An old seccomp filter answers EPERM to calls that it does not know.
#[test]
fn probe_that_fails_refuses_nothing() {
    if !has("strace", &STRACE, "calls that a filter forbids") {
        return;
    }
    for call in ["faccessat2", "statx"] {
        let login = Login::approved();
        fs::remove_dir_all(login.sandbox.path().join(".config")).unwrap();
        let inject = format!("inject={call}:error={}", if call == "statx" { "ENOSYS" } else { "EPERM" });
        let trace = format!("trace={call}");
        let arguments = ["-f", "-o", "/dev/null", "-e", &trace, "-e", &inject, "--"];
        let run = login.sandbox.observe(&mut started_by("strace", &arguments, &login.command(&[])));
        assert_eq!(run.exit, 0, "{call}: {run:?}");
    }
}

#[test]
fn rejects_tilde_that_no_shell_expanded() {
    for (variable, value) in [("PLEXCTL_CONFIG", "~/x.toml"), ("PLEXCTL_CONFIG", "~"), ("HOME", "~alice")] {
        let login = Login::approved();
        let mut command = login.command(&[]);
        command.env(variable, value).current_dir(login.sandbox.path());
        let run = login.sandbox.observe(&mut command);
        assert_not_begun(&login, &run, &format!("{variable} begins with \"~\", which only a shell expands"));
        assert!(!login.sandbox.path().join("~").exists());
    }
}

/// The file of the dry run is as long as the new text, which is longer than the old one.
#[test]
fn rejects_limit_below_new_size() {
    let login = Login::approved();
    let old = login.server.mint("dev");
    let login = login.holding(&old);
    let before = login.config();
    // In blocks of 512 or 1024 bytes, as the shell counts: more than the old text, less than one with a whole token.
    let run = login.sandbox.observe(&mut in_shell("ulimit -f 2; exec \"$0\" \"$@\"", &login.command(&[])));
    assert_not_begun(&login, &run, "writing a file beside it failed: File too large");
    assert_eq!(login.config(), before);
}

/// A file size limit that the config outgrows between the code and the token is an error of the write, not the end.
#[test]
fn revokes_token_if_config_outgrows_limit() {
    let login = Login::approved();
    let path = login.sandbox.config();
    let grow = move || {
        fs::write(&path, format!("#{}\n", "x".repeat(20 * 1024))).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    login.server.once(Endpoint::DeviceToken, Script::real().running(grow));
    let run = login.sandbox.observe(&mut in_shell("ulimit -f 16; exec \"$0\" \"$@\"", &login.command(&[])));
    assert_eq!(run.exit, 1, "{run:?}");
    assert!(run.stderr.contains("File too large"), "{run:?}");
    assert_eq!(login.live(), [""; 0]);
}
