//! Bugs in copies of the store.

use std::sync::Mutex;

use plexctl::domain::new_session::NewSession;
use plexctl::domain::session::{ProfileName, Selection, Session};
use plexctl::domain::{Profile, ProfileToken};
use plexctl::ports::{
    Clearing, CredentialStore, DefaultSetting, Forgetting, NoSessionReason, ProfileKey, ProfileList, ProfileReader,
    ProfileWriter, Saving, StoreError,
};
use plexctl::testing::InMemoryStore;
use plexctl::testing::contract::{
    ProfileStoreUnderTest, StoreUnderTest, a_profile_reader_keeps_its_promises, a_profile_writer_keeps_its_promises,
    a_store_keeps_its_promises,
};

/// A copy of the fake with the bug of this number. Number 0 has none.
struct Planted<const BUG: u8> {
    store: InMemoryStore,
    /// The profiles whose token is an empty text.
    empty: Mutex<Vec<ProfileName>>,
    is_broken: Mutex<bool>,
}

fn error(text: &str) -> StoreError {
    StoreError::NotWritten { place: "memory".into(), source: text.into() }
}

impl<const BUG: u8> Planted<BUG> {
    fn profiles(&self) -> Vec<Profile> {
        self.store.list().unwrap().profiles
    }

    fn held(&self, name: &ProfileName) -> Option<Profile> {
        self.store.profile(name)
    }

    fn is_broken(&self) -> bool {
        std::mem::take(&mut *self.is_broken.lock().unwrap())
    }
}

impl<const BUG: u8> StoreUnderTest for Planted<BUG> {
    fn holding(profiles: &[Profile], pointer: Option<&str>) -> Self {
        let store = InMemoryStore::holding(profiles, pointer);
        Self { store, empty: Mutex::default(), is_broken: Mutex::default() }
    }

    fn store(&self) -> &dyn CredentialStore {
        self
    }

    fn put(&self, profile: &Profile) {
        self.store.put(profile.clone());
    }

    fn put_empty_token(&self, profile: &str) {
        self.store.put_empty_token(profile);
        self.empty.lock().unwrap().push(ProfileName::new(profile).unwrap());
    }

    fn remove(&self, profile: &str) {
        StoreUnderTest::remove(&self.store, profile);
    }

    fn snapshot(&self) -> String {
        self.store.snapshot()
    }

    fn break_next_change(&self) {
        self.store.break_next_change();
        *self.is_broken.lock().unwrap() = true;
    }

    fn mend(&self) {}
}

impl<const BUG: u8> ProfileStoreUnderTest for Planted<BUG> {
    fn reader(&self) -> &dyn ProfileReader {
        self
    }

    fn writer(&self) -> &dyn ProfileWriter {
        self
    }
}

impl<const BUG: u8> CredentialStore for Planted<BUG> {
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError> {
        let selected = match selection {
            Selection::Default => self.store.pointer(),
            Selection::Named(name) => Some(name.clone()),
        };
        let held = selected.as_ref().and_then(|name| self.held(name));
        match BUG {
            // A default that names a missing profile falls through to the first one.
            20 if *selection == Selection::Default && selected.is_some() && held.is_none() => {
                return Ok(self.profiles().first().and_then(Profile::to_session));
            }
            // An empty stored token is an error.
            21 if selected.as_ref().is_some_and(|name| self.empty.lock().unwrap().contains(name)) => {
                return Err(error("an empty token"));
            }
            // Without a pointer the only profile is taken.
            22 if selected.is_none() && self.profiles().len() == 1 => {
                return Ok(self.profiles()[0].to_session());
            }
            // Finding nothing creates something.
            30 if held.is_none() => self.store.put(Profile::new(ProfileName::new("created").unwrap())),
            // The text of a stored token that is no session token stands in the error.
            80 if held.as_ref().is_some_and(|held| held.to_session().is_none() && held.token.is_some()) => {
                let text = held.unwrap().token.unwrap().expose_secret().to_owned();
                return Err(StoreError::NotASessionToken { place: "memory".into(), source: text.into() });
            }
            _ => {}
        }
        let found = self.store.find(selection)?;
        Ok(found.map(|session| match BUG {
            // A missing server becomes an empty one; a server is lost; a server is put right.
            10 => Session { server: Some(session.server.unwrap_or_default()), ..session },
            11 => Session { server: None, ..session },
            12 => Session { server: session.server.filter(|server| server.starts_with("https://")), ..session },
            _ => session,
        }))
    }

