//! What can be typed: the flags, the commands, and their arguments.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::builder::{NonEmptyStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use plexctl::domain::{BindingAlias, Identifier, ProfileName, Selection, TokenId};
use plexctl::use_cases::ProfilesRequest;

use super::help::{self, HelpSections};

/// The profile that a login writes where none is named.
pub const DEFAULT_PROFILE: &str = "default";

/// How wide a help text gets at most, in columns.
const MAX_WIDTH: usize = 80;

/// Log in to a plexsphere control plane, use the session, and log out
#[derive(Parser)]
#[command(
    name = "plexctl",
    version,
    args_override_self = true,
    max_term_width = MAX_WIDTH,
    after_long_help = help::PLEXCTL.complete
)]
pub struct Arguments {
    #[command(flatten)]
    pub flags: Flags,

    #[command(subcommand)]
    pub command: Command,
}

// Arguments are only defined for the command that is typed. A struct of arguments has no doc comment, because clap would
// show it instead of the command's.
#[derive(Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Log in: approve the login in a browser and store the session
    Login(LoginArguments),
    /// Show who you are logged in as
    Whoami(WhoamiArguments),
    /// List the stored profiles, choose the default, or forget one
    Profiles(ProfilesArguments),
    /// Run another program with the session of a profile
    Exec(ExecArguments),
    /// List and revoke your tokens on the server
    IdentityTokens(IdentityTokensArguments),
    /// Log out: revoke the token, then remove its profile
    Logout(LogoutArguments),
    /// Print a completion script for a shell
    Completion(CompletionArguments),
}

/// The persistent flags, which every command takes before and after its name.
#[derive(Args)]
// The help of a command shows its own flags first.
#[command(next_display_order = 100)]
pub struct Flags {
    /// Use this profile instead of the default
    #[arg(long, global = true, value_name = "NAME", value_parser = profile_name(), value_hint = ValueHint::Other)]
    pub profile: Option<ProfileName>,

    /// Output format: text (default), json or yaml
    #[arg(long, global = true, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    output: Option<Format>,

    /// Server to log in to, or to use if none is stored
    #[arg(
        long,
        global = true,
        value_name = "URL",
        value_parser = NonEmptyStringValueParser::new(),
        value_hint = ValueHint::Other
    )]
    pub server: Option<String>,

    /// Token file for whoami and identity-tokens
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,

    /// Confirm replacing or forgetting a session
    // Whatever needs it names it. `-h` has to fit a screen with the error of a missing command below it.
    #[arg(long, global = true, hide_short_help = true)]
    pub yes: bool,

    /// Print debug messages on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// No effect: plexctl never prints secrets
    #[arg(long, global = true, hide_short_help = true)]
    pub reveal_secrets: bool,
}

impl Flags {
    /// The profile that was typed, else the default.
    pub fn selection(&self) -> Selection {
        self.profile.clone().map_or(Selection::Default, Selection::Named)
    }

    /// The output format. Text is not a default value of clap's, because clap copies default values into every
    /// subcommand: that costs a run without a session 5 % more instructions.
    pub fn output(&self) -> Format {
        self.output.unwrap_or(Format::Text)
    }
}

/// The format of what is printed on standard output.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Yaml,
}

#[derive(Args)]
#[command(help_sections = help::LOGIN)]
pub struct LoginArguments {
    /// Domain to log in to [default: last used]
    #[arg(long, value_name = "UUID", value_parser = Identifier::parse, value_hint = ValueHint::Other)]
    pub domain_id: Option<Identifier>,

    /// Identity provider binding of the domain
    #[arg(long, value_name = "UUID", value_parser = Identifier::parse, value_hint = ValueHint::Other)]
    pub idp_binding_id: Option<Identifier>,

