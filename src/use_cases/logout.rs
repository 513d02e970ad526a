//! How a session ends: revoked on the server first, cleared locally only then.
//!
//! A token that may still be live is never forgotten. So everything that could go wrong locally is checked before the
//! request, and the stored profile is kept unless the token is known to be dead.

use thiserror::Error;

use super::exit_status::ExitStatus;
use super::failure_kind::FailureKind;
use super::server::NamedServers;
pub use super::server::{ServerError, ServerSetting};
use crate::domain::server_url::ServerUrl;
use crate::domain::session::{ProfileName, Selection, Session};
use crate::domain::token::TokenId;
use crate::ports::chain::chain;
use crate::ports::credential_store::{Clearing, CredentialStore, StoreError};
use crate::ports::failure_report::{FailureFacts, SessionState};
use crate::ports::reporter::{LogoutOutcome, ReportError, Reporter};
use crate::ports::request_error::RequestError;
use crate::ports::token_revoker::{Revocation, TokenRevoker};

/// What the operator asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogoutRequest {
    /// The session to end.
    pub selection: Selection,
    /// The server that the operator named. It never redirects a stored token: it stands in for a profile that stores
    /// no server, and otherwise has to be of the same origin.
    pub server_flag: Option<String>,
    /// The server for a profile that stores none, where the operator named none either.
    pub server_fallback: Option<String>,
}

