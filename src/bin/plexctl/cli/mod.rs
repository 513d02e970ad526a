//! The command line: what can be typed, what `--help` says about it (`help`), and what a shell can complete of it
//! (`completion`).

pub mod completion;
mod help;

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use clap::builder::{NonEmptyStringValueParser, OsStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Args, FromArgMatches, ValueEnum, ValueHint};
use plexctl::domain::identifier::Identifier;
use plexctl::domain::printable::is_unprintable;
use plexctl::domain::session::ProfileName;
use plexctl::use_cases::profiles::ProfilesRequest;

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
    /// To begin a session.
    Login(LoginFlags),
    /// To tell who the operator is.
    Whoami,
    /// To show or change which profiles are stored.
    Profiles(ProfilesRequest),
    /// To end a session.
    Logout,
    /// To print a completion script.
    Completion(completion::Shell),
}

/// The flags of `plexctl login`.
#[derive(Args)]
pub struct LoginFlags {
    /// Domain to log in to
    #[arg(long, value_name = "UUID", value_parser = Identifier::parse)]
    pub domain_id: Identifier,

    /// Binding of that domain to its identity provider
    #[arg(long, value_name = "UUID", value_parser = Identifier::parse)]
    pub idp_binding_id: Identifier,

    /// Profile to write; --profile is a synonym [default: default]
    #[arg(long, value_name = "NAME", value_parser = profile_name())]
    pub profile_name: Option<ProfileName>,

    /// Never open a browser
    #[arg(long)]
    pub no_browser: bool,

    /// Draw the link as a QR code, too
    #[arg(long)]
    pub qr: bool,
}

/// The persistent flags, which every command takes before and after its name.
#[derive(Args)]
#[command(next_help_heading = "Persistent options")]
pub struct Flags {
    /// Profile to use, instead of the command's default
    #[arg(long, global = true, value_name = "NAME", value_parser = profile_name(), value_hint = ValueHint::Other)]
    pub profile: Option<ProfileName>,

    /// Format of what is printed [default: text]
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    output: Option<Format>,

    /// Server to log in to, or of a profile without one; redirects no stored token
    #[arg(long, global = true, value_name = "URL", value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Url)]
    pub server: Option<String>,

    /// File with the bearer token that whoami asks with
    #[arg(long, global = true, value_name = "PATH", value_parser = OsStringValueParser::new(), value_hint = ValueHint::FilePath)]
    pub token_file: Option<OsString>,

    /// Confirm what login or profiles forget would refuse
    #[arg(long, global = true)]
    pub yes: bool,

    /// Accepted and without effect: no secret is ever shown
    #[arg(long, global = true)]
    pub reveal_secrets: bool,
}

impl Flags {
    /// The format of what is printed. That it is text if none was typed is not left to clap, which hands a value of its
    /// own down to every command: a twentieth of what a run without a session costs.
    pub fn output(&self) -> Format {
        self.output.unwrap_or(Format::Text)
    }
}

/// The format of the summary.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
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
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Ok(matches) = definition_of_typed(&arguments).try_get_matches_from(&arguments)
        && let Ok(arguments) = understand(&matches)
    {
        return Ok(Invocation::Run(arguments));
    }
    // Whatever is to be said, of help or of an error, is said of the whole.
    let mut command = definition();
    if !io::stdout().is_terminal() && !io::stderr().is_terminal() {
        command = command.term_width(WIDTH);
    }
    let parsed = command.try_get_matches_from_mut(&arguments).and_then(|matches| understand(&matches));
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
            let mut text = unknown_shell(&error).unwrap_or_else(|| error.to_string());
            if !text.contains("Usage:") {
                let usage = usage(&mut command, &arguments);
                text = text.replace("\n\nFor more", &format!("\n\n{usage}\n\nFor more"));
            }
            Err(redact_tokens(text.strip_prefix("error: ").unwrap_or(&text)))
        }
    }
}

/// Adds to a command what belongs to it alone.
type Define = fn(clap::Command) -> clap::Command;

/// The commands by their names, in the order of a session's life.
const COMMANDS: [(&str, Define); 5] =
    [("login", login), ("whoami", whoami), ("profiles", profiles), ("logout", logout), ("completion", completion)];

/// The command line as clap knows it.
pub fn definition() -> clap::Command {
    root()
        .about("Works with the sessions of a plexsphere control plane")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommands(COMMANDS.map(|(name, define)| define(clap::Command::new(name))))
        .after_help(help::PLEXCTL)
}

/// The command line with those commands alone that were typed, so that none pays for its siblings. A command that is not
/// among the arguments cannot be the one that is meant.
fn definition_of_typed(arguments: &[OsString]) -> clap::Command {
    let typed = COMMANDS.into_iter().filter(|(name, _)| arguments.iter().any(|argument| argument == name));
    root().disable_help_subcommand(true).subcommands(typed.map(|(name, define)| define(clap::Command::new(name))))
}

