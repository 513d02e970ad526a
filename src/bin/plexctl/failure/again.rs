//! The command that a hint tells to run: as it was typed, so that pasting it acts on the same session.

use std::fmt;
use std::path::Path;

use plexctl::domain::session::ProfileName;
use plexctl::domain::shell;

/// What was typed, as far as it decides which session a command acts on.
#[derive(Clone, Debug)]
pub struct Again {
    /// The command's name.
    pub command: &'static str,
    /// The value of `--profile`.
    pub profile: Option<ProfileName>,
    /// The value of `--server`.
    pub server: Option<String>,
}

impl Again {
    /// The same command without `--server`.
    pub fn without_server(&self) -> Self {
        Self { server: None, ..self.clone() }
    }

    /// The command as a POSIX shell takes it. `None` where it cannot be typed, or would repeat a password.
    fn line(&self) -> Option<String> {
        let mut line = format!("plexctl {}", self.command);
        let profile = self.profile.as_ref().map(|profile| ("--profile", profile.as_str()));
        let server = self.server.as_deref().map(|server| ("--server", server));
        if server.is_some_and(|(_, url)| url.contains('@')) {
            return None;
        }
        for (name, value) in profile.into_iter().chain(server) {
            line.push(' ');
            line.push_str(&shell::flag(name, value)?);
        }
        Some(line)
    }
}

/// Writes the command between backticks, or what stands for it.
impl fmt::Display for Again {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line() {
            Some(line) => write!(formatter, "`{line}`"),
            None => formatter.write_str("the same command"),
        }
    }
}

/// The command that makes a file private, if its path can be typed.
pub fn chmod(path: &Path) -> Option<String> {
    Some(format!("`chmod 600 {}`", shell::operand(path.to_str()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(profile: Option<&str>, server: Option<&str>) -> String {
        let profile = profile.map(|profile| ProfileName::new(profile).unwrap());
        Again { command: "logout", profile, server: server.map(str::to_owned) }.to_string()
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
    fn what_cannot_be_typed_or_holds_a_password_is_not_repeated() {
        for profile in ["a\nb", "\u{1b}[2J", "\u{202e}"] {
            assert_eq!(again(Some(profile), None), "the same command");
        }
        assert_eq!(again(None, Some("https://operator:hunter2@h")), "the same command");
    }

    #[test]
    fn a_path_is_quoted_and_never_taken_for_a_flag() {
        assert_eq!(chmod(Path::new("/a/b.toml")).unwrap(), "`chmod 600 /a/b.toml`");
        assert_eq!(chmod(Path::new("/a b/it's")).unwrap(), "`chmod 600 \"/a b/it's\"`");
        assert_eq!(chmod(Path::new("-rf")).unwrap(), "`chmod 600 -- -rf`");
        assert_eq!(chmod(Path::new("/a\u{1b}b")), None);
    }
}
