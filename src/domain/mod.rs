//! The model and its rules: sessions, tokens, servers, and the decision how a session ends.
//!
//! The value modules import nothing from the rest of the crate. [`logout`] stands above the ports and reads as the
//! product's promise: revoke on the server first, clear locally only then.

pub mod logout;
pub mod printable;
pub mod server_url;
pub mod session;
pub mod token;
