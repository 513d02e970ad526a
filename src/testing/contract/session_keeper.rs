//! What a [`SessionKeeper`] promises.

use std::time::{Duration, SystemTime};

use super::{SECRET, SERVER, id, name, session_token, shown};
use crate::domain::bearer_token::BearerToken;
use crate::domain::new_session::NewSession;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::Selection;
use crate::domain::stored_token::{ProfileContents, StoredToken};
use crate::domain::timestamp::Timestamp;
use crate::ports::credential_store::{Clearing, CredentialStore};
use crate::ports::session_keeper::{KeepError, Saving, SessionKeeper};
use crate::testing::InMemoryStore;

/// A store that a login can write to, with the means to look into it and to change it from outside.
pub trait KeeperUnderTest {
    /// A store that holds these profiles, and a default pointer to this one.
    fn holding(profiles: &[(&str, ProfileContents)], pointer: Option<&str>) -> Self;

    /// The store, as it keeps sessions.
    fn keeper(&self) -> &dyn SessionKeeper;

    /// The same store, as it clears them.
    fn store(&self) -> &dyn CredentialStore;

    /// What another program does meanwhile. Without contents the profile stays, and holds nothing.
    fn put(&self, profile: &str, contents: ProfileContents);

    /// The default pointer, as it is stored.
    fn pointer(&self) -> Option<String>;

    /// The expiry that a profile stores, such as `2026-11-25T13:46:00Z`.
    fn expiry(&self, profile: &str) -> Option<String>;

    /// Makes the next saving fail.
    fn break_next_save(&self);

    /// Takes that back, where it does not end by itself.
    fn mend(&self);
}

impl KeeperUnderTest for InMemoryStore {
    fn holding(profiles: &[(&str, ProfileContents)], pointer: Option<&str>) -> Self {
        let store = pointer.map_or_else(Self::new, |pointer| Self::new().with_pointer(&name(pointer)));
        profiles.iter().fold(store, |store, (profile, contents)| store.with_profile(&name(profile), contents.clone()))
    }

    fn keeper(&self) -> &dyn SessionKeeper {
        self
    }

    fn store(&self) -> &dyn CredentialStore {
        self
    }

    fn put(&self, profile: &str, contents: ProfileContents) {
        self.put(&name(profile), contents);
    }

    fn pointer(&self) -> Option<String> {
        self.pointer().map(|name| name.as_str().to_owned())
    }

    fn expiry(&self, profile: &str) -> Option<String> {
        self.expiry(&name(profile)).map(|time| time.to_string())
    }

    fn break_next_save(&self) {
        self.fail_next_save(KeepError::NotSaved { place: "memory".into(), source: "told to".into() });
    }

    fn mend(&self) {}
}

