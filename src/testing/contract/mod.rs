//! The promises of the ports as tests, for implementations of your own.
//!
//! Each suite needs a trait with the means to prepare what it tests, such as a store that holds these sessions, or a
//! server that responds so. Implement that trait for a type that wraps your adapter, and call the suite in a test. It
//! panics with the number and the text of the first promise that is broken. The fakes and the adapters of this crate keep
//! them all.
//!
//! ```
//! use plexctl::domain::{ServerUrl, SessionToken};
//! use plexctl::ports::{Revocation, RequestError, TokenRevoker, async_trait};
//! use plexctl::testing::ScriptedRevoker;
//! use plexctl::testing::contract::{self, RevokeCase, RevokerUnderTest, ServerUnderTest};
//!
//! /// A revoker of your own, here over the one of this crate.
//! struct Logged(ScriptedRevoker);
//!
//! #[async_trait]
//! impl TokenRevoker for Logged {
//!     async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RequestError> {
//!         println!("revoking {} at {}", token.id(), server.origin());
//!         self.0.revoke(server, token).await
//!     }
//! }
//!
//! impl ServerUnderTest for Logged {
//!     fn requested(&self) -> Vec<ServerUrl> {
//!         self.0.calls().into_iter().map(|call| call.server).collect()
//!     }
//! }
//!
//! impl RevokerUnderTest for Logged {
//!     fn for_case(case: RevokeCase) -> Self {
//!         Self(ScriptedRevoker::for_case(case))
//!     }
//!
//!     fn revoker(&self) -> &dyn TokenRevoker {
//!         self
//!     }
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! contract::a_revoker_keeps_its_promises::<Logged>().await;
//! # });
//! ```
//!
//! What is stored and what servers send holds the [`SECRET`] wherever it can, and no error may show it.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a contract is a test, and fails by panicking")]

mod browser;
mod credential_store;
mod principal_reader;
mod process_replacer;
mod profile_reader;
mod profile_writer;
mod reporter;
mod server;
mod timer;
mod token_directory;
mod token_file;
mod token_issuer;
mod token_revoker;

pub use self::browser::{BrowserUnderTest, a_browser_keeps_its_promises};
pub use self::credential_store::{StoreUnderTest, a_store_keeps_its_promises};
pub use self::principal_reader::{ReadCase, ReaderUnderTest, a_reader_keeps_its_promises};
pub use self::process_replacer::{ReplacedProcess, ReplacerUnderTest, a_replacer_keeps_its_promises, program};
pub use self::profile_reader::{ProfileStoreUnderTest, a_profile_reader_keeps_its_promises};
pub use self::profile_writer::a_profile_writer_keeps_its_promises;
pub use self::reporter::{ReportedOutcome, ReporterUnderTest, a_reporter_keeps_its_promises};
pub use self::server::{ServerFailure, ServerUnderTest};
pub use self::timer::{TimerUnderTest, a_timer_keeps_its_promises};
pub use self::token_directory::{DirectoryCase, DirectoryUnderTest, a_directory_keeps_its_promises, listed_tokens};
pub use self::token_file::{TokenFileUnderTest, a_token_file_keeps_its_promises};
pub use self::token_issuer::{
    BeginCase, BindingsCase, IssuerUnderTest, PollCase, an_issuer_keeps_its_promises, authorization_request,
    device_authorization, issued_token, listed_bindings,
};
pub use self::token_revoker::{RevokeCase, RevokerUnderTest, a_revoker_keeps_its_promises};

use std::error::Error;
use std::iter;
use std::panic::{self, AssertUnwindSafe};

use crate::domain::session::{ProfileName, Selection};

/// The secret of every token in a contract.
pub const SECRET: &str = "c4nary-s3cret";

const SERVER: &str = "https://plexsphere.example";

/// Everything that an error can show, its sources included.
#[must_use]
pub fn shown(error: &dyn Error) -> String {
    let chain = iter::successors(Some(error), |level| (*level).source());
    chain.map(|level| format!("{level} {level:?}")).collect::<Vec<_>>().join("\n")
}

/// The session token of this number.
#[must_use]
pub fn session_token(number: u8) -> String {
    format!("psk_dev_{}_{SECRET}", id(number))
}

fn id(number: u8) -> String {
    format!("0192f0c1-2345-7abc-8def-0123456789{number:02x}")
}

fn name(name: &str) -> ProfileName {
    ProfileName::new(name).unwrap()
}

fn named(profile: &str) -> Selection {
    Selection::Named(name(profile))
}

/// Runs the case of one numbered promise of a port. A failure of the case names the promise.
fn promise(number: u8, text: &str, case: impl FnOnce()) {
    let Err(payload) = panic::catch_unwind(AssertUnwindSafe(case)) else { return };
    let words = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref().copied());
    panic!("promise {number} is broken ({text}): {}", words.unwrap_or("a panic without words"));
}
