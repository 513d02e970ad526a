//! `plexctl login`.

use std::io::{self, IsTerminal};
use std::time::Duration;

use plexctl::adapters::browser::SystemBrowser;
use plexctl::adapters::reporters::{Label, ProgressReporter, QrCode};
use plexctl::adapters::timer::SystemTimer;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::session::ProfileName;
use plexctl::ports::token_issuer::AuthorizationRequest;
use plexctl::use_cases::login::{Interruption, LoginError, LoginPorts, LoginRequest, LoginUseCase};

use super::{client, hint_other_credentials, place_of_server, reporter};
use crate::cli::{Flags, Format, LoginArguments, UsageError};
use crate::hints::HintContext;
use crate::hints::login::{LoginFailure, interruption_hint, last_words, of_interruption};
use crate::report::{Failure, StartError};
use crate::retry_command::RetryCommand;
use crate::terminal::{self, Stderr};
use crate::{environment, stderr};

/// The profile that is written where none is named.
const DEFAULT_PROFILE: &str = "default";

/// How long an interrupted login waits for its last words to be read.
const INTERRUPTED_FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Begins a session, and says which credentials beside it stay in use.
pub async fn login(flags: Flags, login: LoginArguments) -> Result<(), Failure> {
    let format = flags.output();
    let config = environment::config_path()?;
    let retry = retry(&flags, &login);
    let profile = match login.profile_name {
        Some(profile) => profile,
        None => ProfileName::new(DEFAULT_PROFILE)
            .map_err(|error| Failure::Usage(UsageError { help: None, message: error.to_string() }))?,
    };
    let request = LoginRequest {
        profile,
        authorization: AuthorizationRequest { domain_id: login.domain_id, idp_binding_id: login.idp_binding_id },
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
        may_replace_other_origin: flags.yes,
    };
    let store = TomlStore::new(config.as_path());
    let client = client();
    let browser = SystemBrowser::new(environment::browser_settings(!login.no_browser && format == Format::Text));
    stderr::write_in_background().map_err(StartError::from)?;
    let timer = SystemTimer::start(last_words).map_err(StartError::from)?;
    let ports = LoginPorts {
        profiles: &store,
        writer: &store,
        store: &store,
        issuer: &client,
        revoker: &client,
        reader: &client,
        browser: &browser,
        timer: &timer,
    };
    let (mut progress, mut reporter) = (progress(format, login.qr), reporter(format));

    let result = LoginUseCase::new(ports, &mut progress, &mut *reporter).execute(&request).await;
    if let Err(error) = result {
        let profile = Some(request.profile.clone());
        let place_of_server = place_of_server(&store, profile.as_ref());
        let context = HintContext { retry, profile, token_file: None, config, place_of_server };
        let failure = LoginFailure { error, profile: request.profile, context };
        if let LoginError::Interrupted(interruption) = &failure.error {
            terminal::line(&of_interruption(interruption));
            if let Some(hint) = interruption_hint(interruption) {
                terminal::note(Label::Hint, &hint);
            }
            if matches!(interruption, Interruption::LiveUnstored { .. }) {
                stderr::flush();
            } else {
                // Nothing is lost with these words, so an unread pipe must not keep the process alive.
                stderr::flush_within(INTERRUPTED_FLUSH_LIMIT);
            }
            timer.die_interrupted();
        }
        let failure = failure.into_failure();
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

fn retry(flags: &Flags, login: &LoginArguments) -> RetryCommand {
    let retry = RetryCommand::new("login")
        .with("--domain-id", Some(login.domain_id.to_string()))
        .with("--idp-binding-id", Some(login.idp_binding_id.to_string()))
        .with("--profile-name", login.profile_name.as_ref().map(ProfileName::as_str))
        .with("--server", flags.server.as_deref());
    if flags.yes { retry.with_switch("--yes") } else { retry }
}

fn progress(format: Format, wants_qr: bool) -> ProgressReporter<Stderr> {
    let stderr = io::stderr();
    let qr_code = match terminal_size::terminal_size_of(&stderr) {
        _ if !wants_qr => QrCode::Unwanted,
        Some((width, _)) if stderr.is_terminal() => {
            QrCode::Terminal { columns: width.0.into(), is_colored: terminal::is_colored(&stderr) }
        }
        _ => QrCode::NoTerminal,
    };
    match format {
        Format::Text => ProgressReporter::for_people(Stderr, qr_code),
        Format::Json | Format::Yaml => ProgressReporter::for_programs(Stderr),
    }
}
