//! The dry run of a replacement: every step of the write is tried but the rename, and nothing stays behind.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, unlinkat};

use super::error::{FileError, TEMP_NAME, failed};
use super::lock::LockedTarget;
use super::private_file::MAX_SIZE;

/// Checks that a file of this size could be stored at the path now. Waits for the lock as the write would.
pub(in super::super) fn check(path: &Path, size: usize) -> Result<(), FileError> {
    if size as u64 > MAX_SIZE {
        return Err(FileError::WouldBeTooLarge);
    }
    let (target, file, created) = LockedTarget::acquire_or_create(path)?;
    let original = file.as_ref().map(|file| &file.metadata);
    let checked = target.check_write(original, size);
    // While the lock is held, so that another program that waits for it sees that the directory is gone.
    remove_directories(&created);
    checked
}

/// Removes the directories that were created, unless another program has put something into them.
fn remove_directories(created: &[PathBuf]) {
    // The innermost first: rmdir removes only empty directories.
    for directory in created.iter().rev() {
        if fs::remove_dir(directory).is_err() {
            return;
        }
    }
}

impl LockedTarget {
    /// Tries the steps of a write of this size.
    fn check_write(&self, original: Option<&Metadata>, size: usize) -> Result<(), FileError> {
        self.check_rename(original.is_some())?;
        self.check_leftover(original)?;
        // A named file would be visible to others and left behind by a crash.
        if let Some(file) = self.nameless_file()? {
            return self.fill(&file, original, size);
        }
        // The name of the temporary file: whatever a crash leaves there is swept by the next run.
        let temp = self.create_temp(original)?;
        if let Err(failure) = self.fill(&temp, original, size) {
            return Err(self.clean_up(&temp, failure));
        }
        unlinkat(&self.directory, TEMP_NAME, AtFlags::empty())
            .map_err(|error| failed("removing a file beside it", error))
    }

    /// Writes as much as the text will have, but not the text itself, which holds tokens.
    fn fill(&self, mut file: &File, original: Option<&Metadata>, size: usize) -> Result<(), FileError> {
        self.prepare(file, original)?;
        io::copy(&mut io::repeat(b'#').take(size as u64), &mut file)
            .map_err(|error| failed("writing a file beside it", error))?;
        file.sync_all().map_err(|error| failed("syncing a file beside it", error))
    }

