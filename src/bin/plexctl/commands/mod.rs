//! The commands: one wiring file each, from the flags to the use case over its adapters.

mod logout;
mod watched;

pub use self::logout::logout;
