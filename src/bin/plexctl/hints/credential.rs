//! What to do about a request with the operator's credential, and about a credential that is missing or unusable.

use plexctl::domain::Selection;
use plexctl::ports::{CredentialSource, RequestError};
use plexctl::use_cases::{CredentialError, IdentityError};

use super::{HintContext, no_session_hint, request, server, store};

/// What to do next.
pub fn hint(error: &IdentityError, context: &HintContext) -> Option<String> {
    match error {
        IdentityError::Credential(error) => unsent_hint(error, context),
        IdentityError::Report(_) => None,
        IdentityError::Request { credential, server, source, .. } => match source {
            RequestError::NotAccepted { .. } => Some(not_accepted_hint(credential, context)),
            RequestError::Refused { .. } | RequestError::NoSuchToken { .. } => None,
            _ => Some(request::hint(source, server, context)),
        },
    }
}

/// What to do where no request was sent.
fn unsent_hint(error: &CredentialError, context: &HintContext) -> Option<String> {
    match error {
        CredentialError::Load(error) => store::hint(error, context),
        CredentialError::Variable(_) => Some("set PLEXSPHERE_TOKEN to a token, or unset it".to_owned()),
        CredentialError::None { selection, reason } => {
            let of_reason = no_session_hint(reason.as_ref(), &context.config);
            Some(of_reason.unwrap_or_else(|| match selection {
                Selection::Default => format!("run {}, or set PLEXSPHERE_TOKEN", context.login(None)),
                // A profile that is typed precedes the variable.
                Selection::Named(profile) => {
                    format!("run {}, or set PLEXSPHERE_TOKEN and omit --profile", context.login(Some(profile)))
                }
            }))
        }
        CredentialError::Server { fault, .. } => Some(server::hint(fault, context)),
    }
}

/// What to do about a token that the server does not accept.
fn not_accepted_hint(credential: &CredentialSource, context: &HintContext) -> String {
    let typed = context.retry.value_of("--profile").and(context.profile.as_ref());
    // What precedes a stored session has to go, too.
    let (profile, instead) = match credential {
        CredentialSource::Profile(profile) => (Some(profile), ""),
        CredentialSource::Variable => (typed, ", and unset PLEXSPHERE_TOKEN"),
        CredentialSource::File(_) => (typed, ", and omit --token-file"),
    };
    format!("run {} to log in again{instead}", context.login(profile))
}
