//! Whatever is a document, the cut takes any of its profiles out, and nothing else.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::fuzzing::cut;
use toml::de::DeTable;

/// The profile that is cut from a document that may not have it.
const ABSENT: &str = "x";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = str::from_utf8(bytes) else { return Corpus::Reject };
    // Only valid documents teach the mutator anything about the cut, and near misses are found by coverage anyway.
    if cut(text, ABSENT).is_none() {
        return Corpus::Keep;
    }
    for profile in profiles(text) {
        let rest = cut(text, &profile).expect("it was a document before").expect("every profile can be cut");
        assert!(is_subsequence(&rest, text), "the cut only leaves out: {rest:?}");
        let root = DeTable::parse(&rest).expect("the rest is a document").into_inner();
        let others = root.get("profiles").and_then(|profiles| profiles.get_ref().as_table());
        assert!(others.is_none_or(|others| others.get(profile.as_str()).is_none()), "the profile is gone: {rest:?}");
        let pointer = root.get("default").and_then(|pointer| pointer.get_ref().as_str());
        assert!(pointer != Some(&profile), "nothing points to it: {rest:?}");
        let again = cut(&rest, &profile).expect("the rest is a document").expect("a cut can be repeated");
        assert_eq!(again, rest, "a second cut finds nothing");
    }
    Corpus::Keep
});

/// The profiles worth a cut: those that a document holds, the one it points to, and one that may not be there.
fn profiles(text: &str) -> BTreeSet<String> {
    let root = DeTable::parse(text).expect("it is a document").into_inner();
    let held = root.get("profiles").and_then(|profiles| profiles.get_ref().as_table());
    let held = held.into_iter().flat_map(|held| held.keys()).map(|key| key.get_ref().as_ref());
    let pointed = root.get("default").and_then(|pointer| pointer.get_ref().as_str());
    // The empty key is no profile: nothing can select it.
    held.chain(pointed).chain([ABSENT]).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut whole = whole.bytes();
    part.bytes().all(|byte| whole.any(|other| other == byte))
}
