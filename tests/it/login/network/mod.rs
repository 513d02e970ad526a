//! The requests of a login, over the wire.
//!
//! - [`requests`]: what is sent, on how many connections, and what is made of what comes back.
//! - [`polls`]: every row of the poll table.
//! - [`connections`]: what can happen to the connection of each request.
//! - [`plain_proxy`]: a plain-http server behind a proxy.

pub mod connections;
mod plain_proxy;
mod polls;
mod requests;
