//! `plexctl logout`.

use std::path::PathBuf;

use plexctl::adapters::reporters::Label;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::ports::profile_reader::ProfileReader;
use plexctl::ports::reporter::LogoutOutcome;
use plexctl::use_cases::logout::{LogoutError, LogoutRequest, LogoutUseCase};

use super::on_demand::OnDemand;
use super::{client, place_of_unusable_server, reporter, tell_what_stays_in_use};
use crate::cli::Flags;
use crate::environment;
use crate::failure::again::Again;
use crate::failure::{Failure, LogoutFailure, no_session_hint};
use crate::terminal;

/// Ends the selected session, and says which credentials that leaves.
pub fn logout(flags: Flags) -> Result<(), Failure> {
    let format = flags.output();
    let config = environment::config_path().map_err(Failure::NoConfigPlace)?;
    let store = TomlStore::new(config.as_path());
    let client = OnDemand(client());
    let mut reporter = reporter(format);
    let selected = flags.profile.clone();
    let again = Again::new("logout")
        .with("--profile", selected.as_ref().map(ProfileName::as_str))
        .with("--server", flags.server.as_deref());
    let request = LogoutRequest {
        selection: flags.profile.map_or(Selection::Default, Selection::Named),
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
    };

    let outcome = pollster::block_on(LogoutUseCase::new(&store, &client, &mut *reporter).execute(&request))
        .map_err(|error| failure(error, again, selected, config.clone(), &store))?;

    if outcome == LogoutOutcome::NoSession
        && let Some(hint) = store.why_none(&request.selection).and_then(|absence| no_session_hint(&absence, &config))
    {
        terminal::note(Label::Hint, &hint);
    }
    tell_what_stays_in_use(flags.token_file.is_some());
    Ok(())
}

fn failure(
    error: LogoutError,
    again: Again,
    selected: Option<ProfileName>,
    config: PathBuf,
    store: &TomlStore,
) -> Failure {
    let place_of_server = match &error {
        LogoutError::Server { profile, source, .. } => place_of_unusable_server(store, profile, source),
        _ => None,
    };
    Failure::Logout(Box::new(LogoutFailure { error, again, selected, config, place_of_server }))
}
