//! A store in memory.

use std::fmt;
use std::sync::Mutex;

use super::lock;
use crate::domain::new_session::NewSession;
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::replaced_name::replaced_names;
use crate::domain::session::{ProfileName, Selection, Session};
use crate::domain::token::SessionToken;
use crate::ports::credential_store::{Clearing, CredentialStore};
use crate::ports::profile_reader::{NoSessionReason, ProfileKey, ProfileList, ProfileReader};
use crate::ports::profile_writer::{DefaultSetting, Forgetting, ProfileWriter, Saving};
use crate::ports::store_error::StoreError;

/// Where a store in memory keeps its profiles, as its errors say it.
const PLACE: &str = "memory";

/// A [`CredentialStore`], [`ProfileReader`] and [`ProfileWriter`] in memory, which keeps the ports' promises and fails
/// on demand.
///
/// ```
/// use plexctl::ports::{Clearing, CredentialStore};
/// use plexctl::testing::{InMemoryStore, StoreCall, session};
///
/// let (ours, newer) = (session("default", 1), session("default", 2));
/// let store = InMemoryStore::new().with_default_session(ours.clone());
///
/// // Somebody signs in again between the revocation and the clearing.
/// let theirs = newer.clone();
/// store.before_next_clear(|store| store.sign_in(theirs));
/// assert_eq!(store.clear(&ours)?, Clearing::Superseded);
/// assert!(store.holds(&newer));
/// assert_eq!(store.calls(), [StoreCall::Clear(ours.profile)]);
/// # Ok::<(), plexctl::ports::StoreError>(())
/// ```
///
/// A profile of any contents is added by [`with_profile`](Self::with_profile):
///
/// ```
/// use plexctl::domain::session::{ProfileName, Selection};
/// use plexctl::domain::{Profile, ProfileToken};
/// use plexctl::ports::{DefaultSetting, ProfileReader, ProfileWriter, StoreError};
/// use plexctl::testing::InMemoryStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let name = ProfileName::new("ci")?;
/// let profile = Profile { token: ProfileToken::new("no-session-token"), ..Profile::new(name.clone()) };
/// let store = InMemoryStore::new().with_profile(profile.clone());
/// assert_eq!(store.set_default(&name)?, DefaultSetting::Set);
/// assert_eq!(store.look_up(&Selection::Default)?, Some(profile));
///
/// store.fail_next_list(StoreError::Unusable { place: "memory".into(), source: "told to".into() });
/// assert!(store.list().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct InMemoryStore {
    state: Mutex<State>,
    failures: Mutex<Failures>,
    calls: Mutex<Vec<StoreCall>>,
    before_clear: BeforeClear,
}

#[derive(Debug, Default)]
struct State {
    pointer: Option<ProfileName>,
    profiles: Vec<Profile>,
}

/// What is to fail next.
#[derive(Debug, Default)]
struct Failures {
    find: Option<StoreError>,
    clear_rehearsal: Option<StoreError>,
    clear: Option<StoreError>,
    look_up: Option<StoreError>,
    list: Option<StoreError>,
    save_rehearsal: Option<StoreError>,
    save: Option<StoreError>,
    set_default: Option<StoreError>,
    forget: Option<StoreError>,
}

