//! File systems that refuse a replacement although the file could be read: read-only, full, immutable, or with a mount in
//! the file's place. And one that would widen its mode.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{IFlags, XattrFlags, ioctl_getflags, ioctl_setflags, setxattr};
use rustix::io::Errno;

use super::{AT_ONCE, TEMP_NAME, assert_cleared, assert_heals, assert_kept, chmod, logged_out, not_removed};
use super::{observe_within, prepared, system, temp};
use crate::support::bystander::BYSTANDER;
use crate::support::sandbox::{Sandbox, file_state};
use crate::support::shell::{has_namespaces, in_namespace};
use crate::support::skip;

/// Holds that a logout revokes the token, fails to replace the file, and leaves it as it was, and that the next one
/// heals it. What stands in the way goes when the value beside the command does.
fn assert_stands_in_the_way<T>(problem: &str, obstruct: impl FnOnce(&Sandbox) -> (Command, T)) {
    let (sandbox, server) = prepared();
    let before = sandbox.config_state();
    let (mut command, obstacle) = obstruct(&sandbox);
    let (run, _) = observe_within(AT_ONCE, &sandbox, &mut command);
    drop(obstacle);
    assert_eq!(run, not_removed("[CONFIG]", problem));
    assert_kept(&sandbox, &server, &before);
    assert_heals(&sandbox, &before);
}

#[test]
fn read_only_file_system_keeps_file() {
    if !has_namespaces("a read-only file system") {
        return;
    }
    let script =
        "d=\"$HOME/.config/plexctl\"; mount --bind \"$d\" \"$d\"; mount -o remount,bind,ro \"$d\"; exec \"$0\" \"$@\"";
    let obstruct = |sandbox: &Sandbox| (in_namespace(script, &sandbox.command(["logout"])), ());
    assert_stands_in_the_way(&system("creating its replacement", Errno::ROFS), obstruct);
}

/// As in a container whose config is mounted as a single file.
#[test]
fn mounted_file_keeps_file() {
    if !has_namespaces("a mount in the file's place") {
        return;
    }
    let script = "f=\"$HOME/.config/plexctl/config.toml\"; mount --bind \"$f\" \"$f\"; exec \"$0\" \"$@\"";
    let obstruct = |sandbox: &Sandbox| (in_namespace(script, &sandbox.command(["logout"])), ());
    assert_stands_in_the_way(&system("renaming its replacement", Errno::BUSY), obstruct);
}

#[test]
fn full_file_system_keeps_file() {
    if !has_namespaces("a full file system") {
        return;
    }
    let (mut sandbox, server) = prepared();
    // Twelve of sixteen KiB hold the file, which leaves room for a part of its replacement.
    let filler = format!("\n# {}\n", "x".repeat(10_000));
    let text = sandbox.config_text() + &filler;
    sandbox.write_config(&text);
    let before = sandbox.config_state();
    let copy = sandbox.path().join("copy");
    fs::create_dir(&copy).unwrap();
    let script = "d=\"$HOME/.config/plexctl\"; cp -p \"$d/config.toml\" \"$HOME/copy.toml\"
        mount -t tmpfs -o size=16k,mode=0755 none \"$d\"; mv \"$HOME/copy.toml\" \"$d/config.toml\"
        code=0; \"$0\" \"$@\" || code=$?; cp -pr \"$d/.\" \"$HOME/copy\"; exit $code";
    let run = sandbox.observe(&mut in_namespace(script, &sandbox.command(["logout"])));
    assert_eq!(run, not_removed("[CONFIG]", &system("writing its replacement", Errno::NOSPC)));
    let left: Vec<_> = fs::read_dir(&copy).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["config.toml"]);
    let state = file_state(&copy.join("config.toml"));
    assert_eq!((state.bytes.as_slice(), state.mode), (text.as_bytes(), before.mode));
    assert_eq!(server.requests().len(), 1);

    assert_eq!(sandbox.run(["logout"]), logged_out());
    assert_eq!(sandbox.config_text(), format!("{BYSTANDER}{filler}"));
}

