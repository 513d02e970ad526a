//! What to do about a failed `plexctl profiles`.

use plexctl::use_cases::ProfilesError;

use super::alike_names::difference;
use super::{HintContext, store};

/// What to do next.
pub fn hint(error: &ProfilesError, context: &HintContext) -> Option<String> {
    match error {
        ProfilesError::Unconfirmed { .. } => {
            Some(format!("if its server is gone for good, run {}", context.retry.but_with("--yes")))
        }
        ProfilesError::NoSuchProfile { profile, present, .. } => difference(profile, present),
        ProfilesError::Report(_) => None,
        ProfilesError::Store(error) | ProfilesError::Forget { error, .. } => store::hint(error, context),
    }
}