    /// A file that never has a name, where the file system has such files.
    #[cfg(target_os = "linux")]
    fn nameless_file(&self) -> Result<Option<File>, FileError> {
        use rustix::fs::{Mode, OFlags, openat};
        use rustix::io::{Errno, retry_on_intr};

        // Exclusive: it cannot be given a name.
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::EXCL | OFlags::CLOEXEC;
        match retry_on_intr(|| openat(&self.directory, ".", flags, Mode::RUSR | Mode::WUSR)) {
            Ok(file) => Ok(Some(file.into())),
            // Each of these is how some kernel or file system says that it has no O_TMPFILE.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL | Errno::NOSYS) => Ok(None),
            Err(error) => Err(failed("creating a file beside it", error)),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn nameless_file(&self) -> Result<Option<File>, FileError> {
        Ok(None)
    }

    /// Checks what would stop the rename. What cannot be found out stops nothing.
    #[cfg(target_os = "linux")]
    fn check_rename(&self, has_original: bool) -> Result<(), FileError> {
        use rustix::fs::{StatxAttributes, StatxFlags, statx};

        let attributes = |name: &Path| {
            let found = statx(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
            found.map_or(StatxAttributes::empty(), |found| found.stx_attributes)
        };
        let fixed = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
        let file = if has_original { attributes(Path::new(&self.name)) } else { StatxAttributes::empty() };
        // A bind-mounted file, as containers have it, cannot be renamed over (EBUSY).
        if file.contains(StatxAttributes::MOUNT_ROOT) {
            return Err(FileError::MountPoint);
        }
        if file.intersects(fixed) {
            return Err(FileError::Immutable("it"));
        }
        if attributes(Path::new(".")).intersects(fixed) {
            return Err(FileError::Immutable("its directory"));
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn check_rename(&self, _has_original: bool) -> Result<(), FileError> {
        Ok(())
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::thread;

    use rustix::process::Uid;

    use super::*;

    /// Does something as somebody whom permissions stop. A user id is a thread's own.
    fn unprivileged<T: Send>(act: impl FnOnce() -> T + Send) -> T {
        let as_nobody = || {
            if rustix::process::geteuid().is_root() {
                let nobody = Uid::from_raw(65534);
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            }
            act()
        };
        thread::scope(|scope| scope.spawn(as_nobody).join().unwrap())
    }

    #[test]
    fn a_directory_that_may_not_be_written_to_is_refused_and_so_is_one_in_it() {
        let sandbox = tempfile::tempdir().unwrap();
        fs::set_permissions(sandbox.path(), Permissions::from_mode(0o555)).unwrap();
        let causes = ["config", "new/config", "new/new/config"].map(|path| {
            let failure = unprivileged(|| check(&sandbox.path().join(path), 1)).unwrap_err();
            assert!(std::error::Error::source(&failure).unwrap().to_string().starts_with("Permission denied"));
            failure.to_string()
        });
        let creating = "creating its directory failed";
        assert_eq!(causes, ["creating a file beside it failed", creating, creating]);
        fs::set_permissions(sandbox.path(), Permissions::from_mode(0o777)).unwrap();
        for path in ["config", "new/config", "new/new/config"] {
            unprivileged(|| check(&sandbox.path().join(path), 1)).unwrap();
        }
    }

    /// Whatever the umask, the owner alone can use what is created.
    #[test]
    fn directories_are_private_and_belong_to_the_owner_of_the_one_above() {
        let sandbox = tempfile::tempdir().unwrap();
        fs::set_permissions(sandbox.path(), Permissions::from_mode(0o777)).unwrap();
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            std::os::unix::fs::chown(sandbox.path(), Some(65534), Some(65534)).unwrap();
        }
        let (_target, _, created) = LockedTarget::acquire_or_create(&sandbox.path().join("a/b/config")).unwrap();
        assert_eq!(created.len(), 2);
        for directory in &created {
            let metadata = fs::metadata(directory).unwrap();
            assert_eq!(metadata.mode() & 0o7777, 0o700);
            assert!(!is_root || metadata.uid() == 65534, "{}", metadata.uid());
        }
    }

    #[test]
    fn a_file_may_be_as_large_as_can_be_read_again() {
        let sandbox = tempfile::tempdir().unwrap();
        let largest = usize::try_from(MAX_SIZE).unwrap();
        check(&sandbox.path().join("config"), largest).unwrap();
        assert!(matches!(check(&sandbox.path().join("config"), largest + 1), Err(FileError::WouldBeTooLarge)));
    }

    #[test]
    fn a_nameless_file_is_private_and_not_handed_to_other_programs() {
        let sandbox = tempfile::tempdir().unwrap();
        let (target, ..) = LockedTarget::acquire_or_create(&sandbox.path().join("config")).unwrap();
        let Some(file) = target.nameless_file().unwrap() else { return };
        assert_eq!(file.metadata().unwrap().mode() & 0o7777, 0o600);
        assert!(rustix::io::fcntl_getfd(&file).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn directories_that_another_program_uses_stay() {
        let sandbox = tempfile::tempdir().unwrap();
        let (_target, _, created) = LockedTarget::acquire_or_create(&sandbox.path().join("a/b/config")).unwrap();
        fs::write(sandbox.path().join("a/other"), "").unwrap();
        remove_directories(&created);
        assert!(sandbox.path().join("a/other").exists() && !sandbox.path().join("a/b").exists());
    }

    #[test]
    fn a_named_file_is_filled_like_one_without_a_name() {
        let sandbox = tempfile::tempdir().unwrap();
        let (target, file, _) = LockedTarget::acquire_or_create(&sandbox.path().join("config")).unwrap();
        let temp = target.create_temp(file.as_ref().map(|file| &file.metadata)).unwrap();
        target.fill(&temp, None, 100_000).unwrap();
        drop(target);
        // The next one takes it for the leftover of a killed run.
        check(&sandbox.path().join("config"), 1).unwrap();
    }

    #[test]
    fn a_dry_run_leaves_no_name() {
        let sandbox = tempfile::tempdir().unwrap();
        check(&sandbox.path().join("config"), 100_000).unwrap();
        check(&sandbox.path().join("new/config"), 100_000).unwrap();
        assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), 0);
    }
}
