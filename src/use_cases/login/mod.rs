//! How a session begins: approved by the operator, stored in the profile, and only then is the session that the profile
//! held before ended.
//!
//! A token that may still be live is never forgotten. Three are in the hands of a login: the one that a poll brings, the
//! one that is stored, and the one that was stored before. So nothing is begun that could not be stored, a token that
//! cannot be stored is revoked, and a replaced one waits in a profile of its own until its server says that it is dead.

mod approval;
mod error;
mod poll;
mod race;
mod server;
mod storing;

use std::time::Duration;

use thiserror::Error;

pub use self::error::{Interruption, LoginError, NotKept, NotRevoked, StoredLogin};
pub use self::poll::NotIssued;
use self::race::{Won, race};
use super::logout::{LogoutError, LogoutRequest, LogoutUseCase};
use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::identifier::Identifier;
use crate::domain::issued_token::IssuedToken;
use crate::domain::new_session::NewSession;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::{ProfileName, Selection};
use crate::domain::stored_token::ProfileContents;
use crate::ports::browser::{Browser, NotShown};
use crate::ports::cause::Cause;
use crate::ports::credential_store::CredentialStore;
use crate::ports::login_outcome::{Fate, Instructions, LoginOutcome, LoginProgress, Replaced};
use crate::ports::principal_reader::{PrincipalReader, ReadError};
use crate::ports::reporter::{LogoutOutcome, Reporter};
use crate::ports::session_keeper::SessionKeeper;
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
    /// Stores the session.
    pub keeper: &'a dyn SessionKeeper,
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
    /// Any variant of [`LoginError`], which says what state it leaves: up to [`LoginError::NotIssued`] no token exists;
    /// from [`LoginError::NotDurable`] on the session is stored.
    pub async fn execute(&mut self, request: &LoginRequest) -> Result<LoginOutcome, LoginError> {
        let ports = self.ports;
        let held = ports.keeper.look_up(&request.profile).map_err(LoginError::NotBegun)?;
        let server = server::to_log_in_to(&held, request)?;
        let rehearsed = ports.new_session(request, &server, &held, IssuedToken::placeholder());
        ports.keeper.rehearse_save(&rehearsed).map_err(LoginError::NotBegun)?;

        let authorization = ports.begin(&server, request).await?;
        let arrived = ports.timer.now();
        self.instruct(&server, &authorization);
        let issued = self.await_approval(&server, &authorization, arrived).await?;

        let session = ports.new_session(request, &server, &held, issued);
        let stored = ports.keep(&session).await?;
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
            Err(NotShown::OtherOrigin)
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
        held_before: &ProfileContents,
        issued: IssuedToken,
    ) -> NewSession {
        let time = self.timer.wall_clock();
        NewSession {
            profile: request.profile.clone(),
            server: server.clone(),
            token: issued.token,
            expires_at: issued.lifetime.and_then(|lifetime| time.after(lifetime)),
            held_before: held_before.clone(),
            time,
        }
    }

    async fn begin(&self, server: &ServerUrl, request: &LoginRequest) -> Result<DeviceAuthorization, LoginError> {
        match race(self.timer.interrupted(), self.issuer.begin(server, &request.authorization)).await {
            Won::First(()) => Err(Interruption::NotIssued { is_answer_lost: false }.into()),
            Won::Second(begun) => begun.map_err(|source| LoginError::Begin { origin: server.origin(), source }),
        }
    }

    /// Asks who is logged in. Only the server's own no, or the name of another domain, speaks against the session.
    async fn ask_who(
        &self,
        session: &NewSession,
        stored: &StoredLogin,
        request: &LoginRequest,
    ) -> Result<Result<Principal, Cause>, LoginError> {
        let reading = race(self.reader.read(&session.server, &session.token), self.timer.wait(READ_TIMEOUT));
        let read = match race(self.timer.interrupted(), reading).await {
            Won::First(()) => return Err(Interruption::Stored(Box::new(stored.clone())).into()),
            Won::Second(Won::First(read)) => read,
            Won::Second(Won::Second(())) => return Ok(Err(Cause::new(NoAnswerInTime))),
        };
        match read {
            Ok(principal) => in_domain(principal, stored, request.authorization.domain_id).map(Ok),
            Err(source @ (ReadError::NotAccepted { .. } | ReadError::Refused { .. })) => {
                Err(LoginError::NotAccepted { stored: Box::new(stored.clone()), source })
            }
            Err(source) => Ok(Err(Cause::new(source))),
        }
    }

    /// Ends the session that was replaced as a logout of the profile that it was put into would.
    async fn end_replaced(&self, stored: &StoredLogin) -> Result<Option<Replaced>, Interruption> {
        let Some(token) = stored.replaced.clone() else { return Ok(None) };
        let selection = Selection::Named(token.kept_as.clone());
        let request = LogoutRequest { selection, server_flag: None, server_fallback: None };
        match race(self.timer.interrupted(), LogoutUseCase::end(self.store, self.revoker, &request)).await {
            Won::First(()) => Err(Interruption::Stored(Box::new(stored.clone()))),
            Won::Second(ended) => Ok(Some(Replaced { token, fate: fate(ended) })),
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

fn fate(ended: Result<LogoutOutcome, LogoutError>) -> Fate {
    match ended {
        Ok(LogoutOutcome::LoggedOut { revocation: Revocation::Revoked, .. }) => Fate::Revoked,
        Ok(LogoutOutcome::LoggedOut { revocation: Revocation::AlreadyGone, .. } | LogoutOutcome::NoSession) => {
            Fate::Gone
        }
        Err(error @ LogoutError::Clear { .. }) => Fate::NotCleared { cause: Cause::new(error) },
        Err(error) => Fate::Kept { cause: Cause::new(error) },
    }
}

/// The server took too long to say who is logged in.
#[derive(Debug, Error)]
#[error("no answer within {} s", READ_TIMEOUT.as_secs())]
struct NoAnswerInTime;
