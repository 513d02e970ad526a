//! Why a text is not valid TOML: a closed set of reasons in our own words, of which none quotes the text.

use std::ops::Range;

use thiserror::Error;
use toml::de::DeTable;

use super::position::Position;
use super::walk::{Step, each_value};

/// Which rule of TOML 1.1 a text breaks. Nothing of the text is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in super::super) enum SyntaxError {
    #[error("a key has no value")]
    MissingValue,
    #[error("a key is missing")]
    MissingKey,
    #[error("a key has a character that needs quotes")]
    UnquotedKey,
    #[error("a key is a multi-line string")]
    MultiLineKey,
    #[error("the key or table is already defined{}", first.map(|first| format!(" at {first}")).unwrap_or_default())]
    AlreadyDefined {
        /// Where it stands first, if that is known.
        first: Option<Position>,
    },
    #[error("a value without quotes is not a number, a boolean or a date")]
    UnquotedValue,
    #[error("a number is invalid")]
    InvalidNumber,
    #[error("a date or time is invalid")]
    InvalidDateTime,
    #[error("a string is not closed")]
    UnclosedString,
    #[error("a string is not closed before the end of its line")]
    LineBreakInString,
    #[error("a string has no opening quote")]
    UnopenedString,
    #[error("a string has an invalid escape sequence")]
    InvalidEscape,
    #[error("a control character must be escaped")]
    ControlCharacter,
    #[error("a carriage return is not followed by a line feed")]
    LoneCarriageReturn,
    #[error("a bracket is not closed")]
    UnclosedBracket,
    #[error("a bracket is not opened")]
    UnopenedBracket,
    #[error("a comma is missing")]
    MissingComma,
    #[error("there is an extra comma")]
    ExtraComma,
    #[error("there is an extra equals sign")]
    ExtraEquals,
    #[error("a line break separates a key from its value")]
    LineBreakBeforeValue,
    #[error("there is more on the line than one key and value or one header")]
    TrailingText,
    /// The parser knows a rule that it did not know when this set was made.
    #[error("its syntax is invalid")]
    Other,
}

impl SyntaxError {
    /// Translates what the parser says, which quotes the document in its `Display` and its `Debug`, but not in its
    /// message.
    pub(super) fn of_parser(text: &str, error: &toml::de::Error) -> Self {
        let message = error.message();
        // The parser has no codes, only messages; each that it has is in the table, and a new one is `Other`.
        let (problem, expected) = message.split_once(", expected ").unwrap_or((message, ""));
        let span = error.span().unwrap_or_default();
        match problem {
            "duplicate key" => Self::AlreadyDefined { first: first_definition(text, &span) },
            _ if problem.starts_with("cannot extend value of type ") => {
                Self::AlreadyDefined { first: first_definition(text, &span) }
            }
            "invalid basic string" | "invalid literal string" => match (expected, text.as_bytes().get(span.start)) {
                ("`\"`" | "`'`", Some(b'\r' | b'\n')) => Self::LineBreakInString,
                ("`\"`" | "`'`", _) => Self::UnclosedString,
                _ => Self::ControlCharacter,
            },
            "invalid multi-line basic string" | "invalid multi-line literal string" => match expected {
                "`\"`" | "`'`" => Self::UnclosedString,
                "newline" => Self::InvalidEscape,
                _ => Self::ControlCharacter,
            },
            "invalid comment character" => Self::ControlCharacter,
            "missing escaped value" | "too few unicode value digits" | "invalid value" => Self::InvalidEscape,
            "missing opening quote" => Self::UnopenedString,
            "carriage return must be followed by newline" => Self::LoneCarriageReturn,
            // The parser takes a missing value for an empty word without quotes.
            "string values must be quoted" if span.is_empty() => Self::MissingValue,
            "string values must be quoted" | "invalid boolean" => Self::UnquotedValue,
            "invalid float" if matches!(expected, "`inf`" | "`nan`") => Self::UnquotedValue,
            "`_` may only go between digits"
            | "integers with a radix cannot be signed"
            | "invalid binary number"
            | "invalid exponent"
            | "invalid float"
            | "invalid fraction"
            | "invalid hexadecimal number"
            | "invalid integer number"
            | "invalid mantissa"
            | "invalid octal number"
            | "radix must be lowercase"
            | "redundant integer number prefix"
            | "redundant numeric sign"
            | "unexpected leading zero"
            | "unexpected sign" => Self::InvalidNumber,
            "invalid date" | "invalid date-time" | "invalid offset" | "invalid time" => Self::InvalidDateTime,
            "key with no value"
            | "missing assignment between key-value pairs"
            | "missing value"
            | "missing value for key" => Self::MissingValue,
            "invalid inline table element" if expected == "`=`" => Self::MissingValue,
            "invalid inline table element"
            | "extra assignment between key-value pairs"
            | "missing comma between array elements"
            | "missing comma between key-value pairs" => Self::MissingComma,
            "extra comma in array" | "extra comma in inline table" => Self::ExtraComma,
            "extra `=`" | "unexpected `=` in array" => Self::ExtraEquals,
            "invalid key-value pair" | "missing key for inline table element" | "unquoted keys cannot be empty" => {
                Self::MissingKey
            }
            "invalid unquoted key" => Self::UnquotedKey,
            "keys cannot be multi-line basic strings" | "keys cannot be multi-line literal strings" => {
                Self::MultiLineKey
            }
            "unclosed array" | "unclosed array table" | "unclosed inline table" | "unclosed table" => {
                Self::UnclosedBracket
            }
            "missing array opening" | "missing inline table opening" | "missing table open" => Self::UnopenedBracket,
            "unexpected content" | "unexpected content between comment and newline" | "unexpected key or value" => {
                Self::TrailingText
            }
            _ => Self::Other,
        }
    }
}

