//! The connection that is kept: at most one, which has answered and may be asked again.

use std::sync::{Mutex, PoisonError};

use super::connection::Connection;
use crate::domain::server_url::ServerUrl;

/// A place for one connection, with the origin of its server. The way to a server is always the same, so the origin is
/// all that tells connections apart.
#[derive(Default)]
pub(super) struct KeptConnection(Mutex<Option<(String, Connection)>>);

impl KeptConnection {
    /// Takes the connection, if it leads to this server.
    pub(super) fn take(&self, server: &ServerUrl) -> Option<Connection> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take_if(|(origin, _)| *origin == server.origin()).map(|(_, connection)| connection)
    }

    /// Keeps a connection on which nothing is under way, in place of any other.
    pub(super) fn put(&self, server: &ServerUrl, connection: Connection) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((server.origin(), connection));
    }
}
