//! Listing the profiles, setting the default, and forgetting a profile.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::{name, profile, read, store_of, told, write};
use crate::adapters::toml_store::TomlStore;
use crate::adapters::toml_store::file::TEMP_NAME;
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::session::ProfileName;
use crate::ports::profile_reader::ProfileReader;
use crate::ports::profile_writer::{DefaultSetting, Forgetting, ProfileWriter};
use crate::ports::store_error::StoreError;

/// Profiles in every spelling, with what cannot be named or is no profile, and with values of wrong types.
const TEXT: &str = "\u{feff}# mine\r\n'default' = \"z\"   # why\r\n\r\nprofiles . z . server = 'https://z'\r\n\
    profiles.no = 3\r\nprofiles.\"\".token = 't'\r\n[profiles.\"a b\"]\r\ntoken = 't' # old\r\n# end\r\n\
    [profiles.m]\r\ntoken = 1\r\nserver = []\r\nexpires_at = 1979-05-27 07:32:00Z\r\n[profiles.n]\r\nexpires_at = 1979-05-27";

/// The file's text, its inode and its mode.
fn state(store: &TomlStore) -> (String, u64, u32) {
    let metadata = fs::metadata(&store.path).unwrap();
    (fs::read_to_string(&store.path).unwrap(), metadata.ino(), metadata.mode() & 0o7777)
}

#[test]
fn a_list_has_the_profiles_in_the_files_order_and_takes_wrong_types_for_absent() {
    let (_sandbox, store) = store_of(TEXT);
    let list = store.list().unwrap();
    let nameless = Profile { token: ProfileToken::new("t"), ..Profile::new(ProfileName::NAMELESS) };
    let m = Profile { expires_at: list.profiles[3].expires_at, ..profile("m", None, "") };
    let expected =
        [profile("z", Some("https://z"), ""), nameless, profile("a b", None, "t"), m, profile("n", None, "")];
    assert_eq!(list.profiles, expected);
    assert_eq!(list.names(), ["z", "a b", "m", "n"].map(name));
    assert_eq!(list.profiles[3].expires_at.unwrap().to_string(), "1979-05-27T07:32:00Z");
    assert_eq!((list.place, list.default), (store.path.display().to_string(), Some(name("z"))));
}

#[test]
fn setting_the_default_changes_no_other_byte_and_keeps_the_mode() {
    let (_sandbox, store) = store_of(TEXT);
    fs::set_permissions(&store.path, Permissions::from_mode(0o400)).unwrap();
    let before = state(&store);
    assert_eq!(store.set_default(&name("z")).unwrap(), DefaultSetting::Set);
    for missing in ["no", "missing"] {
        assert_eq!(store.set_default(&name(missing)).unwrap(), DefaultSetting::NoSuchProfile);
        assert_eq!(store.forget(&profile(missing, None, "")).unwrap(), Forgetting::NoSuchProfile);
    }
    assert_eq!(state(&store), before);
    assert_eq!(store.set_default(&name("a b")).unwrap(), DefaultSetting::Set);
    let (text, _, mode) = state(&store);
    assert_eq!((text, mode), (TEXT.replace("\"z\"", "\"a b\""), 0o400));
}

#[test]
fn forgetting_takes_the_profile_whatever_it_holds_and_no_other_byte() {
    let (_sandbox, store) = store_of(TEXT);
    let mut text = TEXT.to_owned();
    for (profile, cuts) in [
        (
            profile("m", None, ""),
            &["[profiles.m]\r\ntoken = 1\r\nserver = []\r\nexpires_at = 1979-05-27 07:32:00Z\r\n"][..],
        ),
        (profile("a b", None, "t"), &["[profiles.\"a b\"]\r\ntoken = 't' # old\r\n"]),
        (
            profile("z", Some("https://z"), ""),
            &["profiles . z . server = 'https://z'\r\n", "'default' = \"z\"   # why\r\n"],
        ),
    ] {
        assert_eq!(store.forget(&profile).unwrap(), Forgetting::Forgotten);
        text = cuts.iter().fold(text, |text, cut| text.replace(cut, ""));
        assert_eq!(state(&store).0, text);
    }
}

#[test]
fn a_token_that_the_caller_does_not_know_is_not_forgotten() {
    let (_sandbox, store) = store_of(TEXT);
    for known in ["", "other"] {
        assert_eq!(store.forget(&profile("a b", None, known)).unwrap(), Forgetting::Superseded);
    }
    assert_eq!(read(&store), TEXT);
    assert_eq!(store.forget(&profile("z", None, "known")).unwrap(), Forgetting::Forgotten, "what is gone is no other");
}

/// Empty lines around the profile are not its own.
#[test]
fn forgetting_keeps_the_empty_lines_of_the_rest() {
    let (before, after) = ("a = 1\n\n\n# above\n\n", "\n\n# end\n\n\n[z]\n\n\n");
    let (_sandbox, store) = store_of(&format!("{before}[profiles.x]\ntoken = 't'\n{after}"));
    assert_eq!(store.forget(&profile("x", None, "t")).unwrap(), Forgetting::Forgotten);
    assert_eq!(read(&store), format!("{before}{after}"));
    let (_sandbox, store) = store_of(&format!("{before}[profiles.x]\ntoken = 't'\n"));
    assert_eq!(store.forget(&profile("x", None, "t")).unwrap(), Forgetting::Forgotten);
    assert_eq!(read(&store), before);
}

#[test]
fn without_a_file_there_is_nothing_and_nothing_is_created() {
    let sandbox = tempfile::tempdir().unwrap();
    let store = TomlStore::new(sandbox.path().join("a/config"));
    assert!(store.list().unwrap().profiles.is_empty());
    assert_eq!(store.set_default(&name("x")).unwrap(), DefaultSetting::NoSuchProfile);
    assert_eq!(store.forget(&profile("x", None, "t")).unwrap(), Forgetting::NoSuchProfile);
    assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), 0);
}

#[test]
fn a_failure_is_told_by_its_consequence() {
    let (sandbox, store) = store_of("default = 3\n");
    let place_of_default = format!("{}:1:11", store.path.display());
    let x = profile("x", None, "");
    for error in [store.set_default(&x.name).unwrap_err(), store.forget(&x).unwrap_err()] {
        assert!(matches!(error, StoreError::Unusable { place, .. } if place == place_of_default));
    }
    let temp = sandbox.path().join(TEMP_NAME);
    fs::create_dir(&temp).unwrap();
    write(&store.path, "[profiles.x]\n");
    for error in [store.set_default(&x.name).unwrap_err(), store.forget(&x).unwrap_err()] {
        let cause = format!("{} is in the way and was not left by plexctl", temp.display());
        assert_eq!(told(&error), (format!("{} was not changed", store.path.display()), cause));
    }
}
