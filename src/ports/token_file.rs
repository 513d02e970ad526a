//! The port to the file in which the operator keeps a bearer token of their own.

use std::path::Path;

use super::store_error::StoreError;
use crate::domain::bearer_token::BearerToken;

/// Reads a bearer token from a file that holds nothing else.
///
/// Every implementation promises:
///
/// 1. Only a regular file that its owner alone can access is read. That is checked before the first byte is read,
///    and opening never waits.
/// 2. The token is the whole of the file, as [`BearerToken::parse_line`] reads it.
/// 3. A missing file is an error, since the operator named it.
/// 4. Reading changes and creates nothing.
/// 5. No error shows any of the text.
///
/// ```
/// use std::path::Path;
///
/// use plexctl::domain::bearer_token::BearerToken;
/// use plexctl::ports::StoreError;
/// use plexctl::ports::token_file::TokenFile;
///
/// /// A machine without such files.
/// struct Missing;
///
/// impl TokenFile for Missing {
///     fn read(&self, path: &Path) -> Result<BearerToken, StoreError> {
///         let place = path.display().to_string();
///         Err(StoreError::Unusable { place, source: "there is no such file".into() })
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait TokenFile: Send + Sync {
    /// Reads the token in the file at this path.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exposed`], [`StoreError::Unusable`] or [`StoreError::NotABearerToken`].
    fn read(&self, path: &Path) -> Result<BearerToken, StoreError>;
}
