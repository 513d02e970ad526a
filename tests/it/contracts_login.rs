//! The promises of the ports of a login to files and servers, held against every adapter and every fake.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use plexctl::adapters::control_plane::{ControlPlaneClient, ProxySettings, TrustSettings};
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::answer_field::FieldValue;
use plexctl::domain::bearer_token::BearerToken;
use plexctl::domain::device_authorization::{AuthorizationFields, DeviceAuthorization};
use plexctl::domain::identifier::Identifier;
use plexctl::domain::issued_token::IssuedToken;
use plexctl::domain::new_session::NewSession;
use plexctl::domain::principal::Principal;
use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::domain::stored_token::{ProfileContents, StoredToken};
use plexctl::domain::timestamp::Timestamp;
use plexctl::ports::credential_store::{Clearing, CredentialStore};
use plexctl::ports::principal_reader::{PrincipalReader, ReadError};
use plexctl::ports::profile_book::ProfileBook;
use plexctl::ports::session_keeper::{KeepError, Saving, SessionKeeper};
use plexctl::ports::token_issuer::{AuthorizationRequest, BeginError, PollAnswer, PollFailure, TokenIssuer};
use plexctl::testing::{
    Answer, ControlPlane, Endpoint, InMemoryStore, Script, ScriptedIssuer, ScriptedPoll, ScriptedPrincipalReader,
};

use crate::contracts::{SECRET, TomlUnderTest, shown};

const SERVER: &str = "https://plexsphere.example";

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn name(name: &str) -> ProfileName {
    ProfileName::new(name).unwrap()
}

fn id(number: u8) -> String {
    format!("0192f0c1-2345-7abc-8def-0123456789{number:02x}")
}

fn session_token(number: u8) -> String {
    format!("psk_dev_{}_{SECRET}", id(number))
}

fn contents(server: Option<&str>, token: &str) -> ProfileContents {
    ProfileContents { server: server.map(str::to_owned), token: StoredToken::new(token) }
}

pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A store that a login can write to, with the means to look into it and to change it from outside.
trait KeeperUnderTest {
    fn holding(profiles: &[(&str, ProfileContents)], pointer: Option<&str>) -> Self;
    fn keeper(&self) -> &dyn SessionKeeper;
    fn store(&self) -> &dyn CredentialStore;
    /// What another program does meanwhile. Without contents the profile stays, and holds nothing.
    fn put(&self, profile: &str, contents: ProfileContents);
    fn pointer(&self) -> Option<String>;
    fn expiry(&self, profile: &str) -> Option<String>;
    fn break_next_save(&self);
    fn mend(&self);
}

impl KeeperUnderTest for InMemoryStore {
    fn holding(profiles: &[(&str, ProfileContents)], pointer: Option<&str>) -> Self {
        let store = pointer.map_or_else(Self::new, |pointer| Self::new().with_pointer(&name(pointer)));
        profiles.iter().fold(store, |store, (profile, contents)| store.with_profile(&name(profile), contents.clone()))
    }

    fn keeper(&self) -> &dyn SessionKeeper {
        self
    }

    fn store(&self) -> &dyn CredentialStore {
        self
    }

    fn put(&self, profile: &str, contents: ProfileContents) {
        self.put(&name(profile), contents);
    }

    fn pointer(&self) -> Option<String> {
        self.pointer().map(|name| name.as_str().to_owned())
    }

    fn expiry(&self, profile: &str) -> Option<String> {
        self.expiry(&name(profile)).map(|time| time.to_string())
    }

    fn break_next_save(&self) {
        self.fail_next_save(KeepError::NotSaved { place: "memory".into(), source: "told to".into() });
    }

    fn mend(&self) {}
}

impl KeeperUnderTest for TomlUnderTest {
    fn holding(profiles: &[(&str, ProfileContents)], pointer: Option<&str>) -> Self {
        let under_test = Self::pointing_to(pointer);
        for (profile, contents) in profiles {
            KeeperUnderTest::put(&under_test, profile, contents.clone());
        }
        under_test
    }

    fn keeper(&self) -> &dyn SessionKeeper {
        &self.store
    }

    fn store(&self) -> &dyn CredentialStore {
        &self.store
    }

