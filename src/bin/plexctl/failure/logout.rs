//! Why a logout failed, in words.

use std::error::Error;
use std::io;
use std::iter;
use std::path::PathBuf;

use plexctl::domain::session::ProfileName;
use plexctl::domain::token::TokenId;
use plexctl::ports::credential_store::StoreError;
use plexctl::ports::reporter::{FailureReport, Leaves};
use plexctl::ports::token_revoker::RevokeError;
use plexctl::use_cases::logout::{LogoutError, SessionFacts};

use super::again::Again;
use super::server::StoredServer;
use crate::words::{hint, words};

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
    /// The failure in words and as data.
    pub fn explain(&self, code: &'static str) -> FailureReport {
        let (message, hint, session) = match &self.error {
            LogoutError::Load(error) => {
                (format!("no session was ended: {}", store_words(error)), self.load_hint(error), Leaves::Untouched)
            }
            LogoutError::Rehearse { about, source } => (
                format!("no session was ended: {} ({})", store_words(source), identifiers(about)),
                self.load_hint(source),
                Leaves::Untouched,
            ),
            LogoutError::Server { profile, id, source } => (
                format!("no session was ended: {} (token {id})", self.stored_server(profile).words(source)),
                StoredServer::hint(source, &self.again),
                Leaves::Untouched,
            ),
            LogoutError::Revoke { about, source } => (
                format!(
                    "profile \"{}\" is kept, and its session may still be live: {} ({})",
                    about.profile,
                    revocation_words(source),
                    identifiers(about)
                ),
                self.revocation_hint(about.id, source),
                Leaves::Kept,
            ),
            LogoutError::Clear { about, source: StoreError::NotDurable { place, source }, .. } => (
                format!(
                    "profile \"{}\" is revoked on the server and removed from {place}, but its removal may not survive \
                     a power cut: {} ({})",
                    about.profile,
                    words(&**source),
                    identifiers(about)
                ),
                format!("should the profile be there again after a power cut, run {} again", self.again),
                Leaves::Ended,
            ),
            LogoutError::Clear { about, source, .. } => (
                format!(
                    "profile \"{}\" is revoked on the server, but not removed from {} ({})",
                    about.profile,
                    store_words(source),
                    identifiers(about)
                ),
                self.clearing_hint(source),
                Leaves::Revoked,
            ),
            LogoutError::Report(error) => (
                format!("the logout is complete, but its summary could not be written: {}", words(&*error.source)),
                String::new(),
                Leaves::Ended,
            ),
        };
        let (profile, server, token_id) = self.facts();
        let hint = Some(hint).filter(|hint| !hint.is_empty());
        FailureReport { code, message, hint, profile, server, token_id, session }
    }

    fn facts(&self) -> (Option<ProfileName>, Option<String>, Option<TokenId>) {
        match &self.error {
            LogoutError::Rehearse { about, .. }
            | LogoutError::Revoke { about, .. }
            | LogoutError::Clear { about, .. } => {
                (Some(about.profile.clone()), Some(about.server.as_given().to_owned()), Some(about.id))
            }
            LogoutError::Server { profile, id, .. } => (Some(profile.clone()), None, Some(*id)),
            LogoutError::Load(_) | LogoutError::Report(_) => (self.selected.clone(), None, None),
        }
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
            | RevokeError::Unreached { source } => match hint(&**source) {
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
        StoreError::Exposed { place, source } => format!("{place} is refused: {}", words(&**source)),
        StoreError::Unusable { place, source } => format!("{place} cannot be used: {}", words(&**source)),
        StoreError::NotASessionToken { place, source } => {
            format!("{place} holds no session token: {}", words(&**source))
        }
        StoreError::NotCleared { place, source } | StoreError::NotDurable { place, source } => {
            format!("{place}: {}", words(&**source))
        }
        error => words(error),
    }
}

fn revocation_words(error: &RevokeError) -> String {
    match error {
        RevokeError::Unanswered { source } => format!("{}, so the outcome is unknown", words(&**source)),
        RevokeError::Refused { source } | RevokeError::Unconfirmed { source } | RevokeError::Unreached { source } => {
            words(&**source)
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
