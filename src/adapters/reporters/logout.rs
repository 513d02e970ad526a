//! What there is to tell of a logout: one sentence, or a summary of the session that has ended.

use serde::Serialize;

use super::{Tell, Telling};
use crate::ports::credential_store::Clearing;
use crate::ports::reporter::LogoutOutcome;
use crate::ports::token_revoker::Revocation;

/// The summary of a session that has ended.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    profile: &'a str,
    server: &'a str,
    revoked: bool,
}

impl Tell for LogoutOutcome {
    type Data<'a> = Summary<'a>;

    fn to_people(&self) -> Telling<String> {
        match self {
            Self::NoSession => Telling::notes(sentence(self)),
            Self::LoggedOut { .. } => Telling::result(sentence(self)),
        }
    }

    /// The sentence stands beside the summary where the summary cannot say it all.
    fn to_programs(&self) -> Telling<Summary<'_>> {
        let Self::LoggedOut { profile, server, revocation, clearing } = self else {
            return Telling::notes(sentence(self));
        };
        let summary = Summary {
            profile: profile.as_str(),
            server: server.as_given(),
            revoked: match revocation {
                Revocation::Revoked => true,
                Revocation::AlreadyGone => false,
            },
        };
        let notes = match clearing {
            Clearing::Cleared => String::new(),
            Clearing::Replaced => sentence(self),
        };
        Telling { notes, ..Telling::result(summary) }
    }
}

/// The outcome in one line.
fn sentence(outcome: &LogoutOutcome) -> String {
    match outcome {
        LogoutOutcome::NoSession => "No active session; nothing to do.\n".to_owned(),
        LogoutOutcome::LoggedOut { profile, clearing: Clearing::Cleared, .. } => {
            format!("Logged out. Cleared profile \"{profile}\".\n")
        }
        LogoutOutcome::LoggedOut { profile, clearing: Clearing::Replaced, .. } => {
            format!("Logged out. Kept profile \"{profile}\": it holds a newer session.\n")
        }
    }
}
