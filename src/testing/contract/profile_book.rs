//! What a [`ProfileBook`] and the [`CredentialReader`] of the same store promise.

use std::fmt::Debug;
use std::time::{Duration, UNIX_EPOCH};

use super::{SECRET, name, named, shown};
use crate::domain::session::{ProfileName, Selection};
use crate::domain::shown_server::ShownServer;
use crate::domain::stored_token::{ProfileContents, StoredToken};
use crate::domain::timestamp::Timestamp;
use crate::domain::token::SessionToken;
use crate::ports::credential_reader::{CredentialError, CredentialReader};
use crate::ports::profile_book::{
    BookError, DefaultSetting, Forgetting, ForgottenProfile, HeldToken, ListedProfile, MissingProfile, ProfileBook,
};
use crate::testing::InMemoryStore;

const SESSION_TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_c4nary-s3cret";

/// The expiry that one profile stores, as text and in seconds from the Unix epoch on.
pub const EXPIRY: (&str, u64) = ("2026-11-25T13:46:00Z", 1_795_614_360);

/// A profile as a store is to hold it.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// Its name.
    pub name: &'static str,
    /// The server that it stores.
    pub server: Option<&'static str>,
    /// The token that it stores, of any kind or none at all.
    pub token: Option<&'static str>,
    /// Whether it stores [`EXPIRY`].
    pub expires: bool,
}

/// What every store holds: in the order of their names, so that it is that of any store.
const PROFILES: [Stored; 4] = [
    Stored { name: "bare", server: Some("https://bare.example"), token: None, expires: false },
    Stored {
        name: "ci",
        server: Some("https://u:c4nary-s3cret@ci.example"),
        token: Some("e30.c4nary-s3cret"),
        expires: false,
    },
    Stored { name: "dev", server: Some("https://dev.example/base"), token: Some(SESSION_TOKEN), expires: true },
    Stored { name: "junk", server: None, token: Some("no b64token: c4nary-s3cret"), expires: false },
];

/// A store with the means to look at it from outside.
pub trait BookUnderTest {
    /// A store that holds these profiles in this order, and a default pointer to this one.
    fn holding(profiles: &[Stored], pointer: Option<&str>) -> Self;

    /// The store, as it lists profiles.
    fn book(&self) -> &dyn ProfileBook;

    /// The same store, as it reads credentials.
    fn credentials(&self) -> &dyn CredentialReader;

    /// Everything that is stored, and whatever else a write would change.
    fn snapshot(&self) -> String;

    /// Makes the next change fail without changing anything.
    fn break_next_change(&self);

    /// Takes that back, where it does not end by itself.
    fn mend(&self);
}

impl BookUnderTest for InMemoryStore {
    fn holding(profiles: &[Stored], pointer: Option<&str>) -> Self {
        let store = profiles.iter().fold(Self::new(), |store, stored| {
            let contents = ProfileContents {
                server: stored.server.map(str::to_owned),
                token: stored.token.and_then(StoredToken::new),
            };
            let store = store.with_profile(&name(stored.name), contents);
            let time = Timestamp::from(UNIX_EPOCH + Duration::from_secs(EXPIRY.1));
            if stored.expires { store.with_expiry(&name(stored.name), time) } else { store }
        });
        match pointer {
            Some(pointer) => store.with_pointer(&name(pointer)),
            None => store,
        }
    }

    fn book(&self) -> &dyn ProfileBook {
        self
    }

    fn credentials(&self) -> &dyn CredentialReader {
        self
    }

    fn snapshot(&self) -> String {
        format!("{:?}", self.list().unwrap())
    }

    fn break_next_change(&self) {
        let error = || BookError::NotWritten { place: "memory".into(), source: "told to".into() };
        self.fail_next_default(error());
        self.fail_next_forget(error());
    }

    fn mend(&self) {}
}

fn names() -> Vec<ProfileName> {
    PROFILES.iter().map(|stored| name(stored.name)).collect()
}

fn assert_keeps_secrets(value: &impl Debug) {
    let shown = format!("{value:?}");
    assert!(!shown.contains(SECRET), "{shown}");
}

