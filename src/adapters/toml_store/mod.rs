//! The credential store in plexctl's TOML config file.
//!
//! This file is the port and its order of events. Below it stand the guarded open (`private_file`), the meaning of
//! the document (`document`), the edits that leave every other byte alone (`edit`), the lock (`target`) and the durable
//! replacement of the file (`replace`), and what can be asked beside the port (`inquiry`).

#[cfg(test)]
mod corpus;
mod document;
mod edit;
mod inquiry;
mod private_file;
mod replace;
mod target;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use self::document::{Document, Fault, Position};
use self::edit::EditError;
#[cfg(fuzzing)]
pub(crate) use self::edit::{fuzzed_cut, fuzzed_pointer, fuzzed_session};
pub use self::inquiry::Absence;
use self::private_file::{OpenError, PrivateFile};
use self::replace::ReplaceError;
use self::target::LockedTarget;
use crate::domain::session::{Selection, Session};
use crate::domain::token::{SessionToken, TokenError};
use crate::ports::credential_store::{Clearing, CredentialStore, StoreError};

/// A [`CredentialStore`] over one TOML file.
///
/// The file is refused unread if its mode has any bit outside 0600 or it is larger than 16 MiB, and before anything is
/// made of it if it has more than a million keys and values or five million words, signs and line ends. Clearing replaces it atomically and durably under
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

impl Rehearsal {
    fn is_of(&self, session: &Session, text: &str) -> bool {
        self.session == *session && self.text == text
    }
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
        // What would only be found out under the lock, when the token is revoked.
        target::check(&self.path)?;

        let rest = edit::without_profile(document, &session.profile);
        *self.rehearsal() = Some(Rehearsal { session: session.clone(), text, rest });
        Ok(Some(session))
    }

    /// Judges the file as it is now, under the lock.
    fn try_clear(&self, session: &Session) -> Result<Clearing, ConfigError> {
        let Some((target, file)) = LockedTarget::acquire(&self.path)? else { return Ok(Clearing::Cleared) };
        let original = file.metadata().clone();
        let text = document::utf8(file.read()?)?;
        let rehearsed = self.rehearsal().take().filter(|rehearsal| rehearsal.is_of(session, &text));
        let rest = if let Some(rest) = rehearsed.and_then(|rehearsal| rehearsal.rest.ok()) {
            rest
        } else {
            let document = Document::parse(&text)?;
            match document.profile(&session.profile)?.and_then(|profile| profile.token) {
                None => return Ok(Clearing::Cleared),
                Some((token, _)) if token != session.token.expose_secret() => return Ok(Clearing::Replaced),
                Some(_) => edit::without_profile(document, &session.profile)?,
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
    use std::fs::{self, OpenOptions, Permissions};
    use std::io::{self, Write};
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

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
        fs::read_to_string(&store.path).unwrap()
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
        // A token is another one if it has another id, and also if it has another secret.
        let (newer, rotated) = (X.replace("ab_x", "ad_newer"), X.replace("ab_x", "ab_y"));
        let cases = [
            (newer.as_str(), Clearing::Replaced),
            (&rotated, Clearing::Replaced),
            (Y, Clearing::Cleared),
            ("[profiles.x]\n", Clearing::Cleared),
        ];
        for (meanwhile, clearing) in cases {
            let (_sandbox, store) = store_of(X);
            let x = find(&store, "x");
            write(&store, meanwhile);
            assert_eq!(store.clear(&x).unwrap(), clearing);
            assert_eq!(read(&store), meanwhile);
        }
    }

    /// Where it is seen to be gone and then to be there, it has to be looked at again.
    #[test]
    fn a_file_that_comes_and_goes_with_a_newer_token_is_kept_or_gone_and_never_an_error() {
        let (sandbox, store) = store_of(X);
        let x = find(&store, "x");
        write(&store, &X.replace("ab_x", "ad_newer"));
        let (path, away) = (store.path.clone(), sandbox.path().join("away"));
        let stop = AtomicBool::new(false);
        let clearings = thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    fs::rename(&path, &away).unwrap();
                    fs::rename(&away, &path).unwrap();
                }
            });
            let clearings: Vec<_> = (0..2000).map(|_| store.clear(&x)).collect();
            stop.store(true, Ordering::Relaxed);
            clearings
        });
        for clearing in clearings {
            clearing.unwrap();
        }
    }

    #[test]
    fn what_would_fail_under_the_lock_is_found_where_there_is_a_session() {
        let sandbox = tempfile::tempdir().unwrap();
        let store = TomlStore::new(sandbox.path().join(replace::TEMP_NAME));
        write(&store, X);
        let selection = |name: &str| Selection::Named(ProfileName::new(name).unwrap());
        let error = store.find(&selection("x")).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { place, .. } if place == store.path.display().to_string()));
        assert!(store.find(&selection("y")).unwrap().is_none());
    }

    #[test]
    fn an_error_tells_the_place_and_the_consequence() {
        let (_sandbox, store) = store_of("[profiles.x]\ntoken = \"nsk_dev\"\n");
        let path = store.path.display().to_string();
        let error = || store.find(&Selection::Named(ProfileName::new("x").unwrap())).unwrap_err();
        assert!(matches!(error(), StoreError::NotASessionToken { place, .. } if place == format!("{path}:2:9")));
        write(&store, "[profiles.x]\ntoken = 3\n");
        assert!(matches!(error(), StoreError::Unusable { place, .. } if place == format!("{path}:2:9")));
        fs::set_permissions(&store.path, Permissions::from_mode(0o640)).unwrap();
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