    fn put(&self, profile: &str, contents: ProfileContents) {
        TomlStore::new(self.path()).forget(&name(profile)).unwrap();
        let token = contents.token.as_ref().map(StoredToken::expose_secret);
        self.add(profile, contents.server.as_deref(), token);
    }

    fn pointer(&self) -> Option<String> {
        self.store.list().unwrap().default.map(|name| name.as_str().to_owned())
    }

    fn expiry(&self, profile: &str) -> Option<String> {
        let listed = self.store.list().unwrap().profiles.into_iter().find(|listed| listed.name.as_str() == profile);
        listed.and_then(|listed| listed.expires_at)
    }

    fn break_next_save(&self) {
        self.set_mode(0o640);
    }

    fn mend(&self) {
        self.set_mode(0o600);
    }
}

/// A session for a profile that held this, in a login at 1000 seconds.
fn new_session(profile: &str, token: &str, held_before: ProfileContents) -> NewSession {
    NewSession {
        profile: name(profile),
        server: ServerUrl::parse(SERVER).unwrap(),
        token: BearerToken::parse(token).unwrap(),
        expires_at: Some(at(4600)),
        held_before,
        time: at(1000),
    }
}

/// Rehearses and saves a session over what its profile holds now.
fn log_in<K: KeeperUnderTest>(under_test: &K, profile: &str, token: &str) -> Option<String> {
    let before = under_test.keeper().look_up(&name(profile)).unwrap();
    let session = new_session(profile, token, before);
    let rehearsed = NewSession { token: BearerToken::placeholder(), ..session.clone() };
    under_test.keeper().rehearse_save(&rehearsed).unwrap();
    match under_test.keeper().save(&session).unwrap() {
        Saving::Saved { put_aside } => put_aside.map(|name| name.as_str().to_owned()),
        Saving::Superseded => panic!("{profile} was superseded"),
    }
}

fn held<K: KeeperUnderTest>(under_test: &K, profile: &str) -> ProfileContents {
    under_test.keeper().look_up(&name(profile)).unwrap()
}

