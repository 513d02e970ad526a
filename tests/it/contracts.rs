//! The promises of the three ports, held against every adapter and every fake.

use std::error::Error;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::iter;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use plexctl::adapters::control_plane::{ControlPlaneClient, ProxySettings, TrustSettings};
use plexctl::adapters::reporters::{JsonReporter, TextReporter, YamlReporter};
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::session::{ProfileName, Selection, Session};
use plexctl::domain::token::SessionToken;
use plexctl::ports::credential_store::{Clearing, CredentialStore, StoreError};
use plexctl::ports::reporter::{LogoutOutcome, Reporter};
use plexctl::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};
use plexctl::testing::{Answer, ControlPlane, InMemoryStore, RecordingReporter, ScriptedRevoker};
use tempfile::TempDir;

pub(super) const SECRET: &str = "c4nary-s3cret";

fn session(profile: &str, number: u8) -> Session {
    Session {
        profile: ProfileName::new(profile).unwrap(),
        token: SessionToken::parse(format!("psk_dev_0192f0c1-2345-7abc-8def-0123456789{number:02x}_{SECRET}")).unwrap(),
        server: Some(format!("https://server-{number}.example")),
    }
}

fn named(profile: &str) -> Selection {
    Selection::Named(ProfileName::new(profile).unwrap())
}

/// Everything that an error can show, its sources included.
pub(super) fn shown(error: &dyn Error) -> String {
    let chain = iter::successors(Some(error), |level| (*level).source());
    chain.map(|level| format!("{level} {level:?}")).collect::<Vec<_>>().join("\n")
}

/// A store with the means to change it from outside.
trait StoreUnderTest {
    fn holding(sessions: &[Session], pointer: Option<&str>) -> Self;
    fn store(&self) -> &dyn CredentialStore;
    fn sign_in(&self, session: &Session);
    fn remove(&self, profile: &str);
    fn break_next_clear(&self);
    fn mend(&self);
}

impl StoreUnderTest for InMemoryStore {
    fn holding(sessions: &[Session], pointer: Option<&str>) -> Self {
        sessions.iter().fold(Self::new(), |store, session| {
            if pointer == Some(session.profile.as_str()) {
                store.with_default_session(session.clone())
            } else {
                store.with_session(session.clone())
            }
        })
    }

    fn store(&self) -> &dyn CredentialStore {
        self
    }

    fn sign_in(&self, session: &Session) {
        self.sign_in(session.clone());
    }

    fn remove(&self, profile: &str) {
        let stored = self.find(&named(profile)).unwrap().unwrap();
        self.clear(&stored).unwrap();
    }

    fn break_next_clear(&self) {
        self.fail_next_clear(StoreError::NotCleared { place: "memory".into(), source: "told to".into() });
    }

    fn mend(&self) {}
}

/// A store over a config file in a directory of its own.
pub(super) struct TomlUnderTest {
    directory: TempDir,
    pub(super) store: TomlStore,
}

impl TomlUnderTest {
    /// The file with this pointer and no profile.
    pub(super) fn pointing_to(pointer: Option<&str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = TomlStore::new(directory.path().join("config.toml"));
        let under_test = Self { directory, store };
        under_test.edit(|_| pointer.map(|name| format!("default = \"{name}\"\n")).unwrap_or_default());
        under_test
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    pub(super) fn edit(&self, edit: impl Fn(String) -> String) {
        let text = fs::read_to_string(self.path()).unwrap_or_default();
        fs::write(self.path(), edit(text)).unwrap();
        self.set_mode(0o600);
    }

    pub(super) fn add(&self, profile: &str, server: Option<&str>, token: Option<&str>) {
        let line = |key: &str, value: Option<&str>| value.map(|value| format!("{key} = \"{value}\"\n"));
        let lines = [line("server", server), line("token", token)].into_iter().flatten().collect::<String>();
        self.edit(|text| format!("{text}[profiles.\"{profile}\"]\n{lines}"));
    }

    pub(super) fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.path(), Permissions::from_mode(mode)).unwrap();
    }

    fn add_session(&self, session: &Session) {
        self.add(session.profile.as_str(), session.server.as_deref(), Some(session.token.expose_secret()));
    }
}

impl StoreUnderTest for TomlUnderTest {
    fn holding(sessions: &[Session], pointer: Option<&str>) -> Self {
        let under_test = Self::pointing_to(pointer);
        for session in sessions {
            under_test.add_session(session);
        }
        under_test
    }

    fn store(&self) -> &dyn CredentialStore {
        &self.store
    }

    fn sign_in(&self, session: &Session) {
        if self.store.find(&Selection::Named(session.profile.clone())).unwrap().is_some() {
            self.remove(session.profile.as_str());
        }
        self.add_session(session);
    }