fn contents(server: Option<&str>, token: &str) -> ProfileContents {
    ProfileContents { server: server.map(str::to_owned), token: StoredToken::new(token) }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A session for a profile that held this, in a login at 1000 seconds.
fn new_session(profile: &str, token: &str, held_before: ProfileContents) -> NewSession {
    NewSession {
        profile: name(profile),
        server: ServerUrl::parse(SERVER).unwrap(),
        token: BearerToken::parse(token).unwrap(),
        expires_at: Some(at(4600)),
        held_before,
        time: at(1000),
    }
}

/// Rehearses and saves a session over what its profile holds now.
fn log_in<K: KeeperUnderTest>(under_test: &K, profile: &str, token: &str) -> Option<String> {
    let before = under_test.keeper().look_up(&name(profile)).unwrap();
    let session = new_session(profile, token, before);
    let rehearsed = NewSession { token: BearerToken::placeholder(), ..session.clone() };
    under_test.keeper().rehearse_save(&rehearsed).unwrap();
    match under_test.keeper().save(&session).unwrap() {
        Saving::Saved { put_aside } => put_aside.map(|name| name.as_str().to_owned()),
        Saving::Superseded => panic!("{profile} was superseded"),
    }
}

fn held<K: KeeperUnderTest>(under_test: &K, profile: &str) -> ProfileContents {
    under_test.keeper().look_up(&name(profile)).unwrap()
}

/// Holds a store against every promise of its role.
pub fn a_keeper_keeps_its_promises<K: KeeperUnderTest>() {
    let (old, other) = (contents(Some("https://old.example"), &session_token(1)), contents(None, "a JWT, say"));
    let both = [("dev", old.clone()), ("other", other.clone())];
    let ours = contents(Some(SERVER), &session_token(9));
    let kept_as = format!("dev-replaced-{}", id(1));

    // It looks up what is stored, whatever that is worth.
    let holding = K::holding(&both, Some("other"));
    assert_eq!((held(&holding, "dev"), held(&holding, "other")), (old.clone(), other.clone()));
    assert_eq!(held(&holding, "missing"), ProfileContents::default());
    assert_eq!(held(&K::holding(&[], None), "dev"), ProfileContents::default());
    let server_alone = ProfileContents { server: Some("junk".into()), token: None };
    assert_eq!(held(&K::holding(&[("dev", server_alone.clone())], None), "dev"), server_alone);

    // Looking up and rehearsing change nothing.
    holding.keeper().rehearse_save(&new_session("dev", &session_token(9), old.clone())).unwrap();
    assert_eq!((held(&holding, "dev"), held(&holding, "other")), (old.clone(), other.clone()));
    assert_eq!(held(&holding, &kept_as), ProfileContents::default());

    // A first session is stored, and the default where there is none.
    let empty = K::holding(&[], None);
    assert_eq!(log_in(&empty, "dev", &session_token(9)), None);
    assert_eq!((held(&empty, "dev"), empty.pointer().as_deref()), (ours.clone(), Some("dev")));
    assert_eq!(empty.expiry("dev").as_deref(), Some("1970-01-01T01:16:40Z"));
    let found = empty.store().find(&Selection::Default).unwrap().unwrap();
    assert_eq!(found.token.expose_secret(), session_token(9));

    // A replaced one moves with all that it has, and can be cleared from there; everything else stays.
    assert_eq!(log_in(&holding, "dev", &session_token(9)).as_deref(), Some(kept_as.as_str()));
    assert_eq!((held(&holding, "dev"), held(&holding, &kept_as)), (ours.clone(), old.clone()));
    assert_eq!((held(&holding, "other"), holding.pointer().as_deref()), (other.clone(), Some("other")));
    assert_eq!(holding.expiry(&kept_as), None);
    let aside = holding.store().find(&Selection::Named(name(&kept_as))).unwrap().unwrap();
    holding.store().rehearse_clear(&aside).unwrap();
    assert_eq!(holding.store().clear(&aside).unwrap(), Clearing::Cleared);
    assert_eq!((held(&holding, "dev"), held(&holding, &kept_as)), (ours.clone(), ProfileContents::default()));

    // Its expiry moves, too, and one that is not known leaves none.
    let before = held(&holding, "dev");
    let unknown = NewSession { expires_at: None, ..new_session("dev", &session_token(8), before) };
    let put_aside = format!("dev-replaced-{}", id(9));
    assert_eq!(holding.keeper().save(&unknown).unwrap(), Saving::Saved { put_aside: Some(name(&put_aside)) });
    assert_eq!(holding.expiry(&put_aside).as_deref(), Some("1970-01-01T01:16:40Z"));
    assert_eq!(holding.expiry("dev"), None);

    // A taken name gets a number, and a token without an id goes by the time.
    let taken =
        K::holding(&[("dev", old.clone()), (&kept_as, other.clone()), (&format!("{kept_as}-2"), other.clone())], None);
    assert_eq!(log_in(&taken, "dev", &session_token(9)), Some(format!("{kept_as}-3")));
    assert_eq!((held(&taken, &kept_as), held(&taken, &format!("{kept_as}-3"))), (other.clone(), old.clone()));
    assert_eq!(
        log_in(&taken, &format!("{kept_as}-2"), "another").unwrap(),
        format!("{kept_as}-2-replaced-19700101T001640Z")
    );

    // What the login did not see is left alone.
    let superseded = K::holding(&both, None);
    let session = new_session("dev", &session_token(9), held(&superseded, "dev"));
    let newer = contents(None, &session_token(7));
    superseded.put("dev", newer.clone());
    assert_eq!(superseded.keeper().save(&session).unwrap(), Saving::Superseded);
    assert_eq!((held(&superseded, "dev"), held(&superseded, &kept_as)), (newer.clone(), ProfileContents::default()));
    assert_eq!(superseded.pointer(), None);
    let into_nothing = new_session("new", &session_token(9), ProfileContents::default());
    superseded.put("new", newer.clone());
    assert_eq!(superseded.keeper().save(&into_nothing).unwrap(), Saving::Superseded);
    assert_eq!(held(&superseded, "new"), newer);

    // What is gone meanwhile is not put aside, and neither is the very token that is to be stored.
    let emptied = K::holding(&both, None);
    let session = new_session("dev", &session_token(9), held(&emptied, "dev"));
    emptied.put("dev", ProfileContents::default());
    assert_eq!(emptied.keeper().save(&session).unwrap(), Saving::Saved { put_aside: None });
    assert_eq!(log_in(&emptied, "dev", &session_token(9)), None);
    let unseen = new_session("dev", &session_token(9), ProfileContents::default());
    assert_eq!(emptied.keeper().save(&unseen).unwrap(), Saving::Saved { put_aside: None });
    assert_eq!((held(&emptied, "dev"), held(&emptied, &kept_as)), (ours.clone(), ProfileContents::default()));

    // A failure changes nothing and shows nothing of a token.
    let broken = K::holding(&both, None);
    let session = new_session("dev", &session_token(9), held(&broken, "dev"));
    broken.break_next_save();
    let error = broken.keeper().save(&session).unwrap_err();
    assert!(matches!(error, KeepError::NotSaved { .. }), "{error:?}");
    assert!(!shown(&error).contains(SECRET), "{error:?}");
    broken.mend();
    assert_eq!((held(&broken, "dev"), held(&broken, &kept_as)), (old, ProfileContents::default()));
    assert_eq!(broken.keeper().save(&session).unwrap(), Saving::Saved { put_aside: Some(name(&kept_as)) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_in_memory_store_is_not_durable_on_demand() {
        let old = contents(Some(SERVER), &session_token(1));
        let store = InMemoryStore::holding(&[("dev", old.clone())], None);
        store.fail_next_save(KeepError::NotDurable {
            place: "memory".into(),
            put_aside: None,
            source: "told to".into(),
        });
        let error = store.save(&new_session("dev", &session_token(9), old.clone())).unwrap_err();
        let kept_as = name(&format!("dev-replaced-{}", id(1)));
        assert!(matches!(&error, KeepError::NotDurable { put_aside, .. } if *put_aside == Some(kept_as)), "{error:?}");
        assert_eq!(held(&store, "dev"), contents(Some(SERVER), &session_token(9)));

        store.fail_next_save(KeepError::NotDurable {
            place: "memory".into(),
            put_aside: None,
            source: "told to".into(),
        });
        assert_eq!(store.save(&new_session("dev", &session_token(8), old)).unwrap(), Saving::Superseded);
    }
}
