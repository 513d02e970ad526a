//! The file in which the operator keeps a bearer token of their own. It is opened as guardedly as the config file.

use std::path::Path;

use super::file::{FileError, PrivateFile};
use crate::domain::bearer_token::BearerToken;
use crate::ports::BoxError;
use crate::ports::store_error::StoreError;
use crate::ports::token_file::TokenFile;

/// A [`TokenFile`] that refuses a file unread if its mode has any bit outside 0600.
#[derive(Clone, Copy, Debug, Default)]
pub struct GuardedTokenFile;

impl TokenFile for GuardedTokenFile {
    fn read(&self, path: &Path) -> Result<BearerToken, StoreError> {
        let place = || path.display().to_string();
        let contents = PrivateFile::open(path).and_then(|file| file.map(PrivateFile::read).transpose());
        let contents = contents.map_err(|error| match error {
            FileError::TooWide(_) => StoreError::Exposed { place: place(), source: error.into() },
            FileError::TooLarge => StoreError::NotABearerToken { place: place(), source: error.into() },
            _ => StoreError::Unusable { place: place(), source: error.into() },
        })?;
        let missing = || StoreError::Unusable { place: place(), source: BoxError::from("there is no such file") };
        BearerToken::parse_line(&contents.ok_or_else(missing)?)
            .map_err(|error| StoreError::NotABearerToken { place: place(), source: error.into() })
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fs::{self, OpenOptions, Permissions};
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    /// The error for a path, without the path, and its cause.
    fn told(path: &Path) -> (String, String) {
        let error = GuardedTokenFile.read(path).unwrap_err();
        let words = error.to_string().replace(&path.display().to_string(), "PATH");
        (words, error.source().unwrap().to_string())
    }

    #[test]
    fn a_file_that_is_refused_is_told_by_its_cause() {
        let sandbox = tempfile::tempdir().unwrap();
        let at = |name: &str| sandbox.path().join(name);
        let file = |name: &str| OpenOptions::new().write(true).create_new(true).mode(0o600).open(at(name)).unwrap();
        file("empty");
        file("long").set_len(4097).unwrap();
        file("large").set_len(16 * 1024 * 1024 + 1).unwrap();
        file("wide").set_permissions(Permissions::from_mode(0o640)).unwrap();
        fs::create_dir(at("directory")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        assert!(Command::new("mkfifo").args(["-m", "600"]).arg(at("pipe")).status().unwrap().success());
        let (exposed, unusable, no_token) = ("PATH is refused", "PATH cannot be used", "PATH holds no bearer token");
        for (name, consequence, cause) in [
            ("wide", exposed, "its mode 0640 is wider than 0600"),
            ("missing", unusable, "there is no such file"),
            ("dangling", unusable, "a symbolic link in its path leads nowhere"),
            ("directory", unusable, "it is not a regular file"),
            ("pipe", unusable, "it is not a regular file"),
            ("empty", no_token, "it is empty"),
            ("long", no_token, "it is longer than 4096 bytes"),
            ("large", no_token, "it is larger than 16 MiB"),
        ] {
            assert_eq!(told(&at(name)), (consequence.to_owned(), cause.to_owned()), "{name}");
        }
    }
}