fn a_keeper_keeps_its_promises<K: KeeperUnderTest>() {
    let (old, other) = (contents(Some("https://old.example"), &session_token(1)), contents(None, "a JWT, say"));
    let both = [("dev", old.clone()), ("other", other.clone())];
    let ours = contents(Some(SERVER), &session_token(9));
    let kept_as = format!("dev-replaced-{}", id(1));

    // It looks up what is stored, whatever that is worth.
    let holding = K::holding(&both, Some("other"));
    assert_eq!((held(&holding, "dev"), held(&holding, "other")), (old.clone(), other.clone()));
    assert_eq!(held(&holding, "missing"), ProfileContents::default());
    assert_eq!(held(&K::holding(&[], None), "dev"), ProfileContents::default());
    let server_alone = ProfileContents { server: Some("junk".into()), token: None };
    assert_eq!(held(&K::holding(&[("dev", server_alone.clone())], None), "dev"), server_alone);

    // Looking up and rehearsing change nothing.
    holding.keeper().rehearse_save(&new_session("dev", &session_token(9), old.clone())).unwrap();
    assert_eq!((held(&holding, "dev"), held(&holding, "other")), (old.clone(), other.clone()));
    assert_eq!(held(&holding, &kept_as), ProfileContents::default());

    // A first session is stored, and the default where there is none.
    let empty = K::holding(&[], None);
    assert_eq!(log_in(&empty, "dev", &session_token(9)), None);
    assert_eq!((held(&empty, "dev"), empty.pointer().as_deref()), (ours.clone(), Some("dev")));
    assert_eq!(empty.expiry("dev").as_deref(), Some("1970-01-01T01:16:40Z"));
    let found = empty.store().find(&Selection::Default).unwrap().unwrap();
    assert_eq!(found.token.expose_secret(), session_token(9));

    // A replaced one moves with all that it has, and can be cleared from there; everything else stays.
    assert_eq!(log_in(&holding, "dev", &session_token(9)).as_deref(), Some(kept_as.as_str()));
    assert_eq!((held(&holding, "dev"), held(&holding, &kept_as)), (ours.clone(), old.clone()));
    assert_eq!((held(&holding, "other"), holding.pointer().as_deref()), (other.clone(), Some("other")));
    assert_eq!(holding.expiry(&kept_as), None);
    let aside = holding.store().find(&Selection::Named(name(&kept_as))).unwrap().unwrap();
    holding.store().rehearse_clear(&aside).unwrap();
    assert_eq!(holding.store().clear(&aside).unwrap(), Clearing::Cleared);
    assert_eq!((held(&holding, "dev"), held(&holding, &kept_as)), (ours.clone(), ProfileContents::default()));

    // Its expiry moves, too, and one that is not known leaves none.
    let before = held(&holding, "dev");
    let unknown = NewSession { expires_at: None, ..new_session("dev", &session_token(8), before) };
    let put_aside = format!("dev-replaced-{}", id(9));
    assert_eq!(holding.keeper().save(&unknown).unwrap(), Saving::Saved { put_aside: Some(name(&put_aside)) });
    assert_eq!(holding.expiry(&put_aside).as_deref(), Some("1970-01-01T01:16:40Z"));
    assert_eq!(holding.expiry("dev"), None);

    // A taken name gets a number, and a token without an id goes by the time.
    let taken =
        K::holding(&[("dev", old.clone()), (&kept_as, other.clone()), (&format!("{kept_as}-2"), other.clone())], None);
    assert_eq!(log_in(&taken, "dev", &session_token(9)), Some(format!("{kept_as}-3")));
    assert_eq!((held(&taken, &kept_as), held(&taken, &format!("{kept_as}-3"))), (other.clone(), old.clone()));
    assert_eq!(
        log_in(&taken, &format!("{kept_as}-2"), "another").unwrap(),
        format!("{kept_as}-2-replaced-19700101T001640Z")
    );

    // What the login did not see is left alone.
    let superseded = K::holding(&both, None);
    let session = new_session("dev", &session_token(9), held(&superseded, "dev"));
    let newer = contents(None, &session_token(7));
    superseded.put("dev", newer.clone());
    assert_eq!(superseded.keeper().save(&session).unwrap(), Saving::Superseded);
    assert_eq!((held(&superseded, "dev"), held(&superseded, &kept_as)), (newer.clone(), ProfileContents::default()));
    assert_eq!(superseded.pointer(), None);
    let into_nothing = new_session("new", &session_token(9), ProfileContents::default());
    superseded.put("new", newer.clone());
    assert_eq!(superseded.keeper().save(&into_nothing).unwrap(), Saving::Superseded);
    assert_eq!(held(&superseded, "new"), newer);

    // What is gone meanwhile is not put aside, and neither is the very token that is to be stored.
    let emptied = K::holding(&both, None);
    let session = new_session("dev", &session_token(9), held(&emptied, "dev"));
    emptied.put("dev", ProfileContents::default());
    assert_eq!(emptied.keeper().save(&session).unwrap(), Saving::Saved { put_aside: None });
    assert_eq!(log_in(&emptied, "dev", &session_token(9)), None);
    let unseen = new_session("dev", &session_token(9), ProfileContents::default());
    assert_eq!(emptied.keeper().save(&unseen).unwrap(), Saving::Saved { put_aside: None });
    assert_eq!((held(&emptied, "dev"), held(&emptied, &kept_as)), (ours.clone(), ProfileContents::default()));

    // A failure changes nothing and shows nothing of a token.
    let broken = K::holding(&both, None);
    let session = new_session("dev", &session_token(9), held(&broken, "dev"));
    broken.break_next_save();
    let error = broken.keeper().save(&session).unwrap_err();
    assert!(matches!(error, KeepError::NotSaved { .. }), "{error:?}");
    assert!(!shown(&error).contains(SECRET), "{error:?}");
    broken.mend();
    assert_eq!((held(&broken, "dev"), held(&broken, &kept_as)), (old, ProfileContents::default()));
    assert_eq!(broken.keeper().save(&session).unwrap(), Saving::Saved { put_aside: Some(name(&kept_as)) });
}

#[test]
fn the_in_memory_store_keeps_the_promises_of_the_keeper() {
    a_keeper_keeps_its_promises::<InMemoryStore>();
}

#[test]
fn the_toml_store_keeps_the_promises_of_the_keeper() {
    a_keeper_keeps_its_promises::<TomlUnderTest>();
}

