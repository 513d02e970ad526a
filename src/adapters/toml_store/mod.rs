//! The credential store in plexctl's TOML config file.
//!
//! This file is the port and its order of events. Below it stand the guarded open (`private_file`), the meaning of
//! the document (`document`), the cut that leaves every other byte alone (`cut`), and the locked, durable
//! replacement of the file (`replace`).

mod cut;
#[cfg(test)]
mod cut_properties;
mod document;
mod private_file;
mod replace;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use self::cut::CutError;
#[cfg(fuzzing)]
pub(crate) use self::cut::fuzzed_cut;
use self::document::{Document, Fault, Position};
use self::private_file::{OpenError, PrivateFile};
use self::replace::{LockedTarget, ReplaceError};
use crate::domain::session::{Selection, Session};
use crate::domain::token::{SessionToken, TokenError};
use crate::ports::credential_store::{Clearing, CredentialStore, StoreError};

/// A [`CredentialStore`] over one TOML file.
///
/// The file is refused unread if its mode has any bit outside 0600. Clearing replaces it atomically and durably under
/// an advisory lock on its directory; waiting for that lock is bounded by 10 seconds.
pub struct TomlStore {
    path: PathBuf,
    rehearsal: Mutex<Option<Rehearsal>>,
}

/// A session as it was found, with the file's text, and what that text becomes without the profile. Clearing can rely
/// on it for as long as the file holds the same text.
struct Rehearsal {
    session: Session,
    text: String,
    rest: Result<String, CutError>,
}

impl TomlStore {
    /// Names the config file. Nothing is opened yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), rehearsal: Mutex::new(None) }
    }

    fn try_find(&self, selection: &Selection) -> Result<Option<Session>, ConfigError> {
        let Some(file) = PrivateFile::open(&self.path)? else { return Ok(None) };
        let text = document::utf8(file.read()?)?;
        let document = Document::parse(&text)?;
        let selected = match selection {
            Selection::Default => document.pointer(),
            Selection::Named(name) => Some(name.clone()),
        };
        let Some(name) = selected else { return Ok(None) };
        let Some(profile) = document.profile(&name)? else { return Ok(None) };
        let Some((token, offset)) = profile.token else { return Ok(None) };
        let token = SessionToken::parse(token).map_err(|error| ConfigError::Token(document.position(offset), error))?;
        let session = Session { profile: name, token, server: profile.server.map(str::to_owned) };

        let rest = cut::without_profile(document, &session.profile);
        *self.rehearsal() = Some(Rehearsal { session: session.clone(), text, rest });
        Ok(Some(session))
    }

    /// Judges the file as it is now, under the lock.
    fn try_clear(&self, session: &Session) -> Result<Clearing, ConfigError> {
        let Some(target) = LockedTarget::acquire(&self.path)? else {
            // A file that is gone holds no session; one behind a dangling link may come back with it.
            return match PrivateFile::open(&self.path)? {
                None => Ok(Clearing::Cleared),
                Some(_) => Err(ReplaceError::Unsteady.into()),
            };
        };
        let Some(file) = PrivateFile::open(target.path())? else { return Ok(Clearing::Cleared) };
        let original = file.metadata().clone();
        let text = document::utf8(file.read()?)?;
        let rest = match self.rehearsal().take() {
            Some(Rehearsal { session: found, text: before, rest: Ok(rest) }) if found == *session && before == text => {
                rest
            }
            _ => {
                let document = Document::parse(&text)?;
                match document.profile(&session.profile)?.and_then(|profile| profile.token) {
                    None => return Ok(Clearing::Cleared),
                    Some((token, _)) if token != session.token.expose_secret() => return Ok(Clearing::Replaced),
                    Some(_) => cut::without_profile(document, &session.profile)?,
                }
            }
        };
        target.replace(&original, rest.as_bytes())?;
        Ok(Clearing::Cleared)
    }

    fn rehearsal(&self) -> MutexGuard<'_, Option<Rehearsal>> {
        self.rehearsal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file, and the place in it that an error is about.
    fn place(&self, error: &ConfigError) -> String {
        let path = self.path.display();
        match error.position() {
            Some(position) => format!("{path}:{position}"),
            None => path.to_string(),
        }
    }
}

impl CredentialStore for TomlStore {
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError> {
        self.try_find(selection).map_err(|error| {
            let place = self.place(&error);
            match error {
                ConfigError::Open(OpenError::TooWide(_)) => StoreError::Exposed { place, source: error.into() },
                ConfigError::Token(..) => StoreError::NotASessionToken { place, source: error.into() },
                _ => StoreError::Unusable { place, source: error.into() },
            }
        })
    }

    fn rehearse_clear(&self, session: &Session) -> Result<(), StoreError> {
        let rest = match &*self.rehearsal() {
            Some(rehearsal) if rehearsal.session == *session => {
                rehearsal.rest.as_ref().map(|_| ()).map_err(|error| *error)
            }
            _ => Err(CutError),
        };
        rest.map_err(|error| StoreError::Unusable { place: self.path.display().to_string(), source: error.into() })
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        self.try_clear(session).map_err(|error| {
            let place = self.place(&error);
            match error {
                ConfigError::Replace(ReplaceError::NotDurable(_)) => {
                    StoreError::NotDurable { place, source: error.into() }
                }
                _ => StoreError::NotCleared { place, source: error.into() },
            }
        })
    }
}

/// Everything that can be wrong with the config file. No variant carries any of its text.
#[derive(Debug, Error)]
enum ConfigError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Document(#[from] Fault),
    #[error("{1}")]
    Token(Position, TokenError),
    #[error(transparent)]
    Cut(#[from] CutError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl ConfigError {
    fn position(&self) -> Option<Position> {
        match self {
            Self::Document(fault) => fault.position,
            Self::Token(position, _) => Some(*position),
            Self::Open(_) | Self::Cut(_) | Self::Replace(_) => None,
        }
    }
}
