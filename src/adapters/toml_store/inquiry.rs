//! What an operator can be told after the fact: why there was no session, and where a profile's server stands.
//!
//! The port answers with consequences alone, so the composition root asks here, once it knows that a run came to
//! nothing. Of the file that was looked into then, no more than this is kept.

use super::document::Document;
use super::{ConfigError, TomlStore};
use crate::domain::session::{ProfileName, Selection};

/// Why a file holds no session for a selection. Profiles are named in the order in which they stand in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// There is no config file.
    NoFile,
    /// The file has no default pointer, or an empty one.
    NoDefault {
        /// What could be named instead.
        profiles: Vec<ProfileName>,
    },
    /// The default pointer names a profile that is not there.
    DanglingDefault {
        /// What the pointer names.
        name: ProfileName,
        /// What could be named instead.
        profiles: Vec<ProfileName>,
    },
    /// There is no profile of the given name.
    NoProfile {
        /// The name as given.
        name: ProfileName,
        /// What could be named instead.
        profiles: Vec<ProfileName>,
    },
    /// The profile is there, but without a token, or with an empty one.
    NoToken {
        /// The selected profile.
        name: ProfileName,
    },
}

impl Absence {
    pub(super) fn of_default(document: &Document<'_>) -> Self {
        Self::NoDefault { profiles: document.profiles() }
    }

    pub(super) fn of_profile(name: ProfileName, selection: &Selection, document: &Document<'_>) -> Self {
        let profiles = document.profiles();
        match selection {
            Selection::Default => Self::DanglingDefault { name, profiles },
            Selection::Named(_) => Self::NoProfile { name, profiles },
        }
    }
}

impl TomlStore {
    /// Says why the last look for this selection found no session; if the last one was for another, it looks. `None`
    /// where the file cannot be read or understood, or holds a session for the selection.
    #[must_use]
    pub fn absence(&self, selection: &Selection) -> Option<Absence> {
        let remembered = self.memory().absence.take_if(|(looked_for, _)| looked_for == selection);
        let absence = remembered.or_else(|| {
            self.try_find(selection).ok()?;
            self.memory().absence.take()
        });
        absence.map(|(_, absence)| absence)
    }

