//! The promises of the store's ports, held against the adapter and the fake.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::{IdpBinding, Profile, ProfileToken};
use plexctl::ports::credential_store::CredentialStore;
use plexctl::ports::{ProfileReader, ProfileWriter};
use plexctl::testing::InMemoryStore;
use plexctl::testing::contract::{
    ProfileStoreUnderTest, StoreUnderTest, a_profile_reader_keeps_its_promises, a_profile_writer_keeps_its_promises,
    a_store_keeps_its_promises,
};
use tempfile::TempDir;

/// A store over a config file in a directory of its own.
struct TomlUnderTest {
    directory: TempDir,
    store: TomlStore,
}

impl TomlUnderTest {
    /// The file with this pointer and no profile.
    fn pointing_to(pointer: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = TomlStore::new(directory.path().join("config.toml"));
        let under_test = Self { directory, store };
        under_test.edit(|_| pointer.map(|name| format!("default = \"{name}\"\n")).unwrap_or_default());
        under_test
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    fn edit(&self, edit: impl Fn(String) -> String) {
        let text = fs::read_to_string(self.path()).unwrap_or_default();
        fs::write(self.path(), edit(text)).unwrap();
        self.set_mode(0o600);
    }

    fn add(&self, profile: &str, server: Option<&str>, token: Option<&str>) {
        let line = |key: &str, value: Option<&str>| value.map(|value| format!("{key} = \"{value}\"\n"));
        let lines = [line("server", server), line("token", token)].into_iter().flatten().collect::<String>();
        self.edit(|text| format!("{text}[profiles.\"{profile}\"]\n{lines}"));
    }

    fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.path(), Permissions::from_mode(mode)).unwrap();
    }
}

impl StoreUnderTest for TomlUnderTest {
    fn holding(profiles: &[Profile], pointer: Option<&str>) -> Self {
        let under_test = Self::pointing_to(pointer);
        for profile in profiles {
            under_test.put(profile);
        }
        under_test
    }

    fn store(&self) -> &dyn CredentialStore {
        &self.store
    }

    fn put(&self, profile: &Profile) {
        self.remove(profile.name.as_str());
        let token = profile.token.as_ref().map(ProfileToken::expose_secret);
        self.add(profile.name.as_str(), profile.server.as_deref(), token);
        let mut lines = String::new();
        if let Some(time) = profile.expires_at {
            writeln!(lines, "expires_at = {time}").unwrap();
        }
        if let Some(id) = profile.domain_id {
            writeln!(lines, "domain_id = \"{id}\"").unwrap();
        }
        match &profile.idp_binding {
            Some(IdpBinding::Id(id)) => writeln!(lines, "idp_binding_id = \"{id}\"").unwrap(),
            Some(IdpBinding::Alias(alias)) => writeln!(lines, "idp_binding_alias = \"{alias}\"").unwrap(),
            None => {}
        }
        self.edit(|text| text + &lines);
    }

    fn put_empty_token(&self, profile: &str) {
        self.add(profile, None, Some(""));
    }

    fn remove(&self, profile: &str) {
        let header = format!("[profiles.\"{profile}\"]\n");
        self.edit(|text| {
            let Some((before, rest)) = text.split_once(&header) else { return text };
            let after = rest.find("[profiles.").map_or("", |next| &rest[next..]);
            format!("{before}{after}")
        });
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

impl ProfileStoreUnderTest for TomlUnderTest {
    fn reader(&self) -> &dyn ProfileReader {
        &self.store
    }

    fn writer(&self) -> &dyn ProfileWriter {
        &self.store
    }
}

#[test]
fn toml_store_keeps_profile_reader_contract() {
    a_profile_reader_keeps_its_promises::<TomlUnderTest>();
}

#[test]
fn toml_store_keeps_profile_writer_contract() {
    a_profile_writer_keeps_its_promises::<TomlUnderTest>();
}

#[test]
fn in_memory_store_keeps_profile_reader_contract() {
    a_profile_reader_keeps_its_promises::<InMemoryStore>();
}

#[test]
fn in_memory_store_keeps_profile_writer_contract() {
    a_profile_writer_keeps_its_promises::<InMemoryStore>();
}

#[test]
fn toml_store_keeps_credential_store_contract() {
    a_store_keeps_its_promises::<TomlUnderTest>();
}

#[test]
fn in_memory_store_keeps_credential_store_contract() {
    a_store_keeps_its_promises::<InMemoryStore>();
}