    fn rehearse_clear(&self, session: &Session) -> Result<(), StoreError> {
        match BUG {
            // A rehearsal clears.
            31 => self.store.clear(session).map(|_| ()),
            // Only the session that was found last can be rehearsed.
            40 if self.store.calls().last()
                != Some(&plexctl::testing::StoreCall::Find(Selection::Named(session.profile.clone()))) =>
            {
                Err(error("not found last"))
            }
            _ => self.store.rehearse_clear(session),
        }
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        let pointer = self.store.pointer();
        let held = self.held(&session.profile).and_then(|held| held.token);
        let is_broken = self.is_broken();
        match BUG {
            // Whatever the profile holds is removed.
            50 if !is_broken => {
                if let Some(held) = self.held(&session.profile) {
                    self.store.forget(&held)?;
                }
                return Ok(Clearing::Cleared);
            }
            // A rotated token is kept.
            51 if held.as_ref().is_some_and(|held| held.expose_secret() != session.token.expose_secret()) => {
                return Ok(Clearing::Superseded);
            }
            // What is gone is told as if it were newer; what is newer as if it were gone; and what is gone is an error.
            60 if held.is_none() => return Ok(Clearing::Superseded),
            61 => return self.store.clear(session).map(|_| Clearing::Cleared),
            62 if held.is_none() => return Err(error("gone")),
            // A failure removes the profile all the same.
            70 if is_broken => {
                self.store.remove(&session.profile);
                return self.store.clear(session);
            }
            // The failure of a change shows the token.
            81 if is_broken => {
                self.store.clear(session).unwrap_err();
                let source = session.token.expose_secret().into();
                return Err(StoreError::NotCleared { place: "memory".into(), source });
            }
            _ => {}
        }
        let clearing = self.store.clear(session);
        match (BUG, &clearing, pointer) {
            // The pointer stays.
            (41, Ok(Clearing::Cleared), Some(pointer)) if pointer == session.profile => {
                let profile = Profile::new(pointer.clone());
                self.store.put(profile);
                self.store.set_default(&pointer).unwrap();
                self.store.remove(&pointer);
            }
            // Another profile goes as well.
            (42, Ok(Clearing::Cleared), _) => self.store.remove(&ProfileName::new("other").unwrap()),
            _ => {}
        }
        clearing
    }
}

impl<const BUG: u8> ProfileReader for Planted<BUG> {
    fn look_up(&self, selection: &Selection) -> Result<Option<Profile>, StoreError> {
        let found = self.store.look_up(selection)?;
        match BUG {
            // Only a profile with a usable token is found; the expiry is lost; the binding is lost.
            110 => Ok(found.filter(|found| found.token.as_ref().is_none_or(|token| token.to_bearer().is_ok()))),
            111 => Ok(found.map(|found| Profile { expires_at: None, ..found })),
            112 => Ok(found.map(|found| Profile { idp_binding: None, ..found })),
            // The pointer falls through.
            120 if found.is_none() && *selection == Selection::Default => Ok(self.profiles().into_iter().next()),
            // What is missing is an error.
            121 if found.is_none() => Err(error("missing")),
            // A look-up creates something.
            150 => {
                self.store.put(Profile::new(ProfileName::new("created").unwrap()));
                Ok(found)
            }
            _ => Ok(found),
        }
    }

    fn list(&self) -> Result<ProfileList, StoreError> {
        let mut list = self.store.list()?;
        match BUG {
            // The place shows a token.
            160 => {
                let token = list.profiles.iter().find_map(|profile| profile.token.as_ref());
                list.place = token.map_or_else(String::new, |token| token.expose_secret().to_owned()) + "/";
            }
            // The list is sorted; one without a token is left out; a pointer to nothing is left out.
            130 => list.profiles.sort_by(|left, right| left.name.cmp(&right.name)),
            131 => list.profiles.retain(|profile| profile.token.is_some()),
            132 => list.default = list.default.filter(|default| list.profiles.iter().any(|it| it.name == *default)),
            _ => {}
        }
        Ok(list)
    }

    fn why_none(&self, selection: &Selection) -> Option<NoSessionReason> {
        let reason = self.store.why_none(selection);
        match (BUG, reason) {
            // A dangling pointer is told as a missing profile; a missing token is not told.
            (140, Some(NoSessionReason::DanglingDefault { name, profiles })) => {
                Some(NoSessionReason::NoProfile { name, profiles })
            }
            (141, Some(NoSessionReason::NoToken { .. })) => None,
            (_, reason) => reason,
        }
    }

    fn place_of(&self, profile: &ProfileName, key: ProfileKey) -> String {
        self.store.place_of(profile, key)
    }
}

impl<const BUG: u8> ProfileWriter for Planted<BUG> {
    fn rehearse_save(&self, session: &NewSession) -> Result<(), StoreError> {
        match BUG {
            // A rehearsal saves; a token that is no session token cannot be rehearsed.
            201 => self.store.save(session).map(|_| ()),
            202 if session.token.id().is_none() => Err(error("no session token")),
            _ => self.store.rehearse_save(session),
        }
    }

