//! The verification: an edited text is believed only if it means what the edit intends.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::EditError;
use super::session::NewSession;
use super::walk::Field;
use crate::adapters::toml_store::document::{Document, POINTER_KEY, PROFILES_KEY};
use crate::domain::session::ProfileName;

/// Gives the rest back only if it means what the document means without the profile.
pub(super) fn without_profile(
    mut document: Document<'_>,
    profile: &ProfileName,
    rest: String,
) -> Result<String, EditError> {
    document.remove(profile);
    document.forget_empty_profiles();
    let intended = document.into_digest();
    let mut reread = Document::parse_rest(&rest).map_err(|_| EditError)?;
    reread.forget_empty_profiles();
    if reread.into_digest() == intended { Ok(rest) } else { Err(EditError) }
}

/// Gives the edited text back only if it means what the document means with the session in its profile, with what the
/// profile held put aside, and with a default.
pub(super) fn with_session(
    mut document: Document<'_>,
    session: &NewSession<'_>,
    edited: String,
) -> Result<String, EditError> {
    if document.pointer().is_none() {
        point_to(&mut document, session.profile);
    }
    let profiles = document.root_mut().entry(key(PROFILES_KEY)).or_insert_with(empty_table);
    let profiles = as_table(profiles)?;
    let profile = as_table(profiles.entry(key(session.profile.as_str())).or_insert_with(empty_table))?;
    let old = Field::ALL.map(|field| profile.remove_entry(field.key()));
    profile.insert(key(Field::Server.key()), string(session.server));
    profile.insert(key(Field::Token.key()), string(session.token));
    if let Some(expires_at) = session.expires_at {
        profile.insert(key(Field::ExpiresAt.key()), date_time(expires_at)?);
    }
    if let Some(put_aside) = session.put_aside {
        let held = Spanned::new(0..0, DeValue::Table(old.into_iter().flatten().collect()));
        if profiles.insert(key(put_aside.as_str()), held).is_some() {
            return Err(EditError);
        }
    }
    believe(edited, document)
}

/// Gives the edited text back only if it means what the document means with the pointer naming the profile.
pub(super) fn with_pointer(
    mut document: Document<'_>,
    profile: &ProfileName,
    edited: String,
) -> Result<String, EditError> {
    point_to(&mut document, profile);
    believe(edited, document)
}

fn believe(edited: String, intended: Document<'_>) -> Result<String, EditError> {
    let intended = intended.into_digest();
    let reread = Document::parse(&edited).map_err(|_| EditError)?;
    if reread.into_digest() == intended { Ok(edited) } else { Err(EditError) }
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

fn date_time<'a>(text: &str) -> Result<Spanned<DeValue<'a>>, EditError> {
    match DeValue::parse(text).map(Spanned::into_inner) {
        Ok(DeValue::Datetime(date_time)) => Ok(Spanned::new(0..0, DeValue::Datetime(date_time))),
        _ => Err(EditError),
    }
}

fn empty_table<'a>() -> Spanned<DeValue<'a>> {
    Spanned::new(0..0, DeValue::Table(DeTable::new()))
}

fn as_table<'d, 'a>(value: &'d mut Spanned<DeValue<'a>>) -> Result<&'d mut DeTable<'a>, EditError> {
    match value.get_mut() {
        DeValue::Table(table) => Ok(table),
        _ => Err(EditError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(without_profile(document, &ProfileName::new("x").unwrap(), rest.clone()).is_err(), "{rest:?}");
        }
    }

    #[test]
    fn a_session_that_would_not_be_stored_as_intended_is_refused() {
        let text = "[profiles.x]\nserver = \"s\"\ntoken = \"t\"\nmore = 1\n[profiles.y]\ntoken = \"u\"\n";
        let right = "default = \"x\"\n[profiles.x]\nserver = \"S\"\ntoken = \"T\"\nexpires_at = 2026-11-25T13:46:00Z\nmore = 1\n\
            [profiles.y]\ntoken = \"u\"\n[profiles.old]\nserver = \"s\"\ntoken = \"t\"\n";
        let (profile, old) = (ProfileName::new("x").unwrap(), ProfileName::new("old").unwrap());
        let session = NewSession {
            profile: &profile,
            server: "S",
            token: "T",
            expires_at: Some("2026-11-25T13:46:00Z"),
            put_aside: Some(&old),
        };
        let verify = |edited: &str| with_session(Document::parse(text).unwrap(), &session, edited.to_owned());
        assert_eq!(verify(right).unwrap(), right);
        for (part, wrong) in [
            ("default = \"x\"\n", ""),
            ("default = \"x\"", "default = \"y\""),
            ("server = \"S\"", "server = \"s\""),
            ("server = \"S\"\n", ""),
            ("token = \"T\"", "token = \"t\""),
            ("expires_at = 2026-11-25T13:46:00Z\n", ""),
            ("13:46:00Z", "13:46:00"),
            ("more = 1\n", ""),
            ("[profiles.y]\ntoken = \"u\"\n", ""),
            ("server = \"s\"\n", ""),
            ("token = \"t\"\n", ""),
            ("[profiles.old]\nserver = \"s\"\ntoken = \"t\"\n", ""),
            ("token = \"u\"", "token = \"u\"\nmore = 1"),
            ("\"u\"", "\"u"),
        ] {
            assert!(right.contains(part), "{part:?}");
            assert!(verify(&right.replacen(part, wrong, 1)).is_err(), "{part:?} {wrong:?}");
        }
    }

    #[test]
    fn a_pointer_that_would_not_be_set_as_intended_is_refused() {
        let profile = ProfileName::new("x").unwrap();
        let verify = |edited: &str| {
            with_pointer(Document::parse("default = \"y\"\na = 1\n").unwrap(), &profile, edited.to_owned())
        };
        assert!(verify("default = \"x\"\na = 1\n").is_ok());
        for wrong in
            ["default = \"y\"\na = 1\n", "a = 1\n", "default = \"x\"\n", "default = \"x\"\na = 1\nb = 1\n", "a"]
        {
            assert!(verify(wrong).is_err(), "{wrong:?}");
        }
    }
}
