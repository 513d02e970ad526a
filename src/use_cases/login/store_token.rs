//! The way of an issued token into the store, or out of this world: while it has no place to wait in, no later run can
//! end it.

use std::time::Duration;

use super::LoginPorts;
use super::error::{Interruption, LoginError, NotKept, NotRevoked, StoredLogin};
use super::select::{Either, select};
use crate::domain::new_session::NewSession;
use crate::domain::profile::Profile;
use crate::domain::server_url::ServerUrl;
use crate::ports::login_outcome::ReplacedToken;
use crate::ports::profile_writer::Saving;
use crate::ports::store_error::StoreError;
use crate::ports::timer::AtRisk;
use crate::ports::token_revoker::{Revocation, RevokeError};

/// When the attempts to revoke a homeless token begin, counted from the first.
const FURTHER_ATTEMPTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

impl LoginPorts<'_> {
    /// Stores the session. If that cannot be, its token is revoked; if the operator interrupted, it is revoked before
    /// anything is stored.
    pub(super) async fn store_or_revoke(&self, session: &NewSession) -> Result<StoredLogin, LoginError> {
        self.timer.set_at_risk(AtRisk::Token(session.facts()));
        if self.timer.is_interrupted() {
            return Err(self.revoke_or_store(session).await.into());
        }
        match self.save(session) {
            Ok(stored) => Ok(stored),
            Err(NotKept::NotDurable { stored, source }) => Err(LoginError::NotDurable { stored, source }),
            Err(NotKept::Superseded) => Err(self.revoke_superseded(session).await),
            Err(NotKept::NotSaved(source)) => Err(self.revoke_unstored(session, source).await),
        }
    }

    /// Revokes the token of an interrupted login. One that cannot be revoked is stored, so that a later run can.
    async fn revoke_or_store(&self, session: &NewSession) -> Interruption {
        let token = Box::new(session.facts());
        let Err(revoking) = self.revoke(session).await else { return Interruption::Revoked { token } };
        match self.save(session) {
            Ok(stored) => Interruption::Stored(Box::new(stored)),
            Err(source) => Interruption::LiveUnstored { token, revoking, source },
        }
    }

    /// Leaves the profile to the session that was stored meanwhile.
    async fn revoke_superseded(&self, session: &NewSession) -> LoginError {
        let revoking = self.revoke(session).await.err();
        LoginError::Superseded { profile: session.profile.clone(), token: Box::new(session.facts()), revoking }
    }

    /// Takes back what could not be stored.
    async fn revoke_unstored(&self, session: &NewSession, source: StoreError) -> LoginError {
        let token = Box::new(session.facts());
        match self.revoke(session).await {
            Ok(_) => LoginError::NotStored { token, source },
            Err(revoking) => LoginError::LiveUnstored { token, revoking, source },
        }
    }

    fn save(&self, session: &NewSession) -> Result<StoredLogin, NotKept> {
        let (replaced, not_durable) = match self.writer.save(session) {
            Ok(Saving::Saved { replaced, not_durable }) => (replaced, not_durable),
            Ok(Saving::Superseded) => return Err(NotKept::Superseded),
            Err(source) => return Err(NotKept::NotSaved(source)),
        };
        self.timer.set_at_risk(AtRisk::Nothing);
        let stored = stored_login(session, replaced.as_ref());
        match not_durable {
            None => Ok(stored),
            Some(source) => Err(NotKept::NotDurable { stored: Box::new(stored), source }),
        }
    }

    /// Revokes the session's token: up to three attempts, and one after the operator interrupted. The server's own
    /// refusal would be no other the next time.
    async fn revoke(&self, session: &NewSession) -> Result<Revocation, NotRevoked> {
        let token = session.token.to_session_token().ok_or(NotRevoked::WithoutId)?;
        let begun = self.timer.now();
        let mut is_last = self.timer.is_interrupted();
        let mut result = self.revoker.revoke(&session.server, &token).await;
        for attempt in FURTHER_ATTEMPTS {
            if is_last || matches!(result, Ok(_) | Err(RevokeError::Refused { .. })) {
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

fn stored_login(session: &NewSession, replaced: Option<&Profile>) -> StoredLogin {
    let origin = |server: &str| ServerUrl::parse(server).ok().map(|server| server.origin());
    let replaced = replaced.map(|replaced| ReplacedToken {
        id: replaced.token_id(),
        origin: replaced.server.as_deref().and_then(origin),
        kept_as: replaced.name.clone(),
    });
    StoredLogin { profile: session.profile.clone(), token: session.facts(), replaced }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;

    use super::super::tests::{
        OLD, OURS, SERVER, World, contents, issued, profile, put_aside, replaced, session_token, stored_login,
    };
    use super::*;
    use crate::domain::session::Session;
    use crate::domain::token::SessionToken;
    use crate::ports::login_outcome::ReplacedState;
    use crate::ports::timer::Timer;
    use crate::ports::token_revoker::TokenRevoker;
    use crate::testing::{ManualTimer, ScriptedPoll};

    /// Answers by a script, notes when it was asked, and may be interrupted by an attempt or take its time for one.
    struct TimedRevoker {
        timer: Arc<ManualTimer>,
        script: Mutex<Vec<Result<Revocation, RevokeError>>>,
        asked: Arc<Mutex<Vec<Duration>>>,
        takes: Duration,
        is_interrupted_by: Option<usize>,
    }

    #[async_trait]
    impl TokenRevoker for TimedRevoker {
        async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
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

    fn unreached() -> Result<Revocation, RevokeError> {
        Err(RevokeError::Unreached { source: "no route".into() })
    }

    fn refused() -> Result<Revocation, RevokeError> {
        Err(RevokeError::Refused { source: "403".into() })
    }

    /// A login whose token is answered so when it is revoked, and the times at which that was tried, after the token
    /// was issued at five seconds.
    fn revoked_by(
        mut world: World,
        script: impl IntoIterator<Item = Result<Revocation, RevokeError>>,
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

    fn ours() -> StoredLogin {
        stored_login(None)
    }

    #[test]
    fn a_token_that_could_not_be_stored_is_revoked_in_up_to_three_attempts() {
        let unconfirmed = || Err(RevokeError::Unconfirmed { source: "500".into() });
        let unanswered = || Err(RevokeError::Unanswered { source: "silence".into() });
        let scripts = [
            (vec![Ok(Revocation::Revoked)], vec![0]),
            (vec![Ok(Revocation::AlreadyGone)], vec![0]),
            (vec![unreached(), Ok(Revocation::Revoked)], vec![0, 1]),
            (vec![unconfirmed(), unanswered(), Ok(Revocation::AlreadyGone)], vec![0, 1, 3]),
        ];
        for (script, times) in scripts {
            let (mut world, asked) = revoked_by(unwritable(), script, |_| {});
            match world.log_in().unwrap_err() {
                LoginError::NotStored { token, source } => {
                    assert_eq!((*token, source.to_string().as_str()), (ours().token, "memory was not changed"));
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
    fn a_token_that_could_be_neither_stored_nor_revoked_is_told_with_both_causes() {
        let scripts = [
            (vec![unreached(), unreached(), unreached()], vec![0, 1, 3]),
            (vec![refused()], vec![0]),
            (vec![unreached(), refused()], vec![0, 1]),
        ];
        for (script, times) in scripts {
            let (mut world, asked) = revoked_by(unwritable(), script, |_| {});
            match world.log_in().unwrap_err() {
                LoginError::LiveUnstored {
                    token,
                    revoking: NotRevoked::Failed(_),
                    source: StoreError::NotWritten { .. },
                } => {
                    assert_eq!(*token, ours().token);
                }
                other => panic!("{other:?}"),
            }
            assert!(is_as_before(&world));
            assert_eq!(asked(), times);
            assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Token(ours().token)));
        }
    }

    #[test]
    fn the_attempts_are_counted_from_the_first_however_long_they_take() {
        let script = [unreached(), unreached(), Ok(Revocation::Revoked)];
        let (mut world, asked) = revoked_by(unwritable(), script, |revoker| revoker.takes = Duration::from_secs(2));
        world.log_in().unwrap_err();
        assert_eq!(asked(), [0, 2, 4]);
    }

    #[test]
    fn a_token_without_an_id_that_could_not_be_stored_cannot_be_revoked() {
        let world = World::polled([issued("eyJhbGciOiJFZERTQSJ9.e30.c2ln").into()]);
        world.store.fail_next_save(StoreError::NotWritten { place: "memory".into(), source: "full".into() });
        let (mut world, asked) = revoked_by(world, [], |_| {});
        match world.log_in().unwrap_err() {
            LoginError::LiveUnstored { token, revoking: NotRevoked::WithoutId, .. } => assert_eq!(token.id, None),
            other => panic!("{other:?}"),
        }
        assert!(asked().is_empty());
    }

    #[test]
    fn a_session_that_was_stored_meanwhile_is_kept_and_ours_is_revoked() {
        for (script, is_revoked) in
            [(vec![Ok(Revocation::Revoked)], true), (vec![unreached(), unreached(), unreached()], false)]
        {
            let (mut world, _) = revoked_by(overtaken(), script, |_| {});
            match world.log_in().unwrap_err() {
                LoginError::Superseded { profile, token, revoking } => {
                    assert_eq!((profile.as_str(), *token), ("dev", ours().token));
                    assert_eq!(revoking.is_none(), is_revoked);
                }
                other => panic!("{other:?}"),
            }
            assert!(world.store.holds(&newer()) && world.store.profiles() == ["dev"]);
        }
    }

    #[test]
    fn a_session_that_may_not_survive_revokes_nothing_and_asks_nothing() {
        let world = World::replacing(Some(SERVER), &session_token(OLD));
        let error = StoreError::NotDurable { place: "memory".into(), source: "unsynced".into() };
        world.store.fail_next_save(error);
        let (mut world, asked) = revoked_by(world, [], |_| {});
        match world.log_in().unwrap_err() {
            LoginError::NotDurable { stored, source: StoreError::NotDurable { .. } } => {
                assert_eq!(*stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
            }
            other => panic!("{other:?}"),
        }
        assert!(holds_both(&world) && asked().is_empty() && world.reader.calls().is_empty());
        assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Nothing));
    }

    #[test]
    fn a_token_that_comes_after_an_interruption_is_revoked_and_nothing_is_stored() {
        let world = World::replacing(Some(SERVER), &session_token(OLD));
        let (world, asked) = revoked_by(world, [Ok(Revocation::Revoked)], |_| {});
        let mut world = interrupted(world);
        match world.log_in().unwrap_err() {
            LoginError::Interrupted(Interruption::Revoked { token }) => assert_eq!(*token, ours().token),
            other => panic!("{other:?}"),
        }
        assert!(is_as_before(&world));
        assert_eq!(asked(), [0]);
        assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Nothing));
    }

    #[test]
    fn a_late_token_after_an_interruption_is_revoked_as_well() {
        let late = ScriptedPoll::AnswersLate(issued(&session_token(OURS)));
        let (world, asked) = revoked_by(World::polled([late]), [Ok(Revocation::AlreadyGone)], |_| {});
        let error = interrupted(world).log_in().unwrap_err();
        assert!(matches!(error, LoginError::Interrupted(Interruption::Revoked { .. })), "{error:?}");
        assert_eq!(asked(), [0]);
    }

    #[test]
    fn a_token_that_cannot_be_revoked_after_an_interruption_is_stored_after_one_attempt() {
        let world = World::replacing(Some(SERVER), &session_token(OLD));
        let (world, asked) = revoked_by(world, [unreached()], |_| {});
        let mut world = interrupted(world);
        match world.log_in().unwrap_err() {
            LoginError::Interrupted(Interruption::Stored(stored)) => {
                assert_eq!(*stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
            }
            other => panic!("{other:?}"),
        }
        assert!(holds_both(&world));
        assert_eq!(asked(), [0]);
        assert_eq!(TimedRevoker::at_risk(&world.timer), Some(AtRisk::Nothing));
    }

    #[test]
    fn a_token_that_can_be_neither_revoked_nor_stored_after_an_interruption_is_told() {
        let not_saved = || StoreError::NotWritten { place: "memory".into(), source: "full".into() };
        let not_durable = || StoreError::NotDurable { place: "memory".into(), source: "x".into() };
        for (error, is_stored) in [(not_saved(), false), (not_durable(), true)] {
            let world = World::replacing(Some(SERVER), &session_token(OLD));
            world.store.fail_next_save(error);
            let (world, _) = revoked_by(world, [unreached()], |_| {});
            let mut world = interrupted(world);
            match world.log_in().unwrap_err() {
                LoginError::Interrupted(Interruption::LiveUnstored { token, source, .. }) => {
                    assert_eq!(*token, ours().token);
                    assert_eq!(matches!(source, NotKept::NotDurable { .. }), is_stored);
                }
                other => panic!("{other:?}"),
            }
            assert_eq!((is_as_before(&world), holds_both(&world)), (!is_stored, is_stored));
        }
    }

    #[test]
    fn a_token_that_gives_way_after_an_interruption_is_told() {
        let (mut world, _) = revoked_by(World::approved(), [unreached()], |_| {});
        let (store, timer) = (Arc::clone(&world.store), Arc::clone(&world.timer));
        world.issuer = world.issuer.on_poll(move |_| {
            timer.interrupt();
            store.sign_in(newer());
        });
        let error = world.log_in().unwrap_err();
        assert!(
            matches!(error, LoginError::Interrupted(Interruption::LiveUnstored { source: NotKept::Superseded, .. })),
            "{error:?}"
        );
    }

    #[test]
    fn an_interruption_among_the_attempts_leaves_one_more() {
        for (interrupted_by, times) in [(1, vec![0, 0]), (2, vec![0, 1, 1])] {
            let script = [unreached(), unreached(), unreached()];
            let change = |revoker: &mut TimedRevoker| revoker.is_interrupted_by = Some(interrupted_by);
            let (mut world, asked) = revoked_by(unwritable(), script, change);
            let error = world.log_in().unwrap_err();
            assert!(matches!(error, LoginError::LiveUnstored { .. }), "{error:?}");
            assert_eq!(asked(), times);
        }
        let (mut world, asked) = revoked_by(unwritable(), [unreached(), unreached()], |_| {});
        world.timer.interrupt_at(Duration::from_millis(5500));
        world.log_in().unwrap_err();
        assert_eq!(asked(), [0, 0]);
        assert_eq!(world.timer.now(), Duration::from_millis(5500));
    }
}
