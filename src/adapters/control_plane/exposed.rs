//! The servers to which tokens travel where others can read them, as far as the operator was told.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::domain::server_url::ServerUrl;

/// The origins of these servers.
#[derive(Default)]
pub(super) struct ExposedOrigins(Mutex<HashSet<String>>);

impl ExposedOrigins {
    /// Takes note of a server, and tells whether it was not among them.
    pub(super) fn is_new(&self, server: &ServerUrl) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(server.origin())
    }
}
