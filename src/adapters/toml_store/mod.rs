//! The credential store in plexctl's TOML config file.
//!
//! This file is the port and its order of events. Below it stand the guarded open (`private_file`), the meaning of
//! the document (`document`), the edits that leave every other byte alone (`edit`), the locked, durable replacement of
//! the file (`replace`), and what can be asked beside the port (`inquiry`).

#[cfg(test)]
mod corpus;
mod document;
mod edit;
mod inquiry;
mod private_file;
mod replace;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use self::document::{Document, Fault, Position};
use self::edit::EditError;
#[cfg(fuzzing)]
pub(crate) use self::edit::fuzzed_cut;
pub use self::inquiry::Absence;
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
    rest: Result<String, EditError>,
}

impl TomlStore {
    /// Names the config file. Nothing is opened yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), rehearsal: Mutex::new(None) }
    }

    /// The file's text. `None` means that there is no file.
    fn read(&self) -> Result<Option<String>, ConfigError> {
        let Some(file) = PrivateFile::open(&self.path)? else { return Ok(None) };
        Ok(Some(document::utf8(file.read()?)?))
    }

    fn try_find(&self, selection: &Selection) -> Result<Option<Session>, ConfigError> {
        let Some(text) = self.read()? else { return Ok(None) };
        let document = Document::parse(&text)?;
        let selected = match selection {
            Selection::Default => document.pointer(),
            Selection::Named(name) => Some(name.clone()),
        };
        let Some(name) = selected else { return Ok(None) };
        let Some(profile) = document.profile(&name)? else { return Ok(None) };
        let Some((token, offset)) = profile.token else { return Ok(None) };
        let token = SessionToken::parse(token).map_err(|error| ConfigError::Token(document.position(offset), error))?;
        let session = Session { profile: name, token, server: profile.server.map(|(server, _)| server.to_owned()) };

        let rest = edit::without_profile(document, &session.profile);
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
                    Some(_) => edit::without_profile(document, &session.profile)?,
                }
            }
        };
        target.replace(&original, rest.as_bytes())?;
        Ok(Clearing::Cleared)
    }

    fn rehearsal(&self) -> MutexGuard<'_, Option<Rehearsal>> {
        self.rehearsal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file, and the place in it where one is known.
    fn place(&self, position: Option<Position>) -> String {
        let path = self.path.display();
        match position {
            Some(position) => format!("{path}:{position}"),
            None => path.to_string(),
        }
    }
}

impl CredentialStore for TomlStore {
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError> {
        self.try_find(selection).map_err(|error| {
            let place = self.place(error.position());
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
            _ => Err(EditError),
        };
        rest.map_err(|error| StoreError::Unusable { place: self.path.display().to_string(), source: error.into() })
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        self.try_clear(session).map_err(|error| not_cleared(self.place(error.position()), error))
    }
}

/// Tells a profile that is still stored from one whose removal may not last.
fn not_cleared(place: String, error: ConfigError) -> StoreError {
    match error {
        ConfigError::Replace(ReplaceError::NotDurable(_)) => StoreError::NotDurable { place, source: error.into() },
        _ => StoreError::NotCleared { place, source: error.into() },
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
    Edit(#[from] EditError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl ConfigError {
    fn position(&self) -> Option<Position> {
        match self {
            Self::Document(fault) => fault.position,
            Self::Token(position, _) => Some(*position),
            Self::Open(_) | Self::Edit(_) | Self::Replace(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{OpenOptions, Permissions};
    use std::io::{self, Write};
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    use tempfile::TempDir;

    use super::*;
    use crate::domain::session::ProfileName;

    const X: &str = "[profiles.x]\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_x\"\n";
    const Y: &str = "[profiles.y]\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ac_y\"\n";

    /// A store over a file with these contents, and what keeps the file.
    fn store_of(contents: &str) -> (TempDir, TomlStore) {
        let sandbox = tempfile::tempdir().unwrap();
        let store = TomlStore::new(sandbox.path().join("config"));
        write(&store, contents);
        (sandbox, store)
    }

    fn write(store: &TomlStore, contents: &str) {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&store.path).unwrap();
        file.write_all(contents.as_bytes()).unwrap();
    }

    fn read(store: &TomlStore) -> String {
        std::fs::read_to_string(&store.path).unwrap()
    }

    fn find(store: &TomlStore, name: &str) -> Session {
        store.find(&Selection::Named(ProfileName::new(name).unwrap())).unwrap().unwrap()
    }

    #[test]
    fn only_the_session_that_was_found_last_is_rehearsed() {
        let (_sandbox, store) = store_of(&format!("{X}{Y}"));
        let x = find(&store, "x");
        assert!(store.rehearse_clear(&x).is_ok());
        let y = find(&store, "y");
        assert!(store.rehearse_clear(&y).is_ok());
        assert!(store.rehearse_clear(&x).is_err());
    }

    #[test]
    fn a_rehearsal_of_another_session_is_not_what_is_cleared() {
        let (_sandbox, store) = store_of(&format!("{X}{Y}"));
        let x = find(&store, "x");
        find(&store, "y");
        assert_eq!(store.clear(&x).unwrap(), Clearing::Cleared);
        assert_eq!(read(&store), Y);
    }

    #[test]
    fn a_rehearsal_of_another_text_is_not_what_is_written() {
        let (_sandbox, store) = store_of(X);
        let x = find(&store, "x");
        write(&store, &format!("# new\n{X}{Y}"));
        assert_eq!(store.clear(&x).unwrap(), Clearing::Cleared);
        assert_eq!(read(&store), format!("# new\n{Y}"));
    }

    #[test]
    fn only_the_token_that_was_found_is_cleared() {
        let newer = X.replace("ab_x", "ad_newer");
        for (meanwhile, clearing) in
            [(newer.as_str(), Clearing::Replaced), (Y, Clearing::Cleared), ("[profiles.x]\n", Clearing::Cleared)]
        {
            let (_sandbox, store) = store_of(X);
            let x = find(&store, "x");
            write(&store, meanwhile);
            assert_eq!(store.clear(&x).unwrap(), clearing);
            assert_eq!(read(&store), meanwhile);
        }
    }

    #[test]
    fn an_error_tells_the_place_and_the_consequence() {
        let (_sandbox, store) = store_of("[profiles.x]\ntoken = \"nsk_dev\"\n");
        let path = store.path.display().to_string();
        let error = || store.find(&Selection::Named(ProfileName::new("x").unwrap())).unwrap_err();
        assert!(matches!(error(), StoreError::NotASessionToken { place, .. } if place == format!("{path}:2:9")));
        write(&store, "[profiles.x]\ntoken = 3\n");
        assert!(matches!(error(), StoreError::Unusable { place, .. } if place == format!("{path}:2:9")));
        std::fs::set_permissions(&store.path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(error(), StoreError::Exposed { place, .. } if place == path));
    }

    #[test]
    fn a_removal_that_may_not_last_is_told_from_one_that_did_not_happen() {
        let durable = ReplaceError::NotDurable(io::Error::other("syncing"));
        let error = not_cleared("file".to_owned(), durable.into());
        assert!(matches!(error, StoreError::NotDurable { place, .. } if place == "file"));
        let error = not_cleared("file".to_owned(), ReplaceError::Locked.into());
        assert!(matches!(error, StoreError::NotCleared { place, .. } if place == "file"));
    }
}
