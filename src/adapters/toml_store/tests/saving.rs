//! Saving a session, and the profile that its predecessor moves to.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::{name, named, profile, read, store_of, told, write};
use crate::adapters::toml_store::TomlStore;
use crate::adapters::toml_store::file::{MAX_SIZE, TEMP_NAME};
use crate::domain::bearer_token::BearerToken;
use crate::domain::identifier::Identifier;
use crate::domain::new_session::NewSession;
use crate::domain::profile::Profile;
use crate::domain::server_url::ServerUrl;
use crate::domain::timestamp::Timestamp;
use crate::ports::credential_store::CredentialStore;
use crate::ports::profile_reader::ProfileReader;
use crate::ports::profile_writer::{ProfileWriter, Saving};
use crate::ports::store_error::StoreError;

/// Saves a session for good, and gives the profile back that its predecessor moved to.
fn saved(store: &TomlStore, session: &NewSession) -> Option<Profile> {
    match store.save(session).unwrap() {
        Saving::Saved { replaced, not_durable: None } => replaced,
        other => panic!("{other:?}"),
    }
}

const OLD: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_old";
const KEPT_AS: &str = "x-replaced-0192f0c1-2345-7abc-8def-0123456789ab";
const DOMAIN_ID: &str = "0192f0c1-0000-7000-8000-00000000000a";
const NEW_FILE: &str = "default = \"x\"\n\n[profiles.x]\nserver = \"https://h\"\ntoken = \"new\"\n\
    domain_id = \"0192f0c1-0000-7000-8000-00000000000a\"\n";

/// A session for `x`, which held this token.
fn session(held_before: &str) -> NewSession {
    NewSession {
        profile: name("x"),
        server: ServerUrl::parse("https://h").unwrap(),
        token: BearerToken::parse("new").unwrap(),
        expires_at: None,
        domain_id: Identifier::parse(DOMAIN_ID).unwrap(),
        idp_binding: None,
        held_before: Some(profile("x", None, held_before)),
        time: Timestamp::from(UNIX_EPOCH),
    }
}

