//! The fields of an answer: a JSON object, read one by one, so that no value spoils another.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::failure::BodyFault;
use super::http::Body;
use crate::domain::answer_field::FieldValue;

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
                let is_followed_by_object = body.bytes[documents.byte_offset()..].contains(&b'{');
                Ok(Self { members, repeated, is_followed_by_object })
            }
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

    /// A field as far as its type matters. Null counts as missing.
    pub(super) fn value(&self, name: &str) -> Option<FieldValue> {
        let text = self.members.get(name)?.get();
        match text {
            "null" => None,
            _ if text.starts_with('"') => Some(self.get(name).map_or(FieldValue::Other, FieldValue::Text)),
            _ => Some(integer(text).map_or(FieldValue::Other, FieldValue::Integer)),
        }
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

    #[test]
    fn the_type_of_a_value_is_told_and_null_is_none() {
        let shown = |json: &str| match parse(&format!("{{\"a\":{json}}}"), true).ok()?.value("a") {
            None => Some("none".to_owned()),
            Some(FieldValue::Text(text)) => Some(format!("text {text}")),
            Some(FieldValue::Integer(number)) => Some(number.to_string()),
            Some(FieldValue::Other) => Some("other".to_owned()),
        };
        for (json, expected) in [
            ("null", "none"),
            (" \"\\u0041 \" ", "text A "),
            ("\"\\ud800\"", "other"),
            ("7", "7"),
            ("-7", "-7"),
            ("6e2", "600"),
            ("600.0", "600"),
            ("0.5", "other"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775807"),
            ("-99999999999999999999", "-9223372036854775808"),
            ("1e999", "9223372036854775807"),
            ("true", "other"),
            ("[7]", "other"),
            ("{}", "other"),
        ] {
            assert_eq!(shown(json).as_deref(), Some(expected), "{json}");
        }
        assert!(parse("{\"b\":1}", true).unwrap().value("a").is_none());
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
    fn an_object_counts_whatever_comes_behind_it_and_nothing_else_does() {
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
