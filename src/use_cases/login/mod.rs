//! How a session begins: approved by the operator, stored in the profile, and only then the session that the profile
//! held before is ended.
//!
//! A token that may still be live is never forgotten. A login deals with three: the one that a poll brings, the one that
//! is stored, and the one that was stored before. So nothing is begun that could not be stored, a token that cannot be
//! stored is revoked, and a replaced one stays in a profile of its own until its server says that it is dead.

mod approval;
mod error;
mod poll;
mod replaced;
mod select;
mod store_token;
mod target;

use std::time::Duration;

pub use self::error::{LoginCause, LoginError, LoginState, NotRevoked, StoredLogin};
pub use self::poll::NotIssued;
#[cfg(all(fuzzing, feature = "adapters"))]
pub(crate) use self::poll::{PollEvent, PollStep, Polling, decide};
use self::select::{Either, select};
use self::store_token::StoredSession;
use self::target::{LoginTarget, choose_target};
use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::IdpBinding;
use crate::domain::issued_token::{IssuedToken, TokenFacts};
use crate::domain::new_session::NewSession;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::{ProfileName, Selection};
use crate::ports::browser::{Browser, BrowserSkipped};
use crate::ports::chain::chain;
use crate::ports::credential_store::CredentialStore;
use crate::ports::login_outcome::{Instructions, LoginOutcome, LoginProgress};
use crate::ports::principal_reader::{PrincipalReader, ReadError};
use crate::ports::profile_reader::{ProfileKey, ProfileReader};
use crate::ports::profile_writer::ProfileWriter;
use crate::ports::reporter::Reporter;
use crate::ports::timer::Timer;
use crate::ports::token_issuer::{AuthorizationRequest, BeginError, BindingChoice, TokenIssuer};
use crate::ports::token_revoker::TokenRevoker;

/// How long the server has to say who is logged in.
const WHOAMI_LIMIT: Duration = Duration::from_secs(10);

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRequest {
    /// The profile that is to hold the session.
    pub profile: ProfileName,
    /// The domain to log in to, if the operator named one. Else the profile may remember one.
    pub domain_id: Option<Identifier>,
    /// The identity provider binding, if the operator named one. Else the profile may remember one for the same domain.
    pub idp_binding: Option<IdpBinding>,
    /// The server that the operator named for this login.
    pub server_flag: Option<String>,
    /// The server for a profile that stores none, where the operator named none either.
    pub server_fallback: Option<String>,
    /// Whether the login may replace a session of another origin.
    pub may_replace_other_origin: bool,
}

/// What a login needs of the outside world.
#[derive(Clone, Copy)]
pub struct LoginPorts<'a> {
    /// Looks up what the profile holds.
    pub profiles: &'a dyn ProfileReader,
    /// Stores the session.
    pub writer: &'a dyn ProfileWriter,
    /// Clears the session that was replaced.
    pub store: &'a dyn CredentialStore,
    /// Issues the token.
    pub issuer: &'a dyn TokenIssuer,
    /// Revokes a token that cannot be stored, and the one that was replaced.
    pub revoker: &'a dyn TokenRevoker,
    /// Says who is logged in.
    pub reader: &'a dyn PrincipalReader,
    /// Shows the page on which the login is approved.
    pub browser: &'a dyn Browser,
    /// Tells the time, and whether the operator interrupted.
    pub timer: &'a dyn Timer,
}

/// Logs in to a server.
pub struct LoginUseCase<'a> {
    ports: LoginPorts<'a>,
    progress: &'a mut dyn Reporter<LoginProgress>,
    reporter: &'a mut dyn Reporter<LoginOutcome>,
}

impl<'a> LoginUseCase<'a> {
    /// Wires the use case to its ports.
    pub fn new(
        ports: LoginPorts<'a>,
        progress: &'a mut dyn Reporter<LoginProgress>,
        reporter: &'a mut dyn Reporter<LoginOutcome>,
    ) -> Self {
        Self { ports, progress, reporter }
    }

