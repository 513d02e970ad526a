//! The promises of the roles that `profiles` and `whoami` see of the store, held against every store; and those of the
//! token file.

use std::error::Error;
use std::fmt::Debug;
use std::fs::{self, Permissions};
use std::iter;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use plexctl::adapters::toml_store::GuardedTokenFile;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::domain::shown_server::ShownServer;
use plexctl::domain::stored_token::{ProfileContents, StoredToken};
use plexctl::domain::timestamp::Timestamp;
use plexctl::domain::token::SessionToken;
use plexctl::ports::credential_reader::{CredentialError, CredentialReader};
use plexctl::ports::profile_book::{
    BookError, DefaultSetting, Forgetting, ForgottenProfile, HeldToken, ListedProfile, MissingProfile, ProfileBook,
};
use plexctl::ports::token_file::TokenFile;
use plexctl::testing::{InMemoryStore, InMemoryTokenFile};
use tempfile::TempDir;

use crate::contracts::TomlUnderTest;

const SECRET: &str = "c4nary-s3cret";
const SESSION_TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_c4nary-s3cret";

/// The expiry that one profile stores, as text and in seconds from the Unix epoch on.
const EXPIRY: (&str, u64) = ("2026-11-25T13:46:00Z", 1_795_614_360);

/// A profile as a store is to hold it.
struct Stored {
    name: &'static str,
    server: Option<&'static str>,
    token: Option<&'static str>,
    expires: bool,
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
trait BookUnderTest {
    fn holding(profiles: &[Stored], pointer: Option<&str>) -> Self;
    fn book(&self) -> &dyn ProfileBook;
    fn credentials(&self) -> &dyn CredentialReader;
    /// Everything that is stored, and whatever else a write would change.
    fn snapshot(&self) -> String;
    /// Makes the next change fail without changing anything.
    fn break_next_change(&self);
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

impl BookUnderTest for TomlUnderTest {
    fn holding(profiles: &[Stored], pointer: Option<&str>) -> Self {
        let under_test = Self::pointing_to(pointer);
        for stored in profiles {
            under_test.add(stored.name, stored.server, stored.token);
            if stored.expires {
                under_test.edit(|text| format!("{text}expires_at = {}\n", EXPIRY.0));
            }
        }
        under_test
    }

    fn book(&self) -> &dyn ProfileBook {
        &self.store
    }

    fn credentials(&self) -> &dyn CredentialReader {
        &self.store
    }

    fn snapshot(&self) -> String {
        format!("{} {:?}", fs::metadata(self.path()).unwrap().ino(), fs::read(self.path()).unwrap())
    }

    fn break_next_change(&self) {
        self.set_mode(0o640);
    }

    fn mend(&self) {
        self.set_mode(0o600);
    }
}

fn name(name: &str) -> ProfileName {
    ProfileName::new(name).unwrap()
}

fn named(profile: &str) -> Selection {
    Selection::Named(name(profile))
}

fn names() -> Vec<ProfileName> {
    PROFILES.iter().map(|stored| name(stored.name)).collect()
}

/// Everything that an error can show, its sources included.
fn shown(error: &dyn Error) -> String {
    let chain = iter::successors(Some(error), |level| (*level).source());
    chain.map(|level| format!("{level} {level:?}")).collect::<Vec<_>>().join("\n")
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

fn a_store_keeps_its_promises<B: BookUnderTest>() {
    a_list_shows_what_is_stored_and_no_secret::<B>();
    setting_the_default_changes_the_pointer_alone::<B>();
    forgetting_removes_one_profile_and_tells_what_it_held::<B>();
    a_failed_change_changes_nothing_and_shows_no_secret::<B>();
    a_credential_of_any_kind_is_read_as_it_is_stored::<B>();
}

#[test]
fn the_in_memory_store_keeps_the_promises_of_its_roles() {
    a_store_keeps_its_promises::<InMemoryStore>();
}

#[test]
fn the_toml_store_keeps_the_promises_of_its_roles() {
    a_store_keeps_its_promises::<TomlUnderTest>();
}

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

/// A token file with the means to set it up.
trait TokenFileUnderTest {
    /// A file with these contents and this mode, and its path.
    fn holding(contents: &[u8], mode: u32) -> (Self, PathBuf)
    where
        Self: Sized;
    fn token_file(&self) -> &dyn TokenFile;
}

impl TokenFileUnderTest for InMemoryTokenFile {
    fn holding(contents: &[u8], mode: u32) -> (Self, PathBuf) {
        let path = Path::new("/run/token");
        let files = Self::new();
        let files = if mode == 0o600 { files.with_file(path, contents) } else { files.with_exposed_file(path) };
        (files, path.to_owned())
    }

    fn token_file(&self) -> &dyn TokenFile {
        self
    }
}

fn a_token_file_keeps_its_promises<F: TokenFileUnderTest>() {
    let longest = format!("{SECRET}{}", "a".repeat(4096 - SECRET.len()));
    for (contents, token) in [(SECRET, SECRET), (SESSION_TOKEN, SESSION_TOKEN), (&longest, &longest)] {
        for line_end in ["", "\n", "\r\n"] {
            let (file, path) = F::holding(format!("{contents}{line_end}").as_bytes(), 0o600);
            assert_eq!(file.token_file().read(&path).unwrap().expose_secret(), token);
        }
    }

    let too_long = format!("{longest}a");
    let refused: [&[u8]; 6] =
        [b"", b"\n", b"c4nary-s3cret\n\n", b"c4nary-s3cret c4nary-s3cret", b"c4nary-s3cret\xff", too_long.as_bytes()];
    for contents in refused {
        let (file, path) = F::holding(contents, 0o600);
        let error = file.token_file().read(&path).unwrap_err();
        assert!(matches!(error, CredentialError::NotABearerToken { .. }), "{contents:.20?}: {error:?}");
        assert!(!shown(&error).contains(SECRET), "{error:?}");
    }

    let (file, path) = F::holding(SECRET.as_bytes(), 0o640);
    let error = file.token_file().read(&path).unwrap_err();
    assert!(matches!(error, CredentialError::Exposed { .. }), "{error:?}");
    assert!(!shown(&error).contains(SECRET), "{error:?}");
    let error = file.token_file().read(&path.join("missing")).unwrap_err();
    assert!(matches!(error, CredentialError::Unreadable { .. }), "{error:?}");
}

/// A file on the disk, in a directory of its own.
struct TokenFileOnDisk(#[expect(dead_code, reason = "it keeps the file")] TempDir);

impl TokenFileUnderTest for TokenFileOnDisk {
    fn holding(contents: &[u8], mode: u32) -> (Self, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (Self(directory), path)
    }

    fn token_file(&self) -> &dyn TokenFile {
        &GuardedTokenFile
    }
}

#[test]
fn the_guarded_token_file_keeps_the_promises_of_the_port() {
    a_token_file_keeps_its_promises::<TokenFileOnDisk>();
}

#[test]
fn the_in_memory_token_file_keeps_the_promises_of_the_port() {
    a_token_file_keeps_its_promises::<InMemoryTokenFile>();
}
