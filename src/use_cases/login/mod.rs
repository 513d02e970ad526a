//! How a session begins: approved by the operator, stored in the profile, and only then is the session that the profile
//! held before ended.
//!
//! A token that may still be live is never forgotten. Three are in the hands of a login: the one that a poll brings, the
//! one that is stored, and the one that was stored before. So nothing is begun that could not be stored, a token that
//! cannot be stored is revoked, and a replaced one waits in a profile of its own until its server says that it is dead.

mod approval;
mod error;
mod poll;
mod select;
mod server;
mod store_token;

use std::time::Duration;

use thiserror::Error;

pub use self::error::{Interruption, LoginError, NotKept, NotRevoked, StoredLogin};
pub use self::poll::NotIssued;
#[cfg(all(fuzzing, feature = "adapters"))]
pub(crate) use self::poll::{PollEvent, PollStep, Polling, decide};
use self::select::{Either, select};
use super::logout::{LogoutError, LogoutRequest, LogoutUseCase};
use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::IdpBinding;
use crate::domain::issued_token::IssuedToken;
use crate::domain::new_session::NewSession;
use crate::domain::principal::Principal;
use crate::domain::profile::Profile;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::{ProfileName, Selection};
use crate::ports::browser::{Browser, BrowserSkipped};
use crate::ports::chain::chain;
use crate::ports::credential_store::CredentialStore;
use crate::ports::login_outcome::{Instructions, LoginOutcome, LoginProgress, Replaced, ReplacedState};
use crate::ports::principal_reader::{PrincipalReader, ReadError};
use crate::ports::profile_reader::ProfileReader;
use crate::ports::profile_writer::ProfileWriter;
use crate::ports::reporter::{LogoutOutcome, Reporter};
use crate::ports::timer::Timer;
use crate::ports::token_issuer::{AuthorizationRequest, TokenIssuer};
use crate::ports::token_revoker::{Revocation, TokenRevoker};

/// How long the server has to say who is logged in.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRequest {
    /// The profile that is to hold the session.
    pub profile: ProfileName,
    /// Who is asked to approve.
    pub authorization: AuthorizationRequest,
    /// The server that the operator named for this login.
    pub server_flag: Option<String>,
    /// The server for a profile that stores none, where the operator named none either.
    pub server_fallback: Option<String>,
    /// Whether the profile may hold a session of another origin, which then makes room.
    pub may_replace_other_origin: bool,
}

/// What a login needs of the outside world.
#[derive(Clone, Copy)]
pub struct LoginPorts<'a> {
    /// Looks up what the profile holds.
    pub profiles: &'a dyn ProfileReader,
    /// Stores the session.
    pub writer: &'a dyn ProfileWriter,
    /// Finds and clears the session that was replaced.
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
    /// Any variant of [`LoginError`], which says what state it leaves: up to [`LoginError::NotIssued`] no token has
    /// arrived; from [`LoginError::NotDurable`] to [`LoginError::Report`] the session is stored; an
    /// [`Interruption`] says it by itself.
    pub async fn execute(&mut self, request: &LoginRequest) -> Result<LoginOutcome, LoginError> {
        let ports = self.ports;
        let selection = Selection::Named(request.profile.clone());
        let held = ports.profiles.look_up(&selection).map_err(LoginError::NotBegun)?;
        let server = server::to_log_in_to(held.as_ref(), request)?;
        let rehearsed = ports.new_session(request, &server, held.as_ref(), IssuedToken::placeholder());
        ports.writer.rehearse_save(&rehearsed).map_err(LoginError::NotBegun)?;

        let authorization = ports.begin(&server, request).await?;
        let arrived = ports.timer.now();
        self.instruct(&server, &authorization);
        let (issued, is_response_lost) = self.await_approval(&server, &authorization, arrived).await?;

        // Whatever there is to tell comes after the token has a home: a reader of it may keep the write waiting.
        let session = ports.new_session(request, &server, held.as_ref(), issued);
        let stored = ports.store_or_revoke(&session).await;
        if is_response_lost {
            self.tell(&LoginProgress::ResponseLost);
        }
        let stored = stored?;
        let principal = ports.ask_who(&session, &stored, request).await?;

        // Only now: the session is stored for good, and its server did not turn it down.
        let replaced = ports.end_replaced(&stored).await?;
        let token_id = stored.token.id;
        let expires_at = stored.token.expires_at;
        let outcome = LoginOutcome { profile: stored.profile, server, token_id, expires_at, principal, replaced };
        self.reporter.report(&outcome).map_err(LoginError::Report)?;
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
        self.tell(&LoginProgress::Waiting { browser, lifetime: authorization.lifetime() });
    }

    /// Tells the operator something that is no result, if that is possible.
    fn tell(&mut self, progress: &LoginProgress) {
        let _ = self.progress.report(progress);
    }
}

