//! Edits of the config's text that leave every other byte alone.
//!
//! A TOML writer would normalize what it does not have to touch. So an edit finds the byte ranges it is about (`cut`, by a `walk`),
//! changes these in the text (`splice`), and is only believed if the result means what was intended (`verify`).

mod cut;
#[cfg(test)]
mod properties;
mod splice;
mod verify;
mod walk;

use thiserror::Error;

#[cfg(fuzzing)]
pub(crate) use self::cut::fuzzed_cut;
pub(super) use self::cut::without_profile;

/// The edited text would not mean what was intended.
#[derive(Clone, Copy, Debug, Error)]
#[error("the profile cannot be cut out so that the rest stays as it is")]
pub(super) struct EditError;
