//! Commands to type, quoted as a shell needs it.
//!
//! A name or a path comes from outside. Pasted into a shell it has to mean itself and nothing else.

use std::borrow::Cow;

use crate::domain::printable::is_unprintable;

/// A flag with its value. One that starts like a flag has to be joined to its own. `None` where it cannot be typed.
#[must_use]
pub fn flag(name: &str, value: &str) -> Option<String> {
    let separator = if value.starts_with('-') { '=' } else { ' ' };
    Some(format!("{name}{separator}{}", quoted(value)?))
}

/// A value without a flag, which is never taken for one. `None` where it cannot be typed.
#[must_use]
pub fn operand(value: &str) -> Option<String> {
    let separator = if value.starts_with('-') { "-- " } else { "" };
    Some(format!("{separator}{}", quoted(value)?))
}

/// A text as one word of a POSIX shell (POSIX.1-2017, section 2.2). `None` where it cannot be typed.
fn quoted(text: &str) -> Option<Cow<'_, str>> {
    if text.contains(is_unprintable) { None } else { shlex::try_quote(text).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_word_of_a_shell() {
        for (text, word) in [
            ("staging", "staging"),
            ("https://h:8443/x", "https://h:8443/x"),
            ("a b", "'a b'"),
            ("it's", "\"it's\""),
            ("$(id)", "'$(id)'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text).unwrap(), word);
        }
    }

    #[test]
    fn what_starts_like_a_flag_is_not_taken_for_one() {
        assert_eq!(flag("--profile", "a b").unwrap(), "--profile 'a b'");
        assert_eq!(flag("--profile", "--all").unwrap(), "--profile=--all");
        assert_eq!(flag("--profile", "-a b").unwrap(), "--profile='-a b'");
        assert_eq!(operand("a b").unwrap(), "'a b'");
        assert_eq!(operand("-rf").unwrap(), "-- -rf");
        assert_eq!(operand("-r f").unwrap(), "-- '-r f'");
    }

    #[test]
    fn what_cannot_be_typed_is_no_word() {
        for text in ["a\nb", "\u{1b}[2J", "\u{202e}", "\0"] {
            assert_eq!((quoted(text), flag("--profile", text), operand(text)), (None, None, None), "{text:?}");
        }
    }
}
