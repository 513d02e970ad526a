//! Completion scripts for shells.

use clap::CommandFactory;
use clap_complete::aot;

use super::arguments::{Arguments, Shell};

/// The script that completes command lines of plexctl in a shell.
pub fn script(shell: Shell) -> String {
    match shell {
        Shell::Bash => format!("# bash completion for plexctl\n{}", generate(aot::Bash)),
        Shell::Zsh => generate(aot::Zsh),
        Shell::Fish => format!("# fish completion for plexctl\n{}{FISH_SHELLS}", generate(aot::Fish)),
        Shell::Powershell => format!("# powershell completion for plexctl\n{}", generate(aot::PowerShell)),
    }
}

/// The generator leaves the values of operands out.
const FISH_SHELLS: &str =
    "complete -c plexctl -n \"__fish_plexctl_using_subcommand completion\" -f -a \"bash zsh fish powershell\"\n";

fn generate(shell: impl aot::Generator) -> String {
    let mut script = Vec::new();
    aot::generate(shell, &mut Arguments::command(), "plexctl", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
