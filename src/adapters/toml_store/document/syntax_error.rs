//! Why a text is not valid TOML: a closed set of reasons in our own words, of which none quotes the text.

use std::borrow::Cow;
use std::ops::Range;

use toml::de::DeTable;

use super::position::Position;
use super::walk::{Step, each_value};

// The reasons that are given at several spots.
pub(super) const ALREADY_DEFINED: &str = "the key or table is already defined";
pub(super) const INVALID_NUMBER: &str = "a number is invalid";
const MISSING_VALUE: &str = "a key has no value";
const UNQUOTED_VALUE: &str = "a value without quotes is not a number, a boolean or a date";
const UNCLOSED_STRING: &str = "a string is not closed";
const INVALID_ESCAPE: &str = "a string has an invalid escape sequence";
const CONTROL_CHARACTER: &str = "a control character must be escaped";

/// Which rule of TOML 1.1 a text breaks: the parser's message in our words. Its `Display` and its `Debug` quote the
/// document, but its message does not.
pub(super) fn reason(text: &str, error: &toml::de::Error) -> Cow<'static, str> {
    let message = error.message();
    // The parser has no codes, only messages; each that it has is in the table.
    let (problem, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let span = error.span().unwrap_or_default();
    let reason = match problem {
        _ if problem == "duplicate key" || problem.starts_with("cannot extend value of type ") => {
            return match first_definition(text, &span) {
                Some(first) => format!("{ALREADY_DEFINED} at {first}").into(),
                None => ALREADY_DEFINED.into(),
            };
        }
        "invalid basic string" | "invalid literal string" => match (expected, text.as_bytes().get(span.start)) {
            ("`\"`" | "`'`", Some(b'\r' | b'\n')) => "a string is not closed before the end of its line",
            ("`\"`" | "`'`", _) => UNCLOSED_STRING,
            _ => CONTROL_CHARACTER,
        },
        "invalid multi-line basic string" | "invalid multi-line literal string" => match expected {
            "`\"`" | "`'`" => UNCLOSED_STRING,
            "newline" => INVALID_ESCAPE,
            _ => CONTROL_CHARACTER,
        },
        "invalid comment character" => CONTROL_CHARACTER,
        "missing escaped value" | "too few unicode value digits" | "invalid value" => INVALID_ESCAPE,
        "missing opening quote" => "a string has no opening quote",
        "carriage return must be followed by newline" => "a carriage return is not followed by a line feed",
        // The parser takes a missing value for an empty word without quotes.
        "string values must be quoted" if span.is_empty() => MISSING_VALUE,
        "string values must be quoted" | "invalid boolean" => UNQUOTED_VALUE,
        "invalid float" if matches!(expected, "`inf`" | "`nan`") => UNQUOTED_VALUE,
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
        | "unexpected sign" => INVALID_NUMBER,
        "invalid date" | "invalid date-time" | "invalid offset" | "invalid time" => "a date or time is invalid",
        "key with no value"
        | "missing assignment between key-value pairs"
        | "missing value"
        | "missing value for key" => MISSING_VALUE,
        "invalid inline table element" if expected == "`=`" => MISSING_VALUE,
        "invalid inline table element"
        | "extra assignment between key-value pairs"
        | "missing comma between array elements"
        | "missing comma between key-value pairs" => "a comma is missing",
        "extra comma in array" | "extra comma in inline table" => "there is an extra comma",
        "extra `=`" | "unexpected `=` in array" => "there is an extra equals sign",
        "invalid key-value pair" | "missing key for inline table element" | "unquoted keys cannot be empty" => {
            "a key is missing"
        }
        "invalid unquoted key" => "a key has a character that needs quotes",
        "keys cannot be multi-line basic strings" | "keys cannot be multi-line literal strings" => {
            "a key is a multi-line string"
        }
        "unclosed array" | "unclosed array table" | "unclosed inline table" | "unclosed table" => {
            "a bracket is not closed"
        }
        "missing array opening" | "missing inline table opening" | "missing table open" => "a bracket is not opened",
        "unexpected content" | "unexpected content between comment and newline" | "unexpected key or value" => {
            "there is more on the line than one key and value or one header"
        }
        // The parser knows a rule that it did not know when this table was made.
        _ => "its syntax is invalid",
    };
    reason.into()
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
        reason(text, &error).strip_prefix("the key or table is already defined at ").map(str::to_owned)
    }

    /// What the parser tells apart only by what it expected.
    #[test]
    fn tells_apart_what_was_expected() {
        for (text, expected) in [
            ("a = infinite\n", UNQUOTED_VALUE),
            ("a = nothing\n", UNQUOTED_VALUE),
            ("a = 1.5.5\n", INVALID_NUMBER),
            ("a = { b ] }\n", MISSING_VALUE),
            ("a = { b = 1 ] }\n", "a comma is missing"),
            ("a = \"b\n", "a string is not closed before the end of its line"),
            ("a = \"b", UNCLOSED_STRING),
            ("a = \"b\u{1}\"\n", CONTROL_CHARACTER),
            ("a = \"\"\"b", UNCLOSED_STRING),
            ("a = \"\"\"b\\ c\"\"\"\n", INVALID_ESCAPE),
            ("a = \"\"\"b\u{1}\"\"\"\n", CONTROL_CHARACTER),
        ] {
            assert_eq!(reason(text, &DeTable::parse(text).unwrap_err()), expected, "{text:?}");
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
