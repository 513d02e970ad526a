//! Why tokens were not listed, or why one is not known to be revoked, in words.

use plexctl::domain::token::TokenId;
use plexctl::ports::chain::chain;
use plexctl::ports::reporter::CredentialSource;
use plexctl::ports::token_directory::DirectoryError;
use plexctl::use_cases::tokens::TokensError;

use super::credential::CredentialContext;
use super::hint_to_retry;

/// A failed `identity-tokens`, with what its words need beside the error.
#[derive(Debug)]
pub struct TokensFailure {
    /// What failed.
    pub error: TokensError,
    /// What was typed, and what is stored.
    pub context: CredentialContext,
}

impl TokensFailure {
    /// The failure in words, and what to do about it.
    pub fn words(&self) -> (String, Option<String>) {
        match &self.error {
            TokensError::Credential(error) => self.context.words(error),
            TokensError::List { credential, server, source } => self.list_words(credential, &server.origin(), source),
            TokensError::Revoke { credential, server, id, source } => {
                self.revoke_words(credential, &server.origin(), *id, source)
            }
            TokensError::Report(error) => (format!("the result could not be written: {}", chain(&*error.source)), None),
        }
    }

    fn list_words(
        &self,
        credential: &CredentialSource,
        origin: &str,
        error: &DirectoryError,
    ) -> (String, Option<String>) {
        match error {
            DirectoryError::NotAccepted { .. } => self.context.words_of_not_accepted(credential, origin),
            DirectoryError::Refused { source } => (format!("{origin} refused to list the tokens: {source}"), None),
            DirectoryError::NoSuchToken { source }
            | DirectoryError::Unconfirmed { source }
            | DirectoryError::Unanswered { source }
            | DirectoryError::Unreached { source } => (
                format!("cannot list the tokens at {origin}: {source}"),
                Some(hint_to_retry(source, &self.context.again)),
            ),
        }
    }

    fn revoke_words(
        &self,
        credential: &CredentialSource,
        origin: &str,
        id: TokenId,
        error: &DirectoryError,
    ) -> (String, Option<String>) {
        match error {
            DirectoryError::NotAccepted { .. } => self.context.words_of_not_accepted(credential, origin),
            DirectoryError::Refused { source } => {
                (format!("{origin} refused to revoke token {id}, which may still be live: {source}"), None)
            }
            DirectoryError::NoSuchToken { .. } => {
                (format!("{origin} knows no token {id} of this principal: it is gone, or it belongs to another"), None)
            }
            DirectoryError::Unconfirmed { source }
            | DirectoryError::Unanswered { source }
            | DirectoryError::Unreached { source } => (
                format!("cannot revoke token {id} at {origin}, so it may still be live: {source}"),
                Some(hint_to_retry(source, &self.context.again)),
            ),
        }
    }
}
