//! The composition root of `plexctl`: arguments and environment in, a command run, its end explained.

mod cli;
mod commands;
mod debug_log;
mod environment;
mod failure;
mod stderr;
mod terminal;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use plexctl::adapters::reporters::Label;
use plexctl::use_cases::exit_status::ExitStatus;
use signal_hook::consts::signal::SIGXFSZ;

use crate::cli::{Arguments, Command, Format, Invocation};
use crate::failure::Failure;

fn main() -> ExitCode {
    forbid_core_dumps();
    outlive_size_limit();
    let result = match cli::parse(env::args_os()) {
        Ok(Invocation::Run(arguments)) => {
            let format = arguments.flags.output();
            if arguments.flags.verbose {
                debug_log::enable();
            }
            run(arguments).inspect_err(|failure| explain(failure, format))
        }
        Ok(Invocation::Print(text)) => {
            terminal::print(&text).map_err(Failure::Stdout).inspect_err(|failure| explain(failure, Format::Text))
        }
        Err(error) => {
            if let Some(help) = &error.help {
                terminal::lines(&format!("{help}\n"));
            }
            Err(Failure::Usage(error.message)).inspect_err(|failure| explain(failure, Format::Text))
        }
    };
    stderr::flush();
    let status = result.map_or_else(|failure| failure.exit_status(), |()| ExitStatus::Done);
    ExitCode::from(status.exit_code())
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let flags = arguments.flags;
    match arguments.command {
        Command::Login(login) => commands::login(flags, &login),
        Command::Whoami(_) => commands::whoami(flags),
        Command::Profiles(profiles) => {
            let request = profiles.request(flags.yes);
            commands::profiles(&flags, &request)
        }
        Command::Exec(exec) => {
            let mut words = exec.command.into_iter();
            commands::exec(flags, words.next().unwrap_or_default(), words.collect())
        }
        Command::IdentityTokens(tokens) => commands::identity_tokens(flags, &tokens.command),
        Command::Logout(_) => commands::logout(flags),
        Command::Completion(completion) => {
            terminal::print(&cli::completion::script(completion.shell)).map_err(Failure::Stdout)
        }
    }
}

/// Tells a failure on standard error and, where a program reads the results, as data among these.
fn explain(failure: &Failure, format: Format) {
    let report = failure.explain();
    terminal::note_lines(Label::Error, &report.message);
    if let Some(hint) = &report.hint {
        terminal::note(Label::Hint, hint);
    }
    // What could not be written once is not tried again.
    if !failure.is_of_stdout() && !failure.is_usage() {
        // The exit code tells that the run failed, so a failure to write that down changes nothing.
        let _ = commands::reporter(format).report(&report);
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

/// Makes a write beyond the limit of file sizes fail (EFBIG) instead of ending the process: a login that dies in the write
/// of its token leaves that token live and told to nobody. Without a handler it stays as it was.
fn outlive_size_limit() {
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}
