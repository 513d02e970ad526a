//! A file for its owner alone: how it is opened, locked, replaced and updated.
//!
//! `private_file` judges a file by its open handle before the first read; `lock` finds and locks the directory of a file
//! that is to be replaced; `replace` writes, syncs and renames; `update` is the order of these events, and `dry_run` tries
//! them out. What a file holds is not known here.

pub(super) mod dry_run;
mod error;
mod lock;
mod private_file;
mod replace;
mod update;

pub(super) use self::error::FileError;
#[cfg(test)]
pub(super) use self::error::TEMP_NAME;
pub(super) use self::lock::check_target;
#[cfg(test)]
pub(super) use self::private_file::MAX_SIZE;
pub(super) use self::private_file::PrivateFile;
pub(super) use self::update::{Update, update, update_or_create};
