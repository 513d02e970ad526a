//! A credential store in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::lock;
use crate::domain::session::{ProfileName, Selection, Session};
use crate::ports::credential_store::{Clearing, CredentialStore, StoreError};

/// A [`CredentialStore`] in memory, which keeps the port's promises and can be told to fail.
///
/// ```
/// use plexctl::domain::session::{ProfileName, Session};
/// use plexctl::domain::token::SessionToken;
/// use plexctl::testing::InMemoryStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let session = Session {
///     profile: ProfileName::new("default")?,
///     token: SessionToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_secret")?,
///     server: Some("https://plexsphere.example".to_owned()),
/// };
/// let store = InMemoryStore::new().with_default_session(session.clone());
/// assert!(store.holds(&session));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct InMemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pointer: Option<ProfileName>,
    sessions: BTreeMap<String, Session>,
    find_failure: Option<StoreError>,
    rehearsal_failure: Option<StoreError>,
    clear_failure: Option<StoreError>,
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

    /// Adds a session and points the default to its profile.
    #[must_use]
    pub fn with_default_session(self, session: Session) -> Self {
        lock(&self.state).pointer = Some(session.profile.clone());
        self.with_session(session)
    }

    /// Stores a session, in place of one that its profile may hold: what a login does meanwhile.
    pub fn sign_in(&self, session: Session) {
        lock(&self.state).sessions.insert(session.profile.as_str().to_owned(), session);
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

    /// Tells whether this very session is stored.
    #[must_use]
    pub fn holds(&self, session: &Session) -> bool {
        lock(&self.state).sessions.get(session.profile.as_str()) == Some(session)
    }

    /// The profile that the default pointer names.
    #[must_use]
    pub fn pointer(&self) -> Option<ProfileName> {
        lock(&self.state).pointer.clone()
    }
}

impl CredentialStore for InMemoryStore {
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError> {
        let mut state = lock(&self.state);
        if let Some(error) = state.find_failure.take() {
            return Err(error);
        }
        let selected = match selection {
            Selection::Default => state.pointer.as_ref(),
            Selection::Named(name) => Some(name),
        };
        Ok(selected.and_then(|name| state.sessions.get(name.as_str())).cloned())
    }

    fn rehearse_clear(&self, _session: &Session) -> Result<(), StoreError> {
        lock(&self.state).rehearsal_failure.take().map_or(Ok(()), Err)
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        let mut state = lock(&self.state);
        if let Some(error) = state.clear_failure.take() {
            return Err(error);
        }
        match state.sessions.get(session.profile.as_str()).map(|stored| &stored.token) {
            None => Ok(Clearing::Cleared),
            Some(token) if *token != session.token => Ok(Clearing::Replaced),
            Some(_) => {
                state.sessions.remove(session.profile.as_str());
                state.pointer.take_if(|pointer| *pointer == session.profile);
                Ok(Clearing::Cleared)
            }
        }
    }
}
