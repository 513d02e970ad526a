//! A field of a server's answer, and what can be wrong with it.

use thiserror::Error;

use super::bearer_token::BearerTokenError;
use super::server_url::ServerUrlError;

/// The value of a field that is there, as far as its type matters. A field that is missing or null has no value.
///
/// It may be a secret, so it has no `Debug`.
pub enum FieldValue {
    /// A text.
    Text(String),
    /// A number without a fraction. One that does not fit counts as the nearest that does.
    Integer(i64),
    /// Anything else.
    Other,
}

impl FieldValue {
    /// Takes the text of a field that must have one, of 1 to `max_length` bytes that are all `permitted`.
    pub(super) fn text(
        value: Option<Self>,
        max_length: usize,
        permitted: impl Fn(&u8) -> bool,
    ) -> Result<String, FieldFault> {
        let text = match value {
            None => return Err(FieldFault::Missing),
            Some(Self::Text(text)) => text,
            Some(Self::Integer(_) | Self::Other) => return Err(FieldFault::NoText),
        };
        if text.is_empty() {
            return Err(FieldFault::Empty);
        }
        if text.len() > max_length {
            return Err(FieldFault::TooLong(max_length));
        }
        if text.bytes().all(|byte| permitted(&byte)) { Ok(text) } else { Err(FieldFault::Characters) }
    }

    /// Takes the number of a field, if it has a value.
    pub(super) fn integer(value: Option<&Self>) -> Result<Option<i64>, FieldFault> {
        match value {
            None => Ok(None),
            Some(Self::Integer(number)) => Ok(Some(*number)),
            Some(Self::Text(_) | Self::Other) => Err(FieldFault::NoInteger),
        }
    }
}

/// Why an answer cannot be used. Nothing of the field's value is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field}: {fault}")]
pub struct FieldError {
    /// The field's name.
    pub field: &'static str,
    /// Which part of its rule it breaks.
    pub fault: FieldFault,
}

impl FieldError {
    /// Names the field that a fault was found in.
    pub(super) fn of(field: &'static str) -> impl FnOnce(FieldFault) -> Self {
        move |fault| Self { field, fault }
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FieldFault {
    /// There is none.
    #[error("it is missing")]
    Missing,
    /// It is not a text.
    #[error("it is not a text")]
    NoText,
    /// It is not a number without a fraction.
    #[error("it is not an integer")]
    NoInteger,
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It has more bytes than this.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// It has characters that it cannot have.
    #[error("it has characters that it cannot have")]
    Characters,
    /// The number is zero or negative.
    #[error("it is less than 1")]
    BelowOne,
    /// It is not the address of a page.
    #[error(transparent)]
    Page(ServerUrlError),
    /// It would lead from an encrypted server to a page that is not.
    #[error("it is http, but the server is https")]
    Unencrypted,
    /// It names another way to use a token than as a bearer (RFC 6750).
    #[error("it is not Bearer")]
    NotBearer,
    /// It is not a bearer token.
    #[error(transparent)]
    Token(BearerTokenError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_field_and_what_is_wrong_with_it() {
        for (fault, words) in [
            (FieldFault::Missing, "interval: it is missing"),
            (FieldFault::TooLong(64), "interval: it is longer than 64 bytes"),
            (FieldFault::Page(ServerUrlError::Scheme), "interval: its scheme is not http or https"),
            (FieldFault::Token(BearerTokenError::Empty), "interval: it is empty"),
        ] {
            assert_eq!(FieldError::of("interval")(fault).to_string(), words);
        }
    }
}
