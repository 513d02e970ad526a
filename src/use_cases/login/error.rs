//! How a login fails: what state it leaves, and why.

use std::error::Error;
use std::fmt;

use thiserror::Error;

use super::poll::NotIssued;
use crate::domain::identifier::Identifier;
use crate::domain::issued_token::TokenFacts;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::ports::call_error::CallError;
use crate::ports::chain::chain;
use crate::ports::failure_report::{FailureFacts, SessionState};
use crate::ports::login_outcome::ReplacedToken;
use crate::ports::reporter::ReportError;
use crate::ports::request_error::RequestError;
use crate::ports::store_error::StoreError;
use crate::ports::token_issuer::BindingChoice;
use crate::use_cases::exit_status::ExitStatus;
use crate::use_cases::failure_kind::FailureKind;
use crate::use_cases::server::ServerError;

/// What a lost response may mean.
const RESPONSE_LOST: &str = "an earlier response was lost, so a token may have been issued that is stored nowhere";

/// A login that failed. What has become of its token follows from the state alone, whatever the cause.
#[derive(Debug)]
pub struct LoginError {
    /// What the login leaves.
    pub state: Box<LoginState>,
    /// Why it failed.
    pub cause: Box<LoginCause>,
    /// The profile that was to hold the session.
    pub profile: ProfileName,
    /// The server, once it is known.
    pub server: Option<Box<ServerUrl>>,
}

/// What a failed login leaves of its token.
#[derive(Debug)]
pub enum LoginState {
    /// No token has arrived, and the store is unchanged.
    Nothing {
        /// Whether a response was lost that may have held a token.
        is_response_lost: bool,
    },
    /// The token is revoked, and not stored.
    Revoked(TokenFacts),
    /// The token is not stored, and may be live.
    Live {
        /// The token.
        token: TokenFacts,
        /// Why it is not known to be dead.
        revoking: NotRevoked,
    },
    /// The session is stored.
    Stored(StoredLogin),
}

/// Why a login failed.
#[derive(Debug, Error)]
pub enum LoginCause {
    /// The store cannot be used, or the session could not be stored.
    #[error(transparent)]
    Store(StoreError),
    /// The domain or the server is missing.
    #[error("{}", missing(*needs_domain, *needs_server))]
    Missing {
        /// Whether the domain is missing.
        needs_domain: bool,
        /// Whether the server is missing.
        needs_server: bool,
    },
    /// The server is unusable, or another one than that of the session that the profile holds.
    #[error("{}", server_fault(.0))]
    Server(ServerError),
    /// The server did not begin a login.
    #[error("{}", chain(error))]
    Begin {
        /// How the attempt ended.
        error: RequestError,
        /// The bindings to choose from, if the server may have needed one.
        bindings: Vec<BindingChoice>,
    },
    /// The server issued no token.
    #[error(transparent)]
    NotIssued(NotIssued),
    /// Another login stored a session in the profile.
    #[error("profile \"{0}\" holds a newer session, which is kept")]
    Superseded(ProfileName),
    /// Another program changed the store after the session was stored, which is not stored any more.
    #[error("another program has changed the config and removed the new session")]
    Overwritten,
    /// A power loss may undo the change.
    #[error("{}", lost_on_power_loss(.0))]
    NotDurable(StoreError),
    /// The server does not accept the session: [`RequestError::NotAccepted`] or [`RequestError::Refused`].
    #[error(transparent)]
    NotAccepted(RequestError),
    /// The session is one of another domain.
    #[error("it is a session of {}, not of domain {asked_for}", shown_domain(found))]
    OtherDomain {
        /// The domain to log in to.
        asked_for: Identifier,
        /// The domain that the server named, unchecked.
        found: String,
    },
    /// The outcome could not be written.
    #[error("{}", chain(&*.0.source))]
    Report(ReportError),
    /// The operator interrupted.
    #[error("interrupted")]
    Interrupted,
}

/// A login that is stored, whatever else failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLogin {
    /// The token of the session.
    pub token: TokenFacts,
    /// The token that it replaced, unless that is known to be dead.
    pub replaced: Option<ReplacedToken>,
}

