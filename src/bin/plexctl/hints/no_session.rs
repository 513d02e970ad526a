//! Why there is no session, as a hint of every command that needs one.

use std::path::Path;

use plexctl::domain::session::{ProfileName, quoted_list};
use plexctl::ports::profile_reader::NoSessionReason;

use super::alike_names::difference;
use crate::environment;

/// The name of the config of another plexctl.
const OTHER_CONFIG: &str = "config.json";

/// What was looked at, if the operator may have meant something else.
pub fn no_session_hint(absence: &NoSessionReason, config: &Path) -> Option<String> {
    let path = config.display();
    let hint = match absence {
        NoSessionReason::NoFile if has_other_config(config) => other_config(config),
        NoSessionReason::NoFile if environment::names_config() => format!("PLEXCTL_CONFIG names no file: {path}"),
        NoSessionReason::NoFile => return None,
        NoSessionReason::NoDefault { profiles } | NoSessionReason::NoProfile { profiles, .. }
            if profiles.is_empty() =>
        {
            return None;
        }
        NoSessionReason::NoDefault { profiles } => {
            format!("there is no default, but {path} has {}; name one with --profile", quoted_list(profiles))
        }
        NoSessionReason::DanglingDefault { name, profiles } if profiles.is_empty() => {
            format!("the default of {path} names profile \"{name}\", which is not there")
        }
        NoSessionReason::DanglingDefault { name, profiles } => format!(
            "the default of {path} names profile \"{name}\", which is not there; it has {}{}",
            quoted_list(profiles),
            and_difference(name, profiles)
        ),
        NoSessionReason::NoProfile { name, profiles } => format!(
            "{path} has no profile \"{name}\", it has {}{}",
            quoted_list(profiles),
            and_difference(name, profiles)
        ),
        NoSessionReason::NoToken { name } => format!("profile \"{name}\" of {path} has no token"),
    };
    Some(hint)
}

/// How a name differs from a stored one that looks like it.
fn and_difference(name: &ProfileName, stored: &[ProfileName]) -> String {
    difference(name, stored).map(|difference| format!("; {difference}")).unwrap_or_default()
}

/// What to know where there is no profile: an empty file, or none beside the one of another program.
pub fn no_profile_hint(config: &Path) -> Option<String> {
    (!config.exists() && has_other_config(config)).then(|| other_config(config))
}

/// Tells whether the config of another plexctl, which keeps its sessions as JSON, stands beside the missing file.
fn has_other_config(config: &Path) -> bool {
    config.with_file_name(OTHER_CONFIG).is_file()
}

fn other_config(config: &Path) -> String {
    let other = config.with_file_name(OTHER_CONFIG);
    format!(
        "{} belongs to another plexctl, which keeps its sessions there; this one reads {}",
        other.display(),
        config.display()
    )
}
