//! What a [`PrincipalReader`] promises.

use super::{SECRET, SERVER, session_token, shown};
use crate::domain::bearer_token::BearerToken;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::ports::principal_reader::{PrincipalReader, ReadError};
use crate::testing::ScriptedPrincipalReader;

/// How a server meets the question who a token speaks for. Its texts hold the secret.
#[derive(Clone, Copy, Debug)]
pub enum Reading {
    /// It names somebody.
    Named,
    /// It does not accept the token.
    NotAccepted,
    /// It declines.
    Refused,
    /// It answers something that names nobody.
    Unusable,
    /// It hangs up without an answer.
    Unanswered,
    /// There is no server.
    Unreached,
}

/// A reader with the server that it meets.
pub trait ReaderUnderTest {
    /// A reader that meets this.
    fn meeting(reading: Reading) -> Self;

    /// The reader.
    fn reader(&self) -> &dyn PrincipalReader;

    /// The server that it is sent to.
    fn server(&self) -> ServerUrl;

    /// The token that it asks with.
    fn token(&self) -> BearerToken;

    /// How many requests that server saw.
    fn requests(&self) -> usize;
}

impl ReaderUnderTest for ScriptedPrincipalReader {
    fn meeting(reading: Reading) -> Self {
        let source = || "told to".into();
        Self::new([match reading {
            Reading::Named => {
                Ok(Principal { principal_type: "user".into(), subject: "somebody".into(), ..Principal::default() })
            }
            Reading::NotAccepted => Err(ReadError::NotAccepted { source: source() }),
            Reading::Refused => Err(ReadError::Refused { source: source() }),
            Reading::Unusable => Err(ReadError::Unusable { source: source() }),
            Reading::Unanswered => Err(ReadError::Unanswered { source: source() }),
            Reading::Unreached => return Self::new([]),
        }])
    }

    fn reader(&self) -> &dyn PrincipalReader {
        self
    }

    fn server(&self) -> ServerUrl {
        ServerUrl::parse(SERVER).unwrap()
    }

    fn token(&self) -> BearerToken {
        BearerToken::parse(session_token(1)).unwrap()
    }

    fn requests(&self) -> usize {
        self.calls().len()
    }
}

/// Holds a reader against every promise of its port that can be seen from outside.
pub async fn a_reader_keeps_its_promises<R: ReaderUnderTest>() {
    for reading in [
        Reading::Named,
        Reading::NotAccepted,
        Reading::Refused,
        Reading::Unusable,
        Reading::Unanswered,
        Reading::Unreached,
    ] {
        let under_test = R::meeting(reading);
        let result = under_test.reader().read(&under_test.server(), &under_test.token()).await;
        let is_as_met = matches!(
            (&result, reading),
            (Ok(_), Reading::Named)
                | (Err(ReadError::NotAccepted { .. }), Reading::NotAccepted)
                | (Err(ReadError::Refused { .. }), Reading::Refused)
                | (Err(ReadError::Unusable { .. }), Reading::Unusable)
                | (Err(ReadError::Unanswered { .. }), Reading::Unanswered)
                | (Err(ReadError::Unreached { .. }), Reading::Unreached)
        );
        assert!(is_as_met, "{reading:?}: {result:?}");
        assert!(under_test.requests() <= 1, "{reading:?}");
        if let Err(error) = result {
            assert!(!shown(&error).contains(SECRET), "{reading:?}: {error:?}");
        }
    }
}
