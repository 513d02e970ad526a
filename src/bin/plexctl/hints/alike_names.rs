//! Profile names that are easily taken for each other: they differ in case alone, or print alike.

use plexctl::domain::ProfileName;
use unicode_width::UnicodeWidthChar;

/// How a name differs from the first stored one that it may have been taken for.
pub fn difference(name: &ProfileName, stored: &[ProfileName]) -> Option<String> {
    stored.iter().find_map(|other| {
        let (name, other) = (name.as_str(), other.as_str());
        let rule = if name.to_lowercase() == other.to_lowercase() {
            "names are case-sensitive"
        } else if print_alike(name, other) {
            "names are compared byte by byte"
        } else {
            return None;
        };
        Some(format!("{} is not {}: {rule}", escaped(name), escaped(other)))
    })
}

/// Tells whether two names may look the same on a screen: where they differ, one has a combining or invisible character,
/// or one has ASCII and the other has not. Tables of normal forms (Unicode Standard Annex 15) would find less, since
/// letters of two scripts have none in common.
fn print_alike(left: &str, right: &str) -> bool {
    let (left, right) = (columns(left), columns(right));
    let may_be_same = |left: &str, right: &str| {
        let is_composed = |text: &str| text.chars().nth(1).is_some();
        left == right || left.is_ascii() != right.is_ascii() || is_composed(left) || is_composed(right)
    };
    left.len() == right.len() && left.iter().zip(&right).all(|(left, right)| may_be_same(left, right))
}

/// The characters that take room, each with those after it that take none.
fn columns(text: &str) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for character in text.chars() {
        match columns.last_mut() {
            Some(column) if character.width().unwrap_or_default() == 0 => column.push(character),
            _ => columns.push(character.to_string()),
        }
    }
    columns
}

/// A name between quotes with every character outside ASCII as its code point.
fn escaped(name: &str) -> String {
    let characters = name.chars().map(|character| match character {
        ' '..='~' => character.to_string(),
        _ => character.escape_default().to_string(),
    });
    format!("\"{}\"", characters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference_of(name: &str, stored: &[&str]) -> Option<String> {
        let stored: Vec<_> = stored.iter().map(|name| ProfileName::new(*name).unwrap()).collect();
        difference(&ProfileName::new(name).unwrap(), &stored)
    }

    #[test]
    fn tells_names_apart_that_look_alike() {
        for (name, stored, told) in [
            ("prod", "Prod", r#""prod" is not "Prod": names are case-sensitive"#),
            ("ÄRGER", "ärger", r#""\u{c4}RGER" is not "\u{e4}rger": names are case-sensitive"#),
            ("caf\u{e9}", "cafe\u{301}", r#""caf\u{e9}" is not "cafe\u{301}": names are compared byte by byte"#),
            ("cafe\u{301}", "caf\u{e9}", r#""cafe\u{301}" is not "caf\u{e9}": names are compared byte by byte"#),
            (
                "it's \"caf\u{e9}\"",
                "it's \"cafe\u{301}\"",
                r#""it's "caf\u{e9}"" is not "it's "cafe\u{301}"": names are compared byte by byte"#,
            ),
            (
                "한",
                "\u{1112}\u{1161}\u{11ab}",
                r#""\u{d55c}" is not "\u{1112}\u{1161}\u{11ab}": names are compared byte by byte"#,
            ),
            ("prod", "pr\u{43e}d", r#""prod" is not "pr\u{43e}d": names are compared byte by byte"#),
            ("prod", "prod\u{200b}", r#""prod" is not "prod\u{200b}": names are compared byte by byte"#),
            ("a b", "a\u{a0}b", r#""a b" is not "a\u{a0}b": names are compared byte by byte"#),
        ] {
            assert_eq!(difference_of(name, &["other", stored]).as_deref(), Some(told));
        }
    }

    #[test]
    fn says_nothing_of_names_that_look_different() {
        for (name, stored) in [("prod", "dev"), ("prod", "prods"), ("日本", "東京"), ("ü", "ö"), ("a", "b")] {
            assert_eq!(difference_of(name, &[stored]), None, "{name} {stored}");
        }
    }
}
