//! What a [`TokenRevoker`] promises.

use super::server::{check_calls, error_of, observe};
use super::{ServerFailure, ServerUnderTest, promise, session_token};
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;
use crate::ports::request_error::RequestError;
use crate::ports::token_revoker::{Revocation, TokenRevoker};
use crate::testing::ScriptedRevoker;

/// How a server responds to a revocation. Every text in a response holds the [`SECRET`](super::SECRET).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeCase {
    /// It revokes the token.
    Revoked,
    /// It says that the token does not exist any more.
    AlreadyGone,
    /// It declines.
    Refused,
    /// It fails.
    Failing(ServerFailure),
}

/// A revoker with its server.
pub trait RevokerUnderTest: ServerUnderTest {
    /// A revoker whose server responds so.
    fn for_case(case: RevokeCase) -> Self;

    /// The revoker.
    fn revoker(&self) -> &dyn TokenRevoker;
}

impl ServerUnderTest for ScriptedRevoker {
    fn requested(&self) -> Vec<ServerUrl> {
        self.calls().into_iter().map(|call| call.server).collect()
    }
}

impl RevokerUnderTest for ScriptedRevoker {
    fn for_case(case: RevokeCase) -> Self {
        let source = || "told to".into();
        Self::new([match case {
            RevokeCase::Revoked => Ok(Revocation::Revoked),
            RevokeCase::AlreadyGone => Ok(Revocation::AlreadyGone),
            RevokeCase::Refused => Err(RequestError::Refused { source: source() }),
            RevokeCase::Failing(failure) => Err(failure.error()),
        }])
    }

    fn revoker(&self) -> &dyn TokenRevoker {
        self
    }
}

/// Holds a revoker to every promise of [`TokenRevoker`].
pub async fn a_revoker_keeps_its_promises<R: RevokerUnderTest>() {
    let token = SessionToken::parse(session_token(1)).unwrap();
    let cases = [RevokeCase::Revoked, RevokeCase::AlreadyGone, RevokeCase::Refused];
    let mut calls = Vec::new();
    for case in cases.into_iter().chain(ServerFailure::ALL.map(RevokeCase::Failing)) {
        let under_test = R::for_case(case);
        let server = under_test.server();
        calls.push(observe(case, &under_test, under_test.revoker().revoke(&server, &token)).await);
    }

    check_calls(&calls, error_of);
    promise(5, "`Ok` means that the token is dead, on the word of the server itself", || {
        for call in &calls {
            let expected = match call.result {
                Some(Ok(Revocation::Revoked)) => RevokeCase::Revoked,
                Some(Ok(Revocation::AlreadyGone)) => RevokeCase::AlreadyGone,
                _ => continue,
            };
            assert_eq!(call.case, expected, "{call:?}");
        }
    });
    promise(6, "an error means what its variant says", || {
        for call in &calls {
            let Some(Err(error)) = &call.result else { continue };
            let is_expected = match (error, call.case) {
                (RequestError::Refused { .. }, RevokeCase::Refused) => true,
                (error, RevokeCase::Failing(failure)) => failure.is_said_by(error),
                _ => false,
            };
            assert!(is_expected, "{call:?}");
        }
    });
}
