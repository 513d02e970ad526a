//! The command line: what can be typed, and what `--help` says about it (`help`).

mod help;

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use clap::builder::{NonEmptyStringValueParser, OsStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, FromArgMatches, ValueEnum};
use plexctl::domain::session::ProfileName;

use crate::terminal;

/// How wide the help is where there is no terminal to fit, in columns.
const WIDTH: usize = 80;

/// What was typed.
pub struct Arguments {
    /// The persistent flags.
    pub flags: Flags,
    /// What plexctl is asked to do.
    pub command: Command,
}

/// What plexctl is asked to do.
pub enum Command {
    /// To end a session.
    Logout,
}

/// The persistent flags, which every command takes before and after its name.
#[derive(Args)]
#[command(next_help_heading = "Persistent options")]
pub struct Flags {
    /// Profile to use, instead of the config file's default
    #[arg(long, global = true, value_name = "NAME", value_parser = profile_name())]
    pub profile: Option<ProfileName>,

    /// Format of the summary
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub output: Format,

    /// Server of a profile that stores none; never redirects a stored token
    #[arg(long, global = true, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    pub server: Option<String>,

    /// Bearer token file of other commands; logout does not open it
    #[arg(long, global = true, value_name = "PATH", value_parser = OsStringValueParser::new())]
    pub token_file: Option<OsString>,

    /// Answer yes to every question; logout asks none
    #[arg(long, global = true)]
    pub yes: bool,

    /// Show secrets in the output; logout shows none
    #[arg(long, global = true)]
    pub reveal_secrets: bool,
}

/// The format of the summary.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Yaml,
}

/// What the command line asks for.
pub enum Invocation {
    /// To run a command.
    Run(Arguments),
    /// To read this text: the help or the version.
    Read(String),
}

/// Parses the command line.
///
/// # Errors
///
/// What clap finds wrong, with the usage, as a text without any token that was typed.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, String> {
    let mut command = definition();
    if !io::stdout().is_terminal() && !io::stderr().is_terminal() {
        command = command.term_width(WIDTH);
    }
    let parsed = command.try_get_matches_from_mut(arguments).and_then(|matches| understand(&matches));
    match parsed {
        Ok(arguments) => Ok(Invocation::Run(arguments)),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => Ok(Invocation::Read(format!("{}\n", version()))),
        Err(error) if !error.use_stderr() => {
            let help = error.render();
            let is_colored = terminal::is_colored(&io::stdout());
            Ok(Invocation::Read(if is_colored { help.ansi().to_string() } else { help.to_string() }))
        }
        Err(error) if error.kind() == ErrorKind::MissingSubcommand => {
            Err(format!("no command was given\n\n{}", command.render_help()))
        }
        Err(error) => {
            let mut text = error.to_string();
            if !text.contains("Usage:") {
                let usage = command.render_usage();
                text = text.replace("\n\nFor more", &format!("\n\n{usage}\n\nFor more"));
            }
            Err(redact_tokens(text.strip_prefix("error: ").unwrap_or(&text)))
        }
    }
}

/// The command line as clap knows it. What belongs to one command alone is defined when that command is typed, so that
/// none pays for its siblings.
fn definition() -> clap::Command {
    let logout = clap::Command::new("logout")
        .about("End a session: revoke its token on the server, then clear its profile")
        .defer(|logout| logout.args_override_self(true).after_help(help::LOGOUT));
    Flags::augment_args(clap::Command::new("plexctl"))
        .about("Works with the sessions of a plexsphere control plane")
        .version(env!("CARGO_PKG_VERSION"))
        .args_override_self(true)
        .subcommand_required(true)
        .subcommand(logout)
        .after_help(help::PLEXCTL)
}

fn understand(matches: &ArgMatches) -> Result<Arguments, clap::Error> {
    let flags = Flags::from_arg_matches(matches)?;
    let command = match matches.subcommand() {
        Some(("logout", _)) => Command::Logout,
        _ => return Err(clap::Error::new(ErrorKind::MissingSubcommand)),
    };
    Ok(Arguments { flags, command })
}

/// What `--version` prints. A build that does not know its commit says `unknown`.
fn version() -> String {
    format!(
        "version={} commit={} date={}",
        env!("CARGO_PKG_VERSION"),
        option_env!("PLEXCTL_COMMIT").unwrap_or("unknown"),
        option_env!("PLEXCTL_DATE").unwrap_or("unknown"),
    )
}

fn profile_name() -> impl TypedValueParser<Value = ProfileName> {
    NonEmptyStringValueParser::new().try_map(ProfileName::new)
}

/// Blanks what looks like a token: somebody may have typed one, and clap repeats what it does not understand.
fn redact_tokens(text: &str) -> String {
    let mut pieces = text.split("psk_");
    let mut redacted = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        redacted.push_str("psk_[redacted]");
        redacted.push_str(piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c)));
    }
    redacted
}
