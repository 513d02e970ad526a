//! `plexctl logout`.

use std::io;

use plexctl::adapters::control_plane::ControlPlaneClient;
use plexctl::adapters::reporters::{JsonReporter, TextReporter, YamlReporter};
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::session::Selection;
use plexctl::ports::reporter::{LogoutOutcome, Reporter};
use plexctl::use_cases::logout::{LogoutRequest, LogoutUseCase};

use crate::cli::{Flags, Format};
use crate::failure::Failure;
use crate::{environment, terminal};

/// Ends the selected session, and says which credentials that leaves.
pub fn logout(flags: Flags) -> Result<(), Failure> {
    let store = TomlStore::new(environment::config_path().ok_or(Failure::NoConfigPlace)?);
    let client = ControlPlaneClient::new(environment::proxy_settings(), environment::trust_settings(), |warning| {
        terminal::note("warning", warning);
    });
    let mut reporter = reporter(flags.output);
    let request = LogoutRequest {
        selection: flags.profile.map_or(Selection::Default, Selection::Named),
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
    };

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(LogoutUseCase::new(&store, &client, &mut *reporter).execute(&request))?;

    if environment::holds_token() {
        terminal::note("hint", "PLEXSPHERE_TOKEN still authenticates other commands");
    }
    if flags.token_file.is_some() {
        terminal::note("hint", "--token-file still authenticates other commands");
    }
    Ok(())
}

fn reporter(format: Format) -> Box<dyn Reporter<LogoutOutcome>> {
    match format {
        Format::Text => Box::new(TextReporter::new(io::stdout(), io::stderr())),
        Format::Json => Box::new(JsonReporter::new(io::stdout(), io::stderr())),
        Format::Yaml => Box::new(YamlReporter::new(io::stdout(), io::stderr())),
    }
}
