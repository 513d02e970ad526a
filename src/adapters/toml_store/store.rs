//! The ports over the config file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::config_error::ConfigError;
use super::document::{self, Document, Fault, Position};
use super::edit::{self, Separator, Stored};
use super::file::{FileError, PrivateFile, Update, check_target, dry_run, update, update_or_create};
use crate::domain::new_session::NewSession;
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::replaced_name::replaced_names;
use crate::domain::session::{ProfileName, Selection, Session};
use crate::domain::token::SessionToken;
use crate::ports::credential_store::{Clearing, CredentialStore};
use crate::ports::profile_reader::{NoSessionReason, ProfileKey, ProfileList, ProfileReader};
use crate::ports::profile_writer::{DefaultSetting, Forgetting, ProfileWriter, Saving};
use crate::ports::store_error::StoreError;

/// A [`CredentialStore`], [`ProfileReader`] and [`ProfileWriter`] over one TOML file.
///
/// The file is refused unread if its mode has any bit outside 0600 or it is larger than 16 MiB, and before anything is
/// made of it if it has more than a million keys and values, or 3,500,000 words, signs and line ends. Every change
/// replaces it atomically and durably under an advisory lock on its directory; waiting for that lock is bounded by 10
/// seconds.
pub struct TomlStore {
    pub(super) path: PathBuf,
    cache: Mutex<Cache>,
}

/// What spares a second look at what was looked at a moment ago. It may be empty at any time.
#[derive(Default)]
struct Cache {
    rehearsal: Option<Rehearsal>,
    /// What was looked for last, and why it was not found.
    missed: Option<(Selection, NoSessionReason)>,
    /// The profile that a replaced token was put into last, and what sets it off in the text. Where this is lost, the
    /// empty line before the profile stays when the profile is cleared.
    replaced: Option<(ProfileName, Separator)>,
}

/// A session as it was found, with the file's text, and what that text becomes without the profile. It holds for as long
/// as the file has the same text.
struct Rehearsal {
    session: Session,
    text: String,
    rest: Option<String>,
}

/// The operation that failed: it decides the consequence of a failure.
#[derive(Clone, Copy)]
enum Operation {
    Read,
    Clear,
    RehearseSave,
    Save,
    Change,
}

impl TomlStore {
    /// Names the config file. Nothing is opened yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), cache: Mutex::default() }
    }

    /// The config file, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's text. `None` means that there is no file.
    fn read(&self) -> Result<Option<String>, ConfigError> {
        log::debug!("config file {}", self.path.display());
        let Some(file) = PrivateFile::open(&self.path)? else { return Ok(None) };
        Ok(Some(document::utf8(file.read()?)?))
    }

    fn try_find(&self, selection: &Selection) -> Result<Option<Session>, ConfigError> {
        // An answer about an earlier look must not explain this one.
        self.cache().missed = None;
        let missed = |reason| {
            self.cache().missed = Some((selection.clone(), reason));
            Ok(None)
        };
        let Some(text) = self.read()? else { return missed(NoSessionReason::NoFile) };
        let document = Document::parse(&text)?;
        let profile = match select(&document, selection)? {
            Ok(profile) => profile,
            Err(reason) => return missed(reason),
        };
        let Some(token) = profile.token else { return missed(NoSessionReason::NoToken { name: profile.name }) };
        // A JWT is a usable credential, but has no id, so there is nothing a logout could revoke.
        let token = SessionToken::parse(token.expose_secret()).map_err(|error| {
            let position = document.position_of(&profile.name, ProfileKey::Token);
            ConfigError::Token(position, error)
        })?;
        let session = Session { profile: profile.name, token, server: profile.server };
        // What would only be found out under the lock, when the token is revoked.
        check_target(&self.path)?;

        // Parsed once: the rehearsal and the clearing need the same result while the file does not change.
        let rest = self.without_profile(document, &session.profile);
        self.cache().rehearsal = Some(Rehearsal { session: session.clone(), text, rest });
        Ok(Some(session))
    }

    /// Judges the file's text as it is now.
    fn decide_to_clear(&self, session: &Session, text: &str) -> Result<Update<Clearing>, ConfigError> {
        let rehearsal = self.cache().rehearsal.take();
        // Compared byte by byte. A hash or a timestamp could miss a change.
        let rehearsal = rehearsal.filter(|rehearsal| rehearsal.session == *session && rehearsal.text == text);
        if let Some(rest) = rehearsal.and_then(|rehearsal| rehearsal.rest) {
            return Ok(Update::Write(rest, Clearing::Cleared));
        }
        let document = Document::parse(text)?;
        let held = document.profile(&session.profile)?.and_then(|profile| profile.token);
        Ok(match held {
            None => Update::Keep(Clearing::Cleared),
            // A rotated token keeps its id, and was revoked with it.
            Some(token) if token.id() != Some(session.token.id()) => Update::Keep(Clearing::Superseded),
            Some(_) => {
                let rest = self.without_profile(document, &session.profile).ok_or(ConfigError::Edit)?;
                Update::Write(rest, Clearing::Cleared)
            }
        })
    }

    /// The text without the profile. One that a replaced token was put into leaves no trace.
    fn without_profile(&self, document: Document<'_>, profile: &ProfileName) -> Option<String> {
        let cache = self.cache();
        let replaced = cache.replaced.as_ref().filter(|(replaced, _)| replaced == profile);
        edit::without_profile(document, profile, replaced.map(|(_, separator)| separator))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something and tells a failure by its consequence.
    fn attempt<T>(&self, operation: Operation, act: impl FnOnce() -> Result<T, ConfigError>) -> Result<T, StoreError> {
        act().map_err(|error| {
            let place = self.place(error.position());
            match (operation, &error) {
                // The order of the arms is the precedence: what a failed write leaves matters more than why it failed.
                (_, ConfigError::File(FileError::NotDurable(_))) => {
                    StoreError::NotDurable { place, source: error.into() }
                }
                (Operation::Clear, _) => StoreError::NotCleared { place, source: error.into() },
                (Operation::Save, _) => StoreError::NotWritten { place, source: error.into() },
                (_, ConfigError::File(FileError::TooWide(_))) => StoreError::Exposed { place, source: error.into() },
                (_, ConfigError::Token(..)) => StoreError::NotASessionToken { place, source: error.into() },
                (_, ConfigError::File(file)) if file.is_of_reading() => {
                    StoreError::Unusable { place, source: error.into() }
                }
                (Operation::RehearseSave, ConfigError::Superseded | ConfigError::File(_)) => {
                    StoreError::NotStorable { place, source: error.into() }
                }
                (Operation::Change, ConfigError::File(_)) => StoreError::NotWritten { place, source: error.into() },
                _ => StoreError::Unusable { place, source: error.into() },
            }
        })
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
        let session = self.attempt(Operation::Read, || self.try_find(selection))?;
        log_profile(session.as_ref().map(|session| &session.profile));
        Ok(session)
    }

    fn rehearse_clear(&self, session: &Session) -> Result<(), StoreError> {
        self.attempt(Operation::Read, || {
            if let Some(rehearsal) = &self.cache().rehearsal
                && rehearsal.session == *session
            {
                return rehearsal.rest.as_ref().map(|_| ()).ok_or(ConfigError::Edit);
            }
            let Some(text) = self.read()? else { return Ok(()) };
            check_target(&self.path)?;
            self.decide_to_clear(session, &text).map(|_| ())
        })
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        let clearing = self.attempt(Operation::Clear, || {
            update(&self.path, |bytes| self.decide_to_clear(session, &document::utf8(bytes)?))
        })?;
        // A missing file holds no session any more.
        Ok(clearing.unwrap_or(Clearing::Cleared))
    }
}

