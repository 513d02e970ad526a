//! The composition root of `plexctl`: arguments and environment in, a command run, its end explained.

mod cli;
mod commands;
mod debug_log;
mod environment;
mod hints;
mod report;
mod retry_command;
mod stderr;
mod terminal;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use plexctl::use_cases::ExitStatus;
use signal_hook::consts::signal::SIGXFSZ;
use tokio::runtime::Builder;

use crate::cli::{Arguments, Command, Format, Invocation};
use crate::report::{Failure, StartError};

fn main() -> ExitCode {
    // First, before anything can hold a token.
    forbid_core_dumps();
    let (result, format) = match cli::parse(env::args_os()) {
        Ok(Invocation::Run(arguments)) => {
            let format = arguments.flags.output();
            if arguments.flags.verbose {
                debug_log::enable();
            }
            (run(arguments), format)
        }
        Ok(Invocation::Print(text)) => (terminal::print(&text).map_err(Failure::of_stdout), Format::Text),
        Err(error) => (Err(Failure::Usage(error)), Format::Text),
    };
    let status = match result {
        Ok(()) => ExitStatus::Done,
        Err(failure) => {
            failure.tell(format);
            failure.exit_status()
        }
    };
    // A thread may still be writing, and ends with the process.
    stderr::flush();
    ExitCode::from(status.exit_code())
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let flags = arguments.flags;
    // The program that exec runs inherits what its caller ignores, which a handler would end.
    if !matches!(arguments.command, Command::Exec(_)) {
        outlive_size_limit();
    }
    match arguments.command {
        Command::Profiles(profiles) => commands::profiles(&flags, &profiles.request(flags.yes)),
        Command::Exec(exec) => commands::exec(flags, exec.command),
        Command::Completion(completion) => {
            terminal::print(&cli::completion::script(completion.shell)).map_err(Failure::of_stdout)
        }
        Command::Login(login) => block_on(commands::login(flags, login)),
        Command::Whoami(_) => block_on(commands::whoami(flags)),
        Command::IdentityTokens(tokens) => block_on(commands::identity_tokens(flags, &tokens.command)),
        Command::Logout(_) => block_on(commands::logout(flags)),
    }
}

/// Runs a command that sends requests. The others need no runtime.
fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    // One thread: a command has at most a few requests under way, and starting more would cost more than they save.
    Builder::new_current_thread().enable_all().build().map_err(StartError::from)?.block_on(command)
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
/// of its token leaves that token live and unreported. Without a handler it stays as it was.
fn outlive_size_limit() {
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
}