#[test]
fn the_in_memory_store_is_not_durable_on_demand() {
    let old = contents(Some(SERVER), &session_token(1));
    let store = InMemoryStore::holding(&[("dev", old.clone())], None);
    store.fail_next_save(KeepError::NotDurable { place: "memory".into(), put_aside: None, source: "told to".into() });
    let error = store.save(&new_session("dev", &session_token(9), old.clone())).unwrap_err();
    let kept_as = name(&format!("dev-replaced-{}", id(1)));
    assert!(matches!(&error, KeepError::NotDurable { put_aside, .. } if *put_aside == Some(kept_as)), "{error:?}");
    assert_eq!(held(&store, "dev"), contents(Some(SERVER), &session_token(9)));

    store.fail_next_save(KeepError::NotDurable { place: "memory".into(), put_aside: None, source: "told to".into() });
    assert_eq!(store.save(&new_session("dev", &session_token(8), old)).unwrap(), Saving::Superseded);
}

fn device_authorization() -> DeviceAuthorization {
    let text = |text: &str| Some(FieldValue::Text(text.to_owned()));
    let fields = AuthorizationFields {
        device_code: text(SECRET),
        user_code: text("ABCD-EFGH"),
        verification_uri: text("https://plexsphere.example/v1/device"),
        expires_in: Some(FieldValue::Integer(600)),
        ..AuthorizationFields::default()
    };
    DeviceAuthorization::parse(fields, &ServerUrl::parse(SERVER).unwrap()).unwrap()
}

fn authorization_request() -> AuthorizationRequest {
    let id = Identifier::parse(&id(1)).unwrap();
    AuthorizationRequest { domain_id: id, idp_binding_id: id }
}

/// How a server meets the wish to log in.
#[derive(Clone, Copy, Debug)]
enum Beginning {
    Begun,
    Rejected,
    Refused,
    Unconfirmed,
    Unusable,
    Unreached,
}

/// How a server meets a poll.
#[derive(Clone, Copy, Debug)]
enum Polled {
    Issued,
    Pending,
    SlowDown,
    Denied,
    Expired,
    Rejected,
    Refused,
    Unusable,
    ServerError,
    Busy,
    Unanswered,
    Unreached,
}

/// The client of the control plane with a server that answers by a script, or that nobody serves.
struct HttpUnderTest {
    client: ControlPlaneClient,
    control_plane: ControlPlane,
    server: ServerUrl,
}

impl HttpUnderTest {
    fn new(server: impl FnOnce(&ControlPlane) -> String) -> Self {
        let client = ControlPlaneClient::new(ProxySettings::default(), TrustSettings::default(), |_| {});
        let control_plane = ControlPlane::start().unwrap();
        let server = ServerUrl::parse(server(&control_plane)).unwrap();
        Self { client, control_plane, server }
    }

    fn answering(endpoint: Endpoint, script: Script) -> Self {
        let under_test = Self::new(ControlPlane::url);
        under_test.control_plane.always(endpoint, script);
        under_test
    }

    fn unreachable() -> Self {
        Self::new(|_| "http://127.0.0.1:1".to_owned())
    }
}

fn json(text: &str) -> Answer {
    Answer { content_type: "application/json".to_owned(), body: text.as_bytes().to_vec(), ..Answer::bare(200) }
}

/// An issuer with the server that it meets. What a server says holds the secret wherever it can.
trait IssuerUnderTest {
    fn beginning(beginning: Beginning) -> Self;
    fn polled(polled: Polled) -> Self;
    fn issuer(&self) -> &dyn TokenIssuer;
    fn server(&self) -> ServerUrl;
    fn requests(&self) -> usize;
}

impl IssuerUnderTest for ScriptedIssuer {
    fn beginning(beginning: Beginning) -> Self {
        let source = || "told to".into();
        let answer = match beginning {
            Beginning::Begun => Ok(device_authorization()),
            Beginning::Rejected => Err(BeginError::Rejected { source: source() }),
            Beginning::Refused => Err(BeginError::Refused { source: source() }),
            Beginning::Unconfirmed => Err(BeginError::Unconfirmed { source: source() }),
            Beginning::Unusable => Err(BeginError::Unusable { source: source() }),
            Beginning::Unreached => Err(BeginError::Unreached { source: source() }),
        };
        Self::new(answer, [])
    }

