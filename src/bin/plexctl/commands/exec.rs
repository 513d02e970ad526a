//! `plexctl exec`.

use std::ffi::OsString;
use std::time::SystemTime;

use plexctl::adapters::process::SystemProcess;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::use_cases::exec::{ExecFault, ExecRequest, ExecUseCase};

use super::{place_of_unusable_server, reporter};
use crate::cli::Flags;
use crate::environment;
use crate::failure::again::Again;
use crate::failure::{ExecFailure, Failure};

/// Runs a program with the session of a profile. Returns only if it does not run.
pub fn exec(flags: Flags, command: OsString, arguments: Vec<OsString>) -> Result<(), Failure> {
    let config = environment::config_path().map_err(Failure::NoConfigPlace)?;
    let store = TomlStore::new(config.as_path());
    let process = SystemProcess::new(environment::all());
    let mut reporter = reporter(flags.output());
    let again = Again::new("exec")
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
    ExecUseCase::new(&store, &process, &mut *reporter).execute(&request).map_err(|error| {
        let place_of_server = match &error.fault {
            ExecFault::Server { profile, source } => place_of_unusable_server(&store, profile, source),
            _ => None,
        };
        Failure::Exec(Box::new(ExecFailure { error, again, selected, config, place_of_server }))
    })
}
