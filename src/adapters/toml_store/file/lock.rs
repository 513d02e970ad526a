//! The file that is to be replaced, with the directory that holds it locked.
//!
//! Writers take turns through an advisory lock on the directory, which outlives every replaced file. From the moment in
//! which it is had, everything goes by the open directory: a user who may write above it can redirect any path meanwhile, and a
//! run by root would follow it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, chmodat, mkdirat, openat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;

use super::error::{FileError, LOCK_TIMEOUT, TEMP_NAME, failed};
use super::private_file::PrivateFile;

/// How long a writer sleeps between two attempts.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The mode of the directories that are created.
const PRIVATE_DIRECTORY: Mode = Mode::RWXU;

/// The place of a file in a locked directory. Dropping it releases the lock.
pub(super) struct LockedTarget {
    pub(super) directory: File,
    pub(super) name: OsString,
    /// Where the directory was when it was locked. It may be elsewhere by now, so this is for messages.
    pub(super) place: PathBuf,
}

impl LockedTarget {
    /// Locks the directory of the file that `path` leads to, links followed, and opens the file in it. `None` means
    /// that `path` leads to no file.
    pub(super) fn acquire(path: &Path) -> Result<Option<(Self, PrivateFile)>, FileError> {
        Self::acquire_by(path, Instant::now() + LOCK_TIMEOUT)
    }

    /// The same, but `None` instead of the file means that there is none: then its directory is created, if it has to be,
    /// and locked. Returns the directories that were created, those above before those below.
    pub(super) fn acquire_or_create(path: &Path) -> Result<(Self, Option<PrivateFile>, Vec<PathBuf>), FileError> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        let mut created = Vec::new();
        loop {
            if let Some((target, file)) = Self::acquire_by(path, deadline)? {
                return Ok((target, Some(file), created));
            }
            // Only after the path was found to lead nowhere: a directory for a file that exists is never created.
            create_directories(path, &mut created)?;
            if let Some(target) = Self::try_acquire(|| resolve_vacant(path), deadline)? {
                return Ok((target, None, created));
            }
            // Another program created the file, or removed the directory.
            wait_until(deadline)?;
        }
    }

    fn acquire_by(path: &Path, deadline: Instant) -> Result<Option<(Self, PrivateFile)>, FileError> {
        loop {
            if let Some(target) = Self::try_acquire(|| resolve(path), deadline)?
                && let Some(file) = PrivateFile::open_in(&target.directory, &target.name)?
            {
                return Ok(Some((target, file)));
            }
            // Either there is no file, or the path was turned or the file replaced between two looks at it.
            if PrivateFile::open(path)?.is_none() {
                return Ok(None);
            }
            wait_until(deadline)?;
        }
    }

    /// `None` means that the path leads nowhere, or somewhere else than a moment ago.
    fn try_acquire(
        resolve: impl Fn() -> Result<Option<PathBuf>, FileError>,
        deadline: Instant,
    ) -> Result<Option<Self>, FileError> {
        let Some(target) = resolve()? else { return Ok(None) };
        let Some((place, name)) = target.parent().zip(target.file_name()) else { return Ok(None) };
        let Some(directory) = open_directory(place)? else { return Ok(None) };
        lock(&directory, deadline)?;
        // While this run waited, a link may have been turned, or another directory may have taken the place of the
        // locked one. Then the lock excludes no other writer.
        let is_still_there = resolve()?.as_deref() == Some(&target) && is_at(&directory, place)?;
        let (name, place) = (name.to_owned(), place.to_owned());
        Ok(is_still_there.then_some(Self { directory, name, place }))
    }
}

/// Says whether the file that `path` leads to can be found again under the lock, as far as that can be known before.
pub(in super::super) fn check_target(path: &Path) -> Result<(), FileError> {
    resolve(path)?.map(|_| ()).ok_or(FileError::Nameless)
}

/// Follows all links in a path. `None` means that it leads to no file.
///
/// A file that has the name of the temporary one is refused: it would be swept as a leftover.
pub(super) fn resolve(path: &Path) -> Result<Option<PathBuf>, FileError> {
    match fs::canonicalize(path) {
        Ok(target) if target.file_name().is_some_and(is_temp_name) => Err(temp_name(path, &target)),
        Ok(target) => Ok(Some(target)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("resolving its path", error)),
    }
}

