//! The verification: an edited text is believed only if it means what the edit intends.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::walk::Field;
use crate::adapters::toml_store::document::{Document, POINTER_KEY, PROFILES_KEY};
use crate::domain::idp_binding::IdpBinding;
use crate::domain::profile::Profile;
use crate::domain::session::ProfileName;

/// Gives the rest back only if it means what the document means without the profile.
pub(super) fn without_profile(mut document: Document<'_>, profile: &ProfileName, rest: String) -> Option<String> {
    document.remove(profile);
    document.forget_empty_profiles();
    // The tree is dropped here, before the second one is built: one at a time halves the memory.
    let intended = document.into_digest();
    let mut reread = Document::parse_rest(&rest).ok()?;
    reread.forget_empty_profiles();
    (reread.into_digest() == intended).then_some(rest)
}

/// Gives the edited text back only if it means what the document means with these values in the profile, with the old
/// token and what belongs to it in the profile that it moves to, and with a default.
pub(super) fn with_session(
    mut document: Document<'_>,
    profile: &Profile,
    moves_to: Option<&ProfileName>,
    edited: String,
) -> Option<String> {
    if document.pointer().is_none() {
        point_to(&mut document, &profile.name);
    }
    let profiles = document.root_mut().entry(key(PROFILES_KEY)).or_insert_with(empty_table);
    let profiles = as_table(profiles)?;
    let table = as_table(profiles.entry(key(profile.name.as_str())).or_insert_with(empty_table))?;
    // Removed from the old place and put into the new one as values, independent of how the edit spelled them.
    let moved: DeTable<'_> = Field::OF_TOKEN.into_iter().filter_map(|field| table.remove_entry(field.key())).collect();
    for field in Field::ALL {
        table.remove(field.key());
    }
    let mut insert = |field: Field, value| {
        if let Some(value) = value {
            table.insert(key(field.key()), value);
        }
    };
    insert(Field::Server, profile.server.as_deref().map(string));
    insert(Field::Token, profile.token.as_ref().map(|token| string(token.expose_secret())));
    insert(Field::ExpiresAt, profile.expires_at.and_then(|time| date_time(&time.to_string())));
    insert(Field::DomainId, profile.domain_id.map(|id| string(&id.to_string())));
    match &profile.idp_binding {
        Some(IdpBinding::Id(id)) => insert(Field::IdpBindingId, Some(string(&id.to_string()))),
        Some(IdpBinding::Alias(alias)) => insert(Field::IdpBindingAlias, Some(string(alias.as_str()))),
        None => {}
    }
    if let Some(moves_to) = moves_to {
        let moved = Spanned::new(0..0, DeValue::Table(moved));
        // The caller promises a free name: overwriting an entry would lose a token.
        if profiles.insert(key(moves_to.as_str()), moved).is_some() {
            return None;
        }
    }
    believe(edited, document)
}

/// Gives the edited text back only if it means what the document means with the pointer naming the profile.
pub(super) fn with_pointer(mut document: Document<'_>, profile: &ProfileName, edited: String) -> Option<String> {
    point_to(&mut document, profile);
    believe(edited, document)
}

fn believe(edited: String, intended: Document<'_>) -> Option<String> {
    let intended = intended.into_digest();
    let reread = Document::parse(&edited).ok()?;
    (reread.into_digest() == intended).then_some(edited)
}

fn point_to(document: &mut Document<'_>, profile: &ProfileName) {
    document.root_mut().insert(key(POINTER_KEY), string(profile.as_str()));
}

fn key<'a>(name: &str) -> Spanned<Cow<'a, str>> {
    Spanned::new(0..0, Cow::Owned(name.to_owned()))
}

fn string<'a>(text: &str) -> Spanned<DeValue<'a>> {
    Spanned::new(0..0, DeValue::String(Cow::Owned(text.to_owned())))
}

fn date_time<'a>(text: &str) -> Option<Spanned<DeValue<'a>>> {
    Some(Spanned::new(0..0, DeValue::Datetime(text.parse().ok()?)))
}

fn empty_table<'a>() -> Spanned<DeValue<'a>> {
    Spanned::new(0..0, DeValue::Table(DeTable::new()))
}

