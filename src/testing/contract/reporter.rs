//! What a [`Reporter`] promises.

use std::fmt::Debug;
use std::time::UNIX_EPOCH;

use super::{SECRET, SERVER, name, promise, session_token};
use crate::domain::profile::{Profile, ProfileToken};
use crate::domain::server_url::ServerUrl;
use crate::ports::credential_store::Clearing;
use crate::ports::profile_reader::ProfileList;
use crate::ports::reporter::{LogoutOutcome, ProfilesOutcome, ReportError, Reporter};
use crate::ports::token_revoker::Revocation;
use crate::testing::RecordingReporter;

/// The profile that every result is about.
const PROFILE: &str = "the-profile";

/// A reporter that a test can set up, and look at.
pub trait ReporterUnderTest<T> {
    /// A reporter whose reader reads on.
    fn read() -> Self;

    /// A reporter whose reader closed its end.
    fn closed() -> Self;

    /// A reporter that cannot write a result, such as on a full disk.
    fn full() -> Self;

    /// The reporter.
    fn reporter(&mut self) -> &mut dyn Reporter<T>;

    /// The results that were written and flushed.
    fn results(&self) -> String;

    /// What was written and flushed beside them.
    fn notes(&self) -> String;
}

/// An outcome for which this suite has cases.
pub trait ReportedOutcome: Clone + Debug + Send + Sized {
    /// The cases.
    fn cases() -> Vec<Self>;

    /// Whether anything was done, so that there is a result.
    fn has_result(&self) -> bool;
}

impl ReportedOutcome for LogoutOutcome {
    fn cases() -> Vec<Self> {
        let logged_out = |revocation, clearing| Self::LoggedOut {
            profile: name(PROFILE),
            server: ServerUrl::parse(SERVER).unwrap(),
            revocation,
            clearing,
        };
        vec![
            Self::NoSession,
            logged_out(Revocation::Revoked, Clearing::Cleared),
            logged_out(Revocation::AlreadyGone, Clearing::Cleared),
            logged_out(Revocation::Revoked, Clearing::Superseded),
        ]
    }

    fn has_result(&self) -> bool {
        *self != Self::NoSession
    }
}

impl ReportedOutcome for ProfilesOutcome {
    fn cases() -> Vec<Self> {
        let token = ProfileToken::new(session_token(1));
        let profile = Profile { token, server: Some(SERVER.to_owned()), ..Profile::new(name(PROFILE)) };
        let list = ProfileList { place: "memory".to_owned(), default: None, profiles: vec![profile.clone()] };
        let now = UNIX_EPOCH.into();
        vec![Self::Listed { list, now }, Self::DefaultIs(name(PROFILE)), Self::Forgotten(profile)]
    }

    fn has_result(&self) -> bool {
        true
    }
}

impl<T: ReportedOutcome> ReporterUnderTest<T> for RecordingReporter<T> {
    fn read() -> Self {
        Self::new()
    }

    fn closed() -> Self {
        Self::new()
    }

    fn full() -> Self {
        let mut reporter = Self::new();
        reporter.fail_next(ReportError { source: "told to".into() });
        reporter
    }

    fn reporter(&mut self) -> &mut dyn Reporter<T> {
        self
    }

    fn results(&self) -> String {
        text_of(self.outcomes().iter().filter(|outcome| outcome.has_result()))
    }

    fn notes(&self) -> String {
        text_of(self.outcomes().iter().filter(|outcome| !outcome.has_result()))
    }
}

fn text_of<'a, T: Debug + 'a>(outcomes: impl Iterator<Item = &'a T>) -> String {
    outcomes.map(|outcome| format!("{outcome:?}")).collect::<Vec<_>>().concat()
}

/// Holds a reporter of an outcome to every promise of [`Reporter`].
pub fn a_reporter_keeps_its_promises<T: ReportedOutcome, R: ReporterUnderTest<T>>() {
    let report = |mut under_test: R, outcome: &T| (under_test.reporter().report(outcome).is_ok(), under_test);
    promise(1, "each outcome is reported exactly once, and a result that was not written is an error", || {
        for outcome in T::cases() {
            let (is_ok, read) = report(R::read(), &outcome);
            assert!(is_ok, "{outcome:?}");
            if outcome.has_result() {
                assert_eq!(read.results().matches(PROFILE).count(), 1, "{outcome:?} is {:?}", read.results());
                assert!(!report(R::full(), &outcome).0, "{outcome:?} was not written, and there is no error");
            } else {
                assert!(!(read.results() + &read.notes()).is_empty(), "{outcome:?}");
            }
        }
    });
    promise(2, "a result is written only for what was done", || {
        for outcome in T::cases() {
            let (_, read) = report(R::read(), &outcome);
            assert_eq!(!read.results().is_empty(), outcome.has_result(), "{outcome:?} is {:?}", read.results());
        }
    });
    promise(3, "a reader that closed its end is not a failure", || {
        for outcome in T::cases() {
            assert!(report(R::closed(), &outcome).0, "{outcome:?}");
        }
    });
    promise(4, "nothing of a token but its id is written", || {
        for outcome in T::cases() {
            let (_, read) = report(R::read(), &outcome);
            let text = read.results() + &read.notes();
            assert!(!text.contains(SECRET), "{outcome:?} is {text}");
        }
    });
}