/// Follows all links in the path of a file that is not there. `None` means that its directory is not there either, or
/// that the file is by now.
pub(super) fn resolve_vacant(path: &Path) -> Result<Option<PathBuf>, FileError> {
    if PrivateFile::open(path)?.is_some() {
        return Ok(None);
    }
    let (directory, name) = split(path)?;
    if is_temp_name(name) {
        return Err(temp_name(path, path));
    }
    match fs::canonicalize(directory) {
        Ok(directory) => Ok(Some(directory.join(name))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("resolving its path", error)),
    }
}

/// The directory and the name of a file that is not there. A path that ends like that of a directory names no file.
pub(super) fn split(path: &Path) -> Result<(PathBuf, &OsStr), FileError> {
    let bytes = path.as_os_str().as_bytes();
    let name = bytes.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if matches!(name, b"" | b"." | b"..") {
        return Err(FileError::NoFileName);
    }
    let directory = OsStr::from_bytes(&bytes[..bytes.len() - name.len()]);
    // Without a slash at its end, which would have realpath(3) ask whether it may be entered (faccessat2), and some seccomp
    // filters forbid the question.
    let directory = Path::new(".").join(directory).components().collect();
    Ok((directory, OsStr::from_bytes(name)))
}

/// Creates the directory of a file, and those above it that are missing, so that they survive a power loss.
fn create_directories(path: &Path, created: &mut Vec<PathBuf>) -> Result<(), FileError> {
    let (directory, _) = split(path)?;
    // From the top down, so that each can be synced in its parent.
    let missing: Vec<&Path> = directory.ancestors().take_while(|ancestor| !ancestor.exists()).collect();
    for directory in missing.into_iter().rev() {
        match create_directory(directory) {
            Ok(true) => created.push(directory.to_owned()),
            Ok(false) => {}
            // A dry run of another program removed the directory above it again. The caller tries again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("creating its directory", error)),
        }
    }
    Ok(())
}

/// Creates one directory in one that is there. `false` means that another program created it first.
fn create_directory(path: &Path) -> io::Result<bool> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
    let parent = open_directory_at(CWD, parent.as_os_str(), OFlags::empty())?;
    match mkdirat(&parent, name, PRIVATE_DIRECTORY) {
        Err(Errno::EXIST) => return Ok(false),
        created => created?,
    }
    // The umask may have taken away the right to open it. Only an owner who is not root can be stopped by that, and in
    // their own directory no other user turns the name into a link.
    let directory = match open_directory_at(&parent, name, OFlags::NOFOLLOW) {
        Err(Errno::ACCESS) => {
            chmodat(&parent, name, PRIVATE_DIRECTORY, AtFlags::empty())?;
            open_directory_at(&parent, name, OFlags::NOFOLLOW)?
        }
        opened => opened?,
    };
    give_to_owner_of(&parent, &directory)?;
    // mkdir is subject to the umask, and inherits set-group-id.
    directory.set_permissions(Permissions::from_mode(PRIVATE_DIRECTORY.bits()))?;
    // Otherwise a power loss could take the directory with the session in it.
    sync_directory(&parent)?;
    Ok(true)
}

/// What root creates belongs to the owner of the directory that it is created in.
pub(super) fn give_to_owner_of(directory: &File, created: &File) -> io::Result<()> {
    let (directory, metadata) = (directory.metadata()?, created.metadata()?);
    if !geteuid().is_root() || metadata.uid() == directory.uid() {
        return Ok(());
    }
    fchown(created, Some(directory.uid()), Some(directory.gid()))
}

/// Makes what was changed in a directory survive a power loss.
pub(super) fn sync_directory(directory: &File) -> io::Result<()> {
    match directory.sync_all() {
        // The file system has no way to sync a directory, so there is nothing that could be lost by it.
        Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => Ok(()),
        synced => synced,
    }
}

fn wait_until(deadline: Instant) -> Result<(), FileError> {
    if Instant::now() >= deadline {
        return Err(FileError::Unsteady);
    }
    thread::sleep(POLL_INTERVAL);
    Ok(())
}

