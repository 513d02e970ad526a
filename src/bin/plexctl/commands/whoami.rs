//! `plexctl whoami`.

use std::path::{Path, PathBuf};

use plexctl::adapters::toml_store::{GuardedTokenFile, TomlStore};
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::use_cases::whoami::{WhoamiRequest, WhoamiUseCase};

use super::watched::Watched;
use super::{client, place_of_server, reporter, selected_or_default};
use crate::cli::Flags;
use crate::environment;
use crate::hints::{self, HintContext};
use crate::report::Failure;
use crate::retry_command::RetryCommand;

/// Asks the server who the operator is.
pub async fn whoami(flags: Flags) -> Result<(), Failure> {
    let format = flags.output();
    let selected = flags.profile.clone();
    let token_file = flags.token_file;
    let retry = RetryCommand::new("whoami")
        .with("--token-file", token_file.as_deref().map(Path::to_string_lossy))
        .with("--profile", selected.as_ref().map(ProfileName::as_str))
        .with("--server", flags.server.as_deref());
    let request = WhoamiRequest {
        selection: flags.profile.map_or(Selection::Default, Selection::Named),
        token_file: token_file.clone(),
        token_variable: environment::token(),
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
    };
    // Without a profile the config file is not opened, so it does not matter where it is.
    let config = if request.needs_profile() { environment::config_path()? } else { PathBuf::new() };
    let store = TomlStore::new(config.as_path());
    let client = Watched(client());
    let mut reporter = reporter(format);
    let mut use_case = WhoamiUseCase::new(&store, &GuardedTokenFile, &client, &mut *reporter);
    let Err(error) = use_case.execute(&request).await else { return Ok(()) };

    let facts = error.facts();
    let place_of_server = place_of_server(&store, facts.profile.as_ref());
    // A run that never looked at the profiles is about none of them.
    let profile = if request.needs_profile() { selected_or_default(&store, selected) } else { selected };
    let context = HintContext { retry, profile: profile.clone(), token_file, config, place_of_server };
    let hint = hints::whoami::hint(&error, &context);
    Err(Failure::new(&error, error.kind(), facts, hint).of_profile(profile))
}
