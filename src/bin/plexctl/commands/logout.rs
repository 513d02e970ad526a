//! `plexctl logout`.

use plexctl::adapters::reporters::Label;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::ports::profile_reader::{ProfileKey, ProfileReader};
use plexctl::ports::reporter::LogoutOutcome;
use plexctl::use_cases::logout::{LogoutError, LogoutRequest, LogoutUseCase};

use super::watched::Watched;
use super::{client, hint_other_credentials, place_of_server, reporter, selected_or_default};
use crate::cli::Flags;
use crate::environment;
use crate::hints::{self, HintContext, no_session_hint};
use crate::report::Failure;
use crate::retry_command::RetryCommand;
use crate::terminal;

/// Ends the selected session, and says which credentials that leaves.
pub async fn logout(flags: Flags) -> Result<(), Failure> {
    let format = flags.output();
    let config = environment::config_path()?;
    let store = TomlStore::new(config.as_path());
    let client = Watched(client());
    let mut reporter = reporter(format);
    let selected = flags.profile.clone();
    let retry = RetryCommand::new("logout")
        .with("--profile", selected.as_ref().map(ProfileName::as_str))
        .with("--server", flags.server.as_deref());
    let request = LogoutRequest {
        selection: flags.profile.map_or(Selection::Default, Selection::Named),
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
    };

    let outcome = match LogoutUseCase::new(&store, &client, &mut *reporter).execute(&request).await {
        Ok(outcome) => outcome,
        Err(error) => {
            // The use case knows only a CredentialStore, which has no places.
            let error = with_place_of_server(error, &store);
            let profile = selected_or_default(&store, selected);
            let place_of_server = place_of_server(&store, profile.as_ref());
            let context = HintContext { retry, profile, token_file: None, config, place_of_server };
            let hint = hints::logout::hint(&error, &context);
            return Err(Failure::new(&error, error.kind(), error.facts(), hint).of_profile(context.profile));
        }
    };

    // Nothing to do may mean that the operator looked in the wrong place.
    if outcome == LogoutOutcome::NoSession
        && let Some(hint) = store.why_none(&request.selection).and_then(|reason| no_session_hint(&reason, &config))
    {
        terminal::note(Label::Hint, &hint);
    }
    hint_other_credentials(flags.token_file.is_some());
    Ok(())
}

/// The same error with the place of an unusable server, which only a store of profiles can tell.
fn with_place_of_server(error: LogoutError, store: &TomlStore) -> LogoutError {
    match error {
        LogoutError::Server { profile, id, source } => {
            let source = source.stored_at(|| store.place_of(&profile, ProfileKey::Server));
            LogoutError::Server { profile, id, source }
        }
        error => error,
    }
}