/// Says whose name is that of the temporary file: where a link leads to it, the link's own name is not to blame.
fn temp_name(path: &Path, target: &Path) -> FileError {
    let is_own = path.file_name().is_some_and(is_temp_name);
    let whose =
        if is_own { "its name".to_owned() } else { format!("the name of {}, which it leads to,", target.display()) };
    FileError::TempName(whose)
}

/// Some file systems do not tell upper from lower case.
fn is_temp_name(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(TEMP_NAME)
}

/// Opens a directory without ever blocking. `None` means that there is something else by now, or nothing.
pub(super) fn open_directory(place: &Path) -> Result<Option<File>, FileError> {
    match open_directory_at(CWD, place.as_os_str(), OFlags::NOFOLLOW) {
        Ok(directory) => Ok(Some(directory)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(error) => Err(failed("opening its directory", error)),
    }
}

fn open_directory_at(directory: impl AsFd, name: &OsStr, further: OFlags) -> rustix::io::Result<File> {
    // A pipe in the place of the directory would hold up an open that may block.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC | further;
    retry_on_intr(|| openat(directory.as_fd(), name, flags, Mode::empty())).map(File::from)
}

/// Tells whether an open directory is the one that a path leads to.
fn is_at(directory: &File, path: &Path) -> Result<bool, FileError> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found.map_err(|error| failed("examining its directory", error))?,
    };
    let opened = directory.metadata().map_err(|error| failed("examining its directory", error))?;
    // A path can be turned between two calls. The device and the inode of an open file cannot.
    Ok((found.dev(), found.ino()) == (opened.dev(), opened.ino()))
}

