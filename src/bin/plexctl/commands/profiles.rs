//! `plexctl profiles`, `plexctl profiles use` and `plexctl profiles forget`.

use std::path::PathBuf;

use plexctl::adapters::toml_store::TomlStore;
use plexctl::use_cases::profiles::{ProfilesRequest, ProfilesUseCase};

use super::reporter;
use crate::cli::Flags;
use crate::environment;
use crate::failure::again::Again;
use crate::failure::{Failure, ProfilesFailure};

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
    ProfilesUseCase::new(&store, &store, &mut *warnings, &mut *reporter).execute(request).map(|_| ()).map_err(|error| {
        let (again, selected) = match request {
            ProfilesRequest::List { .. } => (Again::new("profiles"), None),
            ProfilesRequest::Use(profile) => (Again::new("profiles use").of(profile), Some(profile.clone())),
            ProfilesRequest::Forget { profile, is_confirmed } => {
                let again = Again::new("profiles forget").of(profile);
                (if *is_confirmed { again.with_switch("--yes") } else { again }, Some(profile.clone()))
            }
        };
        Failure::Profiles(Box::new(ProfilesFailure { error, again, selected, config }))
    })
}
