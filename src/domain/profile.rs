//! A profile as the config stores it: a server, the token for it, and what the last login remembered.

use std::fmt;

use super::bearer_token::{BearerToken, BearerTokenError};
use super::identifier::Identifier;
use super::idp_binding::IdpBinding;
use super::secret::Secret;
use super::server_url::ServerUrl;
use super::session::{ProfileName, Session};
use super::shown_server::ShownServer;
use super::timestamp::Timestamp;
use super::token::{SessionToken, TokenId};

/// A stored profile. Each value is there or absent; none implies another.
///
/// The server is the stored text, unchecked: whether it is a usable URL matters only to a command that sends something
/// there. It may hold userinfo, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name that the profile is stored under.
    pub name: ProfileName,
    /// The server that issued the token.
    pub server: Option<String>,
    /// The token. An empty text in its place is none.
    pub token: Option<ProfileToken>,
    /// When the token expires.
    pub expires_at: Option<Timestamp>,
    /// The domain of the last login.
    pub domain_id: Option<Identifier>,
    /// The identity provider binding of the last login; none if the server chose it.
    pub idp_binding: Option<IdpBinding>,
}

impl Profile {
    /// A profile that stores nothing but its name.
    #[must_use]
    pub fn new(name: ProfileName) -> Self {
        Self { name, server: None, token: None, expires_at: None, domain_id: None, idp_binding: None }
    }

    /// The session that a logout can end: the profile's, if it holds a session token.
    #[must_use]
    pub fn to_session(&self) -> Option<Session> {
        let Some(ProfileToken::Session(token)) = &self.token else { return None };
        Some(Session { profile: self.name.clone(), token: token.clone(), server: self.server.clone() })
    }

    /// The server, if it is a valid one.
    #[must_use]
    pub fn server_url(&self) -> Option<ServerUrl> {
        ServerUrl::parse(self.server.as_deref()?).ok()
    }

    /// The id of the token, if it is a session token.
    #[must_use]
    pub fn token_id(&self) -> Option<TokenId> {
        self.token.as_ref()?.id()
    }

    /// The server as it may be shown.
    #[must_use]
    pub fn shown_server(&self) -> Option<ShownServer> {
        self.server.as_deref().map(ShownServer::new)
    }
}

impl From<Session> for Profile {
    fn from(Session { profile, token, server }: Session) -> Self {
        Self { server, token: Some(ProfileToken::Session(token)), ..Self::new(profile) }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Profile")
            .field("name", &self.name)
            .field("token", &self.token)
            .field("expires_at", &self.expires_at)
            .field("domain_id", &self.domain_id)
            .field("idp_binding", &self.idp_binding)
            .finish_non_exhaustive()
    }
}

/// The token of a profile, by what can be done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileToken {
    /// A session token: it can be sent, and revoked by its id.
    Session(SessionToken),
    /// A bearer token of another kind, such as a JWT: it can be sent, but not revoked.
    Bearer(BearerToken),
    /// Text that is not a bearer token. A login puts it aside like any other, since it may be a damaged token.
    Invalid(InvalidToken),
}

impl ProfileToken {
    /// Takes the text as stored. An empty one is no token.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        if text.is_empty() {
            return None;
        }
        // Every session token is a bearer token, too, so the narrower rule comes first.
        if let Ok(token) = SessionToken::parse(text.as_str()) {
            return Some(Self::Session(token));
        }
        Some(match BearerToken::parse(text.as_str()) {
            Ok(token) => Self::Bearer(token),
            Err(reason) => Self::Invalid(InvalidToken { text: Secret::new(text), reason }),
        })
    }

    /// The id of a session token. It is no secret.
    #[must_use]
    pub fn id(&self) -> Option<TokenId> {
        match self {
            Self::Session(token) => Some(token.id()),
            Self::Bearer(_) | Self::Invalid(_) => None,
        }
    }

    /// The token as it can be sent.
    ///
    /// # Errors
    ///
    /// [`BearerTokenError`] if it is no bearer token.
    pub fn to_bearer(&self) -> Result<BearerToken, BearerTokenError> {
        match self {
            Self::Session(token) => Ok(token.clone().into()),
            Self::Bearer(token) => Ok(token.clone()),
            Self::Invalid(token) => Err(token.reason),
        }
    }

    /// Tells whether two tokens stand for the same session. A rotation changes the secret and keeps the id, so session
    /// tokens are compared by id; other tokens have nothing but their text.
    #[must_use]
    pub fn is_same_session(&self, other: &Self) -> bool {
        match (self.id(), other.id()) {
            (Some(id), Some(other)) => id == other,
            (None, None) => self.expose_secret() == other.expose_secret(),
            _ => false,
        }
    }

    /// The whole text.
    ///
    /// A store compares it and writes it. Nothing else has a reason to call this.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        match self {
            Self::Session(token) => token.expose_secret(),
            Self::Bearer(token) => token.expose_secret(),
            Self::Invalid(token) => token.text.expose(),
        }
    }
}

