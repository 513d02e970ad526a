//! Why a store could not do what it was asked for.

use thiserror::Error;

use super::BoxError;

/// The failure of a store, by its consequence. `place` says where the store keeps what the error is about, such as
/// `PATH` or `PATH:LINE:COLUMN`.
#[derive(Debug, Error)]
#[non_exhaustive]
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
    /// What is stored in the place of a token is not a bearer token.
    #[error("{place} holds no bearer token")]
    NotABearerToken {
        /// Where.
        place: String,
        /// Which part of the rule it breaks.
        source: BoxError,
    },
    /// Nothing can be stored there, as a rehearsal found.
    #[error("nothing can be stored in {place}")]
    NotStorable {
        /// Where.
        place: String,
        /// What stands in the way.
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
    /// What is stored is as it was before.
    #[error("{place} was not changed")]
    NotWritten {
        /// Where.
        place: String,
        /// What failed.
        source: BoxError,
    },
    /// The change is made, but a power loss may undo it.
    #[error("{place} was changed, but the change may not survive a power loss")]
    NotDurable {
        /// Where.
        place: String,
        /// What failed.
        source: BoxError,
    },
}
