//! The fields of a response: a JSON object, read one by one, so that no value spoils another.

use std::collections::HashMap;
use std::fmt::{self, Display};

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use thiserror::Error;

use super::http::Body;
use crate::ports::call_error::CallError;

/// The members of an object, unread.
pub(super) struct JsonObject {
    members: HashMap<String, Box<RawValue>>,
    repeated: Vec<String>,
    is_followed_by_object: bool,
}

impl JsonObject {
    /// Reads the object that a body begins with. What comes behind it is not looked at, and may have broken off.
    pub(super) fn parse(body: &Body) -> Result<Self, BodyFault> {
        let mut documents = serde_json::Deserializer::from_slice(&body.bytes).into_iter::<Members>();
        match documents.next() {
            Some(Ok(Members { members, repeated })) => {
                // A second object could hold a second token, even if it is cut off.
                let is_followed_by_object = body.bytes[documents.byte_offset()..].contains(&b'{');
                Ok(Self { members, repeated, is_followed_by_object })
            }
            // A syntax error before the end shows that this is something else, however much is missing.
            Some(Err(error)) if !error.is_eof() => Err(BodyFault::NoObject),
            _ => Err(if body.is_complete { BodyFault::NoObject } else { BodyFault::BrokenOff }),
        }
    }

    /// Tells whether a body may hold this field more than once: in the object, or in another one behind it.
    pub(super) fn is_ambiguous(&self, name: &str) -> bool {
        self.is_followed_by_object || self.repeated.iter().any(|repeated| repeated == name)
    }

    /// A field, if it is there and of this type.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.members.get(name)?.get()).ok()
    }

    /// A text that has to be there.
    pub(super) fn text(&self, name: &'static str) -> Result<String, FieldError> {
        let value = self.value(name).ok_or(FieldError::missing(name))?;
        serde_json::from_str(value).map_err(|_| FieldError { name, fault: FieldFault::NoText })
    }

    /// A number without a fraction, if the field is there. One that does not fit counts as the nearest that does.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, FieldError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        integer(value).map(Some).ok_or(FieldError { name, fault: FieldFault::NoInteger })
    }

    /// The text of a field. Null counts as missing.
    fn value(&self, name: &str) -> Option<&str> {
        self.members.get(name).map(|value| value.get()).filter(|value| *value != "null")
    }
}

/// Why a field has no value of the type that it has to have. Nothing of the value is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{name}: {fault}")]
pub(super) struct FieldError {
    pub(super) name: &'static str,
    pub(super) fault: FieldFault,
}

impl FieldError {
    pub(super) fn missing(name: &'static str) -> Self {
        Self { name, fault: FieldFault::Missing }
    }
}

/// What is wrong with the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum FieldFault {
    #[error("it is missing")]
    Missing,
    #[error("it is not a string")]
    NoText,
    #[error("it is not an integer")]
    NoInteger,
}

impl From<FieldError> for CallError {
    fn from(error: FieldError) -> Self {
        error.to_string().into()
    }
}

/// Names the field whose value breaks a rule of the domain.
pub(super) fn invalid_field(name: &str, fault: impl Display) -> CallError {
    format!("{name}: {fault}").into()
}

/// Why the body of a success cannot be used at all. Nothing of it is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum BodyFault {
    /// It is no JSON object (RFC 8259, section 4).
    #[error("it is not a JSON object")]
    NoObject,
    /// It ends too early, came too late, or is larger than 64 KiB.
    #[error("it is incomplete")]
    BrokenOff,
    /// It holds more than one token, of which only one could be stored.
    #[error("it holds more than one token")]
    SeveralTokens,
}

impl From<BodyFault> for CallError {
    fn from(fault: BodyFault) -> Self {
        fault.to_string().into()
    }
}

/// The members of an object, the last one of each name, and the names that stand there more than once.
#[derive(Default)]
struct Members {
    members: HashMap<String, Box<RawValue>>,
    repeated: Vec<String>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
        let mut found = Members::default();
        while let Some((name, value)) = object.next_entry::<String, _>()? {
            // serde_json keeps the last of two equal keys and says nothing.
            if found.members.insert(name.clone(), value).is_some() {
                found.repeated.push(name);
            }
        }
        Ok(found)
    }
}

