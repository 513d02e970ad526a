//! The spelling of what an edit writes: names as bare keys where TOML allows, everything else as basic strings.

use toml::de::DeValue;
use toml_writer::{ToTomlKey as _, ToTomlValue as _, TomlKeyBuilder, TomlStringBuilder};

use super::splice::line_end;

pub(super) fn key(name: &str) -> String {
    let key = TomlKeyBuilder::new(name);
    key.as_unquoted().unwrap_or_else(|| key.as_basic()).to_toml_key()
}

pub(super) fn string(text: &str) -> String {
    TomlStringBuilder::new(text).as_basic().to_toml_value()
}

/// A value of a session: a date-time, or else a string.
pub(super) fn value(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Datetime(time) => time.to_string(),
        other => string(other.as_str().unwrap_or_default()),
    }
}

/// A profile's section. Keys and values are TOML already, here and below.
pub(super) fn section(text: &str, profile: &str, pairs: &[(&str, String)]) -> String {
    format!("[profiles.{profile}]{}{}", line_end(text), lines(text, "", pairs))
}

/// Keys with their values, each on a line behind the prefix, in the line ends of the text that they are for.
pub(super) fn lines(text: &str, prefix: &str, pairs: &[(&str, String)]) -> String {
    let line_end = line_end(text);
    let lines: Vec<String> = pairs.iter().map(|(key, value)| format!("{prefix}{key} = {value}{line_end}")).collect();
    lines.concat()
}

pub(super) fn inline_table(pairs: &[(&str, String)]) -> String {
    format!("{{ {} }}", entries("", pairs))
}

/// Keys with their values, each behind the prefix, as the entries of an inline table.
pub(super) fn entries(prefix: &str, pairs: &[(&str, String)]) -> String {
    let entries: Vec<String> = pairs.iter().map(|(key, value)| format!("{prefix}{key} = {value}")).collect();
    entries.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_bare_key_where_toml_allows() {
        for (name, spelled) in [
            ("default", "default"),
            ("a-b_C-0", "a-b_C-0"),
            ("1", "1"),
            ("a.b", r#""a.b""#),
            ("a b", r#""a b""#),
            ("'", r#""'""#),
            ("\"\\", r#""\"\\""#),
            ("ü", "\"ü\""),
            ("\t\n\u{1b}\u{7f}", r#""\t\n\u001B\u007F""#),
        ] {
            assert_eq!(key(name), spelled, "{name:?}");
        }
    }

    #[test]
    fn a_text_is_a_basic_string_on_one_line() {
        for (text, spelled) in [
            ("https://localhost:8080/a", r#""https://localhost:8080/a""#),
            ("", r#""""#),
            ("\"\"\" ''' \\", r#""\"\"\" ''' \\""#),
            ("a\r\nb\0", r#""a\r\nb\u0000""#),
            ("日本", "\"日本\""),
        ] {
            assert_eq!(string(text), spelled, "{text:?}");
        }
    }
}
