//! What takes which values on the command line, as the completion scripts need it.

use clap::{Arg, Command, ValueHint};

/// The options and commands that take values. An option is written with its dashes, a command with those above it.
#[derive(Default)]
pub struct Syntax {
    /// Every command.
    pub commands: Vec<String>,
    /// Every option that takes a value.
    pub value_options: Vec<String>,
    /// The options that take the name of a profile.
    pub profile_options: Vec<String>,
    /// The options that take a file.
    pub file_options: Vec<String>,
    /// The options that take one of a few words.
    pub word_options: Vec<(String, Vec<String>)>,
    /// The commands whose operand is the name of a profile.
    pub profile_commands: Vec<String>,
    /// The commands whose operand is one of a few words.
    pub word_commands: Vec<(String, Vec<String>)>,
}

impl Syntax {
    pub fn of(mut command: Command) -> Self {
        // Only a built definition has the arguments of all commands.
        command.build();
        let mut syntax = Self::default();
        syntax.add(&command, "");
        syntax
    }

    fn add(&mut self, command: &Command, path: &str) {
        self.commands.push(path.to_owned());
        for argument in command.get_arguments() {
            match argument.get_long() {
                Some(name) if argument.get_action().takes_values() => self.add_option(format!("--{name}"), argument),
                Some(_) => {}
                None => self.add_operand(path, argument),
            }
        }
        for below in command.get_subcommands() {
            for name in below.get_name_and_visible_aliases() {
                self.add(below, format!("{path} {name}").trim_start());
            }
        }
    }

    fn add_option(&mut self, option: String, argument: &Arg) {
        if self.value_options.contains(&option) {
            return;
        }
        self.value_options.push(option.clone());
        let words = words_of(argument);
        if !words.is_empty() {
            self.word_options.push((option, words));
        } else if is_profile(argument) {
            self.profile_options.push(option);
        } else if argument.get_value_hint() == ValueHint::FilePath {
            self.file_options.push(option);
        }
    }

    fn add_operand(&mut self, command: &str, argument: &Arg) {
        let words = words_of(argument);
        if !words.is_empty() {
            self.word_commands.push((command.to_owned(), words));
        } else if is_profile(argument) {
            self.profile_commands.push(command.to_owned());
        }
    }
}

/// Every name on the command line is that of a profile.
fn is_profile(argument: &Arg) -> bool {
    argument.get_value_names().is_some_and(|names| names == ["NAME"])
}

fn words_of(argument: &Arg) -> Vec<String> {
    argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}