fn as_table<'d, 'a>(value: &'d mut Spanned<DeValue<'a>>) -> Option<&'d mut DeTable<'a>> {
    match value.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::domain::identifier::Identifier;
    use crate::domain::idp_binding::BindingAlias;
    use crate::domain::profile::ProfileToken;
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn a_cut_that_would_change_the_rest_is_refused() {
        let text = "[profiles.x]\ntoken = \"t\"\n[profiles.y]\ntoken = \"u\"\n";
        let wrong = [
            text.to_owned(),
            String::new(),
            "[profiles.y]\n".to_owned(),
            "[profiles.y]\ntoken = \"t\"\n".to_owned(),
            "[profiles.y]\ntoken = [\"u\"]\n".to_owned(),
            "[profiles.y]\ntoken = \"u\"\nmore = 1\n".to_owned(),
            "[profiles.y\n".to_owned(),
        ];
        for rest in wrong {
            let document = Document::parse(text).unwrap();
            assert!(without_profile(document, &ProfileName::new("x").unwrap(), rest.clone()).is_none(), "{rest:?}");
        }
    }

    #[test]
    fn a_session_that_would_not_be_stored_as_intended_is_refused() {
        let text = "[profiles.x]\nserver = \"s\"\ntoken = \"t\"\nidp_binding_id = \"i\"\nmore = 1\n[profiles.y]\ntoken = \"u\"\n";
        let right = "default = \"x\"\n[profiles.x]\nserver = \"S\"\ntoken = \"T\"\nexpires_at = 2026-11-25T13:46:00Z\n\
            domain_id = \"0192f0c1-2345-7abc-8def-0123456789ab\"\nidp_binding_alias = \"google\"\nmore = 1\n\
            [profiles.y]\ntoken = \"u\"\n[profiles.old]\nserver = \"s\"\ntoken = \"t\"\n";
        let old = ProfileName::new("old").unwrap();
        let profile = Profile {
            server: Some("S".into()),
            token: ProfileToken::new("T"),
            expires_at: Some(Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_360))),
            domain_id: Some(Identifier::parse("0192f0c1-2345-7abc-8def-0123456789ab").unwrap()),
            idp_binding: Some(IdpBinding::Alias(BindingAlias::parse("google").unwrap())),
            ..Profile::new(ProfileName::new("x").unwrap())
        };
        let verify =
            |edited: &str| with_session(Document::parse(text).unwrap(), &profile, Some(&old), edited.to_owned());
        assert_eq!(verify(right).unwrap(), right);
        for (part, wrong) in [
            ("default = \"x\"\n", ""),
            ("default = \"x\"", "default = \"y\""),
            ("server = \"S\"", "server = \"s\""),
            ("server = \"S\"\n", ""),
            ("token = \"T\"", "token = \"t\""),
            ("expires_at = 2026-11-25T13:46:00Z\n", ""),
            ("13:46:00Z", "13:46:00"),
            ("domain_id = \"0192f0c1-2345-7abc-8def-0123456789ab\"\n", ""),
            ("idp_binding_alias = \"google\"\n", ""),
            ("idp_binding_alias = \"google\"\n", "idp_binding_alias = \"google\"\nidp_binding_id = \"i\"\n"),
            ("more = 1\n", ""),
            ("[profiles.y]\ntoken = \"u\"\n", ""),
            ("server = \"s\"\n", ""),
            ("token = \"t\"\n", ""),
            ("[profiles.old]\nserver = \"s\"\ntoken = \"t\"\n", ""),
            ("token = \"u\"", "token = \"u\"\nmore = 1"),
            ("\"u\"", "\"u"),
        ] {
            assert!(right.contains(part), "{part:?}");
            assert!(verify(&right.replacen(part, wrong, 1)).is_none(), "{part:?} {wrong:?}");
        }
    }

    #[test]
    fn a_pointer_that_would_not_be_set_as_intended_is_refused() {
        let profile = ProfileName::new("x").unwrap();
        let verify = |edited: &str| {
            with_pointer(Document::parse("default = \"y\"\na = 1\n").unwrap(), &profile, edited.to_owned())
        };
        assert!(verify("default = \"x\"\na = 1\n").is_some());
        for wrong in
            ["default = \"y\"\na = 1\n", "a = 1\n", "default = \"x\"\n", "default = \"x\"\na = 1\nb = 1\n", "a"]
        {
            assert!(verify(wrong).is_none(), "{wrong:?}");
        }
    }
}
