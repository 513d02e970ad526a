//! Property tests of the edits: over generated documents, of which it is known while they are generated what every
//! edit has to make of them (`documents`, from `profiles`, `pieces` and `inline` tables), and over whatever happens to
//! be a document.

mod documents;
mod inline;
mod pieces;
mod profiles;

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use proptest::sample::select;
use toml::Spanned;

use self::documents::{Generated, documents};
use self::pieces::{BINDING_ALIAS, BINDING_ID, Binding, DOMAIN_ID, EXPIRY, Login, SERVER, TOKEN, logins};
use super::super::splice::line_end;
use super::super::{Separator, Stored, with_pointer, with_session, without_profile};
use crate::adapters::toml_store::document::{Document, POINTER_KEY};
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::{BindingAlias, IdpBinding};
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::session::ProfileName;
use crate::domain::timestamp::Timestamp;

fn name(name: &str) -> ProfileName {
    ProfileName::new(name).unwrap()
}

/// The profile that the generator stores.
fn new_profile(login: Login) -> Profile {
    let bare = |text: &'static str| text.trim_matches('"');
    let id = |text| Identifier::parse(bare(text)).unwrap();
    let expires_at = Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_360));
    assert_eq!(expires_at.to_string(), EXPIRY);
    Profile {
        server: Some(bare(SERVER).to_owned()),
        token: ProfileToken::new(bare(TOKEN)),
        expires_at: login.has_expiry.then_some(expires_at),
        domain_id: login.has_domain.then(|| id(DOMAIN_ID)),
        idp_binding: match login.binding {
            Binding::None => None,
            Binding::Id => Some(IdpBinding::Id(id(BINDING_ID))),
            Binding::Alias => Some(IdpBinding::Alias(BindingAlias::parse(bare(BINDING_ALIAS)).unwrap())),
        },
        ..Profile::new(name("x"))
    }
}

fn store(text: &str, login: Login, moves: bool) -> Option<Stored> {
    let moves_to = moves.then(|| name("old.x"));
    with_session(Document::parse(text).unwrap(), &new_profile(login), moves_to.as_ref())
}

fn cut(text: &str, profile: &str, separator: &Separator) -> Option<String> {
    without_profile(Document::parse(text).unwrap(), &name(profile), Some(separator))
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
        let cut = without_profile(document.unwrap(), &name("x"), None);
        prop_assert!(cut.is_some(), "the cut was refused:\n{}", text);
        prop_assert_eq!(cut.unwrap(), rest);
    }

    #[test]
    fn only_the_pointer_is_set_and_no_other_byte_changes(Generated { text, .. } in documents()) {
        let document = Document::parse(&text).unwrap();
        let old = document.root.get(POINTER_KEY).map(Spanned::span);
        let pointed = with_pointer(document, &name("x"));
        prop_assert!(pointed.is_some(), "the edit was refused:\n{}", text);
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
        let edited = store(&generated.text, generated.login, false);
        prop_assert!(edited.is_some(), "the edit was refused:\n{}", generated.text);
        let Stored { text, separator } = edited.unwrap();
        prop_assert_eq!(&text, &generated.stored);
        let profile = name("x");
        let document = Document::parse(&text).unwrap();
        let stored = document.profile(&profile).unwrap().unwrap();
        prop_assert_eq!(stored.server.as_deref(), Some(SERVER.trim_matches('"')));
        prop_assert_eq!(stored.token.as_ref().map(ProfileToken::expose_secret), Some(TOKEN.trim_matches('"')));
        prop_assert!(document.pointer().is_some());
        let again = store(&text, generated.login, false).map(|stored| stored.text);
        prop_assert_eq!(again.as_ref(), Some(&text), "a second time changes nothing");
        prop_assert_eq!(cut(&text, "x", &Separator::default()), Some(generated.cleared));
        prop_assert_eq!(cut(&text, "x", &separator), Some(generated.cleared_with_separator.clone()));
        if generated.is_new {
            prop_assert_eq!(generated.cleared_with_separator, generated.text, "a cut gives the old text back");
        }
    }

    #[test]
    fn a_token_that_moves_keeps_every_byte_and_leaves_no_trace(generated in documents()) {
        let edited = store(&generated.text, generated.login, true);
        prop_assert_eq!(edited.is_some(), generated.moved.is_some(), "{}", &generated.text);
        if let Some(Stored { text, separator }) = edited {
            prop_assert_eq!(Some(&text), generated.moved.as_ref());
            prop_assert_eq!(cut(&text, "old.x", &separator), Some(generated.stored));
        }
    }

    /// A login rehearses the edit with an expiry, before it is known whether the token will have one.
    #[test]
    fn whatever_takes_an_expiry_can_do_without_one(generated in documents(), moves in any::<bool>()) {
        let size = |has_expiry| {
            let login = Login { has_expiry, ..generated.login };
            store(&generated.text, login, moves).map(|stored| stored.text.len())
        };
        let (with, without) = (size(true), size(false));
        prop_assert_eq!(with.is_some(), without.is_some(), "{}", &generated.text);
        prop_assert!(without <= with, "{}", &generated.text);
    }

    #[test]
    fn whatever_is_a_document_can_be_edited(
        words in prop::collection::vec(select(&["[", "]", "{", "}", "=", ",", ".", "\"", "'", "#", "\n", "\r", "x", "profiles", "default", "token", "1", " ", "\\", "\u{feff}"][..]), 0..40),
        login in logins(),
    ) {
        let text = words.concat();
        if let Ok(document) = Document::parse(&text) {
            let is_profile = document.profile(&name("x")).is_ok();
            prop_assert!(without_profile(document, &name("x"), None).is_some());
            prop_assert!(with_pointer(Document::parse(&text).unwrap(), &name("x")).is_some());
            prop_assert_eq!(store(&text, login, false).is_some(), is_profile);
        }
    }
}