    fn remove(&self, profile: &str) {
        self.edit(|text| {
            let header = format!("[profiles.\"{profile}\"]\n");
            let (before, rest) = text.split_once(&header).unwrap();
            format!("{before}{}", rest.splitn(3, '\n').nth(2).unwrap())
        });
    }

    fn break_next_clear(&self) {
        self.set_mode(0o640);
    }

    fn mend(&self) {
        self.set_mode(0o600);
    }
}

fn a_store_keeps_its_promises<S: StoreUnderTest>() {
    let (ours, other) = (session("ours", 1), session("other", 2));
    let both = [ours.clone(), other.clone()];

    // It finds what is stored, by name and by pointer, and nothing else.
    let holding = S::holding(&both, Some("ours"));
    assert_eq!(holding.store().find(&Selection::Default).unwrap().as_ref(), Some(&ours));
    assert_eq!(holding.store().find(&named("other")).unwrap().as_ref(), Some(&other));
    assert_eq!(holding.store().find(&named("missing")).unwrap(), None);
    assert_eq!(S::holding(&both, None).store().find(&Selection::Default).unwrap(), None);
    assert_eq!(S::holding(&[], None).store().find(&named("ours")).unwrap(), None);

    // Finding and rehearsing change nothing; clearing then removes the profile and its pointer alone.
    assert_eq!(holding.store().find(&named("ours")).unwrap().as_ref(), Some(&ours));
    holding.store().rehearse_clear(&ours).unwrap();
    assert_eq!(holding.store().find(&Selection::Default).unwrap().as_ref(), Some(&ours));
    assert_eq!(holding.store().clear(&ours).unwrap(), Clearing::Cleared);
    assert_eq!(holding.store().find(&named("ours")).unwrap(), None);
    assert_eq!(holding.store().find(&Selection::Default).unwrap(), None);
    assert_eq!(holding.store().find(&named("other")).unwrap().as_ref(), Some(&other));
    holding.sign_in(&ours);
    assert_eq!(holding.store().find(&Selection::Default).unwrap(), None, "the pointer came back");

    // A pointer to another profile stays.
    let holding = S::holding(&both, Some("other"));
    assert_eq!(holding.store().clear(&ours).unwrap(), Clearing::Cleared);
    assert_eq!(holding.store().find(&Selection::Default).unwrap().as_ref(), Some(&other));

    // Clearing judges the store as it is now: gone is cleared, another token stays.
    let holding = S::holding(&both, None);
    let found = holding.store().find(&named("ours")).unwrap().unwrap();
    holding.store().rehearse_clear(&found).unwrap();
    let newer = session("ours", 3);
    holding.sign_in(&newer);
    assert_eq!(holding.store().clear(&found).unwrap(), Clearing::Replaced);
    assert_eq!(holding.store().find(&named("ours")).unwrap().as_ref(), Some(&newer));
    holding.remove("ours");
    assert_eq!(holding.store().clear(&newer).unwrap(), Clearing::Cleared);

    // What was rehearsed for one token does not clear another.
    let holding = S::holding(&both, None);
    let found = holding.store().find(&named("ours")).unwrap().unwrap();
    holding.store().rehearse_clear(&found).unwrap();
    assert_eq!(holding.store().clear(&newer).unwrap(), Clearing::Replaced);
    assert_eq!(holding.store().find(&named("ours")).unwrap().as_ref(), Some(&ours));

    // A failure changes nothing and shows nothing of the token.
    holding.break_next_clear();
    let error = holding.store().clear(&ours).unwrap_err();
    assert!(matches!(error, StoreError::NotCleared { .. }), "{error:?}");
    assert!(!shown(&error).contains(SECRET), "{error:?}");
    holding.mend();
    assert_eq!(holding.store().find(&named("ours")).unwrap().as_ref(), Some(&ours));
    assert_eq!(holding.store().clear(&ours).unwrap(), Clearing::Cleared);
}

#[test]
fn the_toml_store_keeps_the_promises_of_the_port() {
    a_store_keeps_its_promises::<TomlUnderTest>();
}

#[test]
fn the_in_memory_store_keeps_the_promises_of_the_port() {
    a_store_keeps_its_promises::<InMemoryStore>();
}

/// What a revoker is to meet.
#[derive(Clone, Copy, Debug)]
enum Meeting {
    Revoked,
    AlreadyGone,
    Refused,
    Unconfirmed,
    Unreached,
}

/// A revoker with the server it meets.
trait RevokerUnderTest {
    fn meeting(meeting: Meeting) -> Self;
    fn revoker(&self) -> &dyn TokenRevoker;
    fn server(&self) -> ServerUrl;
    fn requests(&self) -> usize;
}

