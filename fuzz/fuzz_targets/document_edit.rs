//! Whatever is a document, a session can be stored in it and another profile made the default, and nothing is lost.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::SystemTime;

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::domain::identifier::Identifier;
use plexctl::domain::session::ProfileName;
use plexctl::domain::timestamp::Timestamp;
use plexctl::domain::{BindingAlias, IdpBinding, Profile, ProfileToken};
use plexctl::fuzzing::{cut, point, store};
use toml::de::{DeTable, DeValue};

/// The profile that is stored in a document that may not have it, and where the token goes that a profile holds.
const ABSENT: &str = "x";
const REPLACED: &str = "x replaced";

/// What a login writes into a profile.
const KEYS: [&str; 6] = ["server", "token", "expires_at", "domain_id", "idp_binding_id", "idp_binding_alias"];

const SERVER: &str = "https://\"new\".example";
const TOKEN: &str = "new\\token";
const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = str::from_utf8(bytes) else { return Corpus::Reject };
    // Only valid documents teach the mutator anything about the edit, and near misses are found by coverage anyway.
    if cut(text, ABSENT).is_none() {
        return Corpus::Keep;
    }
    let root = parse(text);
    for profile in profiles(&root) {
        check_pointer(text, &profile);
        for new in new_profiles(&profile) {
            check_session(text, &root, &new);
        }
    }
    Corpus::Keep
});

fn check_pointer(text: &str, profile: &str) {
    let edited = point(text, profile).expect("it was a document before").expect("every pointer can be set");
    assert_eq!(pointer(&parse(&edited)), Some(profile), "the profile is the default: {edited:?}");
    let root = parse(text);
    let old = root.get("default").map(|pointer| pointer.span());
    assert!(is_subsequence(&without(text, old), &edited), "no other byte changes: {edited:?}");
    let (mut before, mut after) = (meaning(&root, text), meaning(&parse(&edited), &edited));
    for values in [&mut before, &mut after] {
        values.remove(&["default".to_owned()][..]);
    }
    assert_eq!(after, before, "nothing else is meant: {edited:?}");
    let again = point(&edited, profile).expect("the result is a document").expect("an edit can be repeated");
    assert_eq!(again, edited, "a second edit changes nothing");
}

fn name(name: &str) -> ProfileName {
    ProfileName::new(name).expect("it has a name")
}

/// What a login stores: with each value that may be unknown, and without.
fn new_profiles(profile: &str) -> [Profile; 3] {
    let id = Identifier::parse(ID).expect("it is a UUID");
    let alias = BindingAlias::parse("google").expect("it is an alias");
    let least =
        Profile { server: Some(SERVER.to_owned()), token: ProfileToken::new(TOKEN), ..Profile::new(name(profile)) };
    let expires_at = Some(Timestamp::from(SystemTime::UNIX_EPOCH));
    let most = Profile { expires_at, domain_id: Some(id), idp_binding: Some(IdpBinding::Id(id)), ..least.clone() };
    let by_alias = Profile { idp_binding: Some(IdpBinding::Alias(alias)), ..most.clone() };
    [least, most, by_alias]
}

fn check_session(text: &str, root: &DeTable<'_>, new: &Profile) {
    let profile = new.name.as_str();
    let held = table(root, "profiles").and_then(|profiles| profiles.get(profile)).map(|profile| profile.get_ref());
    let edited = match store(text, new, None).expect("it was a document before") {
        Ok((edited, _)) => edited,
        Err(_) => return assert!(!is_replaceable(held), "the session can be stored: {text:?}"),
    };
    let edited_root = parse(&edited);
    let stored = table(&edited_root, "profiles").and_then(|profiles| table(profiles, profile)).expect("it is stored");
    let value = |key| stored.get(key).map(|value| value.get_ref());
    assert_eq!(value("server").and_then(DeValue::as_str), Some(SERVER));
    assert_eq!(value("token").and_then(DeValue::as_str), Some(TOKEN));
    let expiry = value("expires_at").map(|value| value.as_datetime().expect("it is a date-time").to_string());
    assert_eq!(expiry, new.expires_at.map(|time| time.to_string()));
    assert_eq!(value("domain_id").and_then(DeValue::as_str), new.domain_id.map(|_| ID));
    assert_eq!(value("idp_binding_id").is_some(), matches!(new.idp_binding, Some(IdpBinding::Id(_))));
    assert_eq!(value("idp_binding_alias").is_some(), matches!(new.idp_binding, Some(IdpBinding::Alias(_))));
    let default = pointer(root).filter(|pointer| !pointer.is_empty()).unwrap_or(profile);
    assert_eq!(pointer(&edited_root), Some(default), "a default stays: {edited:?}");
    check_the_rest(text, root, profile, &edited, &edited_root);
    let again = store(&edited, new, None).expect("the result is a document");
    assert_eq!(again, Ok((edited.clone(), None)), "a second edit changes nothing");
    let cleared = cut(&edited, profile).expect("the result is a document").expect("what is stored can be cut");
    if held.is_none() && ![Some(""), Some(profile)].contains(&pointer(root)) {
        let visible = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(visible(&cleared), visible(text), "a cut gives the old text back");
    }

    if let Ok((moved, rest)) = store(text, new, Some(&name(REPLACED))).expect("it was a document before") {
        let token = |text: &str, profile| {
            let root = parse(text);
            let profile = table(&root, "profiles").and_then(|profiles| table(profiles, profile)).expect("it is there");
            text[profile.get("token").expect("it has a token").span()].to_owned()
        };
        assert_eq!(token(&moved, REPLACED), token(text, profile), "the old token is kept as it is spelled");
        assert_eq!(rest.as_ref(), Some(&edited), "what was replaced leaves no trace");
    }
}