fn root() -> clap::Command {
    Flags::augment_args(clap::Command::new("plexctl")).args_override_self(true).subcommand_required(true)
}

fn login(login: clap::Command) -> clap::Command {
    // The flags bring a description of their own.
    let login =
        LoginFlags::augment_args(login).about("Begin a session: approve it in a browser, then store it in a profile");
    login.args_override_self(true).after_help(help::LOGIN)
}

fn whoami(whoami: clap::Command) -> clap::Command {
    whoami.about("Tell who you are at the server").args_override_self(true).after_help(help::WHOAMI)
}

fn profiles(profiles: clap::Command) -> clap::Command {
    let name = |help: &'static str| Arg::new("NAME").required(true).value_parser(profile_name()).help(help);
    let choose = clap::Command::new("use")
        .about("Set the default profile")
        .arg(name("Profile that the default is from now on"))
        .after_help(help::PROFILES_USE);
    let forget = clap::Command::new("forget")
        .about("Remove a profile without revoking its token; needs --yes")
        .arg(name("Profile to remove"))
        .after_help(help::PROFILES_FORGET);
    profiles
        .about("List the stored profiles, set the default, or forget one")
        .args_override_self(true)
        .subcommands([choose, forget])
        .after_help(help::PROFILES)
}

fn logout(logout: clap::Command) -> clap::Command {
    logout
        .about("End a session: revoke its token on the server, then clear its profile")
        .args_override_self(true)
        .after_help(help::LOGOUT)
}

fn completion(completion: clap::Command) -> clap::Command {
    let shells = PossibleValuesParser::new(completion::Shell::NAMES);
    completion
        .about("Print a completion script for a shell")
        .arg(Arg::new("SHELL").required(true).value_parser(shells).help("Shell that is to load it"))
        .after_help(help::COMPLETION)
}

fn understand(matches: &ArgMatches) -> Result<Arguments, clap::Error> {
    let flags = Flags::from_arg_matches(matches)?;
    let command = match matches.subcommand() {
        Some(("login", login)) => Command::Login(login_flags(login, &flags)?),
        Some(("whoami", _)) => Command::Whoami,
        Some(("profiles", profiles)) => Command::Profiles(profiles_request(profiles, &flags)),
        Some(("logout", _)) => Command::Logout,
        Some(("completion", completion)) => Command::Completion(completion::Shell::of(text(completion, "SHELL"))),
        _ => return Err(clap::Error::new(ErrorKind::MissingSubcommand)),
    };
    Ok(Arguments { flags, command })
}

/// `--profile` stands for `--profile-name`, so that nobody logs in to another profile than was typed.
fn login_flags(matches: &ArgMatches, flags: &Flags) -> Result<LoginFlags, clap::Error> {
    let mut login = LoginFlags::from_arg_matches(matches)?;
    let conflict = |message| clap::Error::raw(ErrorKind::ValueValidation, message);
    match (&login.profile_name, &flags.profile) {
        (Some(name), Some(other)) if name != other => {
            return Err(conflict("--profile-name and --profile name different profiles\n"));
        }
        (None, Some(_)) => login.profile_name.clone_from(&flags.profile),
        _ => {}
    }
    if login.profile_name.as_ref().is_some_and(|name| name.as_str().contains(is_unprintable)) {
        return Err(conflict("a profile name must not have control or bidirectional characters\n"));
    }
    Ok(login)
}

fn profiles_request(matches: &ArgMatches, flags: &Flags) -> ProfilesRequest {
    let name = |matches: &ArgMatches| matches.get_one::<ProfileName>("NAME").cloned();
    match matches.subcommand() {
        Some(("use", matches)) => name(matches).map_or(ProfilesRequest::List, ProfilesRequest::Use),
        Some(("forget", matches)) => name(matches)
            .map_or(ProfilesRequest::List, |profile| ProfilesRequest::Forget { profile, is_confirmed: flags.yes }),
        _ => ProfilesRequest::List,
    }
}

fn text<'m>(matches: &'m ArgMatches, name: &str) -> &'m str {
    matches.get_one::<String>(name).map_or("", String::as_str)
}

/// How the command is used that was typed, as far as it is known.
fn usage(command: &mut clap::Command, arguments: &[OsString]) -> String {
    // Only then do commands know what they are called with.
    command.build();
    let is_typed = |name: &str| arguments.iter().skip(1).any(|argument| argument == name);
    let known = command.get_subcommands_mut().find(|known| is_typed(known.get_name()));
    match known {
        Some(known) => known.render_usage().to_string(),
        None => command.render_usage().to_string(),
    }
}

/// A shell that is not known is told in words of its own.
fn unknown_shell(error: &clap::Error) -> Option<String> {
    let is_shell = matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(name)) if name == "<SHELL>");
    match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) if is_shell && !value.is_empty() => {
            Some(format!("unknown shell \"{value}\"\n\nFor more information, try '--help'.\n"))
        }
        _ => None,
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
