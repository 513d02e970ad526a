//! Tests of the store over real files, and the public corpus of TOML documents.

mod changes;
mod corpus;
mod reading;
mod saving;
mod sessions;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::TomlStore;
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::session::{ProfileName, Selection};

/// A store over a private file with these contents, and what keeps the file.
fn store_of(contents: &str) -> (TempDir, TomlStore) {
    let sandbox = tempfile::tempdir().unwrap();
    let path = sandbox.path().join("config");
    write(&path, contents);
    (sandbox, TomlStore::new(path))
}

fn write(path: &Path, contents: &str) {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(contents.as_bytes()).unwrap();
}

fn read(store: &TomlStore) -> String {
    fs::read_to_string(&store.path).unwrap()
}

fn name(name: &str) -> ProfileName {
    ProfileName::new(name).unwrap()
}

fn named(profile: &str) -> Selection {
    Selection::Named(name(profile))
}

fn profile(profile: &str, server: Option<&str>, token: &str) -> Profile {
    Profile { server: server.map(str::to_owned), token: ProfileToken::new(token), ..Profile::new(name(profile)) }
}

/// The error with its cause.
fn told(error: &dyn std::error::Error) -> (String, String) {
    (error.to_string(), error.source().unwrap().to_string())
}
