//! Looking up and listing profiles, and saying why there is no session.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{name, named, profile, store_of};
use crate::adapters::toml_store::TomlStore;
use crate::domain::session::{ProfileName, Selection};
use crate::ports::credential_store::CredentialStore;
use crate::ports::profile_reader::{NoSessionReason, ProfileKey, ProfileReader};
use crate::ports::store_error::StoreError;

/// Asks a store over a file with these contents.
fn ask<T>(contents: &str, question: impl FnOnce(&TomlStore) -> T) -> T {
    let (_sandbox, store) = store_of(contents);
    question(&store)
}

fn names<const N: usize>(names: [&str; N]) -> Vec<ProfileName> {
    names.map(name).to_vec()
}

#[test]
fn looks_up_a_profile_whatever_its_token_is_worth() {
    let text = "default = 'x'\n[profiles.x]\nserver = 'junk'\ntoken = 'a b'\n[profiles.y]\nserver = 'https://h'\n";
    ask(text, |store| {
        let x = profile("x", Some("junk"), "a b");
        assert_eq!(store.look_up(&Selection::Default).unwrap(), Some(x.clone()));
        assert_eq!(store.look_up(&named("x")).unwrap(), Some(x));
        assert_eq!(store.look_up(&named("y")).unwrap(), Some(profile("y", Some("https://h"), "")));
        assert_eq!(store.look_up(&named("z")).unwrap(), None);
    });
}

#[test]
fn a_file_that_cannot_be_read_is_told_by_place_and_consequence() {
    ask("[profiles.x]\ntoken = 3\n", |store| {
        let path = store.path.display().to_string();
        let error = store.look_up(&named("x")).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { place, .. } if place == format!("{path}:2:9")));
        fs::set_permissions(&store.path, Permissions::from_mode(0o640)).unwrap();
        let error = store.look_up(&named("x")).unwrap_err();
        assert!(matches!(error, StoreError::Exposed { place, .. } if place == path));
        assert!(matches!(store.list(), Err(StoreError::Exposed { place, .. }) if place == path));
    });
    ask("default = 3\n", |store| {
        let place_of_default = format!("{}:1:11", store.path.display());
        assert!(matches!(store.list(), Err(StoreError::Unusable { place, .. }) if place == place_of_default));
    });
}

#[test]
fn says_why_there_is_no_session() {
    let stored = "[profiles.z]\ntoken = ''\n[profiles.'a b']\ntoken = 't'\n[profiles.m.sub]\n[profiles.'']\n";
    let text = |pointer: &str| format!("{pointer}{stored}");
    let all = || names(["z", "a b", "m"]);
    let cases = [
        (String::new(), Selection::Default, Some(NoSessionReason::NoDefault { profiles: Vec::new() })),
        (text(""), Selection::Default, Some(NoSessionReason::NoDefault { profiles: all() })),
        (text("default = ''\n"), Selection::Default, Some(NoSessionReason::NoDefault { profiles: all() })),
        (
            text("default = 'x'\n"),
            Selection::Default,
            Some(NoSessionReason::DanglingDefault { name: name("x"), profiles: all() }),
        ),
        (
            "default = 'x'\n".into(),
            Selection::Default,
            Some(NoSessionReason::DanglingDefault { name: name("x"), profiles: Vec::new() }),
        ),
        (text("default = 'z'\n"), named("x"), Some(NoSessionReason::NoProfile { name: name("x"), profiles: all() })),
        (text("default = 'z'\n"), Selection::Default, Some(NoSessionReason::NoToken { name: name("z") })),
        (text(""), named("m"), Some(NoSessionReason::NoToken { name: name("m") })),
        (text("default = 'a b'\n"), Selection::Default, None),
        (text(""), named("a b"), None),
        ("not TOML".into(), Selection::Default, None),
        ("profiles = { x = 3 }".into(), named("x"), None),
        (
            "profiles = { x = 3, b = {}, a = {} }".into(),
            named("y"),
            Some(NoSessionReason::NoProfile { name: name("y"), profiles: names(["b", "a"]) }),
        ),
    ];
    for (text, selection, reason) in cases {
        assert_eq!(ask(&text, |store| store.why_none(&selection)), reason, "{text:?} {selection:?}");
    }
}

#[test]
fn the_reason_is_that_of_the_last_look_which_is_not_repeated() {
    let (default, x) = (Selection::Default, named("x"));
    let no_profile = || Some(NoSessionReason::NoProfile { name: name("x"), profiles: names(["a"]) });
    ask("[profiles.a]\n", |store| {
        assert!(store.find(&default).unwrap().is_none());
        assert!(store.find(&x).unwrap().is_none());
        fs::remove_file(&store.path).unwrap();
        assert_eq!(store.why_none(&x), no_profile());
        assert_eq!(store.why_none(&x), Some(NoSessionReason::NoFile), "it is returned once");
    });
    ask("[profiles.a]\n", |store| {
        assert!(store.find(&x).unwrap().is_none());
        fs::remove_file(&store.path).unwrap();
        assert_eq!(store.why_none(&default), Some(NoSessionReason::NoFile), "another question is another look");
    });
    ask("[profiles.a]\n", |store| {
        assert!(store.find(&x).unwrap().is_none());
        fs::write(&store.path, "not TOML").unwrap();
        assert!(store.find(&x).is_err());
        assert_eq!(store.why_none(&x), None, "a failed look knows of no absence");
    });
}

#[test]
fn a_file_that_is_not_there_is_told_from_one_that_may_not_be_read() {
    let absence = |obstruct: fn(&TomlStore)| {
        ask("", |store| {
            obstruct(store);
            store.why_none(&Selection::Default)
        })
    };
    assert_eq!(absence(|store| fs::remove_file(&store.path).unwrap()), Some(NoSessionReason::NoFile));
    assert_eq!(absence(|store| fs::set_permissions(&store.path, Permissions::from_mode(0o644)).unwrap()), None);
}

#[test]
fn a_server_is_placed_by_line_and_column_as_far_as_it_is_there() {
    let cases = [
        ("[profiles.x]\n  server = 's'\n", ":2:12"),
        ("profiles = { x = { token = 't', server = \"\" } }\n", ":1:42"),
        ("[profiles.x]\ntoken = 't'\n", ""),
        ("[profiles.y]\nserver = 's'\n", ""),
        ("[profiles.x]\nserver = 3\n", ":2:10"),
        ("not TOML", ""),
        ("", ""),
    ];
    for (text, position) in cases {
        let (path, place) =
            ask(text, |store| (store.path.display().to_string(), store.place_of(&name("x"), ProfileKey::Server)));
        assert_eq!(place, format!("{path}{position}"), "{text:?}");
    }
    let missing = TomlStore::new("/no/such/config.toml");
    assert_eq!(missing.place_of(&name("x"), ProfileKey::Server), "/no/such/config.toml");
}