#[test]
fn immutable_file_or_directory_keeps_config() {
    let directory: fn(&Sandbox) -> PathBuf = |sandbox| sandbox.config().parent().unwrap().to_owned();
    let file: fn(&Sandbox) -> PathBuf = Sandbox::config;
    if !has_attributes("an immutable directory") {
        return;
    }
    for (place, action) in [(directory, "creating its replacement"), (file, "renaming its replacement")] {
        let obstruct = |sandbox: &Sandbox| {
            (sandbox.command(["logout"]), Attribute::set(place(sandbox), IFlags::IMMUTABLE).unwrap())
        };
        assert_stands_in_the_way(&system(action, Errno::PERM), obstruct);
    }
}

/// What cannot be renamed cannot be removed either.
#[test]
fn names_temporary_file_in_append_only_directory() {
    if !has_attributes("an append-only directory") {
        return;
    }
    let (sandbox, server) = prepared();
    let before = sandbox.config_state();
    let attribute = Attribute::set(sandbox.config().parent().unwrap(), IFlags::APPEND).unwrap();
    let run = sandbox.run(["logout"]);
    drop(attribute);
    let behind = format!("its replacement stays behind as [SANDBOX]/.config/plexctl/{TEMP_NAME}");
    let problem = format!("{behind}: {}", system("renaming its replacement", Errno::PERM));
    assert_eq!(run, not_removed("[CONFIG]", &problem));
    assert_eq!(sandbox.config_state(), before);
    assert_eq!(sandbox.neighbours(), [TEMP_NAME]);
    let left = file_state(&temp(&sandbox));
    assert_eq!((left.bytes.len(), left.mode), (0, 0o600));
    assert_eq!(server.requests().len(), 1);
    assert_heals(&sandbox, &before);
}

/// Tells whether files can be given attributes here, and says loudly what is skipped if not.
pub fn has_attributes(what: &str) -> bool {
    // Outlives the attribute, with which it could not be removed.
    let directory = tempfile::tempdir().unwrap();
    let attribute = Attribute::set(directory.path(), IFlags::IMMUTABLE);
    if let Err(error) = &attribute {
        skip(what, &error.to_string());
    }
    attribute.is_ok()
}

/// A file or directory with an attribute that lasts until this is dropped.
pub struct Attribute(File, IFlags);

impl Attribute {
    pub fn set(path: impl AsRef<Path>, attribute: IFlags) -> rustix::io::Result<Self> {
        let file = File::open(path).unwrap();
        ioctl_setflags(&file, ioctl_getflags(&file)? | attribute)?;
        Ok(Self(file, attribute))
    }
}

impl Drop for Attribute {
    fn drop(&mut self) {
        let flags = ioctl_getflags(&self.0).unwrap();
        ioctl_setflags(&self.0, flags - self.1).unwrap();
    }
}

#[test]
fn default_acl_does_not_widen_mode() {
    for mode in [0o600, 0o400] {
        let (sandbox, _server) = prepared();
        let directory = sandbox.config().parent().unwrap().to_owned();
        if let Err(error) = setxattr(&directory, "system.posix_acl_default", &acl_for_everybody(), XattrFlags::empty())
        {
            skip("a default ACL", &error.to_string());
            return;
        }
        // What any other program creates there is open to everybody.
        let stranger = directory.join("stranger.toml");
        fs::write(&stranger, "").unwrap();
        assert_eq!(file_state(&stranger).mode, 0o666);
        fs::remove_file(&stranger).unwrap();

        chmod(&sandbox.config(), mode);
        let before = sandbox.config_state();
        assert_eq!(sandbox.run(["logout"]), logged_out());
        assert_cleared(&sandbox, &before);
    }
}

/// An access control list by which owner, group and others may do anything, as the kernel stores it
/// (`linux/posix_acl_xattr.h`): a version, then a tag, the permissions and an id for each entry.
fn acl_for_everybody() -> Vec<u8> {
    const VERSION: u32 = 2;
    const NOBODY_IN_PARTICULAR: u32 = u32::MAX;
    let mut acl = VERSION.to_le_bytes().to_vec();
    for tag in [0x01_u16, 0x04, 0x20] {
        acl.extend(tag.to_le_bytes());
        acl.extend(7_u16.to_le_bytes());
        acl.extend(NOBODY_IN_PARTICULAR.to_le_bytes());
    }
    acl
}
