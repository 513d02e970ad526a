//! The port to the place where a login stores its session.

use thiserror::Error;

use super::BoxError;
use crate::domain::new_session::NewSession;
use crate::domain::session::ProfileName;
use crate::domain::stored_token::ProfileContents;

/// Stores a session in a profile and puts aside what the profile held before.
///
/// It stands beside the [`CredentialStore`](super::credential_store::CredentialStore), which finds and clears what is
/// stored here. Every implementation promises:
///
/// 1. What it looks up is what is stored: the server's text, usable or not, and the token of any kind. No place to look
///    in, no such profile, no value and an empty token are one and the same: there is none.
/// 2. Looking up and rehearsing change nothing, and create nothing that has a name.
/// 3. A rehearsal that succeeds means: unless the store or the system changes meanwhile, a session of this profile and
///    server can be saved with any token and any expiry; what it replaces can be put aside, and cleared from there; and
///    nothing else changes by any of that.
/// 4. Saving judges the store as it is now. If the profile holds a token that is neither in what it held before nor the
///    session's own, that is [`Saving::Superseded`], and nothing is changed.
/// 5. Saving is one replacement of everything that is stored, which a reader sees as a whole or not at all. After it the
///    profile holds the session's server as given, its token, and its expiry or none. Whatever else the profile holds,
///    every other profile, and a default pointer stay; where there is no pointer, it names the profile.
/// 6. The token that the profile held before, if it still does, stands in the same replacement in a profile of its own,
///    with its server and its expiry: in the first of the [`replaced_names`](crate::domain::replaced_name::replaced_names)
///    that no profile has. The session's own token is never put aside.
/// 7. `Ok` means that the replacement survives a power cut. After [`KeepError::NotDurable`] all is as after `Ok` but
///    that; after every other error nothing is changed.
/// 8. No error carries any part of a token but its id.
///
/// ```
/// use plexctl::domain::new_session::NewSession;
/// use plexctl::domain::session::ProfileName;
/// use plexctl::domain::stored_token::ProfileContents;
/// use plexctl::ports::session_keeper::{KeepError, Saving, SessionKeeper};
///
/// /// A full disk: a login ends before a token is issued.
/// struct Full;
///
/// impl SessionKeeper for Full {
///     fn look_up(&self, _: &ProfileName) -> Result<ProfileContents, KeepError> {
///         Ok(ProfileContents::default())
///     }
///
///     fn rehearse_save(&self, _: &NewSession) -> Result<(), KeepError> {
///         Err(KeepError::Unstorable { place: "the disk".to_owned(), source: "no space left".into() })
///     }
///
///     fn save(&self, _: &NewSession) -> Result<Saving, KeepError> {
///         Err(KeepError::NotSaved { place: "the disk".to_owned(), source: "no space left".into() })
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait SessionKeeper: Send + Sync {
    /// Looks up what a profile holds.
    ///
    /// # Errors
    ///
    /// [`KeepError::Exposed`] or [`KeepError::Unusable`].
    fn look_up(&self, profile: &ProfileName) -> Result<ProfileContents, KeepError>;

    /// Checks that a session can be saved, before its token is issued. The session stands for the one to come, with a
    /// token of the greatest length.
    ///
    /// # Errors
    ///
    /// [`KeepError::Unusable`] or [`KeepError::Unstorable`].
    fn rehearse_save(&self, session: &NewSession) -> Result<(), KeepError>;

    /// Stores the session in its profile, and what the profile held before beside it.
    ///
    /// # Errors
    ///
    /// [`KeepError::NotSaved`] or [`KeepError::NotDurable`].
    fn save(&self, session: &NewSession) -> Result<Saving, KeepError>;
}

/// How saving a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saving {
    /// The session is stored.
    Saved {
        /// Where the token is that the profile held before, if it still held it.
        put_aside: Option<ProfileName>,
    },
    /// The profile holds a session that was stored meanwhile, which was left alone.
    Superseded,
}

/// Why a session could not be stored. `place` says where the store keeps it, such as a path.
#[derive(Debug, Error)]
pub enum KeepError {
    /// Others may have read or changed what is stored, so it was refused unread.
    #[error("{place} is refused")]
    Exposed {
        /// Where.
        place: String,
        /// Who has access that should not.
        source: BoxError,
    },
    /// What is stored cannot be read, understood or edited.
    #[error("{place} cannot be used")]
    Unusable {
        /// Where.
        place: String,
        /// What is wrong with it.
        source: BoxError,
    },
    /// Nothing can be stored there, as a rehearsal found.
    #[error("nothing can be stored in {place}")]
    Unstorable {
        /// Where.
        place: String,
        /// What stands in the way.
        source: BoxError,
    },
    /// The session is not stored, and what is stored is as it was before.
    #[error("the session was not stored in {place}")]
    NotSaved {
        /// Where.
        place: String,
        /// What failed.
        source: BoxError,
    },
    /// The session is stored, but a power cut may undo that.
    #[error("the session was stored in {place}, but may not survive a power cut")]
    NotDurable {
        /// Where.
        place: String,
        /// Where the token is that the profile held before, if it still held it.
        put_aside: Option<ProfileName>,
        /// What failed.
        source: BoxError,
    },
}
