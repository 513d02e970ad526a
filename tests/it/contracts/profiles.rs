//! The promises of the roles that `profiles` and `whoami` see of the store, held against every store; and those of the
//! token file.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use plexctl::adapters::toml_store::GuardedTokenFile;
use plexctl::ports::token_file::TokenFile;
use plexctl::testing::InMemoryTokenFile;
use plexctl::testing::contract::{TokenFileUnderTest, a_token_file_keeps_its_promises};
use tempfile::TempDir;

/// A file on the disk, in a directory of its own.
struct TokenFileOnDisk(#[expect(dead_code, reason = "it keeps the file")] TempDir);

impl TokenFileUnderTest for TokenFileOnDisk {
    fn holding(contents: &[u8], mode: u32) -> (Self, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (Self(directory), path)
    }

    fn token_file(&self) -> &dyn TokenFile {
        &GuardedTokenFile
    }
}

#[test]
fn guarded_token_file_keeps_contract() {
    a_token_file_keeps_its_promises::<TokenFileOnDisk>();
}

#[test]
fn in_memory_token_file_keeps_contract() {
    a_token_file_keeps_its_promises::<InMemoryTokenFile>();
}
