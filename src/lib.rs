//! Begins, shows and ends sessions of the plexsphere control plane, and never forgets a token that may be live.
//!
//! This is the library of the command `plexctl`, whose README and pages say what an operator sees. Test harnesses and
//! other programs run the same use cases over ports of their own. There are three doors:
//!
//! - **[`use_cases`]**: the whole of a command is one call.
//!   [`LogoutUseCase`](use_cases::LogoutUseCase) is the shortest way in; beside it are
//!   [`LoginUseCase`](use_cases::LoginUseCase), [`WhoamiUseCase`](use_cases::WhoamiUseCase) and
//!   [`ProfilesUseCase`](use_cases::ProfilesUseCase). Their errors say which state a failure leaves, and an
//!   [`ExitStatus`](use_cases::ExitStatus) is the exit code that the binary ends with.
//! - **[`ports`]**: what they need, as traits with the promises that an implementation owes: a
//!   [`CredentialStore`](ports::CredentialStore), a
//!   [`TokenRevoker`](ports::TokenRevoker) and a [`Reporter`](ports::Reporter) for a logout.
//!   What files, HTTP and terminals make of them are the
//!   [`adapters`](./adapters/index.html).
//! - **[`testing`](./testing/index.html)**: mocks and fakes of every port, the promises as tests for ports of your own,
//!   and a control plane on loopback for real clients.
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use plexctl::ports::LogoutOutcome;
//! use plexctl::testing::{InMemoryStore, RecordingReporter, ScriptedRevoker};
//! use plexctl::use_cases::{LogoutRequest, LogoutUseCase};
//!
//! let (store, revoker) = (InMemoryStore::new(), ScriptedRevoker::new([]));
//! let mut reporter = RecordingReporter::new();
//! let request = LogoutRequest::default();
//! let mut logout = LogoutUseCase::new(&store, &revoker, &mut reporter);
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # let outcome = runtime.block_on(async {
//! let outcome = logout.execute(&request).await?;
//! # Ok::<_, plexctl::use_cases::LogoutError>(outcome) })?;
//! assert_eq!(outcome, LogoutOutcome::NoSession);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | feature | brings |
//! | --- | --- |
//! | none | [`domain`], [`ports`] and [`use_cases`] |
//! | `testing` | mocks and fakes of the ports; few crates, and no C |
//! | `control-plane` | `testing`, and the control plane on loopback |
//! | `adapters` | files, HTTP, output, the browser and time |
//! | `cli`, the default | the binary, and `adapters` |

#![cfg_attr(docsrs, feature(doc_cfg))]

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
