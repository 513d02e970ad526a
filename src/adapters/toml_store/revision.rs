//! The one way in which the file is changed: under the lock it is read again, judged, edited and replaced.

use super::document;
use super::private_file::{MAX_SIZE, PrivateFile};
use super::replace::ReplaceError;
use super::target::LockedTarget;
use super::{ConfigError, TomlStore};

/// What is to become of a text, as it is found under the lock.
pub(super) enum Decision<K, W> {
    /// It stays, and why.
    Keep(K),
    /// It becomes this one, and what that comes to.
    Write(String, W),
}

/// What became of the file.
pub(super) enum Revised<K, W> {
    Kept(K),
    Written(W),
}

/// Why the file was not changed, or not for good.
pub(super) enum RevisionError<W> {
    Unchanged(ConfigError),
    NotDurable(W, ReplaceError),
}

impl<W, E: Into<ConfigError>> From<E> for RevisionError<W> {
    fn from(error: E) -> Self {
        Self::Unchanged(error.into())
    }
}

impl TomlStore {
    /// Changes the file as it is decided on its text. `None` means that there is no file.
    pub(super) fn revise<K, W>(
        &self,
        decide: impl FnOnce(&str) -> Result<Decision<K, W>, ConfigError>,
    ) -> Result<Option<Revised<K, W>>, RevisionError<W>> {
        let Some((target, file)) = LockedTarget::acquire(&self.path)? else { return Ok(None) };
        revise(&target, Some(file), decide).map(Some)
    }

    /// The same. A file that is not there counts as an empty one, and is created with its directories if it is written.
    pub(super) fn revise_or_create<K, W>(
        &self,
        decide: impl FnOnce(&str) -> Result<Decision<K, W>, ConfigError>,
    ) -> Result<Revised<K, W>, RevisionError<W>> {
        let (target, file) = LockedTarget::acquire_or_create(&self.path)?;
        revise(&target, file, decide)
    }
}

fn revise<K, W>(
    target: &LockedTarget,
    file: Option<PrivateFile>,
    decide: impl FnOnce(&str) -> Result<Decision<K, W>, ConfigError>,
) -> Result<Revised<K, W>, RevisionError<W>> {
    let original = file.as_ref().map(|file| file.metadata().clone());
    let text = match file {
        Some(file) => document::utf8(file.read()?)?,
        None => String::new(),
    };
    let (text, written) = match decide(&text)? {
        Decision::Keep(kept) => return Ok(Revised::Kept(kept)),
        Decision::Write(text, written) => (text, written),
    };
    check_size(&text)?;
    match target.replace(original.as_ref(), text.as_bytes()) {
        Ok(()) => Ok(Revised::Written(written)),
        Err(error @ ReplaceError::NotDurable(_)) => Err(RevisionError::NotDurable(written, error)),
        Err(error) => Err(error.into()),
    }
}

/// Checks that a text can be read again where it is stored.
pub(super) fn check_size(text: &str) -> Result<(), ConfigError> {
    if text.len() as u64 > MAX_SIZE { Err(ConfigError::Outgrown) } else { Ok(()) }
}
