//! The idle connection, which a later call to the same server may use.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use crate::domain::server_url::ServerUrl;

/// Holds at most one connection, with the origin of its server and since when it has been idle. All connections to a
/// server take the same route, so the origin alone tells them apart.
#[derive(Default)]
pub(super) struct IdleConnection(Mutex<Option<(String, Instant, Connection)>>);

impl IdleConnection {
    /// Takes the connection, if it leads to this server and has been idle for less than a limit.
    pub(super) fn take(&self, server: &ServerUrl, limit: Duration) -> Option<Connection> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken even if it turns out to be dead: the call then makes a new one.
        let idle = slot.take_if(|(origin, since, _)| *origin == server.origin() && since.elapsed() < limit);
        idle.map(|(_, _, connection)| connection)
    }

    /// Keeps a connection on which nothing is under way, in place of any other.
    pub(super) fn put(&self, server: &ServerUrl, connection: Connection) {
        let idle = (server.origin(), Instant::now(), connection);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(idle);
    }
}
