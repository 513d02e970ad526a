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
#[cfg(feature = "testing")]
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::error::{LoginCause, LoginError, LoginState, NotRevoked, StoredLogin};
pub use self::poll::NotIssued;
#[cfg(all(fuzzing, feature = "adapters"))]
#[doc(hidden)]
pub use self::poll::{PollEvent, PollStep, Polling, decide};
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
use crate::ports::login_outcome::{Instructions, LoginOutcome, LoginProgress, Replaced};
use crate::ports::principal_reader::PrincipalReader;
use crate::ports::profile_reader::{ProfileKey, ProfileReader};
use crate::ports::profile_writer::ProfileWriter;
use crate::ports::reporter::Reporter;
use crate::ports::request_error::RequestError;
use crate::ports::timer::{AtRisk, Timer};
use crate::ports::token_issuer::{AuthorizationRequest, BindingChoice, TokenIssuer};
use crate::ports::token_revoker::TokenRevoker;

/// Who is logged in, or why the server did not say, and what became of the session that was replaced.
type Settled = (Result<Principal, String>, Option<Replaced>);

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
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use plexctl::domain::{Identifier, Principal, ProfileName};
/// use plexctl::ports::PollResponse;
/// use plexctl::testing::contract::{device_authorization, issued_token};
/// use plexctl::testing::{
///     InMemoryStore, ManualTimer, RecordingBrowser, RecordingReporter, ScriptedIssuer, ScriptedPrincipalReader,
///     ScriptedRevoker,
/// };
/// use plexctl::use_cases::{LoginPorts, LoginRequest, LoginUseCase};
///
/// let store = InMemoryStore::new();
/// // The login is approved before the second poll.
/// let polls = [PollResponse::Pending.into(), PollResponse::Issued(issued_token()).into()];
/// let issuer = ScriptedIssuer::new(Ok(device_authorization()), polls);
/// let principal = Principal { subject: "somebody".to_owned(), ..Principal::default() };
/// let ports = LoginPorts {
///     profiles: &store,
///     writer: &store,
///     store: &store,
///     issuer: &issuer,
///     revoker: &ScriptedRevoker::new([]),
///     reader: &ScriptedPrincipalReader::new([Ok(principal.clone())]),
///     browser: &RecordingBrowser::new(),
///     timer: &ManualTimer::new(std::time::UNIX_EPOCH.into()),
/// };
/// let (mut progress, mut reporter) = (RecordingReporter::new(), RecordingReporter::new());
/// let request = LoginRequest {
///     profile: ProfileName::new("dev")?,
///     domain_id: Some(Identifier::parse("0192f0c1-d0d0-7000-8000-000000000001")?),
///     idp_binding: None,
///     server_flag: Some("https://plexsphere.example".to_owned()),
///     server_fallback: None,
///     may_replace_other_origin: false,
/// };
/// let mut login = LoginUseCase::new(ports, &mut progress, &mut reporter);
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let outcome = runtime.block_on(async {
/// let outcome = login.execute(&request).await?;
/// # Ok::<_, plexctl::use_cases::LoginError>(outcome) })?;
/// assert_eq!(outcome.principal, Ok(principal));
/// assert_eq!(store.profiles(), ["dev"]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        let held = ports.profiles.look_up(&Selection::Named(profile.clone()));
        let held =
            held.map_err(|error| LoginError::new(profile, None, LoginState::NOTHING, LoginCause::Store(error)))?;
        let place_of_server = || ports.profiles.place_of(profile, ProfileKey::Server);
        let target = choose_target(held, request, place_of_server)?;
        // With the longest token there can be: a disk or a limit that is too small shows before a token exists.
        let rehearsed = ports.writer.rehearse_save(&ports.new_session(&target, IssuedToken::placeholder()));
        rehearsed.map_err(|error| target.error(false, LoginCause::Store(error)))?;

        let authorization = ports.begin(&target).await?;
        // The lifetime counts from here, not from the first poll (RFC 8628, section 3.2).
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
        let (principal, replaced) = self.settle(&session, &mut stored).await?;
        // Only now: a sync that failed is no reason to leave the replaced session live.
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

    /// Asks who is logged in, and ends the session that was replaced. Even after an interruption or a refusal, the profile
    /// is looked at once more: if another program has put its old text back, the session is not stored.
    async fn settle(&mut self, session: &NewSession, stored: &mut StoredSession) -> Result<Settled, LoginError> {
        let settled = self.ports.ask_and_replace(session, stored).await;
        let confirmed = match &settled {
            // The session was found gone, and its token is dealt with.
            Err(error) if !matches!(*error.state, LoginState::Stored(_)) => Ok(None),
            _ => self.ports.confirm_stored(session).await,
        };
        if (settled.is_err() || confirmed.is_err())
            && let Some(replaced) = self.ports.lost_replaced(session, stored)
        {
            self.tell(&LoginProgress::ReplacedLost(replaced));
        }
        // A store that cannot be read can still hold the session or not.
        if let Some(error) = confirmed? {
            let (profile, token) = (session.profile.clone(), session.facts());
            self.ports.timer.set_at_risk(AtRisk::Token(token.clone()));
            self.tell(&LoginProgress::NotConfirmed { profile, token, cause: chain(&error) });
        }
        settled
    }

    /// Tells the operator how to approve the login, and shows the page.
    fn instruct(&mut self, server: &ServerUrl, authorization: &DeviceAuthorization) {
        let page = authorization.page();
        let is_servers_own = page.is_at(server);
        // Before the instructions, so that the operator reads it before the link.
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

    /// Asks who is logged in, and ends the session that was replaced.
    async fn ask_and_replace(&self, session: &NewSession, stored: &mut StoredSession) -> Result<Settled, LoginError> {
        // Before the replaced session is ended: a session that does not work must not cost the operator one that does.
        let principal = self.ask_who(session, stored).await?;
        // If another program has put its old text back, the replaced token is in use again and must stay live.
        self.confirm_stored(session).await?;
        Ok((principal, self.end_replaced(session, stored).await?))
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
    async fn bindings_for(&self, error: &RequestError, target: &LoginTarget) -> Vec<BindingChoice> {
        let AuthorizationRequest { domain_id, idp_binding } = &target.authorization;
        let is_problem = error.call_error().response().is_some_and(|response| response.is_problem);
        // Only a rejection with problem details comes from plexsphere itself; another server has no such list.
        if idp_binding.is_some() || !is_problem || !matches!(error, RequestError::Rejected { .. }) {
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
    ) -> Result<Result<Principal, String>, LoginError> {
        let reading = select(self.reader.read(&session.server, &session.token), self.timer.wait(WHOAMI_LIMIT));
        let read = match select(self.timer.interrupted(), reading).await {
            Either::First(()) => return Err(stored.error(session, LoginCause::Interrupted)),
            Either::Second(Either::First(read)) => read,
            // The session is stored, so the login has succeeded without an answer, too.
            Either::Second(Either::Second(())) => {
                return Ok(Err(format!("no answer within {} s", WHOAMI_LIMIT.as_secs())));
            }
        };
        match read {
            // UUIDs are case-insensitive when compared (RFC 9562, section 4).
            Ok(Principal { domain_id: Some(found), .. })
                if !found.eq_ignore_ascii_case(&session.domain_id.to_string()) =>
            {
                Err(stored.error(session, LoginCause::OtherDomain { asked_for: session.domain_id, found }))
            }
            Ok(principal) => Ok(Ok(principal)),
            Err(source @ (RequestError::NotAccepted { .. } | RequestError::Refused { .. })) => {
                Err(stored.error(session, LoginCause::NotAccepted(source)))
            }
            // Everything else may be a fault of the network or the server, and says nothing about the session.
            Err(source) => Ok(Err(chain(&source))),
        }
    }
}
