//! A session that a login stores.

use super::bearer_token::BearerToken;
use super::identifier::Identifier;
use super::idp_binding::IdpBinding;
use super::issued_token::TokenFacts;
use super::profile::Profile;
use super::server_url::ServerUrl;
use super::session::ProfileName;
use super::timestamp::Timestamp;

/// A session that a login stores in a profile, and what the profile held when the login began.
///
/// Unlike a [`Profile`], it has a server and a token that are known to be usable.
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
    /// The domain that was logged in to, which the profile remembers.
    pub domain_id: Identifier,
    /// The binding through which that was done; none if the server chose it.
    pub idp_binding: Option<IdpBinding>,
    /// The profile as it was looked up, if it was there: its token may be put aside, and no other.
    pub held_before: Option<Profile>,
    /// The time of the login, which names a replaced token that has no id.
    pub time: Timestamp,
}

impl NewSession {
    /// The profile as it is to be stored.
    #[must_use]
    pub fn to_profile(&self) -> Profile {
        Profile {
            name: self.profile.clone(),
            server: Some(self.server.as_given().to_owned()),
            token: Some(self.token.clone().into()),
            expires_at: self.expires_at,
            domain_id: Some(self.domain_id),
            idp_binding: self.idp_binding.clone(),
        }
    }

    /// What may be told of the token.
    #[must_use]
    pub fn facts(&self) -> TokenFacts {
        TokenFacts { id: self.token.id(), origin: self.server.origin(), expires_at: self.expires_at }
    }
}
