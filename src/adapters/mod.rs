//! The implementations of the ports: files, HTTP and output.
//!
//! Adapters import ports and domain values, never the use case and never each other.

pub mod http_revoker;
pub mod reporters;
pub mod toml_store;
