//! What the config document means: the default pointer, the profiles, and where it breaks its own form.
//!
//! What the parser gets is bounded by `limits` before, and what it takes to be TOML held against the specification by
//! `strict` after it. Documents are compared by a `digest`.

mod digest;
mod limits;
mod position;
mod strict;
mod syntax_error;
mod walk;

use std::borrow::Cow;
use std::ops::Range;
use std::time::{Duration, UNIX_EPOCH};

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_datetime::{Datetime, Offset};

use self::digest::Digest;
pub(super) use self::position::Position;
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::{BindingAlias, IdpBinding};
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::session::ProfileName;
use crate::domain::timestamp::Timestamp;
use crate::ports::profile_reader::ProfileKey;

/// The key of the default pointer.
pub(super) const POINTER_KEY: &str = "default";

/// The key of the table that holds the profiles.
pub(super) const PROFILES_KEY: &str = "profiles";

/// The keys of a profile.
pub(super) const SERVER_KEY: &str = "server";
pub(super) const TOKEN_KEY: &str = "token";
pub(super) const EXPIRES_AT_KEY: &str = "expires_at";
pub(super) const DOMAIN_ID_KEY: &str = "domain_id";
pub(super) const IDP_BINDING_ID_KEY: &str = "idp_binding_id";
pub(super) const IDP_BINDING_ALIAS_KEY: &str = "idp_binding_alias";

/// Those that belong to the token, and move with it.
pub(super) const TOKEN_KEYS: [&str; 3] = [SERVER_KEY, TOKEN_KEY, EXPIRES_AT_KEY];

/// Takes the bytes as the UTF-8 text that every TOML document is (TOML 1.1, "Spec").
pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes).map_err(|error| {
        // Lossless here: it is the part before the first invalid byte.
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        Fault::at(&valid, Some(valid.len()), "it is not valid UTF-8")
    })
}

/// A valid TOML document whose pointer and profile table have the right types.
pub(super) struct Document<'a> {
    /// The text that was parsed.
    pub(super) text: &'a str,
    /// What the document means. An edit changes it to the meaning that the edited text must have.
    pub(super) root: DeTable<'a>,
}

impl<'a> Document<'a> {
    /// Parses a document and checks the types of `default` and `profiles`.
    pub(super) fn parse(text: &'a str) -> Result<Self, Fault> {
        limits::check(text).map_err(|(offset, problem)| Fault::at(text, offset, problem))?;
        Self::parse_rest(text)
    }

    /// The same for what is left of a document: it has no more of anything than the whole, which was counted.
    pub(super) fn parse_rest(text: &'a str) -> Result<Self, Fault> {
        // The parser's own message and its `Debug` quote the document, which holds tokens.
        let root = DeTable::parse(text).map_err(|error| refusal(text, &error))?;
        let root = root.into_inner();
        // Other TOML parsers refuse such a file, so an edit of it would be lost on them.
        if let Some((offset, reason)) = strict::first_offence(text, &root) {
            return Err(Fault::of_syntax(text, Some(offset), reason));
        }
        let document = Self { text, root };
        if let Some(pointer) = document.root.get(POINTER_KEY) {
            document.string(pointer, "`default` is not a string")?;
        }
        if let Some(profiles) = document.root.get(PROFILES_KEY) {
            document.table(profiles, "`profiles` is not a table")?;
        }
        Ok(document)
    }

    /// The profile that the default pointer names, if it names one.
    pub(super) fn pointer(&self) -> Option<ProfileName> {
        let name = self.root.get(POINTER_KEY)?.get_ref().as_str()?;
        ProfileName::new(name).ok()
    }

    /// The names of all profiles that can be selected, in the order in which they stand in the file.
    pub(super) fn names(&self) -> Vec<ProfileName> {
        self.tables().map(|(name, _)| name).filter(|name| !name.is_nameless()).collect()
    }

