//! The side of the store in memory that a login sees.

use super::in_memory_store::{InMemoryStore, PLACE, Profile, State, StoreCall};
use super::lock;
use crate::domain::new_session::NewSession;
use crate::domain::replaced_name::replaced_names;
use crate::domain::session::ProfileName;
use crate::domain::stored_token::{ProfileContents, StoredToken};
use crate::domain::timestamp::Timestamp;
use crate::ports::session_keeper::{KeepError, Saving, SessionKeeper};

/// What a login sees of the store.
///
/// ```
/// use plexctl::domain::session::ProfileName;
/// use plexctl::domain::stored_token::{ProfileContents, StoredToken};
/// use plexctl::ports::session_keeper::{KeepError, SessionKeeper};
/// use plexctl::testing::InMemoryStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let name = ProfileName::new("default")?;
/// let contents = ProfileContents { server: None, token: StoredToken::new("a JWT, say") };
/// let store = InMemoryStore::new().with_profile(&name, contents.clone());
/// assert_eq!(store.look_up(&name)?, contents);
///
/// store.fail_next_look_up(KeepError::Unusable { place: "memory".into(), source: "told to".into() });
/// assert!(store.look_up(&name).is_err());
/// # Ok(())
/// # }
/// ```
impl InMemoryStore {
    /// Makes the next look-up of what a profile holds fail.
    pub fn fail_next_look_up(&self, error: KeepError) {
        lock(&self.state).look_up_failure = Some(error);
    }

    /// Makes the next rehearsal of a save fail.
    pub fn fail_next_save_rehearsal(&self, error: KeepError) {
        lock(&self.state).save_rehearsal_failure = Some(error);
    }

    /// Makes the next save fail: after [`KeepError::NotDurable`] the session is stored, and where the replaced token was
    /// put is told; after everything else nothing is changed.
    pub fn fail_next_save(&self, error: KeepError) {
        lock(&self.state).save_failure = Some(error);
    }

    /// When the session of a profile expires.
    #[must_use]
    pub fn expiry(&self, profile: &ProfileName) -> Option<Timestamp> {
        lock(&self.state).profiles.get(profile.as_str()).and_then(|profile| profile.expires_at)
    }
}

impl SessionKeeper for InMemoryStore {
    fn look_up(&self, profile: &ProfileName) -> Result<ProfileContents, KeepError> {
        self.record(StoreCall::LookUp(profile.clone()));
        let mut state = lock(&self.state);
        if let Some(error) = state.look_up_failure.take() {
            return Err(error);
        }
        Ok(state.profiles.get(profile.as_str()).map(|profile| profile.contents.clone()).unwrap_or_default())
    }

    fn rehearse_save(&self, session: &NewSession) -> Result<(), KeepError> {
        self.record(StoreCall::RehearseSave(session.profile.clone()));
        lock(&self.state).save_rehearsal_failure.take().map_or(Ok(()), Err)
    }

    fn save(&self, session: &NewSession) -> Result<Saving, KeepError> {
        self.record(StoreCall::Save(session.profile.clone()));
        let mut state = lock(&self.state);
        match state.save_failure.take() {
            None => Ok(state.save(session)),
            Some(KeepError::NotDurable { source, .. }) => match state.save(session) {
                Saving::Saved { put_aside } => {
                    Err(KeepError::NotDurable { place: PLACE.to_owned(), put_aside, source })
                }
                Saving::Superseded => Ok(Saving::Superseded),
            },
            Some(error) => Err(error),
        }
    }
}

impl State {
    fn save(&mut self, session: &NewSession) -> Saving {
        let token = StoredToken::new(session.token.expose_secret());
        let before = self.profiles.get(session.profile.as_str()).cloned().unwrap_or_default();
        let replaced = before.contents.token.clone().filter(|held| Some(held) != token.as_ref());
        if replaced.is_some() && replaced != session.held_before.token {
            return Saving::Superseded;
        }
        let put_aside = replaced.and_then(|replaced| {
            replaced_names(&session.profile, &replaced, session.time)
                .find(|name| !self.profiles.contains_key(name.as_str()))
        });
        if let Some(name) = &put_aside {
            self.profiles.insert(name.as_str().to_owned(), before);
        }
        let contents = ProfileContents { server: Some(session.server.as_given().to_owned()), token };
        let profile = Profile { contents, expires_at: session.expires_at };
        self.profiles.insert(session.profile.as_str().to_owned(), profile);
        self.pointer.get_or_insert_with(|| session.profile.clone());
        Saving::Saved { put_aside }
    }
}
