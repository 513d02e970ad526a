//! `plexctl logout`.

use plexctl::adapters::toml_store::TomlStore;
use plexctl::ports::{LogoutOutcome, ProfileKey, ProfileReader};
use plexctl::use_cases::{LogoutError, LogoutRequest, LogoutUseCase};

use super::watched::Watched;
use super::{client, hint_other_credentials, reporter, session_context};
use crate::cli::Flags;
use crate::environment;
use crate::hints::{self, no_session_hint};
use crate::report::Failure;
use crate::terminal;

/// Ends the selected session, and says which credentials that leaves.
pub async fn logout(flags: Flags) -> Result<(), Failure> {
    let store = TomlStore::new(environment::config_path()?);
    let client = Watched(client());
    let mut reporter = reporter(flags.output());
    let request = LogoutRequest {
        selection: flags.selection(),
        server_flag: flags.server.clone(),
        server_fallback: environment::server_fallback(),
    };

    let outcome = match LogoutUseCase::new(&store, &client, &mut *reporter).execute(&request).await {
        Ok(outcome) => outcome,
        Err(mut error) => {
            // The use case knows only a CredentialStore, which has no places.
            if let LogoutError::Server { profile, source, .. } = &mut error {
                *source = source.clone().stored_at(|| store.place_of(profile, ProfileKey::Server));
            }
            let context = session_context("logout", flags, &store);
            let hint = hints::logout::hint(&error, &context);
            return Err(Failure::new(&error, error.kind(), error.facts(), hint).of_profile(context.profile));
        }
    };

    // Nothing to do may mean that the operator looked in the wrong place.
    if outcome == LogoutOutcome::NoSession {
        terminal::hints(no_session_hint(store.why_none(&request.selection).as_ref(), store.path()));
    }
    hint_other_credentials(flags.token_file.is_some());
    Ok(())
}
