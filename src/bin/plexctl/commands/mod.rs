//! The commands: one wiring file each, from the flags to the use case over its adapters.

mod exec;
mod identity_tokens;
mod login;
mod logout;
mod profiles;
mod watched;
mod whoami;

use std::path::Path;

use plexctl::adapters::control_plane::ControlPlaneClient;
use plexctl::adapters::reporters::Label;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::{ProfileName, Selection};
use plexctl::ports::{ProfileKey, ProfileReader};
use plexctl::use_cases::{CredentialRequest, IdentityError};

pub use self::exec::exec;
pub use self::identity_tokens::identity_tokens;
pub use self::login::login;
pub use self::logout::logout;
pub use self::profiles::profiles;
pub use self::whoami::whoami;
use crate::cli::Flags;
use crate::environment;
use crate::hints::{self, HintContext};
use crate::report::{Failure, reporter};
use crate::retry_command::RetryCommand;
use crate::terminal;

/// The client of the control plane as the environment sets it up.
fn client() -> ControlPlaneClient {
    ControlPlaneClient::new(environment::proxy_settings(), environment::trust_settings(), |warning| {
        terminal::note(Label::Warning, warning);
    })
}

/// The credential that the flags and the environment name.
fn credential_request(flags: &Flags) -> CredentialRequest {
    CredentialRequest {
        selection: flags.selection(),
        token_file: flags.token_file.clone(),
        token_variable: environment::token(),
        server_flag: flags.server.clone(),
        server_fallback: environment::server_fallback(),
    }
}

/// The store of a run that sends a credential.
fn store_for(credential: &CredentialRequest) -> Result<TomlStore, Failure> {
    match environment::config_path() {
        Err(error) if credential.needs_profile() => Err(error.into()),
        // Without a profile no file is read: none has an empty path.
        path => Ok(TomlStore::new(path.unwrap_or_default())),
    }
}

/// A command with the flags that name its credential, as they were typed.
fn retry_with_credential(command: &'static str, flags: &Flags) -> RetryCommand {
    let token_file = flags.token_file.as_deref().map(Path::to_string_lossy);
    with_session_flags(RetryCommand::new(command).with("--token-file", token_file), flags)
}

/// Words the failure of a run that sends a credential.
fn credential_failure(
    error: &IdentityError,
    retry: RetryCommand,
    flags: Flags,
    needs_profile: bool,
    store: &TomlStore,
) -> Failure {
    let facts = error.facts();
    let place_of_server = place_of_server(store, facts.profile.as_ref());
    // A run that never looked at the profiles is about none of them.
    let profile = if needs_profile { selected_or_default(store, flags.profile) } else { flags.profile };
    let config = store.path().to_owned();
    let context = HintContext { retry, profile, token_file: flags.token_file, config, place_of_server };
    let hint = hints::credential::hint(error, &context);
    Failure::new(error, error.kind(), facts, hint).of_profile(context.profile)
}

/// What a hint needs to know of a run that acts on a stored session.
fn session_context(command: &'static str, flags: Flags, store: &TomlStore) -> HintContext {
    let retry = with_session_flags(RetryCommand::new(command), &flags);
    stored_context(retry, selected_or_default(store, flags.profile), store)
}

/// What a hint needs to know of a run that acts on a profile.
fn stored_context(retry: RetryCommand, profile: Option<ProfileName>, store: &TomlStore) -> HintContext {
    let place_of_server = place_of_server(store, profile.as_ref());
    HintContext { retry, profile, token_file: None, config: store.path().to_owned(), place_of_server }
}

/// The command with the flags that name a session, as they were typed.
fn with_session_flags(command: RetryCommand, flags: &Flags) -> RetryCommand {
    let profile = flags.profile.as_ref().map(ProfileName::as_str);
    command.with("--profile", profile).with("--server", flags.server.as_deref())
}

/// The profile that a run is about: the one that was typed, else the default.
fn selected_or_default(store: &TomlStore, typed: Option<ProfileName>) -> Option<ProfileName> {
    typed.or_else(|| store.list().ok()?.default)
}

/// Where the config file stores the server of a profile, if it stores one.
fn place_of_server(store: &TomlStore, profile: Option<&ProfileName>) -> Option<String> {
    let profile = profile?;
    store.look_up(&Selection::Named(profile.clone())).ok()??.server?;
    Some(store.place_of(profile, ProfileKey::Server))
}

/// Names the credentials beside the session, on which no command that begins or ends one acts.
fn hint_other_credentials(has_token_file: bool) {
    let variable = environment::holds_token().then_some("PLEXSPHERE_TOKEN still authenticates other commands");
    let file = has_token_file.then_some("--token-file still authenticates other commands");
    terminal::hints(variable.into_iter().chain(file));
}
