//! The command that a hint tells to run: as it was typed, so that pasting it acts on the same session.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use plexctl::adapters::reporters::shell;
use plexctl::domain::ProfileName;

/// What was typed, as far as it decides which session a command acts on.
#[derive(Clone, Debug)]
pub struct RetryCommand {
    command: &'static str,
    operand: Option<String>,
    /// The flags that were typed, with their values where they take one.
    flags: Vec<(&'static str, Option<String>)>,
    /// What stands for the command where it cannot be typed.
    substitute: Cow<'static, str>,
}

impl RetryCommand {
    /// The command that was typed, with nothing but its name.
    pub fn new(command: &'static str) -> Self {
        Self { command, operand: None, flags: Vec::new(), substitute: "the same command".into() }
    }

    /// A command that was not typed, with nothing but its name.
    pub fn another(command: &'static str) -> Self {
        Self { substitute: format!("`plexctl {command}` for that profile").into(), ..Self::new(command) }
    }

    /// The value of a flag that was typed.
    pub fn value_of(&self, flag: &str) -> Option<&str> {
        self.flags.iter().find(|(name, _)| *name == flag)?.1.as_deref()
    }

    /// The command with an operand.
    pub fn of(self, operand: &ProfileName) -> Self {
        Self { operand: Some(operand.as_str().to_owned()), ..self }
    }

    /// The command with a flag and its value, if there is one.
    pub fn with(mut self, flag: &'static str, value: Option<impl Into<String>>) -> Self {
        self.flags.extend(value.map(|value| (flag, Some(value.into()))));
        self
    }

    /// The command with a flag that takes no value.
    pub fn with_switch(mut self, flag: &'static str) -> Self {
        self.flags.push((flag, None));
        self
    }

    /// The same command with a flag that takes no value and was not typed.
    pub fn but_with(&self, flag: &'static str) -> Self {
        Self { substitute: format!("the same command with {flag}").into(), ..self.clone().with_switch(flag) }
    }

    /// The same command without a flag.
    pub fn without(&self, flag: &'static str) -> Self {
        let mut retry = Self { substitute: format!("the same command without {flag}").into(), ..self.clone() };
        retry.flags.retain(|(name, _)| *name != flag);
        retry
    }

    /// What to do where the mode of a file is too wide for it to be read.
    pub fn once_private(&self, path: &Path, is_own: bool) -> String {
        match (chmod(path), is_own) {
            (Some(chmod), true) => format!("run {chmod}, then {self} again"),
            (Some(chmod), false) => format!("ask the owner of the file to run {chmod}, then run {self} again"),
            (None, _) => format!("set the mode of the file to 0600, then run {self} again"),
        }
    }

    /// The command as a POSIX shell takes it. `None` where it cannot be typed, or would repeat a password.
    fn line(&self) -> Option<String> {
        let mut words = vec![format!("plexctl {}", self.command)];
        for (name, value) in &self.flags {
            words.push(match value {
                None => (*name).to_owned(),
                // Userinfo. A hint ends up in logs and in the history of a shell.
                Some(url) if *name == "--server" && url.contains('@') => return None,
                Some(value) => shell::flag(name, value)?,
            });
        }
        // After the flags, since it follows a `--` if it looks like one.
        if let Some(operand) = &self.operand {
            words.push(shell::operand(operand)?);
        }
        Some(words.join(" "))
    }
}

/// Writes the command between backticks, or what stands for it.
impl fmt::Display for RetryCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line() {
            Some(line) => write!(formatter, "`{line}`"),
            None => formatter.write_str(&self.substitute),
        }
    }
}

/// The command that makes a file private, if its path can be typed.
fn chmod(path: &Path) -> Option<String> {
    Some(format!("`chmod 600 {}`", shell::operand(path.to_str()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(profile: Option<&str>, server: Option<&str>) -> String {
        RetryCommand::new("logout").with("--profile", profile).with("--server", server).to_string()
    }

    #[test]
    fn what_was_typed_is_repeated_and_nothing_else() {
        assert_eq!(again(None, None), "`plexctl logout`");
        assert_eq!(again(Some("staging"), None), "`plexctl logout --profile staging`");
        assert_eq!(
            again(Some("a b"), Some("https://h:8443/x")),
            "`plexctl logout --profile 'a b' --server https://h:8443/x`"
        );
        assert_eq!(again(Some("--all"), None), "`plexctl logout --profile=--all`");
        assert_eq!(again(Some("-a b"), None), "`plexctl logout --profile='-a b'`");
    }

    #[test]
    fn a_flag_can_be_left_out_and_an_operand_comes_last() {
        let again = RetryCommand::new("profiles forget")
            .of(&ProfileName::new("-a").unwrap())
            .with("--server", Some("https://h"));
        let again = again.with_switch("--yes");
        assert_eq!(again.to_string(), "`plexctl profiles forget --server https://h --yes -- -a`");
        assert_eq!(again.without("--server").to_string(), "`plexctl profiles forget --yes -- -a`");
    }

    #[test]
    fn what_cannot_be_typed_or_holds_a_password_is_not_repeated() {
        for profile in ["a\nb", "\u{1b}[2J", "\u{202e}"] {
            assert_eq!(again(Some(profile), None), "the same command");
        }
        assert_eq!(again(None, Some("https://operator:hunter2@h")), "the same command");
    }

    #[test]
    fn a_flag_that_was_not_typed_is_named_even_if_the_command_is_not() {
        let of =
            |profile| RetryCommand::new("profiles forget").of(&ProfileName::new(profile).unwrap()).but_with("--yes");
        assert_eq!(of("a").to_string(), "`plexctl profiles forget --yes a`");
        assert_eq!(of("a\nb").to_string(), "the same command with --yes");
    }

    #[test]
    fn a_command_that_cannot_be_typed_is_told_apart_from_the_one_that_was() {
        let typed = RetryCommand::new("logout").with("--profile", Some("a\nb")).with("--server", Some("https://h"));
        assert_eq!(typed.without("--server").to_string(), "the same command without --server");
        let another = RetryCommand::another("login").with("--profile-name", Some("a\nb"));
        assert_eq!(another.to_string(), "`plexctl login` for that profile");
    }

    #[test]
    fn a_path_is_quoted_and_never_taken_for_a_flag() {
        assert_eq!(chmod(Path::new("/a/b.toml")).unwrap(), "`chmod 600 /a/b.toml`");
        assert_eq!(chmod(Path::new("/a b/it's")).unwrap(), "`chmod 600 \"/a b/it's\"`");
        assert_eq!(chmod(Path::new("-rf")).unwrap(), "`chmod 600 -- -rf`");
        assert_eq!(chmod(Path::new("/a\u{1b}b")), None);
    }
}
