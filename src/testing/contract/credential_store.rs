//! What a [`CredentialStore`] promises.

use super::{SECRET, id, name, named, promise, session_token, shown};
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::session::{Selection, Session};
use crate::ports::credential_store::{Clearing, CredentialStore};
use crate::ports::store_error::StoreError;
use crate::testing::InMemoryStore;

/// A store with the means to look into it and to change it from outside, as another program would.
pub trait StoreUnderTest {
    /// A store that holds these profiles in this order, and a default pointer to this one, whether it is there or not.
    fn holding(profiles: &[Profile], pointer: Option<&str>) -> Self;

    /// The store.
    fn store(&self) -> &dyn CredentialStore;

    /// Stores a profile in place of one of the same name.
    fn put(&self, profile: &Profile);

    /// Stores a profile whose token is an empty text, if the store can hold one.
    fn put_empty_token(&self, profile: &str);

    /// Removes a profile, and nothing else.
    fn remove(&self, profile: &str);

    /// Everything that is stored, and whatever else a write would change, such as the identity of a file.
    fn snapshot(&self) -> String;

    /// Makes the next change fail without changing anything.
    fn break_next_change(&self);

    /// Takes that back, where it does not end by itself.
    fn mend(&self);
}

impl StoreUnderTest for InMemoryStore {
    fn holding(profiles: &[Profile], pointer: Option<&str>) -> Self {
        let store = pointer.map_or_else(Self::new, |pointer| Self::new().with_pointer(&name(pointer)));
        profiles.iter().fold(store, |store, profile| store.with_profile(profile.clone()))
    }

    fn store(&self) -> &dyn CredentialStore {
        self
    }

    fn put(&self, profile: &Profile) {
        self.put(profile.clone());
    }

    fn put_empty_token(&self, profile: &str) {
        self.put(Profile::new(name(profile)));
    }

    fn remove(&self, profile: &str) {
        self.remove(&name(profile));
    }

    fn snapshot(&self) -> String {
        let profiles = self.profiles().into_iter().filter_map(|profile| self.profile(&name(&profile)));
        let profiles = profiles.map(|profile| {
            let token = profile.token.as_ref().map(|token| token.expose_secret().to_owned());
            format!("{profile:?} {:?} {token:?}", profile.server)
        });
        format!("{:?} {:?}", self.pointer(), profiles.collect::<Vec<_>>())
    }

    fn break_next_change(&self) {
        let place = || "memory".to_owned();
        self.fail_next_clear(StoreError::NotCleared { place: place(), source: "told to".into() });
        self.fail_next_save(StoreError::NotWritten { place: place(), source: "told to".into() });
        self.fail_next_default(StoreError::NotWritten { place: place(), source: "told to".into() });
        self.fail_next_forget(StoreError::NotWritten { place: place(), source: "told to".into() });
    }

    fn mend(&self) {}
}

/// A profile with a session token of this number, at this server.
fn holding(profile: &str, number: u8, server: Option<&str>) -> Profile {
    Profile {
        server: server.map(str::to_owned),
        token: ProfileToken::new(session_token(number)),
        ..Profile::new(name(profile))
    }
}

fn ours() -> Profile {
    holding("ours", 1, Some("https://ours.example/base"))
}

fn other() -> Profile {
    holding("other", 2, None)
}

fn session(profile: &Profile) -> Session {
    profile.to_session().unwrap()
}

/// What was found, with all that its `Debug` form redacts.
fn unredacted(found: Option<Session>) -> Option<(String, String, Option<String>)> {
    let found = found?;
    Some((found.profile.as_str().to_owned(), found.token.expose_secret().to_owned(), found.server))
}

fn assert_finds<S: StoreUnderTest>(under_test: &S, selection: &Selection, expected: Option<&Profile>) {
    let found = under_test.store().find(selection).unwrap();
    assert_eq!(unredacted(found), unredacted(expected.map(session)), "the session that {selection:?} finds");
}

