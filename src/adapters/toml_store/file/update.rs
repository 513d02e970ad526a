//! The order of events of every change: under the lock the file is read again, judged and replaced.

use std::path::Path;

use super::error::{FileError, ReplaceError};
use super::lock::LockedTarget;
use super::private_file::{MAX_SIZE, PrivateFile};

/// What is to become of a file, as decided on its contents under the lock.
pub(in super::super) struct Update<T> {
    /// The new contents. Without any the file stays as it is.
    contents: Option<String>,
    /// The outcome of the decision.
    outcome: T,
}

impl<T> Update<T> {
    pub(in super::super) fn keep(outcome: T) -> Self {
        Self { contents: None, outcome }
    }

    pub(in super::super) fn write(contents: String, outcome: T) -> Self {
        Self { contents: Some(contents), outcome }
    }
}

/// What a decision came to, and why a power loss may undo it.
pub(in super::super) struct Updated<T> {
    pub(in super::super) outcome: T,
    pub(in super::super) not_durable: Option<ReplaceError>,
}

/// Changes a file as it is decided on its contents. `None` means that there is no file.
pub(in super::super) fn update<T, E: From<FileError>>(
    path: &Path,
    decide: impl FnOnce(Vec<u8>) -> Result<Update<T>, E>,
) -> Result<Option<Updated<T>>, E> {
    let Some((target, file)) = LockedTarget::acquire(path)? else { return Ok(None) };
    update_locked(&target, Some(file), decide).map(Some)
}

/// The same, but a file that is not there counts as an empty one. It is created with its directories if it is written.
pub(in super::super) fn update_or_create<T, E: From<FileError>>(
    path: &Path,
    decide: impl FnOnce(Vec<u8>) -> Result<Update<T>, E>,
) -> Result<Updated<T>, E> {
    let (target, file, _) = LockedTarget::acquire_or_create(path)?;
    update_locked(&target, file, decide)
}

fn update_locked<T, E: From<FileError>>(
    target: &LockedTarget,
    file: Option<PrivateFile>,
    decide: impl FnOnce(Vec<u8>) -> Result<Update<T>, E>,
) -> Result<Updated<T>, E> {
    let original = file.as_ref().map(|file| file.metadata().clone());
    // What was read before the lock was had may be out of date, so the decision is made on the file as it is now.
    let contents = file.map_or_else(|| Ok(Vec::new()), PrivateFile::read).map_err(FileError::from)?;
    let Update { contents, outcome } = decide(contents)?;
    let Some(contents) = contents else { return Ok(Updated { outcome, not_durable: None }) };
    // What is larger could not be read again.
    if contents.len() as u64 > MAX_SIZE {
        return Err(FileError::TooLarge.into());
    }
    match target.replace(original.as_ref(), contents.as_bytes()) {
        Ok(()) => Ok(Updated { outcome, not_durable: None }),
        // The file is replaced, so the outcome holds whatever a power loss does to it.
        Err(error @ ReplaceError::NotDurable(_)) => Ok(Updated { outcome, not_durable: Some(error) }),
        Err(error) => Err(FileError::from(error).into()),
    }
}
