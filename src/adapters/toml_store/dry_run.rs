//! The dry run of a replacement: whether a file could be stored at a path, found out without creating anything that has
//! a name.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{Access, AtFlags, accessat};

use super::ConfigError;
use super::replace::{ReplaceError, check_leftover, failed};
use super::target::{open_directory, resolve, resolve_vacant, split};

/// Checks that a file of this size could be stored at the path now, and where its directory is missing, that this could
/// be created. Neither waits for the lock.
pub(super) fn check(path: &Path, size: usize) -> Result<(), ConfigError> {
    let target = match resolve(path)? {
        None => resolve_vacant(path)?,
        target => target,
    };
    let Some(place) = target.as_deref().and_then(Path::parent) else { return Ok(check_ancestor(path)?) };
    let directory = open_directory(place)?.ok_or(ReplaceError::Unsteady)?;
    let original = fs::metadata(path).ok();
    check_leftover(&directory, place, original.as_ref())?;
    Ok(check_room(&directory, size)?)
}

/// Checks that a directory can be created in the deepest one that is there.
fn check_ancestor(path: &Path) -> Result<(), ReplaceError> {
    let creating = |error: std::io::Error| failed("creating its directory", error);
    let (directory, _) = split(path)?;
    let ancestor = directory.ancestors().find_map(|ancestor| fs::canonicalize(ancestor).ok());
    let ancestor = ancestor.ok_or(ReplaceError::Unsteady)?;
    // What is created in it is synced through it, for which it has to be opened.
    let ancestor = File::open(ancestor).map_err(creating)?;
    check_access(&ancestor).map_err(|error| creating(error.into()))
}

/// Writes and syncs a file that never has a name, where the file system has such files.
#[cfg(target_os = "linux")]
fn check_room(directory: &File, size: usize) -> Result<(), ReplaceError> {
    use std::io;

    use rustix::fs::{Mode, OFlags, openat};
    use rustix::io::{Errno, retry_on_intr};

    // Exclusive: it cannot be given a name.
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut file = match retry_on_intr(|| openat(directory, ".", flags, Mode::RUSR | Mode::WUSR)) {
        Ok(file) => File::from(file),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL | Errno::NOSYS) => {
            return check_access(directory).map_err(|error| failed("creating a file beside it", error));
        }
        Err(error) => return Err(failed("creating a file beside it", error)),
    };
    // Not the text itself, which holds tokens.
    io::copy(&mut io::Read::take(io::repeat(b'#'), size as u64), &mut file)
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
