//! What a [`TokenDirectory`] promises.

use super::server::{check_calls, error_of, observe};
use super::{ServerFailure, ServerUnderTest, id, promise, session_token};
use crate::domain::bearer_token::BearerToken;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;
use crate::domain::token_summary::TokenSummary;
use crate::ports::request_error::RequestError;
use crate::ports::token_directory::TokenDirectory;
use crate::testing::ScriptedTokenDirectory;

/// How a server responds to a call. Every text in a response but those of [`listed_tokens`] holds the
/// [`SECRET`](super::SECRET).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryCase {
    /// It lists [`listed_tokens`], and revokes each of them.
    Done,
    /// It sends the first part of that list, and closes the connection. It does not confirm a revocation.
    Cut,
    /// It does not accept the credential.
    NotAccepted,
    /// It declines.
    Refused,
    /// It knows no such token.
    NoSuchToken,
    /// It fails.
    Failing(ServerFailure),
}

/// A directory with its server.
pub trait DirectoryUnderTest: ServerUnderTest {
    /// A directory whose server responds so.
    fn for_case(case: DirectoryCase) -> Self;

    /// The directory.
    fn directory(&self) -> &dyn TokenDirectory;
}

impl ServerUnderTest for ScriptedTokenDirectory {
    fn requested(&self) -> Vec<ServerUrl> {
        self.calls().into_iter().map(|call| call.server).collect()
    }
}

impl DirectoryUnderTest for ScriptedTokenDirectory {
    fn for_case(case: DirectoryCase) -> Self {
        let error = || {
            let source = "told to".into();
            Some(match case {
                DirectoryCase::Done => return None,
                DirectoryCase::Cut => RequestError::Unconfirmed { source },
                DirectoryCase::NotAccepted => RequestError::NotAccepted { source },
                DirectoryCase::Refused => RequestError::Refused { source },
                DirectoryCase::NoSuchToken => RequestError::NoSuchToken { source },
                DirectoryCase::Failing(failure) => failure.error(),
            })
        };
        Self::new([error().map_or_else(|| Ok(listed_tokens()), Err)], [error().map_or(Ok(()), Err)])
    }

    fn directory(&self) -> &dyn TokenDirectory {
        self
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

/// Holds a directory to every promise of [`TokenDirectory`].
pub async fn a_directory_keeps_its_promises<D: DirectoryUnderTest>() {
    let (credential, token) = (BearerToken::parse(session_token(1)).unwrap(), TokenId::parse(&id(2)).unwrap());
    let cases = [DirectoryCase::Done, DirectoryCase::Cut, DirectoryCase::NotAccepted, DirectoryCase::Refused];
    let cases = || cases.into_iter().chain(ServerFailure::ALL.map(DirectoryCase::Failing));
    let (mut lists, mut revocations) = (Vec::new(), Vec::new());
    for case in cases() {
        let under_test = D::for_case(case);
        let server = under_test.server();
        lists.push(observe(case, &under_test, under_test.directory().list(&server, &credential)).await);
    }
    for case in cases().chain([DirectoryCase::NoSuchToken]) {
        let under_test = D::for_case(case);
        let server = under_test.server();
        revocations.push(observe(case, &under_test, under_test.directory().revoke(&server, &credential, token)).await);
    }

    check_calls(&lists, error_of);
    check_calls(&revocations, error_of);
    promise(5, "a list is complete and in the order of the server", || {
        for call in &lists {
            if let Some(Ok(tokens)) = &call.result {
                assert_eq!((call.case, tokens), (DirectoryCase::Done, &listed_tokens()), "{call:?}");
            }
        }
    });
    promise(6, "after `Ok` of a revocation the token is dead, on the word of the server itself", || {
        for call in &revocations {
            assert!(!matches!(call.result, Some(Ok(()))) || call.case == DirectoryCase::Done, "{call:?}");
        }
    });
    promise(7, "an error means what its variant says, on the word of the server itself", || {
        let of_lists = lists.iter().filter_map(|call| Some((call.case, call.result.as_ref()?.as_ref().err()?)));
        let of_revocations =
            revocations.iter().filter_map(|call| Some((call.case, call.result.as_ref()?.as_ref().err()?)));
        for (case, error) in of_lists.chain(of_revocations) {
            let is_expected = match (error, case) {
                (RequestError::NotAccepted { .. }, DirectoryCase::NotAccepted)
                | (RequestError::NoSuchToken { .. }, DirectoryCase::NoSuchToken)
                | (RequestError::Refused { .. }, DirectoryCase::Refused)
                | (RequestError::Unconfirmed { .. }, DirectoryCase::Cut) => true,
                (error, DirectoryCase::Failing(failure)) => failure.is_said_by(error),
                _ => false,
            };
            assert!(is_expected, "{case:?} is {error:?}");
        }
    });
}
