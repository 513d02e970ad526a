//! What the program does: each use case reads as its contract and decides over the ports.
//!
//! Use cases import domain values and ports, never an adapter.

// Use the names below. Some modules are public because version 0.1 had no other paths.
pub(crate) mod credential;
pub(crate) mod exec;
pub(crate) mod exit_status;
pub(crate) mod failure_kind;
mod identity_error;
#[doc(hidden)]
pub mod login;
#[doc(hidden)]
pub mod logout;
#[doc(hidden)]
pub mod profiles;
#[doc(hidden)]
pub mod server;
pub(crate) mod tokens;
#[doc(hidden)]
pub mod whoami;

pub use self::credential::{CredentialError, CredentialRequest};
pub use self::exec::{ExecError, ExecFault, ExecRequest, ExecUseCase};
pub use self::exit_status::ExitStatus;
pub use self::failure_kind::FailureKind;
pub use self::identity_error::{IdentityError, IdentityRequest};
pub use self::login::{
    LoginCause, LoginError, LoginPorts, LoginRequest, LoginState, LoginUseCase, NotIssued, NotRevoked, StoredLogin,
};
pub use self::logout::{LogoutError, LogoutRequest, LogoutUseCase, SessionFacts};
pub use self::profiles::{ProfilesError, ProfilesRequest, ProfilesUseCase};
pub use self::server::{ServerError, ServerSetting};
pub use self::tokens::{TokensRequest, TokensUseCase};
pub use self::whoami::{WhoamiError, WhoamiRequest, WhoamiUseCase};

/// A path of version 0.1.
#[doc(hidden)]
pub mod ending {
    pub use crate::use_cases::ExitStatus as Ending;
}
