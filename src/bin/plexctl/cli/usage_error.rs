//! Usage errors: what is wrong with the command line, how the command is used, and what was probably meant.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, CommandFactory, value_parser};
use plexctl::adapters::reporters::shell;

use super::arguments::Arguments;

/// A command line that plexctl does not understand.
#[derive(Debug)]
pub struct UsageError {
    /// The help that is shown above the message, where no command was given.
    pub help: Option<String>,
    /// What is wrong and how the command is used, without the label. Tokens that were typed are blanked in it.
    pub message: String,
    /// What to type instead, where the message does not show it.
    pub hint: Option<String>,
}

impl UsageError {
    /// Explains an error of clap.
    pub fn new(error: clap::Error, arguments: &[OsString]) -> Self {
        let mut command = typed_command(arguments);
        if matches!(error.kind(), ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand) {
            let help = command.render_help().to_string();
            return Self { help: Some(help), message: "no command was given".to_owned(), hint: None };
        }
        Self { help: None, message: message(error, &mut command, arguments), hint: None }
    }
}

fn message(mut error: clap::Error, command: &mut clap::Command, arguments: &[OsString]) -> String {
    suggest(&mut error, command, arguments);
    let mut text = unknown_shell(&error).unwrap_or_else(|| error.to_string());
    if !text.contains("Usage:") {
        // clap leaves the usage out where a value is invalid.
        let usage = format!("\n\n{}\n\nFor more", command.render_usage());
        text = text.replacen("\n\nFor more", &usage, 1);
    }
    // clap repeats what was typed, which may be a token in the wrong place.
    redact_tokens(text.strip_prefix("error: ").unwrap_or(&text))
}

/// The definition of the command that was typed, as far as it is known.
fn typed_command(arguments: &[OsString]) -> clap::Command {
    let mut command = Arguments::command();
    // Only a built definition knows the whole name of each command.
    command.build();
    // Only the parser can tell a command from a value of the same text. It stops at an invalid value even if it ignores
    // errors, so here it takes every value.
    let accept_all = |arg: Arg| {
        if arg.get_action().takes_values() { arg.value_parser(value_parser!(OsString)) } else { arg }
    };
    let matches = Arguments::command().ignore_errors(true).mut_args(accept_all).try_get_matches_from(arguments);
    let mut matches: Option<&ArgMatches> = matches.as_ref().ok();
    while let Some((name, below)) = matches.and_then(ArgMatches::subcommand) {
        match command.find_subcommand(name) {
            Some(subcommand) => command = subcommand.clone(),
            None => break,
        }
        matches = Some(below);
    }
    command
}

/// Suggests what was probably meant by an operand that the command does not take.
fn suggest(error: &mut clap::Error, command: &clap::Command, arguments: &[OsString]) {
    if error.kind() != ErrorKind::UnknownArgument {
        return;
    }
    let Some(ContextValue::String(operand)) = error.get(ContextKind::InvalidArg) else { return };
    if operand.starts_with('-') || operand.contains(TOKEN_PREFIX) {
        return;
    }
    let has_separator = arguments.iter().any(|argument| argument == "--");
    let tip = match command.get_positionals().next() {
        Some(positional) if positional.is_last_set() && !has_separator => {
            Some("to run a command, put '--' before it".to_owned())
        }
        Some(positional) if !positional.is_last_set() => None,
        _ => shell::flag("--profile", operand).map(|flag| format!("to choose a profile, use '{flag}'")),
    };
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
}

/// The message about a shell without a completion script.
fn unknown_shell(error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let Some(ContextValue::Strings(shells)) = error.get(ContextKind::ValidValue) else { return None };
    let is_shell = text(ContextKind::InvalidArg) == Some("<SHELL>");
    let value = text(ContextKind::InvalidValue).filter(|value| is_shell && !value.is_empty())?;
    let shells = shells.join(", ");
    Some(format!("unknown shell \"{value}\"\n  [possible values: {shells}]\n\nFor more information, try '--help'.\n"))
}

/// What every token of plexsphere starts with.
const TOKEN_PREFIX: &str = "psk_";

/// Blanks what looks like a token: clap repeats arguments that it does not know, and a token may have been typed.
fn redact_tokens(text: &str) -> String {
    let mut pieces = text.split(TOKEN_PREFIX);
    let mut redacted = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        redacted.push_str("psk_[redacted]");
        // Up to the first character that no token can have.
        redacted.push_str(piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c)));
    }
    redacted
}
