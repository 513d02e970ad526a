//! The side of the store that `profiles` sees: the profiles as a whole.

use super::document::{Document, Listed};
use super::private_file::OpenError;
use super::revision::{Decision, Revised, RevisionError};
use super::{ConfigError, TomlStore, edit};
use crate::domain::session::ProfileName;
use crate::domain::shown_server::ShownServer;
use crate::domain::stored_token::StoredToken;
use crate::ports::profile_book::{
    BookError, DefaultSetting, Forgetting, ForgottenProfile, HeldToken, ListedProfile, MissingProfile, ProfileBook,
    ProfileList,
};

impl ProfileBook for TomlStore {
    fn list(&self) -> Result<ProfileList, BookError> {
        self.try_list().map_err(|error| self.not_changed(error))
    }

    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, BookError> {
        self.set(self.revise(|text| {
            let document = Document::parse(text)?;
            if !document.listed().any(|listed| listed.name == *profile) {
                return Ok(Decision::Keep(DefaultSetting::NoSuchProfile(self.missing_profile(&document))));
            }
            if document.pointer().as_ref() == Some(profile) {
                return Ok(Decision::Keep(DefaultSetting::AlreadySet));
            }
            Ok(Decision::Write(edit::with_pointer(document, profile)?, ()))
        }))
    }

    fn forget(&self, profile: &ProfileName) -> Result<Forgetting, BookError> {
        self.forgotten(self.revise(|text| {
            let document = Document::parse(text)?;
            let Some(listed) = document.listed().find(|listed| listed.name == *profile) else {
                return Ok(Decision::Keep(self.missing_profile(&document)));
            };
            let forgotten = ForgottenProfile { server: shown_server(&listed), token: held_token(&listed) };
            Ok(Decision::Write(edit::without_profile(document, profile)?, forgotten))
        }))
    }
}

impl TomlStore {
    fn set(
        &self,
        set: Result<Option<Revised<DefaultSetting, ()>>, RevisionError<()>>,
    ) -> Result<DefaultSetting, BookError> {
        match set {
            Ok(Some(Revised::Kept(setting))) => Ok(setting),
            Ok(Some(Revised::Written(()))) => Ok(DefaultSetting::Set),
            Ok(None) => Ok(DefaultSetting::NoSuchProfile(self.nothing())),
            Err(RevisionError::Unchanged(error)) => Err(self.not_changed(error)),
            Err(RevisionError::NotDurable((), error)) => {
                Err(BookError::NotDurable { place: self.place(None), forgotten: None, source: error.into() })
            }
        }
    }

    fn forgotten(
        &self,
        forgotten: Result<Option<Revised<MissingProfile, ForgottenProfile>>, RevisionError<ForgottenProfile>>,
    ) -> Result<Forgetting, BookError> {
        match forgotten {
            Ok(Some(Revised::Kept(missing))) => Ok(Forgetting::NoSuchProfile(missing)),
            Ok(Some(Revised::Written(forgotten))) => Ok(Forgetting::Forgotten(forgotten)),
            Ok(None) => Ok(Forgetting::NoSuchProfile(self.nothing())),
            Err(RevisionError::Unchanged(error)) => Err(self.not_changed(error)),
            Err(RevisionError::NotDurable(forgotten, error)) => {
                let forgotten = Some(forgotten);
                Err(BookError::NotDurable { place: self.place(None), forgotten, source: error.into() })
            }
        }
    }

    fn try_list(&self) -> Result<ProfileList, ConfigError> {
        let text = self.read()?.unwrap_or_default();
        let document = Document::parse(&text)?;
        let profiles = document.listed().map(|listed| ListedProfile {
            server: shown_server(&listed),
            token: held_token(&listed),
            expires_at: listed.expires_at.map(str::to_owned),
            name: listed.name,
        });
        Ok(ProfileList { place: self.place(None), default: document.pointer(), profiles: profiles.collect() })
    }

