#![doc = include_str!("../README.md")]
//!
//! # Where to start
//!
//! - [`LogoutUseCase`](use_cases::logout::LogoutUseCase) is the whole of a logout, and
//!   [`LogoutError`](use_cases::logout::LogoutError) says which state a failure leaves.
//! - [`CredentialStore`](ports::credential_store::CredentialStore), [`TokenRevoker`](ports::token_revoker::TokenRevoker)
//!   and [`Reporter`](ports::reporter::Reporter) are what it needs, with the promises that an implementation owes.
//! - [`TomlStore`](adapters::toml_store::TomlStore), [`ControlPlaneClient`](adapters::control_plane::ControlPlaneClient) and the
//!   [`reporters`](adapters::reporters) are what the binary gives it.

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("plexctl supports Linux, and compiles on macOS: it relies on POSIX modes, locks and renames");

pub mod adapters;
pub mod domain;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod ports;
#[cfg(feature = "testing")]
pub mod testing;
pub mod use_cases;
