//! The port that changes stored profiles.

use super::store_error::StoreError;
use crate::domain::new_session::NewSession;
use crate::domain::profile::Profile;
use crate::domain::session::ProfileName;

/// Changes stored profiles: saves a session, sets the default, and forgets a profile.
///
/// Every implementation promises:
///
/// 1. A rehearsal changes nothing, and creates nothing that has a name. One that succeeds means: unless the store or the
///    system changes meanwhile, a session of this profile and server can be saved with any token and any expiry; what it
///    replaces can be put aside, and cleared from there; and nothing else changes by any of that.
/// 2. Saving judges the store as it is now. If the profile holds a token of another session than the one that it held
///    before and the one that is saved, that is [`Saving::Superseded`], and nothing is changed.
/// 3. After saving, the profile holds the session's server as given, its token, its expiry or none, its domain, and its
///    binding or none. Whatever else the
///    profile holds, every other profile, and a default pointer stay; where there is no pointer, it names the profile.
/// 4. The token that the profile held before, if it is of another session than the new one, stands in a profile of its own
///    afterwards, with its server and its expiry: in the first of the
///    [`replaced_names`](crate::domain::replaced_name::replaced_names) that no profile has. The outcome tells that profile.
/// 5. Setting the default changes the pointer alone. Where it names the profile already, nothing is written.
/// 6. Forgetting judges the store as it is now. It removes the profile, and the pointer if it names the profile, and
///    nothing else; and only if the profile still holds the token that the caller knows of, or none.
/// 7. A profile that is not there is neither made the default nor forgotten.
/// 8. Each change is one replacement, which a reader sees as a whole or not at all. It survives a power loss unless
///    the outcome says otherwise; after every error but [`StoreError::NotDurable`] nothing is changed.
/// 9. No error, and no `Debug` form, carries any part of a token but its id.
///
/// ```
/// use plexctl::domain::{Profile, new_session::NewSession, session::ProfileName};
/// use plexctl::ports::{DefaultSetting, Forgetting, ProfileWriter, Saving, StoreError};
///
/// /// A full disk, on which nothing is stored.
/// struct Full;
///
/// impl ProfileWriter for Full {
///     fn rehearse_save(&self, _: &NewSession) -> Result<(), StoreError> {
///         Err(StoreError::NotStorable { place: "the disk".to_owned(), source: "no space left".into() })
///     }
///
///     fn save(&self, _: &NewSession) -> Result<Saving, StoreError> {
///         Err(StoreError::NotWritten { place: "the disk".to_owned(), source: "no space left".into() })
///     }
///
///     fn set_default(&self, _: &ProfileName) -> Result<DefaultSetting, StoreError> {
///         Ok(DefaultSetting::NoSuchProfile)
///     }
///
///     fn forget(&self, _: &Profile) -> Result<Forgetting, StoreError> {
///         Ok(Forgetting::NoSuchProfile)
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait ProfileWriter: Send + Sync {
    /// Checks that a session can be saved, before its token is issued. The session stands for the one to come, with a
    /// token of the greatest length and an expiry: a session without one takes no more room.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exposed`], [`StoreError::Unusable`] or [`StoreError::NotStorable`].
    fn rehearse_save(&self, session: &NewSession) -> Result<(), StoreError>;

    /// Stores the session in its profile, and the token that the profile held before beside it.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotWritten`]. That the change may not last is a part of the outcome, since the caller has to know
    /// what was replaced.
    fn save(&self, session: &NewSession) -> Result<Saving, StoreError>;

    /// Points the default to a profile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exposed`], [`StoreError::Unusable`], [`StoreError::NotWritten`] or [`StoreError::NotDurable`].
    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, StoreError>;

    /// Removes a profile whose token the caller knows of, whether or not that token is still live.
    ///
    /// # Errors
    ///
    /// As [`set_default`](Self::set_default).
    fn forget(&self, profile: &Profile) -> Result<Forgetting, StoreError>;
}

/// How saving a session ended.
#[derive(Debug)]
pub enum Saving {
    /// The session is stored.
    Saved {
        /// The profile to which the token moved that the profile held before, if it still held one of another session.
        replaced: Option<Profile>,
        /// Why a power loss may undo the change: [`StoreError::NotDurable`].
        not_durable: Option<StoreError>,
    },
    /// The profile holds a session that was stored meanwhile, which was left alone.
    Superseded,
}

/// How setting the default ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultSetting {
    /// The pointer names the profile, whether it did before or not.
    Set,
    /// There is no such profile.
    NoSuchProfile,
}

/// How forgetting a profile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgetting {
    /// The profile is removed.
    Forgotten,
    /// The profile holds another token than the caller knows of, and was left alone.
    Superseded,
    /// There is no such profile.
    NoSuchProfile,
}
