//! What a [`TokenDirectory`] promises.

use super::{SECRET, SERVER, id, session_token, shown};
use crate::domain::bearer_token::BearerToken;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;
use crate::domain::token_summary::TokenSummary;
use crate::ports::token_directory::{DirectoryError, TokenDirectory};
use crate::testing::ScriptedTokenDirectory;

/// How a server responds to a call. Its texts hold the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryCase {
    /// It lists [`listed_tokens`], and revokes each of them.
    Done,
    /// It sends the first part of that list, and closes the connection.
    CutList,
    /// It does not accept the credential.
    NotAccepted,
    /// It declines.
    Refused,
    /// It knows no such token.
    NoSuchToken,
    /// It responds with something that is neither a list nor a confirmation.
    Unconfirmed,
    /// It closes the connection without a response.
    Unanswered,
    /// There is no server.
    Unreached,
}

/// A directory with the server that it talks to.
pub trait DirectoryUnderTest {
    /// A directory whose server responds so.
    fn meeting(case: DirectoryCase) -> Self;

    /// The directory.
    fn directory(&self) -> &dyn TokenDirectory;

    /// The server.
    fn server(&self) -> ServerUrl;

    /// How many requests that server saw.
    fn requests(&self) -> usize;
}

impl DirectoryUnderTest for ScriptedTokenDirectory {
    fn meeting(case: DirectoryCase) -> Self {
        let error = || {
            let source = || "told to".into();
            match case {
                DirectoryCase::Done => None,
                DirectoryCase::CutList | DirectoryCase::Unconfirmed => {
                    Some(DirectoryError::Unconfirmed { source: source() })
                }
                DirectoryCase::NotAccepted => Some(DirectoryError::NotAccepted { source: source() }),
                DirectoryCase::Refused => Some(DirectoryError::Refused { source: source() }),
                DirectoryCase::NoSuchToken => Some(DirectoryError::NoSuchToken { source: source() }),
                DirectoryCase::Unanswered => Some(DirectoryError::Unanswered { source: source() }),
                DirectoryCase::Unreached => Some(DirectoryError::Unreached { source: source() }),
            }
        };
        Self::new([error().map_or_else(|| Ok(listed_tokens()), Err)], [error().map_or(Ok(()), Err)])
    }

    fn directory(&self) -> &dyn TokenDirectory {
        self
    }

    fn server(&self) -> ServerUrl {
        ServerUrl::parse(SERVER).unwrap()
    }

    fn requests(&self) -> usize {
        self.calls().len()
    }
}

/// The tokens that a server lists in [`DirectoryCase::Done`].
#[must_use]
pub fn listed_tokens() -> Vec<TokenSummary> {
    let token = |number, created_at: &str| TokenSummary {
        id: id(number),
        env_prefix: Some("dev".to_owned()),
        created_at: Some(created_at.to_owned()),
        expires_at: Some("no time".to_owned()),
        ..TokenSummary::default()
    };
    // In no order but the server's own.
    vec![token(2, "2026-11-25T13:46:00Z"), token(3, "2026-11-27T13:46:00Z"), token(1, "2026-11-26T13:46:00Z")]
}

/// Holds a directory against every promise of its port that can be seen from outside.
pub async fn a_directory_keeps_its_promises<D: DirectoryUnderTest>() {
    let credential = BearerToken::parse(session_token(1)).unwrap();
    for case in [
        DirectoryCase::Done,
        DirectoryCase::CutList,
        DirectoryCase::NotAccepted,
        DirectoryCase::Refused,
        DirectoryCase::Unconfirmed,
        DirectoryCase::Unanswered,
        DirectoryCase::Unreached,
    ] {
        let under_test = D::meeting(case);
        let result = under_test.directory().list(&under_test.server(), &credential).await;
        assert!(under_test.requests() <= 1, "promise 1, at most one request: {case:?} made {}", under_test.requests());
        match result {
            Ok(tokens) => {
                assert_eq!(case, DirectoryCase::Done, "promise 3, a list is complete: {tokens:?}");
                assert_eq!(tokens, listed_tokens(), "promise 3, a list is complete and in the order of the server");
            }
            Err(error) => assert_is_the_word_of_the_server(case, &error),
        }
    }
    for case in [
        DirectoryCase::Done,
        DirectoryCase::NotAccepted,
        DirectoryCase::Refused,
        DirectoryCase::NoSuchToken,
        DirectoryCase::Unconfirmed,
        DirectoryCase::Unanswered,
        DirectoryCase::Unreached,
    ] {
        let under_test = D::meeting(case);
        let token = TokenId::parse(&id(2)).unwrap();
        let result = under_test.directory().revoke(&under_test.server(), &credential, token).await;
        assert!(under_test.requests() <= 1, "promise 1, at most one request: {case:?} made {}", under_test.requests());
        match result {
            Ok(()) => assert_eq!(case, DirectoryCase::Done, "promise 4, the token is dead"),
            Err(error) => assert_is_the_word_of_the_server(case, &error),
        }
    }
}

fn assert_is_the_word_of_the_server(case: DirectoryCase, error: &DirectoryError) {
    let is_expected = match error {
        DirectoryError::NotAccepted { .. } => case == DirectoryCase::NotAccepted,
        DirectoryError::NoSuchToken { .. } => case == DirectoryCase::NoSuchToken,
        DirectoryError::Refused { .. } => case == DirectoryCase::Refused,
        DirectoryError::Unconfirmed { .. } => [DirectoryCase::Unconfirmed, DirectoryCase::CutList].contains(&case),
        DirectoryError::Unanswered { .. } => case == DirectoryCase::Unanswered,
        DirectoryError::Unreached { .. } => case == DirectoryCase::Unreached,
    };
    assert!(is_expected, "promise 5, an error is the word of the server: {case:?} is {error:?}");
    assert!(!shown(error).contains(SECRET), "promise 7, no error carries the credential: {case:?} shows {error:?}");
}
