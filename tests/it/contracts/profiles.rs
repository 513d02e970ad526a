//! The promises of the roles that `profiles` and `whoami` see of the store, held against every store; and those of the
//! token file.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use plexctl::adapters::toml_store::GuardedTokenFile;
use plexctl::ports::credential_reader::CredentialReader;
use plexctl::ports::profile_book::ProfileBook;
use plexctl::ports::token_file::TokenFile;
use plexctl::testing::contract::{
    BookUnderTest, EXPIRY, Stored, TokenFileUnderTest, a_book_keeps_its_promises, a_token_file_keeps_its_promises,
};
use plexctl::testing::{InMemoryStore, InMemoryTokenFile};
use tempfile::TempDir;

use super::logout::TomlUnderTest;

impl BookUnderTest for TomlUnderTest {
    fn holding(profiles: &[Stored], pointer: Option<&str>) -> Self {
        let under_test = Self::pointing_to(pointer);
        for stored in profiles {
            under_test.add(stored.name, stored.server, stored.token);
            if stored.expires {
                under_test.edit(|text| format!("{text}expires_at = {}\n", EXPIRY.0));
            }
        }
        under_test
    }

    fn book(&self) -> &dyn ProfileBook {
        &self.store
    }

    fn credentials(&self) -> &dyn CredentialReader {
        &self.store
    }

    fn snapshot(&self) -> String {
        format!("{} {:?}", fs::metadata(self.path()).unwrap().ino(), fs::read(self.path()).unwrap())
    }

    fn break_next_change(&self) {
        self.set_mode(0o640);
    }

    fn mend(&self) {
        self.set_mode(0o600);
    }
}

#[test]
fn in_memory_store_keeps_profile_contract() {
    a_book_keeps_its_promises::<InMemoryStore>();
}

#[test]
fn toml_store_keeps_profile_contract() {
    a_book_keeps_its_promises::<TomlUnderTest>();
}

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
