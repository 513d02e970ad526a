//! What the program does: each use case reads as its contract and decides over the ports.
//!
//! Use cases import domain values and ports, never an adapter.

pub mod credential;
pub mod exec;
pub mod exit_status;
pub mod failure_kind;
pub mod login;
pub mod logout;
pub mod profiles;
pub mod server;
pub mod tokens;
pub mod whoami;

pub use self::credential::{CredentialError, CredentialRequest};
pub use self::exec::{ExecError, ExecRequest, ExecUseCase};
pub use self::exit_status::ExitStatus;
pub use self::failure_kind::FailureKind;
pub use self::login::{LoginError, LoginPorts, LoginRequest, LoginUseCase};
pub use self::logout::{LogoutError, LogoutRequest, LogoutUseCase};
pub use self::profiles::{ProfilesError, ProfilesRequest, ProfilesUseCase};
pub use self::server::ServerError;
pub use self::tokens::{TokensError, TokensRequest, TokensUseCase};
pub use self::whoami::{WhoamiError, WhoamiRequest, WhoamiUseCase};

#[doc(hidden)]
pub use self::exit_status as ending;
