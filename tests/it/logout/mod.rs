//! `plexctl logout` from outside.
//!
//! - [`success`]: every row of the outcome table that is no failure.
//! - [`failure`]: every failing row, in every format.
//! - [`config`]: what can happen to the file and around it, before the request and after the answer.
//! - [`streams`]: standard streams that cannot be written, and signals.

pub mod config;
mod failure;
mod streams;
mod success;
