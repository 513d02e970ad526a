//! The atomic and durable replacement of a file in a locked directory.
//!
//! A crash at any point leaves the old or the new file whole, and at most one temporary file, which the next writer
//! sweeps. Nothing is found by a path: see [`LockedTarget`].

use std::fs::{File, Metadata, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};

use super::error::{FileError, TEMP_NAME, failed};
use super::lock::{LockedTarget, give_to_owner_of, sync_directory};
use super::private_file::{PERMISSION_BITS, PRIVATE_MODE};

/// The mode of the temporary file until it has that of the original, and the widest that a leftover can have.
const TEMP_MODE: Mode = Mode::RUSR.union(Mode::WUSR);

impl LockedTarget {
    /// Replaces the file by one with these contents and the original's owner and mode. Where there is no original, the
    /// new file is private.
    pub(super) fn replace(&self, original: Option<&Metadata>, contents: &[u8]) -> Result<(), FileError> {
        // In the same directory, since a rename does not cross file systems.
        let mut temp = self.create_temp(original)?;
        if let Err(failure) = self.write_and_rename(&mut temp, original, contents) {
            return Err(self.clean_up(&temp, failure));
        }
        sync_directory(&self.directory).map_err(FileError::NotDurable)
    }

    /// Removes the temporary file after a failure, which is what is to be told. Where it stays, it holds no token.
    pub(super) fn clean_up(&self, temp: &File, failure: FileError) -> FileError {
        match unlinkat(&self.directory, TEMP_NAME, AtFlags::empty()) {
            // Another program has removed it, which is as good.
            Ok(()) | Err(Errno::NOENT) => failure,
            Err(_) => {
                // If truncating fails as well, the message still names the file.
                let _ = temp.set_len(0);
                FileError::LeftBehind { temp: temp_place(&self.place), failure: failure.into() }
            }
        }
    }

    /// Gives a new file the original's owner and mode, or those of a private file of the directory's owner.
    pub(super) fn prepare(&self, file: &File, original: Option<&Metadata>) -> Result<(), FileError> {
        let created = file.metadata().map_err(|error| failed("examining its replacement", error))?;
        match original {
            Some(original) => {
                // Only in a run by root: no other user can have read a private file of another owner.
                if created.uid() != original.uid() {
                    fchown(file, Some(original.uid()), None).map_err(|error| failed("restoring its owner", error))?;
                }
                if created.gid() != original.gid() {
                    // Only a member may give a file to a group, and the mode gives the group nothing.
                    let _ = fchown(file, None, Some(original.gid()));
                }
            }
            None => {
                give_to_owner_of(&self.directory, file).map_err(|error| failed("giving it to the owner", error))?;
            }
        }
        let mode = original.map_or(PRIVATE_MODE, |original| original.mode() & PERMISSION_BITS);
        // After chown(2), which may clear bits of the mode.
        if created.mode() & PERMISSION_BITS != mode {
            file.set_permissions(Permissions::from_mode(mode)).map_err(|error| failed("restoring its mode", error))?;
        }
        // Some file systems take every mode and keep none, and a token must not get into a file that others can read.
        let kept = file.metadata().map_err(|error| failed("examining its replacement", error))?.mode();
        if kept & PERMISSION_BITS == mode { Ok(()) } else { Err(FileError::NoModes(kept & PERMISSION_BITS)) }
    }

    fn write_and_rename(&self, temp: &mut File, original: Option<&Metadata>, contents: &[u8]) -> Result<(), FileError> {
        self.prepare(temp, original)?;
        temp.write_all(contents).map_err(|error| failed("writing its replacement", error))?;
        temp.sync_all().map_err(|error| failed("syncing its replacement", error))?;
        renameat(&self.directory, TEMP_NAME, &self.directory, &self.name)
            .map_err(|error| failed("renaming its replacement", error))
    }

    /// Creates the temporary file, after sweeping what a killed run may have left in its place.
    pub(super) fn create_temp(&self, original: Option<&Metadata>) -> Result<File, FileError> {
        // O_EXCL and O_NOFOLLOW: neither a file nor a link can have been put in its place.
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create = || retry_on_intr(|| openat(&self.directory, TEMP_NAME, flags, TEMP_MODE));
        let created = match create() {
            Err(Errno::EXIST) => {
                self.check_leftover(original)?;
                // The lock is held, so no other run of this program is using it.
                unlinkat(&self.directory, TEMP_NAME, AtFlags::empty())
                    .map_err(|error| failed("sweeping a leftover", error))?;
                create()
            }
            created => created,
        };
        created.map(File::from).map_err(|error| failed("creating its replacement", error))
    }