fn listed() -> Vec<ListedProfile> {
    let id = SessionToken::parse(SESSION_TOKEN).unwrap().id();
    let profile = |profile: &str, server: Option<&str>, token, expires_at: Option<&str>| ListedProfile {
        name: name(profile),
        server: server.map(ShownServer::new),
        token,
        expires_at: expires_at.map(str::to_owned),
    };
    vec![
        profile("bare", Some("https://bare.example"), None, None),
        profile("ci", Some("https://ci.example"), Some(HeldToken::WithoutId), None),
        profile("dev", Some("https://dev.example/base"), Some(HeldToken::Session(id)), Some(EXPIRY.0)),
        profile("junk", None, Some(HeldToken::WithoutId), None),
    ]
}

/// Holds a store against every promise of both roles.
pub fn a_book_keeps_its_promises<B: BookUnderTest>() {
    a_list_shows_what_is_stored_and_no_secret::<B>();
    setting_the_default_changes_the_pointer_alone::<B>();
    forgetting_removes_one_profile_and_tells_what_it_held::<B>();
    a_failed_change_changes_nothing_and_shows_no_secret::<B>();
    a_credential_of_any_kind_is_read_as_it_is_stored::<B>();
}

fn a_list_shows_what_is_stored_and_no_secret<B: BookUnderTest>() {
    for pointer in [None, Some("dev"), Some("gone")] {
        let holding = B::holding(&PROFILES, pointer);
        let before = holding.snapshot();
        let list = holding.book().list().unwrap();
        assert_eq!((&list.profiles, &list.default), (&listed(), &pointer.map(name)));
        assert!(!list.place.is_empty());
        assert_keeps_secrets(&list);
        assert_eq!(holding.snapshot(), before);
    }
    let empty = B::holding(&[], None);
    let before = empty.snapshot();
    let list = empty.book().list().unwrap();
    assert_eq!((list.profiles, list.default), (vec![], None));
    assert_eq!(empty.snapshot(), before);
}

fn setting_the_default_changes_the_pointer_alone<B: BookUnderTest>() {
    for pointer in [None, Some("dev"), Some("gone")] {
        let holding = B::holding(&PROFILES, pointer);
        let book = holding.book();
        let place = book.list().unwrap().place;
        let before = holding.snapshot();

        let missing = DefaultSetting::NoSuchProfile(MissingProfile { place, present: names() });
        assert_eq!(book.set_default(&name("missing")).unwrap(), missing);
        assert_eq!(holding.snapshot(), before);

        assert_eq!(book.set_default(&name("junk")).unwrap(), DefaultSetting::Set);
        let list = book.list().unwrap();
        assert_eq!((list.profiles, list.default), (listed(), Some(name("junk"))));

        let before = holding.snapshot();
        assert_eq!(book.set_default(&name("junk")).unwrap(), DefaultSetting::AlreadySet);
        assert_eq!(holding.snapshot(), before);
    }
    let missing = B::holding(&[], None).book().set_default(&name("dev")).unwrap();
    assert!(matches!(missing, DefaultSetting::NoSuchProfile(MissingProfile { present, .. }) if present.is_empty()));
}

fn forgetting_removes_one_profile_and_tells_what_it_held<B: BookUnderTest>() {
    for (index, profile) in listed().into_iter().enumerate() {
        for pointer in [None, Some(profile.name.as_str()), Some("gone")] {
            let holding = B::holding(&PROFILES, pointer);
            let held = ForgottenProfile { server: profile.server.clone(), token: profile.token };
            let forgotten = holding.book().forget(&profile.name).unwrap();
            assert_keeps_secrets(&forgotten);
            assert_eq!(forgotten, Forgetting::Forgotten(held));

            let list = holding.book().list().unwrap();
            let mut rest = listed();
            rest.remove(index);
            let pointer = pointer.map(name).filter(|pointer| *pointer != profile.name);
            assert_eq!((list.profiles, list.default), (rest, pointer));
        }
    }
    let holding = B::holding(&PROFILES, Some("dev"));
    let (place, before) = (holding.book().list().unwrap().place, holding.snapshot());
    let missing = Forgetting::NoSuchProfile(MissingProfile { place, present: names() });
    assert_eq!(holding.book().forget(&name("missing")).unwrap(), missing);
    assert_eq!(holding.snapshot(), before);
}

