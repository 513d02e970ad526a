//! What can go wrong for whoami and profiles beside the config's contents and the network: streams that cannot be written,
//! and a file that cannot be replaced.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use plexctl::testing::Answer;
use rustix::fs::IFlags;
use rustix::io::Errno;

use crate::logout::config::{Attribute, chmod, has_attributes};
use crate::support::sandbox::{Run, Sandbox, TEMP_NAME};
use crate::support::shell::{has_namespaces, in_namespace, in_shell};
use crate::support::signed_in::SignedIn;
use crate::support::system_words;
use crate::support::unprivileged::Unprivileged;

/// The commands that tell something, with what each has done by then.
const TELLING: [(&str, &str); 6] = [
    ("whoami", "the server has responded, but the summary"),
    ("profiles", "done, but the summary"),
    ("profiles use bystander", "done, but the summary"),
    ("profiles forget --yes default", "done, but the summary"),
    ("identity-tokens list", "the server has responded, but the summary"),
    ("identity-tokens delete --id 0192f0c1-8888-7abc-8def-0123456789ab", "the server has responded, but the summary"),
];

/// The commands that write, with the sentence of each.
const WRITING: [(&str, &str); 2] = [
    ("profiles use bystander", "Default profile is now \"bystander\".\n"),
    ("profiles forget --yes bystander", "Forgot profile \"bystander\".\n"),
];

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[test]
fn unwritable_output_never_panics() {
    for (line, done) in TELLING {
        for format in ["text", "json", "yaml"] {
            for (streams, exit) in [
                (">/dev/full", 1),
                (">&-", 0),
                ("2>&-", 0),
                ("2>/dev/full", 0),
                ("<&- >&- 2>&-", 0),
                (">/dev/full 2>&-", 1),
            ] {
                let signed_in = SignedIn::answering(Answer::bare(204));
                // Whoever forgets a session without a standard error does not want to be told of it.
                fs::write(signed_in.sandbox.path().join("noted.toml"), &signed_in.token).unwrap();
                let arguments = [words(line), vec!["--output", format]].concat();
                let script = format!("exec \"$0\" \"$@\" {streams}");
                let run = signed_in.sandbox.observe(&mut in_shell(&script, &signed_in.sandbox.command(arguments)));
                let case = format!("{line} {format} {streams}: {run:?}");
                assert_eq!(run.exit, exit, "{case}");
                let error = format!("error: {done} could not be written: {}\n", system_words(Errno::NOSPC));
                let is_told = run.stderr.contains(&error);
                assert_eq!(is_told, streams == ">/dev/full", "{case}");
                // What was to be done is done, whether that could be told or not.
                let text = signed_in.sandbox.config_text();
                assert_eq!(text.contains(&signed_in.token), !line.contains("forget"), "{case}");
                assert_eq!(text.contains("default = \"bystander\""), line.contains("use"), "{case}");
            }
        }
    }
}

/// Holds that a command could not write the file, and says why and what to do.
fn assert_not_stored(case: &str, run: &Run, words: &str) {
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{case}: {run:?}");
    let told = run.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(told.starts_with("error: [CONFIG] was not changed: ") && told.contains(words), "{case}: {run:?}");
    assert!(run.stderr.contains("\nhint: run `plexctl profiles "), "{case}: {run:?}");
}

/// Makes trouble for each command that writes, holds that it fails for this cause and leaves the file as it is, and that
/// it does its work once the trouble is gone.
fn assert_stands_in_the_way<T>(cause: &str, make: impl Fn(&Sandbox) -> T, undo: impl Fn(&Sandbox, T)) {
    for (line, sentence) in WRITING {
        let signed_in = SignedIn::new();
        let sandbox = &signed_in.sandbox;
        let before = sandbox.config_state();
        let trouble = make(sandbox);
        let run = sandbox.run(words(line));
        undo(sandbox, trouble);
        assert_not_stored(line, &run, cause);
        assert_eq!((sandbox.config_state(), sandbox.neighbours()), (before, vec![]), "{line}");
        let run = sandbox.run(words(line));
        assert_eq!((run.exit, run.stdout.as_str()), (0, sentence), "{line}: {run:?}");
        assert_eq!(signed_in.server.connections(), 0);
    }
}