    /// Alias of the binding, in place of its id
    #[arg(
        long,
        value_name = "ALIAS",
        value_parser = BindingAlias::parse,
        value_hint = ValueHint::Other,
        // The flag would be too long for `-h` to have its columns.
        hide_short_help = true,
        conflicts_with = "idp_binding_id"
    )]
    pub idp_binding_alias: Option<BindingAlias>,

    /// Profile to write [default: default]
    #[arg(long, value_name = "NAME", value_parser = profile_name(), value_hint = ValueHint::Other)]
    pub profile_name: Option<ProfileName>,

    /// Do not open a browser
    #[arg(long)]
    pub no_browser: bool,

    /// Also show the link as a QR code
    #[arg(long)]
    pub qr: bool,
}

#[derive(Args)]
#[command(help_sections = help::WHOAMI)]
pub struct WhoamiArguments {}

#[derive(Args)]
#[command(help_sections = help::PROFILES)]
pub struct ProfilesArguments {
    #[command(subcommand)]
    command: Option<ProfilesCommand>,
}

impl ProfilesArguments {
    /// The request to the use case. Forgetting a profile has to be confirmed with `--yes`.
    pub fn request(self, is_confirmed: bool) -> ProfilesRequest {
        match self.command {
            None | Some(ProfilesCommand::List) => ProfilesRequest::List { now: SystemTime::now().into() },
            Some(ProfilesCommand::Use { name }) => ProfilesRequest::Use(name),
            Some(ProfilesCommand::Forget { name }) => ProfilesRequest::Forget { profile: name, is_confirmed },
        }
    }
}

#[derive(Subcommand)]
enum ProfilesCommand {
    /// List the stored profiles, like `plexctl profiles`
    #[command(visible_alias = "ls", help_sections = help::PROFILES_LIST)]
    List,
    /// Set the default profile
    #[command(help_sections = help::PROFILES_USE)]
    Use {
        /// Profile to make the default
        #[arg(value_name = "NAME", value_parser = profile_name(), value_hint = ValueHint::Other)]
        name: ProfileName,
    },
    /// Remove a profile without revoking its token; needs --yes
    #[command(visible_alias = "rm", help_sections = help::PROFILES_FORGET)]
    Forget {
        /// Profile to remove
        #[arg(value_name = "NAME", value_parser = profile_name(), value_hint = ValueHint::Other)]
        name: ProfileName,
    },
}

#[derive(Args)]
#[command(override_usage = "plexctl exec [OPTIONS] -- <COMMAND> [ARG]...", help_sections = help::EXEC)]
pub struct ExecArguments {
    /// Command to run, with its arguments
    #[arg(
        last = true,
        required = true,
        value_name = "COMMAND",
        value_hint = ValueHint::CommandWithArguments
    )]
    pub command: Vec<OsString>,
}

#[derive(Args)]
#[command(help_sections = help::IDENTITY_TOKENS)]
pub struct IdentityTokensArguments {
    #[command(subcommand)]
    pub command: IdentityTokensCommand,
}

#[derive(Subcommand)]
pub enum IdentityTokensCommand {
    /// List your tokens, newest first
    #[command(visible_alias = "ls", help_sections = help::IDENTITY_TOKENS_LIST)]
    List,
    /// Revoke a token by its id
    #[command(visible_alias = "rm", help_sections = help::IDENTITY_TOKENS_DELETE)]
    Delete {
        /// Id of the token to revoke
        #[arg(long, value_name = "UUID", value_parser = TokenId::parse, value_hint = ValueHint::Other)]
        id: TokenId,
    },
}

#[derive(Args)]
#[command(help_sections = help::LOGOUT)]
pub struct LogoutArguments {}

#[derive(Args)]
#[command(help_sections = help::COMPLETION)]
pub struct CompletionArguments {
    /// Shell: bash, zsh, fish or powershell
    #[arg(value_name = "SHELL", value_enum, hide_possible_values = true)]
    pub shell: Shell,
}

/// A shell that plexctl has a completion script for.
#[derive(Clone, Copy, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

fn profile_name() -> impl TypedValueParser<Value = ProfileName> {
    NonEmptyStringValueParser::new().try_map(ProfileName::new)
}
