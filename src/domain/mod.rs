//! The model and its rules: sessions, tokens, servers. It imports nothing from the rest of the crate.

pub mod bearer_token;
pub mod principal;
pub mod printable;
pub mod server_url;
pub mod session;
pub mod token;