/// Ends the selected session.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use plexctl::ports::{Clearing, LogoutOutcome, Revocation};
/// use plexctl::testing::{InMemoryStore, RecordingReporter, ScriptedRevoker, session};
/// use plexctl::use_cases::{LogoutRequest, LogoutUseCase};
///
/// let store = InMemoryStore::new().with_default_session(session("dev", 1));
/// let revoker = ScriptedRevoker::new([Ok(Revocation::Revoked)]);
/// let mut reporter = RecordingReporter::new();
/// let request = LogoutRequest::default();
/// let mut logout = LogoutUseCase::new(&store, &revoker, &mut reporter);
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let outcome = runtime.block_on(async {
/// let outcome = logout.execute(&request).await?;
/// # Ok::<_, plexctl::use_cases::LogoutError>(outcome) })?;
/// assert!(matches!(outcome, LogoutOutcome::LoggedOut { clearing: Clearing::Cleared, .. }));
/// assert!(!store.holds(&session("dev", 1)));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LogoutUseCase<'a> {
    store: &'a dyn CredentialStore,
    revoker: &'a dyn TokenRevoker,
    reporter: &'a mut dyn Reporter<LogoutOutcome>,
}

impl<'a> LogoutUseCase<'a> {
    /// Wires the use case to its ports.
    pub fn new(
        store: &'a dyn CredentialStore,
        revoker: &'a dyn TokenRevoker,
        reporter: &'a mut dyn Reporter<LogoutOutcome>,
    ) -> Self {
        Self { store, revoker, reporter }
    }

    /// Revokes the session's token on the server, then removes the stored profile, then reports.
    ///
    /// # Errors
    ///
    /// - [`LogoutError::Load`], [`LogoutError::Server`] and [`LogoutError::Rehearse`]: nothing was sent, nothing was
    ///   changed.
    /// - [`LogoutError::Revoke`]: the token may still be live, so nothing was changed.
    /// - [`LogoutError::Clear`]: the token is dead; its source says what became of the profile.
    /// - [`LogoutError::Report`]: all is done, but the outcome could not be written.
    pub async fn execute(&mut self, request: &LogoutRequest) -> Result<LogoutOutcome, LogoutError> {
        let outcome = Self::end(self.store, self.revoker, request).await?;
        // Last, so that a reader that blocks or fails holds up no other step.
        self.reporter.report(&outcome).map_err(LogoutError::Report)?;
        Ok(outcome)
    }

    async fn end(
        store: &dyn CredentialStore,
        revoker: &dyn TokenRevoker,
        request: &LogoutRequest,
    ) -> Result<LogoutOutcome, LogoutError> {
        let Some(session) = store.find(&request.selection).map_err(LogoutError::Load)? else {
            return Ok(LogoutOutcome::NoSession);
        };
        let server = server_in_use(&session, request)?;
        let about = SessionFacts { profile: session.profile.clone(), id: session.token.id(), server: server.clone() };
        let about = Box::new(about);
        // Before the token is revoked: otherwise a profile that cannot be removed would keep a dead token.
        store.rehearse_clear(&session).map_err(|source| LogoutError::Rehearse { about: about.clone(), source })?;

        let (revocation, clearing) = Self::end_session(store, revoker, &session, &server)
            .await
            .map_err(|source| LogoutError::Revoke { about: about.clone(), source })?;
        let clearing = clearing.map_err(|source| LogoutError::Clear { about, revocation, source })?;
        Ok(LogoutOutcome::LoggedOut { profile: session.profile, server, revocation, clearing })
    }

    /// Revokes a session's token at its server, and removes its profile only if the token is dead.
    pub(super) async fn end_session(
        store: &dyn CredentialStore,
        revoker: &dyn TokenRevoker,
        session: &Session,
        server: &ServerUrl,
    ) -> Result<(Revocation, Result<Clearing, StoreError>), RequestError> {
        // Revoked first. The other order could lose the only copy of a token that is still live.
        let revocation = revoker.revoke(server, &session.token).await?;
        Ok((revocation, store.clear(session)))
    }
}

/// Decides which server may see the token: the stored one. Others count only where none is stored.
fn server_in_use(session: &Session, request: &LogoutRequest) -> Result<ServerUrl, LogoutError> {
    let servers = NamedServers {
        stored: session.server.as_deref(),
        flag: request.server_flag.as_deref(),
        fallback: request.server_fallback.as_deref(),
    };
    let (profile, id) = (session.profile.clone(), session.token.id());
    let unclear = |source| LogoutError::Server { profile, id, server: servers.shown(), source };
    servers.for_stored_credential().map_err(unclear)
}

/// Why a logout failed. The variant says what state it leaves.
#[derive(Debug, Error)]
pub enum LogoutError {
    /// The stored session cannot be used. Nothing was sent, nothing was changed.
    #[error("cannot log out")]
    Load(#[source] StoreError),
    /// It is not clear to which server the token may go. Nothing was sent, nothing was changed.
    #[error("cannot log out")]
    Server {
        /// The selected profile.
        profile: ProfileName,
        /// The token that it holds.
        id: TokenId,
        /// The server that it stores, if that is a valid URL.
        server: Option<String>,
        /// What is wrong with the server.
        source: ServerError,
    },
    /// The session could not be cleared without touching anything else. Nothing was sent, nothing was changed.
    #[error("cannot log out")]
    Rehearse {
        /// The session that is kept.
        about: Box<SessionFacts>,
        /// What stands in the way.
        source: StoreError,
    },
    /// The token is not known to be dead, so the profile was kept.
    #[error("profile \"{}\" was kept, and its session may still be live", about.profile)]
    Revoke {
        /// The session that may still be live.
        about: Box<SessionFacts>,
        /// How the attempt to revoke its token ended.
        source: RequestError,
    },
    /// The token is dead, but the profile is still stored, or its removal may not last.
    #[error("the session of profile \"{}\" was revoked on the server{}", about.profile, after_revoking(source))]
    Clear {
        /// The session that has ended.
        about: Box<SessionFacts>,
        /// Whether this call ended it.
        revocation: Revocation,
        /// What became of the profile.
        source: StoreError,
    },
    /// The logout is complete, but the outcome could not be written.
    #[error("logged out, but {}", chain(.0))]
    Report(ReportError),
}

/// What may be told about the session that an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// The selected profile.
    pub profile: ProfileName,
    /// The id of its token.
    pub id: TokenId,
    /// The server that was asked, or would have been.
    pub server: ServerUrl,
}

/// What became of the profile of a session that is dead.
fn after_revoking(error: &StoreError) -> &'static str {
    match error {
        StoreError::NotDurable { .. } => " and its profile removed",
        _ => ", but its profile is still stored",
    }
}

impl SessionFacts {
    fn leaving(&self, session: SessionState) -> FailureFacts {
        FailureFacts {
            profile: Some(self.profile.clone()),
            server: Some(self.server.as_given().to_owned()),
            token_id: Some(self.id),
            session,
            response: None,
        }
    }
}

