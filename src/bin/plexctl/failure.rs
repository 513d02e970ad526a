//! Everything that can end a run without success, in the operator's words.

use std::io;

use plexctl::ports::credential_store::StoreError;
use plexctl::ports::token_revoker::RevokeError;
use plexctl::use_cases::logout::{LogoutError, ServerError};
use thiserror::Error;

/// Why a run failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line is not understood; the text holds the error and the usage.
    #[error("{0}")]
    Usage(String),
    /// No variable says where the config file is.
    #[error("no place for a config file is known")]
    NoConfigPlace,
    /// The runtime could not be started.
    #[error("the runtime could not be started")]
    Runtime(#[source] io::Error),
    /// The text that was asked for could not be written.
    #[error("standard output could not be written")]
    Stdout(#[source] io::Error),
    /// The logout failed.
    #[error(transparent)]
    Logout(#[from] LogoutError),
}

impl Failure {
    /// What to do next, where that is not plain from the error.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoConfigPlace => "set HOME, XDG_CONFIG_HOME or PLEXCTL_CONFIG",
            Self::Logout(LogoutError::Load(StoreError::Exposed { place, .. })) => {
                return Some(format!("run `chmod 600 {place}`, then `plexctl logout` again"));
            }
            Self::Logout(LogoutError::Load(StoreError::NotASessionToken { .. })) => {
                "only sessions that `plexctl login` has begun can be ended; nothing was sent or changed"
            }
            Self::Runtime(_) | Self::Logout(LogoutError::Load(_) | LogoutError::Rehearse { .. }) => {
                "nothing was sent or changed; mend the cause and run `plexctl logout` again"
            }
            Self::Logout(LogoutError::Server { source: ServerError::Unknown, .. }) => {
                "name the server that issued the token with --server"
            }
            Self::Logout(LogoutError::Server { .. }) => "nothing was sent or changed",
            Self::Logout(LogoutError::Revoke { source: RevokeError::Refused { .. }, .. }) => {
                "somebody with the right to revoke the token has to do it; then run `plexctl logout` again"
            }
            Self::Logout(
                LogoutError::Revoke { .. } | LogoutError::Clear { source: StoreError::NotCleared { .. }, .. },
            ) => "once the cause is gone, run `plexctl logout` again",
            Self::Logout(LogoutError::Clear { .. } | LogoutError::Report(_)) | Self::Usage(_) | Self::Stdout(_) => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}
