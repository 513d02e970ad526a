//! The command line: what can be typed (`arguments`), what the help says about it (`help`), what is wrong with it
//! (`usage_error`), and what a shell can complete of it (`completion`).

mod arguments;
pub mod completion;
mod help;
mod usage_error;

use std::ffi::OsString;
use std::io;
use std::mem;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Subcommand};
use plexctl::domain::is_unprintable;

pub use self::arguments::{Arguments, Command, DEFAULT_PROFILE, Flags, Format, IdentityTokensCommand, LoginArguments};
pub use self::usage_error::UsageError;
use crate::terminal;

/// What the command line asks for.
pub enum Invocation {
    /// To run a command.
    Run(Arguments),
    /// To print the help or the version.
    Print(String),
}

/// Parses the command line.
///
/// # Errors
///
/// [`UsageError`], if plexctl does not understand the command line.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, UsageError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = parse_with(definition_of_typed(&arguments), &arguments)
        // Help and errors are about the whole command line.
        .or_else(|_| parse_with(Arguments::command(), &arguments))
        .and_then(with_profile_to_write)
        .and_then(with_command_to_run);
    match parsed {
        Ok(arguments) => Ok(Invocation::Run(arguments)),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => Ok(Invocation::Print(format!("{}\n", version()))),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            let help = error.render();
            let is_colored = terminal::is_colored(&io::stdout());
            Ok(Invocation::Print(if is_colored { help.ansi().to_string() } else { help.to_string() }))
        }
        Err(error) => Err(UsageError::new(error, &arguments)),
    }
}

fn parse_with(definition: clap::Command, arguments: &[OsString]) -> Result<Arguments, clap::Error> {
    let mut matches = definition.try_get_matches_from(arguments)?;
    Arguments::from_arg_matches_mut(&mut matches)
}

/// The definition without the commands that are not among the arguments. clap copies the persistent flags into every
/// command of a definition, typed or not: that costs a run without a session 20 % more instructions and 2.6 % more time.
fn definition_of_typed(arguments: &[OsString]) -> clap::Command {
    let mut all = Command::augment_subcommands(clap::Command::new("plexctl"));
    let is_typed = |command: &&mut clap::Command| arguments.iter().any(|argument| argument == command.get_name());
    let typed: Vec<clap::Command> = all.get_subcommands_mut().filter(is_typed).map(mem::take).collect();
    Flags::augment_args(clap::Command::new("plexctl"))
        .args_override_self(true)
        .disable_help_subcommand(true)
        .subcommands(typed)
}

/// Takes `--profile` of a login for `--profile-name`, so that a login never writes another profile than was typed.
fn with_profile_to_write(mut arguments: Arguments) -> Result<Arguments, clap::Error> {
    let Command::Login(login) = &mut arguments.command else { return Ok(arguments) };
    let invalid = |message| Err(clap::Error::raw(ErrorKind::ValueValidation, message));
    match (&login.profile_name, &arguments.flags.profile) {
        (Some(name), Some(other)) if name != other => {
            return invalid("--profile-name and --profile name different profiles\n");
        }
        // `--profile` selects, and what a login selects it writes.
        (None, Some(_)) => login.profile_name.clone_from(&arguments.flags.profile),
        _ => {}
    }
    // Only for a name that is written: an existing profile can be selected and forgotten whatever its name is.
    if login.profile_name.as_ref().is_some_and(|name| name.as_str().contains(is_unprintable)) {
        return invalid("a profile name must not have control or bidirectional characters\n");
    }
    Ok(arguments)
}

/// Refuses an empty command of exec: a search for it in `PATH` would find the directories themselves.
fn with_command_to_run(arguments: Arguments) -> Result<Arguments, clap::Error> {
    match &arguments.command {
        Command::Exec(exec) if exec.command.first().is_some_and(|command| command.is_empty()) => {
            let message = "the command to run must not be empty\n\nFor more information, try '--help'.\n";
            Err(clap::Error::raw(ErrorKind::ValueValidation, message))
        }
        _ => Ok(arguments),
    }
}

/// What `--version` prints.
fn version() -> String {
    format!(
        "version={} commit={} date={}",
        env!("CARGO_PKG_VERSION"),
        option_env!("PLEXCTL_COMMIT").unwrap_or("unknown"),
        option_env!("PLEXCTL_DATE").unwrap_or("unknown"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The profile that a login with these flags writes.
    fn written_by(flags: &[&str]) -> Option<String> {
        let arguments = [&["plexctl", "login"], flags].concat().into_iter().map(OsString::from);
        let Ok(Invocation::Run(arguments)) = parse(arguments) else { return None };
        let Command::Login(login) = arguments.command else { return None };
        login.profile_name.map(|name| name.as_str().to_owned())
    }

    #[test]
    fn login_writes_the_profile_that_is_named() {
        assert_eq!(written_by(&["--profile", "a"]).as_deref(), Some("a"));
        assert_eq!(written_by(&["--profile-name", "a", "--profile", "a"]).as_deref(), Some("a"));
        assert_eq!(written_by(&["--profile-name", "a", "--profile", "b"]), None);
    }
}
