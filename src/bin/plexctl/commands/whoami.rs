//! `plexctl whoami`.

use std::path::{Path, PathBuf};

use plexctl::adapters::toml_store::{GuardedTokenFile, TomlStore};
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::ports::reporter::CredentialSource;
use plexctl::use_cases::credential::CredentialError;
use plexctl::use_cases::whoami::{WhoamiError, WhoamiRequest, WhoamiUseCase};

use super::on_demand::OnDemand;
use super::{client, place_of_unusable_server, reporter};
use crate::cli::Flags;
use crate::environment;
use crate::failure::again::Again;
use crate::failure::{CredentialContext, Failure, WhoamiFailure};

/// Asks the server who the operator is.
pub fn whoami(flags: Flags) -> Result<(), Failure> {
    let format = flags.output();
    let selected = flags.profile.clone();
    let token_file = flags.token_file;
    let again = Again::new("whoami")
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
    let config = match environment::config_path() {
        Ok(path) => path,
        Err(error) if request.needs_profile() => return Err(Failure::NoConfigPlace(error)),
        Err(_) => PathBuf::new(),
    };
    let store = TomlStore::new(config.as_path());
    let client = OnDemand(client());
    let mut reporter = reporter(format);
    let mut use_case = WhoamiUseCase::new(&store, &GuardedTokenFile, &client, &mut *reporter);
    pollster::block_on(use_case.execute(&request)).map(|_| ()).map_err(|error| {
        let place_of_server = match &error {
            WhoamiError::Credential(CredentialError::Server {
                credential: CredentialSource::Profile(profile),
                source,
            }) => place_of_unusable_server(&store, profile, source),
            _ => None,
        };
        let context = CredentialContext { again, selected, token_file, config, place_of_server };
        Failure::Whoami(Box::new(WhoamiFailure { error, context }))
    })
}
