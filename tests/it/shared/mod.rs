//! What all commands have in common, seen from outside.
//!
//! - [`config`]: config files that no command can use.
//! - [`credentials`]: which credential goes to which server.
//! - [`facts`]: what the JSON of a failure tells.
//! - [`streams`]: streams and files that a command cannot write.
//! - [`terminal`]: what an operator at a terminal sees.
//! - [`help`]: what the help of each command shows.
//! - [`usage`]: usage errors and what they suggest.
//! - [`hints`]: that pasting what a hint says acts on the session that it was printed for.
//! - [`network`]: what can happen between the first packet and the answer.
//! - [`proxies`]: the way through a proxy.
//! - [`request_hints`]: the hint of each cause for which a request fails.
//! - [`concurrency`]: many processes at one file.
//! - [`soak`]: sessions that begin and end for half an hour, among faults at random.

mod concurrency;
mod config;
mod credentials;
mod facts;
mod help;
mod hints;
mod network;
mod proxies;
mod request_hints;
mod soak;
mod streams;
pub mod terminal;
mod usage;
