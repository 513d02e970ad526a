//! The locked, atomic and durable replacement of the config file.
//!
//! Writers take turns through an advisory lock on the directory, which outlives every replaced file. A crash at any
//! point leaves the old or the new file whole, and at most one temporary file, which the next writer sweeps.

use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::private_file::is_private;

/// How long a writer waits for its turn.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a writer sleeps between two attempts to lock.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The name of the temporary file. It is fixed, so that whoever holds the lock can sweep what a killed run left.
const TEMP_NAME: &str = ".plexctl-replacement.tmp";

/// The file behind the config's path, links followed, with its directory locked. Dropping it releases the lock.
pub(super) struct LockedTarget {
    path: PathBuf,
    temp: PathBuf,
    directory: File,
}

impl LockedTarget {
    /// Locks the directory of the file that `path` leads to. `None` means that it leads to no file.
    pub(super) fn acquire(path: &Path) -> Result<Option<Self>, ReplaceError> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            let Some(target) = resolve(path)? else { return Ok(None) };
            let parent = target.parent().unwrap_or(&target);
            let directory = File::open(parent).map_err(|error| failed("opening its directory", error))?;
            lock(&directory, deadline)?;
            // While this run waited, a link may have been turned, or another directory may have taken the place of the
            // locked one. Then the lock keeps nobody away.
            if resolve(path)?.as_deref() == Some(&target) && is_at(&directory, parent)? {
                let temp = parent.join(TEMP_NAME);
                return Ok(Some(Self { path: target, temp, directory }));
            }
            if Instant::now() >= deadline {
                return Err(ReplaceError::Unsteady);
            }
        }
    }

    /// The file itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file by one with these contents and the original's owner and mode.
    pub(super) fn replace(&self, original: &Metadata, contents: &[u8]) -> Result<(), ReplaceError> {
        let temp = self.create_temp(original)?;
        let replaced = write_durably(temp, original, contents).and_then(|()| {
            fs::rename(&self.temp, &self.path).map_err(|error| failed("renaming its replacement", error))
        });
        if let Err(error) = replaced {
            // The first failure is the one to tell; what cannot be removed now is swept by the next writer.
            let _ = fs::remove_file(&self.temp);
            return Err(error);
        }
        self.directory.sync_all().map_err(ReplaceError::NotDurable)
    }

    /// Creates the temporary file, after sweeping what a killed run may have left in its place.
    fn create_temp(&self, original: &Metadata) -> Result<File, ReplaceError> {
        let create = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.temp);
        let created = match create() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.sweep_temp(original)?;
                create()
            }
            created => created,
        };
        created.map_err(|error| failed("creating its replacement", error))
    }

    /// Removes a leftover, but nothing that this program cannot have left.
    fn sweep_temp(&self, original: &Metadata) -> Result<(), ReplaceError> {
        let leftover = fs::symlink_metadata(&self.temp).map_err(|error| failed("examining a leftover", error))?;
        let owners = [rustix::process::geteuid().as_raw(), original.uid()];
        if !leftover.is_file() || !is_private(leftover.mode()) || !owners.contains(&leftover.uid()) {
            return Err(ReplaceError::ForeignTemp(self.temp.display().to_string()));
        }
        fs::remove_file(&self.temp).map_err(|error| failed("sweeping a leftover", error))
    }
}

/// Why the file was not replaced, or not durably.
#[derive(Debug, Error)]
pub(super) enum ReplaceError {
    #[error("another program has held the lock on its directory for {} seconds", LOCK_TIMEOUT.as_secs())]
    Locked,
    #[error("its path leads somewhere else time and again")]
    Unsteady,
    #[error("{0} is in the way and was not left by plexctl")]
    ForeignTemp(String),
    #[error("{0} failed")]
    Failed(&'static str, #[source] io::Error),
    #[error("syncing its directory failed")]
    NotDurable(#[source] io::Error),
}

fn failed(action: &'static str, error: io::Error) -> ReplaceError {
    ReplaceError::Failed(action, error)
}

fn resolve(path: &Path) -> Result<Option<PathBuf>, ReplaceError> {
    match fs::canonicalize(path) {
        Ok(target) => Ok(Some(target)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("resolving its path", error)),
    }
}

/// Tells whether an open directory is the one that a path leads to.
fn is_at(directory: &File, path: &Path) -> Result<bool, ReplaceError> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found.map_err(|error| failed("examining its directory", error))?,
    };
    let opened = directory.metadata().map_err(|error| failed("examining its directory", error))?;
    Ok((found.dev(), found.ino()) == (opened.dev(), opened.ino()))
}

fn lock(directory: &File, deadline: Instant) -> Result<(), ReplaceError> {
    loop {
        match directory.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_POLL_INTERVAL),
            Err(TryLockError::WouldBlock) => return Err(ReplaceError::Locked),
            Err(TryLockError::Error(error)) => return Err(failed("locking its directory", error)),
        }
    }
}

/// Gives the temporary file the original's owner and mode, then writes and syncs it.
fn write_durably(mut temp: File, original: &Metadata, contents: &[u8]) -> Result<(), ReplaceError> {
    let created = temp.metadata().map_err(|error| failed("examining its replacement", error))?;
    if created.uid() != original.uid() {
        fchown(&temp, Some(original.uid()), None).map_err(|error| failed("restoring its owner", error))?;
    }
    if created.gid() != original.gid() {
        // Only a member may give a file to a group, and the mode gives the group nothing.
        let _ = fchown(&temp, None, Some(original.gid()));
    }
    if created.mode() != original.mode() {
        let mode = Permissions::from_mode(original.mode());
        temp.set_permissions(mode).map_err(|error| failed("restoring its mode", error))?;
    }
    temp.write_all(contents).map_err(|error| failed("writing its replacement", error))?;
    temp.sync_all().map_err(|error| failed("syncing its replacement", error))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(matches!(is_at(&directory, &at("file/below")), Err(ReplaceError::Failed(..))));
    }
}