fn a_failed_change_changes_nothing_and_shows_no_secret<B: BookUnderTest>() {
    type Change = fn(&dyn ProfileBook) -> Option<BookError>;
    let changes: [Change; 2] = [|book| book.set_default(&name("ci")).err(), |book| book.forget(&name("ci")).err()];
    for change in changes {
        let holding = B::holding(&PROFILES, Some("dev"));
        let before = holding.book().list().unwrap();
        holding.break_next_change();
        let error = change(holding.book()).unwrap();
        assert!(!matches!(error, BookError::NotDurable { .. }), "{error:?}");
        assert!(!shown(&error).contains(SECRET), "{error:?}");
        holding.mend();
        assert_eq!(holding.book().list().unwrap(), before);
    }
}

fn a_credential_of_any_kind_is_read_as_it_is_stored<B: BookUnderTest>() {
    let holding = B::holding(&PROFILES, Some("dev"));
    let before = holding.snapshot();
    let credential = |selection: &Selection| holding.credentials().credential(selection).unwrap();
    for (selection, stored) in
        [(named("ci"), &PROFILES[1]), (named("dev"), &PROFILES[2]), (Selection::Default, &PROFILES[2])]
    {
        let found = credential(&selection).unwrap();
        assert_keeps_secrets(&found);
        assert_eq!((found.profile, Some(found.token.expose_secret())), (name(stored.name), stored.token));
        assert_eq!(found.server.as_deref(), stored.server);
        assert_eq!(found.expires_at.as_deref(), stored.expires.then_some(EXPIRY.0));
    }
    for none in [named("bare"), named("missing")] {
        assert_eq!(credential(&none), None);
    }
    let error = holding.credentials().credential(&named("junk")).unwrap_err();
    assert!(matches!(error, CredentialError::NotABearerToken { .. }), "{error:?}");
    assert!(!shown(&error).contains(SECRET), "{error:?}");

    for stored in &PROFILES {
        let server = holding.credentials().server(&named(stored.name)).unwrap();
        assert_eq!(server.as_deref(), stored.server, "{}", stored.name);
    }
    assert_eq!(holding.credentials().server(&named("missing")).unwrap(), None);
    assert_eq!(holding.snapshot(), before);

    for pointer in [None, Some("gone"), Some("bare")] {
        let holding = B::holding(&PROFILES, pointer);
        assert_eq!(holding.credentials().credential(&Selection::Default).unwrap(), None, "{pointer:?}");
        let server = holding.credentials().server(&Selection::Default).unwrap();
        assert_eq!(server.is_some(), pointer == Some("bare"), "{pointer:?}");
    }
    let empty = B::holding(&[], None);
    assert_eq!(empty.credentials().credential(&named("dev")).unwrap(), None);
    assert_eq!(empty.credentials().server(&Selection::Default).unwrap(), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_may_not_last_is_made_and_told_with_what_was_forgotten() {
        let store = InMemoryStore::holding(&PROFILES, Some("ci"));
        let error = || BookError::NotDurable { place: "memory".into(), forgotten: None, source: "syncing".into() };
        store.fail_next_default(error());
        assert!(matches!(store.set_default(&name("dev")), Err(BookError::NotDurable { forgotten: None, .. })));
        assert_eq!(store.pointer(), Some(name("dev")));

        store.fail_next_forget(error());
        let Err(BookError::NotDurable { forgotten: Some(held), .. }) = store.forget(&name("dev")) else { panic!() };
        let id = SessionToken::parse(SESSION_TOKEN).unwrap().id();
        assert_eq!(held.token, Some(HeldToken::Session(id)));
        assert_eq!((store.pointer(), store.list().unwrap().profiles.len()), (None, 3));
    }
}
