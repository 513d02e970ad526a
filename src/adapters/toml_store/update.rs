//! The one way in which the file is changed: under the lock it is read again, judged, edited and replaced.

use std::path::Path;

use super::config_error::ConfigError;
use super::document;
use super::private_file::{MAX_SIZE, PrivateFile};
use super::replace::ReplaceError;
use super::target::LockedTarget;

/// What is to become of the file, as decided on its text under the lock.
pub(super) struct Update<T> {
    /// The new text. Without one the file stays as it is.
    pub(super) text: Option<String>,
    /// What the decision comes to.
    pub(super) outcome: T,
}

impl<T> Update<T> {
    pub(super) fn keep(outcome: T) -> Self {
        Self { text: None, outcome }
    }

    pub(super) fn write(text: String, outcome: T) -> Self {
        Self { text: Some(text), outcome }
    }
}

/// What a decision came to, and why a power loss may undo it.
pub(super) struct Updated<T> {
    pub(super) outcome: T,
    pub(super) not_durable: Option<ReplaceError>,
}

/// Changes the file as it is decided on its text. `None` means that there is no file.
pub(super) fn update<T>(
    path: &Path,
    decide: impl FnOnce(&str) -> Result<Update<T>, ConfigError>,
) -> Result<Option<Updated<T>>, ConfigError> {
    let Some((target, file)) = LockedTarget::acquire(path)? else { return Ok(None) };
    update_locked(&target, Some(file), decide).map(Some)
}

/// The same, but a file that is not there counts as an empty one. It is created with its directories if it is written.
pub(super) fn update_or_create<T>(
    path: &Path,
    decide: impl FnOnce(&str) -> Result<Update<T>, ConfigError>,
) -> Result<Updated<T>, ConfigError> {
    let (target, file) = LockedTarget::acquire_or_create(path)?;
    update_locked(&target, file, decide)
}

fn update_locked<T>(
    target: &LockedTarget,
    file: Option<PrivateFile>,
    decide: impl FnOnce(&str) -> Result<Update<T>, ConfigError>,
) -> Result<Updated<T>, ConfigError> {
    let original = file.as_ref().map(|file| file.metadata().clone());
    // What was read before the lock was had may be out of date, so the decision is made on the text as it is now.
    let text = match file {
        Some(file) => document::utf8(file.read()?)?,
        None => String::new(),
    };
    let Update { text, outcome } = decide(&text)?;
    let Some(text) = text else { return Ok(Updated { outcome, not_durable: None }) };
    check_size(&text)?;
    match target.replace(original.as_ref(), text.as_bytes()) {
        Ok(()) => Ok(Updated { outcome, not_durable: None }),
        // The file is replaced, so the outcome holds whatever a power loss does to it.
        Err(error @ ReplaceError::NotDurable(_)) => Ok(Updated { outcome, not_durable: Some(error) }),
        Err(error) => Err(error.into()),
    }
}

/// Checks that a text can be read again where it is stored.
pub(super) fn check_size(text: &str) -> Result<(), ConfigError> {
    if text.len() as u64 > MAX_SIZE { Err(ConfigError::Outgrown) } else { Ok(()) }
}
