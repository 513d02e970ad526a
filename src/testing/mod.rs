//! Test doubles of the ports, behind the feature `testing`.
//!
//! - The mocks of the ports, made by `mockall`, for tests that expect calls.
//! - The fakes, which keep the promises of the ports and record their calls. `InMemory…` holds what a test puts in,
//!   `Scripted…` returns the results of a script, `Recording…` only records, and [`ManualTimer`] has a clock of its own.
//! - [`session`], a session to put into them.
//! - [`contract`], the promises of the ports as tests, for implementations of your own.
//! - With the feature `control-plane`, `ControlPlane`: a small plexsphere on loopback, for tests and trials of the real
//!   HTTP adapter.

pub mod contract;
#[cfg(feature = "control-plane")]
mod control_plane;
mod fixtures;
mod in_memory_store;
mod in_memory_token_file;
mod manual_timer;
mod recording_browser;
mod recording_process;
mod recording_reporter;
mod scripted_issuer;
mod scripted_principal_reader;
mod scripted_revoker;
mod scripted_token_directory;

#[cfg(feature = "control-plane")]
pub use self::control_plane::{
    Answer, BindingSettings, ControlPlane, ControlPlaneSettings, Decision, Endpoint, LiveToken, Minting,
    RecordedRequest, Script, TokenShape,
};
pub use self::fixtures::session;
pub use self::in_memory_store::{InMemoryStore, StoreCall};
pub use self::in_memory_token_file::InMemoryTokenFile;
pub use self::manual_timer::ManualTimer;
pub use self::recording_browser::RecordingBrowser;
pub use self::recording_process::RecordingProcess;
pub use self::recording_reporter::RecordingReporter;
pub use self::scripted_issuer::{RecordedBeginning, RecordedPoll, ScriptedIssuer, ScriptedPoll};
pub use self::scripted_principal_reader::{RecordedReading, ScriptedPrincipalReader};
pub use self::scripted_revoker::{RecordedRevocation, ScriptedRevoker};
pub use self::scripted_token_directory::{RecordedDirectoryCall, ScriptedTokenDirectory};
pub use crate::ports::browser::MockBrowser;
pub use crate::ports::credential_store::MockCredentialStore;
pub use crate::ports::principal_reader::MockPrincipalReader;
pub use crate::ports::process_replacer::MockProcessReplacer;
pub use crate::ports::profile_reader::MockProfileReader;
pub use crate::ports::profile_writer::MockProfileWriter;
pub use crate::ports::timer::MockTimer;
pub use crate::ports::token_directory::MockTokenDirectory;
pub use crate::ports::token_file::MockTokenFile;
pub use crate::ports::token_issuer::MockTokenIssuer;
pub use crate::ports::token_revoker::MockTokenRevoker;
/// What the mocks are made by.
pub use mockall;

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::ports::reporter::LogoutOutcome;

/// The mock of a reporter, for the outcome of a logout where no other is named.
pub type MockReporter<T = LogoutOutcome> = crate::ports::reporter::MockReporter<T>;

/// Locks a double's records. A test that panicked while it held them has failed already.
fn lock<T>(records: &Mutex<T>) -> MutexGuard<'_, T> {
    records.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets whatever is awaited beside this come first, once.
async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
