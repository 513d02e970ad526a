//! What the tests of a login have in common: a world in which every step goes well.

mod instructions;
mod interruptions;
mod principal;
mod steps;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use mockall::Sequence;
use mockall::predicate::eq;

use super::*;
use crate::domain::bearer_token::BearerToken;
use crate::domain::device_authorization::AuthorizationFields;
use crate::domain::idp_binding::BindingAlias;
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::session::Session;
use crate::domain::timestamp::Timestamp;
use crate::domain::token::SessionToken;
use crate::ports::browser::MockBrowser;
use crate::ports::call_error::{CallError, ResponseFacts};
use crate::ports::credential_store::{Clearing, MockCredentialStore};
use crate::ports::login_outcome::{Replaced, ReplacedState, ReplacedToken};
use crate::ports::principal_reader::MockPrincipalReader;
use crate::ports::profile_reader::MockProfileReader;
use crate::ports::profile_writer::{MockProfileWriter, Saving};
use crate::ports::reporter::{MockReporter, ReportError};
use crate::ports::request_error::RequestError;
use crate::ports::store_error::StoreError;
use crate::ports::timer::AtRisk;
use crate::ports::token_issuer::{MockTokenIssuer, PollResponse};
use crate::ports::token_revoker::{MockTokenRevoker, Revocation};
use crate::testing::{
    InMemoryStore, ManualTimer, RecordingBrowser, RecordingReporter, ScriptedIssuer, ScriptedPoll,
    ScriptedPrincipalReader, ScriptedRevoker,
};
use crate::use_cases::server::ServerError;

pub(super) const SERVER: &str = "https://plexsphere.example";
pub(super) const DOMAIN: &str = "0192f0c1-0000-7000-8000-00000000000a";
pub(super) const OURS: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
pub(super) const OLD: &str = "0192f0c1-2345-7abc-8def-0123456789ac";

/// Everything that a login meets, as it is to be met.
pub(super) struct World {
    pub(super) store: Arc<InMemoryStore>,
    pub(super) issuer: ScriptedIssuer,
    pub(super) revoker: Box<dyn TokenRevoker>,
    pub(super) reader: ScriptedPrincipalReader,
    pub(super) browser: RecordingBrowser,
    pub(super) timer: Arc<ManualTimer>,
    pub(super) progress: RecordingReporter<LoginProgress>,
    pub(super) reporter: RecordingReporter<LoginOutcome>,
}

impl World {
    /// A first login, in which the polls bring these answers, and every later step goes well.
    pub(super) fn polled(answers: impl IntoIterator<Item = ScriptedPoll>) -> Self {
        Self {
            store: Arc::new(InMemoryStore::new()),
            issuer: ScriptedIssuer::new(Ok(authorization(SERVER)), answers),
            revoker: Box::new(ScriptedRevoker::new([Ok(Revocation::Revoked)])),
            reader: ScriptedPrincipalReader::new([Ok(principal(Some(DOMAIN)))]),
            browser: RecordingBrowser::new(),
            timer: Arc::new(ManualTimer::new(start())),
            progress: RecordingReporter::new(),
            reporter: RecordingReporter::new(),
        }
    }

    /// The same, and the first poll brings a session token.
    pub(super) fn approved() -> Self {
        Self::polled([issued(&session_token(OURS)).into()])
    }

    /// The same, into a profile that holds this.
    pub(super) fn replacing(server: Option<&str>, token: &str) -> Self {
        let store = InMemoryStore::new().with_profile(holding("dev", server, token));
        Self { store: Arc::new(store), ..Self::approved() }
    }

    pub(super) fn ports(&self) -> LoginPorts<'_> {
        LoginPorts {
            profiles: &*self.store,
            writer: &*self.store,
            store: &*self.store,
            issuer: &self.issuer,
            revoker: &*self.revoker,
            reader: &self.reader,
            browser: &self.browser,
            timer: &*self.timer,
        }
    }

    pub(super) fn log_in(&mut self) -> Result<LoginOutcome, LoginError> {
        self.log_in_as(&request())
    }

    fn log_in_as(&mut self, request: &LoginRequest) -> Result<LoginOutcome, LoginError> {
        let (mut progress, mut reporter) = (RecordingReporter::new(), RecordingReporter::new());
        std::mem::swap(&mut progress, &mut self.progress);
        std::mem::swap(&mut reporter, &mut self.reporter);
        let result = run(LoginUseCase::new(self.ports(), &mut progress, &mut reporter).execute(request));
        self.progress = progress;
        self.reporter = reporter;
        result
    }

    pub(super) fn held(&self, name: &str) -> Contents {
        let Profile { server, token, .. } = self.store.profile(&profile(name)).unwrap();
        (server, token)
    }

    fn expiry(&self) -> Option<Timestamp> {
        self.store.profile(&profile("dev")).unwrap().expires_at
    }

    /// Nothing was sent, and the store is empty.
    fn is_untouched(&self) -> bool {
        self.issuer.beginnings().is_empty() && self.store.profiles().is_empty() && self.progress.outcomes().is_empty()
    }
}