    fn save(&self, session: &NewSession) -> Result<Saving, StoreError> {
        let held = self.held(&session.profile);
        let is_broken = self.is_broken();
        let seen = || held.clone();
        let saved = match BUG {
            // Whatever the profile holds is replaced.
            210 => self.store.save(&NewSession { held_before: seen(), ..session.clone() }),
            // A token that was rotated meanwhile is another session.
            211 if held.as_ref().is_some_and(|held| {
                held.token.is_some()
                    && held.token != session.held_before.as_ref().and_then(|before| before.token.clone())
                    && held.token != Some(session.token.clone().into())
            }) =>
            {
                Ok(Saving::Superseded)
            }
            // The old expiry stays where none is known; the domain is not stored.
            220 => {
                let expires_at = session.expires_at.or(held.as_ref().and_then(|held| held.expires_at));
                self.store.save(&NewSession { expires_at, ..session.clone() })
            }
            221 => self.store.save(&NewSession { idp_binding: None, ..session.clone() }),
            // The pointer is taken over.
            222 => {
                let saved = self.store.save(session);
                if matches!(saved, Ok(Saving::Saved { .. })) {
                    self.store.set_default(&session.profile).unwrap();
                }
                saved
            }
            // A rotation puts the old secret aside.
            230 => match self.store.save(session) {
                Ok(Saving::Saved { replaced: None, not_durable })
                    if held.as_ref().is_some_and(|held| {
                        held.token.is_some() && held.token != Some(session.token.clone().into())
                    }) =>
                {
                    Ok(Saving::Saved { replaced: held, not_durable })
                }
                saved => saved,
            },
            // Errors after which something is changed, or that show the token.
            240 if is_broken => {
                self.store.put(session.to_profile());
                self.store.save(session)
            }
            250 if is_broken => Err(error(session.token.expose_secret())),
            _ => self.store.save(session),
        };
        match (BUG, saved) {
            // What was replaced is lost; it is told and lost; its expiry is.
            (231, Ok(Saving::Saved { not_durable, .. })) => Ok(Saving::Saved { replaced: None, not_durable }),
            (232, Ok(Saving::Saved { replaced: Some(replaced), not_durable })) => {
                self.store.remove(&replaced.name);
                Ok(Saving::Saved { replaced: Some(replaced), not_durable })
            }
            (233, Ok(Saving::Saved { replaced: Some(replaced), not_durable })) => {
                let replaced = Profile { expires_at: None, ..replaced };
                self.store.put(replaced.clone());
                Ok(Saving::Saved { replaced: Some(replaced), not_durable })
            }
            (_, saved) => saved,
        }
    }

    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, StoreError> {
        match BUG {
            // The profile is touched; a missing one becomes the default.
            235 => {
                if let Some(held) = self.held(profile) {
                    self.store.put(Profile { server: None, ..held });
                }
                self.store.set_default(profile)
            }
            236 if self.held(profile).is_none() => {
                self.store.put(Profile::new(profile.clone()));
                self.store.set_default(profile)
            }
            241 if self.is_broken() => {
                let held = self.held(profile).unwrap();
                self.store.put(Profile { server: None, ..held });
                Err(error("full"))
            }
            _ => self.store.set_default(profile),
        }
    }

    fn forget(&self, profile: &Profile) -> Result<Forgetting, StoreError> {
        let pointer = self.store.pointer();
        let is_broken = self.is_broken();
        match BUG {
            // Whatever the profile holds is forgotten.
            237 if !is_broken => {
                let known = self.held(&profile.name).unwrap_or_else(|| profile.clone());
                return self.store.forget(&known);
            }
            // What is missing counts as forgotten.
            238 if self.held(&profile.name).is_none() => return Ok(Forgetting::Forgotten),
            251 if is_broken => {
                let token = profile.token.as_ref().map(ProfileToken::expose_secret);
                return Err(error(token.unwrap_or_default()));
            }
            _ => {}
        }
        let forgotten = self.store.forget(profile);
        // Any pointer goes.
        if BUG == 239
            && let Some(pointer) = pointer
            && forgotten.is_ok()
        {
            self.store.put(Profile::new(ProfileName::new("last").unwrap()));
            self.store.set_default(&ProfileName::new("last").unwrap()).unwrap();
            self.store.forget(&Profile::new(ProfileName::new("last").unwrap())).unwrap();
            drop(pointer);
        }
        forgotten
    }
}

#[test]
fn store_suite_names_broken_promise() {
    assert_named!(
        a_store_keeps_its_promises, Planted:
        10 => 1, 11 => 1, 12 => 1, 20 => 2, 21 => 2, 22 => 2, 30 => 3, 31 => 3, 40 => 4, 41 => 4, 42 => 4, 50 => 5,
        51 => 5, 60 => 6, 61 => 6, 62 => 6, 70 => 7, 80 => 8, 81 => 8,
    );
}

#[test]
fn reader_suite_names_broken_promise() {
    assert_named!(
        a_profile_reader_keeps_its_promises, Planted:
        110 => 1, 111 => 1, 112 => 1, 120 => 2, 121 => 2, 130 => 3, 131 => 3, 132 => 3, 140 => 4, 141 => 4, 150 => 5,
        160 => 6,
    );
}

#[test]
fn writer_suite_names_broken_promise() {
    assert_named!(
        a_profile_writer_keeps_its_promises, Planted:
        201 => 1, 202 => 1, 210 => 2, 211 => 2, 220 => 3, 221 => 3, 222 => 3, 230 => 4, 231 => 4, 232 => 4, 233 => 4,
        235 => 5, 237 => 6, 239 => 6, 236 => 7, 238 => 7, 240 => 8, 241 => 8, 250 => 9, 251 => 9,
    );
}
