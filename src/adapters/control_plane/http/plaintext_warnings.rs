//! The servers for which a warning about unencrypted tokens was given.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::domain::server_url::ServerUrl;

/// The origins of these servers.
#[derive(Default)]
pub(super) struct PlaintextWarnings(Mutex<HashSet<String>>);

impl PlaintextWarnings {
    /// Records a server, and tells whether it was not recorded before.
    pub(super) fn is_new(&self, server: &ServerUrl) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(server.origin())
    }
}
