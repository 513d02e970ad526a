//! What the parser lets pass although TOML forbids it.
//!
//! The parser leaves the digits of an integer unchecked until somebody asks for its value, takes line ends around the
//! equals sign of an inline table's entry for those that TOML 1.1 allows around the entry, and lets a dotted key reach
//! into an array of tables.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::syntax_error::{ALREADY_DEFINED, INVALID_NUMBER};
use super::walk::{Step, each_value};

/// Finds the first value that makes a parsed text no TOML document after all: at which offset it stands, and why.
pub(super) fn first_offence(text: &str, root: &DeTable<'_>) -> Option<(usize, &'static str)> {
    let mut first: Option<(usize, &str)> = None;
    each_value(root, false, |is_in_element, step, value| {
        let offset = value.span().start;
        let reason = if !is_integer_whole(value) {
            INVALID_NUMBER
        } else if is_split(text, step, value) {
            "a line break separates a key from its value"
        } else if is_in_element && is_grafted(text, step, value) {
            ALREADY_DEFINED
        } else {
            return is_element(text, value);
        };
        if first.is_none_or(|(first, _)| offset < first) {
            first = Some((offset, reason));
        }
        is_element(text, value)
    });
    first
}

/// Tells whether a value has digits if it is an integer, and none but those of its radix.
fn is_integer_whole(value: &Spanned<DeValue<'_>>) -> bool {
    let DeValue::Integer(integer) = value.get_ref() else { return true };
    let digits = integer.as_str().trim_start_matches(['+', '-']);
    !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(integer.radix()))
}

/// Tells whether a line ends between a key and its value. The table that a header or a part of a dotted key stands for
/// does not start behind the key.
fn is_split(text: &str, step: Step<'_>, value: &Spanned<DeValue<'_>>) -> bool {
    let Step::Key(key) = step else { return false };
    text.get(key.span().end..value.span().start).is_some_and(|between| between.contains('\n'))
}

/// Tells whether a value is an element of an array of tables, which has the place of its header.
fn is_element(text: &str, value: &Spanned<DeValue<'_>>) -> bool {
    value.get_ref().is_table() && text.get(value.span()).is_some_and(|place| place.starts_with("[["))
}

/// Tells whether a table in such an element is there for a dotted key that began outside of it.
fn is_grafted(text: &str, step: Step<'_>, table: &Spanned<DeValue<'_>>) -> bool {
    let Step::Key(key) = step else { return false };
    let before = text.get(..key.span().start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    table.span() == key.span() && !line.is_empty() && !line.starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rest of a text from the first offence on. The parser itself finds nothing wrong with it.
    fn offence(text: &str) -> Option<&str> {
        let root = DeTable::parse(text).unwrap_or_else(|_| panic!("{text:?}"));
        first_offence(text, root.get_ref()).map(|(offset, _)| &text[offset..])
    }

    #[test]
    fn an_integer_without_digits_of_its_radix_is_an_offence() {
        for integer in ["0x", "0o", "0b", "1_b", "1_0\u{660}", "+1_f", "-2_a"] {
            assert_eq!(offence(&format!("a = {integer}\n")), Some(format!("{integer}\n").as_str()));
            assert_eq!(offence(&format!("b.c = [{{ a = [1, {integer}] }}]")), Some(format!("{integer}] }}]").as_str()));
        }
        for integer in ["0", "-0", "+1_000", "0xDEAD_beef", "0o17", "0b1_0", "123456789012345678901234567890"] {
            assert_eq!(offence(&format!("a = {integer}\n")), None);
        }
        assert_eq!(offence("[b]\na = [1, 0x]\n[a]\nb = 0b\n"), Some("0x]\n[a]\nb = 0b\n"));
    }

    #[test]
    fn a_line_that_ends_between_key_and_value_is_an_offence() {
        for table in ["{ a\n= 1 }", "{ a =\n1 }", "{ a # comment\n = 1 }", "{ a = # comment\r\n1 }", "{ b . a\n=1 }"] {
            assert_eq!(offence(&format!("t = {table}")), Some("1 }"), "{table}");
        }
        for table in
            ["{\n a = 1\n}", "{ a = 1,\n b = 2 # comment\n}", "{ a = [\n] }", "{ a = '''\n''' }", "{ \"=\\n\" = 1 }"]
        {
            assert_eq!(offence(&format!("t = {table}")), None, "{table}");
        }
        assert_eq!(offence("[a.b]\nc.d = 1\n\n[a]\ne = 2\n\n[[f]]\n\n[[f]]\n[f.g]\n"), None);
    }

    #[test]
    fn a_dotted_key_that_reaches_into_an_array_of_tables_is_an_offence() {
        for text in ["[[t.a]]\n[t]\na.b.c = 1\n", "[[t.a]]\nx = 1\n[t]\n  a . \"b\".c = 1\n"] {
            assert!(offence(text).is_some(), "{text:?}");
        }
        for text in [
            "[[t.a]]\nb.c = 1\n  b.d = 2\n[[t.a]]\n\"b\".c = 1\n",
            "[[t.a]]\n[t.a.b]\nc = 1\n[t]\nx.y = 1\n",
            "[[t.a]]\n [ t.a.b.c ]\nd = 1\n",
            "[[t.a]]\nb = { c.d = 1 }\n",
            "t = [{ a.b = 1 }]\n",
        ] {
            assert_eq!(offence(text), None, "{text:?}");
        }
    }
}
