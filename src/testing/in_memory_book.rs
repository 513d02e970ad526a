//! The sides of the store in memory that `profiles` and `whoami` see.

use super::in_memory_store::{InMemoryStore, PLACE, Profile, State, StoreCall};
use super::lock;
use crate::domain::bearer_token::BearerToken;
use crate::domain::session::{ProfileName, Selection};
use crate::domain::shown_server::ShownServer;
use crate::domain::timestamp::Timestamp;
use crate::ports::credential_reader::{CredentialError, CredentialReader, StoredCredential};
use crate::ports::profile_book::{
    BookError, DefaultSetting, Forgetting, ForgottenProfile, HeldToken, ListedProfile, MissingProfile, ProfileBook,
    ProfileList,
};

/// What is to fail next.
#[derive(Debug, Default)]
pub(super) struct BookFailures {
    list: Option<BookError>,
    set_default: Option<BookError>,
    forget: Option<BookError>,
    credential: Option<CredentialError>,
}

/// What `profiles` and `whoami` see of the store. Its own order of the profiles is that of their names.
///
/// ```
/// use plexctl::domain::session::{ProfileName, Selection};
/// use plexctl::domain::stored_token::{ProfileContents, StoredToken};
/// use plexctl::ports::credential_reader::CredentialReader;
/// use plexctl::ports::profile_book::{BookError, DefaultSetting, ProfileBook};
/// use plexctl::testing::InMemoryStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let name = ProfileName::new("ci")?;
/// let contents = ProfileContents { server: None, token: StoredToken::new("no-session-token") };
/// let store = InMemoryStore::new().with_profile(&name, contents);
/// assert_eq!(store.set_default(&name)?, DefaultSetting::Set);
/// assert_eq!(store.list()?.default, Some(name));
/// assert!(store.credential(&Selection::Default)?.is_some());
///
/// store.fail_next_list(BookError::Unusable { place: "memory".into(), source: "told to".into() });
/// assert!(store.list().is_err());
/// # Ok(())
/// # }
/// ```
impl InMemoryStore {
    /// Sets when the token of a stored profile expires.
    #[must_use]
    pub fn with_expiry(self, profile: &ProfileName, expires_at: Timestamp) -> Self {
        if let Some(profile) = lock(&self.state).profiles.get_mut(profile.as_str()) {
            profile.expires_at = Some(expires_at);
        }
        self
    }

    /// Points the default to a profile, whether it is there or not.
    #[must_use]
    pub fn with_pointer(self, profile: &ProfileName) -> Self {
        lock(&self.state).pointer = Some(profile.clone());
        self
    }

    /// Makes the next listing fail.
    pub fn fail_next_list(&self, error: BookError) {
        lock(&self.state).book.list = Some(error);
    }

    /// Makes the next setting of the default fail: after [`BookError::NotDurable`] it is set, after everything else
    /// nothing is changed.
    pub fn fail_next_default(&self, error: BookError) {
        lock(&self.state).book.set_default = Some(error);
    }

    /// Makes the next forgetting fail: after [`BookError::NotDurable`] the profile is gone, and what it held is told;
    /// after everything else nothing is changed.
    pub fn fail_next_forget(&self, error: BookError) {
        lock(&self.state).book.forget = Some(error);
    }

    /// Makes the next reading of a credential or of a server fail.
    pub fn fail_next_credential(&self, error: CredentialError) {
        lock(&self.state).book.credential = Some(error);
    }
}