/// Why a token that was issued is not known to be dead.
#[derive(Debug, Error)]
pub enum NotRevoked {
    /// It is not a session token, so there is no id to revoke it by.
    #[error("it has no id to revoke it by")]
    WithoutId,
    /// The server did not say that it is dead.
    #[error(transparent)]
    Failed(RequestError),
}

impl LoginState {
    /// No token, and no lost response.
    pub(super) const NOTHING: Self = Self::Nothing { is_response_lost: false };
}

impl LoginError {
    pub(super) fn new(profile: &ProfileName, server: Option<&ServerUrl>, state: LoginState, cause: LoginCause) -> Self {
        Self {
            state: Box::new(state),
            cause: Box::new(cause),
            profile: profile.clone(),
            server: server.cloned().map(Box::new),
        }
    }

    /// The kind of failure, for programs. An interrupted login ends by its signal; the kind counts only where that is
    /// impossible.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match (&*self.cause, &*self.state) {
            (LoginCause::Store(error), LoginState::Nothing { .. }) => error.into(),
            (LoginCause::Store(_) | LoginCause::Overwritten, _) => FailureKind::NotStored,
            (LoginCause::Missing { .. }, _) => FailureKind::ServerUnknown,
            (LoginCause::Server(error), _) => error.kind(),
            (LoginCause::Begin { error, .. } | LoginCause::NotIssued(NotIssued::Failed(error)), _) => error.into(),
            (LoginCause::NotIssued(NotIssued::Denied), _) => FailureKind::Denied,
            (LoginCause::NotIssued(NotIssued::NotApproved { .. }), _) => FailureKind::NotApproved,
            (LoginCause::Superseded(_), _) => FailureKind::Superseded,
            (LoginCause::NotDurable(_), _) => FailureKind::NotDurable,
            (LoginCause::NotAccepted(RequestError::Refused { .. }), _) => FailureKind::SessionRefused,
            (LoginCause::NotAccepted(_) | LoginCause::OtherDomain { .. }, _) => FailureKind::NotAccepted,
            (LoginCause::Report(_), _) => FailureKind::NotReported,
            (LoginCause::Interrupted, _) => FailureKind::Internal,
        }
    }

    /// What the run was about, and what it leaves.
    #[must_use]
    pub fn facts(&self) -> FailureFacts {
        let (token, session) = match &*self.state {
            LoginState::Nothing { .. } => (None, SessionState::Untouched),
            LoginState::Revoked(token) => (Some(token), SessionState::Revoked),
            LoginState::Live { token, .. } => (Some(token), SessionState::Kept),
            LoginState::Stored(stored) => (Some(&stored.token), SessionState::Kept),
        };
        FailureFacts {
            profile: Some(self.profile.clone()),
            server: self.server.as_ref().map(|server| server.as_given().to_owned()),
            token_id: token.and_then(|token| token.id),
            session,
            response: self.call_error().and_then(CallError::response).cloned(),
        }
    }

    /// The response, or the lack of one, that decided.
    #[must_use]
    pub fn call_error(&self) -> Option<&CallError> {
        match &*self.cause {
            LoginCause::Begin { error, .. } => Some(error.call_error()),
            LoginCause::NotIssued(source) => source.call_error(),
            LoginCause::NotAccepted(source) => Some(source.call_error()),
            _ => None,
        }
    }

    /// How a command ends that fails so.
    #[must_use]
    pub fn ending(&self) -> ExitStatus {
        self.kind().exit_status()
    }
}