/// Drives a future whose ports never wait for anything but each other.
pub(super) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..1000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
    panic!("it waits for ever");
}

pub(super) fn start() -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_528_005))
}

pub(super) fn profile(name: &str) -> ProfileName {
    ProfileName::new(name).unwrap()
}

pub(super) fn session_token(id: &str) -> String {
    format!("psk_dev_{id}_s3cret")
}

pub(super) fn issued(token: &str) -> PollResponse {
    let token = BearerToken::parse(token).unwrap();
    PollResponse::Issued(IssuedToken { token, lifetime: Some(Duration::from_secs(3600)) })
}

pub(super) fn authorization(page_at: &str) -> DeviceAuthorization {
    let fields = AuthorizationFields {
        device_code: "d3vice".into(),
        user_code: "ABCD-EFGH".into(),
        verification_uri: format!("{page_at}/v1/device"),
        verification_uri_complete: Some(format!("{page_at}/v1/device?user_code=ABCD-EFGH")),
        expires_in: 600,
        interval: None,
    };
    DeviceAuthorization::parse(fields, &ServerUrl::parse(SERVER).unwrap()).unwrap()
}

pub(super) fn request() -> LoginRequest {
    LoginRequest {
        profile: profile("dev"),
        domain_id: Some(Identifier::parse(DOMAIN).unwrap()),
        idp_binding: None,
        server_flag: Some(SERVER.to_owned()),
        server_fallback: None,
        may_replace_other_origin: false,
    }
}

pub(super) fn holding(name: &str, server: Option<&str>, token: &str) -> Profile {
    let server = server.map(str::to_owned);
    Profile { server, token: ProfileToken::new(token), ..Profile::new(profile(name)) }
}

/// A server and a token, as a profile holds them.
pub(super) type Contents = (Option<String>, Option<ProfileToken>);

pub(super) fn contents(server: Option<&str>, token: &str) -> Contents {
    (server.map(str::to_owned), ProfileToken::new(token))
}

pub(super) fn principal(domain_id: Option<&str>) -> Principal {
    Principal {
        principal_type: "user".into(),
        subject: "somebody".into(),
        domain_id: domain_id.map(str::to_owned),
        ..Principal::default()
    }
}

pub(super) fn put_aside() -> String {
    format!("dev-replaced-{OLD}")
}

fn outcome(replaced: Option<Replaced>) -> LoginOutcome {
    LoginOutcome {
        profile: profile("dev"),
        server: ServerUrl::parse(SERVER).unwrap(),
        token_id: Some(SessionToken::parse(session_token(OURS)).unwrap().id()),
        expires_at: start().after(Duration::from_secs(5 + 3600)),
        principal: Ok(principal(Some(DOMAIN))),
        replaced,
    }
}

fn authorization_request() -> AuthorizationRequest {
    AuthorizationRequest { domain_id: Identifier::parse(DOMAIN).unwrap(), idp_binding: None }
}

pub(super) fn replaced(state: ReplacedState) -> Replaced {
    let token = ReplacedToken {
        id: Some(SessionToken::parse(session_token(OLD)).unwrap().id()),
        origin: Some(SERVER.to_owned()),
        kept_as: profile(&put_aside()),
    };
    Replaced { token, state }
}

pub(super) fn ours() -> TokenFacts {
    let outcome = outcome(None);
    TokenFacts { id: outcome.token_id, origin: SERVER.into(), expires_at: outcome.expires_at }
}

pub(super) fn stored_login(replaced: Option<ReplacedToken>) -> StoredLogin {
    StoredLogin { token: ours(), replaced }
}

/// What a failed login leaves, if that is a stored session, and why it failed.
pub(super) fn stored_and_cause(error: LoginError) -> (StoredLogin, LoginCause) {
    match *error.state {
        LoginState::Stored(stored) => (stored, *error.cause),
        state => panic!("{state:?} {:?}", error.cause),
    }
}

/// Why a login failed that leaves nothing.
fn cause_of_nothing(error: LoginError) -> LoginCause {
    assert!(matches!(*error.state, LoginState::Nothing { is_response_lost: false }), "{error:?}");
    *error.cause
}
