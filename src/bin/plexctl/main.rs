//! The composition root of `plexctl`: arguments and environment in, a command run, its end explained.

mod cli;
mod commands;
mod environment;
mod exit_code;
mod failure;
mod terminal;

use std::env;
use std::process::ExitCode;

use crate::cli::{Command, Invocation};
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
            Command::Logout => commands::logout(arguments.flags),
        },
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
