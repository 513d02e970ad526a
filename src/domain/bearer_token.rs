//! A bearer token of any kind: what a server takes as a credential, whether it can be revoked by its id or not.

use thiserror::Error;

use super::secret::Secret;
use super::token::{SessionToken, TokenId, is_b64token_byte};

/// The longest bearer token, in bytes.
const MAX_LENGTH: usize = 4096;

/// A `b64token` (RFC 6750, section 2.1): a session token, or a credential of another kind.
///
/// It has no `Display`, and its `Debug` is a fixed redaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerToken(Secret);

impl BearerToken {
    /// Checks that a text can stand in an `Authorization` header.
    ///
    /// # Errors
    ///
    /// One variant of [`BearerTokenError`] for each part of the rule; no error carries any of the text.
    pub fn parse(text: impl Into<String>) -> Result<Self, BearerTokenError> {
        let text = text.into();
        if text.is_empty() {
            return Err(BearerTokenError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(BearerTokenError::TooLong);
        }
        // A `b64token` has its `=` at the end only.
        let bare = text.trim_end_matches('=');
        if bare.is_empty() || !bare.bytes().all(is_b64token_byte) {
            return Err(BearerTokenError::Characters);
        }
        Ok(Self(Secret::new(text)))
    }

    /// The longest token there can be, in place of one that is still to be issued. It is no session token.
    #[must_use]
    pub fn placeholder() -> Self {
        Self(Secret::new("x".repeat(MAX_LENGTH)))
    }

    /// The token as a session token, if it is one. Only those can be revoked, since only those carry an id.
    #[must_use]
    pub fn to_session_token(&self) -> Option<SessionToken> {
        SessionToken::parse(self.expose_secret()).ok()
    }

    /// The id of a session token. It is no secret.
    #[must_use]
    pub fn id(&self) -> Option<TokenId> {
        self.to_session_token().map(|token| token.id())
    }

    /// Checks a text that may end in one line end, as the contents of a file do and variables that were set from one.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse) of the text without the line end.
    pub fn parse_line(text: &[u8]) -> Result<Self, BearerTokenError> {
        let line = text.strip_suffix(b"\n").map_or(text, |line| line.strip_suffix(b"\r").unwrap_or(line));
        Self::parse(str::from_utf8(line).map_err(|_| BearerTokenError::Characters)?)
    }

    /// The whole credential.
    ///
    /// The store writes it, the `Authorization` header carries it, and the mask looks for it in text that a server sent
    /// back. Nothing else has a reason to call this.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose()
    }
}

/// Every session token can stand in an `Authorization` header.
impl From<SessionToken> for BearerToken {
    fn from(token: SessionToken) -> Self {
        Self(Secret::new(token.expose_secret()))
    }
}

/// Why a text is not a bearer token. No variant carries any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BearerTokenError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// The text is longer than 4096 bytes.
    #[error("it is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// The text has characters that a bearer token cannot have (RFC 6750, section 2.1).
    #[error("it has characters that a bearer token cannot have")]
    Characters,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION_TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret";

    #[test]
    fn accepts_every_b64token() {
        for text in [SESSION_TOKEN, "eyJhbGciOiJFZERTQSJ9.e30.c2ln", "x", "AZaz09-._~+/==", &"a".repeat(4096)] {
            assert_eq!(BearerToken::parse(text).unwrap().expose_secret(), text);
        }
    }

    #[test]
    fn rejects_by_the_broken_part_of_the_rule() {
        let too_long = "a".repeat(4097);
        let cases = [
            ("", BearerTokenError::Empty),
            (too_long.as_str(), BearerTokenError::TooLong),
            ("a b", BearerTokenError::Characters),
            ("a\n", BearerTokenError::Characters),
            ("a=b", BearerTokenError::Characters),
            ("==", BearerTokenError::Characters),
            ("é", BearerTokenError::Characters),
            ("a\u{7f}", BearerTokenError::Characters),
        ];
        for (text, error) in cases {
            assert_eq!(BearerToken::parse(text), Err(error), "{text:.20?}");
        }
    }

    #[test]
    fn cuts_at_most_one_line_end() {
        let longest = "a".repeat(4096);
        for (contents, token) in [("x", "x"), ("x\n", "x"), ("x\r\n", "x"), (&format!("{longest}\r\n"), &longest)] {
            assert_eq!(BearerToken::parse_line(contents.as_bytes()).unwrap().expose_secret(), token);
        }
        let too_long = format!("{longest}a\n");
        let cases: [(&[u8], BearerTokenError); 8] = [
            (b"", BearerTokenError::Empty),
            (b"\n", BearerTokenError::Empty),
            (b"\r\n", BearerTokenError::Empty),
            (b"x\n\n", BearerTokenError::Characters),
            (b"x\r", BearerTokenError::Characters),
            (b"\nx", BearerTokenError::Characters),
            (b"x\xff", BearerTokenError::Characters),
            (too_long.as_bytes(), BearerTokenError::TooLong),
        ];
        for (contents, error) in cases {
            assert_eq!(BearerToken::parse_line(contents), Err(error), "{contents:.20?}");
        }
    }

    #[test]
    fn only_a_session_token_has_an_id() {
        let id = BearerToken::parse(SESSION_TOKEN).unwrap().id().unwrap();
        assert_eq!(id.to_string(), "0192f0c1-2345-7abc-8def-0123456789ab");
        assert_eq!(BearerToken::parse("eyJhbGciOiJFZERTQSJ9.e30.c2ln").unwrap().id(), None);
    }

    #[test]
    fn session_token_becomes_an_equal_bearer_token() {
        let token = BearerToken::from(SessionToken::parse(SESSION_TOKEN).unwrap());
        assert_eq!(token, BearerToken::parse(SESSION_TOKEN).unwrap());
        assert_eq!(format!("{token:?}"), "BearerToken([redacted])");
    }
}
