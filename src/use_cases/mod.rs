//! What the program does: each use case reads as its contract and decides over the ports.
//!
//! Use cases import domain values and ports, never an adapter.

pub mod ending;
pub mod login;
pub mod logout;
pub mod profiles;
pub mod server;
pub mod whoami;