#[test]
fn obstacle_at_temporary_file_keeps_config() {
    let temp = |sandbox: &Sandbox| sandbox.config().with_file_name(TEMP_NAME);
    let in_the_way = "is in the way and was not left by plexctl";
    assert_stands_in_the_way(
        in_the_way,
        |sandbox| symlink("nowhere", temp(sandbox)).unwrap(),
        |sandbox, ()| fs::remove_file(temp(sandbox)).unwrap(),
    );
    assert_stands_in_the_way(
        in_the_way,
        |sandbox| fs::create_dir(temp(sandbox)).unwrap(),
        |sandbox, ()| fs::remove_dir(temp(sandbox)).unwrap(),
    );
}

#[test]
fn immutable_file_or_directory_keeps_config() {
    let directory = |sandbox: &Sandbox| sandbox.config().parent().unwrap().to_owned();
    if !has_attributes("an immutable config for profiles") {
        return;
    }
    let denied = system_words(Errno::PERM);
    let set = |path: &Path| Attribute::set(path, IFlags::IMMUTABLE).unwrap();
    assert_stands_in_the_way(&denied, |sandbox| set(&directory(sandbox)), |_, attribute| drop(attribute));
    assert_stands_in_the_way(&denied, |sandbox| set(&sandbox.config()), |_, attribute| drop(attribute));
}

#[test]
fn unwritable_file_system_keeps_config() {
    if !has_namespaces("a read-only or full file system for profiles") {
        return;
    }
    let read_only = "mount --bind \"$d\" \"$d\"; mount -o remount,bind,ro \"$d\"";
    let in_place = "mount --bind \"$d/config.toml\" \"$d/config.toml\"";
    let full = "cp -p \"$d/config.toml\" \"$HOME/copy.toml\"; mount -t tmpfs -o size=16k,mode=0755 none \"$d\"
         cp -p \"$HOME/copy.toml\" \"$d/config.toml\"; dd if=/dev/zero of=\"$d/filler\" bs=4k 2>/dev/null || true";
    for (prepare, errno) in [(read_only, Errno::ROFS), (in_place, Errno::BUSY), (full, Errno::NOSPC)] {
        for (line, _) in WRITING {
            let signed_in = SignedIn::new();
            let before = signed_in.sandbox.config_state();
            let script = format!(
                "d=\"$HOME/.config/plexctl\"; {prepare}
                 code=0; \"$0\" \"$@\" || code=$?; cp -p \"$d/config.toml\" \"$HOME/left.toml\"; exit $code"
            );
            let mut command = in_namespace(&script, &signed_in.sandbox.command(words(line)));
            let run = signed_in.sandbox.observe(&mut command);
            assert_not_stored(&format!("{line} {errno:?}"), &run, &system_words(errno));
            assert_eq!(signed_in.sandbox.config_state(), before);
            assert_eq!(fs::read(signed_in.sandbox.path().join("left.toml")).unwrap(), before.bytes);
        }
    }
}

#[test]
fn unwritable_directory_keeps_config() {
    let Some(unprivileged) = Unprivileged::new("a directory that may not be written by profiles") else { return };
    for (line, sentence) in WRITING {
        for mode in [0o500, 0o300] {
            let signed_in = SignedIn::new();
            let sandbox = &signed_in.sandbox;
            let mut command = unprivileged.run_after("", sandbox, &sandbox.command(words(line)));
            let (before, directory) = (sandbox.config_state(), sandbox.config().parent().unwrap().to_owned());
            chmod(&directory, mode);
            let output = command.output().unwrap();
            chmod(&directory, 0o700);
            assert_not_stored(&format!("{line} {mode:04o}"), &sandbox.judge(&output), &system_words(Errno::ACCESS));
            assert_eq!((sandbox.config_state(), sandbox.neighbours()), (before, vec![]));
            let run = sandbox.observe(&mut command);
            assert_eq!((run.exit, run.stdout.as_str()), (0, sentence), "{line}: {run:?}");
        }
    }
}