    /// All profiles, in the order in which they stand in the file. What has a wrong type counts as absent.
    pub(super) fn profiles(&self) -> Vec<Profile> {
        self.tables().map(|(name, table)| profile(name, table)).collect()
    }

    /// Tells whether a name is taken, even by a value that is not a profile.
    pub(super) fn has_entry(&self, name: &ProfileName) -> bool {
        self.entry(name).is_some()
    }

    /// Looks up a profile and checks the types of its `token` and `server`. What else it holds is only remembered, so a
    /// wrong type counts as absent there.
    pub(super) fn profile(&self, name: &ProfileName) -> Result<Option<Profile>, Fault> {
        let Some(value) = self.entry(name) else { return Ok(None) };
        let table = self.table(value, "the profile is not a table")?;
        if let Some(token) = table.get(TOKEN_KEY) {
            self.string(token, "the profile's `token` is not a string")?;
        }
        if let Some(server) = table.get(SERVER_KEY) {
            self.string(server, "the profile's `server` is not a string")?;
        }
        Ok(Some(profile(name.clone(), table)))
    }

    /// Where a value of a profile stands in the text, if it is there.
    pub(super) fn span_of(&self, name: &ProfileName, key: &str) -> Option<Range<usize>> {
        Some(self.entry(name)?.get_ref().as_table()?.get(key)?.span())
    }

    /// Where the value of the default pointer stands in the text, if it is there.
    pub(super) fn span_of_pointer(&self) -> Option<Range<usize>> {
        self.root.get(POINTER_KEY).map(Spanned::span)
    }

    /// The same as a line and a column. Counting lines takes a pass over the text, so this is for errors.
    pub(super) fn position_of(&self, name: &ProfileName, key: ProfileKey) -> Option<Position> {
        let key = match key {
            ProfileKey::Server => SERVER_KEY,
            ProfileKey::Token => TOKEN_KEY,
        };
        Some(Position::at(self.text, self.span_of(name, key)?.start))
    }

    /// What the document means, which is all that a comparison needs of it: two documents at once would take twice the
    /// memory.
    pub(super) fn into_digest(self) -> Digest {
        Digest::of(&self.root)
    }

    /// Forgets a profile, and the pointer if it names the profile: the meaning that the cut text must have.
    pub(super) fn remove(&mut self, name: &ProfileName) {
        if self.pointer().as_ref() == Some(name) {
            self.root.remove(POINTER_KEY);
        }
        if let Some(DeValue::Table(profiles)) = self.root.get_mut(PROFILES_KEY).map(Spanned::get_mut) {
            profiles.remove(name.as_str());
        }
    }

    /// Forgets the profile table if it is empty: whether it goes with its last profile is a matter of spelling.
    pub(super) fn forget_empty_profiles(&mut self) {
        if self.entries().is_some_and(DeTable::is_empty) {
            self.root.remove(PROFILES_KEY);
        }
    }

    fn entry(&self, name: &ProfileName) -> Option<&Spanned<DeValue<'a>>> {
        self.entries()?.get(name.as_str())
    }

    fn tables(&self) -> impl Iterator<Item = (ProfileName, &DeTable<'a>)> {
        self.entries().into_iter().flatten().filter_map(|(key, value)| {
            let name = ProfileName::new(key.get_ref().as_ref()).unwrap_or(ProfileName::NAMELESS);
            Some((name, value.get_ref().as_table()?))
        })
    }

    fn entries(&self) -> Option<&DeTable<'a>> {
        self.root.get(PROFILES_KEY)?.get_ref().as_table()
    }

    fn string<'d>(&self, value: &'d Spanned<DeValue<'_>>, problem: &'static str) -> Result<&'d str, Fault> {
        value.get_ref().as_str().ok_or_else(|| Fault::at(self.text, Some(value.span().start), problem))
    }

    fn table<'d>(&self, value: &'d Spanned<DeValue<'a>>, problem: &'static str) -> Result<&'d DeTable<'a>, Fault> {
        value.get_ref().as_table().ok_or_else(|| Fault::at(self.text, Some(value.span().start), problem))
    }
}