impl LogoutError {
    /// The kind of failure, for programs.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Load(error) => error.into(),
            Self::Rehearse { .. } => FailureKind::ConfigUnusable,
            Self::Server { source, .. } => source.kind(),
            Self::Revoke { source, .. } => source.into(),
            // Told apart: the profile is gone, and only a power loss brings it back.
            Self::Clear { source: StoreError::NotDurable { .. }, .. } => FailureKind::NotDurable,
            Self::Clear { .. } => FailureKind::NotCleared,
            Self::Report(_) => FailureKind::NotReported,
        }
    }

    /// What the run was about, and what it leaves.
    #[must_use]
    pub fn facts(&self) -> FailureFacts {
        match self {
            Self::Load(_) => FailureFacts::default(),
            Self::Server { profile, id, server, .. } => FailureFacts {
                profile: Some(profile.clone()),
                server: server.clone(),
                token_id: Some(*id),
                ..FailureFacts::default()
            },
            Self::Rehearse { about, .. } => about.leaving(SessionState::Untouched),
            Self::Revoke { about, source } => {
                let response = source.call_error().response().cloned();
                FailureFacts { response, ..about.leaving(SessionState::Kept) }
            }
            Self::Clear { about, source: StoreError::NotDurable { .. }, .. } => about.leaving(SessionState::Ended),
            Self::Clear { about, .. } => about.leaving(SessionState::Revoked),
            Self::Report(_) => FailureFacts { session: SessionState::Ended, ..FailureFacts::default() },
        }
    }

    /// How a command ends that fails so.
    #[must_use]
    pub fn ending(&self) -> ExitStatus {
        self.kind().exit_status()
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use mockall::Sequence;
    use mockall::predicate::{always, eq};

    use super::*;
    use crate::domain::server_url::ServerUrlError;
    use crate::domain::token::SessionToken;
    use crate::ports::credential_store::{Clearing, MockCredentialStore};
    use crate::ports::reporter::MockReporter;
    use crate::ports::token_revoker::{MockTokenRevoker, Revocation};

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

    fn session(server: Option<&str>) -> Session {
        Session {
            profile: ProfileName::new("dev").unwrap(),
            token: SessionToken::parse(format!("psk_dev_{ID}_secret")).unwrap(),
            server: server.map(str::to_owned),
        }
    }

    fn request(flag: Option<&str>, fallback: Option<&str>) -> LogoutRequest {
        LogoutRequest {
            selection: Selection::Default,
            server_flag: flag.map(str::to_owned),
            server_fallback: fallback.map(str::to_owned),
        }
    }

    fn logged_out(server: &str, revocation: Revocation, clearing: Clearing) -> LogoutOutcome {
        LogoutOutcome::LoggedOut {
            profile: ProfileName::new("dev").unwrap(),
            server: ServerUrl::parse(server).unwrap(),
            revocation,
            clearing,
        }
    }

    fn facts(server: &str) -> SessionFacts {
        let Session { profile, token, .. } = session(None);
        SessionFacts { profile, id: token.id(), server: ServerUrl::parse(server).unwrap() }
    }

    fn store_error() -> StoreError {
        StoreError::NotCleared { place: "the store".into(), source: "broken".into() }
    }

    /// A store that finds this session and lets the rehearsal pass. It expects no clearing.
    fn store_holding(session: Session) -> MockCredentialStore {
        let mut store = MockCredentialStore::new();
        store.expect_find().once().return_once(|_| Ok(Some(session)));
        store.expect_rehearse_clear().returning(|_| Ok(()));
        store
    }

    /// A revoker that gives this answer to the one call it expects.
    fn revoker_answering(answer: Result<Revocation, RequestError>) -> MockTokenRevoker {
        let mut revoker = MockTokenRevoker::new();
        revoker.expect_revoke().once().return_once(|_, _| answer);
        revoker
    }

    fn reporter_expecting(outcome: LogoutOutcome) -> MockReporter<LogoutOutcome> {
        let mut reporter = MockReporter::new();
        reporter.expect_report().once().with(eq(outcome)).returning(|_| Ok(()));
        reporter
    }

    /// Runs the use case. Mocks never wait, so a single poll is the whole run; a mock without an expectation panics on
    /// any call.
    fn execute(
        store: &MockCredentialStore,
        revoker: &MockTokenRevoker,
        reporter: &mut MockReporter<LogoutOutcome>,
        request: &LogoutRequest,
    ) -> Result<LogoutOutcome, LogoutError> {
        let mut use_case = LogoutUseCase::new(store, revoker, reporter);
        match pin!(use_case.execute(request)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("a mock waited"),
        }
    }

    #[test]
    fn steps_come_in_order() {
        let (mut store, mut revoker, mut reporter) =
            (MockCredentialStore::new(), MockTokenRevoker::new(), MockReporter::new());
        let (stored, server) = (session(Some("https://h/base")), ServerUrl::parse("https://h/base").unwrap());
        let outcome = logged_out("https://h/base", Revocation::Revoked, Clearing::Cleared);
        let mut order = Sequence::new();
        let found = stored.clone();
        store
            .expect_find()
            .once()
            .with(eq(Selection::Default))
            .in_sequence(&mut order)
            .return_once(|_| Ok(Some(found)));
        store.expect_rehearse_clear().once().with(eq(stored.clone())).in_sequence(&mut order).returning(|_| Ok(()));
        revoker
            .expect_revoke()
            .once()
            .with(eq(server), eq(stored.token.clone()))
            .in_sequence(&mut order)
            .returning(|_, _| Ok(Revocation::Revoked));
        store.expect_clear().once().with(eq(stored)).in_sequence(&mut order).returning(|_| Ok(Clearing::Cleared));
        reporter.expect_report().once().with(eq(outcome.clone())).in_sequence(&mut order).returning(|_| Ok(()));

        assert_eq!(execute(&store, &revoker, &mut reporter, &request(None, None)).unwrap(), outcome);
    }

    #[test]
    fn no_session_means_no_request_and_no_clearing() {
        let mut store = MockCredentialStore::new();
        store.expect_find().once().returning(|_| Ok(None));
        let mut reporter = reporter_expecting(LogoutOutcome::NoSession);

        let outcome = execute(&store, &MockTokenRevoker::new(), &mut reporter, &request(Some("junk"), Some("junk")));
        assert_eq!(outcome.unwrap(), LogoutOutcome::NoSession);
    }

    #[test]
    fn the_selected_profile_is_the_one_looked_up() {
        let mut store = MockCredentialStore::new();
        let selection = Selection::Named(ProfileName::new("other").unwrap());
        store.expect_find().once().with(eq(selection.clone())).returning(|_| Ok(None));
        let request = LogoutRequest { selection, server_flag: None, server_fallback: None };

        execute(&store, &MockTokenRevoker::new(), &mut reporter_expecting(LogoutOutcome::NoSession), &request).unwrap();
    }

    #[test]
    fn failed_look_up_or_rehearsal_sends_nothing() {
        let mut unreadable = MockCredentialStore::new();
        unreadable.expect_find().once().returning(|_| Err(store_error()));
        let mut uncuttable = MockCredentialStore::new();
        uncuttable.expect_find().once().returning(|_| Ok(Some(session(Some("https://h")))));
        uncuttable.expect_rehearse_clear().once().returning(|_| Err(store_error()));

        let execute = |store| execute(store, &MockTokenRevoker::new(), &mut MockReporter::new(), &request(None, None));
        let error = execute(&unreadable).unwrap_err();
        assert!(matches!(error, LogoutError::Load(StoreError::NotCleared { .. })), "{error:?}");
        match execute(&uncuttable).unwrap_err() {
            LogoutError::Rehearse { about, source: StoreError::NotCleared { .. } } => {
                assert_eq!(*about, facts("https://h"));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keeps_the_session_if_revoking_fails() {
        let failures = [
            RequestError::Refused { source: "403".into() },
            RequestError::Unconfirmed { source: "500".into() },
            RequestError::Unanswered { source: "reset".into() },
            RequestError::Unreached { source: "refused".into() },
        ];
        for failure in failures {
            let store = store_holding(session(Some("https://h:8443/base")));
            let text = failure.to_string();
            let error =
                execute(&store, &revoker_answering(Err(failure)), &mut MockReporter::new(), &request(None, None));
            match error.unwrap_err() {
                LogoutError::Revoke { about, source } => {
                    assert_eq!((*about, source.to_string()), (facts("https://h:8443/base"), text));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn clears_a_token_that_was_already_gone() {
        let mut store = store_holding(session(Some("https://h")));
        store.expect_clear().once().returning(|_| Ok(Clearing::Cleared));
        let outcome = logged_out("https://h", Revocation::AlreadyGone, Clearing::Cleared);
        let revoker = revoker_answering(Ok(Revocation::AlreadyGone));

        let result = execute(&store, &revoker, &mut reporter_expecting(outcome.clone()), &request(None, None));
        assert_eq!(result.unwrap(), outcome);
    }

    #[test]
    fn reports_a_kept_newer_session() {
        let mut store = store_holding(session(Some("https://h")));
        store.expect_clear().once().returning(|_| Ok(Clearing::Superseded));
        let outcome = logged_out("https://h", Revocation::Revoked, Clearing::Superseded);
        let revoker = revoker_answering(Ok(Revocation::Revoked));

        let result = execute(&store, &revoker, &mut reporter_expecting(outcome.clone()), &request(None, None));
        assert_eq!(result.unwrap(), outcome);
    }

    #[test]
    fn failed_clearing_is_no_outcome() {
        let mut store = store_holding(session(Some("https://h")));
        store.expect_clear().once().returning(|_| Err(store_error()));
        let revoker = revoker_answering(Ok(Revocation::Revoked));

        let error = execute(&store, &revoker, &mut MockReporter::new(), &request(None, None)).unwrap_err();
        assert!(matches!(&error, LogoutError::Clear { about, .. } if **about == facts("https://h")), "{error:?}");
    }

    #[test]
    fn a_failed_report_comes_after_everything_is_done() {
        let mut store = store_holding(session(Some("https://h")));
        store.expect_clear().once().returning(|_| Ok(Clearing::Cleared));
        let revoker = revoker_answering(Ok(Revocation::Revoked));
        let mut reporter = MockReporter::new();
        reporter.expect_report().once().with(always()).returning(|_| Err(ReportError { source: "full".into() }));

        let error = execute(&store, &revoker, &mut reporter, &request(None, None)).unwrap_err();
        assert!(matches!(error, LogoutError::Report(_)), "{error:?}");
        assert_eq!(error.facts().session, SessionState::Ended);
    }

    #[test]
    fn takes_the_stored_server_then_flag_then_fallback() {
        let cases = [
            (Some("https://stored"), None, None, "https://stored"),
            (Some("https://stored"), None, Some("https://fallback"), "https://stored"),
            (Some("https://stored/base"), Some("HTTPS://STORED:443/other"), None, "https://stored/base"),
            (Some("https://stored"), None, Some("junk"), "https://stored"),
            (None, Some("https://flag"), None, "https://flag"),
            (None, Some("https://flag"), Some("junk"), "https://flag"),
            (None, None, Some("https://fallback"), "https://fallback"),
        ];
        for (stored, flag, fallback, expected) in cases {
            let server = server_in_use(&session(stored), &request(flag, fallback));
            assert_eq!(server.unwrap().as_given(), expected, "{stored:?} {flag:?} {fallback:?}");
        }
    }

    #[test]
    fn sends_no_token_to_an_unclear_server() {
        let unusable = |setting, source| ServerError::Unusable { setting, place: None, source };
        let other = ServerError::OtherOrigin { stored: "https://stored".into(), given: "https://flag".into() };
        let cases = [
            (None, None, None, ServerError::Unknown),
            (Some("https://stored"), Some("https://flag"), None, other),
            (Some(""), None, Some("https://h"), unusable(ServerSetting::Stored, ServerUrlError::Syntax)),
            (Some("ftp://h"), Some("ftp://h"), None, unusable(ServerSetting::Stored, ServerUrlError::Scheme)),
            (Some("https://h"), Some("junk"), None, unusable(ServerSetting::Given, ServerUrlError::Syntax)),
            (None, Some("https://u@h"), Some("https://h"), unusable(ServerSetting::Given, ServerUrlError::Userinfo)),
            (None, None, Some("https://h:0"), unusable(ServerSetting::Fallback, ServerUrlError::Port)),
        ];
        for (stored, flag, fallback, expected) in cases {
            let store = store_holding(session(stored));
            let request = request(flag, fallback);
            let error = execute(&store, &MockTokenRevoker::new(), &mut MockReporter::new(), &request).unwrap_err();
            let facts = error.facts();
            assert_eq!(
                (facts.profile.as_ref().map(ProfileName::as_str), facts.session),
                (Some("dev"), SessionState::Untouched)
            );
            match error {
                LogoutError::Server { profile, id, source, .. } => {
                    assert_eq!((profile.as_str(), id.to_string().as_str(), source), ("dev", ID, expected));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
