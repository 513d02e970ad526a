//! What a [`ProfileWriter`] promises.

use std::time::{Duration, UNIX_EPOCH};

use super::profile_reader::{profiles, unredacted};
use super::{ProfileStoreUnderTest, SECRET, SERVER, id, name, named, promise, session_token, shown};
use crate::domain::bearer_token::BearerToken;
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::{BindingAlias, IdpBinding};
use crate::domain::new_session::NewSession;
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::server_url::ServerUrl;
use crate::domain::session::Selection;
use crate::domain::timestamp::Timestamp;
use crate::ports::credential_store::Clearing;
use crate::ports::profile_writer::{DefaultSetting, Forgetting, ProfileWriter, Saving};
use crate::ports::store_error::StoreError;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A session for a profile that held this, in a login at 1000 seconds.
fn new_session(profile: &str, token: &str, held_before: Option<Profile>) -> NewSession {
    NewSession {
        profile: name(profile),
        server: ServerUrl::parse(SERVER).unwrap(),
        token: BearerToken::parse(token).unwrap(),
        expires_at: Some(at(4600)),
        domain_id: Identifier::parse(&id(8)).unwrap(),
        idp_binding: Some(IdpBinding::Alias(BindingAlias::parse("okta").unwrap())),
        held_before,
        time: at(1000),
    }
}

fn held<S: ProfileStoreUnderTest>(under_test: &S, profile: &str) -> Option<Profile> {
    under_test.reader().look_up(&named(profile)).unwrap()
}

fn assert_holds<S: ProfileStoreUnderTest>(under_test: &S, expected: &Profile) {
    let held = under_test.reader().look_up(&Selection::Named(expected.name.clone())).unwrap();
    assert_eq!(unredacted(held.as_ref()), unredacted(Some(expected)));
}

fn pointer<S: ProfileStoreUnderTest>(under_test: &S) -> Option<String> {
    under_test.reader().list().unwrap().default.map(|name| name.as_str().to_owned())
}

/// Saves a session over what its profile holds now, and tells what it replaced.
fn log_in<S: ProfileStoreUnderTest>(under_test: &S, profile: &str, token: &str) -> Option<Profile> {
    saved(under_test, &new_session(profile, token, held(under_test, profile)))
}

fn saved<S: ProfileStoreUnderTest>(under_test: &S, session: &NewSession) -> Option<Profile> {
    match under_test.writer().save(session).unwrap() {
        Saving::Saved { replaced, not_durable: None } => replaced,
        other => panic!("{other:?}"),
    }
}

/// A profile under the name that a replaced token moves to.
fn moved(profile: &Profile, to: &str) -> Profile {
    let Profile { server, token, expires_at, .. } = profile.clone();
    Profile { server, token, expires_at, ..Profile::new(name(to)) }
}

