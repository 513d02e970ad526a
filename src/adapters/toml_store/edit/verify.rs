//! The verification: an edited text is believed only if it means what the edit intends.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::adapters::toml_store::document::{
    DOMAIN_ID_KEY, Document, EXPIRES_AT_KEY, IDP_BINDING_ALIAS_KEY, IDP_BINDING_ID_KEY, POINTER_KEY, PROFILES_KEY,
    SERVER_KEY, TOKEN_KEY, TOKEN_KEYS,
};
use crate::domain::idp_binding::IdpBinding;
use crate::domain::profile::{Profile, ProfileToken};
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

/// The keys of a session with their values, in the order in which they are written. `None` instead of a value means that
/// the profile is not to have the key.
pub(super) type SessionValues = [(&'static str, Option<DeValue<'static>>); 6];

/// What a profile that holds this session means.
pub(super) fn session_values(profile: &Profile) -> Option<SessionValues> {
    let string = |text: &str| DeValue::String(Cow::Owned(text.to_owned()));
    let (binding_id, binding_alias) = match &profile.idp_binding {
        Some(IdpBinding::Id(id)) => (Some(string(&id.to_string())), None),
        Some(IdpBinding::Alias(alias)) => (None, Some(string(alias.as_str()))),
        None => (None, None),
    };
    // RFC 3339 is how TOML writes a date-time.
    let expires_at = profile.expires_at.map(|time| time.to_string().parse()).transpose().ok()?;
    Some([
        (SERVER_KEY, profile.server.as_deref().map(string)),
        (TOKEN_KEY, profile.token.as_ref().map(ProfileToken::expose_secret).map(string)),
        (EXPIRES_AT_KEY, expires_at.map(DeValue::Datetime)),
        (DOMAIN_ID_KEY, profile.domain_id.map(|id| string(&id.to_string()))),
        (IDP_BINDING_ID_KEY, binding_id),
        (IDP_BINDING_ALIAS_KEY, binding_alias),
    ])
}

/// Gives the edited text back only if it means what the document means with these values in the profile, with the old
/// token and what belongs to it in the profile that it moves to, and with a default.
pub(super) fn with_session(
    mut document: Document<'_>,
    profile: &ProfileName,
    values: SessionValues,
    moves_to: Option<&ProfileName>,
    edited: String,
) -> Option<String> {
    if document.pointer().is_none() {
        point_to(&mut document, profile);
    }
    let profiles = as_table(document.root.entry(key(PROFILES_KEY)).or_insert_with(empty_table))?;
    let table = as_table(profiles.entry(key(profile.as_str())).or_insert_with(empty_table))?;
    // Removed from the old place and put into the new one as values, independent of how the edit spelled them.
    let moved: DeTable<'_> = TOKEN_KEYS.into_iter().filter_map(|key| table.remove_entry(key)).collect();
    for (name, value) in values {
        match value {
            Some(value) => table.insert(key(name), intended(value)),
            None => table.remove(name),
        };
    }
    if let Some(moves_to) = moves_to {
        // The caller promises a free name: overwriting an entry would lose a token.
        if profiles.insert(key(moves_to.as_str()), intended(DeValue::Table(moved))).is_some() {
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
    let name = DeValue::String(Cow::Owned(profile.as_str().to_owned()));
    document.root.insert(key(POINTER_KEY), intended(name));
}

fn key<'a>(name: &str) -> Spanned<Cow<'a, str>> {
    intended(Cow::Owned(name.to_owned()))
}

fn empty_table<'a>() -> Spanned<DeValue<'a>> {
    intended(DeValue::Table(DeTable::new()))
}

/// What stands nowhere in the text.
fn intended<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
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
        let verify = |edited: &str| {
            with_session(
                Document::parse(text).unwrap(),
                &profile.name,
                session_values(&profile).unwrap(),
                Some(&old),
                edited.to_owned(),
            )
        };
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