/// What a profile stores. A value that is not valid counts as absent.
fn profile(name: ProfileName, table: &DeTable<'_>) -> Profile {
    let text = |key| table.get(key)?.get_ref().as_str();
    let id = |key| Identifier::parse(text(key)?).ok();
    let alias = || BindingAlias::parse(text(IDP_BINDING_ALIAS_KEY)?).ok();
    Profile {
        name,
        server: text(SERVER_KEY).map(str::to_owned),
        token: text(TOKEN_KEY).and_then(ProfileToken::new),
        expires_at: table.get(EXPIRES_AT_KEY).and_then(|value| timestamp(value.get_ref().as_datetime()?)),
        domain_id: id(DOMAIN_ID_KEY),
        idp_binding: id(IDP_BINDING_ID_KEY).map(IdpBinding::Id).or_else(|| alias().map(IdpBinding::Alias)),
    }
}

/// A date-time of TOML. A date alone and a time alone are none; one without an offset counts as UTC.
fn timestamp(datetime: &Datetime) -> Option<Timestamp> {
    let (date, time) = (datetime.date?, datetime.time?);
    // Fractions of a second are dropped: an expiry is shown and compared in whole seconds.
    let local = format!("{date}T{:02}:{:02}:{:02}Z", time.hour, time.minute, time.second.unwrap_or_default());
    // The only valid date-times that this does not take are those before 1970, which count as its first second.
    let local = humantime::parse_rfc3339(&local).unwrap_or(UNIX_EPOCH);
    let minutes = match datetime.offset {
        Some(Offset::Custom { minutes }) => minutes,
        Some(Offset::Z) | None => 0,
    };
    let offset = Duration::from_secs(60 * u64::from(minutes.unsigned_abs()));
    // An offset is local time minus UTC (RFC 3339, section 4.2).
    let utc = if minutes < 0 { local.checked_add(offset) } else { local.checked_sub(offset) };
    utc.map(Timestamp::from)
}

/// What is wrong with a document, and where. Nothing of its text is carried.
#[derive(Debug, Error)]
#[error("{problem}")]
pub(super) struct Fault {
    pub(super) position: Option<Position>,
    problem: Cow<'static, str>,
}

impl Fault {
    fn at(text: &str, offset: Option<usize>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { position: offset.map(|offset| Position::at(text, offset)), problem: problem.into() }
    }

    fn of_syntax(text: &str, offset: Option<usize>, reason: &str) -> Self {
        Self::at(text, offset, format!("it is not valid TOML: {reason}"))
    }
}

