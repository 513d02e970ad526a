//! `plexctl profiles`, `plexctl profiles use` and `plexctl profiles forget`.

use plexctl::adapters::reporters::Label;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::ports::reporter::ProfilesOutcome;
use plexctl::use_cases::profiles::{ProfilesRequest, ProfilesUseCase};

use super::reporter;
use crate::cli::Flags;
use crate::environment;
use crate::hints::{self, HintContext, no_profile_hint};
use crate::report::Failure;
use crate::retry_command::RetryCommand;
use crate::terminal;

/// Shows or changes which profiles are stored. Sends no request.
pub fn profiles(flags: &Flags, request: &ProfilesRequest) -> Result<(), Failure> {
    let config = environment::config_path()?;
    let store = TomlStore::new(config.as_path());
    let (mut warnings, mut reporter) = (reporter(flags.output()), reporter(flags.output()));
    let mut use_case = ProfilesUseCase::new(&store, &store, &mut *warnings, &mut *reporter);
    let error = match use_case.execute(request) {
        Ok(ProfilesOutcome::Listed { list, .. }) if list.profiles.is_empty() => {
            if let Some(hint) = no_profile_hint(&config) {
                terminal::note(Label::Hint, &hint);
            }
            return Ok(());
        }
        Ok(ProfilesOutcome::Forgotten(profile)) => {
            if let Some(id) = profile.token_id() {
                terminal::note(Label::Hint, &hints::identity_tokens::delete_hint(id));
            }
            return Ok(());
        }
        Ok(ProfilesOutcome::Listed { .. } | ProfilesOutcome::DefaultIs(_)) => return Ok(()),
        Err(error) => error,
    };

    let (retry, profile) = match request {
        ProfilesRequest::List { .. } => (RetryCommand::new("profiles"), None),
        ProfilesRequest::Use(profile) => (RetryCommand::new("profiles use").of(profile), Some(profile.clone())),
        ProfilesRequest::Forget { profile, is_confirmed } => {
            let retry = RetryCommand::new("profiles forget").of(profile);
            (if *is_confirmed { retry.with_switch("--yes") } else { retry }, Some(profile.clone()))
        }
    };
    let context = HintContext { retry, profile, token_file: None, config, place_of_server: None };
    let hint = hints::profiles::hint(&error, &context);
    Err(Failure::new(&error, error.kind(), error.facts(), hint).of_profile(context.profile))
}
