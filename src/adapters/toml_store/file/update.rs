//! The order of events of every change: under the lock the file is read again, judged and replaced.

use std::path::Path;

use super::error::FileError;
use super::lock::LockedTarget;
use super::private_file::{MAX_SIZE, PrivateFile};

/// What is to become of a file, as decided on its contents under the lock, with the outcome of that.
pub(in super::super) enum Update<T> {
    /// The file stays as it is.
    Keep(T),
    /// The file gets these contents.
    Write(String, T),
}

/// Changes a file as it is decided on its contents. `None` means that there is no file.
pub(in super::super) fn update<T, E: From<FileError>>(
    path: &Path,
    decide: impl FnOnce(Vec<u8>) -> Result<Update<T>, E>,
) -> Result<Option<T>, E> {
    let Some((target, file)) = LockedTarget::acquire(path)? else { return Ok(None) };
    update_locked(&target, Some(file), decide).map(Some)
}

/// The same, but a file that is not there counts as an empty one. It is created with its directories if it is written.
pub(in super::super) fn update_or_create<T, E: From<FileError>>(
    path: &Path,
    decide: impl FnOnce(Vec<u8>) -> Result<Update<T>, E>,
) -> Result<T, E> {
    let (target, file, _) = LockedTarget::acquire_or_create(path)?;
    update_locked(&target, file, decide)
}

fn update_locked<T, E: From<FileError>>(
    target: &LockedTarget,
    file: Option<PrivateFile>,
    decide: impl FnOnce(Vec<u8>) -> Result<Update<T>, E>,
) -> Result<T, E> {
    let original = file.as_ref().map(|file| file.metadata.clone());
    // What was read before the lock was had may be out of date, so the decision is made on the file as it is now.
    let contents = file.map_or_else(|| Ok(Vec::new()), PrivateFile::read)?;
    match decide(contents)? {
        Update::Keep(outcome) => Ok(outcome),
        // It could not be read again.
        Update::Write(contents, _) if contents.len() as u64 > MAX_SIZE => Err(FileError::WouldBeTooLarge.into()),
        Update::Write(contents, outcome) => {
            target.replace(original.as_ref(), contents.as_bytes())?;
            Ok(outcome)
        }
    }
}
