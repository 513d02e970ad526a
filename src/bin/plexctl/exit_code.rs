//! The numbers and the names of a run's end: the only place that chooses either.

use plexctl::ports::credential_store::StoreError;
use plexctl::ports::token_revoker::RevokeError;
use plexctl::use_cases::ending::Ending;
use plexctl::use_cases::logout::LogoutError;
use plexctl::use_cases::server::ServerError;

use crate::failure::Failure;

/// The number that the process ends with.
pub fn of(result: &Result<(), Failure>) -> u8 {
    let ending = match result {
        Ok(()) => Ending::Done,
        Err(Failure::NoConfigPlace | Failure::Stdout(_)) => Ending::Failed,
        Err(Failure::Usage(_)) => Ending::Unusable,
        Err(Failure::Logout(failure)) => failure.error.ending(),
    };
    ending.exit_code()
}

/// The `code` of the failure as data.
pub fn code(failure: &Failure) -> &'static str {
    use LogoutError::{Clear, Load, Rehearse, Report, Revoke, Server};

    match failure {
        Failure::NoConfigPlace => "config_unusable",
        Failure::Usage(_) | Failure::Stdout(_) => "internal",
        Failure::Logout(failure) => match &failure.error {
            Load(StoreError::Exposed { .. }) => "config_exposed",
            Load(StoreError::NotASessionToken { .. }) => "not_a_session_token",
            Load(StoreError::Unusable { .. } | StoreError::NotCleared { .. } | StoreError::NotDurable { .. })
            | Rehearse { .. } => "config_unusable",
            Server { source: ServerError::Unknown, .. } => "server_unknown",
            Server { source: ServerError::Unusable { .. }, .. } => "server_unusable",
            Server { source: ServerError::OtherOrigin { .. }, .. } => "server_mismatch",
            Revoke { source: RevokeError::Refused { .. }, .. } => "refused",
            Revoke { source: RevokeError::Unconfirmed { .. }, .. } => "unconfirmed",
            Revoke { source: RevokeError::Unanswered { .. }, .. } => "unanswered",
            Revoke { source: RevokeError::Unreached { .. }, .. } => "unreached",
            Clear { source: StoreError::NotDurable { .. }, .. } => "not_durable",
            Clear {
                source:
                    StoreError::Exposed { .. }
                    | StoreError::Unusable { .. }
                    | StoreError::NotASessionToken { .. }
                    | StoreError::NotCleared { .. },
                ..
            } => "not_cleared",
            Report(_) => "internal",
        },
    }
}
