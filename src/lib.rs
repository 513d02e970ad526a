#![doc = include_str!("../README.md")]

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("plexctl supports Linux, and compiles on macOS: it relies on POSIX modes, locks and renames");

pub mod adapters;
pub mod domain;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod ports;
#[cfg(feature = "testing")]
pub mod testing;
