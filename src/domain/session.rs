//! The stored session, and how the operator selects one.

use std::fmt;

use thiserror::Error;

use super::printable::escape_unprintable;
use super::token::SessionToken;

/// A session as the credential store holds it: who, with which token, at which server.
///
/// The server is the stored text, unchecked: whether it is usable matters only to a logout that needs it, and a store
/// must not lose a session over it. The text may hold userinfo, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The profile that holds the session.
    pub profile: ProfileName,
    /// The session's bearer token.
    pub token: SessionToken,
    /// The server that issued the token, if the profile stores one.
    pub server: Option<String>,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("profile", &self.profile)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Which stored session to end.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selection {
    /// The one that the store's default pointer names.
    #[default]
    Default,
    /// The one stored under this profile.
    Named(ProfileName),
}

/// The name of a profile: any text but the empty one.
///
/// A file can hold a profile whose name is empty. It is [`NAMELESS`](Self::NAMELESS) in a list, so that it can be seen, and
/// nothing can select it.
///
/// `Display` escapes control and bidirectional characters, so that a name cannot forge output;
/// [`as_str`](Self::as_str) gives the name as stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(String);

impl ProfileName {
    /// The name of a stored profile whose name is empty.
    pub const NAMELESS: Self = Self(String::new());

    /// Takes a name as stored or as given by the operator.
    ///
    /// # Errors
    ///
    /// [`EmptyProfileName`], since an empty name must never stand for "the default".
    pub fn new(name: impl Into<String>) -> Result<Self, EmptyProfileName> {
        let name = name.into();
        if name.is_empty() { Err(EmptyProfileName) } else { Ok(Self(name)) }
    }

    /// Tells whether this is [`NAMELESS`](Self::NAMELESS).
    #[must_use]
    pub fn is_nameless(&self) -> bool {
        self.0.is_empty()
    }

    /// The name as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&escape_unprintable(&self.0))
    }
}

/// A profile name was empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a profile name must not be empty")]
pub struct EmptyProfileName;

/// Names profiles, as many as fit a line.
#[must_use]
pub fn quoted_list(profiles: &[ProfileName]) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<_> = profiles.iter().take(SHOWN).map(|profile| format!("\"{profile}\"")).collect();
    if profiles.len() > SHOWN {
        names.push(format!("and {} more", profiles.len() - SHOWN));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_five_names_and_counts_the_rest() {
        let list = |count: u32| {
            let names: Vec<_> = (1..=count).map(|number| ProfileName::new(number.to_string()).unwrap()).collect();
            quoted_list(&names)
        };
        assert_eq!(list(0), "");
        assert_eq!(list(5), r#""1", "2", "3", "4", "5""#);
        assert_eq!(list(6), r#""1", "2", "3", "4", "5", and 1 more"#);
        assert_eq!(list(7), r#""1", "2", "3", "4", "5", and 2 more"#);
    }

    #[test]
    fn only_the_empty_name_is_refused() {
        assert_eq!(ProfileName::new(""), Err(EmptyProfileName));
        for name in [" ", ".", "a.b", "\"", "ü", "\u{202e}"] {
            assert_eq!(ProfileName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn escapes_only_unprintable_characters_of_a_name() {
        let shown = |name: &str| ProfileName::new(name).unwrap().to_string();
        assert_eq!(shown(r#"my "dev" \ 日本"#), r#"my "dev" \ 日本"#);
        assert_eq!(shown("a\u{1b}[2J\u{202e}b\n"), r"a\u{1b}[2J\u{202e}b\n");
    }

    #[test]
    fn debug_of_a_session_shows_neither_token_nor_server() {
        let session = Session {
            profile: ProfileName::new("dev").unwrap(),
            token: SessionToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret").unwrap(),
            server: Some("https://user:s3cret@plexsphere.example".into()),
        };
        let shown = r#"Session { profile: ProfileName("dev"), token: SessionToken([redacted]), .. }"#;
        assert_eq!(format!("{session:?}"), shown);
    }
}
