//! Which credential a command sends, and to which server: the first credential that is given.
//!
//! A stored credential goes to the server that issued it and nowhere else. One that the operator gives goes where the
//! operator says. Files are opened only where what they hold is needed.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::failure_kind::FailureKind;
use super::server::{NamedServers, ServerError};
use crate::domain::bearer_token::{BearerToken, BearerTokenError};
use crate::domain::server_url::ServerUrl;
use crate::domain::session::Selection;
use crate::domain::timestamp::Timestamp;
use crate::ports::chain::chain;
use crate::ports::failure_report::FailureFacts;
use crate::ports::profile_reader::{NoSessionReason, ProfileKey, ProfileReader};
use crate::ports::reporter::CredentialSource;
use crate::ports::store_error::StoreError;
use crate::ports::token_file::TokenFile;

/// The credentials and servers that an operator names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialRequest {
    /// The profile whose credential is sent, or whose server is used.
    pub selection: Selection,
    /// The file that holds the credential.
    pub token_file: Option<PathBuf>,
    /// The credential that the operator set for every run, or what is wrong with it.
    pub token_variable: Option<Result<BearerToken, BearerTokenError>>,
    /// The server that the operator named for this run. It never redirects a stored credential: it stands in for a
    /// profile that stores no server, and otherwise has to be of the same origin.
    pub server_flag: Option<String>,
    /// The server that the operator named for every profile without one.
    pub server_fallback: Option<String>,
}

impl CredentialRequest {
    /// Whether the run has to look up a stored profile, for its credential or for its server.
    #[must_use]
    pub fn needs_profile(&self) -> bool {
        match self.choice() {
            Choice::Profile => true,
            Choice::File(_) | Choice::Variable(_) => self.server_flag.is_none() && self.server_fallback.is_none(),
        }
    }

    /// Finds the credential and its server.
    pub(super) fn resolve(
        &self,
        profiles: &dyn ProfileReader,
        token_file: &dyn TokenFile,
    ) -> Result<Credential, CredentialError> {
        match self.choice() {
            Choice::File(path) => {
                let token = token_file.read(path).map_err(CredentialError::Load)?;
                self.resolve_given(profiles, CredentialSource::File(path.to_owned()), token)
            }
            Choice::Variable(token) => {
                let token = token.clone().map_err(CredentialError::Variable)?;
                self.resolve_given(profiles, CredentialSource::Variable, token)
            }
            Choice::Profile => self.resolve_stored(profiles),
        }
    }

    /// Chooses the credential: the first that is given, whatever it turns out to hold.
    fn choice(&self) -> Choice<'_> {
        match (&self.token_file, &self.selection, &self.token_variable) {
            // The first that is given counts even if it is unusable: a typo must not send another credential.
            (Some(path), _, _) => Choice::File(path),
            (None, Selection::Default, Some(token)) => Choice::Variable(token),
            (None, Selection::Named(_), _) | (None, Selection::Default, None) => Choice::Profile,
        }
    }

    /// A credential that the operator gives goes to the server that the operator names, else to the selected profile's.
    fn resolve_given(
        &self,
        profiles: &dyn ProfileReader,
        source: CredentialSource,
        token: BearerToken,
    ) -> Result<Credential, CredentialError> {
        // A config that cannot be read does not matter to a run that needs nothing of it.
        let stored = if self.needs_profile() {
            profiles.look_up(&self.selection).map_err(CredentialError::Load)?.and_then(|profile| profile.server)
        } else {
            None
        };
        match self.servers(stored.as_deref()).for_given_credential() {
            Ok(server) => Ok(Credential { source, token, server, expires_at: None }),
            Err(fault) => Err(CredentialError::of_server(source, &token, None, fault)),
        }
    }

    /// A stored credential goes to the server that is stored beside it.
    fn resolve_stored(&self, profiles: &dyn ProfileReader) -> Result<Credential, CredentialError> {
        let profile = profiles.look_up(&self.selection).map_err(CredentialError::Load)?;
        let Some((profile, token)) = profile.and_then(|mut profile| profile.token.take().map(|token| (profile, token)))
        else {
            // Asked only on this path: the reason is for a hint, and may read the file again.
            let reason = profiles.why_none(&self.selection);
            return Err(CredentialError::None { selection: self.selection.clone(), reason });
        };
        let token = token.to_bearer().map_err(|reason| {
            let place = profiles.place_of(&profile.name, ProfileKey::Token);
            CredentialError::Load(StoreError::NotABearerToken { place, source: reason.into() })
        })?;
        let servers = self.servers(profile.server.as_deref());
        let source = CredentialSource::Profile(profile.name.clone());
        match servers.for_stored_credential() {
            Ok(server) => Ok(Credential { source, token, server, expires_at: profile.expires_at }),
            Err(fault) => {
                let fault = fault.stored_at(|| profiles.place_of(&profile.name, ProfileKey::Server));
                Err(CredentialError::of_server(source, &token, servers.shown(), fault))
            }
        }
    }

    /// The servers that count, beside the one that the profile stores.
    fn servers<'a>(&'a self, stored: Option<&'a str>) -> NamedServers<'a> {
        NamedServers { stored, flag: self.server_flag.as_deref(), fallback: self.server_fallback.as_deref() }
    }
}

