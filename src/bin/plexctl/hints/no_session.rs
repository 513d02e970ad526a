//! Why there is no session, as a hint of every command that needs one.

use std::path::Path;

use plexctl::domain::{ProfileName, quoted_list};
use plexctl::ports::NoSessionReason;

use super::alike_names::difference;
use crate::environment;

/// The name of the config of another plexctl.
const OTHER_CONFIG: &str = "config.json";

/// What was looked at, if the operator may have meant something else.
pub fn no_session_hint(absence: Option<&NoSessionReason>, config: &Path) -> Option<String> {
    let path = config.display();
    match absence? {
        NoSessionReason::NoFile => other_config_hint(config)
            .or_else(|| environment::names_config().then(|| format!("PLEXCTL_CONFIG names no file: {path}"))),
        NoSessionReason::NoDefault { profiles } | NoSessionReason::NoProfile { profiles, .. }
            if profiles.is_empty() =>
        {
            None
        }
        NoSessionReason::NoDefault { profiles } => {
            Some(format!("there is no default, but {path} has {}; name one with --profile", quoted_list(profiles)))
        }
        NoSessionReason::DanglingDefault { name, profiles } => {
            let present =
                if profiles.is_empty() { String::new() } else { format!("; it has {}", alike(name, profiles)) };
            Some(format!("the default of {path} names profile \"{name}\", which is not there{present}"))
        }
        NoSessionReason::NoProfile { name, profiles } => {
            Some(format!("{path} has no profile \"{name}\", it has {}", alike(name, profiles)))
        }
        NoSessionReason::NoToken { name } => Some(format!("profile \"{name}\" of {path} has no token")),
    }
}

/// The stored names, and how a name differs from one of them that looks like it.
fn alike(name: &ProfileName, stored: &[ProfileName]) -> String {
    let difference = difference(name, stored).map(|difference| format!("; {difference}")).unwrap_or_default();
    format!("{}{difference}", quoted_list(stored))
}

/// What to know where there is no profile: an empty file, or none beside the one of another program.
pub fn no_profile_hint(config: &Path) -> Option<String> {
    if config.exists() { None } else { other_config_hint(config) }
}

/// Names the config of another plexctl, which keeps its sessions as JSON, if it stands beside the missing file.
fn other_config_hint(config: &Path) -> Option<String> {
    let other = config.with_file_name(OTHER_CONFIG);
    let (other, path) = (other.is_file().then(|| other.display())?, config.display());
    Some(format!("{other} belongs to another plexctl, which keeps its sessions there; this one reads {path}"))
}
