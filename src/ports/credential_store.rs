//! The port to the place where sessions are stored between runs.

use thiserror::Error;

use super::BoxError;
use crate::domain::session::{Selection, Session};

/// Keeps the stored sessions, one per profile.
///
/// Every implementation promises:
///
/// 1. What it finds is what is stored: the profile, its token and its server text, for a named profile and for the
///    default pointer alike.
/// 2. No place to look in, no pointer, no such profile, no token and an empty token are one and the same: there is no
///    session. The pointer never falls through to another profile.
/// 3. Finding and rehearsing change nothing.
/// 4. A rehearsal that succeeds means: unless the store changes meanwhile, clearing will remove this profile, and the
///    default pointer if it names the profile, and nothing else.
/// 5. Clearing judges the store as it is now. It removes the profile only if it still holds the session's token.
/// 6. A profile, token or store that is gone meanwhile counts as cleared; a profile that holds another token is
///    [`Clearing::Replaced`] and stays.
/// 7. Clearing succeeds as a whole or changes nothing, but for [`StoreError::NotDurable`].
/// 8. No error carries any part of a token but its id.
///
/// ```
/// use plexctl::domain::session::{Selection, Session};
/// use plexctl::ports::credential_store::{Clearing, CredentialStore, StoreError};
///
/// /// A place that never had a session.
/// struct Nowhere;
///
/// impl CredentialStore for Nowhere {
///     fn find(&self, _: &Selection) -> Result<Option<Session>, StoreError> {
///         Ok(None)
///     }
///
///     fn rehearse_clear(&self, _: &Session) -> Result<(), StoreError> {
///         Ok(())
///     }
///
///     fn clear(&self, _: &Session) -> Result<Clearing, StoreError> {
///         Ok(Clearing::Cleared)
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait CredentialStore: Send + Sync {
    /// Looks up the selected session.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exposed`], [`StoreError::Unusable`] or [`StoreError::NotASessionToken`].
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError>;

    /// Checks that the session found last can be cleared without touching anything else, before its token is revoked.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`].
    fn rehearse_clear(&self, session: &Session) -> Result<(), StoreError>;

    /// Removes the session's profile, if it still holds the session's token.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotCleared`] or [`StoreError::NotDurable`].
    fn clear(&self, session: &Session) -> Result<Clearing, StoreError>;
}

/// How clearing a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearing {
    /// The store holds nothing of this session any more.
    Cleared,
    /// The profile was kept, since it holds another session by now.
    Replaced,
}

/// Why the store could not do what it was asked for. `place` says where the store keeps the session, such as a path.
#[derive(Debug, Error)]
pub enum StoreError {
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
    /// The selected profile holds a credential that is not a session token.
    #[error("{place} holds no session token")]
    NotASessionToken {
        /// Where.
        place: String,
        /// Which part of the rule it breaks.
        source: BoxError,
    },
    /// The profile is still stored.
    #[error("the profile was not removed from {place}")]
    NotCleared {
        /// Where.
        place: String,
        /// What failed.
        source: BoxError,
    },
    /// The profile is removed, but a power cut may bring it back.
    #[error("the profile was removed from {place}, but the removal may not survive a power cut")]
    NotDurable {
        /// Where.
        place: String,
        /// What failed.
        source: BoxError,
    },
}
