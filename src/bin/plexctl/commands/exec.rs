//! `plexctl exec`.

use std::ffi::OsString;
use std::time::SystemTime;

use plexctl::adapters::process::SystemProcess;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::use_cases::exec::{ExecRequest, ExecUseCase};

use super::{place_of_server, reporter, selected_or_default};
use crate::cli::Flags;
use crate::environment;
use crate::hints::{self, HintContext};
use crate::report::Failure;
use crate::retry_command::RetryCommand;

/// Runs a program with the session of a profile. Returns only if it does not run.
pub fn exec(flags: Flags, command: OsString, arguments: Vec<OsString>) -> Result<(), Failure> {
    let config = environment::config_path()?;
    let store = TomlStore::new(config.as_path());
    let process = SystemProcess::new(environment::all());
    let mut reporter = reporter(flags.output());
    let retry = RetryCommand::new("exec")
        .with("--profile", flags.profile.as_ref().map(ProfileName::as_str))
        .with("--server", flags.server.as_deref());
    let selected = flags.profile.clone();
    let request = ExecRequest {
        selection: flags.profile.map_or(Selection::Default, Selection::Named),
        command,
        arguments,
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
        now: SystemTime::now().into(),
    };
    // Ok is for ports that only record: the real one does not return.
    let Err(error) = ExecUseCase::new(&store, &process, &mut *reporter).execute(&request) else { return Ok(()) };

    let profile = selected_or_default(&store, selected);
    let place_of_server = place_of_server(&store, profile.as_ref());
    let context = HintContext { retry, profile, token_file: None, config, place_of_server };
    let hint = hints::exec::hint(&error, &context);
    Err(Failure::new(&error, error.kind(), error.facts(), hint).of_profile(context.profile))
}