    fn polled(polled: Polled) -> Self {
        let source = || "told to".into();
        let failed = |may_have_issued, retry_after| {
            PollAnswer::Failed(PollFailure { source: source(), may_have_issued, retry_after })
        };
        let answer = match polled {
            Polled::Issued => PollAnswer::Issued(IssuedToken {
                token: BearerToken::parse(session_token(1)).unwrap(),
                lifetime: Some(Duration::from_secs(3600)),
            }),
            Polled::Pending => PollAnswer::Pending,
            Polled::SlowDown => PollAnswer::SlowDown,
            Polled::Denied => PollAnswer::Denied,
            Polled::Expired => PollAnswer::Expired,
            Polled::Rejected => PollAnswer::Rejected { source: source() },
            Polled::Refused => PollAnswer::Refused { source: source() },
            Polled::Unusable => PollAnswer::Unusable { source: source() },
            Polled::ServerError | Polled::Unanswered => failed(true, None),
            Polled::Busy => failed(false, Some(Duration::from_secs(7))),
            Polled::Unreached => return Self::new(Ok(device_authorization()), []),
        };
        Self::new(Ok(device_authorization()), [answer.into()])
    }

    fn issuer(&self) -> &dyn TokenIssuer {
        self
    }

    fn server(&self) -> ServerUrl {
        ServerUrl::parse(SERVER).unwrap()
    }

    fn requests(&self) -> usize {
        self.beginnings().len() + self.polls().len()
    }
}

impl IssuerUnderTest for HttpUnderTest {
    fn beginning(beginning: Beginning) -> Self {
        let problem = |status| Script::answer(Answer::problem(status, "A title", "a_code", "A detail."));
        let script = match beginning {
            Beginning::Begun => Script::real(),
            Beginning::Rejected => problem(404),
            Beginning::Refused => problem(403),
            Beginning::Unconfirmed => problem(500),
            Beginning::Unusable => Script::real()
                .with("device_code", &format!("\"{SECRET}\""))
                .with("user_code", &format!("\"{SECRET}\\n\"")),
            Beginning::Unreached => return Self::unreachable(),
        };
        Self::answering(Endpoint::DeviceCode, script)
    }

