//! What the network and the server can do to a command that sends one request, and what is left of it. Those of a login
//! stand in `login::network`.
//!
//! - [`names`]: what the resolver says.
//! - [`connection`]: what can happen before an answer.
//! - [`answers`]: everything that a server can answer.

mod answers;
mod connection;
mod names;
