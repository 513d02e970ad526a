//! What the config document means: the default pointer, the profiles, and where it breaks its own form.

use std::fmt;

use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::session::ProfileName;

/// The key of the default pointer.
pub(super) const POINTER_KEY: &str = "default";

/// The key of the table that holds the profiles.
pub(super) const PROFILES_KEY: &str = "profiles";

/// Takes the bytes as the UTF-8 text that every TOML document is (TOML 1.1, "Spec").
pub(super) fn utf8(bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        Fault { position: Some(position_at(&valid, valid.len())), problem: "it is not valid UTF-8" }
    })
}

/// A valid TOML document whose pointer and profile table have the right types.
pub(super) struct Document<'a> {
    text: &'a str,
    root: DeTable<'a>,
}

/// What a profile stores of a session.
pub(super) struct Profile<'d> {
    /// The token's text and position, unless it is missing or empty.
    pub(super) token: Option<(&'d str, Position)>,
    pub(super) server: Option<&'d str>,
}

impl<'a> Document<'a> {
    /// Parses a document and checks the types of `default` and `profiles`.
    pub(super) fn parse(text: &'a str) -> Result<Self, Fault> {
        let root = DeTable::parse(text).map_err(|error| {
            // The parser's own message and its `Debug` quote the document, which holds tokens.
            Fault { position: error.span().map(|span| position_at(text, span.start)), problem: "it is not valid TOML" }
        })?;
        let document = Self { text, root: root.into_inner() };
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

    /// Looks up a profile and checks its types.
    pub(super) fn profile(&self, name: &ProfileName) -> Result<Option<Profile<'_>>, Fault> {
        let profiles = self.root.get(PROFILES_KEY).and_then(|profiles| profiles.get_ref().as_table());
        let Some(value) = profiles.and_then(|profiles| profiles.get(name.as_str())) else {
            return Ok(None);
        };
        let profile = self.table(value, "the profile is not a table")?;
        let token = match profile.get("token") {
            None => None,
            Some(value) => match self.string(value, "the profile's `token` is not a string")? {
                "" => None,
                token => Some((token, position_at(self.text, value.span().start))),
            },
        };
        let server = match profile.get("server") {
            None => None,
            Some(value) => Some(self.string(value, "the profile's `server` is not a string")?),
        };
        Ok(Some(Profile { token, server }))
    }

    /// The text that was parsed.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Forgets a profile, and the pointer if it names the profile: what a cut of the text has to come to.
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
        let profiles = self.root.get(PROFILES_KEY).and_then(|profiles| profiles.get_ref().as_table());
        if profiles.is_some_and(DeTable::is_empty) {
            self.root.remove(PROFILES_KEY);
        }
    }

    fn string<'d>(&self, value: &'d Spanned<DeValue<'_>>, problem: &'static str) -> Result<&'d str, Fault> {
        value.get_ref().as_str().ok_or_else(|| self.fault(value, problem))
    }

    fn table<'d>(&self, value: &'d Spanned<DeValue<'a>>, problem: &'static str) -> Result<&'d DeTable<'a>, Fault> {
        value.get_ref().as_table().ok_or_else(|| self.fault(value, problem))
    }

    fn fault(&self, value: &Spanned<DeValue<'_>>, problem: &'static str) -> Fault {
        Fault { position: Some(position_at(self.text, value.span().start)), problem }
    }
}

/// Two documents are equal if they hold the same values, whatever their spelling; numbers are compared by their source
/// text, since `nan` is not equal to itself.
impl PartialEq for Document<'_> {
    fn eq(&self, other: &Self) -> bool {
        same_table(&self.root, &other.root)
    }
}

/// What is wrong with a document, and where. Nothing of its text is carried.
#[derive(Debug, Error)]
#[error("{problem}")]
pub(super) struct Fault {
    pub(super) position: Option<Position>,
    pub(super) problem: &'static str,
}

/// A place in the text: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    line: usize,
    column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

fn position_at(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before[..line_start].matches('\n').count() + 1;
    let column = before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1;
    Position { line, column }
}

fn same_table(left: &DeTable<'_>, right: &DeTable<'_>) -> bool {
    left.len() == right.len()
        && left.iter().all(|(key, value)| {
            right.get(key.get_ref().as_ref()).is_some_and(|other| same_value(value.get_ref(), other.get_ref()))
        })
}

fn same_value(left: &DeValue<'_>, right: &DeValue<'_>) -> bool {
    match (left, right) {
        (DeValue::String(left), DeValue::String(right)) => left == right,
        (DeValue::Integer(left), DeValue::Integer(right)) => {
            left.radix() == right.radix() && left.as_str() == right.as_str()
        }
        (DeValue::Float(left), DeValue::Float(right)) => left.as_str() == right.as_str(),
        (DeValue::Boolean(left), DeValue::Boolean(right)) => left == right,
        (DeValue::Datetime(left), DeValue::Datetime(right)) => left == right,
        (DeValue::Array(left), DeValue::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(left, right)| same_value(left.get_ref(), right.get_ref()))
        }
        (DeValue::Table(left), DeValue::Table(right)) => same_table(left, right),
        _ => false,
    }
}
