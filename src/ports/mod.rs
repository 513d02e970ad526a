//! What the use case needs from the outside world, as traits with their outcomes, errors and promises.
//!
//! Ports import values of the domain and nothing else. Adapters implement them; the use case calls them.

// Use the names below. Some modules are public because version 0.1 had no other paths.
#[doc(hidden)]
pub mod browser;
pub(crate) mod call_error;
pub(crate) mod chain;
#[doc(hidden)]
pub mod credential_store;
pub(crate) mod failure_report;
#[doc(hidden)]
pub mod login_outcome;
#[doc(hidden)]
pub mod principal_reader;
pub(crate) mod process_replacer;
pub(crate) mod profile_reader;
pub(crate) mod profile_writer;
#[doc(hidden)]
pub mod reporter;
pub(crate) mod request_error;
pub(crate) mod store_error;
#[doc(hidden)]
pub mod timer;
pub(crate) mod token_directory;
#[doc(hidden)]
pub mod token_file;
#[doc(hidden)]
pub mod token_issuer;
#[doc(hidden)]
pub mod token_revoker;

pub use self::browser::{Browser, BrowserSkipped};
pub use self::call_error::{CallError, Remedy, ResponseFacts};
pub use self::chain::chain;
pub use self::credential_store::{Clearing, CredentialStore};
pub use self::failure_report::{FailureFacts, FailureReport, SessionState};
pub use self::login_outcome::{
    Instructions, Lifetime, LoginOutcome, LoginProgress, Replaced, ReplacedState, ReplacedToken,
};
pub use self::principal_reader::PrincipalReader;
pub use self::process_replacer::{ProcessReplacer, Program, ReplaceError};
pub use self::profile_reader::{NoSessionReason, ProfileKey, ProfileList, ProfileReader};
pub use self::profile_writer::{DefaultSetting, Forgetting, ProfileWriter, Saving};
pub use self::reporter::{
    CredentialSource, ExpiredSession, ForgetWarning, ListedToken, LogoutOutcome, ProfilesOutcome, ReportError,
    Reporter, TokensOutcome, WhoamiOutcome,
};
pub use self::request_error::RequestError;
pub use self::store_error::StoreError;
pub use self::timer::{AtRisk, Timer};
pub use self::token_directory::TokenDirectory;
pub use self::token_file::TokenFile;
pub use self::token_issuer::{AuthorizationRequest, BindingChoice, PollFailure, PollResponse, TokenIssuer};
pub use self::token_revoker::{Revocation, RevokeError, TokenRevoker};
/// What an implementation of an asynchronous port is marked with.
pub use async_trait::async_trait;

/// The technical detail behind a port's error, for `source()`.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A path of version 0.1.
#[doc(hidden)]
pub mod cause {
    pub use crate::ports::CallError as Cause;
}

/// A path of version 0.1.
#[doc(hidden)]
pub mod profile_book {
    pub use crate::domain::{Profile as ListedProfile, ProfileToken as HeldToken};
    pub use crate::ports::{DefaultSetting, Forgetting, ProfileList, StoreError as BookError};
}

/// A path of version 0.1.
#[doc(hidden)]
pub mod session_keeper {
    pub use crate::ports::{Saving, StoreError as KeepError};
}
