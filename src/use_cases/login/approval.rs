//! The wait for approval: polls as the decision table says, and ends when the operator interrupts.

use std::time::Duration;

use super::LoginUseCase;
use super::error::{LoginCause, LoginError};
use super::poll::{PollEvent, PollStep, Polling, decide};
use super::select::{Either, select};
use super::target::LoginTarget;
use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::issued_token::IssuedToken;
use crate::ports::call_error::CallError;
use crate::ports::login_outcome::LoginProgress;
use crate::ports::timer::AtRisk;
use crate::ports::token_issuer::PollResponse;

/// How long to wait for the response to a poll after the operator interrupted.
const INTERRUPTED_POLL_LIMIT: Duration = Duration::from_secs(10);

impl LoginUseCase<'_> {
    /// Polls until the token is issued. Returns it with whether an earlier response was lost. `arrived` is the time at
    /// which the codes arrived.
    pub(super) async fn await_approval(
        &mut self,
        target: &LoginTarget,
        authorization: &DeviceAuthorization,
        arrived: Duration,
    ) -> Result<(IssuedToken, bool), LoginError> {
        let (mut polling, mut event) = (Polling::new(authorization, arrived), PollEvent::Begun);
        loop {
            let (state, step) = decide(polling, event, self.ports.timer.now());
            polling = state;
            let is_response_lost = polling.is_response_lost();
            event = match step {
                PollStep::Wait { duration, first_failure } => {
                    self.wait(target, duration, first_failure, is_response_lost).await?
                }
                PollStep::Poll => PollEvent::Responded(self.poll(target, authorization).await?),
                PollStep::Take(token) => return Ok((token, is_response_lost)),
                // The operator knows why the login ended, and wants to know what it left.
                PollStep::GiveUp(_) if self.ports.timer.is_interrupted() => {
                    return Err(target.error(is_response_lost, LoginCause::Interrupted));
                }
                PollStep::GiveUp(source) => {
                    return Err(target.error(is_response_lost, LoginCause::NotIssued(source)));
                }
            };
        }
    }

    /// Waits between two polls. No token exists in the meantime, so an interruption ends the login at once.
    async fn wait(
        &mut self,
        target: &LoginTarget,
        duration: Duration,
        first_failure: Option<CallError>,
        is_response_lost: bool,
    ) -> Result<PollEvent, LoginError> {
        let timer = self.ports.timer;
        timer.set_at_risk(if is_response_lost { AtRisk::Response } else { AtRisk::Nothing });
        // After an interruption there is no next poll that the warning could be about.
        if let Some(cause) = first_failure.filter(|_| !timer.is_interrupted()) {
            self.tell(&LoginProgress::PollFailed { origin: target.server.origin(), cause });
        }
        match select(timer.interrupted(), timer.wait(duration)).await {
            Either::First(()) => Err(target.error(is_response_lost, LoginCause::Interrupted)),
            Either::Second(()) => Ok(PollEvent::Waited),
        }
    }

    /// Polls once. The response may hold a token, so an interruption does not cut the poll off at once.
    async fn poll(
        &mut self,
        target: &LoginTarget,
        authorization: &DeviceAuthorization,
    ) -> Result<PollResponse, LoginError> {
        let (issuer, timer) = (self.ports.issuer, self.ports.timer);
        // Before the request: from here on a second signal, which ends the process, may lose a token.
        timer.set_at_risk(AtRisk::Response);
        // Kept across the first select: dropping the future would drop a token that is on its way.
        let mut response = issuer.poll(&target.server, authorization.device_code());
        if let Either::First(response) = select(&mut response, timer.interrupted()).await {
            return Ok(response);
        }
        // The limit counts from the interruption, and a token may be on its way: the reporter must not block here.
        self.tell(&LoginProgress::Interrupted { limit: INTERRUPTED_POLL_LIMIT });
        match select(response, timer.wait(INTERRUPTED_POLL_LIMIT)).await {
            Either::First(response) => Ok(response),
            Either::Second(()) => Err(target.error(true, LoginCause::Interrupted)),
        }
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::{OURS, SERVER, World, issued, request, run, session_token};
    use super::super::{LoginState, NotIssued};
    use super::*;
    use crate::domain::server_url::ServerUrl;
    use crate::ports::reporter::{ReportError, Reporter};
    use crate::ports::request_error::RequestError;
    use crate::ports::store_error::StoreError;
    use crate::ports::timer::Timer;
    use crate::ports::token_issuer::PollFailure;
    use crate::testing::{InMemoryStore, RecordedPoll, RecordingReporter, ScriptedPoll};

    fn failed(may_have_issued: bool) -> ScriptedPoll {
        PollResponse::Failed(PollFailure { source: "down".into(), may_have_issued, retry_after: None }).into()
    }

    fn pending() -> ScriptedPoll {
        PollResponse::Pending.into()
    }

    fn token() -> ScriptedPoll {
        issued(&session_token(OURS)).into()
    }

    fn waits(world: &World) -> Vec<u64> {
        world.timer.waits().iter().map(Duration::as_secs).collect()
    }

    /// Interrupts in the middle of this poll.
    fn interrupt_poll(mut world: World, number: usize) -> World {
        let timer = Arc::clone(&world.timer);
        world.issuer = world.issuer.on_poll(move |current| {
            if current == number {
                timer.interrupt();
            }
        });
        world
    }

    /// What an interruption that left no token says of lost answers.
    fn lost_when_interrupted(error: LoginError) -> bool {
        match (*error.state, *error.cause) {
            (LoginState::Nothing { is_response_lost }, LoginCause::Interrupted) => is_response_lost,
            other => panic!("{other:?}"),
        }
    }

    /// What was told after the instructions.
    fn told(world: &World) -> &[LoginProgress] {
        &world.progress.outcomes()[2..]
    }

    #[test]
    fn polls_as_the_table_says() {
        let mut world =
            World::polled([pending(), PollResponse::SlowDown.into(), failed(false), failed(false), token()]);
        world.log_in().unwrap();
        let server = ServerUrl::parse(SERVER).unwrap();
        let code = super::super::tests::authorization(SERVER).device_code().clone();
        assert_eq!(world.issuer.polls(), vec![RecordedPoll { server, code }; 5]);
        assert_eq!(waits(&world), [5, 5, 10, 20, 30]);
    }

    #[test]
    fn lifetime_counts_from_the_arrival_of_the_codes() {
        let mut world = World::polled([]);
        let error = world.log_in().unwrap_err();
        assert!(matches!(*error.cause, LoginCause::NotIssued(NotIssued::NotApproved { .. })), "{error:?}");
        let last = world.timer.now().as_secs();
        assert!((570..=600).contains(&last), "{last}");
    }

    #[test]
    fn warns_once_of_failures_in_a_row() {
        let mut world = World::polled([failed(false), failed(false), pending(), failed(false), token()]);
        world.log_in().unwrap();
        let first_failure = LoginProgress::PollFailed { origin: SERVER.into(), cause: "down".into() };
        assert_eq!(told(&world), [first_failure.clone(), first_failure]);
    }

    /// Remembers whether the token was stored when it was told that an answer was lost.
    struct LostResponses<'a> {
        store: &'a InMemoryStore,
        was_stored: Vec<bool>,
    }

    impl Reporter<LoginProgress> for LostResponses<'_> {
        fn report(&mut self, progress: &LoginProgress) -> Result<(), ReportError> {
            if *progress == LoginProgress::ResponseLost {
                let held = self.store.profile(&request().profile);
                self.was_stored.push(held.is_some_and(|held| held.token.is_some()));
            }
            Ok(())
        }
    }

    #[test]
    fn stores_the_token_before_it_warns() {
        let world = World::polled([failed(true), token()]);
        let mut lost = LostResponses { store: &world.store, was_stored: Vec::new() };
        let mut reporter = RecordingReporter::new();
        run(LoginUseCase::new(world.ports(), &mut lost, &mut reporter).execute(&request())).unwrap();
        assert_eq!(lost.was_stored, [true]);
    }

    #[test]
    fn warns_of_a_lost_response_if_storing_fails() {
        let mut world = World::polled([failed(true), token()]);
        world.store.fail_next_save(StoreError::NotWritten { place: "memory".into(), source: "full".into() });
        world.log_in().unwrap_err();
        assert_eq!(told(&world).last(), Some(&LoginProgress::ResponseLost));
    }

    #[test]
    fn reports_a_lost_response_with_success_and_failure() {
        let mut world = World::polled([failed(true), pending(), token()]);
        world.log_in().unwrap();
        assert_eq!(told(&world).last(), Some(&LoginProgress::ResponseLost));

        let mut world = World::polled([failed(true), PollResponse::Denied.into()]);
        let error = world.log_in().unwrap_err();
        match (*error.state, *error.cause) {
            (LoginState::Nothing { is_response_lost: true }, LoginCause::NotIssued(NotIssued::Denied)) => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reports_no_lost_response_without_one() {
        let mut world = World::polled([failed(false), token()]);
        world.log_in().unwrap();
        assert!(!told(&world).contains(&LoginProgress::ResponseLost));

        let mut world = World::polled([failed(false), PollResponse::Denied.into()]);
        let error = world.log_in().unwrap_err();
        assert!(matches!(*error.state, LoginState::Nothing { is_response_lost: false }), "{error:?}");
        assert!(world.store.profiles().is_empty());
    }

    #[test]
    fn interruption_between_polls_ends_the_login_at_once() {
        for (answer, is_lost) in [(pending(), false), (failed(false), false), (failed(true), true)] {
            let mut world = World::polled([answer, token()]);
            world.timer.interrupt_at(Duration::from_secs(7));
            assert_eq!(lost_when_interrupted(world.log_in().unwrap_err()), is_lost);
            assert_eq!((world.timer.now().as_secs(), world.issuer.polls().len()), (7, 1));
            let at_risk = if is_lost { AtRisk::Response } else { AtRisk::Nothing };
            assert_eq!(world.timer.risks().last(), Some(&at_risk));
        }
    }

    #[test]
    fn interrupted_poll_waits_for_its_response() {
        for answer in [PollResponse::Pending, PollResponse::Denied, PollResponse::Expired] {
            let mut world = interrupt_poll(World::polled([ScriptedPoll::AnswersLate(answer), token()]), 1);
            assert!(!lost_when_interrupted(world.log_in().unwrap_err()));
            assert_eq!(told(&world), [LoginProgress::Interrupted { limit: Duration::from_secs(10) }]);
            assert_eq!((world.timer.now().as_secs(), world.issuer.polls().len()), (5, 1));
        }
    }

    #[test]
    fn failed_poll_after_interruption_does_not_warn() {
        for (may_have_issued, is_lost) in [(false, false), (true, true)] {
            let source = "down".into();
            let failure = PollResponse::Failed(PollFailure { source, may_have_issued, retry_after: None });
            let mut world = interrupt_poll(World::polled([ScriptedPoll::AnswersLate(failure)]), 1);
            assert_eq!(lost_when_interrupted(world.log_in().unwrap_err()), is_lost);
            assert_eq!(told(&world).len(), 1);
        }
        let unusable = PollResponse::NotIssued(RequestError::Unusable { source: "junk".into() });
        let mut world = interrupt_poll(World::polled([ScriptedPoll::AnswersLate(unusable)]), 1);
        assert!(lost_when_interrupted(world.log_in().unwrap_err()));
    }

    #[test]
    fn interrupted_poll_is_lost_after_ten_seconds() {
        let mut world = interrupt_poll(World::polled([pending(), ScriptedPoll::NeverAnswers]), 2);
        assert!(lost_when_interrupted(world.log_in().unwrap_err()));
        assert_eq!(waits(&world), [5, 5, 10]);
        assert_eq!(world.timer.risks().last(), Some(&AtRisk::Response));
    }

    #[test]
    fn poll_puts_a_response_at_risk() {
        let mut world = World::polled([pending(), token()]);
        let timer = Arc::clone(&world.timer);
        world.issuer = world.issuer.on_poll(move |_| assert_eq!(timer.risks().last(), Some(&AtRisk::Response)));
        world.log_in().unwrap();
        assert_eq!(world.timer.risks()[..4], [AtRisk::Nothing, AtRisk::Response, AtRisk::Nothing, AtRisk::Response]);
    }
}
