//! Hints: what to type next after a failure. Each belongs to its cause, or there is none.

pub mod credential;
pub mod exec;
pub mod identity_tokens;
pub mod login;
pub mod logout;
pub mod profiles;

mod alike_names;
mod no_session;
mod request;
mod server;
mod store;

use std::path::PathBuf;

use plexctl::domain::ProfileName;

pub use self::no_session::{no_profile_hint, no_session_hint};
use crate::cli::DEFAULT_PROFILE;
use crate::retry_command::RetryCommand;

/// What a hint needs to know of a run beside the error.
#[derive(Debug)]
pub struct HintContext {
    /// The command that was typed.
    pub retry: RetryCommand,
    /// The selected profile: the one that was typed, else the default.
    pub profile: Option<ProfileName>,
    /// The token file that was typed.
    pub token_file: Option<PathBuf>,
    /// The config file.
    pub config: PathBuf,
    /// Where the config file stores the server of the profile, if it stores one.
    pub place_of_server: Option<String>,
}

impl HintContext {
    /// The login into a profile. The profile remembers the rest, but for a server that was typed since it stores none.
    fn login(&self, profile: Option<&ProfileName>) -> RetryCommand {
        let typed_server = self.retry.value_of("--server").filter(|_| self.place_of_server.is_none());
        RetryCommand::another("login")
            .with("--profile-name", profile.map(ProfileName::as_str).filter(|name| *name != DEFAULT_PROFILE))
            .with("--server", typed_server)
    }

    /// The way out for a profile whose server is gone.
    fn forget(&self) -> Option<RetryCommand> {
        self.profile.as_ref().map(|profile| RetryCommand::another("profiles forget").of(profile).with_switch("--yes"))
    }
}
