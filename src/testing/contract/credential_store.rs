//! What a [`CredentialStore`] promises.

use super::{SECRET, name, named, session_token, shown};
use crate::domain::session::{Selection, Session};
use crate::domain::token::SessionToken;
use crate::ports::credential_store::{Clearing, CredentialStore, StoreError};
use crate::testing::InMemoryStore;

/// A store with the means to change it from outside.
pub trait StoreUnderTest {
    /// A store that holds these sessions, and a default pointer to this profile, whether it is there or not.
    fn holding(sessions: &[Session], pointer: Option<&str>) -> Self;

    /// The store.
    fn store(&self) -> &dyn CredentialStore;

    /// Stores a session in place of what its profile holds, as another program would.
    fn sign_in(&self, session: &Session);

    /// Removes a profile, as another program would.
    fn remove(&self, profile: &str);

    /// Makes the next clearing fail.
    fn break_next_clear(&self);

    /// Takes that back, where it does not end by itself.
    fn mend(&self);
}

impl StoreUnderTest for InMemoryStore {
    fn holding(sessions: &[Session], pointer: Option<&str>) -> Self {
        sessions.iter().fold(Self::new(), |store, session| {
            if pointer == Some(session.profile.as_str()) {
                store.with_default_session(session.clone())
            } else {
                store.with_session(session.clone())
            }
        })
    }

    fn store(&self) -> &dyn CredentialStore {
        self
    }

    fn sign_in(&self, session: &Session) {
        self.sign_in(session.clone());
    }

    fn remove(&self, profile: &str) {
        let stored = self.find(&named(profile)).unwrap().unwrap();
        self.clear(&stored).unwrap();
    }

    fn break_next_clear(&self) {
        self.fail_next_clear(StoreError::NotCleared { place: "memory".into(), source: "told to".into() });
    }

    fn mend(&self) {}
}

fn session(profile: &str, number: u8) -> Session {
    Session {
        profile: name(profile),
        token: SessionToken::parse(session_token(number)).unwrap(),
        server: Some(format!("https://server-{number}.example")),
    }
}

/// Holds a store against every promise of its port.
pub fn a_store_keeps_its_promises<S: StoreUnderTest>() {
    let (ours, other) = (session("ours", 1), session("other", 2));
    let both = [ours.clone(), other.clone()];

    // It finds what is stored, by name and by pointer, and nothing else.
    let holding = S::holding(&both, Some("ours"));
    assert_eq!(holding.store().find(&Selection::Default).unwrap().as_ref(), Some(&ours));
    assert_eq!(holding.store().find(&named("other")).unwrap().as_ref(), Some(&other));
    assert_eq!(holding.store().find(&named("missing")).unwrap(), None);
    assert_eq!(S::holding(&both, None).store().find(&Selection::Default).unwrap(), None);
    assert_eq!(S::holding(&[], None).store().find(&named("ours")).unwrap(), None);

    // Finding and rehearsing change nothing; clearing then removes the profile and its pointer alone.
    assert_eq!(holding.store().find(&named("ours")).unwrap().as_ref(), Some(&ours));
    holding.store().rehearse_clear(&ours).unwrap();
    assert_eq!(holding.store().find(&Selection::Default).unwrap().as_ref(), Some(&ours));
    assert_eq!(holding.store().clear(&ours).unwrap(), Clearing::Cleared);
    assert_eq!(holding.store().find(&named("ours")).unwrap(), None);
    assert_eq!(holding.store().find(&Selection::Default).unwrap(), None);
    assert_eq!(holding.store().find(&named("other")).unwrap().as_ref(), Some(&other));
    holding.sign_in(&ours);
    assert_eq!(holding.store().find(&Selection::Default).unwrap(), None, "the pointer came back");

    // A pointer to another profile stays.
    let holding = S::holding(&both, Some("other"));
    assert_eq!(holding.store().clear(&ours).unwrap(), Clearing::Cleared);
    assert_eq!(holding.store().find(&Selection::Default).unwrap().as_ref(), Some(&other));

    // Clearing judges the store as it is now: gone is cleared, another token stays.
    let holding = S::holding(&both, None);
    let found = holding.store().find(&named("ours")).unwrap().unwrap();
    holding.store().rehearse_clear(&found).unwrap();
    let newer = session("ours", 3);
    holding.sign_in(&newer);
    assert_eq!(holding.store().clear(&found).unwrap(), Clearing::Superseded);
    assert_eq!(holding.store().find(&named("ours")).unwrap().as_ref(), Some(&newer));
    holding.remove("ours");
    assert_eq!(holding.store().clear(&newer).unwrap(), Clearing::Cleared);

    // What was rehearsed for one token does not clear another.
    let holding = S::holding(&both, None);
    let found = holding.store().find(&named("ours")).unwrap().unwrap();
    holding.store().rehearse_clear(&found).unwrap();
    assert_eq!(holding.store().clear(&newer).unwrap(), Clearing::Superseded);
    assert_eq!(holding.store().find(&named("ours")).unwrap().as_ref(), Some(&ours));

    // A failure changes nothing and shows nothing of the token.
    holding.break_next_clear();
    let error = holding.store().clear(&ours).unwrap_err();
    assert!(matches!(error, StoreError::NotCleared { .. }), "{error:?}");
    assert!(!shown(&error).contains(SECRET), "{error:?}");
    holding.mend();
    assert_eq!(holding.store().find(&named("ours")).unwrap().as_ref(), Some(&ours));
    assert_eq!(holding.store().clear(&ours).unwrap(), Clearing::Cleared);
}
