//! The implementations of the ports: files, HTTP, output, the browser and time.
//!
//! Adapters import ports and domain values, never use cases and never each other.

pub mod browser;
pub mod control_plane;
pub mod process;
pub mod reporters;
pub mod timer;
pub mod toml_store;