/// Why the parser refused a text. It is a limit of the parser if that was exceeded before anything else was wrong.
fn refusal(text: &str, error: &toml::de::Error) -> Fault {
    let offset = error.span().map(|span| span.start);
    match limits::count(text) {
        // The parser reports its own limits as syntax errors, or without a position.
        Err((place, problem)) if offset.is_none() || place <= offset => Fault::at(text, place, problem),
        _ => Fault::of_syntax(text, offset, &syntax_error::reason(text, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        let fault = match Document::parse(text) {
            Err(fault) => fault,
            Ok(document) => document.profile(&ProfileName::new("x").unwrap()).expect_err(text),
        };
        fault.position.map_or_else(|| fault.to_string(), |position| format!("{position} {fault}"))
    }

    #[test]
    fn a_fault_has_a_line_and_a_column_and_none_of_the_text() {
        let cases = [
            ("a = 1\nb = \n", "2:5 it is not valid TOML: a key has no value"),
            (
                "a = 1\r\nb = \"psk_dev\n",
                "2:13 it is not valid TOML: a string is not closed before the end of its line",
            ),
            ("a = 1\na = 2\n", "2:1 it is not valid TOML: the key or table is already defined at 1:1"),
            ("[t]\n[t]\n", "2:2 it is not valid TOML: the key or table is already defined at 1:2"),
            ("a = 'ä' ö\n", "1:9 it is not valid TOML: there is more on the line than one key and value or one header"),
            ("\u{feff}= 1\n", "1:1 it is not valid TOML: a key is missing"),
            ("a = \"\0\"\n", "1:6 it is not valid TOML: a control character must be escaped"),
            ("a = 1\rb = 2\n", "1:7 it is not valid TOML: a carriage return is not followed by a line feed"),
            ("a = '''", "1:8 it is not valid TOML: a string is not closed"),
            ("default = 3\n", "1:11 `default` is not a string"),
            ("\ndefault = [\"x\"]\n", "2:11 `default` is not a string"),
            ("profiles = 3\n", "1:12 `profiles` is not a table"),
            ("[[profiles]]\n", "1:1 `profiles` is not a table"),
            ("[[profiles.x]]\n", "1:1 the profile is not a table"),
            ("[profiles]\nx = \"t\"\n", "2:5 the profile is not a table"),
            ("[profiles.x]\n  token = 3\n", "2:11 the profile's `token` is not a string"),
            ("[profiles.x]\ntoken = \"t\"\nserver = {}\n", "3:10 the profile's `server` is not a string"),
            ("a = 0x\nb = 0b\n", "1:5 it is not valid TOML: a number is invalid"),
            ("a = {b\n= 1}\n", "2:3 it is not valid TOML: a line break separates a key from its value"),
            ("[[t.a]]\n[t]\na.b.c = 1\n", "3:3 it is not valid TOML: the key or table is already defined"),
        ];
        for (text, message) in cases {
            assert_eq!(fault(text), message, "{text:?}");
        }
    }

    #[test]
    fn what_is_nested_deeper_than_the_parser_goes_is_said_in_words() {
        let (key, list) = (|parts| vec!["a"; parts].join("."), |depth| "[".repeat(depth) + &"]".repeat(depth));
        let tables = |depth| "{a=".repeat(depth) + "1" + &"}".repeat(depth);
        for text in
            [format!("{} = 1\n", key(80)), format!("[{}]\nb = {}", key(80), list(80)), format!("a={}", tables(80))]
        {
            assert!(Document::parse(&text).is_ok(), "{text}");
        }
        let (long, deep) = ("the key has more than 80 parts", "the value is nested more than 80 levels deep");
        let cases = [
            (format!("# x\n{} = 1\n", key(81)), format!("2:161 {long}")),
            (format!("[{}]\n", key(81)), format!("1:162 {long}")),
            (format!("[[ {} ]]\n", key(200)), format!("1:164 {long}")),
            (format!("b = {{ {} = 1 }}\n", key(81)), format!("1:167 {long}")),
            (format!("b = {}\n", list(81)), format!("1:85 {deep}")),
            (format!("b = {}\n", list(100_000)), format!("1:85 {deep}")),
            (format!("b={}\n", tables(81)), format!("1:243 {deep}")),
            // The first error is reported.
            (
                format!("b = 1 1\n{} = 1\n", key(81)),
                "1:5 it is not valid TOML: a value without quotes is not a number, a boolean or a date".to_owned(),
            ),
            (format!("{} = 1\nb = 1 1\n", key(81)), format!("1:161 {long}")),
        ];
        for (text, message) in cases {
            assert_eq!(fault(&text), message);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_found_by_line_and_column() {
        let fault = utf8(b"a = 1\n\xc3\xa4\xff".to_vec()).unwrap_err();
        assert_eq!(fault.position.unwrap().to_string(), "2:2");
    }

    #[test]
    fn a_profile_has_a_token_and_a_server_as_far_as_it_stores_them() {
        let x = ProfileName::new("x").unwrap();
        let stored = |text: &str| {
            let document = Document::parse(text).unwrap();
            let place = document.position_of(&x, ProfileKey::Token).map(|position| position.to_string());
            document.profile(&x).unwrap().map(|profile| {
                let token = profile.token.map(|token| token.expose_secret().to_owned());
                (token, profile.server, place)
            })
        };
        assert_eq!(stored(""), None);
        assert_eq!(stored("[profiles.y]\ntoken = \"t\"\n"), None);
        assert_eq!(stored("[profiles.x]\nother = 1\n"), Some((None, None, None)));
        assert_eq!(
            stored("[profiles.x]\ntoken = \"\"\nserver = \"\"\n"),
            Some((None, Some(String::new()), Some("2:9".into())))
        );
        assert_eq!(
            stored("profiles.x = { server = 's', token = 't' }\n"),
            Some((Some("t".into()), Some("s".into()), Some("1:38".into())))
        );
    }

    /// A profile with this value under this key, as it is looked up and as it is listed.
    fn with_value(key: &str, value: &str) -> Profile {
        let text = format!("[profiles.x]\n{key} = {value} # soon\n");
        let document = Document::parse(&text).unwrap();
        let profile = document.profile(&ProfileName::new("x").unwrap()).unwrap().unwrap();
        assert_eq!(document.profiles(), std::slice::from_ref(&profile));
        profile
    }

    #[test]
    fn an_expiry_is_a_date_time_in_utc() {
        for (value, expected) in [
            ("2026-11-25T13:46:00Z", Some("2026-11-25T13:46:00Z")),
            ("2026-11-25 13:46:59.999z", Some("2026-11-25T13:46:59Z")),
            ("1979-05-27 07:32:00.5+01:30", Some("1979-05-27T06:02:00Z")),
            ("1979-05-27T22:32:00-02:00", Some("1979-05-28T00:32:00Z")),
            ("1979-05-27T07:32:00", Some("1979-05-27T07:32:00Z")),
            ("1979-05-27T07:32Z", Some("1979-05-27T07:32:00Z")),
            ("1969-12-31T23:59:59Z", Some("1970-01-01T00:00:00Z")),
            ("9999-12-31T23:59:59Z", Some("9999-12-31T23:59:59Z")),
            ("1979-05-27", None),
            ("07:32:00", None),
            ("'2026-11-25T13:46:00Z'", None),
            ("3", None),
        ] {
            let expires_at = with_value("expires_at", value).expires_at.map(|time| time.to_string());
            assert_eq!(expires_at.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn a_remembered_value_that_is_not_valid_counts_as_absent() {
        const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
        let id = Identifier::parse(ID).unwrap();
        assert_eq!(with_value("domain_id", &format!("'{ID}'")).domain_id, Some(id));
        assert_eq!(with_value("idp_binding_id", &format!("'{ID}'")).idp_binding, Some(IdpBinding::Id(id)));
        let alias = BindingAlias::parse("google").unwrap();
        assert_eq!(with_value("idp_binding_alias", "'google'").idp_binding, Some(IdpBinding::Alias(alias)));
        let both = "'no id'\nidp_binding_alias = 'google'";
        assert!(matches!(with_value("idp_binding_id", both).idp_binding, Some(IdpBinding::Alias(_))));
        for value in ["'junk'", "''", "3", "[]", &format!("'{}'", ID.replace('-', ""))] {
            assert_eq!(with_value("domain_id", value).domain_id, None, "{value}");
            assert_eq!(with_value("idp_binding_id", value).idp_binding, None, "{value}");
        }
        for value in ["''", "'a b'", "\"a\\u0000\"", "3"] {
            assert_eq!(with_value("idp_binding_alias", value).idp_binding, None, "{value}");
        }
    }

    #[test]
    fn an_empty_pointer_names_nothing() {
        let pointer = |text: &str| Document::parse(text).unwrap().pointer().map(|name| name.as_str().to_owned());
        assert_eq!(pointer(""), None);
        assert_eq!(pointer("default = ''\n"), None);
        assert_eq!(pointer("default = 'a.b'\n"), Some("a.b".into()));
    }
}
