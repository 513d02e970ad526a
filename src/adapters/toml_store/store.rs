//! The ports over the config file.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::config_error::ConfigError;
use super::document::{self, Document, Fault, Position};
use super::edit::{self, EditError, Separator, Stored};
use super::file::{
    FileError, OpenError, PrivateFile, Update, Updated, check_target, dry_run, update, update_or_create,
};
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
    rest: Result<String, EditError>,
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

    fn try_rehearse_clear(&self, session: &Session) -> Result<(), ConfigError> {
        if let Some(rehearsal) = &self.cache().rehearsal
            && rehearsal.session == *session
        {
            return rehearsal.rest.as_ref().map(|_| ()).map_err(|error| (*error).into());
        }
        let Some(text) = self.read()? else { return Ok(()) };
        check_target(&self.path)?;
        self.decide_to_clear(session, &text).map(|_| ())
    }

    /// Judges the file's text as it is now.
    fn decide_to_clear(&self, session: &Session, text: &str) -> Result<Update<Clearing>, ConfigError> {
        let rehearsal = self.cache().rehearsal.take();
        if let Some(Rehearsal { rest: Ok(rest), .. }) =
            // Compared byte by byte. A hash or a timestamp could miss a change.
            rehearsal.filter(|rehearsal| rehearsal.session == *session && rehearsal.text == text)
        {
            return Ok(Update::write(rest, Clearing::Cleared));
        }
        let document = Document::parse(text)?;
        let held = document.profile(&session.profile)?.and_then(|profile| profile.token);
        Ok(match held {
            None => Update::keep(Clearing::Cleared),
            // A rotated token keeps its id, and was revoked with it.
            Some(token) if token.id() != Some(session.token.id()) => Update::keep(Clearing::Superseded),
            Some(_) => Update::write(self.without_profile(document, &session.profile)?, Clearing::Cleared),
        })
    }

    /// The text without the profile. One that a replaced token was put into leaves no trace.
    fn without_profile(&self, document: Document<'_>, profile: &ProfileName) -> Result<String, EditError> {
        match &self.cache().replaced {
            Some((replaced, separator)) if replaced == profile => {
                edit::without_profile_and_separator(document, profile, separator)
            }
            _ => edit::without_profile(document, profile),
        }
    }

    fn try_look_up(&self, selection: &Selection) -> Result<Option<Profile>, ConfigError> {
        let Some(text) = self.read()? else { return Ok(None) };
        Ok(select(&Document::parse(&text)?, selection)?.ok())
    }

    fn try_list(&self) -> Result<ProfileList, ConfigError> {
        let text = self.read()?.unwrap_or_default();
        let document = Document::parse(&text)?;
        Ok(ProfileList { place: self.place(None), default: document.pointer(), profiles: document.profiles() })
    }

    fn try_position_of(&self, profile: &ProfileName, key: ProfileKey) -> Result<Option<Position>, ConfigError> {
        let Some(text) = self.read()? else { return Ok(None) };
        Ok(Document::parse(&text)?.position_of(profile, key))
    }

    fn try_rehearse_save(&self, session: &NewSession) -> Result<(), ConfigError> {
        let text = self.read()?.unwrap_or_default();
        let (stored, replaced) = with_session(&text, session)?.ok_or(ConfigError::Superseded)?;
        let size = stored.text.len();
        if let Some(replaced) = replaced {
            edit::without_profile_and_separator(Document::parse(&stored.text)?, &replaced.name, &stored.separator)?;
        }
        Ok(dry_run::check(&self.path, size)?)
    }

    fn decide_to_save(&self, session: &NewSession, text: &str) -> Result<Update<Saving>, ConfigError> {
        let Some((stored, replaced)) = with_session(text, session)? else {
            return Ok(Update::keep(Saving::Superseded));
        };
        self.cache().replaced = replaced.as_ref().map(|replaced| (replaced.name.clone(), stored.separator));
        Ok(Update::write(stored.text, Saving::Saved { replaced, not_durable: None }))
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcome of a change, or that it may not last.
    fn durable<T>(&self, updated: Updated<T>) -> Result<T, StoreError> {
        match updated.not_durable {
            None => Ok(updated.outcome),
            Some(error) => Err(StoreError::NotDurable { place: self.place(None), source: error.into() }),
        }
    }

    /// The consequence of a failure.
    fn failure(&self, operation: Operation, error: ConfigError) -> StoreError {
        let place = self.place(error.position());
        match (operation, &error) {
            // The order of the arms is the precedence: what a failed write leaves matters more than why it failed.
            (Operation::Clear, _) => StoreError::NotCleared { place, source: error.into() },
            (Operation::Save, _) => StoreError::NotWritten { place, source: error.into() },
            (_, ConfigError::File(FileError::Open(OpenError::TooWide(_)))) => {
                StoreError::Exposed { place, source: error.into() }
            }
            (_, ConfigError::Token(..)) => StoreError::NotASessionToken { place, source: error.into() },
            (
                Operation::RehearseSave,
                ConfigError::Superseded | ConfigError::File(FileError::TooLarge | FileError::Replace(_)),
            ) => StoreError::NotStorable { place, source: error.into() },
            (Operation::Change, ConfigError::File(FileError::TooLarge | FileError::Replace(_))) => {
                StoreError::NotWritten { place, source: error.into() }
            }
            _ => StoreError::Unusable { place, source: error.into() },
        }
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
        let session = self.try_find(selection).map_err(|error| self.failure(Operation::Read, error))?;
        log_profile(session.as_ref().map(|session| &session.profile));
        Ok(session)
    }

    fn rehearse_clear(&self, session: &Session) -> Result<(), StoreError> {
        self.try_rehearse_clear(session).map_err(|error| self.failure(Operation::Read, error))
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        // A missing file holds no session any more, so it counts as cleared.
        let updated = update(&self.path, |bytes| self.decide_to_clear(session, &document::utf8(bytes)?));
        let updated = updated.map_err(|error| self.failure(Operation::Clear, error))?;
        updated.map_or(Ok(Clearing::Cleared), |updated| self.durable(updated))
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
        let profile = self.try_look_up(selection).map_err(|error| self.failure(Operation::Read, error))?;
        log_profile(profile.as_ref().map(|profile| &profile.name));
        Ok(profile)
    }

    fn list(&self) -> Result<ProfileList, StoreError> {
        self.try_list().map_err(|error| self.failure(Operation::Read, error))
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
        self.place(self.try_position_of(profile, key).unwrap_or_default())
    }
}

