//! Token files in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::lock;
use crate::domain::bearer_token::BearerToken;
use crate::ports::store_error::StoreError;
use crate::ports::token_file::TokenFile;

/// A [`TokenFile`] over files in memory, which records the paths that it was asked for.
///
/// ```
/// use std::path::Path;
///
/// use plexctl::ports::token_file::TokenFile;
/// use plexctl::testing::InMemoryTokenFile;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let files = InMemoryTokenFile::new().with_file("/run/token", "a-bearer-token\n").with_exposed_file("/tmp/token");
/// assert_eq!(files.read(Path::new("/run/token"))?.expose_secret(), "a-bearer-token");
/// assert!(files.read(Path::new("/tmp/token")).is_err());
/// assert_eq!(files.paths(), [Path::new("/run/token"), Path::new("/tmp/token")]);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct InMemoryTokenFile {
    files: BTreeMap<PathBuf, Contents>,
    paths: Mutex<Vec<PathBuf>>,
}

enum Contents {
    Private(Vec<u8>),
    Exposed,
}

impl InMemoryTokenFile {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file for its owner alone.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), Contents::Private(contents.into()));
        self
    }

    /// Adds a file that others can access too.
    #[must_use]
    pub fn with_exposed_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.insert(path.into(), Contents::Exposed);
        self
    }

    /// The paths that were asked for so far, in order.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        lock(&self.paths).clone()
    }
}

impl TokenFile for InMemoryTokenFile {
    fn read(&self, path: &Path) -> Result<BearerToken, StoreError> {
        lock(&self.paths).push(path.to_owned());
        let place = path.display().to_string();
        match self.files.get(path) {
            None => Err(StoreError::Unusable { place, source: "there is no such file".into() }),
            Some(Contents::Exposed) => Err(StoreError::Exposed { place, source: "others may use it".into() }),
            Some(Contents::Private(contents)) => BearerToken::parse_line(contents)
                .map_err(|error| StoreError::NotABearerToken { place, source: error.into() }),
        }
    }
}
