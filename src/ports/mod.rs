//! What the use case needs from the outside world, as traits with their outcomes, errors and promises.
//!
//! Ports import values of the domain and nothing else. Adapters implement them; the use case calls them.

pub mod browser;
pub mod call_error;
pub mod chain;
pub mod credential_store;
pub mod failure_report;
pub mod login_outcome;
pub mod principal_reader;
pub mod process_replacer;
pub mod profile_reader;
pub mod profile_writer;
pub mod reporter;
pub mod store_error;
pub mod timer;
pub mod token_directory;
pub mod token_file;
pub mod token_issuer;
pub mod token_revoker;

pub use self::browser::{Browser, BrowserSkipped};
pub use self::call_error::{CallError, Remedy, ResponseFacts};
pub use self::chain::chain;
pub use self::credential_store::{Clearing, CredentialStore};
pub use self::failure_report::{FailureFacts, FailureReport, SessionState};
pub use self::login_outcome::{
    Instructions, Lifetime, LoginOutcome, LoginProgress, Replaced, ReplacedState, ReplacedToken,
};
pub use self::principal_reader::{PrincipalReader, ReadError};
pub use self::process_replacer::{ProcessReplacer, Program, ReplaceError};
pub use self::profile_reader::{NoSessionReason, ProfileKey, ProfileList, ProfileReader};
pub use self::profile_writer::{DefaultSetting, Forgetting, ProfileWriter, Saving};
pub use self::reporter::{
    CredentialSource, ExpiredSession, ListedToken, LogoutOutcome, ProfilesOutcome, ReportError, Reporter,
    TokensOutcome, WhoamiOutcome,
};
pub use self::store_error::StoreError;
pub use self::timer::{AtRisk, Timer};
pub use self::token_directory::{DirectoryError, TokenDirectory};
pub use self::token_file::TokenFile;
pub use self::token_issuer::{AuthorizationRequest, BeginError, PollFailure, PollResponse, TokenIssuer};
pub use self::token_revoker::{Revocation, RevokeError, TokenRevoker};
/// What an implementation of an asynchronous port is marked with.
pub use async_trait::async_trait;

/// The technical detail behind a port's error, for `source()`.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
