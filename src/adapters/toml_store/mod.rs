//! The credential store in plexctl's TOML config file.
//!
//! This file is the port that a logout sees. Beside it stand the other roles of the store, for a login (`keeper`), for
//! `profiles` (`book`) and for `whoami` (`credentials`), the file with a token of the operator's own (`token_file`), and
//! what can be asked beside the ports (`inquiry`). Below stand the guarded open (`private_file`), the meaning of the
//! document (`document`), the edits that leave every other byte alone (`edit`), and the order of events of every change
//! (`revision`) with the lock (`target`), the durable replacement of the file (`replace`) and its dry run (`dry_run`).

mod book;
#[cfg(test)]
mod corpus;
mod credentials;
mod document;
mod dry_run;
mod edit;
mod inquiry;
mod keeper;
mod private_file;
mod replace;
mod revision;
mod target;
mod token_file;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use self::document::{Document, Fault, Position};
use self::edit::{EditError, Gap};
#[cfg(fuzzing)]
pub(crate) use self::edit::{fuzzed_cut, fuzzed_pointer, fuzzed_session};
pub use self::inquiry::Absence;
use self::private_file::{OpenError, PrivateFile};
use self::replace::ReplaceError;
use self::revision::{Decision, Revised, RevisionError};
pub use self::token_file::GuardedTokenFile;
use crate::domain::bearer_token::BearerTokenError;
use crate::domain::session::{ProfileName, Selection, Session};
use crate::domain::token::{SessionToken, TokenError};
use crate::ports::credential_store::{Clearing, CredentialStore, StoreError};

/// A [`CredentialStore`] over one TOML file, and every other role of the store with it.
///
/// The file is refused unread if its mode has any bit outside 0600 or it is larger than 16 MiB, and before anything is
/// made of it if it has more than a million keys and values, or 3,500,000 words, signs and line ends. Every change
/// replaces it atomically and durably under an advisory lock on its directory; waiting for that lock is bounded by 10
/// seconds.
pub struct TomlStore {
    path: PathBuf,
    memory: Mutex<Memory>,
}

/// What the store keeps in mind from one call to the next.
#[derive(Default)]
struct Memory {
    rehearsal: Option<Rehearsal>,
    /// What was looked for last, and why it was not found.
    absence: Option<(Selection, Absence)>,
    /// The profile that was put aside last, and what sets it off in the text.
    put_aside: Option<(ProfileName, Gap)>,
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
        Self { path: path.into(), memory: Mutex::default() }
    }

    /// The file's text. `None` means that there is no file.
    fn read(&self) -> Result<Option<String>, ConfigError> {
        let Some(file) = PrivateFile::open(&self.path)? else { return Ok(None) };
        Ok(Some(document::utf8(file.read()?)?))
    }

    fn try_find(&self, selection: &Selection) -> Result<Option<Session>, ConfigError> {
        self.memory().absence = None;
        match self.look_for(selection)? {
            Ok(rehearsal) => {
                let session = rehearsal.session.clone();
                self.memory().rehearsal = Some(rehearsal);
                Ok(Some(session))
            }
            Err(absence) => {
                self.memory().absence = Some((selection.clone(), absence));
                Ok(None)
            }
        }
    }

    fn look_for(&self, selection: &Selection) -> Result<Result<Rehearsal, Absence>, ConfigError> {
        let Some(text) = self.read()? else { return Ok(Err(Absence::NoFile)) };
        let document = Document::parse(&text)?;
        let Some(name) = document.selected(selection) else { return Ok(Err(Absence::of_default(&document))) };
        let Some(profile) = document.profile(&name)? else {
            return Ok(Err(Absence::of_profile(name, selection, &document)));
        };
        let Some((token, offset)) = profile.token else { return Ok(Err(Absence::NoToken { name })) };
        let token = SessionToken::parse(token).map_err(|error| ConfigError::Token(document.position(offset), error))?;
        let session = Session { profile: name, token, server: profile.server.map(|(server, _)| server.to_owned()) };
        // What would only be found out under the lock, when the token is revoked.
        target::check(&self.path)?;

        let rest = self.without_profile(document, &session.profile);
        Ok(Ok(Rehearsal { session, text, rest }))
    }

    /// Judges the file's text as it is now.
    fn decide_to_clear(&self, session: &Session, text: &str) -> Result<Decision<Clearing, ()>, ConfigError> {
        let rehearsed = self.memory().rehearsal.take().filter(|rehearsal| rehearsal.is_of(session, text));
        if let Some(rest) = rehearsed.and_then(|rehearsal| rehearsal.rest.ok()) {
            return Ok(Decision::Write(rest, ()));
        }
        let document = Document::parse(text)?;
        Ok(match document.profile(&session.profile)?.and_then(|profile| profile.token) {
            None => Decision::Keep(Clearing::Cleared),
            Some((token, _)) if token != session.token.expose_secret() => Decision::Keep(Clearing::Replaced),
            Some(_) => Decision::Write(self.without_profile(document, &session.profile)?, ()),
        })
    }

    fn cleared(
        &self,
        cleared: Result<Option<Revised<Clearing, ()>>, RevisionError<()>>,
    ) -> Result<Clearing, StoreError> {
        match cleared {
            Ok(Some(Revised::Kept(clearing))) => Ok(clearing),
            Ok(Some(Revised::Written(())) | None) => Ok(Clearing::Cleared),
            Err(RevisionError::Unchanged(error)) => {
                Err(StoreError::NotCleared { place: self.place(error.position()), source: error.into() })
            }
            Err(RevisionError::NotDurable((), error)) => {
                Err(StoreError::NotDurable { place: self.place(None), source: error.into() })
            }
        }
    }

    /// The text without the profile. One that was put aside leaves no trace.
    fn without_profile(&self, document: Document<'_>, profile: &ProfileName) -> Result<String, EditError> {
        match &self.memory().put_aside {
            Some((put_aside, gap)) if put_aside == profile => edit::without_profile_and_gap(document, profile, gap),
            _ => edit::without_profile(document, profile),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
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
        let rest = match &self.memory().rehearsal {
            Some(rehearsal) if rehearsal.session == *session => {
                rehearsal.rest.as_ref().map(|_| ()).map_err(|error| *error)
            }
            _ => Err(EditError),
        };
        rest.map_err(|error| StoreError::Unusable { place: self.path.display().to_string(), source: error.into() })
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        self.cleared(self.revise(|text| self.decide_to_clear(session, text)))
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
    #[error("{1}")]
    BearerToken(Position, BearerTokenError),
    #[error("the profile holds another token than a moment ago")]
    Superseded,
    #[error("it would be larger than 16 MiB")]
    Outgrown,
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl ConfigError {
    fn position(&self) -> Option<Position> {
        match self {
            Self::Document(fault) => fault.position,
            Self::Token(position, _) | Self::BearerToken(position, _) => Some(*position),
            Self::Open(_) | Self::Superseded | Self::Outgrown | Self::Edit(_) | Self::Replace(_) => None,
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
        let (_sandbox, store) = store_of(X);
        let path = store.path.display().to_string();
        let durable = ReplaceError::NotDurable(io::Error::other("syncing"));
        let error = store.cleared(Err(RevisionError::NotDurable((), durable))).unwrap_err();
        assert!(matches!(error, StoreError::NotDurable { place, .. } if place == path));
        let error = store.cleared(Err(ReplaceError::Locked.into())).unwrap_err();
        assert!(matches!(error, StoreError::NotCleared { place, .. } if place == path));
    }
}