/// Takes the place of a key that is defined already, so that both stand in one table.
const STAND_IN: &str = "plexctl-stand-in";

/// Finds the definition that another one repeats, whose key stands at `repeated`.
fn first_definition(text: &str, repeated: &Range<usize>) -> Option<Position> {
    let (before, key, after) = (text.get(..repeated.start)?, text.get(repeated.clone())?, text.get(repeated.end..)?);
    let key = format!("{key} = 0");
    let key = DeTable::parse(&key).ok()?;
    let (key, _) = key.get_ref().iter().next()?;
    let key = key.get_ref().as_ref();
    let text = format!("{before}{STAND_IN}{after}");
    let (root, _) = DeTable::parse_recoverable(&text);
    let root = root.get_ref();
    let mut holder = None;
    each_value(root, root, |table, step, value| {
        if let Step::Key(stand_in) = step
            && stand_in.span().start == repeated.start
        {
            holder = Some(table);
        }
        value.get_ref().as_table().unwrap_or(table)
    });
    let first = holder?.get_key_value(key)?.0.span().start;
    (first < repeated.start).then(|| Position::at(&text, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_of(text: &str) -> Option<String> {
        let error = DeTable::parse(text).unwrap_err();
        match SyntaxError::of_parser(text, &error) {
            SyntaxError::AlreadyDefined { first } => first.map(|first| first.to_string()),
            error => panic!("{error}: {text:?}"),
        }
    }

    #[test]
    fn finds_first_definition() {
        for (text, first) in [
            ("a = 1\nb = 2\na = 3\n", "1:1"),
            ("\"a b\" = 1\n'a b' = 3\n", "1:1"),
            ("[t]\n[u]\n[t]\n", "1:2"),
            ("[t.u]\n[t]\n[ 't' . u ]\n", "1:4"),
            ("[x]\na = 1\n[y]\na = 1\n'a' = 1\n", "4:1"),
            ("[x]\na.b.c = 1\na.d = 1\na.b.c = 1\n", "2:5"),
            ("[[x]]\na = 1\n[[x]]\na = 1\na = 1\n", "4:1"),
            ("x = [{ a = 1 }, { a = 1, b = { a = 1, a = 2 } }]\n", "1:32"),
            ("a = 1\na.b = 2\n", "1:1"),
            ("a = []\n[[a]]\n", "1:1"),
        ] {
            assert_eq!(first_of(text).as_deref(), Some(first), "{text:?}");
        }
    }
}
