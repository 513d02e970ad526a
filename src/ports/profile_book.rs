//! The port to the stored profiles as a whole: which there are, which is the default, and the way out for one whose
//! server is gone.

use thiserror::Error;

use super::BoxError;
use crate::domain::session::ProfileName;
use crate::domain::shown_server::ShownServer;
use crate::domain::token::TokenId;

/// Lists the stored profiles, sets which of them is the default, and forgets one.
///
/// Every implementation promises:
///
/// 1. A list has every profile once, in the order in which the store keeps them, and the pointer as it is stored, even
///    if it names no profile. It has nothing of a token but its id, and nothing of a server's userinfo.
/// 2. No place to look in is an empty list. Listing changes and creates nothing.
/// 3. Setting the default changes the pointer alone. Where it names the profile already, nothing is written.
/// 4. Forgetting removes the profile, and the pointer if it names the profile, and nothing else. It tells what the
///    profile held when it was removed, since that may still be live.
/// 5. A profile that is not there is neither made the default nor forgotten, and those that are there are named.
/// 6. Both judge the store as it is now, and succeed as a whole or change nothing, but for [`BookError::NotDurable`].
/// 7. No error carries any part of a token but its id.
///
/// ```
/// use plexctl::domain::session::ProfileName;
/// use plexctl::ports::profile_book::{
///     BookError, DefaultSetting, Forgetting, MissingProfile, ProfileBook, ProfileList,
/// };
///
/// /// A book without a page.
/// struct Blank;
///
/// impl Blank {
///     fn nothing() -> MissingProfile {
///         MissingProfile { place: "nowhere".to_owned(), present: Vec::new() }
///     }
/// }
///
/// impl ProfileBook for Blank {
///     fn list(&self) -> Result<ProfileList, BookError> {
///         Ok(ProfileList { place: "nowhere".to_owned(), default: None, profiles: Vec::new() })
///     }
///
///     fn set_default(&self, _: &ProfileName) -> Result<DefaultSetting, BookError> {
///         Ok(DefaultSetting::NoSuchProfile(Self::nothing()))
///     }
///
///     fn forget(&self, _: &ProfileName) -> Result<Forgetting, BookError> {
///         Ok(Forgetting::NoSuchProfile(Self::nothing()))
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait ProfileBook: Send + Sync {
    /// Lists the profiles.
    ///
    /// # Errors
    ///
    /// [`BookError::Exposed`] or [`BookError::Unusable`].
    fn list(&self) -> Result<ProfileList, BookError>;

    /// Points the default to a profile.
    ///
    /// # Errors
    ///
    /// Any variant of [`BookError`].
    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, BookError>;

    /// Removes a profile, whatever it holds and whether or not that is still live.
    ///
    /// # Errors
    ///
    /// Any variant of [`BookError`].
    fn forget(&self, profile: &ProfileName) -> Result<Forgetting, BookError>;
}

/// The stored profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileList {
    /// Where the profiles are stored, such as a path.
    pub place: String,
    /// The profile that the default pointer names, whether it is there or not.
    pub default: Option<ProfileName>,
    /// The profiles in the store's own order.
    pub profiles: Vec<ListedProfile>,
}

/// A profile as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedProfile {
    /// Its name.
    pub name: ProfileName,
    /// The server that it stores, usable or not.
    pub server: Option<ShownServer>,
    /// The token that it holds.
    pub token: Option<HeldToken>,
    /// When the token expires, as the store writes it, such as `2026-11-25T13:46:00Z`.
    pub expires_at: Option<String>,
}

/// The token that a profile holds, as far as it is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldToken {
    /// A session token, by its id.
    Session(TokenId),
    /// A credential of another kind, which has no id.
    WithoutId,
}

/// How setting the default ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultSetting {
    /// The pointer names the profile now.
    Set,
    /// The pointer named the profile before, so nothing was written.
    AlreadySet,
    /// There is no such profile.
    NoSuchProfile(MissingProfile),
}

/// How forgetting a profile ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgetting {
    /// The profile is removed.
    Forgotten(ForgottenProfile),
    /// There is no such profile.
    NoSuchProfile(MissingProfile),
}

/// What a profile held that is forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenProfile {
    /// The server that it stored, usable or not.
    pub server: Option<ShownServer>,
    /// The token that it held, which may still be live.
    pub token: Option<HeldToken>,
}

/// Where a profile was looked for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingProfile {
    /// Where, such as a path.
    pub place: String,
    /// The profiles that are there, in the store's own order.
    pub present: Vec<ProfileName>,
}

/// Why the store could not do what it was asked for. `place` says where the store keeps the profiles, such as a path.
#[derive(Debug, Error)]
pub enum BookError {
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
    /// What is stored is as it was before.
    #[error("{place} was not changed")]
    NotWritten {
        /// Where.
        place: String,
        /// What failed.
        source: BoxError,
    },
    /// The change is made, but a power cut may undo it.
    #[error("{place} was changed, but the change may not survive a power cut")]
    NotDurable {
        /// Where.
        place: String,
        /// What the profile held, if one was forgotten.
        forgotten: Option<ForgottenProfile>,
        /// What failed.
        source: BoxError,
    },
}
