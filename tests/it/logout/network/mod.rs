//! What the network and the server can do to a run, and what is left of it.
//!
//! - [`names`]: what the resolver says.
//! - [`connection`]: what can happen before an answer.
//! - [`answers`]: everything that a server can answer.

mod answers;
mod connection;
mod names;
