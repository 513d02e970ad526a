//! Edits of the config's text that leave every other byte alone.
//!
//! A TOML writer would normalize what it does not have to touch. So an edit walks the text (`walk`) to find the byte
//! ranges that it changes (`cut`, and `insertion_points` for `session` and `pointer`), writes what is new as TOML
//! (`toml_text`), changes the ranges (`splice`), and is only believed if the result means what was intended (`verify`).

mod cut;
mod insertion_points;
mod pointer;
mod session;
mod splice;
#[cfg(test)]
mod tests;
mod toml_text;
mod verify;
mod walk;

#[cfg(fuzzing)]
pub use self::cut::fuzzed_cut;
pub(super) use self::cut::without_profile;
#[cfg(fuzzing)]
pub use self::pointer::fuzzed_pointer;
pub(super) use self::pointer::with_pointer;
#[cfg(fuzzing)]
pub use self::session::fuzzed_session;
pub(super) use self::session::{Stored, with_session};
pub(super) use self::splice::Separator;
