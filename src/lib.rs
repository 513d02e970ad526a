#![doc = include_str!("../README.md")]
//!
//! # Where to start
//!
//! - [`LoginUseCase`](use_cases::login::LoginUseCase), [`WhoamiUseCase`](use_cases::whoami::WhoamiUseCase),
//!   [`ProfilesUseCase`](use_cases::profiles::ProfilesUseCase) and
//!   [`LogoutUseCase`](use_cases::logout::LogoutUseCase) are the whole of a command each, and their errors say which
//!   state a failure leaves. The last is the shortest way in.
//! - The [`ports`] are what they need, with the promises that an implementation owes:
//!   [`CredentialStore`](ports::credential_store::CredentialStore) and
//!   [`TokenRevoker`](ports::token_revoker::TokenRevoker) for a logout,
//!   [`SessionKeeper`](ports::session_keeper::SessionKeeper) and
//!   [`TokenIssuer`](ports::token_issuer::TokenIssuer) for a login, and a [`Reporter`](ports::reporter::Reporter) for all.
//! - [`TomlStore`](adapters::toml_store::TomlStore),
//!   [`ControlPlaneClient`](adapters::control_plane::ControlPlaneClient),
//!   [`SystemBrowser`](adapters::browser::SystemBrowser), [`SystemTimer`](adapters::timer::SystemTimer) and the
//!   [`reporters`](adapters::reporters) are what the binary gives them.

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("plexctl supports Linux, and compiles on macOS: it relies on POSIX modes, locks and renames");

/// The program that the page for harness authors shows is compiled and run.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../docs/harness.md")]
struct HarnessPage;

#[cfg(feature = "adapters")]
pub mod adapters;
pub mod domain;
#[cfg(all(fuzzing, feature = "adapters"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod ports;
#[cfg(feature = "testing")]
pub mod testing;
pub mod use_cases;

/// Says what is left out where the crate cannot depend on itself for its tests, as it does in its own repository.
#[cfg(all(test, not(all(feature = "cli", feature = "control-plane"))))]
#[test]
#[ignore = "most tests need --all-features"]
fn the_whole_suite() {}