/// Where the credential comes from, as far as the choice goes.
enum Choice<'a> {
    /// This file.
    File(&'a Path),
    /// The setting for every run.
    Variable(&'a Result<BearerToken, BearerTokenError>),
    /// The selected profile.
    Profile,
}

/// A credential and the server that it goes to.
pub(super) struct Credential {
    pub(super) source: CredentialSource,
    pub(super) token: BearerToken,
    pub(super) server: ServerUrl,
    pub(super) expires_at: Option<Timestamp>,
}

/// Why there is no credential to send, or no server to send it to. Nothing was sent.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// What is stored in the config or in the named file cannot be used.
    #[error(transparent)]
    Load(StoreError),
    /// The credential that the operator set for every run is not one.
    #[error("PLEXSPHERE_TOKEN is not a bearer token")]
    Variable(#[source] BearerTokenError),
    /// There is no credential.
    #[error("no credential{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    None {
        /// The profile that was looked for.
        selection: Selection,
        /// Why it holds none, if the store can say.
        reason: Option<NoSessionReason>,
    },
    /// There is no server that may see the credential.
    #[error("{}", chain(fault))]
    Server {
        /// The credential that would be sent.
        credential: CredentialSource,
        /// What the run was about: a stored server only if it is a valid URL.
        facts: Box<FailureFacts>,
        /// What is wrong with the server.
        fault: ServerError,
    },
}

impl CredentialError {
    /// The failure to find a server for a credential. `server` is what may be told of a stored one.
    fn of_server(
        credential: CredentialSource,
        token: &BearerToken,
        server: Option<String>,
        fault: ServerError,
    ) -> Self {
        let profile = credential.profile().cloned();
        let facts = FailureFacts { profile, server, token_id: token.id(), ..FailureFacts::default() };
        Self::Server { credential, facts: Box::new(facts), fault }
    }

    /// The kind of failure, for programs.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Load(error) => error.into(),
            Self::Variable(_) => FailureKind::NotASessionToken,
            Self::None { .. } => FailureKind::NoCredential,
            Self::Server { fault, .. } => fault.kind(),
        }
    }

    /// What the run was about. It changed nothing.
    #[must_use]
    pub fn facts(&self) -> FailureFacts {
        let profile = match self {
            Self::Server { facts, .. } => return *facts.clone(),
            Self::None { selection: Selection::Named(profile), .. } => Some(profile.clone()),
            Self::None {
                reason: Some(NoSessionReason::DanglingDefault { name, .. } | NoSessionReason::NoToken { name }),
                ..
            } => Some(name.clone()),
            Self::Load(_) | Self::Variable(_) | Self::None { .. } => None,
        };
        FailureFacts { profile, ..FailureFacts::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::ProfileName;

    #[test]
    fn names_the_profile_that_it_is_about() {
        let name = |text| ProfileName::new(text).unwrap();
        let none = |selection, reason| CredentialError::None { selection, reason };
        let default = || Selection::Default;
        let dangling = NoSessionReason::DanglingDefault { name: name("gone"), profiles: vec![name("other")] };
        for (error, profile) in [
            (none(Selection::Named(name("dev")), None), Some("dev")),
            (none(default(), Some(dangling)), Some("gone")),
            (none(default(), Some(NoSessionReason::NoToken { name: name("bare") })), Some("bare")),
            (none(default(), Some(NoSessionReason::NoDefault { profiles: vec![name("other")] })), None),
            (none(default(), None), None),
            (CredentialError::Variable(BearerTokenError::Empty), None),
        ] {
            let expected = FailureFacts { profile: profile.map(name), ..FailureFacts::default() };
            assert_eq!(error.facts(), expected, "{error:?}");
        }
    }
}
