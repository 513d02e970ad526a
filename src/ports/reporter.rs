//! The port to whoever asked for something to be done, and the outcomes that are told.

use thiserror::Error;

use super::BoxError;
use super::credential_store::Clearing;
use super::token_revoker::Revocation;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;

/// Tells the operator an outcome `T`. Failures are not reported here: they are returned to the caller.
///
/// Every implementation promises:
///
/// 1. Each outcome is told exactly once, completely, and flushed.
/// 2. A result is written only for what was done: a logout without a session has none.
/// 3. A reader that closed its end is no failure.
/// 4. Nothing of a token is written.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Reporter<T: Send = LogoutOutcome>: Send {
    /// Writes the outcome.
    ///
    /// # Errors
    ///
    /// [`ReportError`] if the summary could not be written.
    fn report(&mut self, outcome: &T) -> Result<(), ReportError>;
}

/// How a logout ended. Every outcome means that no live session is left behind in the selected profile's place,
/// unless somebody signed in again meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutOutcome {
    /// There was no session to end.
    NoSession,
    /// The session has ended on the server, and its profile is cleared or was taken over by a newer session.
    LoggedOut {
        /// The profile that held the session.
        profile: ProfileName,
        /// The server that was asked.
        server: ServerUrl,
        /// How the token came to be dead.
        revocation: Revocation,
        /// What became of the profile.
        clearing: Clearing,
    },
}

/// The summary could not be written.
#[derive(Debug, Error)]
#[error("the summary could not be written")]
pub struct ReportError {
    /// What failed.
    pub source: BoxError,
}
