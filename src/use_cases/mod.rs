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

#[doc(hidden)]
pub use self::exit_status as ending;