impl LoginPorts<'_> {
    fn new_session(
        &self,
        request: &LoginRequest,
        server: &ServerUrl,
        held_before: Option<&Profile>,
        issued: IssuedToken,
    ) -> NewSession {
        let time = self.timer.wall_clock();
        NewSession {
            profile: request.profile.clone(),
            server: server.clone(),
            token: issued.token,
            expires_at: issued.lifetime.and_then(|lifetime| time.after(lifetime)),
            domain_id: request.authorization.domain_id,
            idp_binding: Some(IdpBinding::Id(request.authorization.idp_binding_id)),
            held_before: held_before.cloned(),
            time,
        }
    }

    async fn begin(&self, server: &ServerUrl, request: &LoginRequest) -> Result<DeviceAuthorization, LoginError> {
        match select(self.timer.interrupted(), self.issuer.begin(server, &request.authorization)).await {
            Either::First(()) => Err(Interruption::NotIssued { is_response_lost: false }.into()),
            Either::Second(begun) => begun.map_err(|source| LoginError::Begin { origin: server.origin(), source }),
        }
    }

    /// Asks who is logged in. Only the server's own no, or the name of another domain, speaks against the session.
    async fn ask_who(
        &self,
        session: &NewSession,
        stored: &StoredLogin,
        request: &LoginRequest,
    ) -> Result<Result<Principal, String>, LoginError> {
        let reading = select(self.reader.read(&session.server, &session.token), self.timer.wait(READ_TIMEOUT));
        let read = match select(self.timer.interrupted(), reading).await {
            Either::First(()) => return Err(Interruption::Stored(Box::new(stored.clone())).into()),
            Either::Second(Either::First(read)) => read,
            Either::Second(Either::Second(())) => return Ok(Err(NoAnswerInTime.to_string())),
        };
        match read {
            Ok(principal) => in_domain(principal, stored, request.authorization.domain_id).map(Ok),
            Err(source @ (ReadError::NotAccepted { .. } | ReadError::Refused { .. })) => {
                Err(LoginError::NotAccepted { stored: Box::new(stored.clone()), source })
            }
            Err(source) => Ok(Err(chain(&source))),
        }
    }

    /// Ends the session that was replaced as a logout of the profile that it was put into would.
    async fn end_replaced(&self, stored: &StoredLogin) -> Result<Option<Replaced>, Interruption> {
        let Some(token) = stored.replaced.clone() else { return Ok(None) };
        let selection = Selection::Named(token.kept_as.clone());
        let request = LogoutRequest { selection, server_flag: None, server_fallback: None };
        match select(self.timer.interrupted(), LogoutUseCase::end(self.store, self.revoker, &request)).await {
            Either::First(()) => Err(Interruption::Stored(Box::new(stored.clone()))),
            Either::Second(ended) => Ok(Some(Replaced { token, state: replaced_state(ended) })),
        }
    }
}

fn in_domain(principal: Principal, stored: &StoredLogin, asked_for: Identifier) -> Result<Principal, LoginError> {
    match &principal.domain_id {
        Some(found) if !found.eq_ignore_ascii_case(&asked_for.to_string()) => {
            Err(LoginError::OtherDomain { stored: Box::new(stored.clone()), asked_for, found: found.clone() })
        }
        _ => Ok(principal),
    }
}