struct HttpUnderTest {
    revoker: ControlPlaneClient,
    control_plane: ControlPlane,
    is_reachable: bool,
}

impl RevokerUnderTest for HttpUnderTest {
    fn meeting(meeting: Meeting) -> Self {
        let control_plane = ControlPlane::start().unwrap();
        let status = match meeting {
            Meeting::Revoked | Meeting::Unreached => 204,
            Meeting::AlreadyGone => 401,
            Meeting::Refused => 403,
            Meeting::Unconfirmed => 500,
        };
        control_plane.answer_revocations_with(Answer::problem(status, SECRET, SECRET, SECRET));
        let revoker = ControlPlaneClient::new(ProxySettings::default(), TrustSettings::default(), |_| {});
        Self { revoker, control_plane, is_reachable: !matches!(meeting, Meeting::Unreached) }
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

impl RevokerUnderTest for ScriptedRevoker {
    fn meeting(meeting: Meeting) -> Self {
        Self::new([match meeting {
            Meeting::Revoked => Ok(Revocation::Revoked),
            Meeting::AlreadyGone => Ok(Revocation::AlreadyGone),
            Meeting::Refused => Err(RevokeError::Refused { source: "403".into() }),
            Meeting::Unconfirmed => Err(RevokeError::Unconfirmed { source: "500".into() }),
            Meeting::Unreached => return Self::new([]),
        }])
    }

    fn revoker(&self) -> &dyn TokenRevoker {
        self
    }

    fn server(&self) -> ServerUrl {
        ServerUrl::parse("https://plexsphere.example").unwrap()
    }

    fn requests(&self) -> usize {
        self.calls().len()
    }
}

fn a_revoker_keeps_its_promises<R: RevokerUnderTest>() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for meeting in [Meeting::Revoked, Meeting::AlreadyGone, Meeting::Refused, Meeting::Unconfirmed, Meeting::Unreached]
    {
        let under_test = R::meeting(meeting);
        let result = runtime.block_on(under_test.revoker().revoke(&under_test.server(), &session("x", 1).token));
        let is_as_met = matches!(
            (&result, meeting),
            (Ok(Revocation::Revoked), Meeting::Revoked)
                | (Ok(Revocation::AlreadyGone), Meeting::AlreadyGone)
                | (Err(RevokeError::Refused { .. }), Meeting::Refused)
                | (Err(RevokeError::Unconfirmed { .. }), Meeting::Unconfirmed)
                | (Err(RevokeError::Unreached { .. }), Meeting::Unreached)
        );
        assert!(is_as_met, "{meeting:?}: {result:?}");
        assert!(under_test.requests() <= 1, "{meeting:?}");
        if let Err(error) = result {
            assert!(!shown(&error).contains(SECRET), "{meeting:?}: {error:?}");
        }
    }
}

#[test]
fn the_control_plane_client_keeps_the_promises_of_the_port() {
    a_revoker_keeps_its_promises::<HttpUnderTest>();
}

#[test]
fn the_scripted_revoker_keeps_the_promises_of_the_port() {
    a_revoker_keeps_its_promises::<ScriptedRevoker>();
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
        logged_out(Revocation::Revoked, Clearing::Replaced),
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
        let is_replaced = matches!(outcome, LogoutOutcome::LoggedOut { clearing: Clearing::Replaced, .. });
        assert_eq!(told.matches("it holds a newer session").count(), usize::from(is_replaced), "{told}");
        assert_eq!(told.matches("No active session").count(), usize::from(!has_ended), "{told}");
        assert!(told.ends_with('\n'), "{told}");

        new(Stream::failing(io::ErrorKind::BrokenPipe), Stream::default()).report(&outcome).unwrap();
        let full = new(Stream::failing(io::ErrorKind::StorageFull), Stream::default()).report(&outcome);
        assert_eq!(full.is_err(), has_ended, "{outcome:?}");
    }
}

#[test]
fn the_text_reporter_keeps_the_promises_of_the_port() {
    a_reporter_keeps_its_promises(TextReporter::new);
}

#[test]
fn the_json_reporter_keeps_the_promises_of_the_port() {
    a_reporter_keeps_its_promises(JsonReporter::new);
}

#[test]
fn the_yaml_reporter_keeps_the_promises_of_the_port() {
    a_reporter_keeps_its_promises(YamlReporter::new);
}

#[test]
fn the_recording_reporter_keeps_every_outcome_in_order() {
    let mut reporter = RecordingReporter::new();
    for outcome in outcomes() {
        reporter.report(&outcome).unwrap();
    }
    assert_eq!(reporter.outcomes(), outcomes());
}
