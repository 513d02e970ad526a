//! What happens to a token that has arrived: it is stored, or revoked, since a token that is stored nowhere cannot be
//! ended by a later run.

use std::time::Duration;

use super::LoginPorts;
use super::error::{LoginCause, LoginError, LoginState, NotRevoked, StoredLogin};
use super::select::{Either, select};
use crate::domain::new_session::NewSession;
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::session::Selection;
use crate::ports::login_outcome::ReplacedToken;
use crate::ports::profile_writer::Saving;
use crate::ports::request_error::RequestError;
use crate::ports::store_error::StoreError;
use crate::ports::timer::AtRisk;
use crate::ports::token_revoker::Revocation;

/// When the attempts to revoke an unstored token start after the first, counted from that one.
const FURTHER_ATTEMPTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// A session that was stored.
pub(super) struct StoredSession {
    /// The profile that the token moved to that the profile held before, until that token is known to be dead. Its token
    /// is known from here on, whatever other programs make of the profile.
    pub(super) replaced: Option<Profile>,
    /// Why a power loss may undo the change.
    not_durable: Option<StoreError>,
}

impl StoredSession {
    /// A failure that leaves the session stored.
    pub(super) fn error(&self, session: &NewSession, cause: LoginCause) -> LoginError {
        let replaced = self.replaced.as_ref().map(replaced_token);
        error_of(session, LoginState::Stored(StoredLogin { token: session.facts(), replaced }), cause)
    }

    /// The failure of a change that a power loss may undo. It cancels no other step of the login, so it comes last.
    pub(super) fn take_durability_error(&mut self, session: &NewSession) -> Option<LoginError> {
        let error = self.not_durable.take()?;
        Some(self.error(session, LoginCause::NotDurable(error)))
    }
}

impl LoginPorts<'_> {
    /// Stores the session, and revokes its token if that fails. After an interruption the token is revoked first, and
    /// stored only if that fails.
    pub(super) async fn store_or_revoke(&self, session: &NewSession) -> Result<StoredSession, LoginError> {
        self.timer.set_at_risk(AtRisk::Token(session.facts()));
        // Storing a session that the operator has just given up would surprise them.
        if self.timer.is_interrupted() {
            return Err(self.revoke_or_store(session).await);
        }
        match self.save(session) {
            Ok(stored) => Ok(stored),
            Err(cause) => Err(self.revoke_unstored(session, cause).await),
        }
    }

    /// Looks at the profile once more. If another program has put its old text back, the session is not stored, as if
    /// saving it had failed. Returns why the store could not be read, which says nothing of the session.
    pub(super) async fn confirm_stored(&self, session: &NewSession) -> Result<Option<StoreError>, LoginError> {
        let token = ProfileToken::from(session.token.clone());
        let held = match self.profiles.look_up(&Selection::Named(session.profile.clone())) {
            Ok(held) => held.and_then(|held| held.token),
            Err(error) => return Ok(Some(error)),
        };
        let before = session.held_before.as_ref().and_then(|held| held.token.as_ref());
        let cause = match &held {
            Some(held) if held.is_same_session(&token) => return Ok(None),
            // Neither the new token nor the one before: somebody else has logged in meanwhile, and theirs is newer.
            Some(held) if before.is_none_or(|before| !before.is_same_session(held)) => {
                LoginCause::Superseded(session.profile.clone())
            }
            _ => LoginCause::Overwritten,
        };
        Err(self.revoke_unstored(session, cause).await)
    }

    async fn revoke_or_store(&self, session: &NewSession) -> LoginError {
        let Err(revoking) = self.revoke(session).await else {
            return error_of(session, LoginState::Revoked(session.facts()), LoginCause::Interrupted);
        };
        match self.save(session) {
            Ok(stored) => stored.error(session, LoginCause::Interrupted),
            Err(cause) => error_of(session, LoginState::Live { token: session.facts(), revoking }, cause),
        }
    }

    async fn revoke_unstored(&self, session: &NewSession, cause: LoginCause) -> LoginError {
        self.timer.set_at_risk(AtRisk::Token(session.facts()));
        let state = match self.revoke(session).await {
            Ok(_) => LoginState::Revoked(session.facts()),
            Err(revoking) => LoginState::Live { token: session.facts(), revoking },
        };
        error_of(session, state, cause)
    }

    fn save(&self, session: &NewSession) -> Result<StoredSession, LoginCause> {
        match self.writer.save(session) {
            Ok(Saving::Saved { replaced, not_durable }) => {
                self.timer.set_at_risk(AtRisk::Nothing);
                Ok(StoredSession { replaced, not_durable })
            }
            Ok(Saving::Superseded) => Err(LoginCause::Superseded(session.profile.clone())),
            Err(error) => Err(LoginCause::Store(error)),
        }
    }

    /// Revokes the session's token in up to three attempts, or one after the operator interrupted. A server that refuses
    /// would refuse again.
    async fn revoke(&self, session: &NewSession) -> Result<Revocation, NotRevoked> {
        // The path of the request needs the id, which only a session token carries.
        let token = session.token.to_session_token().ok_or(NotRevoked::WithoutId)?;
        // Attempts start at fixed times, so a slow attempt takes the place of the wait before the next one.
        let begun = self.timer.now();
        // The operator wants to leave, but one attempt is owed to the token.
        let mut is_last = self.timer.is_interrupted();
        let mut result = self.revoker.revoke(&session.server, &token).await;
        for attempt in FURTHER_ATTEMPTS {
            if is_last || matches!(result, Ok(_) | Err(RequestError::Refused { .. })) {
                break;
            }
            let wait = (begun + attempt).saturating_sub(self.timer.now());
            is_last = matches!(select(self.timer.interrupted(), self.timer.wait(wait)).await, Either::First(()));
            result = self.revoker.revoke(&session.server, &token).await;
        }
        let revocation = result.map_err(NotRevoked::Failed)?;
        self.timer.set_at_risk(AtRisk::Nothing);
        Ok(revocation)
    }
}