    fn polled(polled: Polled) -> Self {
        let problem = |status, code| Script::answer(Answer::problem(status, SECRET, code, SECRET));
        let token = |token_type| {
            let token = session_token(1);
            let text = format!(r#"{{"access_token":"{token}","token_type":"{token_type}","expires_in":3600}}"#);
            Script::answer(json(&text))
        };
        let script = match polled {
            Polled::Issued => token("Bearer"),
            Polled::Pending => problem(400, "authorization_pending"),
            Polled::SlowDown => problem(400, "slow_down"),
            Polled::Denied => problem(400, "access_denied"),
            Polled::Expired => problem(400, "expired_token"),
            Polled::Rejected => problem(400, "invalid_grant"),
            Polled::Refused => problem(403, SECRET),
            Polled::Unusable => token(SECRET),
            Polled::ServerError => problem(500, SECRET),
            Polled::Busy => problem(429, SECRET).header("retry-after", "7"),
            Polled::Unanswered => Script::hang_up(),
            Polled::Unreached => return Self::unreachable(),
        };
        Self::answering(Endpoint::DeviceToken, script)
    }

    fn issuer(&self) -> &dyn TokenIssuer {
        &self.client
    }

    fn server(&self) -> ServerUrl {
        self.server.clone()
    }

    fn requests(&self) -> usize {
        self.control_plane.requests().len()
    }
}

fn an_issuer_keeps_its_promises<I: IssuerUnderTest>() {
    let runtime = runtime();
    for beginning in [
        Beginning::Begun,
        Beginning::Rejected,
        Beginning::Refused,
        Beginning::Unconfirmed,
        Beginning::Unusable,
        Beginning::Unreached,
    ] {
        let under_test = I::beginning(beginning);
        let result = runtime.block_on(under_test.issuer().begin(&under_test.server(), &authorization_request()));
        let is_as_met = matches!(
            (&result, beginning),
            (Ok(_), Beginning::Begun)
                | (Err(BeginError::Rejected { .. }), Beginning::Rejected)
                | (Err(BeginError::Refused { .. }), Beginning::Refused)
                | (Err(BeginError::Unconfirmed { .. }), Beginning::Unconfirmed)
                | (Err(BeginError::Unusable { .. }), Beginning::Unusable)
                | (Err(BeginError::Unreached { .. }), Beginning::Unreached)
        );
        assert!(is_as_met, "{beginning:?}: {result:?}");
        assert!(under_test.requests() <= 1, "{beginning:?}");
        assert!(!format!("{result:?}").contains(SECRET), "{beginning:?}: {result:?}");
        if let Err(error) = result {
            assert!(!shown(&error).contains(SECRET), "{beginning:?}: {error:?}");
        }
    }
    for polled in [
        Polled::Issued,
        Polled::Pending,
        Polled::SlowDown,
        Polled::Denied,
        Polled::Expired,
        Polled::Rejected,
        Polled::Refused,
        Polled::Unusable,
        Polled::ServerError,
        Polled::Busy,
        Polled::Unanswered,
        Polled::Unreached,
    ] {
        let under_test = I::polled(polled);
        let code = device_authorization().device_code().clone();
        let answer = runtime.block_on(under_test.issuer().poll(&under_test.server(), &code));
        let is_as_met = match (&answer, polled) {
            (PollAnswer::Issued(issued), Polled::Issued) => issued.token.expose_secret() == session_token(1),
            (PollAnswer::Pending, Polled::Pending)
            | (PollAnswer::SlowDown, Polled::SlowDown)
            | (PollAnswer::Denied, Polled::Denied)
            | (PollAnswer::Expired, Polled::Expired)
            | (PollAnswer::Rejected { .. }, Polled::Rejected)
            | (PollAnswer::Refused { .. }, Polled::Refused)
            | (PollAnswer::Unusable { .. }, Polled::Unusable) => true,
            (PollAnswer::Failed(failure), Polled::ServerError | Polled::Unanswered) => failure.may_have_issued,
            (PollAnswer::Failed(failure), Polled::Busy) => {
                !failure.may_have_issued && failure.retry_after == Some(Duration::from_secs(7))
            }
            (PollAnswer::Failed(failure), Polled::Unreached) => {
                !failure.may_have_issued && failure.retry_after.is_none()
            }
            _ => false,
        };
        assert!(is_as_met, "{polled:?}: {answer:?}");
        assert!(under_test.requests() <= 1, "{polled:?}");
        assert!(!format!("{answer:?}").contains(SECRET), "{polled:?}: {answer:?}");
        if let PollAnswer::Rejected { source }
        | PollAnswer::Refused { source }
        | PollAnswer::Unusable { source }
        | PollAnswer::Failed(PollFailure { source, .. }) = answer
        {
            assert!(!shown(&*source).contains(SECRET), "{polled:?}: {source:?}");
        }
    }
}

#[test]
fn the_scripted_issuer_keeps_the_promises_of_the_port() {
    an_issuer_keeps_its_promises::<ScriptedIssuer>();
}

#[test]
fn the_control_plane_client_keeps_the_promises_of_the_issuer() {
    an_issuer_keeps_its_promises::<HttpUnderTest>();
}

#[test]
fn the_scripted_issuer_answers_late_or_never_and_tells_which_poll_it_is() {
    let numbers = std::sync::Arc::new(Mutex::new(Vec::new()));
    let noted = std::sync::Arc::clone(&numbers);
    let script = [ScriptedPoll::AnswersLate(PollAnswer::Pending), ScriptedPoll::NeverAnswers];
    let issuer = ScriptedIssuer::new(Ok(device_authorization()), script)
        .on_poll(move |number| noted.lock().unwrap().push(number));
    let (server, code) = (ServerUrl::parse(SERVER).unwrap(), device_authorization().device_code().clone());
    let mut late = issuer.poll(&server, &code);
    assert!(look(&mut late).is_pending());
    assert!(matches!(look(&mut late), Poll::Ready(PollAnswer::Pending)));
    let mut never = issuer.poll(&server, &code);
    assert!(look(&mut never).is_pending() && look(&mut never).is_pending());
    assert_eq!(*numbers.lock().unwrap(), [1, 2]);
    assert_eq!(issuer.polls()[1].code, code);
    let again = runtime().block_on(issuer.begin(&server, &authorization_request()));
    assert!(again.is_ok() && issuer.beginnings()[0].request == authorization_request());
}

/// Looks once whether a future is done.
fn look<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// How a server meets the question who a token speaks for.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Named,
    NotAccepted,
    Refused,
    Unusable,
    Unanswered,
    Unreached,
}

