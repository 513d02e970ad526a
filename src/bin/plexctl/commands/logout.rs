//! `plexctl logout`.

use std::path::{Path, PathBuf};

use plexctl::adapters::reporters::Label;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::ports::profile_reader::{NoSessionReason, ProfileReader};
use plexctl::ports::reporter::LogoutOutcome;
use plexctl::use_cases::logout::{LogoutError, LogoutRequest, LogoutUseCase};

use super::on_demand::OnDemand;
use super::{client, place_of_unusable_server, reporter, tell_what_stays_in_use};
use crate::cli::Flags;
use crate::environment;
use crate::failure::again::Again;
use crate::failure::{Failure, LogoutFailure, listed};
use crate::terminal;

/// Ends the selected session, and says which credentials that leaves.
pub fn logout(flags: Flags) -> Result<(), Failure> {
    let format = flags.output();
    let config = environment::config_path().ok_or(Failure::NoConfigPlace)?;
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
        && let Some(hint) = store.why_none(&request.selection).and_then(|absence| absence_hint(&absence, &config))
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

/// What was looked at in vain, where somebody may have meant something else.
fn absence_hint(absence: &NoSessionReason, config: &Path) -> Option<String> {
    let path = config.display();
    match absence {
        NoSessionReason::NoFile if environment::names_config() => Some(format!("PLEXCTL_CONFIG names no file: {path}")),
        NoSessionReason::NoFile => None,
        NoSessionReason::NoDefault { profiles } | NoSessionReason::NoProfile { profiles, .. }
            if profiles.is_empty() =>
        {
            None
        }
        NoSessionReason::NoDefault { profiles } => {
            Some(format!("there is no default, but {path} has {}; name one with --profile", listed(profiles)))
        }
        NoSessionReason::DanglingDefault { name, profiles } if profiles.is_empty() => {
            Some(format!("the default of {path} names profile \"{name}\", which is not there"))
        }
        NoSessionReason::DanglingDefault { name, profiles } => Some(format!(
            "the default of {path} names profile \"{name}\", which is not there; it has {}",
            listed(profiles)
        )),
        NoSessionReason::NoProfile { name, profiles } => {
            Some(format!("{path} has no profile \"{name}\", it has {}", listed(profiles)))
        }
        NoSessionReason::NoToken { name } => Some(format!("profile \"{name}\" of {path} has no token")),
    }
}
