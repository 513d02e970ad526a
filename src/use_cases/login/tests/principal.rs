//! The question who is logged in, and what its answer means for the session.

use super::*;

#[test]
fn reports_a_server_that_names_no_principal() {
    let source = || "said".into();
    for error in [
        RequestError::Unconfirmed { source: source() },
        RequestError::Unanswered { source: source() },
        RequestError::Unreached { source: source() },
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
fn waits_ten_seconds_for_the_principal() {
    let mut world = World { reader: ScriptedPrincipalReader::silent(), ..World::approved() };
    assert_eq!(world.log_in().unwrap().principal.unwrap_err(), "no answer within 10 s");
    assert_eq!(world.timer.waits(), [Duration::from_secs(5), Duration::from_secs(10)]);
}

#[test]
fn keeps_both_sessions_if_the_new_one_is_refused() {
    let source = || "said".into();
    for (error, is_accepted) in
        [(RequestError::NotAccepted { source: source() }, false), (RequestError::Refused { source: source() }, true)]
    {
        let mut world = World::replacing(Some(SERVER), &session_token(OLD));
        world.revoker = Box::new(MockTokenRevoker::new());
        world.reader = ScriptedPrincipalReader::new([Err(error)]);
        match stored_and_cause(world.log_in().unwrap_err()) {
            (stored, LoginCause::NotAccepted(source)) => {
                assert_eq!(stored, stored_login(Some(replaced(ReplacedState::Gone).token)));
                assert_eq!(matches!(source, RequestError::Refused { .. }), is_accepted);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.held("dev"), contents(Some(SERVER), &session_token(OURS)));
        assert_eq!(world.held(&put_aside()), contents(Some(SERVER), &session_token(OLD)));
    }
}

#[test]
fn keeps_both_sessions_if_the_domain_differs() {
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
fn accepts_no_domain_and_any_case_of_it() {
    for found in [None, Some(DOMAIN.to_uppercase())] {
        let mut world = World::approved();
        world.reader = ScriptedPrincipalReader::new([Ok(principal(found.as_deref()))]);
        assert_eq!(world.log_in().unwrap().principal.unwrap().domain_id, found);
    }
}
