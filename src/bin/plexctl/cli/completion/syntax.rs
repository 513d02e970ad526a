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
        for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
            self.add_argument(path, argument);
        }
        for below in command.get_subcommands() {
            for name in below.get_name_and_visible_aliases() {
                self.add(below, format!("{path} {name}").trim_start());
            }
        }
    }

    fn add_argument(&mut self, command: &str, argument: &Arg) {
        let (place, profiles, words) = match argument.get_long().map(|name| format!("--{name}")) {
            // A persistent flag, which every command has.
            Some(option) if self.value_options.contains(&option) => return,
            Some(option) => {
                self.value_options.push(option.clone());
                (option, &mut self.profile_options, &mut self.word_options)
            }
            None => (command.to_owned(), &mut self.profile_commands, &mut self.word_commands),
        };
        let values = argument.get_possible_values();
        if !values.is_empty() {
            words.push((place, values.iter().map(|value| value.get_name().to_owned()).collect()));
        } else if argument.get_value_names().is_some_and(|names| names == ["NAME"]) {
            // Every name on the command line is that of a profile.
            profiles.push(place);
        } else if argument.get_value_hint() == ValueHint::FilePath {
            self.file_options.push(place);
        }
    }
}
