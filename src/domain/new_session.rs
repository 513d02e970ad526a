//! A session that a login stores.

use super::bearer_token::BearerToken;
use super::issued_token::TokenFacts;
use super::server_url::ServerUrl;
use super::session::ProfileName;
use super::stored_token::ProfileContents;
use super::timestamp::Timestamp;

/// A session for a profile, and what the profile held when the login began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The profile that is to hold the session.
    pub profile: ProfileName,
    /// The server that issued the token. It is stored as it was given.
    pub server: ServerUrl,
    /// The token, of any kind.
    pub token: BearerToken,
    /// When the token expires, if that is known.
    pub expires_at: Option<Timestamp>,
    /// What the profile held when it was looked up: the token that may be put aside, and no other.
    pub held_before: ProfileContents,
    /// The time of the login, which names a replaced token that has no id.
    pub time: Timestamp,
}

impl NewSession {
    /// What may be told of the token.
    #[must_use]
    pub fn facts(&self) -> TokenFacts {
        TokenFacts { id: self.token.id(), origin: self.server.origin(), expires_at: self.expires_at }
    }
}