/// Holds a store to every promise of [`ProfileWriter`].
#[allow(clippy::too_many_lines, reason = "it is the list of the promises, a case each")]
pub fn a_profile_writer_keeps_its_promises<S: ProfileStoreUnderTest>() {
    let [dev, ci, junk, bare] = profiles();
    let all = || S::holding(&profiles(), Some("ci"));
    let dev_replaced = format!("dev-replaced-{}", id(1));

    promise(1, "a rehearsal changes nothing, and what it passes can be saved", || {
        let holding = all();
        let before = holding.snapshot();
        for profile in ["dev", "ci", "junk", "bare", "new"] {
            let session = new_session(profile, BearerToken::placeholder().expose_secret(), held(&holding, profile));
            holding.writer().rehearse_save(&session).unwrap();
            assert_eq!(holding.snapshot(), before);
        }
        for profile in ["dev", "ci", "junk", "bare", "new"] {
            log_in(&holding, profile, &session_token(7));
        }
    });
    promise(2, "a session of which the login does not know is left alone", || {
        for seen in [Some(dev.clone()), None] {
            let holding = all();
            holding.put(&Profile { token: ProfileToken::new(session_token(5)), ..dev.clone() });
            let before = holding.snapshot();
            let saving = holding.writer().save(&new_session("dev", &session_token(7), seen)).unwrap();
            assert!(matches!(saving, Saving::Superseded), "{saving:?}");
            assert_eq!(holding.snapshot(), before);
        }
        // The token that the login knows of was rotated meanwhile.
        let holding = all();
        let rotated = session_token(1).replace(SECRET, "rotated");
        holding.put(&Profile { token: ProfileToken::new(rotated.as_str()), ..dev.clone() });
        let saving = holding.writer().save(&new_session("dev", &session_token(7), Some(dev.clone()))).unwrap();
        assert!(matches!(saving, Saving::Saved { .. }), "{saving:?}");
        // It is gone meanwhile.
        let holding = all();
        holding.put(&Profile { token: None, ..dev.clone() });
        let saving = holding.writer().save(&new_session("dev", &session_token(7), Some(dev.clone()))).unwrap();
        assert!(matches!(saving, Saving::Saved { .. }), "{saving:?}");
    });
    promise(3, "the profile holds the session afterwards, and nothing else changes", || {
        let holding = all();
        log_in(&holding, "dev", &session_token(7));
        assert_holds(&holding, &new_session("dev", &session_token(7), None).to_profile());
        for other in [&ci, &junk, &bare] {
            assert_holds(&holding, other);
        }
        assert_eq!(pointer(&holding).as_deref(), Some("ci"));
        let least =
            NewSession { expires_at: None, idp_binding: None, ..new_session("dev", "a.jwt", held(&holding, "dev")) };
        saved(&holding, &least);
        assert_holds(&holding, &least.to_profile());

        let empty = S::holding(&[], None);
        assert_eq!(log_in(&empty, "new", &session_token(7)), None);
        assert_holds(&empty, &new_session("new", &session_token(7), None).to_profile());
        assert_eq!(pointer(&empty).as_deref(), Some("new"));
    });
    promise(4, "a replaced token moves to a free profile of its own, which the outcome names", || {
        let holding = all();
        let expected = moved(&dev, &dev_replaced);
        assert_eq!(unredacted(log_in(&holding, "dev", &session_token(7)).as_ref()), unredacted(Some(&expected)));
        assert_holds(&holding, &expected);
        let session = expected.to_session().unwrap();
        holding.store().rehearse_clear(&session).unwrap();
        assert_eq!(holding.store().clear(&session).unwrap(), Clearing::Cleared);
        assert_eq!(held(&holding, &dev_replaced), None);

        // A token without an id goes by the time, and a taken name gets a number.
        let by_time = "junk-replaced-19700101T001640Z";
        assert_eq!(log_in(&holding, "junk", "a.jwt").unwrap().name, name(by_time));
        assert_holds(&holding, &moved(&junk, by_time));
        assert_eq!(log_in(&holding, "junk", "another").unwrap().name, name(&format!("{by_time}-2")));

        // The same session replaced nothing, whether its secret is another or not.
        let rotated = session_token(1).replace(SECRET, "rotated");
        let holding = all();
        assert_eq!(log_in(&holding, "dev", &session_token(1)), None);
        assert_eq!(log_in(&holding, "dev", &rotated), None);
        assert_eq!(held(&holding, "dev").unwrap().token, ProfileToken::new(rotated));
        assert_eq!(held(&holding, &dev_replaced), None);
    });
    promise(5, "setting the default changes the pointer alone, and nothing where it names the profile", || {
        for pointed in [None, Some("dev"), Some("missing")] {
            let holding = S::holding(&profiles(), pointed);
            assert_eq!(holding.writer().set_default(&name("junk")).unwrap(), DefaultSetting::Set);
            assert_eq!(pointer(&holding).as_deref(), Some("junk"));
            for profile in &profiles() {
                assert_holds(&holding, profile);
            }
            let before = holding.snapshot();
            assert_eq!(holding.writer().set_default(&name("junk")).unwrap(), DefaultSetting::Set);
            assert_eq!(holding.snapshot(), before);
        }
    });
    promise(6, "forgetting takes the profile with its pointer, if it holds what the caller knows of", || {
        for profile in &profiles() {
            let holding = S::holding(&profiles(), Some(profile.name.as_str()));
            assert_eq!(holding.writer().forget(profile).unwrap(), Forgetting::Forgotten);
            assert_eq!(pointer(&holding), None);
            let rest: Vec<_> = profiles().into_iter().filter(|other| other.name != profile.name).collect();
            assert_eq!(holding.reader().list().unwrap().profiles, rest);
        }
        let holding = all();
        let before = holding.snapshot();
        for known in [ProfileToken::new(session_token(5)), None] {
            let unknown = Profile { token: known, ..dev.clone() };
            assert_eq!(holding.writer().forget(&unknown).unwrap(), Forgetting::Superseded);
        }
        assert_eq!(holding.snapshot(), before);
        assert_eq!(holding.writer().forget(&dev).unwrap(), Forgetting::Forgotten);
        assert_eq!(pointer(&holding).as_deref(), Some("ci"), "another pointer stays");
    });
    promise(7, "a profile that is not there is neither made the default nor forgotten", || {
        for holding in [all(), S::holding(&[], None)] {
            let before = holding.snapshot();
            assert_eq!(holding.writer().set_default(&name("missing")).unwrap(), DefaultSetting::NoSuchProfile);
            let missing = Profile::new(name("missing"));
            assert_eq!(holding.writer().forget(&missing).unwrap(), Forgetting::NoSuchProfile);
            assert_eq!(holding.snapshot(), before);
        }
    });
    promise(8, "after an error nothing is changed", || {
        for (change, error) in broken_changes::<S>() {
            assert!(!matches!(error, StoreError::NotDurable { .. }), "{change}: {error:?}");
        }
    });
    promise(9, "no error carries any part of a token but its id", || {
        for (change, error) in broken_changes::<S>() {
            assert!(!shown(&error).contains(SECRET), "{change}: {error:?}");
        }
        let holding = all();
        let saving = holding.writer().save(&new_session("dev", &session_token(7), Some(dev.clone()))).unwrap();
        assert!(!format!("{saving:?}").contains(SECRET));
    });
}

/// The error of each change that is made to fail, sure that it changed nothing.
fn broken_changes<S: ProfileStoreUnderTest>() -> Vec<(&'static str, StoreError)> {
    type Change = fn(&dyn ProfileWriter, &Profile) -> Option<StoreError>;
    let changes: [(&str, Change); 3] = [
        ("saving", |writer, dev| writer.save(&new_session("dev", &session_token(7), Some(dev.clone()))).err()),
        ("setting the default", |writer, dev| writer.set_default(&dev.name).err()),
        ("forgetting", |writer, dev| writer.forget(dev).err()),
    ];
    let failed = changes.map(|(what, change)| {
        let [dev, ..] = profiles();
        let holding = S::holding(&profiles(), Some("ci"));
        let before = holding.reader().list().unwrap();
        holding.break_next_change();
        let error = change(holding.writer(), &dev).unwrap();
        holding.mend();
        let after = holding.reader().list().unwrap();
        assert_eq!((after.profiles, after.default), (before.profiles, before.default), "{what} changed something");
        (what, error)
    });
    failed.into()
}
