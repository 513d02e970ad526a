//! What a profile stores, whatever that is worth: a login has to keep it, not to understand it.

use std::fmt;

use super::token::{SessionToken, TokenId};

/// The text in a profile's place for a token: a session token, a credential of another kind, or neither.
///
/// It has no `Display`, and its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredToken(String);

impl StoredToken {
    /// Takes the text as stored. An empty one is no token.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        Some(text.into()).filter(|text| !text.is_empty()).map(Self)
    }

    /// The id of a session token. It is no secret.
    #[must_use]
    pub fn id(&self) -> Option<TokenId> {
        SessionToken::parse(self.0.as_str()).ok().map(|token| token.id())
    }

    /// The whole text.
    ///
    /// The store compares it and writes it to another place. Nothing else has a reason to call this.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

/// Shows the type and never the text.
impl fmt::Debug for StoredToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StoredToken([redacted])")
    }
}

/// What a profile stores of a session, each part unchecked. A profile that is not there stores nothing.
///
/// The server may hold userinfo, so `Debug` leaves it out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProfileContents {
    /// The server that issued the token.
    pub server: Option<String>,
    /// The token.
    pub token: Option<StoredToken>,
}

impl fmt::Debug for ProfileContents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ProfileContents").field("token", &self.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

    #[test]
    fn any_text_but_the_empty_one_is_kept_as_it_is() {
        assert_eq!(StoredToken::new(""), None);
        for text in ["x", " ", "a b\n", "eyJhbGciOiJFZERTQSJ9.e30.c2ln"] {
            assert_eq!(StoredToken::new(text).unwrap().expose_secret(), text);
        }
    }

    #[test]
    fn only_a_session_token_has_an_id() {
        let id = |text: String| StoredToken::new(text).unwrap().id().map(|id| id.to_string());
        assert_eq!(id(format!("psk_dev_{ID}_s3cret")).as_deref(), Some(ID));
        assert_eq!(id("s3cret".to_owned()), None);
    }

    #[test]
    fn debug_shows_neither_token_nor_server() {
        let contents = ProfileContents {
            server: Some("https://user:s3cret@plexsphere.example".into()),
            token: StoredToken::new("s3cret"),
        };
        assert_eq!(format!("{contents:?}"), "ProfileContents { token: Some(StoredToken([redacted])), .. }");
    }
}
