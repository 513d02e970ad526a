//! The side of the store that a login sees: what a profile holds, and how a session is stored in it.

use super::document::Document;
use super::edit::{self, Stored};
use super::private_file::OpenError;
use super::revision::{Decision, Revised, RevisionError, check_size};
use super::{ConfigError, TomlStore, dry_run};
use crate::domain::new_session::NewSession;
use crate::domain::replaced_name::replaced_names;
use crate::domain::session::ProfileName;
use crate::domain::stored_token::{ProfileContents, StoredToken};
use crate::ports::session_keeper::{KeepError, Saving, SessionKeeper};

impl SessionKeeper for TomlStore {
    fn look_up(&self, profile: &ProfileName) -> Result<ProfileContents, KeepError> {
        self.try_look_up(profile).map_err(|error| self.not_kept(error))
    }

    fn rehearse_save(&self, session: &NewSession) -> Result<(), KeepError> {
        self.try_rehearse_save(session).map_err(|error| self.not_kept(error))
    }

    fn save(&self, session: &NewSession) -> Result<Saving, KeepError> {
        self.saved(self.revise_or_create(|text| {
            let Some((stored, put_aside)) = with_session(text, session)? else { return Ok(Decision::Keep(())) };
            if let Some(name) = &put_aside {
                self.memory().put_aside = Some((name.clone(), stored.gap));
            }
            Ok(Decision::Write(stored.text, put_aside))
        }))
    }
}

/// What a save comes to: there is nothing to tell of a token that was left alone, and of one that was put aside, where.
type Saved = Result<Revised<(), Option<ProfileName>>, RevisionError<Option<ProfileName>>>;

impl TomlStore {
    fn saved(&self, saved: Saved) -> Result<Saving, KeepError> {
        match saved {
            Ok(Revised::Kept(())) => Ok(Saving::Superseded),
            Ok(Revised::Written(put_aside)) => Ok(Saving::Saved { put_aside }),
            Err(RevisionError::Unchanged(error)) => {
                Err(KeepError::NotSaved { place: self.place(error.position()), source: error.into() })
            }
            Err(RevisionError::NotDurable(put_aside, error)) => {
                Err(KeepError::NotDurable { place: self.place(None), put_aside, source: error.into() })
            }
        }
    }

    fn try_look_up(&self, profile: &ProfileName) -> Result<ProfileContents, ConfigError> {
        let Some(text) = self.read()? else { return Ok(ProfileContents::default()) };
        let document = Document::parse(&text)?;
        let Some(profile) = document.profile(profile)? else { return Ok(ProfileContents::default()) };
        Ok(ProfileContents {
            server: profile.server.map(|(server, _)| server.to_owned()),
            token: profile.token.and_then(|(token, _)| StoredToken::new(token)),
        })
    }

    fn try_rehearse_save(&self, session: &NewSession) -> Result<(), ConfigError> {
        let text = self.read()?.unwrap_or_default();
        let mut size = 0;
        for expires_at in [Some(session.time), None] {
            let session = NewSession { expires_at, ..session.clone() };
            let (stored, put_aside) = with_session(&text, &session)?.ok_or(ConfigError::Superseded)?;
            check_size(&stored.text)?;
            size = size.max(stored.text.len());
            if let Some(put_aside) = put_aside {
                edit::without_profile_and_gap(Document::parse(&stored.text)?, &put_aside, &stored.gap)?;
            }
        }
        dry_run::check(&self.path, size)
    }

    fn not_kept(&self, error: ConfigError) -> KeepError {
        let place = self.place(error.position());
        match error {
            ConfigError::Open(OpenError::TooWide(_)) => KeepError::Exposed { place, source: error.into() },
            ConfigError::Superseded | ConfigError::Outgrown | ConfigError::Replace(_) => {
                KeepError::Unstorable { place, source: error.into() }
            }
            _ => KeepError::Unusable { place, source: error.into() },
        }
    }
}

