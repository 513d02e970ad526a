//! The port that reads stored profiles.

use thiserror::Error;

use super::store_error::StoreError;
use crate::domain::profile::Profile;
use crate::domain::session::{ProfileName, Selection};

/// Reads stored profiles: one, all of them, and why there is no session.
///
/// Every implementation promises:
///
/// 1. What it looks up is what is stored, whatever that is worth: a token of any kind, and a server whatever token stands
///    beside it. A named profile and the one that the default pointer names are looked up alike.
/// 2. No place to look in, no pointer and no such profile are one and the same: there is no profile. The pointer never
///    falls through to another profile. An empty token is none.
/// 3. A list has every profile once, also one without a name, in the order in which the store keeps them, and the pointer as it is stored, even
///    if it names no profile. No place to look in is an empty list.
/// 4. The reason for there being no session is that of the store as it is, or as it was looked at last.
/// 5. Reading changes and creates nothing.
/// 6. No error, and no `Debug` form, carries any part of a token but its id.
///
/// ```
/// use plexctl::domain::{Profile, session::{ProfileName, Selection}};
/// use plexctl::ports::{NoSessionReason, ProfileKey, ProfileList, ProfileReader, StoreError};
///
/// /// One profile, which is the default.
/// struct Only(Profile);
///
/// impl ProfileReader for Only {
///     fn look_up(&self, selection: &Selection) -> Result<Option<Profile>, StoreError> {
///         let is_meant = match selection {
///             Selection::Default => true,
///             Selection::Named(name) => *name == self.0.name,
///         };
///         Ok(is_meant.then(|| self.0.clone()))
///     }
///
///     fn list(&self) -> Result<ProfileList, StoreError> {
///         let default = Some(self.0.name.clone());
///         Ok(ProfileList { place: "memory".to_owned(), default, profiles: vec![self.0.clone()] })
///     }
///
///     fn why_none(&self, selection: &Selection) -> Option<NoSessionReason> {
///         match selection {
///             Selection::Named(name) if *name != self.0.name => {
///                 let profiles = vec![self.0.name.clone()];
///                 Some(NoSessionReason::NoProfile { name: name.clone(), profiles })
///             }
///             _ if self.0.token.is_none() => Some(NoSessionReason::NoToken { name: self.0.name.clone() }),
///             _ => None,
///         }
///     }
///
///     fn place_of(&self, _: &ProfileName, _: ProfileKey) -> String {
///         "memory".to_owned()
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait ProfileReader: Send + Sync {
    /// Looks up the selected profile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exposed`] or [`StoreError::Unusable`].
    fn look_up(&self, selection: &Selection) -> Result<Option<Profile>, StoreError>;

    /// Lists the profiles.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exposed`] or [`StoreError::Unusable`].
    fn list(&self) -> Result<ProfileList, StoreError>;

    /// Says why there is no session to be found for a selection. `None` where the store cannot be read, or holds a token
    /// for the selection.
    fn why_none(&self, selection: &Selection) -> Option<NoSessionReason>;

    /// Where a profile's value is stored, for messages: as exactly as the store can say, such as `PATH:LINE:COLUMN`.
    fn place_of(&self, profile: &ProfileName, key: ProfileKey) -> String;
}

/// The stored profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileList {
    /// Where the profiles are stored, such as a path.
    pub place: String,
    /// The profile that the default pointer names, whether it is there or not.
    pub default: Option<ProfileName>,
    /// The profiles in the store's own order.
    pub profiles: Vec<Profile>,
}

impl ProfileList {
    /// The names of the profiles that can be selected, in the store's own order.
    #[must_use]
    pub fn names(&self) -> Vec<ProfileName> {
        let names = self.profiles.iter().map(|profile| &profile.name);
        names.filter(|name| !name.is_nameless()).cloned().collect()
    }
}

/// A value of a profile that a message may point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileKey {
    /// The server.
    Server,
    /// The token.
    Token,
}

/// Why a store holds no session for a selection. Profiles are named in the store's own order.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoSessionReason {
    /// There is no place to look in, such as a file.
    #[error("the config file does not exist")]
    NoFile,
    /// There is no default pointer, or an empty one.
    #[error("there is no default profile")]
    NoDefault {
        /// What could be selected instead.
        profiles: Vec<ProfileName>,
    },
    /// The default pointer names a profile that is not there.
    #[error("the default profile \"{name}\" does not exist")]
    DanglingDefault {
        /// What the pointer names.
        name: ProfileName,
        /// What could be selected instead.
        profiles: Vec<ProfileName>,
    },
    /// There is no profile of the given name.
    #[error("profile \"{name}\" does not exist")]
    NoProfile {
        /// The name as given.
        name: ProfileName,
        /// What could be selected instead.
        profiles: Vec<ProfileName>,
    },
    /// The profile is there, but without a token, or with an empty one.
    #[error("profile \"{name}\" has no token")]
    NoToken {
        /// The selected profile.
        name: ProfileName,
    },
}
