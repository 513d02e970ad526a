//! The port to the place where sessions are stored between runs.

pub use super::store_error::StoreError;
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
/// 5. Clearing judges the store as it is now. It removes the profile only if it still holds a token with the session's
///    id: a rotated token keeps its id and died with it.
/// 6. A profile, token or store that is gone meanwhile counts as cleared; a profile that holds a token with another id
///    is [`Clearing::Superseded`] and stays.
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

    /// Checks that a session can be cleared without touching anything else, before its token is revoked.
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
    Superseded,
}

impl Clearing {
    /// The name of [`Superseded`](Self::Superseded) in version 0.1.
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "it stands for a variant")]
    pub const Replaced: Self = Self::Superseded;
}
