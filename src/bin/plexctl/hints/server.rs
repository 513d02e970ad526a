//! What to do about a server that no request can be sent to.

use plexctl::use_cases::{ServerError, ServerSetting};

use super::HintContext;

/// What a valid server URL looks like.
pub const FORM: &str = "https://HOST[:PORT][/PATH], or http for development";

/// What to do about the server of a credential.
pub fn hint(error: &ServerError, context: &HintContext) -> String {
    let retry = &context.retry;
    match error {
        ServerError::Unusable { setting: ServerSetting::Given, .. } => format!("--server must look like {FORM}"),
        ServerError::Unusable { .. } => format!("change it to {FORM}; then run {retry} again"),
        ServerError::OtherOrigin { .. } => format!("run {}", retry.without("--server")),
        ServerError::Unknown => "name the server that issued the token with --server or PLEXSPHERE_URL".to_owned(),
    }
}
