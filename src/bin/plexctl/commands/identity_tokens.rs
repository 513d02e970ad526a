//! `plexctl identity-tokens`.

use std::path::{Path, PathBuf};

use plexctl::adapters::reporters::Label;
use plexctl::adapters::toml_store::{GuardedTokenFile, TomlStore};
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::domain::token::TokenId;
use plexctl::ports::reporter::{CredentialSource, TokensOutcome};
use plexctl::use_cases::credential::{CredentialError, CredentialRequest};
use plexctl::use_cases::tokens::{TokensError, TokensRequest, TokensUseCase};

use super::on_demand::OnDemand;
use super::{client, place_of_unusable_server, reporter};
use crate::cli::{Flags, IdentityTokensCommand};
use crate::environment;
use crate::failure::again::Again;
use crate::failure::{CredentialContext, Failure, TokensFailure};
use crate::terminal;

/// Lists the operator's tokens, or revokes one of them and says where it is still stored.
pub fn identity_tokens(flags: Flags, command: &IdentityTokensCommand) -> Result<(), Failure> {
    let format = flags.output();
    let (name, id) = match command {
        IdentityTokensCommand::List => ("identity-tokens list", None),
        IdentityTokensCommand::Delete { id } => ("identity-tokens delete", Some(*id)),
    };
    let selected = flags.profile.clone();
    let token_file = flags.token_file;
    let again = Again::new(name)
        .with("--token-file", token_file.as_deref().map(Path::to_string_lossy))
        .with("--profile", selected.as_ref().map(ProfileName::as_str))
        .with("--server", flags.server.as_deref())
        .with("--id", id.as_ref().map(TokenId::to_string));
    let credential = CredentialRequest {
        selection: flags.profile.map_or(Selection::Default, Selection::Named),
        token_file: token_file.clone(),
        token_variable: environment::token(),
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
    };
    let config = match environment::config_path() {
        Ok(path) => path,
        Err(error) if credential.needs_profile() => return Err(Failure::NoConfigPlace(error)),
        // No file has this path, so no profile holds a token.
        Err(_) => PathBuf::new(),
    };
    let request = match id {
        None => TokensRequest::List(credential),
        Some(id) => TokensRequest::Revoke { credential, id },
    };
    let store = TomlStore::new(config.as_path());
    let client = OnDemand(client());
    let mut reporter = reporter(format);
    let mut use_case = TokensUseCase::new(&store, &GuardedTokenFile, &client, &mut *reporter);
    let outcome = pollster::block_on(use_case.execute(&request)).map_err(|error| {
        let place_of_server = match &error {
            TokensError::Credential(CredentialError::Server {
                credential: CredentialSource::Profile(profile),
                source,
            }) => place_of_unusable_server(&store, profile, source),
            _ => None,
        };
        let context = CredentialContext { again, selected, token_file, config, place_of_server };
        Failure::Tokens(Box::new(TokensFailure { error, context }))
    })?;
    for hint in hints_to_clear(&outcome) {
        terminal::note(Label::Hint, &hint);
    }
    Ok(())
}

/// What to do about the places that still hold a revoked token.
fn hints_to_clear(outcome: &TokensOutcome) -> Vec<String> {
    let TokensOutcome::Revoked { profile, credential, .. } = outcome else { return Vec::new() };
    let of_profile = profile.as_ref().map(|profile| {
        let logout = Again::another("logout").with("--profile", Some(profile.as_str()));
        format!("profile \"{profile}\" holds this token; run {logout} to remove it")
    });
    let of_credential = match credential {
        Some(CredentialSource::Variable) => Some("PLEXSPHERE_TOKEN holds this token; unset it".to_owned()),
        Some(CredentialSource::File(path)) => Some(format!("{} holds this token; delete the file", path.display())),
        Some(CredentialSource::Profile(_)) | None => None,
    };
    of_profile.into_iter().chain(of_credential).collect()
}
