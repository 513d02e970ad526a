//! The model and its rules: sessions, tokens, servers. It imports nothing from the rest of the crate.

pub mod answer_field;
pub mod bearer_token;
pub mod device_authorization;
mod from_str;
pub mod identifier;
pub mod issued_token;
pub mod new_session;
pub mod page_url;
pub mod principal;
pub mod printable;
pub mod replaced_name;
pub mod server_url;
pub mod session;
#[cfg(feature = "adapters")]
pub mod shell;
pub mod shown_server;
pub mod stored_token;
pub mod timestamp;
pub mod token;
