//! Property tests of the edits: over generated documents, of which it is known while they are generated what every
//! edit has to make of them (`documents`, from `profiles`, `pieces` and `inline` tables), and over whatever happens to
//! be a document.

mod documents;
mod inline;
mod pieces;
mod profiles;

use proptest::prelude::*;
use proptest::sample::select;
use toml::Spanned;

use self::documents::{Generated, documents};
use self::pieces::{EXPIRY, SERVER, TOKEN};
use super::splice::line_end;
use super::{Gap, NewSession, Stored, with_pointer, with_session, without_profile, without_profile_and_gap};
use crate::adapters::toml_store::document::{Document, POINTER_KEY};
use crate::domain::profile::ProfileToken;
use crate::domain::session::ProfileName;

fn name(name: &str) -> ProfileName {
    ProfileName::new(name).unwrap()
}

/// Stores the session that the generator knows about.
fn store(text: &str, has_expiry: bool, puts_aside: bool) -> Option<Stored> {
    let (profile, old_profile) = (name("x"), name("old.x"));
    let session = NewSession {
        profile: &profile,
        server: SERVER.trim_matches('"'),
        token: TOKEN.trim_matches('"'),
        expires_at: has_expiry.then_some(EXPIRY),
        put_aside: puts_aside.then_some(&old_profile),
    };
    with_session(Document::parse(text).unwrap(), &session).ok()
}

fn cut(text: &str, profile: &str, gap: &Gap) -> Option<String> {
    without_profile_and_gap(Document::parse(text).unwrap(), &name(profile), gap).ok()
}

fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    // `PROPTEST_CASES` asks for more.
    ProptestConfig { cases: config.cases.max(1000), ..config }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn only_the_profile_goes_and_no_other_byte_changes(Generated { text, rest, .. } in documents()) {
        let document = Document::parse(&text);
        prop_assert!(document.is_ok(), "the generator made no TOML:\n{}", text);
        let cut = without_profile(document.unwrap(), &name("x"));
        prop_assert!(cut.is_ok(), "the cut was refused:\n{}", text);
        prop_assert_eq!(cut.unwrap(), rest);
    }

    #[test]
    fn only_the_pointer_is_set_and_no_other_byte_changes(Generated { text, .. } in documents()) {
        let mut document = Document::parse(&text).unwrap();
        let old = document.root_mut().get(POINTER_KEY).map(Spanned::span);
        let pointed = with_pointer(document, &name("x"));
        prop_assert!(pointed.is_ok(), "the edit was refused:\n{}", text);
        let pointed = pointed.unwrap();
        if let Some(old) = old {
            prop_assert_eq!(pointed, format!("{}\"x\"{}", &text[..old.start], &text[old.end..]));
        } else {
            let end = line_end(&text);
            let line = format!("default = \"x\"{end}");
            let is_all_else_kept = pointed.match_indices(&line).any(|(at, _)| {
                let rest = [&pointed[..at], &pointed[at + line.len()..]].concat();
                rest == text || rest == format!("{text}{end}")
            });
            prop_assert!(is_all_else_kept, "{}\nbecame:\n{}", text, pointed);
        }
    }

    #[test]
    fn only_the_session_is_written_and_no_other_byte_changes(generated in documents()) {
        let edited = store(&generated.text, generated.has_expiry, false);
        prop_assert!(edited.is_some(), "the edit was refused:\n{}", generated.text);
        let Stored { text, gap } = edited.unwrap();
        prop_assert_eq!(&text, &generated.stored);
        let profile = name("x");
        let document = Document::parse(&text).unwrap();
        let stored = document.profile(&profile).unwrap().unwrap();
        prop_assert_eq!(stored.server.as_deref(), Some(SERVER.trim_matches('"')));
        prop_assert_eq!(stored.token.as_ref().map(ProfileToken::expose_secret), Some(TOKEN.trim_matches('"')));
        prop_assert!(document.pointer().is_some());
        let again = store(&text, generated.has_expiry, false).map(|stored| stored.text);
        prop_assert_eq!(again.as_ref(), Some(&text), "a second time changes nothing");
        prop_assert_eq!(cut(&text, "x", &Gap::default()), Some(generated.cleared));
        prop_assert_eq!(cut(&text, "x", &gap), Some(generated.cleared_with_gap.clone()));
        if generated.is_new {
            prop_assert_eq!(generated.cleared_with_gap, generated.text, "a cut gives the old text back");
        }
    }

    #[test]
    fn a_token_put_aside_keeps_every_byte_and_leaves_no_trace(generated in documents()) {
        let edited = store(&generated.text, generated.has_expiry, true);
        prop_assert_eq!(edited.is_some(), generated.put_aside.is_some(), "{}", &generated.text);
        if let Some(Stored { text, gap }) = edited {
            prop_assert_eq!(Some(&text), generated.put_aside.as_ref());
            prop_assert_eq!(cut(&text, "old.x", &gap), Some(generated.stored));
        }
    }

    #[test]
    fn whatever_is_a_document_can_be_edited(
        words in prop::collection::vec(select(&["[", "]", "{", "}", "=", ",", ".", "\"", "'", "#", "\n", "\r", "x", "profiles", "default", "token", "1", " ", "\\", "\u{feff}"][..]), 0..40),
        has_expiry in any::<bool>(),
    ) {
        let text = words.concat();
        if let Ok(document) = Document::parse(&text) {
            let is_profile = document.profile(&name("x")).is_ok();
            prop_assert!(without_profile(document, &name("x")).is_ok());
            prop_assert!(with_pointer(Document::parse(&text).unwrap(), &name("x")).is_ok());
            prop_assert_eq!(store(&text, has_expiry, false).is_some(), is_profile);
        }
    }
}