/// What may be told of the token of a profile that it was moved to.
pub(super) fn replaced_token(replaced: &Profile) -> ReplacedToken {
    ReplacedToken {
        id: replaced.token_id(),
        origin: replaced.server_url().map(|server| server.origin()),
        kept_as: replaced.name.clone(),
    }
}

fn error_of(session: &NewSession, state: LoginState, cause: LoginCause) -> LoginError {
    LoginError::new(&session.profile, Some(&session.server), state, cause)
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;

    use super::super::tests::{
        OLD, OURS, SERVER, World, contents, issued, ours, profile, put_aside, replaced, session_token,
        stored_and_cause, stored_login,
    };
    use super::*;
    use crate::domain::server_url::ServerUrl;
    use crate::domain::session::Session;
    use crate::domain::token::SessionToken;
    use crate::ports::login_outcome::ReplacedState;
    use crate::ports::timer::Timer;
    use crate::ports::token_revoker::TokenRevoker;
    use crate::testing::{ManualTimer, ScriptedPoll, ScriptedRevoker};

    /// Answers by a script, notes when it was asked, and may be interrupted by an attempt or take its time for one.
    struct TimedRevoker {
        timer: Arc<ManualTimer>,
        script: Mutex<Vec<Result<Revocation, RequestError>>>,
        asked: Arc<Mutex<Vec<Duration>>>,
        takes: Duration,
        is_interrupted_by: Option<usize>,
    }

    #[async_trait]
    impl TokenRevoker for TimedRevoker {
        async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RequestError> {
            assert_eq!((server.as_given(), token.id().to_string().as_str()), (SERVER, OURS));
            let facts = TimedRevoker::at_risk(&self.timer);
            assert!(matches!(facts, Some(AtRisk::Token(facts)) if facts.id == Some(token.id())));
            let number = {
                let mut asked = self.asked.lock().unwrap();
                asked.push(self.timer.now());
                asked.len()
            };
            if self.is_interrupted_by == Some(number) {
                self.timer.interrupt();
            }
            self.timer.advance(self.takes);
            self.script.lock().unwrap().remove(0)
        }
    }

    impl TimedRevoker {
        fn at_risk(timer: &ManualTimer) -> Option<AtRisk> {
            timer.risks().last().cloned()
        }
    }

    fn unreached() -> Result<Revocation, RequestError> {
        Err(RequestError::Unreached { source: "no route".into() })
    }

    fn refused() -> Result<Revocation, RequestError> {
        Err(RequestError::Refused { source: "403".into() })
    }

    /// A login whose token is answered so when it is revoked, and the times at which that was tried, after the token
    /// was issued at five seconds.
    fn revoked_by(
        mut world: World,
        script: impl IntoIterator<Item = Result<Revocation, RequestError>>,
        change: impl FnOnce(&mut TimedRevoker),
    ) -> (World, impl Fn() -> Vec<u64>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut revoker = TimedRevoker {
            timer: Arc::clone(&world.timer),
            script: Mutex::new(script.into_iter().collect()),
            asked: Arc::clone(&asked),
            takes: Duration::ZERO,
            is_interrupted_by: None,
        };
        change(&mut revoker);
        world.revoker = Box::new(revoker);
        (world, move || asked.lock().unwrap().iter().map(|time| time.as_secs() - 5).collect())
    }

    fn unwritable() -> World {
        let world = World::replacing(Some(SERVER), &session_token(OLD));
        world.store.fail_next_save(StoreError::NotWritten { place: "memory".into(), source: "full".into() });
        world
    }

    /// The profile holds another session by the time at which the token comes.
    fn overtaken() -> World {
        let mut world = World::replacing(Some(SERVER), &session_token(OLD));
        let store = Arc::clone(&world.store);
        world.issuer = world.issuer.on_poll(move |_| store.sign_in(newer()));
        world
    }

    fn newer() -> Session {
        let token = SessionToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ff_newer").unwrap();
        Session { profile: profile("dev"), token, server: None }
    }

    /// The operator interrupts while the poll is under way that brings the token.
    fn interrupted(mut world: World) -> World {
        let timer = Arc::clone(&world.timer);
        world.issuer = world.issuer.on_poll(move |_| timer.interrupt());
        world
    }

    fn is_as_before(world: &World) -> bool {
        world.store.profiles() == ["dev"] && world.held("dev") == contents(Some(SERVER), &session_token(OLD))
    }

    fn holds_both(world: &World) -> bool {
        world.held("dev") == contents(Some(SERVER), &session_token(OURS))
            && world.held(&put_aside()) == contents(Some(SERVER), &session_token(OLD))
    }

    #[test]
    fn revokes_an_unstored_token_in_up_to_three_attempts() {
        let unconfirmed = || Err(RequestError::Unconfirmed { source: "500".into() });
        let unanswered = || Err(RequestError::Unanswered { source: "silence".into() });
        let scripts = [
            (vec![Ok(Revocation::Revoked)], vec![0]),
            (vec![Ok(Revocation::AlreadyGone)], vec![0]),
            (vec![unreached(), Ok(Revocation::Revoked)], vec![0, 1]),
            (vec![unconfirmed(), unanswered(), Ok(Revocation::AlreadyGone)], vec![0, 1, 3]),
        ];
        for (script, times) in scripts {
            let (mut world, asked) = revoked_by(unwritable(), script, |_| {});
            let error = world.log_in().unwrap_err();
            match (&*error.state, &*error.cause) {
                (LoginState::Revoked(token), LoginCause::Store(StoreError::NotWritten { .. })) => {
                    assert_eq!(*token, ours());
                }
                other => panic!("{other:?}"),
            }
            assert!(is_as_before(&world));
            assert_eq!(asked(), times);
            assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Nothing));
            assert!(world.reader.calls().is_empty() && world.reporter.outcomes().is_empty());
        }
    }

    #[test]
    fn reports_a_token_that_is_neither_stored_nor_revoked() {
        let scripts = [
            (vec![unreached(), unreached(), unreached()], vec![0, 1, 3]),
            (vec![refused()], vec![0]),
            (vec![unreached(), refused()], vec![0, 1]),
        ];
        for (script, times) in scripts {
            let (mut world, asked) = revoked_by(unwritable(), script, |_| {});
            let error = world.log_in().unwrap_err();
            match (&*error.state, &*error.cause) {
                (
                    LoginState::Live { token, revoking: NotRevoked::Failed(_) },
                    LoginCause::Store(StoreError::NotWritten { .. }),
                ) => assert_eq!(*token, ours()),
                other => panic!("{other:?}"),
            }
            assert!(is_as_before(&world));
            assert_eq!(asked(), times);
            assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Token(ours())));
        }
    }

    #[test]
    fn counts_attempts_from_the_first() {
        let script = [unreached(), unreached(), Ok(Revocation::Revoked)];
        let (mut world, asked) = revoked_by(unwritable(), script, |revoker| revoker.takes = Duration::from_secs(2));
        world.log_in().unwrap_err();
        assert_eq!(asked(), [0, 2, 4]);
    }

    #[test]
    fn cannot_revoke_a_token_without_an_id() {
        let world = World::polled([issued("eyJhbGciOiJFZERTQSJ9.e30.c2ln").into()]);
        world.store.fail_next_save(StoreError::NotWritten { place: "memory".into(), source: "full".into() });
        let (mut world, asked) = revoked_by(world, [], |_| {});
        match *world.log_in().unwrap_err().state {
            LoginState::Live { token, revoking: NotRevoked::WithoutId } => assert_eq!(token.id, None),
            other => panic!("{other:?}"),
        }
        assert!(asked().is_empty());
    }

    #[test]
    fn keeps_a_session_that_was_stored_meanwhile() {
        for (script, is_revoked) in
            [(vec![Ok(Revocation::Revoked)], true), (vec![unreached(), unreached(), unreached()], false)]
        {
            let (mut world, _) = revoked_by(overtaken(), script, |_| {});
            let error = world.log_in().unwrap_err();
            assert_eq!(matches!(*error.state, LoginState::Revoked(_)), is_revoked, "{error:?}");
            assert_eq!(matches!(*error.state, LoginState::Live { .. }), !is_revoked, "{error:?}");
            assert!(matches!(*error.cause, LoginCause::Superseded(_)), "{error:?}");
            assert!(world.store.holds(&newer()) && world.store.profiles() == ["dev"]);
        }
    }

    #[test]
    fn undurable_change_cancels_no_other_step() {
        let world = World::replacing(Some(SERVER), &session_token(OLD));
        world.store.fail_next_save(StoreError::NotDurable { place: "memory".into(), source: "unsynced".into() });
        let mut world = World { revoker: Box::new(ScriptedRevoker::new([Ok(Revocation::Revoked)])), ..world };
        match stored_and_cause(world.log_in().unwrap_err()) {
            (stored, cause @ LoginCause::NotDurable(_)) => {
                assert_eq!(stored, stored_login(None));
                assert_eq!(cause.to_string(), "memory: unsynced");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!((world.reader.calls().len(), world.store.profiles()), (1, vec!["dev".to_owned()]));
        assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Nothing));
    }

    #[test]
    fn interruption_revokes_a_token_that_arrives() {
        let world = World::replacing(Some(SERVER), &session_token(OLD));
        let (world, asked) = revoked_by(world, [Ok(Revocation::Revoked)], |_| {});
        let mut world = interrupted(world);
        let error = world.log_in().unwrap_err();
        match (&*error.state, &*error.cause) {
            (LoginState::Revoked(token), LoginCause::Interrupted) => assert_eq!(*token, ours()),
            other => panic!("{other:?}"),
        }
        assert!(is_as_before(&world));
        assert_eq!(asked(), [0]);
        assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Nothing));
    }

    #[test]
    fn interruption_revokes_a_late_token() {
        let late = ScriptedPoll::AnswersLate(issued(&session_token(OURS)));
        let (world, asked) = revoked_by(World::polled([late]), [Ok(Revocation::AlreadyGone)], |_| {});
        let error = interrupted(world).log_in().unwrap_err();
        assert!(
            matches!((&*error.state, &*error.cause), (LoginState::Revoked(_), LoginCause::Interrupted)),
            "{error:?}"
        );
        assert_eq!(asked(), [0]);
    }

    #[test]
    fn interruption_leaves_one_attempt_to_revoke() {
        let world = World::replacing(Some(SERVER), &session_token(OLD));
        let (world, asked) = revoked_by(world, [unreached()], |_| {});
        let mut world = interrupted(world);
        match stored_and_cause(world.log_in().unwrap_err()) {
            (stored, LoginCause::Interrupted) => {
                assert_eq!(stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
            }
            other => panic!("{other:?}"),
        }
        assert!(holds_both(&world));
        assert_eq!(asked(), [0]);
        assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Nothing));
    }

    #[test]
    fn interruption_stores_a_token_that_cannot_be_revoked() {
        let not_written = || StoreError::NotWritten { place: "memory".into(), source: "full".into() };
        let not_durable = || StoreError::NotDurable { place: "memory".into(), source: "x".into() };
        for (failure, is_stored) in [(not_written(), false), (not_durable(), true)] {
            let world = World::replacing(Some(SERVER), &session_token(OLD));
            world.store.fail_next_save(failure);
            let (world, _) = revoked_by(world, [unreached()], |_| {});
            let mut world = interrupted(world);
            let error = world.log_in().unwrap_err();
            match (&*error.state, &*error.cause) {
                (LoginState::Live { token, .. }, LoginCause::Store(_)) if !is_stored => assert_eq!(*token, ours()),
                (LoginState::Stored(stored), LoginCause::Interrupted) if is_stored => {
                    assert_eq!(stored.token, ours());
                }
                other => panic!("{other:?}"),
            }
            assert_eq!((is_as_before(&world), holds_both(&world)), (!is_stored, is_stored));
        }
    }

    #[test]
    fn interrupted_login_keeps_a_newer_session() {
        let (mut world, _) = revoked_by(World::approved(), [unreached()], |_| {});
        let (store, timer) = (Arc::clone(&world.store), Arc::clone(&world.timer));
        world.issuer = world.issuer.on_poll(move |_| {
            timer.interrupt();
            store.sign_in(newer());
        });
        let error = world.log_in().unwrap_err();
        assert!(
            matches!((&*error.state, &*error.cause), (LoginState::Live { .. }, LoginCause::Superseded(_))),
            "{error:?}"
        );
    }

    #[test]
    fn interruption_among_attempts_leaves_one_more() {
        for (interrupted_by, times) in [(1, vec![0, 0]), (2, vec![0, 1, 1])] {
            let script = [unreached(), unreached(), unreached()];
            let change = |revoker: &mut TimedRevoker| revoker.is_interrupted_by = Some(interrupted_by);
            let (mut world, asked) = revoked_by(unwritable(), script, change);
            let error = world.log_in().unwrap_err();
            assert!(matches!(*error.state, LoginState::Live { .. }), "{error:?}");
            assert_eq!(asked(), times);
        }
        let (mut world, asked) = revoked_by(unwritable(), [unreached(), unreached()], |_| {});
        world.timer.interrupt_at(Duration::from_millis(5500));
        world.log_in().unwrap_err();
        assert_eq!(asked(), [0, 0]);
        assert_eq!(world.timer.now(), Duration::from_millis(5500));
    }
}
