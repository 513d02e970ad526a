//! What a [`TokenRevoker`] promises.

use super::{SECRET, SERVER, session_token, shown};
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;
use crate::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};
use crate::testing::ScriptedRevoker;

/// What a revoker is to meet. The texts of a server that answers hold the secret.
#[derive(Clone, Copy, Debug)]
pub enum RevokeCase {
    /// The server revokes the token.
    Revoked,
    /// The server does not know the token any more.
    AlreadyGone,
    /// The server declines.
    Refused,
    /// The server answers something else.
    Unconfirmed,
    /// There is no server.
    Unreached,
}

/// A revoker with the server it meets.
pub trait RevokerUnderTest {
    /// A revoker that meets this.
    fn meeting(meeting: RevokeCase) -> Self;

    /// The revoker.
    fn revoker(&self) -> &dyn TokenRevoker;

    /// The server that it is sent to.
    fn server(&self) -> ServerUrl;

    /// How many requests that server saw.
    fn requests(&self) -> usize;
}

impl RevokerUnderTest for ScriptedRevoker {
    fn meeting(meeting: RevokeCase) -> Self {
        Self::new([match meeting {
            RevokeCase::Revoked => Ok(Revocation::Revoked),
            RevokeCase::AlreadyGone => Ok(Revocation::AlreadyGone),
            RevokeCase::Refused => Err(RevokeError::Refused { source: "403".into() }),
            RevokeCase::Unconfirmed => Err(RevokeError::Unconfirmed { source: "500".into() }),
            RevokeCase::Unreached => return Self::new([]),
        }])
    }

    fn revoker(&self) -> &dyn TokenRevoker {
        self
    }

    fn server(&self) -> ServerUrl {
        ServerUrl::parse(SERVER).unwrap()
    }

    fn requests(&self) -> usize {
        self.calls().len()
    }
}

/// Holds a revoker against every promise of its port that can be seen from outside.
pub async fn a_revoker_keeps_its_promises<R: RevokerUnderTest>() {
    let token = SessionToken::parse(session_token(1)).unwrap();
    for meeting in [
        RevokeCase::Revoked,
        RevokeCase::AlreadyGone,
        RevokeCase::Refused,
        RevokeCase::Unconfirmed,
        RevokeCase::Unreached,
    ] {
        let under_test = R::meeting(meeting);
        let result = under_test.revoker().revoke(&under_test.server(), &token).await;
        let is_as_met = matches!(
            (&result, meeting),
            (Ok(Revocation::Revoked), RevokeCase::Revoked)
                | (Ok(Revocation::AlreadyGone), RevokeCase::AlreadyGone)
                | (Err(RevokeError::Refused { .. }), RevokeCase::Refused)
                | (Err(RevokeError::Unconfirmed { .. }), RevokeCase::Unconfirmed)
                | (Err(RevokeError::Unreached { .. }), RevokeCase::Unreached)
        );
        assert!(is_as_met, "{meeting:?}: {result:?}");
        assert!(under_test.requests() <= 1, "{meeting:?}");
        if let Err(error) = result {
            assert!(!shown(&error).contains(SECRET), "{meeting:?}: {error:?}");
        }
    }
}
