//! What to do about a failed `plexctl identity-tokens`.

use plexctl::domain::token::TokenId;
use plexctl::ports::request_error::RequestError;
use plexctl::use_cases::tokens::TokensError;

use super::{HintContext, credential, request};
use crate::retry_command::RetryCommand;

/// What to do next.
pub fn hint(error: &TokensError, context: &HintContext) -> Option<String> {
    match error {
        TokensError::Credential(error) => credential::hint(error, context),
        TokensError::Report(_) => None,
        TokensError::List { credential, server, source } | TokensError::Revoke { credential, server, source, .. } => {
            match source {
                RequestError::NotAccepted { .. } => Some(credential::not_accepted_hint(credential, context)),
                RequestError::Refused { .. } | RequestError::NoSuchToken { .. } => None,
                _ => Some(request::hint(source.call_error(), Some(server.as_given()), context)),
            }
        }
    }
}

/// The command that ends a token by its id.
pub fn delete_command(id: TokenId) -> RetryCommand {
    RetryCommand::another("identity-tokens delete").with("--id", Some(id.to_string()))
}

/// How to end a token that no profile holds.
pub fn delete_hint(id: TokenId) -> String {
    format!("once you are logged in, run {}", delete_command(id))
}
