//! The integration tests: one crate, so that the binary is linked against them once.
//!
//! - [`support`]: the sandbox that the binary runs in, and the servers that it meets.
//! - [`outcomes`]: every row of the outcome table, seen from outside.
//! - [`architecture`]: the arrows between the layers, held against the sources.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod architecture;
mod outcomes;
mod support;