    /// The place of a profile's `server` as `PATH:LINE:COLUMN`, or the path alone where it is not to be found.
    #[must_use]
    pub fn place_of_server(&self, profile: &ProfileName) -> String {
        let position = || -> Result<_, ConfigError> {
            let Some(text) = self.read()? else { return Ok(None) };
            let document = Document::parse(&text)?;
            let server = document.profile(profile)?.and_then(|profile| profile.server);
            Ok(server.map(|(_, offset)| document.position(offset)))
        };
        self.place(position().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::ports::credential_store::CredentialStore;

    /// Asks a store over a file with these contents.
    fn ask<T>(contents: &str, question: impl FnOnce(&TomlStore) -> T) -> T {
        let sandbox = tempfile::tempdir().unwrap();
        let store = TomlStore::new(sandbox.path().join("config"));
        fs::write(&store.path, contents).unwrap();
        fs::set_permissions(&store.path, Permissions::from_mode(0o600)).unwrap();
        question(&store)
    }

    fn name(name: &str) -> ProfileName {
        ProfileName::new(name).unwrap()
    }

    fn names<const N: usize>(names: [&str; N]) -> Vec<ProfileName> {
        names.map(name).to_vec()
    }

    #[test]
    fn an_absence_is_told_by_what_was_looked_at() {
        let stored = "[profiles.z]\ntoken = ''\n[profiles.'a b']\ntoken = 't'\n[profiles.m.sub]\n[profiles.'']\n";
        let text = |pointer: &str| format!("{pointer}{stored}");
        let all = || names(["z", "a b", "m"]);
        let named = |it: &str| Selection::Named(name(it));
        let cases = [
            (String::new(), Selection::Default, Some(Absence::NoDefault { profiles: Vec::new() })),
            (text(""), Selection::Default, Some(Absence::NoDefault { profiles: all() })),
            (text("default = ''\n"), Selection::Default, Some(Absence::NoDefault { profiles: all() })),
            (
                text("default = 'x'\n"),
                Selection::Default,
                Some(Absence::DanglingDefault { name: name("x"), profiles: all() }),
            ),
            (
                "default = 'x'\n".into(),
                Selection::Default,
                Some(Absence::DanglingDefault { name: name("x"), profiles: Vec::new() }),
            ),
            (text("default = 'z'\n"), named("x"), Some(Absence::NoProfile { name: name("x"), profiles: all() })),
            (text("default = 'z'\n"), Selection::Default, Some(Absence::NoToken { name: name("z") })),
            (text(""), named("m"), Some(Absence::NoToken { name: name("m") })),
            (text("default = 'a b'\n"), Selection::Default, None),
            (text(""), named("a b"), None),
            ("not TOML".into(), Selection::Default, None),
            ("profiles = { x = 3 }".into(), named("x"), None),
            (
                "profiles = { x = 3, b = {}, a = {} }".into(),
                named("y"),
                Some(Absence::NoProfile { name: name("y"), profiles: names(["b", "a"]) }),
            ),
        ];
        for (text, selection, absence) in cases {
            assert_eq!(ask(&text, |store| store.absence(&selection)), absence, "{text:?} {selection:?}");
        }
    }

    #[test]
    fn an_absence_is_that_of_the_last_look_which_is_not_repeated() {
        let (default, x) = (Selection::Default, Selection::Named(name("x")));
        let no_profile = || Some(Absence::NoProfile { name: name("x"), profiles: names(["a"]) });
        ask("[profiles.a]\n", |store| {
            assert!(store.find(&default).unwrap().is_none());
            assert!(store.find(&x).unwrap().is_none());
            fs::remove_file(&store.path).unwrap();
            assert_eq!(store.absence(&x), no_profile());
            assert_eq!(store.absence(&x), Some(Absence::NoFile), "it is told once");
        });
        ask("[profiles.a]\n", |store| {
            assert!(store.find(&x).unwrap().is_none());
            fs::remove_file(&store.path).unwrap();
            assert_eq!(store.absence(&default), Some(Absence::NoFile), "another question is another look");
        });
        ask("[profiles.a]\n", |store| {
            assert!(store.find(&x).unwrap().is_none());
            fs::write(&store.path, "not TOML").unwrap();
            assert!(store.find(&x).is_err());
            assert_eq!(store.absence(&x), None, "a failed look knows of no absence");
        });
    }

    #[test]
    fn a_file_that_is_not_there_is_told_from_one_that_may_not_be_read() {
        let absence = |obstruct: fn(&TomlStore)| {
            ask("", |store| {
                obstruct(store);
                store.absence(&Selection::Default)
            })
        };
        assert_eq!(absence(|store| fs::remove_file(&store.path).unwrap()), Some(Absence::NoFile));
        assert_eq!(absence(|store| fs::set_permissions(&store.path, Permissions::from_mode(0o644)).unwrap()), None);
    }

    #[test]
    fn a_server_is_placed_by_line_and_column_as_far_as_it_is_there() {
        let cases = [
            ("[profiles.x]\n  server = 's'\n", ":2:12"),
            ("profiles = { x = { token = 't', server = \"\" } }\n", ":1:42"),
            ("[profiles.x]\ntoken = 't'\n", ""),
            ("[profiles.y]\nserver = 's'\n", ""),
            ("[profiles.x]\nserver = 3\n", ""),
            ("not TOML", ""),
            ("", ""),
        ];
        for (text, position) in cases {
            let (path, place) =
                ask(text, |store| (store.path.display().to_string(), store.place_of_server(&name("x"))));
            assert_eq!(place, format!("{path}{position}"), "{text:?}");
        }
        let missing = TomlStore::new("/no/such/config.toml");
        assert_eq!(missing.place_of_server(&name("x")), "/no/such/config.toml");
    }
}
