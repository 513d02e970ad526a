//! `plexctl identity-tokens`.

use plexctl::adapters::toml_store::GuardedTokenFile;
use plexctl::domain::TokenId;
use plexctl::ports::{CredentialSource, TokensOutcome};
use plexctl::use_cases::{TokensRequest, TokensUseCase};

use super::watched::Watched;
use super::{client, credential_failure, credential_request, reporter, retry_with_credential, store_for};
use crate::cli::{Flags, IdentityTokensCommand};
use crate::report::Failure;
use crate::retry_command::RetryCommand;
use crate::terminal;

/// Lists the operator's tokens, or revokes one of them and says where it is still stored.
pub async fn identity_tokens(flags: Flags, command: &IdentityTokensCommand) -> Result<(), Failure> {
    let (name, revoke) = match command {
        IdentityTokensCommand::List => ("identity-tokens list", None),
        IdentityTokensCommand::Delete { id } => ("identity-tokens delete", Some(*id)),
    };
    let credential = credential_request(&flags);
    let store = store_for(&credential)?;
    let request = TokensRequest { credential, revoke };
    let client = Watched(client());
    let mut reporter = reporter(flags.output());
    let mut use_case = TokensUseCase::new(&store, &GuardedTokenFile, &client, &mut *reporter);
    let outcome = match use_case.execute(&request).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let retry = retry_with_credential(name, &flags).with("--id", revoke.as_ref().map(TokenId::to_string));
            return Err(credential_failure(&error, retry, flags, request.credential.needs_profile(), &store));
        }
    };
    terminal::hints(hints_to_clear(&outcome));
    Ok(())
}

/// What to do about the places that still hold a revoked token.
fn hints_to_clear(outcome: &TokensOutcome) -> Vec<String> {
    let TokensOutcome::Revoked { profile, credential, .. } = outcome else { return Vec::new() };
    let of_profile = profile.as_ref().map(|profile| {
        let logout = RetryCommand::another("logout").with("--profile", Some(profile.as_str()));
        format!("profile \"{profile}\" holds this token; run {logout} to remove it")
    });
    let of_credential = match credential {
        Some(CredentialSource::Variable) => Some("PLEXSPHERE_TOKEN holds this token; unset it".to_owned()),
        Some(CredentialSource::File(path)) => Some(format!("{} holds this token; delete the file", path.display())),
        Some(CredentialSource::Profile(_)) | None => None,
    };
    of_profile.into_iter().chain(of_credential).collect()
}
