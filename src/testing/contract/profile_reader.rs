//! What a [`ProfileReader`] promises.

use std::time::{Duration, UNIX_EPOCH};

use super::{SECRET, StoreUnderTest, id, name, named, promise, session_token, shown};
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::{BindingAlias, IdpBinding};
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::session::Selection;
use crate::domain::timestamp::Timestamp;
use crate::ports::profile_reader::{NoSessionReason, ProfileKey, ProfileReader};
use crate::ports::profile_writer::ProfileWriter;
use crate::testing::InMemoryStore;

/// A store that keeps profiles, with the means to look into it and to change it from outside.
pub trait ProfileStoreUnderTest: StoreUnderTest {
    /// The store, as it is read.
    fn reader(&self) -> &dyn ProfileReader;

    /// The store, as it is changed.
    fn writer(&self) -> &dyn ProfileWriter;
}

impl ProfileStoreUnderTest for InMemoryStore {
    fn reader(&self) -> &dyn ProfileReader {
        self
    }

    fn writer(&self) -> &dyn ProfileWriter {
        self
    }
}

/// Profiles with every kind of token, and with and without each value. Their names are not in the order of the alphabet.
pub(super) fn profiles() -> [Profile; 4] {
    let profile = |profile: &str, server: Option<&str>, token: &str| Profile {
        server: server.map(str::to_owned),
        token: ProfileToken::new(token),
        ..Profile::new(name(profile))
    };
    let id = Identifier::parse(&id(9)).unwrap();
    [
        Profile {
            expires_at: Some(Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_360))),
            domain_id: Some(id),
            idp_binding: Some(IdpBinding::Alias(BindingAlias::parse("google").unwrap())),
            ..profile("dev", Some("https://dev.example/base"), &session_token(1))
        },
        Profile {
            domain_id: Some(id),
            idp_binding: Some(IdpBinding::Id(id)),
            ..profile("ci", Some(&format!("https://user:{SECRET}@ci.example")), &format!("e30.{SECRET}"))
        },
        profile("junk", Some("no URL"), &format!("no token: {SECRET}")),
        profile("bare", None, ""),
    ]
}

/// A profile with all that its `Debug` form redacts.
pub(super) fn unredacted(profile: Option<&Profile>) -> Option<String> {
    let profile = profile?;
    let token = profile.token.as_ref().map(|token| token.expose_secret().to_owned());
    Some(format!("{profile:?} {token:?} at {:?}", profile.server))
}

/// Holds a store to every promise of [`ProfileReader`].
pub fn a_profile_reader_keeps_its_promises<S: ProfileStoreUnderTest>() {
    promise(1, "what it looks up is what is stored, whatever that is worth", || {
        let holding = S::holding(&profiles(), Some("ci"));
        for profile in &profiles() {
            let found = holding.reader().look_up(&Selection::Named(profile.name.clone())).unwrap();
            assert_eq!(unredacted(found.as_ref()), unredacted(Some(profile)));
        }
        let default = holding.reader().look_up(&Selection::Default).unwrap();
        assert_eq!(unredacted(default.as_ref()), unredacted(Some(&profiles()[1])));
    });
    promise(2, "all ways of having no profile are alike, and the pointer never falls through", || {
        let look_up = |holding: &S, selection: &Selection| holding.reader().look_up(selection).unwrap();
        assert_eq!(look_up(&S::holding(&[], None), &named("dev")), None);
        assert_eq!(look_up(&S::holding(&profiles(), None), &Selection::Default), None);
        assert_eq!(look_up(&S::holding(&profiles(), Some("missing")), &Selection::Default), None);
        let holding = S::holding(&profiles(), Some("dev"));
        assert_eq!(look_up(&holding, &named("missing")), None);
        holding.put_empty_token("empty");
        assert_eq!(look_up(&holding, &named("empty")).and_then(|profile| profile.token), None);
    });
    promise(3, "a list has every profile once, in the store's order, and the pointer as it is stored", || {
        for pointer in [None, Some("dev"), Some("missing")] {
            let list = S::holding(&profiles(), pointer).reader().list().unwrap();
            let listed: Vec<_> = list.profiles.iter().map(|profile| unredacted(Some(profile))).collect();
            assert_eq!(listed, profiles().each_ref().map(|profile| unredacted(Some(profile))));
            assert_eq!(list.default, pointer.map(name));
            assert!(!list.place.is_empty());
        }
        let empty = S::holding(&[], None).reader().list().unwrap();
        assert_eq!((empty.profiles, empty.default), (Vec::new(), None));
    });
    promise(4, "it says why there is no session", || {
        let why = |pointer, selection: &Selection| S::holding(&profiles(), pointer).reader().why_none(selection);
        let all = || profiles().each_ref().map(|profile| profile.name.clone()).to_vec();
        let missing = || name("missing");
        assert_eq!(why(None, &Selection::Default), Some(NoSessionReason::NoDefault { profiles: all() }));
        let dangling = NoSessionReason::DanglingDefault { name: missing(), profiles: all() };
        assert_eq!(why(Some("missing"), &Selection::Default), Some(dangling));
        let no_profile = NoSessionReason::NoProfile { name: missing(), profiles: all() };
        assert_eq!(why(Some("dev"), &named("missing")), Some(no_profile));
        assert_eq!(why(Some("bare"), &Selection::Default), Some(NoSessionReason::NoToken { name: name("bare") }));
        assert_eq!(why(None, &named("bare")), Some(NoSessionReason::NoToken { name: name("bare") }));
        assert_eq!(why(Some("dev"), &Selection::Default), None);
    });
    promise(5, "reading changes and creates nothing", || {
        let holding = S::holding(&profiles(), Some("dev"));
        let before = holding.snapshot();
        holding.reader().look_up(&Selection::Default).unwrap();
        holding.reader().look_up(&named("missing")).unwrap();
        holding.reader().list().unwrap();
        holding.reader().why_none(&named("missing"));
        assert!(!holding.reader().place_of(&name("dev"), ProfileKey::Server).is_empty());
        assert_eq!(holding.snapshot(), before);
    });
    promise(6, "neither an error nor a `Debug` form carries any part of a token", || {
        let holding = S::holding(&profiles(), Some("dev"));
        let list = holding.reader().list().unwrap();
        assert!(!format!("{list:?}").contains(SECRET));
        for profile in &profiles() {
            match holding.reader().look_up(&Selection::Named(profile.name.clone())) {
                Ok(found) => assert!(!format!("{found:?}").contains(SECRET)),
                Err(error) => assert!(!shown(&error).contains(SECRET), "{error:?}"),
            }
        }
    });
}
