//! The promises of the ports, held against every adapter and every fake.

mod commands;
mod login;
mod logout;
mod operator;
mod planted;
mod profiles;
