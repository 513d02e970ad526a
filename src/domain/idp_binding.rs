//! The identity provider binding through which an operator logs in to a domain.

use std::fmt;

use thiserror::Error;

use super::identifier::Identifier;

/// The longest alias, in characters.
const MAX_ALIAS_LENGTH: usize = 128;

/// A binding, as the operator names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdpBinding {
    /// By its id.
    Id(Identifier),
    /// By its alias.
    Alias(BindingAlias),
}

/// The alias of a binding: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingAlias(String);

impl BindingAlias {
    /// Checks an alias.
    ///
    /// # Errors
    ///
    /// [`InvalidAlias`] for every text that breaks the rule.
    pub fn parse(text: &str) -> Result<Self, InvalidAlias> {
        let is_valid = (1..=MAX_ALIAS_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidAlias) }
    }

    /// The alias as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BindingAlias {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A text is not an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not 1 to 128 visible ASCII characters")]
pub struct InvalidAlias;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_up_to_128_visible_ascii_characters() {
        for text in ["g", "google", "!~", &"a".repeat(128)] {
            assert_eq!(BindingAlias::parse(text).unwrap().as_str(), text);
        }
        for text in ["", " ", "a b", "a\n", "é", "\u{7f}", &"a".repeat(129)] {
            assert_eq!(BindingAlias::parse(text), Err(InvalidAlias), "{text:?}");
        }
    }
}
