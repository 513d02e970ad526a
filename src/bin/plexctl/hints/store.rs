//! What to do about a file that cannot be used.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use plexctl::ports::StoreError;
use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::process::geteuid;

use super::HintContext;

/// What to do about a descriptor, whose mode cannot be changed.
const NAME_A_FILE: &str = "name a regular file with mode 0600";

/// The file systems on which `chmod` has no effect, since every file has the mode of the mount: FAT, exFAT, NTFS, and
/// shares of CIFS and SMB2.
const WITHOUT_MODES: [u32; 5] = [0x4d44, 0x2011_bab0, 0x7366_746e, 0xff53_4d42, 0xfe53_4d42];

/// The file systems that are programs, such as `ntfs-3g` and `sshfs`.
const FUSE: u32 = 0x6573_5546;

/// What to do before the command is run again.
pub fn hint(error: &StoreError, context: &HintContext) -> Option<String> {
    let retry = &context.retry;
    match error {
        StoreError::Exposed { place, .. } => {
            Some(exposed_hint(token_file(place, context).unwrap_or(&context.config), context))
        }
        StoreError::Unusable { place, .. } if is_descriptor(Path::new(place)) => Some(NAME_A_FILE.to_owned()),
        StoreError::Unusable { place, .. } if token_file(place, context).is_some_and(|path| !path.exists()) => {
            Some(format!("check the path of --token-file; then run {retry} again"))
        }
        StoreError::Unusable { place, .. } => Some(format!("fix {place}; then run {retry} again")),
        StoreError::NotASessionToken { .. } => context
            .forget()
            .map(|forget| format!("plexctl cannot revoke this token; run {forget} to remove it from the config file")),
        // A file that the operator named is theirs to correct; a login would not write it.
        StoreError::NotABearerToken { place, .. } if token_file(place, context).is_some() => None,
        StoreError::NotABearerToken { .. } => {
            Some(format!("run {} to replace it", context.login(context.profile.as_ref())))
        }
        StoreError::NotDurable { .. } => Some(format!("if the change is undone after a power loss, run {retry} again")),
        _ => Some(format!("run {retry} again")),
    }
}

/// The token file that was typed, if an error is about it.
fn token_file<'c>(place: &str, context: &'c HintContext) -> Option<&'c Path> {
    context.token_file.as_deref().filter(|path| path.display().to_string() == place)
}

/// Tells whether a path names an open descriptor, such as that of `<(command)` in a shell.
fn is_descriptor(path: &Path) -> bool {
    ["/dev/fd", "/dev/stdin", "/proc"].iter().any(|directory| path.starts_with(directory))
}

/// Who can make a file private, and how.
fn exposed_hint(path: &Path, context: &HintContext) -> String {
    let retry = &context.retry;
    if is_descriptor(path) {
        return NAME_A_FILE.to_owned();
    }
    let file_system = file_system(path);
    let elsewhere = "a file system that keeps modes, such as that of your home directory";
    let elsewhere = match context.token_file.as_deref() {
        Some(file) if file == path => format!("move the file to {elsewhere}"),
        _ => format!("set PLEXCTL_CONFIG to a path on {elsewhere}"),
    };
    if file_system.is_some_and(|magic| WITHOUT_MODES.contains(&magic)) {
        return format!("{elsewhere}; then run {retry} again");
    }
    if is_read_only(path) {
        return format!(
            "ask your administrator to set the mode of the file to 0600: its file system is read-only; then run {retry} again"
        );
    }
    let owner = fs::metadata(path).map(|metadata| metadata.uid());
    // Only the owner and root may change a mode.
    let is_own = owner.is_ok_and(|owner| owner == geteuid().as_raw()) || geteuid().is_root();
    let hint = retry.once_private(path, is_own);
    // Whether such a file system keeps modes is up to the program behind it.
    if file_system == Some(FUSE) { format!("{hint}; if the mode does not change, {elsewhere}") } else { hint }
}

/// The type of the file system that a file is on, as `statfs(2)` and linux/magic.h have it.
#[cfg(target_os = "linux")]
fn file_system(path: &Path) -> Option<u32> {
    u32::try_from(rustix::fs::statfs(path).ok()?.f_type & 0xffff_ffff).ok()
}

/// Elsewhere file systems have names, and those without modes are not told apart.
#[cfg(not(target_os = "linux"))]
fn file_system(_: &Path) -> Option<u32> {
    None
}

/// Tells whether a file is on a file system that is mounted read-only.
fn is_read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|file_system| file_system.f_flag.contains(StatVfsMountFlags::RDONLY))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use plexctl::domain::ProfileName;

    use super::*;
    use crate::retry_command::RetryCommand;

    #[test]
    fn only_a_login_writes_the_config_file() {
        let context = |token_file: Option<&str>| HintContext {
            retry: RetryCommand::new("whoami"),
            profile: Some(ProfileName::new("dev").unwrap()),
            token_file: token_file.map(PathBuf::from),
            config: PathBuf::from("/config.toml"),
            place_of_server: None,
        };
        let error = |place: &str| StoreError::NotABearerToken { place: place.to_owned(), source: "it is empty".into() };
        let login = "run `plexctl login --profile-name dev` to replace it";
        assert_eq!(hint(&error("/config.toml:3:9"), &context(None)).as_deref(), Some(login));
        assert_eq!(hint(&error("/config.toml:3:9"), &context(Some("token"))).as_deref(), Some(login));
        assert_eq!(hint(&error("token"), &context(Some("token"))), None);
    }
}
