//! The system calls of a replacement, as strace shows them and makes them fail: in which order the file is replaced,
//! and what a failing call leaves.

use std::os::unix::fs::chown;

use rustix::io::Errno;

use super::{
    TEMP_NAME, assert_cleared, assert_heals, assert_kept, logged_out, not_durable, not_removed, prepared, system,
};
use crate::support::sandbox::Run;
use crate::support::trace::{has_strace, traced};
use crate::support::unprivileged::NOBODY;

#[test]
fn syncs_private_replacement_before_rename() {
    if !has_strace("the order of the replacement") {
        return;
    }
    let (sandbox, _server) = prepared();
    chown(sandbox.config(), Some(NOBODY), Some(NOBODY)).unwrap();
    let before = sandbox.config_state();
    let (run, trace) = traced(&sandbox, &["logout"], &[]);
    assert_eq!(run, logged_out());
    assert_cleared(&sandbox, &before);

    let directory = format!("{}>", sandbox.config().parent().unwrap().display());
    let steps: [(&str, &[&str]); 11] = [
        ("the lock", &["flock(", &directory, "LOCK_EX"]),
        ("the second look at the file", &["openat(", &directory, "\"config.toml\"", "O_NOFOLLOW", "O_NONBLOCK"]),
        ("the temporary file", &["openat(", &directory, TEMP_NAME, "O_CREAT", "O_EXCL", "O_NOFOLLOW", ", 0600)"]),
        ("its owner", &["fchown(", TEMP_NAME, "65534, -1)"]),
        ("its group", &["fchown(", TEMP_NAME, "-1, 65534)"]),
        ("its contents", &["write(", TEMP_NAME]),
        ("the sync", &["fsync(", TEMP_NAME, "= 0"]),
        ("the rename", &["renameat", &directory, TEMP_NAME, "\"config.toml\"", "= 0"]),
        ("the sync of the directory", &["fsync(", &directory, "= 0"]),
        ("the report", &["write(1<"]),
        ("the end", &["exit_group("]),
    ];
    let mut lines = trace.lines();
    for (step, marks) in steps {
        assert!(
            lines.any(|line| marks.iter().all(|mark| line.contains(mark))),
            "{step} does not come where it should:\n{trace}"
        );
    }
    let (_, under_lock) = trace.split_once("flock(").unwrap();
    let by_path = under_lock.lines().filter(|line| line.contains("AT_FDCWD") && line.contains(TEMP_NAME));
    assert_eq!(by_path.count(), 0, "{trace}");
}

#[test]
fn failing_call_keeps_old_file_or_reports() {
    if !has_strace("failing calls during the replacement") {
        return;
    }
    let failed = |action, errno| not_removed("[CONFIG]", &system(action, errno));
    let kept: [(&[&str], Run); 5] = [
        (&["inject=fchown:error=EPERM:when=1"], failed("restoring its owner", Errno::PERM)),
        (&["inject=fchmod:error=EPERM:when=1"], failed("restoring its mode", Errno::PERM)),
        (&["inject=fsync:error=EIO:when=1"], failed("syncing its replacement", Errno::IO)),
        (&["inject=fsync:error=EDQUOT:when=1"], failed("syncing its replacement", Errno::DQUOT)),
        (&["inject=renameat:error=EXDEV:when=1"], failed("renaming its replacement", Errno::XDEV)),
    ];
    let syncing = system("syncing its directory", Errno::IO);
    let cleared: [(&[&str], Run); 2] = [
        (&["inject=fchown:error=EPERM:when=2"], logged_out()),
        (&["inject=fsync:error=EIO:when=2"], not_durable("[CONFIG]", &syncing)),
    ];
    for (is_cleared, cases) in [(false, &kept[..]), (true, &cleared[..])] {
        for (injections, expected) in cases {
            let (sandbox, server) = prepared();
            super::chmod(&sandbox.config(), 0o400);
            chown(sandbox.config(), Some(NOBODY), Some(NOBODY)).unwrap();
            let mut before = sandbox.config_state();
            let (run, trace) = traced(&sandbox, &["logout"], injections);
            assert!(trace.contains("(INJECTED)"), "{injections:?} was not met:\n{trace}");
            assert_eq!(&run, expected, "{injections:?}");
            if is_cleared {
                before.owner.1 = if injections[0].contains("fchown") { 0 } else { NOBODY };
                assert_cleared(&sandbox, &before);
            } else {
                assert_kept(&sandbox, &server, &before);
                assert_heals(&sandbox, &before);
            }
        }
    }
}
