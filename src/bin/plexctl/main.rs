//! The composition root of `plexctl`: arguments and environment in, ports wired, outcome and exit code out.

mod cli;
mod environment;
mod exit_code;
mod failure;
mod terminal;

use std::process::ExitCode;
use std::{env, io};

use plexctl::adapters::http_revoker::HttpRevoker;
use plexctl::adapters::reporters::{JsonReporter, TextReporter, YamlReporter};
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::logout::{LogoutRequest, LogoutUseCase};
use plexctl::domain::session::Selection;
use plexctl::ports::reporter::Reporter;

use crate::cli::{Command, Flags, Format, Invocation};
use crate::failure::Failure;

fn main() -> ExitCode {
    forbid_core_dumps();
    let result = run();
    if let Err(failure) = &result {
        explain(failure);
    }
    ExitCode::from(exit_code::of(&result))
}

fn run() -> Result<(), Failure> {
    match cli::parse(env::args_os()).map_err(Failure::Usage)? {
        Invocation::Read(text) => terminal::print(&text).map_err(Failure::Stdout),
        Invocation::Run(arguments) => match arguments.command {
            Command::Logout => logout(arguments.flags),
        },
    }
}

fn logout(flags: Flags) -> Result<(), Failure> {
    let store = TomlStore::new(environment::config_path().ok_or(Failure::NoConfigPlace)?);
    let revoker = HttpRevoker::new(environment::proxy_settings(), environment::trust_settings(), |warning| {
        terminal::note("warning", warning);
    });
    let mut reporter = reporter(flags.output);
    let request = LogoutRequest {
        selection: flags.profile.map_or(Selection::Default, Selection::Named),
        server_flag: flags.server,
        server_fallback: environment::server_fallback(),
    };

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(LogoutUseCase::new(&store, &revoker, &mut *reporter).execute(&request))?;

    if environment::holds_token() {
        terminal::note("hint", "PLEXSPHERE_TOKEN still authenticates other commands");
    }
    if flags.token_file.is_some() {
        terminal::note("hint", "--token-file still authenticates other commands");
    }
    Ok(())
}

fn reporter(format: Format) -> Box<dyn Reporter> {
    match format {
        Format::Text => Box::new(TextReporter::new(io::stdout(), io::stderr())),
        Format::Json => Box::new(JsonReporter::new(io::stdout(), io::stderr())),
        Format::Yaml => Box::new(YamlReporter::new(io::stdout(), io::stderr())),
    }
}

fn explain(failure: &Failure) {
    match failure {
        Failure::Usage(text) => terminal::note_lines(text),
        _ => terminal::note("error", &terminal::chain(failure)),
    }
    if let Some(hint) = failure.hint() {
        terminal::note("hint", &hint);
    }
}

/// Keeps the token out of core dumps, whatever the system makes of a crash.
#[cfg(target_os = "linux")]
fn forbid_core_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Keeps the token out of core dumps.
#[cfg(not(target_os = "linux"))]
fn forbid_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}