    /// Has a token issued and approved, stores it, asks who it speaks for, ends the session that it replaced, and
    /// reports.
    ///
    /// # Errors
    ///
    /// [`LoginError`], whose state says what the login leaves, and whose cause says why it failed.
    pub async fn execute(&mut self, request: &LoginRequest) -> Result<LoginOutcome, LoginError> {
        let (ports, profile) = (self.ports, &request.profile);
        let not_begun = |cause| LoginError::new(profile, None, LoginState::NOTHING, cause);
        let held = ports.profiles.look_up(&Selection::Named(profile.clone()));
        let held = held.map_err(|error| not_begun(LoginCause::Store(error)))?;
        let target = choose_target(held, request).map_err(|cause| not_begun(ports.locate(cause, profile)))?;
        let rehearsed = ports.writer.rehearse_save(&ports.new_session(&target, IssuedToken::placeholder()));
        rehearsed.map_err(|error| not_begun(LoginCause::Store(error)))?;

        let authorization = ports.begin(&target).await?;
        let arrived = ports.timer.now();
        self.instruct(&target.server, &authorization);
        let (issued, is_response_lost) = self.await_approval(&target, &authorization, arrived).await?;

        // The token is stored before anything is reported: a reader of the report could hold up the write.
        let session = ports.new_session(&target, issued);
        let stored = ports.store_or_revoke(&session).await;
        if is_response_lost {
            self.tell(&LoginProgress::ResponseLost);
        }
        let mut stored = stored?;
        let principal = ports.ask_who(&session, &stored, target.authorization.domain_id).await?;

        // If another program has put its old text back, the replaced token is in use again and must stay live.
        ports.confirm_stored(&session).await?;
        let replaced = ports.end_replaced(&session, &mut stored).await?;
        ports.confirm_stored(&session).await?;
        if let Some(error) = stored.take_durability_error(&session) {
            return Err(error);
        }
        let LoginTarget { profile, server, .. } = target;
        let TokenFacts { id: token_id, expires_at, .. } = session.facts();
        let outcome = LoginOutcome { profile, server, token_id, expires_at, principal, replaced };
        let reported = self.reporter.report(&outcome);
        reported.map_err(|error| stored.error(&session, LoginCause::Report(error)))?;
        Ok(outcome)
    }

    /// Tells the operator how to approve the login, and shows the page.
    fn instruct(&mut self, server: &ServerUrl, authorization: &DeviceAuthorization) {
        let page = authorization.page();
        let is_servers_own = page.is_at(server);
        if !is_servers_own {
            self.tell(&LoginProgress::PageElsewhere { page: page.origin(), server: server.origin() });
        }
        self.tell(&LoginProgress::Begun(Box::new(Instructions {
            server: server.clone(),
            user_code: authorization.user_code().to_owned(),
            page: page.clone(),
            complete_page: authorization.complete_page().cloned(),
            lifetime: authorization.lifetime(),
            interval: authorization.interval(),
        })));
        let browser = if is_servers_own {
            self.ports.browser.show(authorization.complete_page().unwrap_or(page))
        } else {
            Err(BrowserSkipped::OtherOrigin)
        };
        let page = authorization.complete_page().map(|_| page.clone());
        self.tell(&LoginProgress::Waiting { browser, page, lifetime: authorization.lifetime() });
    }

    /// Reports progress. A login continues if that fails.
    fn tell(&mut self, progress: &LoginProgress) {
        let _ = self.progress.report(progress);
    }
}

