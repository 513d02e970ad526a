//! What the help says besides commands and options: examples, exit codes, files and environment.
//!
//! `-h` shows the examples; `--help` adds the rest. Each command has a text in `help/`, which ends with the parts of
//! `help/environment/` that are named here. No line is longer than 60 columns, so that none is wrapped on a narrow
//! terminal.

use clap::Command;

/// What the help of a command says after its options.
pub struct Help {
    /// The examples, which `-h` ends with.
    examples: &'static str,
    /// What `--help` ends with.
    pub complete: &'static str,
}

impl Help {
    /// Takes the first paragraph for the examples.
    const fn new(complete: &'static str) -> Self {
        let text = complete.as_bytes();
        let mut end = 1;
        while text[end - 1] != b'\n' || text[end] != b'\n' {
            end += 1;
        }
        Self { examples: complete.split_at(end).0, complete }
    }
}

/// Attaches a [`Help`] to the definition of its command.
pub trait HelpSections {
    fn help_sections(self, help: Help) -> Self;
}

impl HelpSections for Command {
    fn help_sections(self, help: Help) -> Self {
        self.after_help(help.examples).after_long_help(help.complete)
    }
}

macro_rules! help {
    ($text:literal, [$($part:literal),*]) => {
        Help::new(concat!(
            include_str!(concat!("help/", $text, ".txt")),
            $(include_str!(concat!("help/environment/", $part, ".txt"))),*
        ))
    };
}

pub const PLEXCTL: Help = help!("plexctl", ["config", "credential", "network", "browser", "search_path", "terminal"]);
pub const LOGIN: Help = help!("login", ["config", "login_server", "unused_token", "network", "browser", "terminal"]);
pub const WHOAMI: Help = help!("whoami", ["config", "credential", "network", "terminal"]);
pub const PROFILES: Help = help!("profiles", ["config", "terminal"]);
pub const PROFILES_LIST: Help = help!("profiles_list", ["config", "terminal"]);
pub const PROFILES_USE: Help = help!("profiles_use", ["config", "terminal"]);
pub const PROFILES_FORGET: Help = help!("profiles_forget", ["config", "terminal"]);
pub const EXEC: Help = help!("exec", ["config", "stored_server", "search_path", "terminal"]);
pub const IDENTITY_TOKENS: Help = help!("identity_tokens", ["config", "credential", "network", "terminal"]);
pub const IDENTITY_TOKENS_LIST: Help = help!("identity_tokens_list", ["config", "credential", "network", "terminal"]);
pub const IDENTITY_TOKENS_DELETE: Help =
    help!("identity_tokens_delete", ["config", "credential", "network", "terminal"]);
pub const LOGOUT: Help = help!("logout", ["config", "stored_server", "unused_token", "network", "terminal"]);
pub const COMPLETION: Help = help!("completion", []);