fn replaced_state(ended: Result<LogoutOutcome, LogoutError>) -> ReplacedState {
    match ended {
        Ok(LogoutOutcome::LoggedOut { revocation: Revocation::Revoked, .. }) => ReplacedState::Revoked,
        Ok(LogoutOutcome::LoggedOut { revocation: Revocation::AlreadyGone, .. } | LogoutOutcome::NoSession) => {
            ReplacedState::Gone
        }
        // That the token lives or is dead, and where it is kept, is what the state says.
        Err(LogoutError::Clear { revocation, source, .. }) => {
            ReplacedState::NotCleared { revocation, cause: chain(&source) }
        }
        Err(LogoutError::Revoke { source, .. }) => ReplacedState::Kept { cause: chain(&source) },
        Err(error) => ReplacedState::Kept { cause: chain(&error) },
    }
}

/// The server took too long to say who is logged in.
#[derive(Debug, Error)]
#[error("no answer within {} s", READ_TIMEOUT.as_secs())]
struct NoAnswerInTime;

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
    use crate::domain::issued_token::TokenFacts;
    use crate::domain::profile::ProfileToken;
    use crate::domain::session::Session;
    use crate::domain::timestamp::Timestamp;
    use crate::domain::token::SessionToken;
    use crate::ports::browser::MockBrowser;
    use crate::ports::credential_store::{Clearing, MockCredentialStore};
    use crate::ports::login_outcome::ReplacedToken;
    use crate::ports::principal_reader::MockPrincipalReader;
    use crate::ports::profile_reader::MockProfileReader;
    use crate::ports::profile_writer::{MockProfileWriter, Saving};
    use crate::ports::reporter::{MockReporter, ReportError};
    use crate::ports::store_error::StoreError;
    use crate::ports::timer::AtRisk;
    use crate::ports::token_issuer::{BeginError, MockTokenIssuer, PollResponse};
    use crate::ports::token_revoker::{MockTokenRevoker, RevokeError};
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
            authorization: AuthorizationRequest {
                domain_id: Identifier::parse(DOMAIN).unwrap(),
                idp_binding_id: Identifier::parse(OLD).unwrap(),
            },
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

    fn principal(domain_id: Option<&str>) -> Principal {
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

    pub(super) fn replaced(state: ReplacedState) -> Replaced {
        let token = ReplacedToken {
            id: Some(SessionToken::parse(session_token(OLD)).unwrap().id()),
            origin: Some(SERVER.to_owned()),
            kept_as: profile(&put_aside()),
        };
        Replaced { token, state }
    }

    pub(super) fn stored_login(replaced: Option<ReplacedToken>) -> StoredLogin {
        let outcome = outcome(None);
        let token = TokenFacts { id: outcome.token_id, origin: SERVER.into(), expires_at: outcome.expires_at };
        StoredLogin { profile: outcome.profile, token, replaced }
    }

    #[test]
    fn a_login_takes_its_steps_in_this_order() {
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
            domain_id: Identifier::parse(DOMAIN).unwrap(),
            idp_binding: Some(IdpBinding::Id(Identifier::parse(OLD).unwrap())),
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
            .with(eq(server.clone()), eq(request().authorization))
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
        let found = aside.clone();
        store
            .expect_find()
            .once()
            .with(eq(Selection::Named(profile(&put_aside()))))
            .in_sequence(&mut order)
            .return_once(|_| Ok(Some(found)));
        store.expect_rehearse_clear().once().with(eq(aside.clone())).in_sequence(&mut order).returning(|_| Ok(()));
        revoker
            .expect_revoke()
            .once()
            .with(eq(server.clone()), eq(aside.token.clone()))
            .in_sequence(&mut order)
            .returning(|_, _| Ok(Revocation::Revoked));
        store.expect_clear().once().with(eq(aside)).in_sequence(&mut order).returning(|_| Ok(Clearing::Cleared));
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
    fn a_replaced_token_that_is_not_known_to_be_dead_is_kept_and_told_with_the_cause() {
        let no_route = || -> Box<dyn TokenRevoker> { Box::new(ScriptedRevoker::new([])) };
        let cases = [
            (Some(SERVER), session_token(OLD), "the script has no more answers"),
            (None, session_token(OLD), "the profile stores no server"),
            (Some("ftp://h"), session_token(OLD), "the stored server is not a valid URL"),
            (Some(SERVER), "eyJhbGciOiJFZERTQSJ9.e30.c2ln".to_owned(), "cannot log out"),
        ];
        for (server, token, words) in cases {
            let mut world = World::replacing(server, &token);
            world.revoker = no_route();
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
    fn a_replaced_token_whose_profile_somebody_else_cleared_is_gone() {
        let ended = replaced_state(Ok(LogoutOutcome::NoSession));
        assert_eq!(ended, ReplacedState::Gone);
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
            let error = world.log_in().unwrap_err();
            assert!(matches!(error, LoginError::NotBegun(_)), "{error:?}");
            assert!(world.is_untouched());
        }
    }

    #[test]
    fn a_server_that_is_not_clear_begins_nothing() {
        let mut world = World::approved();
        let error = world.log_in_as(&LoginRequest { server_flag: None, ..request() }).unwrap_err();
        assert!(matches!(error, LoginError::Server { source: ServerError::Unknown, .. }), "{error:?}");
        assert!(world.is_untouched());
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
            match world.log_in().unwrap_err() {
                LoginError::Begin { origin, source } => {
                    assert_eq!((origin.as_str(), source.to_string()), (SERVER, expected));
                }
                other => panic!("{other:?}"),
            }
            assert!(world.store.profiles().is_empty() && world.progress.outcomes().is_empty());
        }
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
        let waiting = LoginProgress::Waiting { browser: Ok(()), lifetime: Duration::from_secs(600) };
        assert_eq!(world.progress.outcomes(), [LoginProgress::Begun(Box::new(instructions)), waiting]);
        assert_eq!(world.browser.pages(), [codes.complete_page().unwrap().clone()]);
    }

    #[test]
    fn a_page_that_is_not_shown_is_told_and_no_failure() {
        let mut world = World { browser: RecordingBrowser::declining(BrowserSkipped::SshSession), ..World::approved() };
        world.log_in().unwrap();
        let waiting =
            LoginProgress::Waiting { browser: Err(BrowserSkipped::SshSession), lifetime: Duration::from_secs(600) };
        assert_eq!(world.progress.outcomes()[1], waiting);
    }

    #[test]
    fn a_page_elsewhere_is_warned_of_before_everything_else_and_not_shown() {
        let issuer =
            ScriptedIssuer::new(Ok(authorization("https://evil.example")), [issued(&session_token(OURS)).into()]);
        let mut world = World { issuer, ..World::approved() };
        world.log_in().unwrap();
        let warning = LoginProgress::PageElsewhere { page: "https://evil.example".into(), server: SERVER.into() };
        let waiting =
            LoginProgress::Waiting { browser: Err(BrowserSkipped::OtherOrigin), lifetime: Duration::from_secs(600) };
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
            match world.log_in().unwrap_err() {
                LoginError::NotAccepted { stored, source } => {
                    assert_eq!(*stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
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
            match world.log_in().unwrap_err() {
                LoginError::OtherDomain { stored, asked_for, found: named } => {
                    assert_eq!(*stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
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
        let error = world.log_in().unwrap_err();
        assert!(matches!(error, LoginError::Report(_)), "{error:?}");
        assert_eq!(world.store.profiles(), ["dev"]);
    }

    #[test]
    fn an_interruption_before_the_codes_arrive_ends_the_login_without_a_request() {
        let mut world = World::approved();
        world.timer.interrupt();
        let error = world.log_in().unwrap_err();
        let expected = Interruption::NotIssued { is_response_lost: false };
        assert!(
            matches!(&error, LoginError::Interrupted(left) if left.to_string() == expected.to_string()),
            "{error:?}"
        );
        assert!(world.is_untouched());
    }

    #[test]
    fn an_interruption_while_the_server_is_asked_who_is_logged_in_tells_what_is_stored() {
        let mut world = World::replacing(Some(SERVER), &session_token(OLD));
        world.reader = ScriptedPrincipalReader::silent();
        world.revoker = Box::new(MockTokenRevoker::new());
        world.timer.interrupt_at(Duration::from_secs(9));
        match world.log_in().unwrap_err() {
            LoginError::Interrupted(Interruption::Stored(stored)) => {
                assert_eq!(*stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
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
        let error = world.log_in().unwrap_err();
        assert!(matches!(error, LoginError::Interrupted(Interruption::Stored(_))), "{error:?}");
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
