//! A credential store in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use super::in_memory_book::BookFailures;
use super::lock;
use crate::domain::session::{ProfileName, Selection, Session};
use crate::domain::stored_token::{ProfileContents, StoredToken};
use crate::domain::timestamp::Timestamp;
use crate::domain::token::SessionToken;
use crate::ports::credential_store::{Clearing, CredentialStore, StoreError};
use crate::ports::session_keeper::KeepError;

/// Where a store in memory keeps its sessions, as its errors say it.
pub(super) const PLACE: &str = "memory";

/// A [`CredentialStore`] in memory, and every other role of the store with it, which keeps the ports' promises and can
/// be told to fail.
///
/// ```
/// use plexctl::ports::credential_store::{Clearing, CredentialStore};
/// use plexctl::testing::{InMemoryStore, StoreCall, session};
///
/// let (ours, newer) = (session("default", 1), session("default", 2));
/// let store = InMemoryStore::new().with_default_session(ours.clone());
///
/// // Somebody signs in again between the revocation and the clearing.
/// let theirs = newer.clone();
/// store.before_next_clear(|store| store.sign_in(theirs));
/// assert_eq!(store.clear(&ours)?, Clearing::Replaced);
/// assert!(store.holds(&newer));
/// assert_eq!(store.calls(), [StoreCall::Clear(ours.profile)]);
/// # Ok::<(), plexctl::ports::credential_store::StoreError>(())
/// ```
#[derive(Debug, Default)]
pub struct InMemoryStore {
    pub(super) state: Mutex<State>,
    calls: Mutex<Vec<StoreCall>>,
    before_clear: BeforeClear,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) pointer: Option<ProfileName>,
    pub(super) profiles: BTreeMap<String, Profile>,
    find_failure: Option<StoreError>,
    rehearsal_failure: Option<StoreError>,
    clear_failure: Option<StoreError>,
    pub(super) book: BookFailures,
    pub(super) look_up_failure: Option<KeepError>,
    pub(super) save_rehearsal_failure: Option<KeepError>,
    pub(super) save_failure: Option<KeepError>,
}

/// What is stored under a profile's name.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    pub(super) contents: ProfileContents,
    pub(super) expires_at: Option<Timestamp>,
}

/// One call of an [`InMemoryStore`], by the name of its method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreCall {
    /// A session was looked up.
    Find(Selection),
    /// The clearing of this profile was rehearsed.
    RehearseClear(ProfileName),
    /// This profile was to be cleared.
    Clear(ProfileName),
    /// A login looked at what this profile holds.
    LookUp(ProfileName),
    /// The saving of a session in this profile was rehearsed.
    RehearseSave(ProfileName),
    /// A session was to be saved in this profile.
    Save(ProfileName),
    /// The profiles were listed.
    List,
    /// This profile was to become the default.
    SetDefault(ProfileName),
    /// This profile was to be forgotten.
    Forget(ProfileName),
    /// A credential of any kind was read.
    Credential(Selection),
    /// The server of a profile was read.
    Server(Selection),
}

/// What is done to the store just before it is cleared.
#[derive(Default)]
struct BeforeClear(Mutex<Option<Change>>);

type Change = Box<dyn FnOnce(&InMemoryStore) + Send>;

impl fmt::Debug for BeforeClear {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BeforeClear")
    }
}

