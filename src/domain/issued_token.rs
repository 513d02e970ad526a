//! A token as a server issues it, and what may be told of it.

use std::fmt;
use std::time::Duration;

use super::bearer_token::BearerToken;
use super::timestamp::Timestamp;
use super::token::TokenId;

/// A bearer token of any kind that a server has just issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: BearerToken,
    /// How long it will be good, if the server said so.
    pub lifetime: Option<Duration>,
}

impl IssuedToken {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholder_is_the_longest_bearer_token() {
        let placeholder = IssuedToken::placeholder().token;
        assert_eq!((placeholder.expose_secret().len(), placeholder.id()), (4096, None));
        assert_eq!(BearerToken::parse(placeholder.expose_secret()), Ok(placeholder.clone()));
    }
}
