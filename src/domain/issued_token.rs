//! A token as a server issues it, and what may be told of it.

use std::fmt;
use std::time::Duration;

use super::answer_field::{FieldError, FieldFault, FieldValue};
use super::bearer_token::BearerToken;
use super::device_authorization::lifetime;
use super::timestamp::Timestamp;
use super::token::TokenId;

/// The fields of the answer that issues a token, unchecked, by their names in RFC 6749, section 5.1.
#[derive(Default)]
#[allow(missing_docs, reason = "the RFC says what they are")]
pub struct TokenFields {
    pub access_token: Option<FieldValue>,
    pub token_type: Option<FieldValue>,
    pub expires_in: Option<FieldValue>,
}

/// A bearer token of any kind that a server has just issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: BearerToken,
    /// How long it will be good, if the server said so.
    pub lifetime: Option<Duration>,
}

impl IssuedToken {
    /// Checks what a server answered, field by field: `access_token` is a bearer token and `token_type` says so, in any
    /// case. An `expires_in` that is not a positive integer means that the lifetime is not known.
    ///
    /// # Errors
    ///
    /// [`FieldError`] for the first field, in this order, that breaks its rule.
    pub fn parse(fields: TokenFields) -> Result<Self, FieldError> {
        let token = token(fields.access_token).map_err(FieldError::of("access_token"))?;
        token_type(fields.token_type).map_err(FieldError::of("token_type"))?;
        let lifetime =
            lifetime(fields.expires_in.as_ref()).ok().map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
        Ok(Self { token, lifetime })
    }

    /// A token that is as long as one can be, in place of one that is still to be issued.
    #[must_use]
    pub fn placeholder() -> Self {
        Self { token: BearerToken::placeholder(), lifetime: Some(Duration::ZERO) }
    }
}

/// What may be told of a token: nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// The id of a session token. A credential of another kind has none.
    pub id: Option<TokenId>,
    /// The origin of the server that issued it (RFC 6454, section 6.2).
    pub origin: String,
    /// When it expires, if that is known.
    pub expires_at: Option<Timestamp>,
}

/// Names the token by its id.
impl fmt::Display for TokenFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(formatter, "token {id}"),
            None => formatter.write_str("a token without an id"),
        }
    }
}

fn token(value: Option<FieldValue>) -> Result<BearerToken, FieldFault> {
    let text = FieldValue::text(value, usize::MAX, |_| true)?;
    BearerToken::parse(text).map_err(FieldFault::Token)
}

fn token_type(value: Option<FieldValue>) -> Result<(), FieldFault> {
    let text = FieldValue::text(value, usize::MAX, |_| true)?;
    if text.eq_ignore_ascii_case("Bearer") { Ok(()) } else { Err(FieldFault::NotBearer) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bearer_token::BearerTokenError;

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    fn parse(
        access_token: Option<FieldValue>,
        token_type: Option<FieldValue>,
        expires_in: Option<FieldValue>,
    ) -> Result<IssuedToken, FieldError> {
        IssuedToken::parse(TokenFields { access_token, token_type, expires_in })
    }

    #[test]
    fn any_bearer_token_is_taken_whatever_case_its_type_is_in() {
        for token_type in ["Bearer", "bearer", "BEARER"] {
            let issued = parse(Some(text("t0ken")), Some(text(token_type)), Some(FieldValue::Integer(3600))).unwrap();
            assert_eq!((issued.token.expose_secret(), issued.lifetime), ("t0ken", Some(Duration::from_secs(3600))));
        }
    }

    #[test]
    fn the_other_fields_are_refused_by_the_part_of_their_rule_that_they_break() {
        let too_long = "a".repeat(4097);
        for (token, fault) in [
            (None, FieldFault::Missing),
            (Some(FieldValue::Integer(1)), FieldFault::NoText),
            (Some(text("")), FieldFault::Empty),
            (Some(text(&too_long)), FieldFault::Token(BearerTokenError::TooLong)),
            (Some(text("a\r\nb")), FieldFault::Token(BearerTokenError::Characters)),
        ] {
            assert_eq!(parse(token, Some(text("Bearer")), None), Err(FieldError { field: "access_token", fault }));
        }
        for (token_type, fault) in [
            (None, FieldFault::Missing),
            (Some(FieldValue::Other), FieldFault::NoText),
            (Some(text("DPoP")), FieldFault::NotBearer),
            (Some(text("Bearer ")), FieldFault::NotBearer),
        ] {
            assert_eq!(parse(Some(text("t0ken")), token_type, None), Err(FieldError { field: "token_type", fault }));
        }
    }

    #[test]
    fn a_lifetime_that_cannot_be_used_is_not_known() {
        for value in [None, Some(text("60")), Some(FieldValue::Other), Some(FieldValue::Integer(0))] {
            assert_eq!(parse(Some(text("t0ken")), Some(text("Bearer")), value).unwrap().lifetime, None);
        }
        let longest = parse(Some(text("t0ken")), Some(text("Bearer")), Some(FieldValue::Integer(i64::MAX))).unwrap();
        assert_eq!(longest.lifetime, Some(Duration::from_secs(i64::MAX.unsigned_abs())));
    }

    #[test]
    fn a_placeholder_is_as_long_as_a_token_can_be_and_is_no_session_token() {
        let placeholder = IssuedToken::placeholder().token;
        assert_eq!((placeholder.expose_secret().len(), placeholder.id()), (4096, None));
        assert_eq!(BearerToken::parse(placeholder.expose_secret()), Ok(placeholder.clone()));
    }
}
