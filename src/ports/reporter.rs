//! The port that reports outcomes, and the outcomes.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::BoxError;
use super::credential_store::Clearing;
#[doc(hidden)]
pub use super::failure_report::{FailureReport, SessionState as Leaves};
use super::profile_reader::ProfileList;
use super::token_revoker::Revocation;
use crate::domain::principal::Principal;
use crate::domain::printable::escape_unprintable;
use crate::domain::profile::Profile;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::domain::timestamp::Timestamp;
use crate::domain::token::TokenId;
use crate::domain::token_summary::TokenSummary;

/// Tells the operator an outcome `T`. Failures are not reported here: they are returned to the caller.
///
/// Every implementation promises:
///
/// 1. Each outcome is reported exactly once, completely, and flushed. A result that could not be written is an error.
/// 2. A result is written only for what was done: a logout without a session has none.
/// 3. A reader that closed its end is not a failure.
/// 4. Nothing of a token but its id is written.
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

impl fmt::Display for CredentialSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(profile) => write!(formatter, "profile \"{profile}\""),
            Self::Variable => formatter.write_str("PLEXSPHERE_TOKEN"),
            Self::File(path) => formatter.write_str(&escape_unprintable(&path.to_string_lossy())),
        }
    }
}

impl CredentialSource {
    /// The profile, if the credential comes from one.
    #[must_use]
    pub fn profile(&self) -> Option<&ProfileName> {
        match self {
            Self::Profile(profile) => Some(profile),
            Self::Variable | Self::File(_) => None,
        }
    }
}

/// What was asked of the stored profiles, done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfilesOutcome {
    /// These are stored.
    Listed {
        /// The profiles.
        list: ProfileList,
        /// The time by the clock of this machine, which tells what has expired.
        now: Timestamp,
    },
    /// The default is this profile, whether it was before or not.
    DefaultIs(ProfileName),
    /// This profile is removed, and its token was not revoked.
    Forgotten(Profile),
}

/// A profile that is about to be removed without revoking its token: a warning, told while the profile is still stored,
/// so that an interruption leaves nothing untold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgetWarning(pub Profile);

/// What was asked about the tokens of a principal, done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokensOutcome {
    /// The tokens, in the order of the server.
    Listed {
        /// The server that listed them.
        server: ServerUrl,
        /// Each token with the profile that holds it.
        tokens: Vec<ListedToken>,
        /// Why it is not known which profiles hold the tokens, if it is not.
        profiles_error: Option<String>,
    },
    /// A token is revoked.
    Revoked {
        /// The server that revoked it.
        server: ServerUrl,
        /// The id of the token.
        id: TokenId,
        /// The profile that still holds the token.
        profile: Option<ProfileName>,
        /// The credential that authorized this, if it was the token itself.
        credential: Option<CredentialSource>,
        /// Why it is not known which profile holds the token, if it is not.
        profiles_error: Option<String>,
    },
}

/// A token of a principal, and where it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedToken {
    /// The token as the server lists it.
    pub summary: TokenSummary,
    /// The profile that holds the token for the server that lists it.
    pub profile: Option<ProfileName>,
}

/// A session that is handed on although its token has expired by the clock of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiredSession {
    /// The profile that holds the token.
    pub profile: ProfileName,
    /// When the token expired.
    pub expired_at: Timestamp,
}

/// The summary could not be written.
#[derive(Debug, Error)]
#[error("the summary could not be written")]
pub struct ReportError {
    /// What failed.
    pub source: BoxError,
}
