//! The store in plexctl's TOML config file.
//!
//! `store` implements the ports and translates every failure into a [`StoreError`](crate::ports::StoreError). Below it
//! stand the meaning of the text (`document`), the edits that leave every other byte alone (`edit`), and the private file
//! (`file`): how it is opened, locked and replaced. Beside it stands the file with a token of the operator's own
//! (`token_file`).

mod config_error;
mod document;
mod edit;
mod file;
mod store;
#[cfg(test)]
mod tests;
mod token_file;

#[cfg(fuzzing)]
pub use self::edit::{fuzzed_cut, fuzzed_pointer, fuzzed_session};
pub use self::store::TomlStore;
pub use self::token_file::GuardedTokenFile;
/// The name in version 0.1.
#[doc(hidden)]
pub use crate::ports::profile_reader::NoSessionReason as Absence;