/// Holds a store to every promise of [`CredentialStore`].
pub fn a_store_keeps_its_promises<S: StoreUnderTest>() {
    promise(1, "what it finds is what is stored", || {
        let unusable = holding("unusable", 3, Some("no URL"));
        let holding = S::holding(&[ours(), other(), unusable.clone()], Some("ours"));
        assert_finds(&holding, &Selection::Default, Some(&ours()));
        for profile in [ours(), other(), unusable] {
            assert_finds(&holding, &Selection::Named(profile.name.clone()), Some(&profile));
        }
    });
    promise(2, "all ways of having no session are alike, and the pointer never falls through", || {
        assert_finds(&S::holding(&[], None), &Selection::Default, None);
        assert_finds(&S::holding(&[], None), &named("ours"), None);
        assert_finds(&S::holding(&[ours()], None), &Selection::Default, None);
        assert_finds(&S::holding(&[ours()], Some("missing")), &Selection::Default, None);
        assert_finds(&S::holding(&[ours()], Some("ours")), &named("missing"), None);
        let bare = Profile { token: None, ..ours() };
        assert_finds(&S::holding(&[bare, other()], Some("ours")), &Selection::Default, None);
        let empty = S::holding(&[other()], Some("empty"));
        empty.put_empty_token("empty");
        assert_finds(&empty, &Selection::Default, None);
        assert_finds(&empty, &named("empty"), None);
    });
    promise(3, "finding and rehearsing change nothing", || {
        let holding = S::holding(&[ours(), other()], Some("ours"));
        let before = holding.snapshot();
        holding.store().find(&Selection::Default).unwrap();
        holding.store().find(&named("missing")).unwrap();
        holding.store().find(&named("ours")).unwrap();
        holding.store().rehearse_clear(&session(&ours())).unwrap();
        assert_eq!(holding.snapshot(), before);
    });
    promise(4, "what is rehearsed can be cleared, with its pointer, and nothing else goes", || {
        for (pointer, left) in [(Some("ours"), None), (Some("other"), Some(other())), (None, None)] {
            let holding = S::holding(&[ours(), other()], pointer);
            // Whatever was found last.
            holding.store().find(&named("ours")).unwrap();
            holding.store().find(&named("other")).unwrap();
            holding.store().rehearse_clear(&session(&ours())).unwrap();
            assert_eq!(holding.store().clear(&session(&ours())).unwrap(), Clearing::Cleared);
            assert_finds(&holding, &named("ours"), None);
            assert_finds(&holding, &named("other"), Some(&other()));
            // A pointer that stayed would find what is stored under the name later.
            holding.put(&ours());
            assert_finds(&holding, &Selection::Default, left.as_ref());
        }
    });
    promise(5, "clearing decides by the store as it is now, and by the id of the token", || {
        let holding = S::holding(&[ours(), other()], Some("ours"));
        let found = holding.store().find(&Selection::Default).unwrap().unwrap();
        holding.store().rehearse_clear(&found).unwrap();
        let newer = self::holding("ours", 3, Some("https://newer.example"));
        holding.put(&newer);
        let before = holding.snapshot();
        holding.store().clear(&found).unwrap();
        assert_eq!(holding.snapshot(), before, "a token with another id stays");

        let rotated = session_token(1).replace(SECRET, "rotated");
        holding.put(&Profile { token: ProfileToken::new(rotated), ..ours() });
        assert_eq!(holding.store().clear(&found).unwrap(), Clearing::Cleared);
        assert_finds(&holding, &named("ours"), None);
    });
    promise(6, "what is gone counts as cleared, and a profile with another token is superseded", || {
        let holding = S::holding(&[ours(), other()], None);
        holding.put(&self::holding("ours", 3, None));
        assert_eq!(holding.store().clear(&session(&ours())).unwrap(), Clearing::Superseded);
        holding.put(&Profile { token: ProfileToken::new("a.jwt"), ..ours() });
        assert_eq!(holding.store().clear(&session(&ours())).unwrap(), Clearing::Superseded);
        holding.put(&Profile { token: None, ..ours() });
        assert_eq!(holding.store().clear(&session(&ours())).unwrap(), Clearing::Cleared);
        holding.remove("ours");
        assert_eq!(holding.store().clear(&session(&ours())).unwrap(), Clearing::Cleared);
        assert_eq!(S::holding(&[], None).store().clear(&session(&ours())).unwrap(), Clearing::Cleared);
    });
    promise(7, "clearing succeeds as a whole or changes nothing", || {
        let holding = S::holding(&[ours(), other()], Some("ours"));
        holding.break_next_change();
        let error = holding.store().clear(&session(&ours())).unwrap_err();
        assert!(matches!(error, StoreError::NotCleared { .. }), "{error:?}");
        holding.mend();
        assert_finds(&holding, &Selection::Default, Some(&ours()));
        assert_finds(&holding, &named("other"), Some(&other()));
        assert_eq!(holding.store().clear(&session(&ours())).unwrap(), Clearing::Cleared);
    });
    promise(8, "no error carries any part of a token but its id", || {
        for token in [format!("no-session-{SECRET}"), format!("psk_dev_{}_{SECRET} {SECRET}", id(1))] {
            let holding = S::holding(&[Profile { token: ProfileToken::new(token), ..ours() }], Some("ours"));
            let error = holding.store().find(&Selection::Default).unwrap_err();
            assert!(matches!(error, StoreError::NotASessionToken { .. }), "{error:?}");
            assert!(!shown(&error).contains(SECRET), "{error:?}");
        }
        let holding = S::holding(&[ours()], None);
        holding.break_next_change();
        let error = holding.store().clear(&session(&ours())).unwrap_err();
        assert!(!shown(&error).contains(SECRET), "{error:?}");
        holding.mend();
    });
}