fn lock(directory: &File, deadline: Instant) -> Result<(), FileError> {
    loop {
        match directory.try_lock() {
            Ok(()) => return Ok(()),
            // A blocking flock(2) has no timeout, and a signal to interrupt it belongs to the whole process.
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(POLL_INTERVAL),
            Err(TryLockError::WouldBlock) => return Err(FileError::Locked),
            Err(TryLockError::Error(error)) => return Err(failed("locking its directory", error)),
        }
    }
}
#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;
    use std::process::Command;
    use std::sync::mpsc;

    use tempfile::TempDir;

    use super::*;

    /// A private file of this name with these contents, in a directory of its own.
    fn write(sandbox: &TempDir, directory: &str, name: &str, contents: &str) -> PathBuf {
        let path = sandbox.path().join(directory).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn read(file: PrivateFile) -> String {
        String::from_utf8(file.read().unwrap()).unwrap()
    }

    #[test]
    fn a_locked_directory_is_not_handed_to_other_programs() {
        let sandbox = tempfile::tempdir().unwrap();
        let (target, _) = LockedTarget::acquire(&write(&sandbox, "d", "file", "")).unwrap().unwrap();
        assert!(rustix::io::fcntl_getfd(&target.directory).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn an_open_directory_is_told_from_others_that_its_path_may_lead_to() {
        let sandbox = tempfile::tempdir().unwrap();
        let at = |name: &str| sandbox.path().join(name);
        fs::create_dir(at("locked")).unwrap();
        fs::create_dir(at("other")).unwrap();
        fs::write(at("file"), "").unwrap();
        let directory = File::open(at("locked")).unwrap();

        assert!(is_at(&directory, &at("locked")).unwrap());
        for elsewhere in ["other", "file", "missing"] {
            assert!(!is_at(&directory, &at(elsewhere)).unwrap(), "{elsewhere}");
        }
        assert!(matches!(is_at(&directory, &at("file/below")), Err(FileError::Failed(..))));
    }

    /// Every file system counts anew, and the root of most is number 1 or 2.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_directory_of_another_file_system_with_the_same_number_is_another_directory() {
        let roots = ["/proc", "/sys", "/dev", "/dev/shm", "/dev/pts", "/run", "/"].map(Path::new);
        let numbered = roots.map(|root| fs::metadata(root).map(|root| (root.dev(), root.ino())).unwrap_or_default());
        let pairs = (0..roots.len()).flat_map(|left| (left + 1..roots.len()).map(move |right| (left, right)));
        let mut alike = pairs.filter(|(left, right)| {
            let ((left_device, left), (right_device, right)) = (numbered[*left], numbered[*right]);
            left == right && left_device != right_device
        });
        let Some((left, right)) = alike.next() else {
            let _ = writeln!(io::stderr(), "SKIPPED a directory of another file system: no two have the same number");
            return;
        };
        assert!(!is_at(&File::open(roots[left]).unwrap(), roots[right]).unwrap(), "{left} {right}");
    }

    #[test]
    fn what_is_locked_is_what_is_read_and_replaced_wherever_its_path_leads_by_then() {
        let sandbox = tempfile::tempdir().unwrap();
        let at = |name: &str| sandbox.path().join(name);
        let path = write(&sandbox, "theirs", "config", "old");
        let victim = write(&sandbox, "root", "config", "victim");
        let (target, file) = LockedTarget::acquire(&path).unwrap().unwrap();
        fs::rename(at("theirs"), at("moved")).unwrap();
        symlink("root", at("theirs")).unwrap();

        let original = file.metadata.clone();
        assert_eq!(read(file), "old");
        assert_eq!(read(PrivateFile::open_in(&target.directory, &target.name).unwrap().unwrap()), "old");
        target.replace(Some(&original), b"new").unwrap();
        assert_eq!(fs::read_to_string(at("moved/config")).unwrap(), "new");
        assert_eq!(fs::read_to_string(victim).unwrap(), "victim");
        assert_eq!(fs::read_dir(at("root")).unwrap().count(), 1);
    }

    #[test]
    fn a_file_whose_links_are_followed_is_locked_where_it_is() {
        let sandbox = tempfile::tempdir().unwrap();
        write(&sandbox, "elsewhere", "config", "text");
        let link = sandbox.path().join("link");
        symlink("elsewhere/config", &link).unwrap();
        let (_target, file) = LockedTarget::acquire(&link).unwrap().unwrap();
        assert_eq!(read(file), "text");
        assert!(File::open(sandbox.path().join("elsewhere")).unwrap().try_lock().is_err());
        assert!(File::open(sandbox.path()).unwrap().try_lock().is_ok());
    }

    #[test]
    fn a_file_that_is_gone_is_told_from_a_link_that_dangles() {
        let sandbox = tempfile::tempdir().unwrap();
        assert!(LockedTarget::acquire(&sandbox.path().join("missing")).unwrap().is_none());
        assert!(LockedTarget::acquire(&sandbox.path().join("no/such/file")).unwrap().is_none());
        symlink("nowhere", sandbox.path().join("dangling")).unwrap();
        let dangling = LockedTarget::acquire(&sandbox.path().join("dangling"));
        assert!(matches!(dangling, Err(FileError::DanglingLink)));
    }

    #[test]
    fn a_file_named_as_its_replacement_is_refused_however_it_is_reached() {
        let sandbox = tempfile::tempdir().unwrap();
        write(&sandbox, ".", TEMP_NAME, "");
        symlink(TEMP_NAME, sandbox.path().join("link")).unwrap();
        write(&sandbox, ".", ".Plexctl-Replacement.TMP", "");
        for name in [TEMP_NAME, "link", ".Plexctl-Replacement.TMP"] {
            let path = sandbox.path().join(name);
            assert!(matches!(resolve(&path), Err(FileError::TempName(_))), "{name}");
            assert!(LockedTarget::acquire(&path).is_err(), "{name}");
        }
    }

    #[test]
    fn what_takes_the_place_of_a_directory_is_neither_waited_for_nor_followed() {
        let sandbox = tempfile::tempdir().unwrap();
        let at = |name: &str| sandbox.path().join(name);
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        fs::create_dir(at("directory")).unwrap();
        symlink("directory", at("link")).unwrap();
        fs::write(at("file"), "").unwrap();

        let (sender, receiver) = mpsc::channel();
        let places = ["pipe", "link", "file", "missing"].map(at);
        thread::spawn(move || sender.send(places.map(|place| open_directory(&place).unwrap().is_some())));
        assert_eq!(receiver.recv_timeout(Duration::from_secs(5)), Ok([false; 4]));
        assert!(open_directory(&at("directory")).unwrap().is_some());
    }
}
