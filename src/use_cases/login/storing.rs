//! The way of an issued token into the store, or out of this world: while it has no place to wait in, no later run can
//! end it.

use std::time::Duration;

use super::LoginPorts;
use super::error::{Interruption, LoginError, NotKept, NotRevoked, StoredLogin};
use super::race::{Won, race};
use crate::domain::new_session::NewSession;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::domain::stored_token::StoredToken;
use crate::ports::login_outcome::ReplacedToken;
use crate::ports::session_keeper::{KeepError, Saving};
use crate::ports::timer::Stake;
use crate::ports::token_revoker::{Revocation, RevokeError};

/// When the attempts to revoke a homeless token begin, counted from the first.
const FURTHER_ATTEMPTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

impl LoginPorts<'_> {
    /// Stores the session. If that cannot be, its token is revoked; if the operator interrupted, it is revoked before
    /// anything is stored.
    pub(super) async fn keep(&self, session: &NewSession) -> Result<StoredLogin, LoginError> {
        self.timer.set_stake(Stake::Token(session.facts()));
        if self.timer.is_interrupted() {
            return Err(self.withdraw(session).await.into());
        }
        match self.save(session) {
            Ok(stored) => Ok(stored),
            Err(NotKept::NotDurable { stored, source }) => Err(LoginError::NotDurable { stored, source }),
            Err(NotKept::Superseded) => Err(self.give_way(session).await),
            Err(NotKept::NotSaved(source)) => Err(self.undo(session, source).await),
        }
    }

    /// Revokes the token of an interrupted login. One that cannot be revoked is stored, so that a later run can.
    async fn withdraw(&self, session: &NewSession) -> Interruption {
        let token = Box::new(session.facts());
        let Err(revoking) = self.revoke(session).await else { return Interruption::Revoked { token } };
        match self.save(session) {
            Ok(stored) => Interruption::Stored(Box::new(stored)),
            Err(source) => Interruption::Homeless { token, revoking, source },
        }
    }

    /// Leaves the profile to the session that was stored meanwhile.
    async fn give_way(&self, session: &NewSession) -> LoginError {
        let revoking = self.revoke(session).await.err();
        LoginError::Superseded { profile: session.profile.clone(), token: Box::new(session.facts()), revoking }
    }

    /// Takes back what could not be stored.
    async fn undo(&self, session: &NewSession, source: KeepError) -> LoginError {
        let token = Box::new(session.facts());
        match self.revoke(session).await {
            Ok(_) => LoginError::NotStored { token, source },
            Err(revoking) => LoginError::Homeless { token, revoking, source },
        }
    }

    fn save(&self, session: &NewSession) -> Result<StoredLogin, NotKept> {
        let stored = |put_aside| {
            self.timer.set_stake(Stake::Nothing);
            stored_login(session, put_aside)
        };
        match self.keeper.save(session) {
            Ok(Saving::Saved { put_aside }) => Ok(stored(put_aside)),
            Ok(Saving::Superseded) => Err(NotKept::Superseded),
            Err(KeepError::NotDurable { place, put_aside, source }) => {
                let stored = Box::new(stored(put_aside.clone()));
                Err(NotKept::NotDurable { stored, source: KeepError::NotDurable { place, put_aside, source } })
            }
            Err(source) => Err(NotKept::NotSaved(source)),
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
            is_last = matches!(race(self.timer.interrupted(), self.timer.wait(wait)).await, Won::First(()));
            result = self.revoker.revoke(&session.server, &token).await;
        }
        let revocation = result.map_err(NotRevoked::Failed)?;
        self.timer.set_stake(Stake::Nothing);
        Ok(revocation)
    }
}

fn stored_login(session: &NewSession, put_aside: Option<ProfileName>) -> StoredLogin {
    let before = &session.held_before;
    let server = before.server.as_deref().and_then(|server| ServerUrl::parse(server).ok());
    let replaced = put_aside.map(|kept_as| ReplacedToken {
        id: before.token.as_ref().and_then(StoredToken::id),
        origin: server.map(|server| server.origin()),
        kept_as,
    });
    StoredLogin { profile: session.profile.clone(), token: session.facts(), replaced }
}
