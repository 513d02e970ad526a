//! Why there is no session, as a hint of every command that needs one.

use std::path::Path;

use plexctl::ports::profile_reader::NoSessionReason;

use crate::environment;
use plexctl::domain::session::quoted_list;

/// What was looked at, if the operator may have meant something else.
pub fn no_session_hint(absence: &NoSessionReason, config: &Path) -> Option<String> {
    let path = config.display();
    match absence {
        NoSessionReason::NoFile if environment::names_config() => Some(format!("PLEXCTL_CONFIG names no file: {path}")),
        NoSessionReason::NoFile => None,
        NoSessionReason::NoDefault { profiles } | NoSessionReason::NoProfile { profiles, .. }
            if profiles.is_empty() =>
        {
            None
        }
        NoSessionReason::NoDefault { profiles } => {
            Some(format!("there is no default, but {path} has {}; name one with --profile", quoted_list(profiles)))
        }
        NoSessionReason::DanglingDefault { name, profiles } if profiles.is_empty() => {
            Some(format!("the default of {path} names profile \"{name}\", which is not there"))
        }
        NoSessionReason::DanglingDefault { name, profiles } => Some(format!(
            "the default of {path} names profile \"{name}\", which is not there; it has {}",
            quoted_list(profiles)
        )),
        NoSessionReason::NoProfile { name, profiles } => {
            Some(format!("{path} has no profile \"{name}\", it has {}", quoted_list(profiles)))
        }
        NoSessionReason::NoToken { name } => Some(format!("profile \"{name}\" of {path} has no token")),
    }
}
