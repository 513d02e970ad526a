//! The fields of a response: a JSON object, read one by one, so that no value spoils another.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use thiserror::Error;

use super::http::Body;
use crate::ports::call_error::CallError;

/// The members of an object, unread, the last one of each name.
pub(super) struct JsonObject {
    members: HashMap<String, Box<RawValue>>,
    /// Whether another object may follow, even one that is cut off.
    pub(super) is_followed_by_object: bool,
}

impl JsonObject {
    /// Reads the object that a body begins with. What comes behind it is not looked at, and may have broken off.
    pub(super) fn parse(body: &Body) -> Result<Self, JsonError> {
        let mut documents = serde_json::Deserializer::from_slice(&body.bytes).into_iter();
        match documents.next() {
            Some(Ok(members)) => {
                let is_followed_by_object = body.bytes[documents.byte_offset()..].contains(&b'{');
                Ok(Self { members, is_followed_by_object })
            }
            // A syntax error before the end shows that this is something else, however much is missing.
            Some(Err(error)) if !error.is_eof() => Err(JsonError::NoObject),
            _ => Err(if body.is_complete { JsonError::NoObject } else { JsonError::BrokenOff }),
        }
    }

    /// A field, if it is there and of this type.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.members.get(name)?.get()).ok()
    }

    /// A text that has to be there.
    pub(super) fn text(&self, name: &'static str) -> Result<String, JsonError> {
        let value = self.value(name).ok_or(JsonError::Missing(name))?;
        serde_json::from_str(value).map_err(|_| JsonError::NoText(name))
    }

    /// A number without a fraction, if the field is there. One that does not fit counts as the nearest that does.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, JsonError> {
        self.value(name).map(|value| integer(value).ok_or(JsonError::NoInteger(name))).transpose()
    }

    /// The text of a field. Null counts as missing.
    fn value(&self, name: &str) -> Option<&str> {
        self.members.get(name).map(|value| value.get()).filter(|value| *value != "null")
    }
}

/// Why a body or one of its fields cannot be used. Nothing of a value is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum JsonError {
    /// The body is no JSON object (RFC 8259, section 4).
    #[error("it is not a JSON object")]
    NoObject,
    /// The body ends too early, came too late, or is larger than 64 KiB.
    #[error("it is incomplete")]
    BrokenOff,
    /// The field has to be there.
    #[error("{0}: it is missing")]
    Missing(&'static str),
    /// The field is no text.
    #[error("{0}: it is not a string")]
    NoText(&'static str),
    /// The field is no number without a fraction.
    #[error("{0}: it is not an integer")]
    NoInteger(&'static str),
}

impl From<JsonError> for CallError {
    fn from(error: JsonError) -> Self {
        error.to_string().into()
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

    fn parse(text: &str, is_complete: bool) -> Result<JsonObject, JsonError> {
        JsonObject::parse(&Body { bytes: text.as_bytes().to_vec(), is_complete })
    }

    /// What a value is as a text and as an integer.
    fn read(value: &str) -> (Result<String, JsonError>, Result<Option<i64>, JsonError>) {
        let object = parse(&format!("{{\"a\":{value}}}"), true).unwrap();
        (object.text("a"), object.integer("a"))
    }

    #[test]
    fn reads_texts_that_have_to_be_there() {
        for (value, text) in [("\"\"", ""), (" \"\\u0041 \"", "A ")] {
            assert_eq!(read(value), (Ok(text.to_owned()), Err(JsonError::NoInteger("a"))), "{value}");
        }
        for value in ["\"\\ud800\"", "true", "[7]", "{}", "0.5"] {
            assert_eq!(read(value), (Err(JsonError::NoText("a")), Err(JsonError::NoInteger("a"))), "{value}");
        }
        assert_eq!(read("null"), (Err(JsonError::Missing("a")), Ok(None)));
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
            assert_eq!(read(value), (Err(JsonError::NoText("a")), Ok(Some(number))), "{value}");
        }
    }

    #[test]
    fn finds_what_may_be_another_object() {
        for (text, is_followed) in
            [(r#"{"a":1}"#, false), (r#"{"a":1} x"#, false), (r#"{"a":1}{"a":2}"#, true), (r#"{"a":1},[{"a"#, true)]
        {
            assert_eq!(parse(text, false).unwrap().is_followed_by_object, is_followed, "{text}");
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
            assert_eq!(parse(&whole[..cut], false).err(), Some(JsonError::BrokenOff), "{cut}");
            assert_eq!(parse(&whole[..cut], true).err(), Some(JsonError::NoObject), "{cut}");
        }
        for text in ["<html>", "[]", "null", "\"a\"", "7 ", "{\"a\":x}"] {
            assert_eq!(parse(text, false).err(), Some(JsonError::NoObject), "{text}");
        }
        assert!(JsonObject::parse(&Body { bytes: b"{\"\xff\":1}".to_vec(), is_complete: true }).is_err());
    }
}