/// A reader with the server that it meets.
trait ReaderUnderTest {
    fn meeting(reading: Reading) -> Self;
    fn reader(&self) -> &dyn PrincipalReader;
    fn server(&self) -> ServerUrl;
    fn token(&self) -> BearerToken;
    fn requests(&self) -> usize;
}

impl ReaderUnderTest for ScriptedPrincipalReader {
    fn meeting(reading: Reading) -> Self {
        let source = || "told to".into();
        Self::new([match reading {
            Reading::Named => {
                Ok(Principal { principal_type: "user".into(), subject: "somebody".into(), ..Principal::default() })
            }
            Reading::NotAccepted => Err(ReadError::NotAccepted { source: source() }),
            Reading::Refused => Err(ReadError::Refused { source: source() }),
            Reading::Unusable => Err(ReadError::Unusable { source: source() }),
            Reading::Unanswered => Err(ReadError::Unanswered { source: source() }),
            Reading::Unreached => return Self::new([]),
        }])
    }

    fn reader(&self) -> &dyn PrincipalReader {
        self
    }

    fn server(&self) -> ServerUrl {
        ServerUrl::parse(SERVER).unwrap()
    }

    fn token(&self) -> BearerToken {
        BearerToken::parse(session_token(1)).unwrap()
    }

    fn requests(&self) -> usize {
        self.calls().len()
    }
}

impl ReaderUnderTest for HttpUnderTest {
    fn meeting(reading: Reading) -> Self {
        let problem = |status| Script::answer(Answer::problem(status, SECRET, SECRET, SECRET));
        let script = match reading {
            Reading::Named => Script::answer(json(&format!(r#"{{"principal_type":"{SECRET}","subject":"somebody"}}"#))),
            Reading::NotAccepted => problem(401),
            Reading::Refused => problem(403),
            Reading::Unusable => problem(500),
            Reading::Unanswered => Script::hang_up(),
            Reading::Unreached => return Self::unreachable(),
        };
        Self::answering(Endpoint::Whoami, script)
    }

    fn reader(&self) -> &dyn PrincipalReader {
        &self.client
    }

    fn server(&self) -> ServerUrl {
        self.server.clone()
    }

    fn token(&self) -> BearerToken {
        BearerToken::parse(session_token(1)).unwrap()
    }

    fn requests(&self) -> usize {
        self.control_plane.requests().len()
    }
}

fn a_reader_keeps_its_promises<R: ReaderUnderTest>() {
    let runtime = runtime();
    for reading in [
        Reading::Named,
        Reading::NotAccepted,
        Reading::Refused,
        Reading::Unusable,
        Reading::Unanswered,
        Reading::Unreached,
    ] {
        let under_test = R::meeting(reading);
        let result = runtime.block_on(under_test.reader().read(&under_test.server(), &under_test.token()));
        let is_as_met = matches!(
            (&result, reading),
            (Ok(_), Reading::Named)
                | (Err(ReadError::NotAccepted { .. }), Reading::NotAccepted)
                | (Err(ReadError::Refused { .. }), Reading::Refused)
                | (Err(ReadError::Unusable { .. }), Reading::Unusable)
                | (Err(ReadError::Unanswered { .. }), Reading::Unanswered)
                | (Err(ReadError::Unreached { .. }), Reading::Unreached)
        );
        assert!(is_as_met, "{reading:?}: {result:?}");
        assert!(under_test.requests() <= 1, "{reading:?}");
        if let Err(error) = result {
            assert!(!shown(&error).contains(SECRET), "{reading:?}: {error:?}");
        }
    }
}

#[test]
fn the_scripted_principal_reader_keeps_the_promises_of_the_port() {
    a_reader_keeps_its_promises::<ScriptedPrincipalReader>();
}

#[test]
fn the_control_plane_client_keeps_the_promises_of_the_reader() {
    a_reader_keeps_its_promises::<HttpUnderTest>();
}

#[test]
fn the_scripted_principal_reader_may_be_silent() {
    let reader = ScriptedPrincipalReader::silent();
    let (server, token) = (ReaderUnderTest::server(&reader), ReaderUnderTest::token(&reader));
    let mut reading = reader.read(&server, &token);
    assert!(look(&mut reading).is_pending() && look(&mut reading).is_pending());
    assert_eq!((reader.calls()[0].server.clone(), reader.calls()[0].token.clone()), (server.clone(), token.clone()));
}
