//! The end of the session that a login replaced.

use super::LoginPorts;
use super::error::{LoginCause, LoginError};
use super::select::{Either, select};
use super::store_token::{StoredSession, replaced_token};
use crate::domain::new_session::NewSession;
use crate::domain::profile::Profile;
use crate::domain::session::Selection;
use crate::ports::chain::chain;
use crate::ports::login_outcome::{Replaced, ReplacedState, ReplacedToken};
use crate::ports::token_revoker::Revocation;
use crate::use_cases::logout::LogoutUseCase;
use crate::use_cases::server::NamedServers;

impl LoginPorts<'_> {
    /// Ends the session that was replaced. It is known by its token since it was replaced, and not looked up again by the
    /// name of its profile, which may hold something else by now.
    pub(super) async fn end_replaced(
        &self,
        session: &NewSession,
        stored: &mut StoredSession,
    ) -> Result<Option<Replaced>, LoginError> {
        let Some(replaced) = stored.replaced.clone() else { return Ok(None) };
        let state = match select(self.timer.interrupted(), self.revoke_and_clear(&replaced)).await {
            // The revocation may have arrived. Its profile stays, so a later logout finds out.
            Either::First(()) => return Err(stored.error(session, LoginCause::Interrupted)),
            Either::Second(state) => state,
        };
        if !matches!(state, ReplacedState::Kept { .. } | ReplacedState::Unstored { .. }) {
            stored.replaced = None;
        }
        Ok(Some(Replaced { token: replaced_token(&replaced), state }))
    }

    /// The token that was replaced, if it may be live and the profiles that could hold it do not: the one that it moved
    /// to, and the one that it was in, where another program may have put it back.
    pub(super) fn lost_replaced(&self, session: &NewSession, stored: &StoredSession) -> Option<ReplacedToken> {
        let moved = stored.replaced.as_ref()?;
        let back = Profile { name: session.profile.clone(), ..moved.clone() };
        (!self.is_stored(moved) && !self.is_stored(&back)).then(|| replaced_token(moved))
    }

    async fn revoke_and_clear(&self, replaced: &Profile) -> ReplacedState {
        let Some(session) = replaced.to_session() else {
            return ReplacedState::Kept { cause: "it is not a session token".to_owned() };
        };
        let named = NamedServers { stored: session.server.as_deref(), flag: None, fallback: None };
        let server = match named.for_stored_credential() {
            Ok(server) => server,
            Err(error) => return ReplacedState::Kept { cause: chain(&error) },
        };
        match LogoutUseCase::end_session(self.store, self.revoker, &session, &server).await {
            Ok((Revocation::Revoked, Ok(_))) => ReplacedState::Revoked,
            Ok((Revocation::AlreadyGone, Ok(_))) => ReplacedState::Gone,
            Ok((revocation, Err(error))) => ReplacedState::NotCleared { revocation, cause: chain(&error) },
            // Another program may have removed the profile meanwhile. Then the token is live and stored nowhere.
            Err(error) if self.is_stored(replaced) => ReplacedState::Kept { cause: chain(&error) },
            Err(error) => ReplacedState::Unstored { cause: chain(&error) },
        }
    }

    /// Tells whether the store still holds the token, as far as it can be read.
    fn is_stored(&self, replaced: &Profile) -> bool {
        match self.profiles.look_up(&Selection::Named(replaced.name.clone())) {
            Ok(held) => held.and_then(|held| held.token) == replaced.token,
            Err(_) => true,
        }
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::super::tests::{
        DOMAIN, OLD, OURS, SERVER, World, contents, holding, principal, profile, put_aside, replaced, request, run,
        session_token,
    };
    use super::super::{LoginPorts, LoginState, LoginUseCase};
    use super::*;
    use crate::domain::bearer_token::BearerToken;
    use crate::domain::principal::Principal;
    use crate::domain::server_url::ServerUrl;
    use crate::domain::token::SessionToken;
    use crate::ports::login_outcome::{LoginOutcome, LoginProgress};
    use crate::ports::principal_reader::PrincipalReader;
    use crate::ports::request_error::RequestError;
    use crate::ports::token_revoker::TokenRevoker;
    use crate::testing::{InMemoryStore, RecordingReporter, ScriptedRevoker};

    const NEWER: &str = "0192f0c1-2345-7abc-8def-0123456789ff";

    /// Lets another program change the store while the server is asked who is logged in.
    struct ChangingReader<'a> {
        store: &'a InMemoryStore,
        change: fn(&InMemoryStore),
        answer: fn() -> Result<Principal, RequestError>,
    }

    #[async_trait]
    impl PrincipalReader for ChangingReader<'_> {
        async fn read(&self, _: &ServerUrl, _: &BearerToken) -> Result<Principal, RequestError> {
            (self.change)(self.store);
            (self.answer)()
        }
    }

    /// Logs in beside a program that changes the store, and returns the ids of the tokens that were to be revoked.
    fn log_in_beside(
        world: &World,
        change: fn(&InMemoryStore),
        revocations: usize,
    ) -> (Result<LoginOutcome, LoginError>, Vec<String>) {
        let reader = ChangingReader { store: &world.store, change, answer: || Ok(principal(Some(DOMAIN))) };
        let revoker = ScriptedRevoker::new((0..revocations).map(|_| Ok(Revocation::Revoked)));
        let ports = LoginPorts { reader: &reader, revoker: &revoker, ..world.ports() };
        let (mut progress, mut reporter) = (RecordingReporter::new(), RecordingReporter::new());
        let result = run(LoginUseCase::new(ports, &mut progress, &mut reporter).execute(&request()));
        assert_eq!(reporter.outcomes().len(), usize::from(result.is_ok()));
        (result, revoker.calls().iter().map(|call| call.id.to_string()).collect())
    }

    fn replacing() -> World {
        World::replacing(Some(SERVER), &session_token(OLD))
    }

    fn forget(store: &InMemoryStore) {
        store.remove(&profile(&put_aside()));
    }

    fn remove_both(store: &InMemoryStore) {
        forget(store);
        store.remove(&profile("dev"));
    }

    fn put_back(store: &InMemoryStore) {
        forget(store);
        store.put(holding("dev", Some(SERVER), &session_token(OLD)));
    }

    #[test]
    fn revokes_the_replaced_token_though_its_profile_is_gone() {
        let world = replacing();
        let (result, revoked) = log_in_beside(&world, forget, 1);
        assert_eq!(result.unwrap().replaced.unwrap().state, ReplacedState::Revoked);
        assert_eq!((revoked, world.store.profiles()), (vec![OLD.to_owned()], vec!["dev".to_owned()]));
    }

    #[test]
    fn reports_a_replaced_token_that_is_stored_nowhere() {
        let world = replacing();
        let (result, _) = log_in_beside(&world, forget, 0);
        let state = result.unwrap().replaced.unwrap().state;
        assert!(matches!(state, ReplacedState::Unstored { .. }), "{state:?}");
    }

    #[test]
    fn leaves_another_token_in_its_profile_alone() {
        let world = replacing();
        let change = |store: &InMemoryStore| store.put(holding(&put_aside(), Some(SERVER), &session_token(NEWER)));
        let (result, revoked) = log_in_beside(&world, change, 1);
        assert_eq!(result.unwrap().replaced.unwrap().state, ReplacedState::Revoked);
        assert_eq!(revoked, [OLD]);
        assert_eq!(world.held(&put_aside()), contents(Some(SERVER), &session_token(NEWER)));
    }

    #[test]
    fn revokes_the_new_token_if_overwritten() {
        for (revocations, is_dead) in [(1, true), (0, false)] {
            let world = replacing();
            let (result, revoked) = log_in_beside(&world, put_back, revocations);
            let error = result.unwrap_err();
            assert!(matches!(*error.cause, LoginCause::Overwritten), "{error:?}");
            assert_eq!(matches!(*error.state, LoginState::Revoked(_)), is_dead, "{error:?}");
            assert_eq!(matches!(*error.state, LoginState::Live { .. }), !is_dead, "{error:?}");
            // The old token is in use again.
            assert!(revoked.iter().all(|id| id == OURS), "{revoked:?}");
            assert_eq!(world.held("dev"), contents(Some(SERVER), &session_token(OLD)));
        }
    }

    #[test]
    fn a_refused_session_that_was_overwritten_is_revoked_and_a_lost_one_named() {
        for (change, is_lost) in [(put_back as fn(&InMemoryStore), false), (remove_both as fn(&InMemoryStore), true)] {
            let world = replacing();
            let answer = || Err(RequestError::Refused { source: "said".into() });
            let reader = ChangingReader { store: &world.store, change, answer };
            let revoker = ScriptedRevoker::new([Ok(Revocation::Revoked)]);
            let ports = LoginPorts { reader: &reader, revoker: &revoker, ..world.ports() };
            let (mut progress, mut reporter) = (RecordingReporter::new(), RecordingReporter::new());
            let error = run(LoginUseCase::new(ports, &mut progress, &mut reporter).execute(&request())).unwrap_err();
            assert!(matches!((&*error.state, &*error.cause), (LoginState::Revoked(_), LoginCause::Overwritten)));
            let lost = LoginProgress::ReplacedLost(replaced(ReplacedState::Gone).token);
            assert_eq!(progress.outcomes().contains(&lost), is_lost, "{progress:?}");
        }
    }

    /// Lets another program remove both sessions while the replaced one is to end, and cannot be reached.
    struct RemovingRevoker<'a>(&'a InMemoryStore);

    #[async_trait]
    impl TokenRevoker for RemovingRevoker<'_> {
        async fn revoke(&self, _: &ServerUrl, _: &SessionToken) -> Result<Revocation, RequestError> {
            remove_both(self.0);
            Err(RequestError::Unreached { source: "said".into() })
        }
    }

    #[test]
    fn names_both_tokens_if_both_are_removed_at_last() {
        let world = replacing();
        let revoker = RemovingRevoker(&world.store);
        let ports = LoginPorts { revoker: &revoker, ..world.ports() };
        let (mut progress, mut reporter) = (RecordingReporter::new(), RecordingReporter::new());
        let error = run(LoginUseCase::new(ports, &mut progress, &mut reporter).execute(&request())).unwrap_err();
        assert!(matches!(*error.state, LoginState::Live { .. }), "{error:?}");
        let lost = LoginProgress::ReplacedLost(replaced(ReplacedState::Gone).token);
        assert!(progress.outcomes().contains(&lost), "{progress:?}");
    }

    #[test]
    fn keeps_a_newer_session() {
        let world = replacing();
        let change = |store: &InMemoryStore| store.put(holding("dev", Some(SERVER), &session_token(NEWER)));
        let (result, revoked) = log_in_beside(&world, change, 1);
        let error = result.unwrap_err();
        assert!(
            matches!((&*error.state, &*error.cause), (LoginState::Revoked(_), LoginCause::Superseded(_))),
            "{error:?}"
        );
        assert_eq!(revoked, [OURS]);
    }

    #[test]
    fn rotation_replaces_and_revokes_nothing() {
        let world = World::replacing(Some(SERVER), &format!("psk_dev_{OURS}_before"));
        let (result, revoked) = log_in_beside(&world, |_| {}, 0);
        assert_eq!((result.unwrap().replaced, revoked), (None, Vec::new()));
        assert_eq!(world.store.profiles(), ["dev"]);
        assert_eq!(world.held("dev"), contents(Some(SERVER), &session_token(OURS)));
        // Another program rotates the new token, which is the same session still.
        let rotate = |store: &InMemoryStore| {
            store.put(holding("dev", Some(SERVER), &format!("psk_dev_{OURS}_rotated")));
        };
        let (result, revoked) = log_in_beside(&World::approved(), rotate, 0);
        assert!(result.is_ok() && revoked.is_empty());
    }
}