impl LoginPorts<'_> {
    fn new_session(&self, target: &LoginTarget, issued: IssuedToken) -> NewSession {
        let time = self.timer.wall_clock();
        NewSession {
            profile: target.profile.clone(),
            server: target.server.clone(),
            token: issued.token,
            expires_at: issued.lifetime.and_then(|lifetime| time.after(lifetime)),
            domain_id: target.authorization.domain_id,
            idp_binding: target.authorization.idp_binding.clone(),
            held_before: target.held.clone(),
            time,
        }
    }

    /// Adds where the store keeps a server that is unusable.
    fn locate(&self, cause: LoginCause, profile: &ProfileName) -> LoginCause {
        match cause {
            LoginCause::Server(error) => {
                LoginCause::Server(error.stored_at(|| self.profiles.place_of(profile, ProfileKey::Server)))
            }
            cause => cause,
        }
    }

    async fn begin(&self, target: &LoginTarget) -> Result<DeviceAuthorization, LoginError> {
        let begun = self.issuer.begin(&target.server, &target.authorization);
        match select(self.timer.interrupted(), begun).await {
            Either::First(()) => Err(target.error(false, LoginCause::Interrupted)),
            Either::Second(Ok(authorization)) => Ok(authorization),
            Either::Second(Err(error)) => {
                let bindings = self.bindings_for(&error, target).await;
                Err(target.error(false, LoginCause::Begin { error, bindings }))
            }
        }
    }

    /// Lists the bindings if the server may have refused the code because none was named.
    async fn bindings_for(&self, error: &BeginError, target: &LoginTarget) -> Vec<BindingChoice> {
        let AuthorizationRequest { domain_id, idp_binding } = &target.authorization;
        let is_problem = error.call_error().response().is_some_and(|response| response.is_problem);
        if idp_binding.is_some() || !is_problem || !matches!(error, BeginError::Rejected { .. }) {
            return Vec::new();
        }
        match select(self.timer.interrupted(), self.issuer.bindings(&target.server, *domain_id)).await {
            Either::First(()) => Vec::new(),
            Either::Second(bindings) => bindings,
        }
    }

    /// Asks who is logged in. Only the server's own no, or the name of another domain, speaks against the session.
    async fn ask_who(
        &self,
        session: &NewSession,
        stored: &StoredSession,
        domain_id: Identifier,
    ) -> Result<Result<Principal, String>, LoginError> {
        let reading = select(self.reader.read(&session.server, &session.token), self.timer.wait(WHOAMI_LIMIT));
        let read = match select(self.timer.interrupted(), reading).await {
            Either::First(()) => return Err(stored.error(session, LoginCause::Interrupted)),
            Either::Second(Either::First(read)) => read,
            Either::Second(Either::Second(())) => {
                return Ok(Err(format!("no answer within {} s", WHOAMI_LIMIT.as_secs())));
            }
        };
        match read {
            Ok(Principal { domain_id: Some(found), .. }) if !found.eq_ignore_ascii_case(&domain_id.to_string()) => {
                Err(stored.error(session, LoginCause::OtherDomain { asked_for: domain_id, found }))
            }
            Ok(principal) => Ok(Ok(principal)),
            Err(source @ (ReadError::NotAccepted { .. } | ReadError::Refused { .. })) => {
                Err(stored.error(session, LoginCause::NotAccepted(source)))
            }
            Err(source) => Ok(Err(chain(&source))),
        }
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};
    use std::time::UNIX_EPOCH;

    use async_trait::async_trait;
    use mockall::Sequence;
    use mockall::predicate::eq;

    use super::*;
    use crate::domain::answer_field::FieldValue;
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
    use crate::ports::store_error::StoreError;
    use crate::ports::timer::AtRisk;
    use crate::ports::token_issuer::{MockTokenIssuer, PollResponse};
    use crate::ports::token_revoker::{MockTokenRevoker, Revocation, RevokeError};
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
            self.issuer.beginnings().is_empty()
                && self.store.profiles().is_empty()
                && self.progress.outcomes().is_empty()
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
        let text = |text: String| Some(FieldValue::Text(text));
        let fields = AuthorizationFields {
            device_code: text("d3vice".into()),
            user_code: text("ABCD-EFGH".into()),
            verification_uri: text(format!("{page_at}/v1/device")),
            verification_uri_complete: text(format!("{page_at}/v1/device?user_code=ABCD-EFGH")),
            expires_in: Some(FieldValue::Integer(600)),
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

    #[test]
    fn steps_come_in_order() {
        let mut order = Sequence::new();
        let (mut profiles, mut writer, mut store) =
            (MockProfileReader::new(), MockProfileWriter::new(), MockCredentialStore::new());
        let mut issuer = MockTokenIssuer::new();
        let (mut revoker, mut reader, mut browser) =
            (MockTokenRevoker::new(), MockPrincipalReader::new(), MockBrowser::new());
        let (mut progress, mut reporter) = (MockReporter::new(), MockReporter::new());
        let timer = ManualTimer::new(start());
        let server = ServerUrl::parse(SERVER).unwrap();
        let before = holding("dev", Some(SERVER), &session_token(OLD));
        let aside = Session {
            profile: profile(&put_aside()),
            token: SessionToken::parse(session_token(OLD)).unwrap(),
            server: Some(SERVER.to_owned()),
        };
        let session = |token: &str, expires_after, time| NewSession {
            profile: profile("dev"),
            server: server.clone(),
            token: BearerToken::parse(token).unwrap(),
            expires_at: start().after(Duration::from_secs(expires_after)),
            domain_id: authorization_request().domain_id,
            idp_binding: None,
            held_before: Some(before.clone()),
            time: start().after(Duration::from_secs(time)).unwrap(),
        };

        let held = before.clone();
        profiles
            .expect_look_up()
            .once()
            .with(eq(Selection::Named(profile("dev"))))
            .in_sequence(&mut order)
            .return_once(|_| Ok(Some(held)));
        let rehearsed = session(BearerToken::placeholder().expose_secret(), 0, 0);
        writer.expect_rehearse_save().once().with(eq(rehearsed)).in_sequence(&mut order).returning(|_| Ok(()));
        issuer
            .expect_begin()
            .once()
            .with(eq(server.clone()), eq(authorization_request()))
            .in_sequence(&mut order)
            .returning(|_, _| Ok(authorization(SERVER)));
        let is_begun = |progress: &LoginProgress| matches!(progress, LoginProgress::Begun(_));
        progress.expect_report().once().withf(is_begun).in_sequence(&mut order).returning(|_| Ok(()));
        browser.expect_show().once().in_sequence(&mut order).returning(|_| Ok(()));
        let is_waiting = |progress: &LoginProgress| matches!(progress, LoginProgress::Waiting { .. });
        progress.expect_report().once().withf(is_waiting).in_sequence(&mut order).returning(|_| Ok(()));
        issuer
            .expect_poll()
            .once()
            .with(eq(server.clone()), eq(authorization(SERVER).device_code().clone()))
            .in_sequence(&mut order)
            .returning(|_, _| issued(&session_token(OURS)));
        let saved = session(&session_token(OURS), 5 + 3600, 5);
        let replaced_profile = Profile::from(aside.clone());
        writer
            .expect_save()
            .once()
            .with(eq(saved))
            .in_sequence(&mut order)
            .return_once(|_| Ok(Saving::Saved { replaced: Some(replaced_profile), not_durable: None }));
        reader
            .expect_read()
            .once()
            .with(eq(server.clone()), eq(BearerToken::parse(session_token(OURS)).unwrap()))
            .in_sequence(&mut order)
            .returning(|_, _| Ok(principal(Some(DOMAIN))));
        let look_again = |profiles: &mut MockProfileReader, order: &mut Sequence| {
            let held = holding("dev", Some(SERVER), &session_token(OURS));
            profiles.expect_look_up().once().in_sequence(order).return_once(|_| Ok(Some(held)));
        };
        look_again(&mut profiles, &mut order);
        revoker
            .expect_revoke()
            .once()
            .with(eq(server.clone()), eq(aside.token.clone()))
            .in_sequence(&mut order)
            .returning(|_, _| Ok(Revocation::Revoked));
        store.expect_clear().once().with(eq(aside)).in_sequence(&mut order).returning(|_| Ok(Clearing::Cleared));
        look_again(&mut profiles, &mut order);
        let told = outcome(Some(replaced(ReplacedState::Revoked)));
        reporter.expect_report().once().with(eq(told.clone())).in_sequence(&mut order).returning(|_| Ok(()));

        let ports = LoginPorts {
            profiles: &profiles,
            writer: &writer,
            store: &store,
            issuer: &issuer,
            revoker: &revoker,
            reader: &reader,
            browser: &browser,
            timer: &timer,
        };
        assert_eq!(run(LoginUseCase::new(ports, &mut progress, &mut reporter).execute(&request())).unwrap(), told);
    }

    #[test]
    fn a_first_login_stores_its_session_and_sends_nothing_else() {
        let mut world = World::approved();
        assert_eq!(world.log_in().unwrap(), outcome(None));
        assert_eq!(world.reporter.outcomes(), [outcome(None)]);
        assert_eq!(world.held("dev"), contents(Some(SERVER), &session_token(OURS)));
        assert_eq!(world.expiry(), outcome(None).expires_at);
        assert_eq!(world.store.pointer(), Some(profile("dev")));
        assert_eq!(
            (world.issuer.beginnings().len(), world.issuer.polls().len(), world.reader.calls().len()),
            (1, 1, 1)
        );
    }

    #[test]
    fn a_replaced_session_is_ended_and_nothing_of_it_stays() {
        for (revocation, state) in
            [(Revocation::Revoked, ReplacedState::Revoked), (Revocation::AlreadyGone, ReplacedState::Gone)]
        {
            let mut world = World::replacing(Some(SERVER), &session_token(OLD));
            world.revoker = Box::new(ScriptedRevoker::new([Ok(revocation)]));
            assert_eq!(world.log_in().unwrap(), outcome(Some(replaced(state))));
            assert_eq!(world.store.profiles(), ["dev"]);
        }
    }

    #[test]
    fn keeps_a_replaced_token_that_may_be_live() {
        let cases = [
            (Some(SERVER), session_token(OLD), "the script has no more answers"),
            (None, session_token(OLD), "the profile stores no server"),
            (Some("ftp://h"), session_token(OLD), "the stored server is not a valid URL"),
            (Some(SERVER), "eyJhbGciOiJFZERTQSJ9.e30.c2ln".to_owned(), "cannot log out"),
        ];
        for (server, token, words) in cases {
            let mut world = World::replacing(server, &token);
            world.revoker = Box::new(ScriptedRevoker::new([]));
            let Replaced { token: aside, state } = world.log_in().unwrap().replaced.unwrap();
            let ReplacedState::Kept { cause } = state else { panic!("{state:?}") };
            assert!(cause.contains(words), "{cause}");
            assert_eq!(world.held(aside.kept_as.as_str()), contents(server, &token));
            assert_eq!(world.held("dev"), contents(Some(SERVER), &session_token(OURS)));
            let has_id = token.starts_with("psk_");
            assert_eq!((aside.id.is_some(), aside.origin.is_some()), (has_id, server == Some(SERVER)));
            let name = if has_id { put_aside() } else { "dev-replaced-20261124T134650Z".to_owned() };
            assert_eq!(aside.kept_as.as_str(), name);
        }
    }

    #[test]
    fn a_replaced_token_that_is_dead_but_still_stored_is_told_as_such() {
        for ended in [Revocation::Revoked, Revocation::AlreadyGone] {
            let mut world = World::replacing(Some(SERVER), &session_token(OLD));
            world.revoker = Box::new(ScriptedRevoker::new([Ok(ended)]));
            world.store.fail_next_clear(StoreError::NotCleared { place: "memory".into(), source: "full".into() });
            let state = world.log_in().unwrap().replaced.unwrap().state;
            assert!(matches!(state, ReplacedState::NotCleared { revocation, .. } if revocation == ended), "{state:?}");
        }
    }

    #[test]
    fn the_same_token_once_more_is_no_replacement() {
        let mut world = World::replacing(Some(SERVER), &session_token(OURS));
        assert_eq!(world.log_in().unwrap(), outcome(None));
        assert_eq!(world.store.profiles(), ["dev"]);
    }

    #[test]
    fn a_token_without_an_id_is_stored_all_the_same() {
        let mut world = World::polled([issued("eyJhbGciOiJFZERTQSJ9.e30.c2ln").into()]);
        let told = world.log_in().unwrap();
        assert_eq!(told, LoginOutcome { token_id: None, ..outcome(None) });
        assert_eq!(world.held("dev"), contents(Some(SERVER), "eyJhbGciOiJFZERTQSJ9.e30.c2ln"));
    }

    #[test]
    fn an_expiry_that_is_not_known_or_not_to_be_written_is_none() {
        for lifetime in [None, Some(Duration::from_secs(i64::MAX.unsigned_abs()))] {
            let token = BearerToken::parse(session_token(OURS)).unwrap();
            let mut world = World::polled([PollResponse::Issued(IssuedToken { token, lifetime }).into()]);
            assert_eq!(world.log_in().unwrap().expires_at, None);
            assert_eq!(world.expiry(), None);
        }
    }

    #[test]
    fn a_store_that_cannot_be_used_or_written_begins_nothing() {
        let exposed = || StoreError::Exposed { place: "memory".into(), source: "open".into() };
        let unusable = || StoreError::Unusable { place: "memory".into(), source: "junk".into() };
        let unstorable = || StoreError::NotStorable { place: "memory".into(), source: "full".into() };
        for (look_up, rehearsal) in [(Some(exposed()), None), (Some(unusable()), None), (None, Some(unstorable()))] {
            let mut world = World::approved();
            if let Some(error) = look_up {
                world.store.fail_next_look_up(error);
            }
            if let Some(error) = rehearsal {
                world.store.fail_next_save_rehearsal(error);
            }
            let cause = cause_of_nothing(world.log_in().unwrap_err());
            assert!(matches!(cause, LoginCause::Store(_)), "{cause:?}");
            assert!(world.is_untouched());
        }
    }

    #[test]
    fn begins_nothing_without_a_valid_server() {
        let mut world = World::approved();
        let request = LoginRequest { server_flag: None, ..request() };
        let cause = cause_of_nothing(world.log_in_as(&request).unwrap_err());
        assert!(matches!(cause, LoginCause::Missing { needs_domain: false, needs_server: true }), "{cause:?}");
        let request = LoginRequest { server_flag: Some("ftp://h".to_owned()), ..request };
        let cause = cause_of_nothing(world.log_in_as(&request).unwrap_err());
        assert!(matches!(cause, LoginCause::Server(ServerError::Unusable { place: None, .. })), "{cause:?}");
        assert!(world.is_untouched());

        let mut world = World::replacing(Some("ftp://h"), &session_token(OLD));
        let request = LoginRequest { server_flag: None, ..request };
        match cause_of_nothing(world.log_in_as(&request).unwrap_err()) {
            LoginCause::Server(ServerError::Unusable { place: Some(place), .. }) => assert_eq!(place, "memory"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_login_that_the_server_does_not_begin_changes_nothing() {
        let source = || "said".into();
        let errors = [
            BeginError::Rejected { source: source() },
            BeginError::Refused { source: source() },
            BeginError::Unconfirmed { source: source() },
            BeginError::Unusable { source: source() },
            BeginError::Unanswered { source: source() },
            BeginError::Unreached { source: source() },
        ];
        for error in errors {
            let expected = error.to_string();
            let mut world = World { issuer: ScriptedIssuer::new(Err(error), []), ..World::approved() };
            let error = world.log_in().unwrap_err();
            assert_eq!(error.server.as_deref().map(ServerUrl::as_given), Some(SERVER));
            match cause_of_nothing(error) {
                LoginCause::Begin { error, bindings } => {
                    assert_eq!((error.to_string(), bindings.len()), (expected, 0));
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(world.issuer.listings(), 0);
            assert!(world.store.profiles().is_empty() && world.progress.outcomes().is_empty());
        }
    }

    #[test]
    fn lists_bindings_if_a_code_is_refused_without_one() {
        let response = |is_problem| ResponseFacts { is_problem, ..ResponseFacts::default() };
        let rejected =
            |is_problem| BeginError::Rejected { source: CallError::from("no").with_response(response(is_problem)) };
        let refused = || BeginError::Refused { source: CallError::from("no").with_response(response(true)) };
        let binding = || IdpBinding::Alias(BindingAlias::parse("google").unwrap());
        let choice =
            BindingChoice { binding: binding(), label: "Google".into(), issuer_host: "accounts.google.com".into() };
        for (error, named, is_listed) in [
            (rejected(true), None, true),
            (rejected(false), None, false),
            (refused(), None, false),
            (rejected(true), Some(binding()), false),
        ] {
            let issuer = ScriptedIssuer::new(Err(error), []).with_bindings(vec![choice.clone()]);
            let mut world = World { issuer, ..World::approved() };
            let request = LoginRequest { idp_binding: named, ..request() };
            match cause_of_nothing(world.log_in_as(&request).unwrap_err()) {
                LoginCause::Begin { bindings, .. } => assert_eq!(bindings.len(), usize::from(is_listed)),
                other => panic!("{other:?}"),
            }
            assert_eq!(world.issuer.listings(), usize::from(is_listed));
        }
    }

    #[test]
    fn the_next_login_needs_neither_domain_nor_binding() {
        let binding = IdpBinding::Alias(BindingAlias::parse("google").unwrap());
        let store = {
            let mut world = World::approved();
            world.log_in_as(&LoginRequest { idp_binding: Some(binding.clone()), ..request() }).unwrap();
            world.store
        };
        let mut world = World { store, ..World::approved() };
        let request = LoginRequest { domain_id: None, server_flag: None, ..request() };
        world.log_in_as(&request).unwrap();
        let expected = AuthorizationRequest { idp_binding: Some(binding), ..authorization_request() };
        assert_eq!(world.issuer.beginnings()[0].request, expected);
    }

    #[test]
    fn the_operator_is_told_what_to_do_and_the_complete_page_is_shown() {
        let mut world = World::approved();
        world.log_in().unwrap();
        let codes = authorization(SERVER);
        let instructions = Instructions {
            server: ServerUrl::parse(SERVER).unwrap(),
            user_code: "ABCD-EFGH".into(),
            page: codes.page().clone(),
            complete_page: codes.complete_page().cloned(),
            lifetime: Duration::from_secs(600),
            interval: Duration::from_secs(5),
        };
        let page = Some(codes.page().clone());
        let waiting = LoginProgress::Waiting { browser: Ok(()), page, lifetime: Duration::from_secs(600) };
        assert_eq!(world.progress.outcomes(), [LoginProgress::Begun(Box::new(instructions)), waiting]);
        assert_eq!(world.browser.pages(), [codes.complete_page().unwrap().clone()]);
    }

    #[test]
    fn a_page_that_is_not_shown_is_told_and_no_failure() {
        let mut world = World { browser: RecordingBrowser::declining(BrowserSkipped::SshSession), ..World::approved() };
        world.log_in().unwrap();
        let page = Some(authorization(SERVER).page().clone());
        let waiting = LoginProgress::Waiting {
            browser: Err(BrowserSkipped::SshSession),
            page,
            lifetime: Duration::from_secs(600),
        };
        assert_eq!(world.progress.outcomes()[1], waiting);
    }

    #[test]
    fn a_page_elsewhere_is_warned_of_before_everything_else_and_not_shown() {
        let issuer =
            ScriptedIssuer::new(Ok(authorization("https://evil.example")), [issued(&session_token(OURS)).into()]);
        let mut world = World { issuer, ..World::approved() };
        world.log_in().unwrap();
        let page = Some(authorization("https://evil.example").page().clone());
        let warning = LoginProgress::PageElsewhere { page: "https://evil.example".into(), server: SERVER.into() };
        let waiting = LoginProgress::Waiting {
            browser: Err(BrowserSkipped::OtherOrigin),
            page,
            lifetime: Duration::from_secs(600),
        };
        let told = world.progress.outcomes();
        assert_eq!((&told[0], &told[2], told.len()), (&warning, &waiting, 3));
        assert!(matches!(told[1], LoginProgress::Begun(_)) && world.browser.pages().is_empty());
    }

    #[test]
    fn without_a_complete_page_the_plain_one_is_shown() {
        let text = |text: &str| Some(FieldValue::Text(text.to_owned()));
        let fields = AuthorizationFields {
            device_code: text("d3vice"),
            user_code: text("ABCD-EFGH"),
            verification_uri: text("https://plexsphere.example/v1/device"),
            expires_in: Some(FieldValue::Integer(600)),
            ..AuthorizationFields::default()
        };
        let codes = DeviceAuthorization::parse(fields, &ServerUrl::parse(SERVER).unwrap()).unwrap();
        let issuer = ScriptedIssuer::new(Ok(codes), [issued(&session_token(OURS)).into()]);
        let mut world = World { issuer, ..World::approved() };
        world.log_in().unwrap();
        assert_eq!(world.browser.pages(), [authorization(SERVER).page().clone()]);
    }

    #[test]
    fn what_cannot_be_told_meanwhile_ends_no_login() {
        let mut world = World::approved();
        world.progress.fail_next(ReportError { source: "closed".into() });
        assert_eq!(world.log_in().unwrap(), outcome(None));
    }

    #[test]
    fn a_server_that_does_not_say_who_is_logged_in_is_told_and_no_failure() {
        let source = || "said".into();
        for error in [
            ReadError::Unusable { source: source() },
            ReadError::Unanswered { source: source() },
            ReadError::Unreached { source: source() },
        ] {
            let words = chain(&error);
            let mut world = World::replacing(Some(SERVER), &session_token(OLD));
            world.reader = ScriptedPrincipalReader::new([Err(error)]);
            let outcome = world.log_in().unwrap();
            assert_eq!(outcome.principal.unwrap_err(), words);
            assert_eq!(outcome.replaced.unwrap().state, ReplacedState::Revoked);
        }
    }

    #[test]
    fn the_server_has_ten_seconds_to_say_who_is_logged_in() {
        let mut world = World { reader: ScriptedPrincipalReader::silent(), ..World::approved() };
        assert_eq!(world.log_in().unwrap().principal.unwrap_err(), "no answer within 10 s");
        assert_eq!(world.timer.waits(), [Duration::from_secs(5), Duration::from_secs(10)]);
    }

    #[test]
    fn a_session_that_the_server_does_not_accept_ends_nothing() {
        let source = || "said".into();
        for (error, is_accepted) in
            [(ReadError::NotAccepted { source: source() }, false), (ReadError::Refused { source: source() }, true)]
        {
            let mut world = World::replacing(Some(SERVER), &session_token(OLD));
            world.revoker = Box::new(MockTokenRevoker::new());
            world.reader = ScriptedPrincipalReader::new([Err(error)]);
            match stored_and_cause(world.log_in().unwrap_err()) {
                (stored, LoginCause::NotAccepted(source)) => {
                    assert_eq!(stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
                    assert_eq!(matches!(source, ReadError::Refused { .. }), is_accepted);
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(world.held("dev"), contents(Some(SERVER), &session_token(OURS)));
            assert_eq!(world.held(&put_aside()), contents(Some(SERVER), &session_token(OLD)));
        }
    }

    #[test]
    fn a_session_of_another_domain_ends_nothing() {
        for found in [OURS, "nonsense", ""] {
            let mut world = World::replacing(Some(SERVER), &session_token(OLD));
            world.revoker = Box::new(MockTokenRevoker::new());
            world.reader = ScriptedPrincipalReader::new([Ok(principal(Some(found)))]);
            match stored_and_cause(world.log_in().unwrap_err()) {
                (stored, LoginCause::OtherDomain { asked_for, found: named }) => {
                    assert_eq!(stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
                    assert_eq!((asked_for.to_string().as_str(), named.as_str()), (DOMAIN, found));
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(world.store.profiles(), ["dev".to_owned(), put_aside()]);
        }
    }

    #[test]
    fn no_domain_and_the_same_domain_in_another_case_are_no_other_domain() {
        for found in [None, Some(DOMAIN.to_uppercase())] {
            let mut world = World::approved();
            world.reader = ScriptedPrincipalReader::new([Ok(principal(found.as_deref()))]);
            assert_eq!(world.log_in().unwrap().principal.unwrap().domain_id, found);
        }
    }

    #[test]
    fn a_failed_report_comes_after_everything_is_done() {
        let mut world = World::replacing(Some(SERVER), &session_token(OLD));
        world.reporter.fail_next(ReportError { source: "full".into() });
        let (stored, cause) = stored_and_cause(world.log_in().unwrap_err());
        assert!(matches!(cause, LoginCause::Report(_)), "{cause:?}");
        assert_eq!(stored, stored_login(None));
        assert_eq!(world.store.profiles(), ["dev"]);
    }

    #[test]
    fn an_interruption_before_the_codes_arrive_ends_the_login_without_a_request() {
        let mut world = World::approved();
        world.timer.interrupt();
        let cause = cause_of_nothing(world.log_in().unwrap_err());
        assert!(matches!(cause, LoginCause::Interrupted), "{cause:?}");
        assert!(world.is_untouched());
    }

    #[test]
    fn an_interruption_while_the_server_is_asked_who_is_logged_in_tells_what_is_stored() {
        let mut world = World::replacing(Some(SERVER), &session_token(OLD));
        world.reader = ScriptedPrincipalReader::silent();
        world.revoker = Box::new(MockTokenRevoker::new());
        world.timer.interrupt_at(Duration::from_secs(9));
        match stored_and_cause(world.log_in().unwrap_err()) {
            (stored, LoginCause::Interrupted) => {
                assert_eq!(stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.timer.now(), Duration::from_secs(9));
        assert_eq!(world.store.profiles(), ["dev".to_owned(), put_aside()]);
    }

    /// Interrupts as soon as it is to revoke something, and never answers.
    struct InterruptedRevoker(Arc<ManualTimer>);

    #[async_trait]
    impl TokenRevoker for InterruptedRevoker {
        async fn revoke(&self, _: &ServerUrl, _: &SessionToken) -> Result<Revocation, RevokeError> {
            self.0.interrupt();
            std::future::pending().await
        }
    }

    #[test]
    fn an_interruption_while_the_replaced_session_is_ended_keeps_it() {
        let mut world = World::replacing(Some(SERVER), &session_token(OLD));
        world.revoker = Box::new(InterruptedRevoker(Arc::clone(&world.timer)));
        let (stored, cause) = stored_and_cause(world.log_in().unwrap_err());
        assert!(matches!(cause, LoginCause::Interrupted), "{cause:?}");
        assert_eq!(stored.replaced.unwrap(), replaced(ReplacedState::Gone).token);
        assert_eq!(world.held(&put_aside()), contents(Some(SERVER), &session_token(OLD)));
        assert_eq!(world.timer.risks().last(), Some(&AtRisk::Nothing));
    }

    #[test]
    fn the_future_can_be_spawned() {
        fn is_send<T: Send>(_: &T) {}
        let world = World::approved();
        let (mut progress, mut reporter) = (RecordingReporter::new(), RecordingReporter::new());
        let request = request();
        is_send(&LoginUseCase::new(world.ports(), &mut progress, &mut reporter).execute(&request));
    }
}
