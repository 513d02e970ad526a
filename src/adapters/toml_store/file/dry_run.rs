//! The dry run of a replacement: whether a file could be stored at a path, found out without creating anything that has
//! a name.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Access, AtFlags, accessat};

use super::error::{FileError, ReplaceError, failed};
use super::lock::{open_directory, resolve, resolve_vacant, split};
use super::private_file::MAX_SIZE;
use super::replace::check_leftover;

/// Checks that a file of this size could be stored at the path now, and where its directory is missing, that this could
/// be created. Neither waits for the lock.
pub(in super::super) fn check(path: &Path, size: usize) -> Result<(), FileError> {
    if size as u64 > MAX_SIZE {
        return Err(FileError::TooLarge);
    }
    let target = match resolve(path)? {
        None => resolve_vacant(path)?,
        target => target,
    };
    let Some(place) = target.as_deref().and_then(Path::parent) else { return Ok(check_ancestor(path)?) };
    let directory = open_directory(place)?.ok_or(ReplaceError::Unsteady)?;
    let original = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        found => Some(found.map_err(|error| failed("examining it", error))?),
    };
    check_leftover(&directory, place, original.as_ref())?;
    Ok(check_room(&directory, size)?)
}

/// Checks that a directory can be created in the deepest one that is there.
fn check_ancestor(path: &Path) -> Result<(), ReplaceError> {
    let creating = |error: io::Error| failed("creating its directory", error);
    let (directory, _) = split(path)?;
    let is_there = |found: &io::Result<_>| found.as_ref().err().map(io::Error::kind) != Some(io::ErrorKind::NotFound);
    let ancestor = directory.ancestors().map(fs::canonicalize).find(is_there).ok_or(ReplaceError::Unsteady)?;
    let ancestor = ancestor.map_err(|error| failed("resolving its path", error))?;
    // What is created in it is synced through it, for which it has to be opened.
    let ancestor = File::open(ancestor).map_err(creating)?;
    check_access(&ancestor).map_err(|error| creating(error.into()))
}

/// Writes and syncs a file that never has a name, where the file system has such files.
#[cfg(target_os = "linux")]
fn check_room(directory: &File, size: usize) -> Result<(), ReplaceError> {
    use rustix::fs::{Mode, OFlags, openat};
    use rustix::io::{Errno, retry_on_intr};

    // Exclusive: it cannot be given a name.
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = match retry_on_intr(|| openat(directory, ".", flags, Mode::RUSR | Mode::WUSR)) {
        Ok(file) => File::from(file),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL | Errno::NOSYS) => {
            return check_access(directory).map_err(|error| failed("creating a file beside it", error));
        }
        Err(error) => return Err(failed("creating a file beside it", error)),
    };
    fill(file, size)
}

/// Writes as much as the text will have, but not the text itself, which holds tokens.
#[cfg(target_os = "linux")]
fn fill(mut file: File, size: usize) -> Result<(), ReplaceError> {
    io::copy(&mut io::repeat(b'#').take(size as u64), &mut file)
        .map_err(|error| failed("writing a file beside it", error))?;
    file.sync_all().map_err(|error| failed("syncing a file beside it", error))
}

#[cfg(not(target_os = "linux"))]
fn check_room(directory: &File, _size: usize) -> Result<(), ReplaceError> {
    check_access(directory).map_err(|error| failed("creating a file beside it", error))
}

fn check_access(directory: &File) -> rustix::io::Result<()> {
    accessat(directory, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
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

    #[test]
    fn a_directory_without_nameless_files_is_judged_by_its_permissions() {
        // The file system of processes has none. Who may write to its root, if anybody may, is root.
        let directory = File::open("/proc").unwrap();
        if check_access(&directory).is_ok() {
            check_room(&directory, 1).unwrap();
        }
        let failure = unprivileged(|| check_room(&directory, 1)).unwrap_err();
        assert_eq!(failure.to_string(), "creating a file beside it failed");
    }

    #[test]
    fn what_finds_no_room_is_refused() {
        // Every write to this device fails for want of space; files in a directory cannot be made to.
        let full = File::options().write(true).open("/dev/full").unwrap();
        let failure = fill(full, 1).unwrap_err();
        assert_eq!(failure.to_string(), "writing a file beside it failed");
    }

    #[test]
    fn a_dry_run_leaves_no_name() {
        let sandbox = tempfile::tempdir().unwrap();
        check(&sandbox.path().join("config"), 100_000).unwrap();
        check(&sandbox.path().join("new/config"), 100_000).unwrap();
        assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), 0);
    }
}
