//! The store in plexctl's TOML config file.
//!
//! `store` implements the ports and translates every failure into a [`StoreError`](crate::ports::StoreError). Below it
//! stand the meaning of the text (`document`), the edits that leave every other byte alone (`edit`), and the file itself:
//! the guarded open (`private_file`), the lock (`target`), the durable replacement (`replace`) and its dry run
//! (`dry_run`), and the order of events of every change (`update`). Beside it stands the file with a token of the
//! operator's own (`token_file`).

mod config_error;
mod document;
mod dry_run;
mod edit;
mod private_file;
mod replace;
mod store;
mod target;
#[cfg(test)]
mod tests;
mod token_file;
mod update;

#[cfg(fuzzing)]
pub(crate) use self::edit::{fuzzed_cut, fuzzed_pointer, fuzzed_session};
pub use self::store::TomlStore;
pub use self::token_file::GuardedTokenFile;
