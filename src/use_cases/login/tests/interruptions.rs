//! Interruptions outside of the wait for approval.

use super::*;

#[test]
fn interruption_before_the_codes_sends_nothing() {
    let mut world = World::approved();
    world.timer.interrupt();
    let cause = cause_of_nothing(world.log_in().unwrap_err());
    assert!(matches!(cause, LoginCause::Interrupted), "{cause:?}");
    assert!(world.is_untouched());
}

#[test]
fn interruption_while_asking_for_the_principal_keeps_both() {
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
    async fn revoke(&self, _: &ServerUrl, _: &SessionToken) -> Result<Revocation, RequestError> {
        self.0.interrupt();
        std::future::pending().await
    }
}

#[test]
fn interruption_while_revoking_keeps_the_replaced_session() {
    let mut world = World::replacing(Some(SERVER), &session_token(OLD));
    world.revoker = Box::new(InterruptedRevoker(Arc::clone(&world.timer)));
    let (stored, cause) = stored_and_cause(world.log_in().unwrap_err());
    assert!(matches!(cause, LoginCause::Interrupted), "{cause:?}");
    assert_eq!(stored.replaced.unwrap(), replaced(ReplacedState::Gone).token);
    assert_eq!(world.held(&put_aside()), contents(Some(SERVER), &session_token(OLD)));
    assert_eq!(world.timer.risks().last(), Some(&AtRisk::Nothing));
}