impl InMemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a session, in place of one that its profile may hold.
    #[must_use]
    pub fn with_session(self, session: Session) -> Self {
        self.sign_in(session);
        self
    }

    /// Adds a profile with whatever it holds, in place of one of the same name.
    #[must_use]
    pub fn with_profile(self, name: &ProfileName, contents: ProfileContents) -> Self {
        self.put(name, contents);
        self
    }

    /// Adds a session and points the default to its profile.
    #[must_use]
    pub fn with_default_session(self, session: Session) -> Self {
        self.with_pointer(&session.profile).with_session(session)
    }

    /// Stores a session, in place of one that its profile may hold: what a login does meanwhile.
    pub fn sign_in(&self, session: Session) {
        let token = StoredToken::new(session.token.expose_secret());
        self.put(&session.profile, ProfileContents { server: session.server, token });
    }

    /// Stores a profile with whatever it holds, in place of one of the same name: what another program does meanwhile.
    pub fn put(&self, name: &ProfileName, contents: ProfileContents) {
        let profile = Profile { contents, expires_at: None };
        lock(&self.state).profiles.insert(name.as_str().to_owned(), profile);
    }

    /// Makes the next look-up fail.
    pub fn fail_next_find(&self, error: StoreError) {
        lock(&self.state).find_failure = Some(error);
    }

    /// Makes the next rehearsal fail.
    pub fn fail_next_rehearsal(&self, error: StoreError) {
        lock(&self.state).rehearsal_failure = Some(error);
    }

    /// Makes the next clearing fail without removing anything.
    pub fn fail_next_clear(&self, error: StoreError) {
        lock(&self.state).clear_failure = Some(error);
    }

    /// Changes the store when it is cleared the next time, just before that: what another program does between a
    /// revocation and the clearing.
    pub fn before_next_clear(&self, change: impl FnOnce(&Self) + Send + 'static) {
        *lock(&self.before_clear.0) = Some(Box::new(change));
    }

    /// The calls of its ports so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<StoreCall> {
        lock(&self.calls).clone()
    }

    pub(super) fn record(&self, call: StoreCall) {
        lock(&self.calls).push(call);
    }

    /// Tells whether this very session is stored.
    #[must_use]
    pub fn holds(&self, session: &Session) -> bool {
        let state = lock(&self.state);
        let contents = state.profiles.get(session.profile.as_str()).map(|profile| &profile.contents);
        contents.is_some_and(|contents| {
            let token = contents.token.as_ref().map(StoredToken::expose_secret);
            contents.server == session.server && token == Some(session.token.expose_secret())
        })
    }

    /// The names of the profiles, sorted.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        lock(&self.state).profiles.keys().cloned().collect()
    }

    /// The profile that the default pointer names.
    #[must_use]
    pub fn pointer(&self) -> Option<ProfileName> {
        lock(&self.state).pointer.clone()
    }
}

impl CredentialStore for InMemoryStore {
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError> {
        self.record(StoreCall::Find(selection.clone()));
        let mut state = lock(&self.state);
        if let Some(error) = state.find_failure.take() {
            return Err(error);
        }
        let selected = match selection {
            Selection::Default => state.pointer.as_ref(),
            Selection::Named(name) => Some(name),
        };
        let Some(name) = selected else { return Ok(None) };
        let contents = state.profiles.get(name.as_str()).map(|profile| profile.contents.clone()).unwrap_or_default();
        let Some(token) = contents.token else { return Ok(None) };
        let token = SessionToken::parse(token.expose_secret())
            .map_err(|error| StoreError::NotASessionToken { place: PLACE.to_owned(), source: error.into() })?;
        Ok(Some(Session { profile: name.clone(), token, server: contents.server }))
    }

    fn rehearse_clear(&self, session: &Session) -> Result<(), StoreError> {
        self.record(StoreCall::RehearseClear(session.profile.clone()));
        lock(&self.state).rehearsal_failure.take().map_or(Ok(()), Err)
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        self.record(StoreCall::Clear(session.profile.clone()));
        let change = lock(&self.before_clear.0).take();
        if let Some(change) = change {
            change(self);
        }
        let mut state = lock(&self.state);
        if let Some(error) = state.clear_failure.take() {
            return Err(error);
        }
        let stored = state.profiles.get(session.profile.as_str()).and_then(|profile| profile.contents.token.as_ref());
        match stored.map(StoredToken::expose_secret) {
            None => Ok(Clearing::Cleared),
            Some(token) if token != session.token.expose_secret() => Ok(Clearing::Replaced),
            Some(_) => {
                state.profiles.remove(session.profile.as_str());
                state.pointer.take_if(|pointer| *pointer == session.profile);
                Ok(Clearing::Cleared)
            }
        }
    }
}