impl ProfileBook for InMemoryStore {
    fn list(&self) -> Result<ProfileList, BookError> {
        self.record(StoreCall::List);
        let mut state = lock(&self.state);
        if let Some(error) = state.book.list.take() {
            return Err(error);
        }
        let listed = |(name, profile): (ProfileName, &Profile)| ListedProfile {
            name,
            server: shown_server(profile),
            token: held_token(profile),
            expires_at: profile.expires_at.map(|time| time.to_string()),
        };
        let profiles = state.named_profiles().map(listed).collect();
        Ok(ProfileList { place: PLACE.to_owned(), default: state.pointer.clone(), profiles })
    }

    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, BookError> {
        self.record(StoreCall::SetDefault(profile.clone()));
        let mut state = lock(&self.state);
        let not_durable = match state.book.set_default.take() {
            Some(error @ BookError::NotDurable { .. }) => Some(error),
            Some(error) => return Err(error),
            None => None,
        };
        if !state.profiles.contains_key(profile.as_str()) {
            return Ok(DefaultSetting::NoSuchProfile(state.missing_profile()));
        }
        if state.pointer.as_ref() == Some(profile) {
            return Ok(DefaultSetting::AlreadySet);
        }
        state.pointer = Some(profile.clone());
        not_durable.map_or(Ok(DefaultSetting::Set), Err)
    }

    fn forget(&self, profile: &ProfileName) -> Result<Forgetting, BookError> {
        self.record(StoreCall::Forget(profile.clone()));
        let mut state = lock(&self.state);
        let not_durable = match state.book.forget.take() {
            Some(BookError::NotDurable { source, .. }) => Some(source),
            Some(error) => return Err(error),
            None => None,
        };
        let Some(held) = state.profiles.remove(profile.as_str()) else {
            return Ok(Forgetting::NoSuchProfile(state.missing_profile()));
        };
        state.pointer.take_if(|pointer| pointer == profile);
        let forgotten = ForgottenProfile { server: shown_server(&held), token: held_token(&held) };
        match not_durable {
            None => Ok(Forgetting::Forgotten(forgotten)),
            Some(source) => Err(BookError::NotDurable { place: PLACE.to_owned(), forgotten: Some(forgotten), source }),
        }
    }
}

impl CredentialReader for InMemoryStore {
    fn credential(&self, selection: &Selection) -> Result<Option<StoredCredential>, CredentialError> {
        self.record(StoreCall::Credential(selection.clone()));
        let mut state = lock(&self.state);
        if let Some(error) = state.book.credential.take() {
            return Err(error);
        }
        let Some((profile, Profile { contents, expires_at })) = state.selected(selection) else { return Ok(None) };
        let Some(token) = &contents.token else { return Ok(None) };
        let token = BearerToken::parse(token.expose_secret())
            .map_err(|error| CredentialError::NotABearerToken { place: PLACE.to_owned(), source: error.into() })?;
        let (server, expires_at) = (contents.server.clone(), expires_at.map(|time| time.to_string()));
        Ok(Some(StoredCredential { profile, token, server, expires_at }))
    }

    fn server(&self, selection: &Selection) -> Result<Option<String>, CredentialError> {
        self.record(StoreCall::Server(selection.clone()));
        let mut state = lock(&self.state);
        if let Some(error) = state.book.credential.take() {
            return Err(error);
        }
        Ok(state.selected(selection).and_then(|(_, profile)| profile.contents.server.clone()))
    }
}

impl State {
    fn named_profiles(&self) -> impl Iterator<Item = (ProfileName, &Profile)> {
        self.profiles.iter().filter_map(|(name, profile)| Some((ProfileName::new(name.as_str()).ok()?, profile)))
    }

    fn missing_profile(&self) -> MissingProfile {
        MissingProfile { place: PLACE.to_owned(), present: self.named_profiles().map(|(name, _)| name).collect() }
    }

    fn selected(&self, selection: &Selection) -> Option<(ProfileName, &Profile)> {
        let name = match selection {
            Selection::Default => self.pointer.as_ref()?,
            Selection::Named(name) => name,
        };
        Some((name.clone(), self.profiles.get(name.as_str())?))
    }
}

fn shown_server(profile: &Profile) -> Option<ShownServer> {
    profile.contents.server.as_deref().map(ShownServer::new)
}

fn held_token(profile: &Profile) -> Option<HeldToken> {
    let token = profile.contents.token.as_ref()?;
    Some(token.id().map_or(HeldToken::WithoutId, HeldToken::Session))
}
