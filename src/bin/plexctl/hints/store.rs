//! What to do about a file that cannot be used.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use plexctl::ports::store_error::StoreError;
use rustix::process::geteuid;

use super::HintContext;

/// What to do before the command is run again.
pub fn hint(error: &StoreError, context: &HintContext) -> Option<String> {
    let retry = &context.retry;
    match error {
        StoreError::Exposed { place, .. } => {
            let named = context.token_file.as_deref().filter(|path| path.display().to_string() == *place);
            Some(exposed_hint(named.unwrap_or(&context.config), context))
        }
        StoreError::Unusable { place, .. } => Some(format!("fix {place}; then run {retry} again")),
        StoreError::NotASessionToken { .. } => context
            .forget()
            .map(|forget| format!("plexctl cannot revoke this token; run {forget} to remove it from the config file")),
        StoreError::NotABearerToken { place, .. } => match &context.token_file {
            Some(path) if path.display().to_string() == *place => None,
            _ => Some(format!("run {} to replace it", context.login(context.profile.as_ref()))),
        },
        StoreError::NotDurable { .. } => Some(format!("if the change is undone after a power loss, run {retry} again")),
        _ => Some(format!("run {retry} again")),
    }
}

/// Who can make a file private, and how.
fn exposed_hint(path: &Path, context: &HintContext) -> String {
    // A descriptor of a shell, such as that of `<(command)`, has no mode that anybody could change.
    if ["/dev/fd/", "/dev/stdin", "/proc/"].iter().any(|prefix| path.starts_with(prefix.trim_end_matches('/'))) {
        return "name a regular file with mode 0600".to_owned();
    }
    let owner = fs::metadata(path).map(|metadata| metadata.uid());
    let is_own = owner.is_ok_and(|owner| owner == geteuid().as_raw()) || geteuid().is_root();
    context.retry.once_private(path, is_own)
}