    /// Checks that what has the name of the temporary file, if anything has, can be swept: that this program can have
    /// left it.
    pub(super) fn check_leftover(&self, original: Option<&Metadata>) -> Result<(), FileError> {
        let leftover = match statat(&self.directory, TEMP_NAME, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(()),
            leftover => leftover.map_err(|error| failed("examining a leftover", error))?,
        };
        let is_file = FileType::from_raw_mode(leftover.st_mode) == FileType::RegularFile;
        let is_private = TEMP_MODE.contains(Mode::from_raw_mode(leftover.st_mode));
        if !is_file || !is_private || !self.may_be_left_by(leftover.st_uid, original)? {
            return Err(FileError::ForeignTemp(temp_place(&self.place)));
        }
        Ok(())
    }

    /// Tells whether a leftover of this user can be that of a run on this file: their own, the owner's, or root's in a
    /// directory of the owner. That is what a run by root leaves until it has given the file away.
    fn may_be_left_by(&self, user: u32, original: Option<&Metadata>) -> Result<bool, FileError> {
        const ROOT: u32 = 0;
        let runner = rustix::process::geteuid().as_raw();
        let owner = original.map_or(runner, MetadataExt::uid);
        if [runner, owner].contains(&user) {
            return Ok(true);
        }
        let directory = self.directory.metadata().map_err(|error| failed("examining its directory", error))?;
        Ok(user == ROOT && directory.uid() == owner)
    }
}

fn temp_place(place: &Path) -> String {
    place.join(TEMP_NAME).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    /// A locked file, and its metadata.
    fn locked() -> (TempDir, LockedTarget, Metadata) {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("config");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        let (target, file) = LockedTarget::acquire(&path).unwrap().unwrap();
        (sandbox, target, file.metadata)
    }

    fn temp(sandbox: &TempDir) -> PathBuf {
        sandbox.path().join(TEMP_NAME)
    }

    #[test]
    fn a_temporary_file_is_private_from_the_first_moment_on() {
        let (sandbox, target, original) = locked();
        let created = target.create_temp(Some(&original)).unwrap().metadata().unwrap();
        assert_eq!(created.mode() & 0o7777, 0o600);
        assert_eq!(created.ino(), fs::symlink_metadata(temp(&sandbox)).unwrap().ino());
    }

    #[test]
    fn a_leftover_is_swept_and_a_link_in_its_place_is_not_followed() {
        let (sandbox, target, original) = locked();
        fs::write(temp(&sandbox), "half").unwrap();
        fs::set_permissions(temp(&sandbox), Permissions::from_mode(0o600)).unwrap();
        target.replace(Some(&original), b"new").unwrap();
        assert_eq!(fs::read_to_string(sandbox.path().join("config")).unwrap(), "new");

        let victim = sandbox.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        symlink("victim", temp(&sandbox)).unwrap();
        assert!(matches!(target.replace(Some(&original), b"newer"), Err(FileError::ForeignTemp(_))));
        assert_eq!(fs::read_to_string(victim).unwrap(), "untouched");
    }

    #[test]
    fn a_replacement_that_fails_leaves_nothing_behind() {
        let (sandbox, target, original) = locked();
        fs::remove_file(sandbox.path().join("config")).unwrap();
        fs::create_dir(sandbox.path().join("config")).unwrap();
        let failure = target.replace(Some(&original), b"new").unwrap_err();
        assert_eq!(failure.to_string(), "renaming its replacement failed");
        assert!(!temp(&sandbox).exists());

        let again = target.clean_up(&target.directory, FileError::Unsteady);
        assert!(matches!(again, FileError::Unsteady), "what is gone does not stay behind");
    }

    #[test]
    fn a_failure_is_told_by_what_was_done_and_what_the_system_said() {
        let failure = || failed("renaming its replacement", Errno::PERM);
        let behind = FileError::LeftBehind { temp: "directory/temp".into(), failure: failure().into() };
        assert_eq!(behind.to_string(), "its replacement stays behind as directory/temp");
        let source = std::error::Error::source(&behind).unwrap();
        assert_eq!(source.to_string(), failure().to_string());
        assert_eq!(source.source().unwrap().to_string(), io::Error::from(Errno::PERM).to_string());
    }
}
