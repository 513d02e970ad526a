//! The port to whoever asked for something to be done, and the outcomes that are told.

use std::path::PathBuf;

use thiserror::Error;

use super::BoxError;
use super::credential_store::Clearing;
#[doc(hidden)]
pub use super::failure_report::{FailureReport, SessionState as Leaves};
use super::profile_reader::ProfileList;
use super::token_revoker::Revocation;
use crate::domain::principal::Principal;
use crate::domain::profile::Profile;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::domain::timestamp::Timestamp;

/// Tells the operator an outcome `T`. Failures are not reported here: they are returned to the caller.
///
/// Every implementation promises:
///
/// 1. Each outcome is told exactly once, completely, and flushed.
/// 2. A result is written only for what was done: a logout without a session has none.
/// 3. A reader that closed its end is no failure.
/// 4. Nothing of a token is written.
///
/// ```
/// use plexctl::ports::reporter::{LogoutOutcome, ReportError, Reporter};
///
/// /// Counts the logouts that ended a session.
/// struct Count(usize);
///
/// impl Reporter<LogoutOutcome> for Count {
///     fn report(&mut self, outcome: &LogoutOutcome) -> Result<(), ReportError> {
///         self.0 += usize::from(*outcome != LogoutOutcome::NoSession);
///         Ok(())
///     }
/// }
/// ```
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

/// Who the operator is, as the server sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoamiOutcome {
    /// Who the credential speaks for.
    pub principal: Principal,
    /// The server that was asked.
    pub server: ServerUrl,
    /// The credential that was asked with.
    pub credential: CredentialSource,
    /// When the credential expires, if that is stored.
    pub expires_at: Option<Timestamp>,
}

/// Where the credential that was asked with came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// A stored profile.
    Profile(ProfileName),
    /// The variable that the operator set, `PLEXSPHERE_TOKEN`.
    Variable,
    /// A file that the operator named.
    File(PathBuf),
}

/// What was asked of the stored profiles, done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfilesOutcome {
    /// These are stored.
    Listed(ProfileList),
    /// The default is this profile, whether it was before or not.
    DefaultIs(ProfileName),
    /// This profile is removed, and its token was not revoked.
    Forgotten(Profile),
}

/// The summary could not be written.
#[derive(Debug, Error)]
#[error("the summary could not be written")]
pub struct ReportError {
    /// What failed.
    pub source: BoxError,
}
