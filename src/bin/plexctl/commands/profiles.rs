//! `plexctl profiles`, `plexctl profiles use` and `plexctl profiles forget`.

use std::path::PathBuf;

use plexctl::adapters::reporters::Label;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::ports::reporter::ProfilesOutcome;
use plexctl::use_cases::profiles::{ProfilesRequest, ProfilesUseCase};

use super::reporter;
use crate::cli::Flags;
use crate::environment;
use crate::failure::again::Again;
use crate::failure::{Failure, ProfilesFailure, no_profile_hint};
use crate::terminal;

/// Shows or changes which profiles are stored. Asks no server.
pub fn profiles(flags: &Flags, request: &ProfilesRequest) -> Result<(), Failure> {
    let config = match (environment::config_path(), request) {
        (Ok(path), _) => path,
        // What is not confirmed is refused whatever is stored.
        (Err(_), ProfilesRequest::Forget { is_confirmed: false, .. }) => PathBuf::new(),
        (Err(error), _) => return Err(Failure::NoConfigPlace(error)),
    };
    let store = TomlStore::new(config.as_path());
    let (mut warnings, mut reporter) = (reporter(flags.output()), reporter(flags.output()));
    let outcome = ProfilesUseCase::new(&store, &store, &mut *warnings, &mut *reporter).execute(request);
    let outcome = outcome.map_err(|error| {
        let (again, selected) = match request {
            ProfilesRequest::List { .. } => (Again::new("profiles"), None),
            ProfilesRequest::Use(profile) => (Again::new("profiles use").of(profile), Some(profile.clone())),
            ProfilesRequest::Forget { profile, is_confirmed } => {
                let again = Again::new("profiles forget").of(profile);
                (if *is_confirmed { again.with_switch("--yes") } else { again }, Some(profile.clone()))
            }
        };
        let config = config.clone();
        Failure::Profiles(Box::new(ProfilesFailure { error, again, selected, config }))
    })?;
    if let ProfilesOutcome::Listed { list, .. } = outcome
        && list.profiles.is_empty()
        && let Some(hint) = no_profile_hint(&config)
    {
        terminal::note(Label::Hint, &hint);
    }
    Ok(())
}
