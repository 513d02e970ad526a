//! The promises of a token file, held against the adapter and the fake.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use plexctl::adapters::toml_store::GuardedTokenFile;
use plexctl::ports::token_file::TokenFile;
use plexctl::testing::InMemoryTokenFile;
use plexctl::testing::contract::{TokenFileUnderTest, a_token_file_keeps_its_promises};
use tempfile::TempDir;

/// A file on the disk, in a directory of its own.
struct TokenFileOnDisk(TempDir);

impl TokenFileUnderTest for TokenFileOnDisk {
    fn holding(contents: &[u8], mode: u32) -> Self {
        let under_test = Self(tempfile::tempdir().unwrap());
        fs::write(under_test.path(), contents).unwrap();
        fs::set_permissions(under_test.path(), Permissions::from_mode(mode)).unwrap();
        under_test
    }

    fn pipe() -> Self {
        let under_test = Self(tempfile::tempdir().unwrap());
        assert!(Command::new("mkfifo").args(["-m", "600"]).arg(under_test.path()).status().unwrap().success());
        under_test
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("token")
    }

    fn token_file(&self) -> &dyn TokenFile {
        &GuardedTokenFile
    }

    fn snapshot(&self) -> String {
        let entries = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let metadata = fs::metadata(self.path()).unwrap();
        format!("{:?} {:?} {:?}", entries.collect::<Vec<_>>(), metadata.permissions(), fs::read(self.path()).unwrap())
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
