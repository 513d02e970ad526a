//! The idle connection, which a later call to the same server may use.

use std::sync::{Mutex, PoisonError};

use super::connection::Connection;
use crate::domain::server_url::ServerUrl;

/// Holds at most one connection, with the origin of its server. All connections to a server take the same route, so the
/// origin alone tells them apart.
#[derive(Default)]
pub(crate) struct IdleConnection(Mutex<Option<(String, Connection)>>);

impl IdleConnection {
    /// Takes the connection, if it leads to this server.
    pub(crate) fn take(&self, server: &ServerUrl) -> Option<Connection> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take_if(|(origin, _)| *origin == server.origin()).map(|(_, connection)| connection)
    }

    /// Keeps a connection on which nothing is under way, in place of any other.
    pub(crate) fn put(&self, server: &ServerUrl, connection: Connection) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((server.origin(), connection));
    }
}
