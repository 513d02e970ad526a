//! The integration tests: one crate, so that the binary is linked against them once.
//!
//! - [`support`]: the sandbox that the binary runs in, and the servers that it meets.
//! - [`outcomes`]: every row of the outcome table that is no failure, seen from outside.
//! - [`failures`]: every failing row, in every format.
//! - [`hints`]: that pasting what a hint says acts on the session that it was printed for.
//! - [`login`]: every row of the outcome and poll tables of a login, its signals, and what servers may say.
//! - [`faults`]: what can happen between the first packet and the last line of output.
//! - [`faults_local`]: what can happen to the file and around it, before the request and after the answer.
//! - [`faults_config`]: config files that no command can use.
//! - [`faults_commands`]: streams and files that whoami and profiles cannot write.
//! - [`whoami`]: who is asked with which credential, and what comes of it.
//! - [`profiles`]: what is stored, which is the default, and the way out for one whose server is gone.
//! - [`completion`]: the completion scripts, and what shells make of them.
//! - [`concurrency`]: many processes at one file.
//! - [`soak`]: sessions that begin and end for half an hour, among faults at random.
//! - [`proxies`]: the way through a proxy.
//! - [`control_plane`]: the server on loopback that the feature `control-plane` brings, and the example that runs it.
//! - [`contracts`], [`contracts_login`], [`contracts_operator`], [`contracts_profiles`]: the promises of the ports, held
//!   against every adapter and fake.
//! - [`login_calls`]: the requests of a login over the wire.
//! - [`architecture`]: the arrows between the layers, held against the sources.
//! - [`terminal`]: what an operator at a terminal sees.
//! - [`browser`]: a login that a real browser approves, and the launcher of one.
//! - [`readme`]: what the pages show is what is tested.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod architecture;
mod browser;
mod completion;
mod concurrency;
mod contracts;
mod contracts_login;
mod contracts_operator;
mod contracts_profiles;
mod control_plane;
mod failures;
mod faults;
mod faults_commands;
mod faults_config;
mod faults_local;
mod hints;
mod login;
mod login_calls;
mod outcomes;
mod profiles;
mod proxies;
mod readme;
mod soak;
mod support;
mod terminal;
mod whoami;
