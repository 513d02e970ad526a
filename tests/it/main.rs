//! The integration tests: one crate, so that the binary is linked against them once.
//!
//! One folder per command: [`logout`], [`login`], [`whoami`], [`profiles`], [`exec`],
//! [`identity_tokens`] and [`completion`], each with what holds for
//! that command alone.
//!
//! - [`shared`]: what all commands have in common: config files, streams, proxies, hints and concurrent processes.
//! - [`contracts`]: the promises of the ports, held against every adapter and fake.
//! - [`control_plane`]: the server on loopback that the feature `control-plane` brings, and the example that runs it.
//! - [`architecture`]: the arrows between the layers, held against the sources.
//! - [`old_paths`]: what code written against version 0.1 uses.
//! - [`readme`]: what the pages show is what is tested.
//! - [`support`]: the sandbox that the binary runs in, and the servers that it meets.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod architecture;
mod completion;
mod contracts;
mod control_plane;
mod exec;
mod identity_tokens;
mod login;
mod logout;
mod old_paths;
mod profiles;
mod readme;
mod shared;
mod support;
mod whoami;