/// A number without a fraction, or the nearest that fits.
#[allow(clippy::cast_possible_truncation, reason = "it saturates")]
fn integer(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 || number.is_infinite()).then_some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, is_complete: bool) -> Result<JsonObject, BodyFault> {
        JsonObject::parse(&Body { bytes: text.as_bytes().to_vec(), is_complete })
    }

    /// What a value is as a text and as an integer.
    fn read(value: &str) -> (Result<String, FieldFault>, Result<Option<i64>, FieldFault>) {
        let object = parse(&format!("{{\"a\":{value}}}"), true).unwrap();
        (object.text("a").map_err(|error| error.fault), object.integer("a").map_err(|error| error.fault))
    }

    #[test]
    fn reads_texts_that_have_to_be_there() {
        for (value, text) in [("\"\"", ""), (" \"\\u0041 \"", "A ")] {
            assert_eq!(read(value), (Ok(text.to_owned()), Err(FieldFault::NoInteger)), "{value}");
        }
        for value in ["\"\\ud800\"", "true", "[7]", "{}", "0.5"] {
            assert_eq!(read(value), (Err(FieldFault::NoText), Err(FieldFault::NoInteger)), "{value}");
        }
        assert_eq!(read("null"), (Err(FieldFault::Missing), Ok(None)));
        let error = parse("{\"b\":1}", true).unwrap().text("a").unwrap_err();
        assert_eq!(error.to_string(), "a: it is missing");
    }

    #[test]
    fn reads_integers_to_the_nearest_that_fits() {
        for (value, number) in [
            ("7", 7),
            ("-7", -7),
            ("6e2", 600),
            ("600.0", 600),
            ("9223372036854775807", i64::MAX),
            ("9223372036854775808", i64::MAX),
            ("-99999999999999999999", i64::MIN),
            ("1e999", i64::MAX),
        ] {
            assert_eq!(read(value), (Err(FieldFault::NoText), Ok(Some(number))), "{value}");
        }
    }

    #[test]
    fn finds_a_field_that_may_be_there_twice() {
        for (text, is_ambiguous) in [
            (r#"{"a":1}"#, false),
            (r#"{"a":1,"b":2,"b":3}"#, false),
            (r#"{"a":1} x"#, false),
            (r#"{"a":1,"a":2}"#, true),
            (r#"{"a":1,"\u0061":1}"#, true),
            (r#"{"a":1}{"a":2}"#, true),
            (r#"{"a":1},[{"a"#, true),
        ] {
            assert_eq!(parse(text, false).unwrap().is_ambiguous("a"), is_ambiguous, "{text}");
        }
    }

    #[test]
    fn takes_the_first_object_and_nothing_else() {
        let deep = format!("{{\"b\":{}1{},\"a\":7}}", "[".repeat(1000), "]".repeat(1000));
        for (text, is_complete) in [
            ("{\"a\":7}", true),
            (" {\"a\":7}\n", true),
            ("{\"a\":7} {", false),
            ("{\"a\":1,\"a\":7}", true),
            (&deep, true),
        ] {
            assert_eq!(parse(text, is_complete).unwrap().get("a"), Some(7), "{text:.20}");
        }
        let whole = "{\"a\":7}";
        for cut in 0..whole.len() {
            assert_eq!(parse(&whole[..cut], false).err(), Some(BodyFault::BrokenOff), "{cut}");
            assert_eq!(parse(&whole[..cut], true).err(), Some(BodyFault::NoObject), "{cut}");
        }
        for text in ["<html>", "[]", "null", "\"a\"", "7 ", "{\"a\":x}"] {
            assert_eq!(parse(text, false).err(), Some(BodyFault::NoObject), "{text}");
        }
        assert!(JsonObject::parse(&Body { bytes: b"{\"\xff\":1}".to_vec(), is_complete: true }).is_err());
    }
}