/// The text with the session in it, and the profile to which the token moves that its profile holds. `None` means that
/// this is a token which the login did not see.
fn with_session(text: &str, session: &NewSession) -> Result<Option<(Stored, Option<ProfileName>)>, ConfigError> {
    let document = Document::parse(text)?;
    let held = document.profile(&session.profile)?.and_then(|profile| profile.token);
    let held = held.and_then(|(token, _)| StoredToken::new(token));
    let replaced = held.filter(|held| held.expose_secret() != session.token.expose_secret());
    if replaced.is_some() && replaced != session.held_before.token {
        return Ok(None);
    }
    let put_aside = replaced.and_then(|replaced| {
        replaced_names(&session.profile, &replaced, session.time).find(|name| !document.has_entry(name))
    });
    let expires_at = session.expires_at.map(|time| time.to_string());
    let stored = edit::with_session(
        document,
        &edit::NewSession {
            profile: &session.profile,
            server: session.server.as_given(),
            token: session.token.expose_secret(),
            expires_at: expires_at.as_deref(),
            put_aside: put_aside.as_ref(),
        },
    )?;
    Ok(Some((stored, put_aside)))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::{Path, PathBuf};
    use std::time::{Duration, Instant, UNIX_EPOCH};

    use tempfile::TempDir;

    use super::*;
    use crate::adapters::toml_store::private_file::MAX_SIZE;
    use crate::adapters::toml_store::replace::{ReplaceError, TEMP_NAME};
    use crate::domain::bearer_token::BearerToken;
    use crate::domain::server_url::ServerUrl;
    use crate::domain::session::Selection;
    use crate::domain::timestamp::Timestamp;
    use crate::ports::credential_store::CredentialStore;

    const OLD: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_old";
    const KEPT_AS: &str = "x-replaced-0192f0c1-2345-7abc-8def-0123456789ab";
    const NEW_FILE: &str = "default = \"x\"\n\n[profiles.x]\nserver = \"https://h\"\ntoken = \"new\"\n";

    fn name(name: &str) -> ProfileName {
        ProfileName::new(name).unwrap()
    }

    /// A session for `x`, which held this token.
    fn session(held_before: &str) -> NewSession {
        NewSession {
            profile: name("x"),
            server: ServerUrl::parse("https://h").unwrap(),
            token: BearerToken::parse("new").unwrap(),
            expires_at: None,
            held_before: ProfileContents { server: None, token: StoredToken::new(held_before) },
            time: Timestamp::from(UNIX_EPOCH),
        }
    }

    fn placeholder(held_before: &str) -> NewSession {
        NewSession { token: BearerToken::placeholder(), ..session(held_before) }
    }

    fn write(path: &Path, contents: &str) {
        fs::write(path, contents).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    /// A store over a file with these contents, and what keeps the file.
    fn store_of(contents: &str) -> (TempDir, TomlStore) {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("config");
        write(&path, contents);
        (sandbox, TomlStore::new(path))
    }

    fn read(store: &TomlStore) -> String {
        fs::read_to_string(&store.path).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    fn names_in(directory: &Path) -> Vec<PathBuf> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// The error with its cause.
    fn told(error: &KeepError) -> (String, String) {
        (error.to_string(), std::error::Error::source(error).unwrap().to_string())
    }

    #[test]
    fn a_first_session_is_stored_with_its_directories_which_nobody_else_may_enter() {
        let sandbox = tempfile::tempdir().unwrap();
        let store = TomlStore::new(sandbox.path().join("a/b/config"));
        store.rehearse_save(&placeholder("")).unwrap();
        assert!(names_in(sandbox.path()).is_empty(), "a rehearsal creates nothing");
        assert_eq!(store.save(&session("")).unwrap(), Saving::Saved { put_aside: None });
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
            (TEMP_NAME, "its name is that of the temporary file that would replace it"),
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
        let old = format!("[profiles.x]\nserver = \"https://h\"\ntoken = \"{OLD}\"\n[z]\nk = 1\n");
        for end in ["", "\n", "# end", "# end\n\n"] {
            let (_sandbox, store) = store_of(&format!("default = \"x\"\n{old}{end}"));
            let expected = format!("default = \"x\"\n{}{end}", old.replace(OLD, "new"));
            assert_eq!(store.save(&session(OLD)).unwrap(), Saving::Saved { put_aside: Some(name(KEPT_AS)) });
            assert_ne!(read(&store), expected);
            let put_aside = store.find(&Selection::Named(name(KEPT_AS))).unwrap().unwrap();
            store.rehearse_clear(&put_aside).unwrap();
            store.clear(&put_aside).unwrap();
            assert_eq!(read(&store), expected);
        }
    }

    #[test]
    fn the_gap_goes_also_where_the_file_changed_between_the_look_and_the_clearing() {
        let old = format!("default = \"x\"\n[profiles.x]\nserver = \"https://h\"\ntoken = \"{OLD}\"\n");
        let (_sandbox, store) = store_of(&old);
        store.save(&session(OLD)).unwrap();
        let put_aside = store.find(&Selection::Named(name(KEPT_AS))).unwrap().unwrap();
        write(&store.path, &format!("# new\n{}", read(&store)));
        store.clear(&put_aside).unwrap();
        assert_eq!(read(&store), format!("# new\n{}", old.replace(OLD, "new")));
    }

    #[test]
    fn a_name_is_taken_by_whatever_has_it() {
        let text = format!("[profiles]\nx.token = \"{OLD}\"\n\"{KEPT_AS}\" = 3\n\"{KEPT_AS}-2\".sub = {{}}\n");
        let (_sandbox, store) = store_of(&text);
        store.rehearse_save(&placeholder(OLD)).unwrap();
        let put_aside = Some(name(&format!("{KEPT_AS}-3")));
        assert_eq!(store.save(&session(OLD)).unwrap(), Saving::Saved { put_aside });
    }

    #[test]
    fn a_token_that_the_login_did_not_see_is_neither_replaced_nor_rehearsed() {
        let text = format!("[profiles.x]\ntoken = \"{OLD}\"\n");
        let (_sandbox, store) = store_of(&text);
        let inode = fs::metadata(&store.path).unwrap().ino();
        for seen in ["", "other"] {
            assert_eq!(store.save(&session(seen)).unwrap(), Saving::Superseded);
            let error = store.rehearse_save(&placeholder(seen)).unwrap_err();
            assert!(matches!(error, KeepError::Unstorable { .. }));
            assert_eq!(told(&error).1, "the profile holds another token than a moment ago");
        }
        assert_eq!((read(&store), fs::metadata(&store.path).unwrap().ino()), (text, inode));
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let comment = format!("#{}\n", "x".repeat(usize::try_from(MAX_SIZE).unwrap() - 100));
        let (_sandbox, store) = store_of(&comment);
        let error = store.rehearse_save(&placeholder("")).unwrap_err();
        assert!(matches!(error, KeepError::Unstorable { .. }));
        assert_eq!(told(&error).1, "it would be larger than 16 MiB");
        store.save(&session("")).unwrap();
        write(&store.path, &comment);
        let long = NewSession { token: BearerToken::placeholder(), ..session("") };
        assert!(matches!(store.save(&long), Err(KeepError::NotSaved { .. })));
        assert_eq!(read(&store), comment);
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
        assert!(matches!(error, KeepError::Unstorable { .. }));
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
        let look_up = store.look_up(&name("x")).unwrap_err();
        assert_eq!(told(&look_up), (format!("{place} cannot be used"), cause.clone()));
        let rehearsal = store.rehearse_save(&placeholder("")).unwrap_err();
        assert_eq!(told(&rehearsal), (format!("{place} cannot be used"), cause.clone()));
        let save = store.save(&session("")).unwrap_err();
        assert_eq!(told(&save), (format!("the session was not stored in {place}"), cause));
        fs::set_permissions(&store.path, Permissions::from_mode(0o640)).unwrap();
        let (look_up, rehearsal) = (store.look_up(&name("x")), store.rehearse_save(&placeholder("")));
        assert!(matches!(look_up, Err(KeepError::Exposed { place, .. }) if place == path));
        assert!(matches!(rehearsal, Err(KeepError::Exposed { place, .. }) if place == path));
    }

    #[test]
    fn a_session_that_may_not_last_is_told_with_what_was_put_aside() {
        let (_sandbox, store) = store_of("");
        let failure = ReplaceError::NotDurable(io::Error::other("full"));
        let error = store.saved(Err(RevisionError::NotDurable(Some(name(KEPT_AS)), failure))).unwrap_err();
        assert!(matches!(&error, KeepError::NotDurable { put_aside, .. } if *put_aside == Some(name(KEPT_AS))));
        let path = store.path.display();
        let words = format!("the session was stored in {path}, but may not survive a power cut");
        assert_eq!(told(&error), (words, "syncing its directory failed".to_owned()));
    }

    #[test]
    fn a_lock_that_is_held_is_waited_for_and_then_told() {
        let sandbox = tempfile::tempdir().unwrap();
        let store = TomlStore::new(sandbox.path().join("config"));
        let other = File::open(sandbox.path()).unwrap();
        other.lock().unwrap();
        store.rehearse_save(&placeholder("")).unwrap();
        let begin = Instant::now();
        let error = store.save(&session("")).unwrap_err();
        assert!((Duration::from_secs(10)..Duration::from_secs(15)).contains(&begin.elapsed()));
        assert!(matches!(error, KeepError::NotSaved { .. }));
        assert_eq!(told(&error).1, "another program has held the lock on its directory for 10 seconds");
        assert!(names_in(sandbox.path()).is_empty());
    }

    #[test]
    fn of_two_first_sessions_none_is_lost() {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("a/b/config");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let store = TomlStore::new(&path);
                let session = NewSession { profile: name(&format!("p{number}")), ..session("") };
                scope.spawn(move || store.save(&session).unwrap());
            }
        });
        assert_eq!(fs::read_to_string(&path).unwrap().matches("[profiles.p").count(), 8);
    }
}
