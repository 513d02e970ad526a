//! Edits of the config's text that leave every other byte alone.
//!
//! A TOML writer would normalize what it does not have to touch. So an edit walks the text (`walk`) to find the byte
//! ranges it is about (`cut`, and `survey` for `session` and `pointer`), changes these in the text (`spelling`,
//! `splice`), and is only believed if the result means what was intended (`verify`).

mod cut;
mod pointer;
#[cfg(test)]
mod properties;
mod session;
mod spelling;
mod splice;
mod survey;
mod verify;
mod walk;

use thiserror::Error;

pub(super) use self::cut::{without_profile, without_profile_and_gap};
pub(super) use self::pointer::with_pointer;
pub(super) use self::session::{NewSession, Stored, with_session};
pub(super) use self::splice::Gap;
#[cfg(fuzzing)]
pub(crate) use self::{cut::fuzzed_cut, pointer::fuzzed_pointer, session::fuzzed_session};

/// The edited text would not mean what was intended.
#[derive(Clone, Copy, Debug, Error)]
#[error("the profile cannot be edited so that the rest stays as it is")]
pub(super) struct EditError;
