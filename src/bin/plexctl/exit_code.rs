//! The exit codes: the only place that gives an end a number.
//!
//! Scripts depend on these numbers. 64 (not implemented) belongs to plexctl's taxonomy too, but no command here
//! needs it.

use plexctl::domain::logout::LogoutError::{Clear, Load, Report, Revoke, Server};
use plexctl::ports::credential_store::StoreError::{Exposed, NotASessionToken, NotCleared, NotDurable, Unusable};
use plexctl::ports::token_revoker::RevokeError::{Refused, Unanswered, Unconfirmed, Unreached};

use super::failure::Failure;

const SUCCESS: u8 = 0;
const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const EXPOSED: u8 = 3;
const REFUSED: u8 = 4;

/// The number that the process ends with.
pub fn of(result: &Result<(), Failure>) -> u8 {
    match result {
        Ok(()) => SUCCESS,
        Err(
            Failure::NoConfigPlace
            | Failure::Runtime(_)
            | Failure::Stdout(_)
            | Failure::Logout(
                Load(Unusable { .. } | NotCleared { .. } | NotDurable { .. })
                | Revoke { source: Unconfirmed { .. } | Unanswered { .. } | Unreached { .. }, .. }
                | Clear { .. }
                | Report(_),
            ),
        ) => FAILURE,
        Err(Failure::Usage(_) | Failure::Logout(Load(NotASessionToken { .. }) | Server { .. })) => USAGE,
        Err(Failure::Logout(Load(Exposed { .. }))) => EXPOSED,
        Err(Failure::Logout(Revoke { source: Refused { .. }, .. })) => REFUSED,
    }
}
