//! What a [`PrincipalReader`] promises.

use super::server::{check_calls, error_of, observe};
use super::{ServerFailure, ServerUnderTest, promise, session_token};
use crate::domain::bearer_token::BearerToken;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::ports::principal_reader::PrincipalReader;
use crate::ports::request_error::RequestError;
use crate::testing::ScriptedPrincipalReader;

/// How a server responds to the question to whom a token belongs. Every text in a response that is not named here holds
/// the [`SECRET`](super::SECRET).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadCase {
    /// It names a principal with the subject `somebody`.
    Named,
    /// It does not accept the token.
    NotAccepted,
    /// It declines.
    Refused,
    /// It fails.
    Failing(ServerFailure),
}

/// A reader with its server.
pub trait ReaderUnderTest: ServerUnderTest {
    /// A reader whose server responds so.
    fn for_case(case: ReadCase) -> Self;

    /// The reader.
    fn reader(&self) -> &dyn PrincipalReader;
}

impl ServerUnderTest for ScriptedPrincipalReader {
    fn requested(&self) -> Vec<ServerUrl> {
        self.calls().into_iter().map(|call| call.server).collect()
    }
}

impl ReaderUnderTest for ScriptedPrincipalReader {
    fn for_case(case: ReadCase) -> Self {
        let source = || "told to".into();
        Self::new([match case {
            ReadCase::Named => {
                Ok(Principal { principal_type: "user".into(), subject: "somebody".into(), ..Principal::default() })
            }
            ReadCase::NotAccepted => Err(RequestError::NotAccepted { source: source() }),
            ReadCase::Refused => Err(RequestError::Refused { source: source() }),
            ReadCase::Failing(failure) => Err(failure.error()),
        }])
    }

    fn reader(&self) -> &dyn PrincipalReader {
        self
    }
}

/// Holds a reader to every promise of [`PrincipalReader`].
pub async fn a_reader_keeps_its_promises<R: ReaderUnderTest>() {
    let token = BearerToken::parse(session_token(1)).unwrap();
    let cases = [ReadCase::Named, ReadCase::NotAccepted, ReadCase::Refused];
    let mut calls = Vec::new();
    for case in cases.into_iter().chain(ServerFailure::ALL.map(ReadCase::Failing)) {
        let under_test = R::for_case(case);
        let server = under_test.server();
        calls.push(observe(case, &under_test, under_test.reader().read(&server, &token)).await);
    }

    check_calls(&calls, error_of);
    promise(5, "`Ok` means that the server itself accepted the token and named this principal", || {
        for call in &calls {
            if let Some(Ok(principal)) = &call.result {
                assert_eq!((call.case, principal.subject.as_str()), (ReadCase::Named, "somebody"), "{call:?}");
            }
        }
    });
    promise(6, "an error means what its variant says, and `NotAccepted` is the word of the server itself", || {
        for call in &calls {
            let Some(Err(error)) = &call.result else { continue };
            let is_expected = match (error, call.case) {
                (RequestError::NotAccepted { .. }, ReadCase::NotAccepted)
                | (RequestError::Refused { .. }, ReadCase::Refused) => true,
                (error, ReadCase::Failing(failure)) => failure.is_said_by(error),
                _ => false,
            };
            assert!(is_expected, "{call:?}");
        }
    });
}