fn placeholder(held_before: &str) -> NewSession {
    NewSession { token: BearerToken::placeholder(), ..session(held_before) }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn names_in(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_first_session_is_stored_in_private_directories() {
    let sandbox = tempfile::tempdir().unwrap();
    let store = TomlStore::new(sandbox.path().join("a/b/config"));
    store.rehearse_save(&placeholder("")).unwrap();
    assert!(names_in(sandbox.path()).is_empty(), "a rehearsal creates nothing");
    assert_eq!(saved(&store, &session("")), None);
    assert_eq!(read(&store), NEW_FILE);
    assert_eq!(mode(&store.path), 0o600);
    assert_eq!(["a", "a/b"].map(|directory| mode(&sandbox.path().join(directory))), [0o700; 2]);
    assert_eq!(names_in(&sandbox.path().join("a/b")), [store.path.as_path()]);
}

#[test]
fn a_file_is_created_in_the_directory_to_which_a_link_leads() {
    let sandbox = tempfile::tempdir().unwrap();
    let at = |name: &str| sandbox.path().join(name);
    fs::create_dir(at("directory")).unwrap();
    symlink("directory", at("link")).unwrap();
    TomlStore::new(at("link/new/config")).save(&session("")).unwrap();
    assert_eq!(fs::read_to_string(at("directory/new/config")).unwrap(), NEW_FILE);
}

#[test]
fn a_path_that_can_be_no_files_is_refused_before_and_after_the_token() {
    let sandbox = tempfile::tempdir().unwrap();
    let at = |name: &str| sandbox.path().join(name);
    symlink("nowhere", at("dangling")).unwrap();
    let cases = [
        ("dangling", "a symbolic link in its path leads nowhere"),
        ("dangling/config", "a symbolic link in its path leads nowhere"),
        ("new/", "its path names a directory"),
        ("new/.", "its path names a directory"),
        ("new/..", "its path names a directory"),
        (TEMP_NAME, "its name is reserved for the temporary file that would replace it"),
    ];
    for (path, cause) in cases {
        let store = TomlStore::new(at(path));
        assert_eq!(told(&store.rehearse_save(&placeholder("")).unwrap_err()).1, cause, "{path}");
        assert_eq!(told(&store.save(&session("")).unwrap_err()).1, cause, "{path}");
    }
    assert_eq!(names_in(sandbox.path()), [at("dangling")]);
}

#[test]
fn a_link_stays_and_a_mode_stays() {
    let (sandbox, target) = store_of("");
    fs::set_permissions(&target.path, Permissions::from_mode(0o400)).unwrap();
    fs::create_dir(sandbox.path().join("elsewhere")).unwrap();
    let link = TomlStore::new(sandbox.path().join("elsewhere/link"));
    symlink("../config", &link.path).unwrap();
    link.rehearse_save(&placeholder("")).unwrap();
    link.save(&session("")).unwrap();
    assert!(fs::symlink_metadata(&link.path).unwrap().is_symlink());
    assert_eq!((read(&target).as_str(), mode(&target.path)), (NEW_FILE, 0o400));
    assert_eq!(names_in(&sandbox.path().join("elsewhere")), [link.path]);
}

#[test]
fn a_session_that_is_put_aside_and_cleared_leaves_no_trace() {
    let old =
        format!("[profiles.x]\nserver = \"https://h\"\ntoken = \"{OLD}\"\ndomain_id = \"{DOMAIN_ID}\"\n[z]\nk = 1\n");
    for end in ["", "\n", "# end", "# end\n\n"] {
        let (_sandbox, store) = store_of(&format!("default = \"x\"\n{old}{end}"));
        let expected = format!("default = \"x\"\n{}{end}", old.replace(OLD, "new"));
        assert_eq!(saved(&store, &session(OLD)).unwrap().name, name(KEPT_AS));
        assert_ne!(read(&store), expected);
        let put_aside = store.find(&named(KEPT_AS)).unwrap().unwrap();
        store.rehearse_clear(&put_aside).unwrap();
        store.clear(&put_aside).unwrap();
        assert_eq!(read(&store), expected);
    }
}

#[test]
fn the_separator_goes_also_where_the_file_changed_between_the_look_and_the_clearing() {
    let old = format!(
        "default = \"x\"\n[profiles.x]\nserver = \"https://h\"\ntoken = \"{OLD}\"\ndomain_id = \"{DOMAIN_ID}\"\n"
    );
    let (_sandbox, store) = store_of(&old);
    store.save(&session(OLD)).unwrap();
    let put_aside = store.find(&named(KEPT_AS)).unwrap().unwrap();
    write(&store.path, &format!("# new\n{}", read(&store)));
    store.clear(&put_aside).unwrap();
    assert_eq!(read(&store), format!("# new\n{}", old.replace(OLD, "new")));
}

#[test]
fn another_profile_leaves_the_empty_line_before_it() {
    let replaced = format!("[profiles.x]\nserver = \"https://h\"\ntoken = \"{OLD}\"\ndomain_id = \"{DOMAIN_ID}\"\n");
    let (_sandbox, store) = store_of(&replaced);
    store.save(&session(OLD)).unwrap();
    let before = format!("{}\n", read(&store));
    write(&store.path, &format!("{before}[profiles.other]\nserver = \"https://h\"\ntoken = \"{OLD}\"\n"));
    let other = store.find(&named("other")).unwrap().unwrap();
    store.clear(&other).unwrap();
    assert_eq!(read(&store), before);
}

#[test]
fn a_name_is_taken_by_whatever_has_it() {
    let text = format!("[profiles]\nx.token = \"{OLD}\"\n\"{KEPT_AS}\" = 3\n\"{KEPT_AS}-2\".sub = {{}}\n");
    let (_sandbox, store) = store_of(&text);
    store.rehearse_save(&placeholder(OLD)).unwrap();
    assert_eq!(saved(&store, &session(OLD)).unwrap().name, name(&format!("{KEPT_AS}-3")));
}

#[test]
fn a_token_that_the_login_did_not_see_is_neither_replaced_nor_rehearsed() {
    let text = format!("[profiles.x]\ntoken = \"{OLD}\"\n");
    let (_sandbox, store) = store_of(&text);
    let inode = fs::metadata(&store.path).unwrap().ino();
    for seen in ["", "other"] {
        assert!(matches!(store.save(&session(seen)).unwrap(), Saving::Superseded));
        let error = store.rehearse_save(&placeholder(seen)).unwrap_err();
        assert!(matches!(error, StoreError::NotStorable { .. }));
        assert_eq!(told(&error).1, "the token of the profile has changed meanwhile");
    }
    assert_eq!((read(&store), fs::metadata(&store.path).unwrap().ino()), (text, inode));
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let comment = format!("#{}\n", "x".repeat(usize::try_from(MAX_SIZE).unwrap() - 200));
    let (_sandbox, store) = store_of(&comment);
    let error = store.rehearse_save(&placeholder("")).unwrap_err();
    assert!(matches!(error, StoreError::NotStorable { .. }));
    assert_eq!(told(&error).1, "it would be larger than 16 MiB");
    store.save(&session("")).unwrap();
    write(&store.path, &comment);
    let long = NewSession { token: BearerToken::placeholder(), ..session("") };
    assert!(matches!(store.save(&long), Err(StoreError::NotWritten { .. })));
    assert_eq!(read(&store), comment);
}

#[test]
fn a_file_may_grow_up_to_what_can_be_read_again() {
    let comment = |length: usize| format!("#{}\n", "x".repeat(length - 2));
    let (_sandbox, store) = store_of(&comment(2));
    store.save(&session("")).unwrap();
    let rest = usize::try_from(MAX_SIZE).unwrap() - (read(&store).len() - 2);
    write(&store.path, &comment(rest + 1));
    assert!(matches!(store.save(&session("")), Err(StoreError::NotWritten { .. })));
    write(&store.path, &comment(rest));
    store.save(&session("")).unwrap();
    assert_eq!(fs::metadata(&store.path).unwrap().len(), MAX_SIZE);
}

#[test]
fn a_temporary_file_of_somebody_else_is_found_before_the_token_is_issued() {
    let (sandbox, store) = store_of("");
    let temp = sandbox.path().join(TEMP_NAME);
    write(&temp, "half");
    store.rehearse_save(&placeholder("")).unwrap();
    assert_eq!(fs::read_to_string(&temp).unwrap(), "half");
    fs::set_permissions(&temp, Permissions::from_mode(0o644)).unwrap();
    let error = store.rehearse_save(&placeholder("")).unwrap_err();
    assert!(matches!(error, StoreError::NotStorable { .. }));
    let cause = format!("{} is in the way and was not left by plexctl", temp.display());
    assert_eq!(told(&error).1, cause);
    assert_eq!(told(&store.save(&session("")).unwrap_err()).1, cause);
}

#[test]
fn what_is_wrong_with_the_file_is_told_by_place_and_consequence() {
    let (_sandbox, store) = store_of("[profiles.x]\ntoken = 3\n");
    let path = store.path.display().to_string();
    let place = format!("{path}:2:9");
    let cause = "the profile's `token` is not a string".to_owned();
    let look_up = store.look_up(&named("x")).unwrap_err();
    assert_eq!(told(&look_up), (format!("{place} cannot be used"), cause.clone()));
    let rehearsal = store.rehearse_save(&placeholder("")).unwrap_err();
    assert_eq!(told(&rehearsal), (format!("{place} cannot be used"), cause.clone()));
    let save = store.save(&session("")).unwrap_err();
    assert_eq!(told(&save), (format!("{place} was not changed"), cause));
    fs::set_permissions(&store.path, Permissions::from_mode(0o640)).unwrap();
    let (look_up, rehearsal) = (store.look_up(&named("x")), store.rehearse_save(&placeholder("")));
    assert!(matches!(look_up, Err(StoreError::Exposed { place, .. }) if place == path));
    assert!(matches!(rehearsal, Err(StoreError::Exposed { place, .. }) if place == path));
}

#[test]
fn a_lock_that_is_held_is_waited_for_and_then_told() {
    let sandbox = tempfile::tempdir().unwrap();
    let store = TomlStore::new(sandbox.path().join("config"));
    let other = File::open(sandbox.path()).unwrap();
    other.lock().unwrap();
    let begin = Instant::now();
    let (rehearsal, save) = thread::scope(|scope| {
        let rehearsal = scope.spawn(|| store.rehearse_save(&placeholder("")).unwrap_err());
        let save = store.save(&session("")).unwrap_err();
        (rehearsal.join().unwrap(), save)
    });
    assert!((Duration::from_secs(10)..Duration::from_secs(15)).contains(&begin.elapsed()));
    assert!(matches!(rehearsal, StoreError::NotStorable { .. }) && matches!(save, StoreError::NotWritten { .. }));
    for error in [rehearsal, save] {
        assert_eq!(told(&error).1, "another program has held the lock on its directory for 10 seconds");
    }
    assert!(names_in(sandbox.path()).is_empty());
}

#[test]
fn of_two_first_sessions_none_is_lost() {
    let sandbox = tempfile::tempdir().unwrap();
    let path = sandbox.path().join("a/b/config");
    thread::scope(|scope| {
        for number in 0..8 {
            let store = TomlStore::new(&path);
            let session = NewSession { profile: name(&format!("p{number}")), ..session("") };
            scope.spawn(move || store.save(&session).unwrap());
        }
    });
    assert_eq!(fs::read_to_string(&path).unwrap().matches("[profiles.p").count(), 8);
}

#[test]
fn a_rotated_token_replaces_nothing_and_one_that_was_rotated_meanwhile_is_put_aside() {
    let rotated = OLD.replace("_old", "_rotated");
    let text = format!("[profiles.x]\nserver = \"https://h\"\ntoken = \"{OLD}\"\ndomain_id = \"{DOMAIN_ID}\"\n");
    let (_sandbox, store) = store_of(&text);
    let rotation = NewSession { token: BearerToken::parse(rotated.as_str()).unwrap(), ..session(OLD) };
    assert_eq!(saved(&store, &rotation), None);
    assert_eq!(read(&store), format!("default = \"x\"\n{}", text.replace(OLD, &rotated)));

    // The login saw the token before its rotation.
    let replaced = saved(&store, &session(OLD)).unwrap();
    assert_eq!(replaced, profile(KEPT_AS, Some("https://h"), &rotated));
}