/// Holds that no foreign byte changes, and that the text means what it meant, but for what was to be stored.
fn check_the_rest(text: &str, root: &DeTable<'_>, profile: &str, edited: &str, edited_root: &DeTable<'_>) {
    let held = table(root, "profiles").and_then(|profiles| table(profiles, profile));
    let values = held.into_iter().flat_map(|held| KEYS.into_iter().filter_map(|key| held.get(key)));
    let default = root.get("default").filter(|_| pointer(root).is_none_or(str::is_empty));
    let replaced = values.chain(default).map(|value| value.span());
    // A key that is dropped takes along whatever stands around it.
    let stored = table(edited_root, "profiles").and_then(|profiles| table(profiles, profile));
    let has = |held: Option<&DeTable<'_>>, key| held.is_some_and(|held| held.get(key).is_some());
    if KEYS.into_iter().all(|key| has(stored, key) || !has(held, key)) {
        assert!(is_subsequence(&without(text, replaced), edited), "no foreign byte changes: {edited:?}");
    }
    let (mut before, mut after) = (meaning(root, text), meaning(edited_root, edited));
    let tables = [vec!["profiles"], vec!["profiles", profile]];
    let values = KEYS.map(|key| vec!["profiles", profile, key]);
    for meant in [&mut before, &mut after] {
        meant.retain(|path, _| {
            let is_intended =
                values.iter().chain([&vec!["default"]]).any(|intended| path.starts_with(&owned(intended)));
            !is_intended && !tables.iter().any(|table| owned(table) == *path)
        });
    }
    assert_eq!(after, before, "nothing else is meant: {edited:?}");
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// The text without these ranges, which do not overlap.
fn without(text: &str, ranges: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut ranges: Vec<_> = ranges.into_iter().collect();
    ranges.sort_by_key(|range| range.start);
    let mut rest = text.to_owned();
    for range in ranges.into_iter().rev() {
        rest.replace_range(range, "");
    }
    rest
}

/// Every value as it is spelled, by the keys that lead to it; a table's or a list's own value is empty.
fn meaning(root: &DeTable<'_>, text: &str) -> BTreeMap<Vec<String>, String> {
    let mut values = BTreeMap::new();
    let mut open: Vec<(Vec<String>, &DeTable<'_>)> = vec![(Vec::new(), root)];
    while let Some((path, table)) = open.pop() {
        for (key, value) in table {
            let at = [path.as_slice(), &[key.get_ref().to_string()]].concat();
            let mut within = vec![(at, value)];
            while let Some((at, value)) = within.pop() {
                let mut spelled = String::new();
                match value.get_ref() {
                    DeValue::Table(table) => open.push((at.clone(), table)),
                    DeValue::Array(values) => within.extend(
                        values.iter().enumerate().map(|(n, value)| ([&at[..], &[n.to_string()]].concat(), value)),
                    ),
                    _ => text[value.span()].clone_into(&mut spelled),
                }
                values.insert(at, spelled);
            }
        }
    }
    values
}

/// Whether a login could write to the profile: it is not there, or a table with values, not tables, where those go.
fn is_replaceable(profile: Option<&DeValue<'_>>) -> bool {
    let is_value = |table: &DeTable<'_>, key| table.get(key).is_none_or(|value| !holds_tables(value.get_ref()));
    match profile {
        None => true,
        Some(DeValue::Table(table)) => KEYS.into_iter().all(|key| is_value(table, key)),
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