fn log_profile(name: Option<&ProfileName>) {
    match name {
        Some(name) => log::debug!("profile \"{name}\" of the config file"),
        None => log::debug!("no such profile or session in the config file"),
    }
}

impl ProfileReader for TomlStore {
    fn look_up(&self, selection: &Selection) -> Result<Option<Profile>, StoreError> {
        let profile = self.attempt(Operation::Read, || {
            let Some(text) = self.read()? else { return Ok(None) };
            Ok(select(&Document::parse(&text)?, selection)?.ok())
        })?;
        log_profile(profile.as_ref().map(|profile| &profile.name));
        Ok(profile)
    }

    fn list(&self) -> Result<ProfileList, StoreError> {
        self.attempt(Operation::Read, || {
            let text = self.read()?.unwrap_or_default();
            let document = Document::parse(&text)?;
            Ok(ProfileList { place: self.place(None), default: document.pointer(), profiles: document.profiles() })
        })
    }

    fn why_none(&self, selection: &Selection) -> Option<NoSessionReason> {
        let missed = self.cache().missed.take_if(|(looked_for, _)| looked_for == selection);
        let missed = missed.or_else(|| {
            // The cache may be empty, so the reason is looked up again.
            self.try_find(selection).ok()?;
            self.cache().missed.take()
        });
        missed.map(|(_, reason)| reason)
    }

    fn place_of(&self, profile: &ProfileName, key: ProfileKey) -> String {
        // Of a file that cannot be read by now, the path is all that can be told.
        let text = self.read().ok().flatten().unwrap_or_default();
        self.place(Document::parse(&text).ok().and_then(|document| document.position_of(profile, key)))
    }
}

impl ProfileWriter for TomlStore {
    fn rehearse_save(&self, session: &NewSession) -> Result<(), StoreError> {
        self.attempt(Operation::RehearseSave, || {
            let text = self.read()?.unwrap_or_default();
            let (stored, replaced) = with_session(&text, session)?.ok_or(ConfigError::Superseded)?;
            let size = stored.text.len();
            if let Some(replaced) = replaced {
                let document = Document::parse(&stored.text)?;
                edit::without_profile(document, &replaced.name, Some(&stored.separator)).ok_or(ConfigError::Edit)?;
            }
            Ok(dry_run::check(&self.path, size)?)
        })
    }

