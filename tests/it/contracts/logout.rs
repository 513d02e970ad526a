//! The promises of the three ports, held against every adapter and every fake.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use plexctl::adapters::control_plane::{ControlPlaneClient, ProxySettings, TrustSettings};
use plexctl::adapters::reporters::{JsonReporter, TextReporter, YamlReporter};
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::session::ProfileName;
use plexctl::domain::{IdpBinding, Profile, ProfileToken};
use plexctl::ports::credential_store::{Clearing, CredentialStore};
use plexctl::ports::reporter::{LogoutOutcome, Reporter};
use plexctl::ports::token_revoker::{Revocation, TokenRevoker};
use plexctl::ports::{ProfileReader, ProfileWriter};
use plexctl::testing::contract::{
    ProfileStoreUnderTest, RevokeCase, RevokerUnderTest, SECRET, StoreUnderTest, a_profile_reader_keeps_its_promises,
    a_profile_writer_keeps_its_promises, a_revoker_keeps_its_promises, a_store_keeps_its_promises,
};
use plexctl::testing::{Answer, ControlPlane, InMemoryStore, RecordingReporter, ScriptedRevoker};
use tempfile::TempDir;

use super::login::runtime;

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

struct HttpUnderTest {
    revoker: ControlPlaneClient,
    control_plane: ControlPlane,
    is_reachable: bool,
}

impl RevokerUnderTest for HttpUnderTest {
    fn meeting(meeting: RevokeCase) -> Self {
        let control_plane = ControlPlane::start().unwrap();
        let status = match meeting {
            RevokeCase::Revoked | RevokeCase::Unreached => 204,
            RevokeCase::AlreadyGone => 401,
            RevokeCase::Refused => 403,
            RevokeCase::Unconfirmed => 500,
        };
        control_plane.answer_revocations_with(Answer::problem(status, SECRET, SECRET, SECRET));
        let revoker = ControlPlaneClient::new(ProxySettings::default(), TrustSettings::default(), |_| {});
        Self { revoker, control_plane, is_reachable: !matches!(meeting, RevokeCase::Unreached) }
    }

    fn revoker(&self) -> &dyn TokenRevoker {
        &self.revoker
    }

    fn server(&self) -> ServerUrl {
        let url = if self.is_reachable { self.control_plane.url() } else { "http://127.0.0.1:1".to_owned() };
        ServerUrl::parse(url).unwrap()
    }

    fn requests(&self) -> usize {
        self.control_plane.requests().len()
    }
}

#[test]
fn client_keeps_token_revoker_contract() {
    runtime().block_on(a_revoker_keeps_its_promises::<HttpUnderTest>());
}

#[test]
fn scripted_revoker_keeps_contract() {
    runtime().block_on(a_revoker_keeps_its_promises::<ScriptedRevoker>());
}

/// A writer that several can look into, and that may be told to fail.
#[derive(Clone, Default)]
struct Stream {
    written: Arc<Mutex<Vec<u8>>>,
    flushed: Arc<Mutex<usize>>,
    failure: Option<io::ErrorKind>,
}

impl Stream {
    fn failing(failure: io::ErrorKind) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }

    /// What was written and flushed.
    fn text(&self) -> String {
        let written = self.written.lock().unwrap();
        String::from_utf8(written[..*self.flushed.lock().unwrap()].to_vec()).unwrap()
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.failure {
            Some(failure) => Err(failure.into()),
            None => self.written.lock().unwrap().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        *self.flushed.lock().unwrap() = self.written.lock().unwrap().len();
        Ok(())
    }
}

fn outcomes() -> Vec<LogoutOutcome> {
    let logged_out = |revocation, clearing| LogoutOutcome::LoggedOut {
        profile: ProfileName::new("dev").unwrap(),
        server: ServerUrl::parse("https://h").unwrap(),
        revocation,
        clearing,
    };
    vec![
        LogoutOutcome::NoSession,
        logged_out(Revocation::Revoked, Clearing::Cleared),
        logged_out(Revocation::AlreadyGone, Clearing::Cleared),
        logged_out(Revocation::Revoked, Clearing::Superseded),
    ]
}

fn a_reporter_keeps_its_promises<R: Reporter>(new: impl Fn(Stream, Stream) -> R) {
    for outcome in outcomes() {
        let (out, err) = (Stream::default(), Stream::default());
        new(out.clone(), err.clone()).report(&outcome).unwrap();
        let has_ended = outcome != LogoutOutcome::NoSession;
        assert_eq!(!out.text().is_empty(), has_ended, "{outcome:?}: {}", out.text());
        assert!(!has_ended || out.text().contains("dev"), "{}", out.text());
        let told = out.text() + &err.text();
        let is_replaced = matches!(outcome, LogoutOutcome::LoggedOut { clearing: Clearing::Superseded, .. });
        assert_eq!(told.matches("it holds a newer session").count(), usize::from(is_replaced), "{told}");
        assert_eq!(told.matches("No active session").count(), usize::from(!has_ended), "{told}");
        assert!(told.ends_with('\n'), "{told}");

        new(Stream::failing(io::ErrorKind::BrokenPipe), Stream::default()).report(&outcome).unwrap();
        let full = new(Stream::failing(io::ErrorKind::StorageFull), Stream::default()).report(&outcome);
        assert_eq!(full.is_err(), has_ended, "{outcome:?}");
    }
}

#[test]
fn text_reporter_keeps_contract() {
    a_reporter_keeps_its_promises(TextReporter::new);
}

#[test]
fn json_reporter_keeps_contract() {
    a_reporter_keeps_its_promises(JsonReporter::new);
}

#[test]
fn yaml_reporter_keeps_contract() {
    a_reporter_keeps_its_promises(YamlReporter::new);
}

#[test]
fn recording_reporter_records_outcomes_in_order() {
    let mut reporter = RecordingReporter::new();
    for outcome in outcomes() {
        reporter.report(&outcome).unwrap();
    }
    assert_eq!(reporter.outcomes(), outcomes());
}
