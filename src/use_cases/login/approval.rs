//! The wait for the approval: the loop that does what the poll table decides, and hears the operator who interrupts.

use std::time::Duration;

use super::LoginUseCase;
use super::error::{Interruption, LoginError};
use super::poll::{Decision, News, Polling, decide};
use super::race::{Won, race};
use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::issued_token::IssuedToken;
use crate::domain::server_url::ServerUrl;
use crate::ports::cause::Cause;
use crate::ports::login_outcome::LoginProgress;
use crate::ports::timer::Stake;
use crate::ports::token_issuer::PollAnswer;

/// How long an answer that is under way is waited for after the operator interrupted.
const PATIENCE: Duration = Duration::from_secs(10);

impl LoginUseCase<'_> {
    /// Polls until the token is issued, and says whether an earlier answer was lost. `arrived` is the time at which the
    /// codes arrived.
    pub(super) async fn await_approval(
        &mut self,
        server: &ServerUrl,
        authorization: &DeviceAuthorization,
        arrived: Duration,
    ) -> Result<(IssuedToken, bool), LoginError> {
        let (mut polling, mut news) = (Polling::new(authorization, arrived), News::Begun);
        loop {
            let (state, decision) = decide(polling, news, self.ports.timer.now());
            polling = state;
            let is_answer_lost = polling.is_answer_lost();
            news = match decision {
                Decision::Wait { duration, no_answer } => {
                    self.wait(server, duration, no_answer, is_answer_lost).await?
                }
                Decision::Poll => News::Answered(self.poll(server, authorization).await?),
                Decision::Take(token) => return Ok((token, is_answer_lost)),
                Decision::GiveUp(_) if self.ports.timer.is_interrupted() => {
                    return Err(Interruption::NotIssued { is_answer_lost }.into());
                }
                Decision::GiveUp(source) => {
                    return Err(LoginError::NotIssued { origin: server.origin(), is_answer_lost, source });
                }
            };
        }
    }

    /// Waits between two polls. No token exists meanwhile, so an interruption ends the login at once.
    async fn wait(
        &mut self,
        server: &ServerUrl,
        duration: Duration,
        no_answer: Option<Cause>,
        is_answer_lost: bool,
    ) -> Result<News, Interruption> {
        let timer = self.ports.timer;
        timer.set_stake(if is_answer_lost { Stake::Answer } else { Stake::Nothing });
        if let Some(cause) = no_answer.filter(|_| !timer.is_interrupted()) {
            self.tell(&LoginProgress::NoAnswer { origin: server.origin(), cause });
        }
        match race(timer.interrupted(), timer.wait(duration)).await {
            Won::First(()) => Err(Interruption::NotIssued { is_answer_lost }),
            Won::Second(()) => Ok(News::Waited),
        }
    }

    /// Polls once. The answer may bring a token, so it is waited for after an interruption, too, as long as an operator
    /// has patience.
    async fn poll(
        &mut self,
        server: &ServerUrl,
        authorization: &DeviceAuthorization,
    ) -> Result<PollAnswer, Interruption> {
        let (issuer, timer) = (self.ports.issuer, self.ports.timer);
        timer.set_stake(Stake::Answer);
        let mut answer = issuer.poll(server, authorization.device_code());
        if let Won::First(answer) = race(&mut answer, timer.interrupted()).await {
            return Ok(answer);
        }
        self.tell(&LoginProgress::Interrupted { patience: PATIENCE });
        match race(answer, timer.wait(PATIENCE)).await {
            Won::First(answer) => Ok(answer),
            Won::Second(()) => Err(Interruption::NotIssued { is_answer_lost: true }),
        }
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::NotIssued;
    use super::super::tests::{OURS, SERVER, World, issued, request, run, session_token};
    use super::*;
    use crate::ports::reporter::{ReportError, Reporter};
    use crate::ports::session_keeper::{KeepError, SessionKeeper};
    use crate::ports::timer::Timer;
    use crate::ports::token_issuer::PollFailure;
    use crate::testing::{InMemoryStore, RecordedPoll, RecordingReporter, ScriptedPoll};

    fn failed(may_have_issued: bool) -> ScriptedPoll {
        PollAnswer::Failed(PollFailure { source: "down".into(), may_have_issued, retry_after: None }).into()
    }

    fn pending() -> ScriptedPoll {
        PollAnswer::Pending.into()
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
        match error {
            LoginError::Interrupted(Interruption::NotIssued { is_answer_lost }) => is_answer_lost,
            other => panic!("{other:?}"),
        }
    }

    /// What was told after the instructions.
    fn told(world: &World) -> &[LoginProgress] {
        &world.progress.outcomes()[2..]
    }

    #[test]
    fn the_server_is_polled_with_the_code_as_the_table_says() {
        let mut world = World::polled([pending(), PollAnswer::SlowDown.into(), failed(false), failed(false), token()]);
        world.log_in().unwrap();
        let server = ServerUrl::parse(SERVER).unwrap();
        let code = super::super::tests::authorization(SERVER).device_code().clone();
        assert_eq!(world.issuer.polls(), vec![RecordedPoll { server, code }; 5]);
        assert_eq!(waits(&world), [5, 5, 10, 10, 20]);
    }

    #[test]
    fn the_time_counts_from_the_arrival_of_the_codes() {
        let mut world = World::polled([]);
        let error = world.log_in().unwrap_err();
        assert!(matches!(error, LoginError::NotIssued { source: NotIssued::NotApproved { .. }, .. }), "{error:?}");
        let last = world.timer.now().as_secs();
        assert!((570..=600).contains(&last), "{last}");
    }

    #[test]
    fn a_streak_of_failures_is_told_once_and_the_next_one_again() {
        let mut world = World::polled([failed(false), failed(false), pending(), failed(false), token()]);
        world.log_in().unwrap();
        let no_answer = LoginProgress::NoAnswer { origin: SERVER.into(), cause: Cause::new("down") };
        assert_eq!(told(&world), [no_answer.clone(), no_answer]);
    }

    /// Remembers whether the token was stored when it was told that an answer was lost.
    struct LostAnswers<'a> {
        store: &'a InMemoryStore,
        was_stored: Vec<bool>,
    }

    impl Reporter<LoginProgress> for LostAnswers<'_> {
        fn report(&mut self, progress: &LoginProgress) -> Result<(), ReportError> {
            if *progress == LoginProgress::AnswerLost {
                let held = self.store.look_up(&request().profile).unwrap();
                self.was_stored.push(held.token.is_some());
            }
            Ok(())
        }
    }

    #[test]
    fn nothing_is_told_before_a_token_that_arrived_is_stored() {
        let world = World::polled([failed(true), token()]);
        let mut lost = LostAnswers { store: &world.store, was_stored: Vec::new() };
        let mut reporter = RecordingReporter::new();
        run(LoginUseCase::new(world.ports(), &mut lost, &mut reporter).execute(&request())).unwrap();
        assert_eq!(lost.was_stored, [true]);
    }

    #[test]
    fn a_lost_answer_is_told_of_also_where_the_token_cannot_be_stored() {
        let mut world = World::polled([failed(true), token()]);
        world.store.fail_next_save(KeepError::NotSaved { place: "memory".into(), source: "full".into() });
        world.log_in().unwrap_err();
        assert_eq!(told(&world).last(), Some(&LoginProgress::AnswerLost));
    }

    #[test]
    fn a_lost_answer_is_told_of_with_the_token_and_with_the_failure() {
        let mut world = World::polled([failed(true), pending(), token()]);
        world.log_in().unwrap();
        assert_eq!(told(&world).last(), Some(&LoginProgress::AnswerLost));

        let mut world = World::polled([failed(true), PollAnswer::Denied.into()]);
        let error = world.log_in().unwrap_err();
        match error {
            LoginError::NotIssued { origin, is_answer_lost: true, source: NotIssued::Denied } => {
                assert_eq!(origin, SERVER);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_a_lost_answer_nothing_is_said_of_one() {
        let mut world = World::polled([failed(false), token()]);
        world.log_in().unwrap();
        assert!(!told(&world).contains(&LoginProgress::AnswerLost));

        let mut world = World::polled([failed(false), PollAnswer::Denied.into()]);
        let error = world.log_in().unwrap_err();
        assert!(matches!(error, LoginError::NotIssued { is_answer_lost: false, .. }), "{error:?}");
        assert!(world.store.profiles().is_empty());
    }

    #[test]
    fn an_interruption_between_polls_ends_the_login_at_once() {
        for (answer, is_lost) in [(pending(), false), (failed(false), false), (failed(true), true)] {
            let mut world = World::polled([answer, token()]);
            world.timer.interrupt_at(Duration::from_secs(7));
            assert_eq!(lost_when_interrupted(world.log_in().unwrap_err()), is_lost);
            assert_eq!((world.timer.now().as_secs(), world.issuer.polls().len()), (7, 1));
            let stake = if is_lost { Stake::Answer } else { Stake::Nothing };
            assert_eq!(world.timer.stakes().last(), Some(&stake));
        }
    }

    #[test]
    fn an_answer_that_is_under_way_is_waited_for_and_the_operator_is_told() {
        for answer in [PollAnswer::Pending, PollAnswer::Denied, PollAnswer::Expired] {
            let mut world = interrupt_poll(World::polled([ScriptedPoll::AnswersLate(answer), token()]), 1);
            assert!(!lost_when_interrupted(world.log_in().unwrap_err()));
            assert_eq!(told(&world), [LoginProgress::Interrupted { patience: Duration::from_secs(10) }]);
            assert_eq!((world.timer.now().as_secs(), world.issuer.polls().len()), (5, 1));
        }
    }

    #[test]
    fn an_answer_that_fails_after_an_interruption_is_not_told_as_if_it_were_waited_for_again() {
        for (may_have_issued, is_lost) in [(false, false), (true, true)] {
            let source = "down".into();
            let failure = PollAnswer::Failed(PollFailure { source, may_have_issued, retry_after: None });
            let mut world = interrupt_poll(World::polled([ScriptedPoll::AnswersLate(failure)]), 1);
            assert_eq!(lost_when_interrupted(world.log_in().unwrap_err()), is_lost);
            assert_eq!(told(&world).len(), 1);
        }
        let unusable = PollAnswer::Unusable { source: "junk".into() };
        let mut world = interrupt_poll(World::polled([ScriptedPoll::AnswersLate(unusable)]), 1);
        assert!(lost_when_interrupted(world.log_in().unwrap_err()));
    }

    #[test]
    fn an_answer_that_does_not_come_within_ten_seconds_is_lost() {
        let mut world = interrupt_poll(World::polled([pending(), ScriptedPoll::NeverAnswers]), 2);
        assert!(lost_when_interrupted(world.log_in().unwrap_err()));
        assert_eq!(waits(&world), [5, 5, 10]);
        assert_eq!(world.timer.stakes().last(), Some(&Stake::Answer));
    }

    #[test]
    fn while_a_poll_is_under_way_an_answer_is_at_stake() {
        let mut world = World::polled([pending(), token()]);
        let timer = Arc::clone(&world.timer);
        world.issuer = world.issuer.on_poll(move |_| assert_eq!(timer.stakes().last(), Some(&Stake::Answer)));
        world.log_in().unwrap();
        assert_eq!(world.timer.stakes()[..4], [Stake::Nothing, Stake::Answer, Stake::Nothing, Stake::Answer]);
    }
}
