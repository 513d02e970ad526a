//! `plexctl profiles`, `plexctl profiles use` and `plexctl profiles forget`.

use plexctl::adapters::toml_store::TomlStore;
use plexctl::ports::ProfilesOutcome;
use plexctl::use_cases::{ProfilesError, ProfilesRequest, ProfilesUseCase};

use super::reporter;
use crate::cli::Flags;
use crate::environment;
use crate::hints::{self, HintContext, no_profile_hint};
use crate::report::Failure;
use crate::retry_command::RetryCommand;
use crate::terminal;

/// Shows or changes which profiles are stored. Sends no request.
pub fn profiles(flags: &Flags, request: &ProfilesRequest) -> Result<(), Failure> {
    let store = TomlStore::new(environment::config_path()?);
    let (mut warnings, mut reporter) = (reporter(flags.output()), reporter(flags.output()));
    let hint = match ProfilesUseCase::new(&store, &store, &mut *warnings, &mut *reporter).execute(request) {
        Ok(ProfilesOutcome::Listed { list, .. }) if list.profiles.is_empty() => no_profile_hint(store.path()),
        Ok(ProfilesOutcome::Forgotten(profile)) => profile.token_id().map(hints::identity_tokens::delete_hint),
        Ok(ProfilesOutcome::Listed { .. } | ProfilesOutcome::DefaultIs(_)) => None,
        Err(error) => return Err(failure(&error, request, &store)),
    };
    terminal::hints(hint);
    Ok(())
}

fn failure(error: &ProfilesError, request: &ProfilesRequest, store: &TomlStore) -> Failure {
    let (retry, profile) = match request {
        ProfilesRequest::List { .. } => (RetryCommand::new("profiles"), None),
        ProfilesRequest::Use(profile) => (RetryCommand::new("profiles use").of(profile), Some(profile.clone())),
        ProfilesRequest::Forget { profile, is_confirmed } => {
            let retry = RetryCommand::new("profiles forget").of(profile);
            (if *is_confirmed { retry.with_switch("--yes") } else { retry }, Some(profile.clone()))
        }
    };
    let config = store.path().to_owned();
    let context = HintContext { retry, profile, token_file: None, config, place_of_server: None };
    let hint = hints::profiles::hint(error, &context);
    Failure::new(error, error.kind(), error.facts(), hint).of_profile(context.profile)
}
