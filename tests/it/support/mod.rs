//! What the black-box tests stand on: a sandbox to run the binary in, servers to talk to, and the leak hunt that every
//! run goes through.

pub mod leak_hunt;
pub mod sandbox;
pub mod scripted_server;
pub mod tls;
