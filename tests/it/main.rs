//! The integration tests: one crate, so that the binary is linked against them once.
//!
//! - [`support`]: the sandbox that the binary runs in, and the servers that it meets.
//! - [`outcomes`]: every row of the outcome table, seen from outside.
//! - [`faults`]: what can happen between the first packet and the last line of output.
//! - [`proxies`]: the way through a proxy.
//! - [`contracts`]: the promises of the ports, held against every adapter and fake.
//! - [`readme`]: what the README shows is what is tested.
//! - [`faults_local`]: faults of the file and its surroundings, before the request and after the answer.
//! - [`concurrency`]: many processes at one file.
//! - [`architecture`]: the arrows between the layers, held against the sources.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod architecture;
mod contracts;
mod faults;
mod concurrency;
mod faults_local;
mod outcomes;
mod proxies;
mod readme;
mod support;
