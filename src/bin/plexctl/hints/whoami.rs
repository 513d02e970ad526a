//! What to do about a failed `plexctl whoami`.

use plexctl::ports::request_error::RequestError;
use plexctl::use_cases::whoami::WhoamiError;

use super::{HintContext, credential, request};

/// What to do next.
pub fn hint(error: &WhoamiError, context: &HintContext) -> Option<String> {
    match error {
        WhoamiError::Credential(error) => credential::hint(error, context),
        WhoamiError::Read { credential, source: RequestError::NotAccepted { .. }, .. } => {
            Some(credential::not_accepted_hint(credential, context))
        }
        WhoamiError::Read { source: RequestError::Refused { .. }, .. } | WhoamiError::Report(_) => None,
        WhoamiError::Read { server, source, .. } => {
            Some(request::hint(source.call_error(), Some(server.as_given()), context))
        }
    }
}