/// One call of an [`InMemoryStore`], by the name of its method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreCall {
    /// A session was looked for.
    Find(Selection),
    /// The clearing of this profile was rehearsed.
    RehearseClear(ProfileName),
    /// This profile was to be cleared.
    Clear(ProfileName),
    /// A profile was looked up.
    LookUp(Selection),
    /// The profiles were listed.
    List,
    /// The saving of a session in this profile was rehearsed.
    RehearseSave(ProfileName),
    /// A session was to be saved in this profile.
    Save(ProfileName),
    /// This profile was to become the default.
    SetDefault(ProfileName),
    /// This profile was to be forgotten.
    Forget(ProfileName),
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
        self.with_profile(session.into())
    }

    /// Adds a profile, in place of one of the same name.
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        self.put(profile);
        self
    }

    /// Adds a session and points the default to its profile.
    #[must_use]
    pub fn with_default_session(self, session: Session) -> Self {
        self.with_pointer(&session.profile).with_session(session)
    }

    /// Points the default to a profile, whether it is there or not.
    #[must_use]
    pub fn with_pointer(self, profile: &ProfileName) -> Self {
        lock(&self.state).pointer = Some(profile.clone());
        self
    }

    /// Stores a session, in place of one that its profile may hold: what a login does meanwhile.
    pub fn sign_in(&self, session: Session) {
        self.put(session.into());
    }

    /// Stores a profile, in place of one of the same name: what another program does meanwhile.
    pub fn put(&self, profile: Profile) {
        lock(&self.state).put(profile);
    }

    /// Removes a profile, and nothing else: what another program does meanwhile.
    pub fn remove(&self, name: &ProfileName) {
        lock(&self.state).profiles.retain(|profile| profile.name != *name);
    }

    /// Makes the next search for a session fail.
    pub fn fail_next_find(&self, error: StoreError) {
        lock(&self.failures).find = Some(error);
    }

    /// Makes the next rehearsal of a clearing fail.
    pub fn fail_next_rehearsal(&self, error: StoreError) {
        lock(&self.failures).clear_rehearsal = Some(error);
    }

    /// Makes the next clearing fail: after [`StoreError::NotDurable`] the profile is gone, after everything else nothing
    /// is changed.
    pub fn fail_next_clear(&self, error: StoreError) {
        lock(&self.failures).clear = Some(error);
    }

    /// Makes the next look-up of a profile fail.
    pub fn fail_next_look_up(&self, error: StoreError) {
        lock(&self.failures).look_up = Some(error);
    }

    /// Makes the next listing fail.
    pub fn fail_next_list(&self, error: StoreError) {
        lock(&self.failures).list = Some(error);
    }

    /// Makes the next rehearsal of a save fail.
    pub fn fail_next_save_rehearsal(&self, error: StoreError) {
        lock(&self.failures).save_rehearsal = Some(error);
    }

    /// Makes the next save fail: after [`StoreError::NotDurable`] the session is stored, and the outcome carries the
    /// error; after everything else nothing is changed.
    pub fn fail_next_save(&self, error: StoreError) {
        lock(&self.failures).save = Some(error);
    }

    /// Makes the next setting of the default fail: after [`StoreError::NotDurable`] it is set, after everything else
    /// nothing is changed.
    pub fn fail_next_default(&self, error: StoreError) {
        lock(&self.failures).set_default = Some(error);
    }

    /// Makes the next forgetting fail: after [`StoreError::NotDurable`] the profile is gone, after everything else
    /// nothing is changed.
    pub fn fail_next_forget(&self, error: StoreError) {
        lock(&self.failures).forget = Some(error);
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

    /// Tells whether this very session is stored.
    #[must_use]
    pub fn holds(&self, session: &Session) -> bool {
        lock(&self.state).profile(&session.profile).and_then(Profile::to_session).as_ref() == Some(session)
    }

    /// The names of the profiles, sorted.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        let mut names: Vec<_> =
            lock(&self.state).profiles.iter().map(|profile| profile.name.as_str().to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// A profile as it is stored. Unlike a look-up, this is not recorded.
    #[must_use]
    pub fn profile(&self, name: &ProfileName) -> Option<Profile> {
        lock(&self.state).profile(name).cloned()
    }

    /// The profile that the default pointer names.
    #[must_use]
    pub fn pointer(&self) -> Option<ProfileName> {
        lock(&self.state).pointer.clone()
    }

    fn record(&self, call: StoreCall) {
        lock(&self.calls).push(call);
    }
}

impl CredentialStore for InMemoryStore {
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError> {
        self.record(StoreCall::Find(selection.clone()));
        lock(&self.failures).find.take().map_or(Ok(()), Err)?;
        let state = lock(&self.state);
        let Some(profile) = state.selected(selection) else { return Ok(None) };
        let Some(token) = &profile.token else { return Ok(None) };
        let token = SessionToken::parse(token.expose_secret())
            .map_err(|error| StoreError::NotASessionToken { place: PLACE.to_owned(), source: error.into() })?;
        Ok(Some(Session { profile: profile.name.clone(), token, server: profile.server.clone() }))
    }

    fn rehearse_clear(&self, session: &Session) -> Result<(), StoreError> {
        self.record(StoreCall::RehearseClear(session.profile.clone()));
        lock(&self.failures).clear_rehearsal.take().map_or(Ok(()), Err)
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        self.record(StoreCall::Clear(session.profile.clone()));
        let change = lock(&self.before_clear.0).take();
        if let Some(change) = change {
            change(self);
        }
        let not_durable = not_durable(lock(&self.failures).clear.take())?;
        let mut state = lock(&self.state);
        match state.profile(&session.profile).and_then(|profile| profile.token.as_ref()) {
            None => return Ok(Clearing::Cleared),
            Some(token) if token.id() != Some(session.token.id()) => return Ok(Clearing::Superseded),
            Some(_) => state.forget(&session.profile),
        }
        not_durable.map_or(Ok(Clearing::Cleared), Err)
    }
}

impl ProfileReader for InMemoryStore {
    fn look_up(&self, selection: &Selection) -> Result<Option<Profile>, StoreError> {
        self.record(StoreCall::LookUp(selection.clone()));
        lock(&self.failures).look_up.take().map_or(Ok(()), Err)?;
        Ok(lock(&self.state).selected(selection).cloned())
    }

    fn list(&self) -> Result<ProfileList, StoreError> {
        self.record(StoreCall::List);
        lock(&self.failures).list.take().map_or(Ok(()), Err)?;
        Ok(lock(&self.state).list())
    }

    fn why_none(&self, selection: &Selection) -> Option<NoSessionReason> {
        let state = lock(&self.state);
        let profiles = state.list().names();
        match (selection, &state.pointer) {
            (Selection::Default, None) => Some(NoSessionReason::NoDefault { profiles }),
            (Selection::Default, Some(name)) => match state.profile(name) {
                None => Some(NoSessionReason::DanglingDefault { name: name.clone(), profiles }),
                Some(profile) => no_token(profile),
            },
            (Selection::Named(name), _) => match state.profile(name) {
                None => Some(NoSessionReason::NoProfile { name: name.clone(), profiles }),
                Some(profile) => no_token(profile),
            },
        }
    }

    fn place_of(&self, _: &ProfileName, _: ProfileKey) -> String {
        PLACE.to_owned()
    }
}

fn no_token(profile: &Profile) -> Option<NoSessionReason> {
    profile.token.is_none().then(|| NoSessionReason::NoToken { name: profile.name.clone() })
}

impl ProfileWriter for InMemoryStore {
    fn rehearse_save(&self, session: &NewSession) -> Result<(), StoreError> {
        self.record(StoreCall::RehearseSave(session.profile.clone()));
        lock(&self.failures).save_rehearsal.take().map_or(Ok(()), Err)
    }

    fn save(&self, session: &NewSession) -> Result<Saving, StoreError> {
        self.record(StoreCall::Save(session.profile.clone()));
        let not_durable = not_durable(lock(&self.failures).save.take())?;
        Ok(match lock(&self.state).save(session) {
            Saving::Saved { replaced, .. } => Saving::Saved { replaced, not_durable },
            Saving::Superseded => Saving::Superseded,
        })
    }

    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, StoreError> {
        self.record(StoreCall::SetDefault(profile.clone()));
        let not_durable = not_durable(lock(&self.failures).set_default.take())?;
        let mut state = lock(&self.state);
        if state.profile(profile).is_none() {
            return Ok(DefaultSetting::NoSuchProfile);
        }
        state.pointer = Some(profile.clone());
        not_durable.map_or(Ok(DefaultSetting::Set), Err)
    }

    fn forget(&self, profile: &Profile) -> Result<Forgetting, StoreError> {
        self.record(StoreCall::Forget(profile.name.clone()));
        let not_durable = not_durable(lock(&self.failures).forget.take())?;
        let mut state = lock(&self.state);
        let Some(held) = state.profile(&profile.name) else { return Ok(Forgetting::NoSuchProfile) };
        if !held.token.as_ref().is_none_or(|held| profile.token.as_ref().is_some_and(|seen| seen.is_same_session(held)))
        {
            return Ok(Forgetting::Superseded);
        }
        state.forget(&profile.name);
        not_durable.map_or(Ok(Forgetting::Forgotten), Err)
    }
}

/// Keeps back the failure of a change that is made all the same.
fn not_durable(failure: Option<StoreError>) -> Result<Option<StoreError>, StoreError> {
    match failure {
        Some(error @ StoreError::NotDurable { .. }) => Ok(Some(error)),
        Some(error) => Err(error),
        None => Ok(None),
    }
}

impl State {
    fn profile(&self, name: &ProfileName) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == *name)
    }

    fn selected(&self, selection: &Selection) -> Option<&Profile> {
        match selection {
            Selection::Default => self.profile(self.pointer.as_ref()?),
            Selection::Named(name) => self.profile(name),
        }
    }

    fn list(&self) -> ProfileList {
        ProfileList { place: PLACE.to_owned(), default: self.pointer.clone(), profiles: self.profiles.clone() }
    }

    fn put(&mut self, profile: Profile) {
        match self.profiles.iter_mut().find(|stored| stored.name == profile.name) {
            Some(stored) => *stored = profile,
            None => self.profiles.push(profile),
        }
    }

    fn forget(&mut self, name: &ProfileName) {
        self.profiles.retain(|profile| profile.name != *name);
        self.pointer.take_if(|pointer| pointer == name);
    }

    fn save(&mut self, session: &NewSession) -> Saving {
        let token = ProfileToken::from(session.token.clone());
        let before = self.profile(&session.profile);
        let held = before.and_then(|before| before.token.clone()).filter(|held| !held.is_same_session(&token));
        let seen = session.held_before.as_ref().and_then(|before| before.token.as_ref());
        if held.as_ref().is_some_and(|held| !seen.is_some_and(|seen| seen.is_same_session(held))) {
            return Saving::Superseded;
        }
        let replaced = held.and_then(|held| {
            let mut names = replaced_names(&session.profile, &held, session.time);
            let name = names.find(|name| self.profile(name).is_none())?;
            let (server, expires_at) = (before?.server.clone(), before?.expires_at);
            Some(Profile { server, token: Some(held), expires_at, ..Profile::new(name) })
        });
        self.put(session.to_profile());
        if let Some(replaced) = &replaced {
            self.put(replaced.clone());
        }
        self.pointer.get_or_insert_with(|| session.profile.clone());
        Saving::Saved { replaced, not_durable: None }
    }
}
