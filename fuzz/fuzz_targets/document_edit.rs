//! Whatever is a document, a session can be stored in it and another profile made the default, and nothing is lost.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::fuzzing::{cut, point, store};
use toml::de::{DeTable, DeValue};

/// The profile that is stored in a document that may not have it, and where the token goes that a profile holds.
const ABSENT: &str = "x";
const PUT_ASIDE: &str = "x replaced";

const SERVER: &str = "https://\"new\".example";
const TOKEN: &str = "new\\token";
const EXPIRY: &str = "2026-11-25T13:46:00Z";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = str::from_utf8(bytes) else { return Corpus::Reject };
    // Only valid documents teach the mutator anything about the edit, and near misses are found by coverage anyway.
    if cut(text, ABSENT).is_none() {
        return Corpus::Keep;
    }
    let root = parse(text);
    for profile in profiles(&root) {
        check_pointer(text, &profile);
        for expires_at in [None, Some(EXPIRY)] {
            check_session(text, &root, &profile, expires_at);
        }
    }
    Corpus::Keep
});

fn check_pointer(text: &str, profile: &str) {
    let edited = point(text, profile).expect("it was a document before").expect("every pointer can be set");
    assert_eq!(pointer(&parse(&edited)), Some(profile), "the profile is the default: {edited:?}");
    if pointer(&parse(text)).is_none() {
        assert!(is_subsequence(text, &edited), "a new pointer only adds: {edited:?}");
    }
    let again = point(&edited, profile).expect("the result is a document").expect("an edit can be repeated");
    assert_eq!(again, edited, "a second edit changes nothing");
}

fn check_session(text: &str, root: &DeTable<'_>, profile: &str, expires_at: Option<&str>) {
    let held = table(root, "profiles").and_then(|profiles| profiles.get(profile)).map(|profile| profile.get_ref());
    let session = [profile, SERVER, TOKEN];
    let edited = match store(text, session, expires_at, None).expect("it was a document before") {
        Ok((edited, _)) => edited,
        Err(_) => return assert!(!is_replaceable(held), "the session can be stored: {text:?}"),
    };
    let edited_root = parse(&edited);
    let stored = table(&edited_root, "profiles").and_then(|profiles| table(profiles, profile)).expect("it is stored");
    let value = |key| stored.get(key).map(|value| value.get_ref());
    assert_eq!(value("server").and_then(DeValue::as_str), Some(SERVER));
    assert_eq!(value("token").and_then(DeValue::as_str), Some(TOKEN));
    let expiry = value("expires_at").map(|value| value.as_datetime().expect("it is a date-time").to_string());
    assert_eq!(expiry.as_deref(), expires_at);
    let default = pointer(root).filter(|pointer| !pointer.is_empty()).unwrap_or(profile);
    assert_eq!(pointer(&edited_root), Some(default), "a default stays: {edited:?}");
    if held.is_none() && pointer(root) != Some("") {
        assert!(is_subsequence(text, &edited), "a new profile only adds: {edited:?}");
    }
    let again = store(&edited, session, expires_at, None).expect("the result is a document");
    assert_eq!(again, Ok((edited.clone(), None)), "a second edit changes nothing");
    cut(&edited, profile).expect("the result is a document").expect("what is stored can be cut");

    if let Ok((put_aside, rest)) = store(text, session, expires_at, Some(PUT_ASIDE)).expect("it was a document before")
    {
        let token = |text: &str, profile| {
            let root = parse(text);
            let profile = table(&root, "profiles").and_then(|profiles| table(profiles, profile)).expect("it is there");
            text[profile.get("token").expect("it has a token").span()].to_owned()
        };
        assert_eq!(token(&put_aside, PUT_ASIDE), token(text, profile), "the old token is kept as it is spelled");
        assert_eq!(rest.as_ref(), Some(&edited), "what was put aside leaves no trace");
    }
}

/// Whether a login could write to the profile: it is not there, or a table with values, not tables, where those go.
fn is_replaceable(profile: Option<&DeValue<'_>>) -> bool {
    let is_value = |table: &DeTable<'_>, key| table.get(key).is_none_or(|value| !holds_tables(value.get_ref()));
    match profile {
        None => true,
        Some(DeValue::Table(table)) => ["server", "token", "expires_at"].into_iter().all(|key| is_value(table, key)),
        Some(_) => false,
    }
}

fn holds_tables(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => true,
        DeValue::Array(values) => values.iter().any(|value| holds_tables(value.get_ref())),
        _ => false,
    }
}

/// The profiles worth an edit: those that a document holds, the one it points to, and one that may not be there.
fn profiles(root: &DeTable<'_>) -> BTreeSet<String> {
    let held = table(root, "profiles").into_iter().flat_map(|held| held.keys()).map(|key| key.get_ref().as_ref());
    // The empty key is no profile: nothing can select it.
    held.chain(pointer(root)).chain([ABSENT]).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn parse(text: &str) -> DeTable<'_> {
    DeTable::parse(text).expect("it is a document").into_inner()
}

fn pointer<'d>(root: &'d DeTable<'_>) -> Option<&'d str> {
    root.get("default").and_then(|pointer| pointer.get_ref().as_str())
}

fn table<'d, 'a>(table: &'d DeTable<'a>, key: &str) -> Option<&'d DeTable<'a>> {
    table.get(key).and_then(|value| value.get_ref().as_table())
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut whole = whole.bytes();
    part.bytes().all(|byte| whole.any(|other| other == byte))
}