/// The whole sentence: where the token is, and why. Its sources are in it already.
impl fmt::Display for LoginError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use LoginCause as Cause;
        use LoginState as State;

        let (profile, cause) = (&self.profile, chain(&*self.cause));
        let origin = self.server.as_ref().map(|server| server.origin()).unwrap_or_default();
        match (&*self.state, &*self.cause) {
            (State::Nothing { .. }, Cause::Store(_) | Cause::Missing { .. } | Cause::Server(_)) => {
                write!(formatter, "cannot log in: {cause}")
            }
            (State::Nothing { is_response_lost: false }, Cause::Interrupted) => {
                write!(formatter, "{cause}: not logged in")
            }
            (State::Nothing { is_response_lost: true }, Cause::Interrupted) => {
                write!(formatter, "{cause}: a token may have been issued that is stored nowhere")
            }
            (State::Nothing { is_response_lost }, _) => {
                // With a response, the origin stands among the identifiers that end the report.
                let is_unanswered = self.call_error().is_some_and(|error| error.response().is_none());
                let origin = if is_unanswered { format!(" ({origin})") } else { String::new() };
                let lost = if *is_response_lost { format!("; {RESPONSE_LOST}") } else { String::new() };
                write!(formatter, "login failed: {cause}{origin}{lost}")
            }
            (State::Revoked(token), Cause::Interrupted) => {
                write!(formatter, "{cause}: not logged in; {token} was issued and has been revoked")
            }
            (State::Revoked(token), Cause::Superseded(_)) => write!(formatter, "{cause}; {token} is revoked"),
            (State::Revoked(token), _) => {
                write!(formatter, "login failed: {cause}; {token} was issued and has been revoked")
            }
            (State::Live { token, revoking }, Cause::Superseded(_)) => write!(
                formatter,
                "{cause}; {token} was issued by {origin} and may still be live{}: {}",
                until(token),
                chain(revoking)
            ),
            (State::Live { token, revoking }, _) => write!(
                formatter,
                "{token} was issued by {origin}, could not be stored and may be live{}: {cause}; revoking it: {}",
                until(token),
                chain(revoking)
            ),
            (State::Stored(_), Cause::NotDurable(_)) => {
                write!(formatter, "logged in, but the change may not survive a power loss: {cause}")
            }
            (State::Stored(_), Cause::Report(_)) => {
                write!(formatter, "logged in, but the result could not be written: {cause}")
            }
            (State::Stored(stored), Cause::Interrupted) => {
                write!(formatter, "{cause}: profile \"{profile}\" holds the new session ({})", stored.token)?;
                let Some(replaced) = &stored.replaced else { return Ok(()) };
                write!(formatter, "; {} and is kept as profile \"{}\"", replaced.liveness(), replaced.kept_as)
            }
            (State::Stored(_), _) => {
                write!(formatter, "profile \"{profile}\" holds a session that {origin} does not accept: {cause}")
            }
        }
    }
}

impl Error for LoginError {}

fn until(token: &TokenFacts) -> String {
    token.expires_at.map(|time| format!(" until {time}")).unwrap_or_default()
}

/// Where the session is stored, and what failed. That it may not survive a power loss is said already.
fn lost_on_power_loss(error: &StoreError) -> String {
    match error {
        StoreError::NotDurable { place, source } => format!("{place}: {}", chain(&**source)),
        error => chain(error),
    }
}

fn missing(needs_domain: bool, needs_server: bool) -> &'static str {
    match (needs_domain, needs_server) {
        (true, true) => "the domain and the server are missing",
        (true, false) => "the domain is missing",
        (false, _) => "the server is missing",
    }
}

/// What is wrong with the server.
fn server_fault(error: &ServerError) -> String {
    match error {
        ServerError::OtherOrigin { stored, given } => {
            format!("the profile holds a session of {stored}, and this one would be of {given}")
        }
        error => chain(error),
    }
}

