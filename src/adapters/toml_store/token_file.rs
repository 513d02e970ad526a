//! The file in which the operator keeps a bearer token of their own. It is opened as guardedly as the config file.

use std::path::Path;

use super::private_file::{OpenError, PrivateFile};
use crate::domain::bearer_token::BearerToken;
use crate::ports::BoxError;
use crate::ports::credential_reader::CredentialError;
use crate::ports::token_file::TokenFile;

/// A [`TokenFile`] that refuses a file unread if its mode has any bit outside 0600.
#[derive(Clone, Copy, Debug, Default)]
pub struct GuardedTokenFile;

impl TokenFile for GuardedTokenFile {
    fn read(&self, path: &Path) -> Result<BearerToken, CredentialError> {
        let place = || path.display().to_string();
        let contents = PrivateFile::open(path).and_then(|file| file.map(PrivateFile::read).transpose());
        let contents = contents.map_err(|error| match error {
            OpenError::TooWide(_) => CredentialError::Exposed { place: place(), source: error.into() },
            OpenError::TooLarge => CredentialError::NotABearerToken { place: place(), source: error.into() },
            _ => CredentialError::Unreadable { place: place(), source: error.into() },
        })?;
        let missing =
            || CredentialError::Unreadable { place: place(), source: BoxError::from("there is no such file") };
        BearerToken::parse_file(&contents.ok_or_else(missing)?)
            .map_err(|error| CredentialError::NotABearerToken { place: place(), source: error.into() })
    }
}