    fn save(&self, session: &NewSession) -> Result<Saving, StoreError> {
        let mut replaced = None;
        let saved = self.attempt(Operation::Save, || {
            update_or_create(&self.path, |bytes| {
                let Some((stored, moved)) = with_session(&document::utf8(bytes)?, session)? else {
                    return Ok(Update::Keep(false));
                };
                self.cache().replaced = moved.as_ref().map(|moved| (moved.name.clone(), stored.separator));
                replaced = moved;
                Ok(Update::Write(stored.text, true))
            })
        });
        match saved {
            Ok(false) => Ok(Saving::Superseded),
            Ok(true) => Ok(Saving::Saved { replaced, not_durable: None }),
            // The session is stored, and what it replaced is put aside, whatever a power loss does.
            Err(error @ StoreError::NotDurable { .. }) => Ok(Saving::Saved { replaced, not_durable: Some(error) }),
            Err(error) => Err(error),
        }
    }

    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, StoreError> {
        let set = self.attempt(Operation::Change, || {
            update(&self.path, |bytes| decide_to_point(profile, &document::utf8(bytes)?))
        })?;
        Ok(set.unwrap_or(DefaultSetting::NoSuchProfile))
    }

    fn forget(&self, profile: &Profile) -> Result<Forgetting, StoreError> {
        let forgotten = self.attempt(Operation::Change, || {
            update(&self.path, |bytes| decide_to_forget(profile, &document::utf8(bytes)?))
        })?;
        Ok(forgotten.unwrap_or(Forgetting::NoSuchProfile))
    }
}

/// The selected profile, or why there is none.
fn select(document: &Document<'_>, selection: &Selection) -> Result<Result<Profile, NoSessionReason>, Fault> {
    let name = match selection {
        Selection::Named(name) => name.clone(),
        Selection::Default => match document.pointer() {
            Some(name) => name,
            None => return Ok(Err(NoSessionReason::NoDefault { profiles: document.names() })),
        },
    };
    if let Some(profile) = document.profile(&name)? {
        return Ok(Ok(profile));
    }
    let profiles = document.names();
    Ok(Err(match selection {
        Selection::Default => NoSessionReason::DanglingDefault { name, profiles },
        Selection::Named(_) => NoSessionReason::NoProfile { name, profiles },
    }))
}

/// The text with the session in it, and the profile to which the token moves that its profile holds. `None` means that
/// this is a token which the login did not see.
fn with_session(text: &str, session: &NewSession) -> Result<Option<(Stored, Option<Profile>)>, ConfigError> {
    let document = Document::parse(text)?;
    let new = ProfileToken::from(session.token.clone());
    let seen = session.held_before.as_ref().and_then(|before| before.token.as_ref());
    let held = document.profile(&session.profile)?;
    let replaced = match held.and_then(|mut held| held.token.take().map(|token| (held, token))) {
        // A rotated token keeps its id: it is the same session, and nothing is replaced.
        Some((held, token)) if !token.is_same_session(&new) => {
            if !seen.is_some_and(|seen| seen.is_same_session(&token)) {
                return Ok(None);
            }
            let name = replaced_names(&session.profile, &token, session.time).find(|name| !document.has_entry(name));
            let (server, expires_at) = (held.server, held.expires_at);
            name.map(|name| Profile { server, token: Some(token), expires_at, ..Profile::new(name) })
        }
        _ => None,
    };
    let moves_to = replaced.as_ref().map(|replaced| &replaced.name);
    let stored = edit::with_session(document, &session.to_profile(), moves_to).ok_or(ConfigError::Edit)?;
    Ok(Some((stored, replaced)))
}

fn decide_to_point(profile: &ProfileName, text: &str) -> Result<Update<DefaultSetting>, ConfigError> {
    let document = Document::parse(text)?;
    if !document.names().contains(profile) {
        return Ok(Update::Keep(DefaultSetting::NoSuchProfile));
    }
    if document.pointer().as_ref() == Some(profile) {
        return Ok(Update::Keep(DefaultSetting::Set));
    }
    let pointed = edit::with_pointer(document, profile).ok_or(ConfigError::Edit)?;
    Ok(Update::Write(pointed, DefaultSetting::Set))
}

fn decide_to_forget(profile: &Profile, text: &str) -> Result<Update<Forgetting>, ConfigError> {
    let document = Document::parse(text)?;
    // A profile is forgotten whatever it holds, so its values are not checked as for a session.
    let Some(held) = document.profiles().into_iter().find(|held| held.name == profile.name) else {
        return Ok(Update::Keep(Forgetting::NoSuchProfile));
    };
    let is_known = |held: &ProfileToken| profile.token.as_ref().is_some_and(|known| known.is_same_session(held));
    if !held.token.as_ref().is_none_or(is_known) {
        return Ok(Update::Keep(Forgetting::Superseded));
    }
    let rest = edit::without_profile(document, &profile.name, None).ok_or(ConfigError::Edit)?;
    Ok(Update::Write(rest, Forgetting::Forgotten))
}
