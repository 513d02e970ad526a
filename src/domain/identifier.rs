//! The id of something that the control plane knows, such as a domain.

use std::fmt;

use thiserror::Error;
use uuid::Uuid;

/// The length of a UUID with its hyphens.
const HYPHENATED_LENGTH: usize = 36;

/// A UUID that an operator names something by. `Display` writes it hyphenated and in lower case, as the API takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(pub(super) Uuid);

impl Identifier {
    /// Takes a hyphenated UUID (RFC 9562, section 4) of any version in either case.
    ///
    /// # Errors
    ///
    /// [`NotAnIdentifier`] for every other text, other spellings of a UUID among them.
    pub fn parse(text: &str) -> Result<Self, NotAnIdentifier> {
        // No other spelling that the parser knows has this length.
        if text.len() != HYPHENATED_LENGTH {
            return Err(NotAnIdentifier);
        }
        Uuid::try_parse(text).map(Self).map_err(|_| NotAnIdentifier)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

/// A text is not a hyphenated UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is not a UUID such as 0192f0c1-2345-7abc-8def-0123456789ab")]
pub struct NotAnIdentifier;

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

    #[test]
    fn shows_either_case_in_lower_case() {
        for text in [ID, &ID.to_uppercase()] {
            assert_eq!(Identifier::parse(text).unwrap().to_string(), ID);
        }
    }

    #[test]
    fn every_other_text_is_refused() {
        let cases = [
            String::new(),
            ID.replace('-', ""),
            format!("{{{ID}}}"),
            format!("urn:uuid:{ID}"),
            format!(" {ID}"),
            ID.replace('a', "g"),
            ID.replacen('-', "0", 1),
            format!("{}-", &ID[..35]),
        ];
        for text in cases {
            assert_eq!(Identifier::parse(&text), Err(NotAnIdentifier), "{text:?}");
        }
    }
}