impl From<BearerToken> for ProfileToken {
    fn from(token: BearerToken) -> Self {
        token.to_session_token().map_or(Self::Bearer(token), Self::Session)
    }
}

/// Text in the place of a token that is not a bearer token. Its `Debug` shows nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidToken {
    text: Secret,
    reason: BearerTokenError,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
    const JWT: &str = "eyJhbGciOiJFZERTQSJ9.e30.c2ln";

    fn token(text: &str) -> ProfileToken {
        ProfileToken::new(text).unwrap()
    }

    fn session_token(secret: &str) -> ProfileToken {
        token(&format!("psk_dev_{ID}_{secret}"))
    }

    #[test]
    fn classifies_every_text_but_the_empty_one() {
        assert_eq!(ProfileToken::new(""), None);
        assert!(matches!(session_token("s3cret"), ProfileToken::Session(token) if token.id().to_string() == ID));
        assert!(matches!(token(JWT), ProfileToken::Bearer(_)));
        let invalid = token("a b");
        assert!(matches!(&invalid, ProfileToken::Invalid(_)));
        assert_eq!(invalid.to_bearer(), Err(BearerTokenError::Characters));
        for text in [&format!("psk_dev_{ID}_s3cret"), JWT, "x", " ", "a b\n"] {
            assert_eq!(token(text).expose_secret(), text);
        }
    }

    #[test]
    fn only_session_tokens_have_ids() {
        assert_eq!(session_token("s3cret").id().unwrap().to_string(), ID);
        assert_eq!((token(JWT).id(), token("a b").id()), (None, None));
        assert_eq!(session_token("s3cret").to_bearer(), BearerToken::parse(format!("psk_dev_{ID}_s3cret")));
        assert_eq!(token(JWT).to_bearer(), BearerToken::parse(JWT));
        assert_eq!(token("a b").to_bearer(), Err(BearerTokenError::Characters));
    }

    #[test]
    fn a_rotated_token_is_of_the_same_session() {
        let other_id = token(&format!("psk_dev_{}_a", ID.replace("ab", "ac")));
        for (left, right, is_same) in [
            (session_token("a"), session_token("a"), true),
            (session_token("a"), session_token("b"), true),
            (session_token("a"), other_id, false),
            (session_token("a"), token(JWT), false),
            (token(JWT), token(JWT), true),
            (token("x"), token("y"), false),
            (token("a b"), token("a b"), true),
        ] {
            assert_eq!((left.is_same_session(&right), right.is_same_session(&left)), (is_same, is_same));
        }
    }

    #[test]
    fn converts_to_and_from_a_session() {
        let name = ProfileName::new("dev").unwrap();
        let profile = Profile {
            server: Some("https://h".to_owned()),
            token: Some(session_token("s3cret")),
            ..Profile::new(name.clone())
        };
        let session = profile.to_session().unwrap();
        assert_eq!((&session.profile, session.server.as_deref()), (&name, Some("https://h")));
        assert_eq!(Profile::from(session), profile);
        assert_eq!(Profile { token: Some(token(JWT)), ..profile.clone() }.to_session(), None);
        assert_eq!(Profile { token: None, ..profile }.to_session(), None);
    }

    #[test]
    fn debug_shows_neither_token_nor_server() {
        for text in [&format!("psk_dev_{ID}_s3cret"), "s3cret", "s3cret s3cret"] {
            let profile = Profile {
                server: Some("https://user:s3cret@plexsphere.example".into()),
                token: ProfileToken::new(text),
                ..Profile::new(ProfileName::new("dev").unwrap())
            };
            assert!(!format!("{profile:?}").contains("s3cret"), "{profile:?}");
        }
    }
}
