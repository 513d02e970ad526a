//! Completion scripts: static texts that a shell loads once.

use clap_complete::aot;

/// A shell that plexctl has a script for.
#[derive(Clone, Copy)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Shell {
    /// What the shells are called, in the order of the help.
    pub const NAMES: [&str; 4] = ["bash", "zsh", "fish", "powershell"];

    /// The shell of one of these names.
    pub fn of(name: &str) -> Self {
        match name {
            "bash" => Self::Bash,
            "zsh" => Self::Zsh,
            "fish" => Self::Fish,
            _ => Self::Powershell,
        }
    }

    /// The script, behind a line by which it is known.
    pub fn script(self) -> String {
        match self {
            Self::Bash => format!("# bash completion for plexctl\n{}", generate(aot::Bash)),
            Self::Zsh => generate(aot::Zsh),
            Self::Fish => format!("# fish completion for plexctl\n{}{FISH_SHELLS}", generate(aot::Fish)),
            Self::Powershell => format!("# powershell completion for plexctl\n{}", generate(aot::PowerShell)),
        }
    }
}

/// The generator leaves the values of operands out.
const FISH_SHELLS: &str =
    "complete -c plexctl -n \"__fish_plexctl_using_subcommand completion\" -f -a \"bash zsh fish powershell\"\n";

fn generate(shell: impl aot::Generator) -> String {
    let mut script = Vec::new();
    aot::generate(shell, &mut super::definition(), "plexctl", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