/// A domain as its server names it, cut to a length in which a UUID fits.
fn shown_domain(name: &str) -> String {
    const SHOWN: usize = 60;
    match name.char_indices().nth(SHOWN) {
        _ if name.is_empty() => "a domain without a name".to_owned(),
        Some((end, _)) => format!("domain {}…", &name[..end]),
        None => format!("domain {name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::timestamp::Timestamp;
    use crate::domain::token::SessionToken;
    use crate::use_cases::server::ServerSetting;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

    fn token() -> TokenFacts {
        let token = SessionToken::parse(format!("psk_dev_{ID}_s3cret")).unwrap();
        let expires_at = Some(Timestamp::from(std::time::UNIX_EPOCH));
        TokenFacts { id: Some(token.id()), origin: "https://h".into(), expires_at }
    }

    fn error(state: LoginState, cause: LoginCause) -> LoginError {
        let server = ServerUrl::parse("https://h/base").unwrap();
        LoginError::new(&ProfileName::new("dev").unwrap(), Some(&server), state, cause)
    }

    fn nothing(cause: LoginCause) -> LoginError {
        error(LoginState::NOTHING, cause)
    }

    fn lost(cause: LoginCause) -> LoginError {
        error(LoginState::Nothing { is_response_lost: true }, cause)
    }

    fn revoked(cause: LoginCause) -> LoginError {
        error(LoginState::Revoked(token()), cause)
    }

    fn live(cause: LoginCause) -> LoginError {
        let revoking = NotRevoked::Failed(RequestError::Unreached { source: "no route".into() });
        error(LoginState::Live { token: token(), revoking }, cause)
    }

    fn stored(cause: LoginCause) -> LoginError {
        error(LoginState::Stored(StoredLogin { token: token(), replaced: None }), cause)
    }

    fn not_written() -> LoginCause {
        LoginCause::Store(StoreError::NotWritten { place: "memory".into(), source: "full".into() })
    }

    fn begin(of: fn(CallError) -> RequestError) -> LoginCause {
        LoginCause::Begin { error: of("said".into()), bindings: Vec::new() }
    }

    fn not_approved(seconds: u64, cause: Option<&str>) -> LoginCause {
        let (within, cause) = (Duration::from_secs(seconds), cause.map(CallError::from));
        LoginCause::NotIssued(NotIssued::NotApproved { within, cause })
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "it is one table")]
    fn state_and_cause_decide_code_session_and_sentence() {
        let exposed = || LoginCause::Store(StoreError::Exposed { place: "memory".into(), source: "open".into() });
        let unusable = ServerError::Unusable {
            setting: ServerSetting::Stored,
            place: Some("memory:1:2".to_owned()),
            source: crate::domain::server_url::ServerUrlError::Scheme,
        };
        let other = ServerError::OtherOrigin { stored: "https://a".into(), given: "https://b".into() };
        let missing = |needs_domain, needs_server| LoginCause::Missing { needs_domain, needs_server };
        let asked_for = Identifier::parse(ID).unwrap();
        let not_durable = StoreError::NotDurable { place: "memory".into(), source: "unsynced".into() };
        let report = ReportError { source: "full".into() };
        let refused = RequestError::Refused { source: "said".into() };
        let rows = [
            (nothing(exposed()), "config_exposed", "cannot log in: memory is refused: open"),
            (nothing(not_written()), "config_unusable", "cannot log in: memory was not changed: full"),
            (nothing(missing(false, true)), "server_unknown", "cannot log in: the server is missing"),
            (nothing(missing(true, true)), "server_unknown", "cannot log in: the domain and the server are missing"),
            (
                nothing(LoginCause::Server(unusable)),
                "server_unusable",
                "cannot log in: the server at memory:1:2 is not a valid URL: its scheme is not http or https",
            ),
            (
                nothing(LoginCause::Server(other)),
                "server_mismatch",
                "cannot log in: the profile holds a session of https://a, and this one would be of https://b",
            ),
            (
                nothing(begin(|source| RequestError::Rejected { source })),
                "unconfirmed",
                "login failed: said (https://h)",
            ),
            (nothing(begin(|source| RequestError::Refused { source })), "refused", "login failed: said (https://h)"),
            (
                nothing(begin(|source| RequestError::Unusable { source })),
                "answer_unusable",
                "login failed: the server's answer cannot be used: said (https://h)",
            ),
            (
                nothing(begin(|source| RequestError::Unreached { source })),
                "unreached",
                "login failed: said (https://h)",
            ),
            (nothing(LoginCause::NotIssued(NotIssued::Denied)), "denied", "login failed: the request was denied"),
            (
                nothing(not_approved(600, None)),
                "not_approved",
                "login failed: the request was not approved within 10 minutes",
            ),
            (
                lost(not_approved(5, Some("down"))),
                "not_approved",
                "login failed: the request was not approved within 5 seconds: down (https://h); an earlier response was \
                 lost, so a token may have been issued that is stored nowhere",
            ),
            (nothing(LoginCause::NotIssued(NotIssued::Failed(refused))), "refused", "login failed: said (https://h)"),
            (nothing(LoginCause::Interrupted), "internal", "interrupted: not logged in"),
            (
                lost(LoginCause::Interrupted),
                "internal",
                "interrupted: a token may have been issued that is stored nowhere",
            ),
            (
                revoked(not_written()),
                "not_stored",
                "login failed: memory was not changed: full; token [ID] was issued and has been revoked",
            ),
            (
                revoked(LoginCause::Interrupted),
                "internal",
                "interrupted: not logged in; token [ID] was issued and has been revoked",
            ),
            (
                revoked(LoginCause::Superseded(ProfileName::new("dev").unwrap())),
                "superseded",
                "profile \"dev\" holds a newer session, which is kept; token [ID] is revoked",
            ),
            (
                live(not_written()),
                "not_stored",
                "token [ID] was issued by https://h, could not be stored and may be live until 1970-01-01T00:00:00Z: \
                 memory was not changed: full; revoking it: no route",
            ),
            (
                live(LoginCause::Superseded(ProfileName::new("dev").unwrap())),
                "superseded",
                "profile \"dev\" holds a newer session, which is kept; token [ID] was issued by https://h and may still \
                 be live until 1970-01-01T00:00:00Z: no route",
            ),
            (
                stored(LoginCause::NotDurable(not_durable)),
                "not_durable",
                "logged in, but the change may not survive a power loss: memory: unsynced",
            ),
            (stored(LoginCause::Report(report)), "internal", "logged in, but the result could not be written: full"),
            (
                stored(LoginCause::OtherDomain { asked_for, found: String::new() }),
                "not_accepted",
                "profile \"dev\" holds a session that https://h does not accept: it is a session of a domain without a \
                 name, not of domain [ID]",
            ),
            (
                stored(LoginCause::Interrupted),
                "internal",
                "interrupted: profile \"dev\" holds the new session (token [ID])",
            ),
        ];
        for (error, code, sentence) in rows {
            assert_eq!((error.to_string().replace(ID, "[ID]").as_str(), error.kind().code()), (sentence, code));
            let facts = error.facts();
            let session = match *error.state {
                LoginState::Nothing { .. } => SessionState::Untouched,
                LoginState::Revoked(_) => SessionState::Revoked,
                LoginState::Live { .. } | LoginState::Stored(_) => SessionState::Kept,
            };
            assert_eq!(facts.session, session);
            assert_eq!(facts.token_id.is_some(), session != SessionState::Untouched);
            assert_eq!(facts.server.as_deref(), Some("https://h/base"));
        }
    }

    #[test]
    fn refusals_exit_with_4() {
        for cause in [
            begin(|source| RequestError::Refused { source }),
            LoginCause::NotIssued(NotIssued::Denied),
            LoginCause::NotIssued(NotIssued::Failed(RequestError::Refused { source: "said".into() })),
        ] {
            assert_eq!(nothing(cause).ending(), ExitStatus::Refused);
        }
        let refused = stored(LoginCause::NotAccepted(RequestError::Refused { source: "said".into() }));
        assert_eq!(refused.ending(), ExitStatus::Refused);
        assert_eq!(refused.call_error().map(ToString::to_string).as_deref(), Some("said"));
        let not_accepted = LoginCause::NotAccepted(RequestError::NotAccepted { source: "said".into() });
        assert_eq!(stored(not_accepted).ending(), ExitStatus::Failed);
    }

    #[test]
    fn shows_a_foreign_domain_in_part() {
        assert_eq!(shown_domain("d"), "domain d");
        assert_eq!(shown_domain(&"ä".repeat(61)), format!("domain {}…", "ä".repeat(60)));
    }
}
