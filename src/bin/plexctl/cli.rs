//! The command line: what can be typed, and what `--help` says about it.

use std::ffi::OsString;

use clap::builder::{NonEmptyStringValueParser, OsStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use plexctl::domain::session::ProfileName;

const EXIT_CODES_AND_EXAMPLES: &str = "\
Exit codes:
  0    the session has ended, or there was none
  1    the session is kept and may still be live, or a local step failed
  2    usage error, or unusable token or server; nothing was sent
  3    the config file's mode is wider than 0600; nothing was read or sent
  4    the server refused to revoke the token; the session is kept

Examples:
  plexctl logout                      end the default session
  plexctl logout --profile staging    end the session of one profile
  plexctl logout --output json        print a summary for a script";

/// Works with the sessions of a plexsphere control plane.
#[derive(Parser)]
#[command(
    name = "plexctl",
    version,
    arg_required_else_help = false,
    args_override_self = true,
    after_help = EXIT_CODES_AND_EXAMPLES
)]
pub struct Arguments {
    #[command(flatten)]
    pub flags: Flags,
    #[command(subcommand)]
    pub command: Command,
}

/// What plexctl is asked to do.
#[derive(Subcommand)]
pub enum Command {
    /// End a session: revoke its token on the server, then clear its profile
    #[command(args_override_self = true, after_help = EXIT_CODES_AND_EXAMPLES)]
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
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => Ok(Invocation::Run(arguments)),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => Ok(Invocation::Read(format!("{}\n", version()))),
        Err(error) if !error.use_stderr() => Ok(Invocation::Read(error.to_string())),
        Err(error) => {
            let mut text = error.to_string();
            if !text.contains("Usage:") {
                let usage = Arguments::command().render_usage();
                text = text.replace("\n\nFor more", &format!("\n\n{usage}\n\nFor more"));
            }
            Err(redact_tokens(&text))
        }
    }
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
