//! A text that nothing shows.

use std::fmt;

/// The text of a credential or of a code that stands for one.
///
/// It has no `Display`, `Deref` or `AsRef`, and its `Debug` is a fixed redaction. Each type that holds one names the
/// callers that may expose it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_a_fixed_redaction() {
        for text in ["", "s3cret", "psk_dev_x"] {
            assert_eq!(format!("{0:?} {0:#?}", Secret::new(text)), "[redacted] [redacted]");
        }
    }
}
