//! `plexctl login`.

use std::io;
use std::time::Duration;

use plexctl::adapters::browser::SystemBrowser;
use plexctl::adapters::reporters::{ProgressReporter, QrCode};
use plexctl::adapters::timer::SystemTimer;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::{BindingAlias, Identifier, IdpBinding, ProfileName};
use plexctl::ports::AtRisk;
use plexctl::use_cases::{LoginCause, LoginPorts, LoginRequest, LoginUseCase};

use super::watched::Watched;
use super::{client, hint_other_credentials, reporter, stored_context};
use crate::cli::{DEFAULT_PROFILE, Flags, Format, LoginArguments, UsageError};
use crate::hints;
use crate::hints::login::last_words;
use crate::report::{Failure, StartError};
use crate::retry_command::RetryCommand;
use crate::terminal::{self, Stderr};
use crate::{environment, stderr};

/// How long an interrupted login waits for its last words to be read.
const INTERRUPTED_FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Begins a session, and says which credentials beside it stay in use.
pub async fn login(flags: Flags, login: LoginArguments) -> Result<(), Failure> {
    let format = flags.output();
    let store = TomlStore::new(environment::config_path()?);
    let retry = retry(&flags, &login);
    let profile = match login.profile_name.clone() {
        Some(profile) => profile,
        None => ProfileName::new(DEFAULT_PROFILE).map_err(|error| usage_failure(error.to_string(), None))?,
    };
    let request = LoginRequest {
        profile,
        domain_id: id_of(login.domain_id, "PLEXCTL_DOMAIN_ID", environment::domain_id())?,
        idp_binding: idp_binding(&login)?,
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
        may_replace_other_origin: flags.yes,
    };
    let client = Watched(client());
    let browser = SystemBrowser::new(environment::browser_settings(!login.no_browser && format == Format::Text));
    stderr::write_in_background().map_err(StartError::from)?;
    // Before the first request, so that no signal ends the process unnoticed.
    let timer = SystemTimer::start(last_words).map_err(StartError::from)?;
    let ports = LoginPorts {
        profiles: &store,
        writer: &store,
        store: &store,
        issuer: &client,
        // A token that is stored nowhere is revoked before anything is written.
        revoker: &client.0,
        reader: &client,
        browser: &browser,
        timer: &timer,
    };
    let (mut progress, mut reporter) = (progress(format, login.qr), reporter(format));

    let result = LoginUseCase::new(ports, &mut progress, &mut *reporter).execute(&request).await;
    if let Err(error) = result {
        let profile = Some(request.profile.clone());
        let context = stored_context(retry, profile, &store);
        let hint = hints::login::hint(&error, &context);
        if matches!(*error.cause, LoginCause::Interrupted) {
            terminal::line(&error.to_string());
            terminal::hints(&hint);
            if timer.at_risk() == AtRisk::Nothing {
                // No token is lost with these words, so an unread pipe must not keep the process alive.
                stderr::flush_within(INTERRUPTED_FLUSH_LIMIT);
            } else {
                // Nothing else tells of the token, so the words wait for a reader.
                stderr::flush();
            }
            timer.die_interrupted();
        }
        // Reached after an interruption only if the signal did not end the process.
        let failure = if matches!(*error.cause, LoginCause::Missing { needs_domain: true, .. }) {
            usage_failure(error.to_string(), hint)
        } else {
            Failure::new(&error, error.kind(), error.facts(), hint)
        };
        if timer.signal().is_some() {
            failure.tell(format);
            stderr::flush();
            timer.die_interrupted();
        }
        return Err(failure);
    }
    hint_other_credentials(flags.token_file.is_some());
    Ok(())
}

/// The binding of a flag, else of the environment.
fn idp_binding(login: &LoginArguments) -> Result<Option<IdpBinding>, Failure> {
    if let Some(alias) = login.idp_binding_alias.clone() {
        return Ok(Some(IdpBinding::Alias(alias)));
    }
    let id = id_of(login.idp_binding_id, "PLEXCTL_IDP_BINDING_ID", environment::idp_binding_id())?;
    Ok(id.map(IdpBinding::Id))
}

/// The id of a flag, else of a variable.
fn id_of(flag: Option<Identifier>, name: &str, variable: Option<String>) -> Result<Option<Identifier>, Failure> {
    let parse =
        |text: String| Identifier::parse(&text).map_err(|error| usage_failure(format!("{name}: {error}"), None));
    flag.map(Ok).or_else(|| variable.map(parse)).transpose()
}

/// An incomplete or invalid request, which is no failure for programs to read.
fn usage_failure(message: String, hint: Option<String>) -> Failure {
    Failure::Usage(UsageError { help: None, message, hint })
}

fn retry(flags: &Flags, login: &LoginArguments) -> RetryCommand {
    let retry = RetryCommand::new("login")
        .with("--domain-id", login.domain_id.map(|id| id.to_string()))
        .with("--idp-binding-id", login.idp_binding_id.map(|id| id.to_string()))
        .with("--idp-binding-alias", login.idp_binding_alias.as_ref().map(BindingAlias::as_str))
        .with("--profile-name", login.profile_name.as_ref().map(ProfileName::as_str))
        .with("--server", flags.server.as_deref());
    if flags.yes { retry.with_switch("--yes") } else { retry }
}

fn progress(format: Format, wants_qr: bool) -> ProgressReporter<Stderr> {
    let stderr = io::stderr();
    let qr_code = match terminal_size::terminal_size_of(&stderr) {
        _ if !wants_qr => QrCode::Unwanted,
        Some((width, _)) => QrCode::Terminal { columns: width.0.into(), is_colored: terminal::is_colored(&stderr) },
        _ => QrCode::NoTerminal,
    };
    match format {
        Format::Text => ProgressReporter::for_people(Stderr, qr_code),
        Format::Json | Format::Yaml => ProgressReporter::for_programs(Stderr),
    }
}