impl ProfileWriter for TomlStore {
    fn rehearse_save(&self, session: &NewSession) -> Result<(), StoreError> {
        self.try_rehearse_save(session).map_err(|error| self.failure(Operation::RehearseSave, error))
    }

    fn save(&self, session: &NewSession) -> Result<Saving, StoreError> {
        let updated = update_or_create(&self.path, |bytes| self.decide_to_save(session, &document::utf8(bytes)?));
        let Updated { outcome, not_durable } = updated.map_err(|error| self.failure(Operation::Save, error))?;
        Ok(match (outcome, not_durable) {
            (Saving::Saved { replaced, .. }, Some(error)) => {
                let error = StoreError::NotDurable { place: self.place(None), source: error.into() };
                Saving::Saved { replaced, not_durable: Some(error) }
            }
            (saving, _) => saving,
        })
    }

    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, StoreError> {
        let updated = update(&self.path, |bytes| decide_to_point(profile, &document::utf8(bytes)?));
        let updated = updated.map_err(|error| self.failure(Operation::Change, error))?;
        updated.map_or(Ok(DefaultSetting::NoSuchProfile), |updated| self.durable(updated))
    }

    fn forget(&self, profile: &Profile) -> Result<Forgetting, StoreError> {
        let updated = update(&self.path, |bytes| decide_to_forget(profile, &document::utf8(bytes)?));
        let updated = updated.map_err(|error| self.failure(Operation::Change, error))?;
        updated.map_or(Ok(Forgetting::NoSuchProfile), |updated| self.durable(updated))
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
    let stored = edit::with_session(document, &session.to_profile(), moves_to)?;
    Ok(Some((stored, replaced)))
}

fn decide_to_point(profile: &ProfileName, text: &str) -> Result<Update<DefaultSetting>, ConfigError> {
    let document = Document::parse(text)?;
    if !document.names().contains(profile) {
        return Ok(Update::keep(DefaultSetting::NoSuchProfile));
    }
    if document.pointer().as_ref() == Some(profile) {
        return Ok(Update::keep(DefaultSetting::Set));
    }
    Ok(Update::write(edit::with_pointer(document, profile)?, DefaultSetting::Set))
}

fn decide_to_forget(profile: &Profile, text: &str) -> Result<Update<Forgetting>, ConfigError> {
    let document = Document::parse(text)?;
    // A profile is forgotten whatever it holds, so its values are not checked as for a session.
    let Some(held) = document.profiles().into_iter().find(|held| held.name == profile.name) else {
        return Ok(Update::keep(Forgetting::NoSuchProfile));
    };
    let is_known = |held: &ProfileToken| profile.token.as_ref().is_some_and(|known| known.is_same_session(held));
    if !held.token.as_ref().is_none_or(is_known) {
        return Ok(Update::keep(Forgetting::Superseded));
    }
    Ok(Update::write(edit::without_profile(document, &profile.name)?, Forgetting::Forgotten))
}
