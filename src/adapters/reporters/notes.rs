//! The lines on standard error that say more than a result: what to be warned of, and what to do about it.

use crate::domain::printable::escape_unprintable;

/// A line that warns of something. Whatever comes from outside is escaped in it.
pub(super) fn warning(text: &str) -> String {
    format!("warning: {}\n", escape_unprintable(text))
}

/// A line that says what to do. Whatever comes from outside is escaped in it.
pub(super) fn hint(text: &str) -> String {
    format!("hint: {}\n", escape_unprintable(text))
}
