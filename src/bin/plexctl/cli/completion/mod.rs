//! Completion scripts for shells: those that clap generates, and what they lack. In all of them the names of the stored
//! profiles come from `plexctl profiles`, values may follow `=`, and files are only offered where one belongs.

mod syntax;

use clap::CommandFactory;
use clap_complete::aot;

use self::syntax::Syntax;
use super::arguments::{Arguments, Shell};

/// The script that completes command lines of plexctl in a shell.
pub fn script(shell: Shell) -> String {
    match shell {
        Shell::Bash => bash(),
        Shell::Zsh => zsh(),
        Shell::Fish => fish(),
        Shell::Powershell => powershell(),
    }
}

/// The generated function only completes commands and options. The function around it parses the line.
fn bash() -> String {
    let syntax = Syntax::of(Arguments::command());
    let arm = |options: &[String], deed: &str| format!("        {}) {deed} ;;", options.join(" | "));
    let mut values = vec![
        arm(&syntax.profile_options, "_plexctl_profiles && _plexctl_offer ${profiles[@]+\"${profiles[@]}\"}"),
        arm(&syntax.file_options, "_plexctl_offer_files"),
    ];
    for (option, words) in &syntax.word_options {
        values.push(format!("        {option}) _plexctl_offer {} ;;", words.join(" ")));
    }
    let quoted = |words: &[String]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" | ");
    let own = include_str!("bash.sh")
        .replace("@VALUES@", &values.join("\n"))
        .replace("@OPTIONS@", &syntax.value_options.join(" | "))
        .replace("@COMMANDS@", &quoted(&syntax.commands))
        .replace("@PROFILE_OPERANDS@", &quoted(&syntax.profile_commands));
    format!("# bash completion for plexctl\n{}{own}", generate(aot::Bash))
}

/// The generator has no action for names of ours, so their empty action is filled in.
fn zsh() -> String {
    let script = generate(aot::Zsh);
    // clap has no way to attach a completion function, so the generated lines are patched. A test runs each script.
    let is_name = |line: &str| line.contains(":NAME:' \\") || line.starts_with("':name -- ");
    let lines = script.lines().map(|line| match line.strip_suffix(":' \\") {
        Some(head) if is_name(line) => format!("{head}:_plexctl_profiles' \\\n"),
        _ => format!("{line}\n"),
    });
    // The function has to be known before the last lines, which may call what needs it.
    lines.collect::<String>().replacen("\n_plexctl() {", &format!("{}\n_plexctl() {{", include_str!("zsh.sh")), 1)
}

/// The generator leaves out operands, and offers files in their place.
fn fish() -> String {
    let syntax = Syntax::of(Arguments::command());
    let script = generate(aot::Fish);
    let is_name =
        |line: &str| syntax.profile_options.iter().any(|option| line.contains(&format!(" -l {} ", &option[2..])));
    // Without this no value is completed before the command, since the option lacks one: it parses the words before the
    // cursor again without the last one, which may be an option whose value is being typed.
    let script = script.replacen("\n    or return\n", concat!("\n", include_str!("fish_last_option.fish")), 1);
    let generated: String = script
        .lines()
        .map(|line| match line.strip_suffix(" -r -f") {
            Some(head) if is_name(line) => format!("{head} -r -f -a \"(__fish_plexctl_profiles)\"\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let at = |command: &String, words: &str| {
        format!("complete -c plexctl -n \"__fish_plexctl_at {command}\" -f -a \"{words}\"\n")
    };
    let profiles = syntax.profile_commands.iter().map(|command| at(command, "(__fish_plexctl_profiles)"));
    let words = syntax.word_commands.iter().map(|(command, words)| at(command, &words.join(" ")));
    format!(
        "# fish completion for plexctl\n{generated}{}{}",
        include_str!("fish.fish"),
        profiles.chain(words).collect::<String>()
    )
}

/// The generated function takes the first option for the end of the command, and knows no values. Its first part, which
/// parses the line, and its last, which chooses among what it knows, are replaced.
fn powershell() -> String {
    let syntax = Syntax::of(Arguments::command());
    let quoted = |words: &[String]| words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
    let in_script = |command: &String| format!("plexctl;{}", command.replace(' ', ";"));
    let profile_commands: Vec<String> = syntax.profile_commands.iter().map(in_script).collect();
    let of_commands = syntax.word_commands.iter().map(|(command, words)| (in_script(command), words.clone()));
    let values = syntax.word_options.iter().cloned().chain(of_commands);
    let values: Vec<String> =
        values.map(|(key, words)| format!("            '{key}' {{ {} }}", quoted(&words))).collect();
    let own = include_str!("powershell.ps1")
        .replace("@OPTIONS@", &quoted(&syntax.value_options))
        .replace("@FILE_OPTIONS@", &quoted(&syntax.file_options))
        .replace("@PROFILE_OPTIONS@", &quoted(&syntax.profile_options))
        .replace("@PROFILE_COMMANDS@", &quoted(&profile_commands))
        .replace("@VALUES@", &values.join("\n"));
    let generated = generate(aot::PowerShell);
    let between = |start: &str, end: &str| {
        let rest = generated.split_once(start).map_or("", |(_, rest)| rest);
        rest.split_once(end).map_or("", |(between, _)| between).to_owned()
    };
    let (head, known) = (between("", "\n    $commandElements = "), between("-join ';'\n", "\n    $completions.Where"));
    format!("# powershell completion for plexctl\n{head}\n{own}{known}\n{}", include_str!("powershell_end.ps1"))
}

fn generate(shell: impl aot::Generator) -> String {
    let mut script = Vec::new();
    aot::generate(shell, &mut Arguments::command(), "plexctl", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The generated lines of values that plexctl does not know are left as they are.
    #[test]
    fn no_profile_is_offered_for_another_value() {
        let (zsh, fish) = (zsh(), fish());
        let of_zsh = zsh.lines().filter(|line| [":URL:", ":UUID:", ":ALIAS:"].iter().any(|kind| line.contains(kind)));
        let of_fish = fish.lines().filter(|line| [" -l server ", " -l id "].iter().any(|kind| line.contains(kind)));
        assert!(of_zsh.clone().count() > 0 && of_zsh.clone().all(|line| line.ends_with(":' \\")), "{zsh}");
        assert!(of_fish.clone().count() > 0 && of_fish.clone().all(|line| line.ends_with(" -r -f")), "{fish}");
    }
}