    fn missing_profile(&self, document: &Document<'_>) -> MissingProfile {
        MissingProfile { place: self.place(None), present: document.profiles() }
    }

    /// Where there is no file, no profile is there either.
    fn nothing(&self) -> MissingProfile {
        MissingProfile { place: self.place(None), present: Vec::new() }
    }

    fn not_changed(&self, error: ConfigError) -> BookError {
        let place = self.place(error.position());
        match error {
            ConfigError::Open(OpenError::TooWide(_)) => BookError::Exposed { place, source: error.into() },
            ConfigError::Outgrown | ConfigError::Replace(_) => BookError::NotWritten { place, source: error.into() },
            _ => BookError::Unusable { place, source: error.into() },
        }
    }
}

fn shown_server(listed: &Listed<'_>) -> Option<ShownServer> {
    listed.server.map(ShownServer::new)
}

fn held_token(listed: &Listed<'_>) -> Option<HeldToken> {
    let token = StoredToken::new(listed.token?)?;
    Some(token.id().map_or(HeldToken::WithoutId, HeldToken::Session))
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fs::{self, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use tempfile::TempDir;

    use super::*;
    use crate::adapters::toml_store::replace::ReplaceError;

    /// Profiles in every spelling, with what cannot be named or is no profile, and with values of wrong types.
    const TEXT: &str = "\u{feff}# mine\r\n'default' = \"z\"   # why\r\n\r\nprofiles . z . server = 'https://z'\r\n\
        profiles.no = 3\r\nprofiles.\"\".token = 't'\r\n[profiles.\"a b\"]\r\ntoken = 't' # old\r\n# end\r\n\
        [profiles.m]\r\ntoken = 1\r\nserver = []\r\nexpires_at = 1979-05-27 07:32:00Z\r\n[profiles.n]\r\nexpires_at = 1979-05-27";

    fn name(name: &str) -> ProfileName {
        ProfileName::new(name).unwrap()
    }

    fn store_of(contents: &str) -> (TempDir, TomlStore) {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("config");
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        (sandbox, TomlStore::new(path))
    }

    /// The file's text, its inode and its mode.
    fn state(store: &TomlStore) -> (String, u64, u32) {
        let metadata = fs::metadata(&store.path).unwrap();
        (fs::read_to_string(&store.path).unwrap(), metadata.ino(), metadata.mode() & 0o7777)
    }

    #[test]
    fn a_list_has_what_can_be_named_in_the_files_order_and_takes_wrong_types_for_absent() {
        let (_sandbox, store) = store_of(TEXT);
        let list = store.list().unwrap();
        let listed = |profile: &str, server: Option<&str>, token, expires_at: Option<&str>| ListedProfile {
            name: name(profile),
            server: server.map(ShownServer::new),
            token,
            expires_at: expires_at.map(str::to_owned),
        };
        let expected = [
            listed("z", Some("https://z"), None, None),
            listed("a b", None, Some(HeldToken::WithoutId), None),
            listed("m", None, None, Some("1979-05-27 07:32:00Z")),
            listed("n", None, None, None),
        ];
        assert_eq!(list.profiles, expected);
        assert_eq!((list.place, list.default), (store.path.display().to_string(), Some(name("z"))));
    }

    #[test]
    fn setting_the_default_changes_no_other_byte_and_keeps_the_mode() {
        let (_sandbox, store) = store_of(TEXT);
        fs::set_permissions(&store.path, Permissions::from_mode(0o400)).unwrap();
        let before = state(&store);
        assert_eq!(store.set_default(&name("z")).unwrap(), DefaultSetting::AlreadySet);
        for missing in ["no", "missing"] {
            let present = ["z", "a b", "m", "n"].map(name).to_vec();
            let expected = MissingProfile { place: store.path.display().to_string(), present };
            assert_eq!(store.set_default(&name(missing)).unwrap(), DefaultSetting::NoSuchProfile(expected.clone()));
            assert_eq!(store.forget(&name(missing)).unwrap(), Forgetting::NoSuchProfile(expected));
        }
        assert_eq!(state(&store), before);
        assert_eq!(store.set_default(&name("a b")).unwrap(), DefaultSetting::Set);
        let (text, _, mode) = state(&store);
        assert_eq!((text, mode), (TEXT.replace("\"z\"", "\"a b\""), 0o400));
    }

    #[test]
    fn forgetting_takes_the_profile_whatever_it_holds_and_no_other_byte() {
        let (_sandbox, store) = store_of(TEXT);
        let forgotten = |server: Option<&str>, token| {
            Forgetting::Forgotten(ForgottenProfile { server: server.map(ShownServer::new), token })
        };
        let mut text = TEXT.to_owned();
        for (profile, cut, held) in [
            (
                "m",
                "[profiles.m]\r\ntoken = 1\r\nserver = []\r\nexpires_at = 1979-05-27 07:32:00Z\r\n",
                forgotten(None, None),
            ),
            ("a b", "[profiles.\"a b\"]\r\ntoken = 't' # old\r\n", forgotten(None, Some(HeldToken::WithoutId))),
            ("z", "profiles . z . server = 'https://z'\r\n", forgotten(Some("https://z"), None)),
        ] {
            assert_eq!(store.forget(&name(profile)).unwrap(), held);
            text = text.replace(cut, "");
            if profile == "z" {
                text = text.replace("'default' = \"z\"   # why\r\n", "");
            }
            assert_eq!(state(&store).0, text);
        }
    }

    #[test]
    fn without_a_file_there_is_nothing_and_nothing_is_created() {
        let sandbox = tempfile::tempdir().unwrap();
        let store = TomlStore::new(sandbox.path().join("a/config"));
        let missing = store.nothing();
        assert!(store.list().unwrap().profiles.is_empty());
        assert_eq!(store.set_default(&name("x")).unwrap(), DefaultSetting::NoSuchProfile(missing.clone()));
        assert_eq!(store.forget(&name("x")).unwrap(), Forgetting::NoSuchProfile(missing));
        assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_failure_is_told_by_its_consequence() {
        let (_sandbox, store) = store_of("default = 3\n");
        let path = store.path.display().to_string();
        let place = format!("{path}:1:11");
        assert!(matches!(store.list(), Err(BookError::Unusable { place: at, .. }) if at == place));
        assert!(matches!(store.set_default(&name("x")), Err(BookError::Unusable { place: at, .. }) if at == place));
        assert!(matches!(store.forget(&name("x")), Err(BookError::Unusable { place: at, .. }) if at == place));
        fs::set_permissions(&store.path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(store.list(), Err(BookError::Exposed { place, .. }) if place == path));
        let locked = store.set(Err(ReplaceError::Locked.into()));
        assert!(matches!(locked, Err(BookError::NotWritten { place, .. }) if place == path));
        let outgrown = store.set(Err(ConfigError::Outgrown.into()));
        assert!(matches!(outgrown, Err(BookError::NotWritten { place, .. }) if place == path));
    }

    #[test]
    fn a_change_that_may_not_last_is_told_with_what_was_forgotten() {
        let (_sandbox, store) = store_of("");
        let failure = || ReplaceError::NotDurable(io::Error::other("full"));
        let held = ForgottenProfile { server: None, token: Some(HeldToken::WithoutId) };
        let forgetting = store.forgotten(Err(RevisionError::NotDurable(held.clone(), failure()))).unwrap_err();
        assert!(matches!(&forgetting, BookError::NotDurable { forgotten, .. } if *forgotten == Some(held)));
        let setting = store.set(Err(RevisionError::NotDurable((), failure()))).unwrap_err();
        assert!(matches!(&setting, BookError::NotDurable { forgotten: None, .. }));
        for error in [forgetting, setting] {
            let path = store.path.display();
            assert_eq!(error.to_string(), format!("{path} was changed, but the change may not survive a power cut"));
            assert_eq!(error.source().unwrap().to_string(), "syncing its directory failed");
        }
    }
}
