//! The port to the credentials that are stored for asking, whatever their kind.

use std::fmt;

use thiserror::Error;

use super::BoxError;
use crate::domain::bearer_token::BearerToken;
use crate::domain::session::{ProfileName, Selection};

/// Reads what a profile stores for asking its server: a credential of any kind, or the server alone.
///
/// The [`CredentialStore`](super::credential_store::CredentialStore) knows the sessions that can be ended; a server can
/// be asked with any credential.
///
/// Every implementation promises:
///
/// 1. What it reads is what is stored, for a named profile and for the default pointer alike.
/// 2. No place to look in, no pointer, no such profile, no token and an empty token are one and the same: there is no
///    credential. The pointer never falls through to another profile.
/// 3. The server is read whatever token stands beside it, usable or none.
/// 4. Reading changes and creates nothing.
/// 5. No error carries any part of a token.
///
/// ```
/// use plexctl::domain::session::Selection;
/// use plexctl::ports::credential_reader::{CredentialError, CredentialReader, StoredCredential};
///
/// /// One credential, whoever asks for the default.
/// struct Only(StoredCredential);
///
/// impl CredentialReader for Only {
///     fn credential(&self, selection: &Selection) -> Result<Option<StoredCredential>, CredentialError> {
///         let is_meant = match selection {
///             Selection::Default => true,
///             Selection::Named(name) => *name == self.0.profile,
///         };
///         Ok(is_meant.then(|| self.0.clone()))
///     }
///
///     fn server(&self, selection: &Selection) -> Result<Option<String>, CredentialError> {
///         Ok(self.credential(selection)?.and_then(|credential| credential.server))
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait CredentialReader: Send + Sync {
    /// Reads the selected profile's credential.
    ///
    /// # Errors
    ///
    /// Any variant of [`CredentialError`].
    fn credential(&self, selection: &Selection) -> Result<Option<StoredCredential>, CredentialError>;

    /// Reads the selected profile's server, unchecked.
    ///
    /// # Errors
    ///
    /// [`CredentialError::Exposed`] or [`CredentialError::Unreadable`].
    fn server(&self, selection: &Selection) -> Result<Option<String>, CredentialError>;
}

/// A credential as a profile stores it.
///
/// The server is the stored text, unchecked. It may hold userinfo, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCredential {
    /// The profile that holds the credential.
    pub profile: ProfileName,
    /// The credential.
    pub token: BearerToken,
    /// The server that issued it, if the profile stores one.
    pub server: Option<String>,
    /// When the credential expires, as the store writes it, such as `2026-11-25T13:46:00Z`.
    pub expires_at: Option<String>,
}

impl fmt::Debug for StoredCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredCredential")
            .field("profile", &self.profile)
            .field("token", &self.token)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why a credential could not be read. `place` says where it is kept, such as a path.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// Others may have read or changed what is stored, so it was refused unread.
    #[error("{place} is refused")]
    Exposed {
        /// Where.
        place: String,
        /// Who has access that should not.
        source: BoxError,
    },
    /// What is stored cannot be read or understood.
    #[error("{place} cannot be used")]
    Unreadable {
        /// Where.
        place: String,
        /// What is wrong with it.
        source: BoxError,
    },
    /// What is stored cannot be a credential.
    #[error("{place} holds no bearer token")]
    NotABearerToken {
        /// Where.
        place: String,
        /// Which part of the rule it breaks.
        source: BoxError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_credential_shows_neither_token_nor_server() {
        let credential = StoredCredential {
            profile: ProfileName::new("dev").unwrap(),
            token: BearerToken::parse("s3cret").unwrap(),
            server: Some("https://user:s3cret@plexsphere.example".into()),
            expires_at: Some("2026-11-25T13:46:00Z".into()),
        };
        let shown = format!("{credential:?}");
        let expected =
            r#"StoredCredential { profile: ProfileName("dev"), token: BearerToken([redacted]), expires_at: "#;
        assert_eq!(shown, format!("{expected}Some(\"2026-11-25T13:46:00Z\"), .. }}"));
    }
}
