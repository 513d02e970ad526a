//! Finding, rehearsing and clearing a session.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{named, read, store_of, write};
use crate::adapters::toml_store::TomlStore;
use crate::adapters::toml_store::file::TEMP_NAME;
use crate::domain::session::Session;
use crate::ports::credential_store::{Clearing, CredentialStore};
use crate::ports::store_error::StoreError;

const X: &str = "[profiles.x]\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_x\"\n";
const Y: &str = "[profiles.y]\ntoken = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ac_y\"\n";

fn find(store: &TomlStore, name: &str) -> Session {
    store.find(&named(name)).unwrap().unwrap()
}

#[test]
fn any_session_is_rehearsed_whatever_was_found_last() {
    let (_sandbox, store) = store_of(&format!("{X}{Y}"));
    let (x, y) = (find(&store, "x"), find(&store, "y"));
    for session in [&x, &y, &x] {
        store.rehearse_clear(session).unwrap();
        TomlStore::new(&store.path).rehearse_clear(session).unwrap();
    }
    assert_eq!(read(&store), format!("{X}{Y}"));
}

#[test]
fn a_rehearsal_finds_what_clearing_would_fail_on() {
    let (_sandbox, store) = store_of(X);
    let x = find(&store, "x");
    for (text, is_cleared) in [
        (Y, true),
        ("", true),
        (&X.replace("ab_x", "ad_newer"), true),
        ("not TOML", false),
        ("[profiles.x]\ntoken = 3\n", false),
    ] {
        write(&store.path, text);
        let other = TomlStore::new(&store.path);
        assert_eq!(other.rehearse_clear(&x).is_ok(), is_cleared, "{text:?}");
        assert_eq!(other.clear(&x).is_ok(), is_cleared, "{text:?}");
    }
    fs::remove_file(&store.path).unwrap();
    assert!(TomlStore::new(&store.path).rehearse_clear(&x).is_ok());
}

#[test]
fn a_rehearsal_of_another_session_is_not_what_is_cleared() {
    let (_sandbox, store) = store_of(&format!("{X}{Y}"));
    let x = find(&store, "x");
    find(&store, "y");
    assert_eq!(store.clear(&x).unwrap(), Clearing::Cleared);
    assert_eq!(read(&store), Y);
}

#[test]
fn a_rehearsal_of_another_text_is_not_what_is_written() {
    let (_sandbox, store) = store_of(X);
    let x = find(&store, "x");
    write(&store.path, &format!("# new\n{X}{Y}"));
    assert_eq!(store.clear(&x).unwrap(), Clearing::Cleared);
    assert_eq!(read(&store), format!("# new\n{Y}"));
}

#[test]
fn a_token_with_another_id_is_kept_and_a_rotated_one_is_cleared() {
    let (newer, rotated) = (X.replace("ab_x", "ad_newer"), X.replace("ab_x", "ab_rotated"));
    let cases = [
        (newer.as_str(), Clearing::Superseded, newer.as_str()),
        ("[profiles.x]\ntoken = 'a JWT'\n", Clearing::Superseded, "[profiles.x]\ntoken = 'a JWT'\n"),
        (&rotated, Clearing::Cleared, ""),
        (Y, Clearing::Cleared, Y),
        ("[profiles.x]\n", Clearing::Cleared, "[profiles.x]\n"),
    ];
    for (meanwhile, clearing, left) in cases {
        let (_sandbox, store) = store_of(X);
        let x = find(&store, "x");
        write(&store.path, meanwhile);
        assert_eq!(store.clear(&x).unwrap(), clearing);
        assert_eq!(read(&store), left);
    }
}

/// Where it is seen to be gone and then to be there, it has to be looked at again.
#[test]
fn a_file_that_comes_and_goes_with_a_newer_token_is_kept_or_gone_and_never_an_error() {
    let (sandbox, store) = store_of(X);
    let x = find(&store, "x");
    write(&store.path, &X.replace("ab_x", "ad_newer"));
    let (path, away) = (store.path.clone(), sandbox.path().join("away"));
    let stop = AtomicBool::new(false);
    let clearings = thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                fs::rename(&path, &away).unwrap();
                fs::rename(&away, &path).unwrap();
            }
        });
        let clearings: Vec<_> = (0..2000).map(|_| store.clear(&x)).collect();
        stop.store(true, Ordering::Relaxed);
        clearings
    });
    for clearing in clearings {
        clearing.unwrap();
    }
}

#[test]
fn what_would_fail_under_the_lock_is_found_where_there_is_a_session() {
    let sandbox = tempfile::tempdir().unwrap();
    let store = TomlStore::new(sandbox.path().join(TEMP_NAME));
    write(&store.path, X);
    let error = store.find(&named("x")).unwrap_err();
    assert!(matches!(error, StoreError::Unusable { place, .. } if place == store.path.display().to_string()));
    assert!(store.find(&named("y")).unwrap().is_none());
}

#[test]
fn an_error_tells_the_place_and_the_consequence() {
    let (_sandbox, store) = store_of("[profiles.x]\ntoken = \"nsk_dev\"\n");
    let path = store.path.display().to_string();
    let error = || store.find(&named("x")).unwrap_err();
    assert!(matches!(error(), StoreError::NotASessionToken { place, .. } if place == format!("{path}:2:9")));
    write(&store.path, "[profiles.x]\ntoken = 3\n");
    assert!(matches!(error(), StoreError::Unusable { place, .. } if place == format!("{path}:2:9")));
    fs::set_permissions(&store.path, Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(error(), StoreError::Exposed { place, .. } if place == path));
}
