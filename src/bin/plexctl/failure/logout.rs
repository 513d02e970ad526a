//! Why a logout failed, in words.

use std::error::Error;
use std::io;
use std::iter;
use std::path::PathBuf;

use plexctl::domain::session::ProfileName;
use plexctl::domain::token::TokenId;
use plexctl::ports::chain::chain;
use plexctl::ports::credential_store::StoreError;
use plexctl::ports::token_revoker::RevokeError;
use plexctl::use_cases::logout::{LogoutError, SessionFacts};

use super::again::Again;
use super::remedy_hint;
use super::server::StoredServer;

/// A failed logout, with what its words need beside the error.
#[derive(Debug)]
pub struct LogoutFailure {
    /// What failed.
    pub error: LogoutError,
    /// The command that was typed.
    pub again: Again,
    /// The profile that was typed.
    pub selected: Option<ProfileName>,
    /// The config file.
    pub config: PathBuf,
    /// Where the file stores the profile's server, if that is what cannot be used.
    pub place_of_server: Option<String>,
}

impl LogoutFailure {
    /// The failure in words, and what to do about it.
    pub fn words(&self) -> (String, Option<String>) {
        let (message, hint) = match &self.error {
            LogoutError::Load(error) => {
                (format!("no session was ended: {}", store_words(error)), self.load_hint(error))
            }
            LogoutError::Rehearse { about, source } => (
                format!("no session was ended: {} ({})", store_words(source), identifiers(about)),
                self.load_hint(source),
            ),
            LogoutError::Server { profile, id, source } => (
                format!("no session was ended: {} (token {id})", self.stored_server(profile).words(source)),
                StoredServer::hint(source, &self.again),
            ),
            LogoutError::Revoke { about, source } => (
                format!(
                    "profile \"{}\" is kept, and its session may still be live: {} ({})",
                    about.profile,
                    revocation_words(source),
                    identifiers(about)
                ),
                self.revocation_hint(about.id, source),
            ),
            LogoutError::Clear { about, source: StoreError::NotDurable { place, source }, .. } => (
                format!(
                    "profile \"{}\" is revoked on the server and removed from {place}, but its removal may not survive \
                     a power cut: {} ({})",
                    about.profile,
                    chain(&**source),
                    identifiers(about)
                ),
                format!("should the profile be there again after a power cut, run {} again", self.again),
            ),
            LogoutError::Clear { about, source, .. } => (
                format!(
                    "profile \"{}\" is revoked on the server, but not removed from {} ({})",
                    about.profile,
                    store_words(source),
                    identifiers(about)
                ),
                self.clearing_hint(source),
            ),
            LogoutError::Report(error) => (
                format!("the logout is complete, but its summary could not be written: {}", chain(&*error.source)),
                String::new(),
            ),
        };
        (message, Some(hint).filter(|hint| !hint.is_empty()))
    }

    fn stored_server(&self, profile: &ProfileName) -> StoredServer {
        let place = self.place_of_server.clone().unwrap_or_else(|| self.config.display().to_string());
        StoredServer { of: format!("profile \"{profile}\""), place }
    }

    fn load_hint(&self, error: &StoreError) -> String {
        match error {
            StoreError::Exposed { .. } => self.again.once_private(&self.config),
            StoreError::NotASessionToken { .. } => {
                "only sessions that `plexctl login` has begun can be ended; nothing was sent or changed".to_owned()
            }
            _ => {
                format!("nothing was sent or changed; mend the cause and run {} again", self.again)
            }
        }
    }

    fn revocation_hint(&self, id: TokenId, error: &RevokeError) -> String {
        let again = &self.again;
        match error {
            RevokeError::Refused { .. } => {
                format!("somebody with the right to revoke token {id} has to do it; then run {again} again")
            }
            RevokeError::Unconfirmed { source }
            | RevokeError::Unanswered { source }
            | RevokeError::Unreached { source } => match remedy_hint(source) {
                Some(hint) => format!("{hint}; then run {again} again"),
                None => format!("once the cause is gone, run {again} again"),
            },
        }
    }

    fn clearing_hint(&self, error: &StoreError) -> String {
        let again = format!("once the cause is gone, run {} again", self.again);
        match error {
            StoreError::NotCleared { source, .. } if is_mount(&**source) => {
                format!("{again}, or delete the profile by hand: its token is dead")
            }
            _ => again,
        }
    }
}

/// Where the store failed and why; what that leaves is said before.
fn store_words(error: &StoreError) -> String {
    match error {
        StoreError::Exposed { place, source } => format!("{place} is refused: {}", chain(&**source)),
        StoreError::Unusable { place, source } => format!("{place} cannot be used: {}", chain(&**source)),
        StoreError::NotASessionToken { place, source } => {
            format!("{place} holds no session token: {}", chain(&**source))
        }
        StoreError::NotCleared { place, source } | StoreError::NotDurable { place, source } => {
            format!("{place}: {}", chain(&**source))
        }
        error => chain(error),
    }
}

fn revocation_words(error: &RevokeError) -> String {
    match error {
        RevokeError::Unanswered { source } => format!("{source}, so the outcome is unknown"),
        RevokeError::Refused { source } | RevokeError::Unconfirmed { source } | RevokeError::Unreached { source } => {
            source.to_string()
        }
    }
}

fn identifiers(about: &SessionFacts) -> String {
    format!("{}, token {}", about.server.origin(), about.id)
}

/// Tells whether the file or its directory is mounted so that no re-run can replace it.
fn is_mount(source: &(dyn Error + Send + Sync + 'static)) -> bool {
    let source: &(dyn Error + 'static) = source;
    iter::successors(Some(source), |level| (*level).source())
        .filter_map(|level| level.downcast_ref::<io::Error>())
        .any(|error| matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::ResourceBusy))
}
