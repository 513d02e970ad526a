//! How to end a token by its id.

use plexctl::domain::TokenId;

use crate::retry_command::RetryCommand;

/// The command that ends a token by its id.
pub fn delete_command(id: TokenId) -> RetryCommand {
    RetryCommand::another("identity-tokens delete").with("--id", Some(id.to_string()))
}

/// How to end a token that no profile holds.
pub fn delete_hint(id: TokenId) -> String {
    format!("once you are logged in, run {}", delete_command(id))
}
