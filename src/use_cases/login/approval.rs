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
    /// Polls until the token is issued. `arrived` is the time at which the codes arrived.
    pub(super) async fn await_approval(
        &mut self,
        server: &ServerUrl,
        authorization: &DeviceAuthorization,
        arrived: Duration,
    ) -> Result<IssuedToken, LoginError> {
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
                Decision::Take(token) => {
                    self.tell_of_lost(is_answer_lost);
                    return Ok(token);
                }
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

    fn tell_of_lost(&mut self, is_answer_lost: bool) {
        if is_answer_lost {
            self.tell(&LoginProgress::AnswerLost);
        }
    }
}
