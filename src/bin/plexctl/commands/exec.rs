//! `plexctl exec`.

use std::ffi::OsString;
use std::time::SystemTime;

use plexctl::adapters::process::SystemProcess;
use plexctl::adapters::toml_store::TomlStore;
use plexctl::use_cases::{ExecRequest, ExecUseCase};

use super::{reporter, session_context};
use crate::cli::Flags;
use crate::environment;
use crate::hints;
use crate::report::Failure;

/// Runs a program with the session of a profile. Returns only if it does not run.
pub fn exec(flags: Flags, command: Vec<OsString>) -> Result<(), Failure> {
    let store = TomlStore::new(environment::config_path()?);
    let process = SystemProcess::new(environment::all());
    let mut reporter = reporter(flags.output());
    let mut words = command.into_iter();
    let request = ExecRequest {
        selection: flags.selection(),
        command: words.next().unwrap_or_default(),
        arguments: words.collect(),
        server_flag: flags.server.clone(),
        server_fallback: environment::server_fallback(),
        now: SystemTime::now().into(),
    };
    // Ok is for ports that only record: the real one does not return.
    let Err(error) = ExecUseCase::new(&store, &process, &mut *reporter).execute(&request) else { return Ok(()) };

    let context = session_context("exec", flags, &store);
    let hint = hints::exec::hint(&error, &context);
    Err(Failure::new(&error, error.kind(), error.facts(), hint).of_profile(context.profile))
}
