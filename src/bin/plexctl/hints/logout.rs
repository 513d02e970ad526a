//! What to do about a failed `plexctl logout`.

use plexctl::ports::{Remedy, RequestError, StoreError};
use plexctl::use_cases::{LogoutError, SessionFacts};

use super::identity_tokens::delete_command;
use super::{HintContext, request, server, store};

/// What to do next.
pub fn hint(error: &LogoutError, context: &HintContext) -> Option<String> {
    match error {
        LogoutError::Load(error)
        | LogoutError::Rehearse { source: error, .. }
        | LogoutError::Clear { source: error @ StoreError::NotDurable { .. }, .. } => store::hint(error, context),
        LogoutError::Server { source, .. } => Some(server::hint(source, context)),
        LogoutError::Revoke { about, source } => Some(revoke_hint(about, source, context)),
        LogoutError::Clear { .. } => {
            Some(format!("run {} again, or delete the profile by hand: its token is dead", context.retry))
        }
        LogoutError::Report(_) => None,
    }
}

fn revoke_hint(about: &SessionFacts, error: &RequestError, context: &HintContext) -> String {
    if matches!(error, RequestError::Refused { .. }) {
        let (delete, retry) = (delete_command(about.id), &context.retry);
        return format!("ask somebody who may revoke the token to run {delete}; then run {retry} again");
    }
    let (hint, call) = (request::hint(error, &about.server, context), error.call_error());
    let is_gone = call.response().is_some_and(|response| matches!(response.status, 400 | 410 | 422))
        // A proxy or a certificate in the way says nothing about whether the server is gone.
        || matches!(call.remedy(), Some(Remedy::CheckHost | Remedy::CheckPort | Remedy::CheckNetwork));
    match context.forget().filter(|_| is_gone) {
        Some(forget) => format!("{hint}; if the server is gone for good, run {forget}"),
        None => hint,
    }
}
