//! What is stored: which profiles there are, which is the default, and the way out for one whose server is gone for
//! good.
//!
//! Nothing here asks a server. So forgetting a profile may leave a live token behind, which happens only where the
//! operator confirms it, and a warning says so.

use thiserror::Error;

use super::exit_status::ExitStatus;
use super::failure_kind::FailureKind;
use crate::domain::profile::Profile;
use crate::domain::session::{ProfileName, quoted_list};
use crate::domain::timestamp::Timestamp;
use crate::ports::chain::chain;
use crate::ports::failure_report::{FailureFacts, SessionState};
use crate::ports::profile_reader::ProfileReader;
use crate::ports::profile_writer::{DefaultSetting, Forgetting, ProfileWriter};
use crate::ports::reporter::{ForgetWarning, ProfilesOutcome, ReportError, Reporter};
use crate::ports::store_error::StoreError;

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfilesRequest {
    /// To see which profiles are stored.
    List {
        /// The time by the clock of this machine.
        now: Timestamp,
    },
    /// To make a profile the default.
    Use(ProfileName),
    /// To remove a profile without revoking its token.
    Forget {
        /// The profile to remove.
        profile: ProfileName,
        /// Whether the operator said that this is meant.
        is_confirmed: bool,
    },
}

/// Shows and changes which profiles are stored.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use plexctl::domain::ProfileName;
/// use plexctl::ports::ProfilesOutcome;
/// use plexctl::testing::{InMemoryStore, RecordingReporter, session};
/// use plexctl::use_cases::{ProfilesRequest, ProfilesUseCase};
///
/// let store = InMemoryStore::new().with_session(session("dev", 1));
/// let (mut warnings, mut reporter) = (RecordingReporter::new(), RecordingReporter::new());
/// let request = ProfilesRequest::Use(ProfileName::new("dev")?);
/// let outcome = ProfilesUseCase::new(&store, &store, &mut warnings, &mut reporter).execute(&request)?;
/// assert_eq!(outcome, ProfilesOutcome::DefaultIs(ProfileName::new("dev")?));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ProfilesUseCase<'a> {
    reader: &'a dyn ProfileReader,
    writer: &'a dyn ProfileWriter,
    warnings: &'a mut dyn Reporter<ForgetWarning>,
    reporter: &'a mut dyn Reporter<ProfilesOutcome>,
}

impl<'a> ProfilesUseCase<'a> {
    /// Wires the use case to its ports.
    pub fn new(
        reader: &'a dyn ProfileReader,
        writer: &'a dyn ProfileWriter,
        warnings: &'a mut dyn Reporter<ForgetWarning>,
        reporter: &'a mut dyn Reporter<ProfilesOutcome>,
    ) -> Self {
        Self { reader, writer, warnings, reporter }
    }

    /// Does what is asked for, then reports.
    ///
    /// # Errors
    ///
    /// - [`ProfilesError::Unconfirmed`] and [`ProfilesError::NoSuchProfile`]: nothing was changed.
    /// - [`ProfilesError::Store`] and [`ProfilesError::Forget`]: the source says what became of the store.
    /// - [`ProfilesError::Report`]: all is done, but the outcome could not be written.
    pub fn execute(&mut self, request: &ProfilesRequest) -> Result<ProfilesOutcome, ProfilesError> {
        let outcome = self.outcome(request)?;
        self.reporter.report(&outcome).map_err(ProfilesError::Report)?;
        Ok(outcome)
    }

    fn outcome(&mut self, request: &ProfilesRequest) -> Result<ProfilesOutcome, ProfilesError> {
        match request {
            ProfilesRequest::List { now } => Ok(ProfilesOutcome::Listed { list: self.reader.list()?, now: *now }),
            ProfilesRequest::Use(profile) => self.set_default(profile),
            ProfilesRequest::Forget { profile, is_confirmed } => self.forget(profile, *is_confirmed),
        }
    }

    fn set_default(&self, profile: &ProfileName) -> Result<ProfilesOutcome, ProfilesError> {
        match self.writer.set_default(profile)? {
            DefaultSetting::Set => Ok(ProfilesOutcome::DefaultIs(profile.clone())),
            DefaultSetting::NoSuchProfile => Err(self.no_such_profile(profile)?),
        }
    }

    fn forget(&mut self, name: &ProfileName, is_confirmed: bool) -> Result<ProfilesOutcome, ProfilesError> {
        loop {
            let list = self.reader.list()?;
            // Before the confirmation is asked for: a typo is not worth a question.
            let Some(profile) = list.profiles.iter().find(|profile| profile.name == *name).cloned() else {
                return Err(self.no_such_profile(name)?);
            };
            if !is_confirmed {
                return Err(ProfilesError::Unconfirmed { profile: Box::new(profile) });
            }
            if profile.token.is_some() {
                // Told before the removal, which nothing can interrupt then without a trace. A warning that cannot be
                // written stops nothing: the operator has confirmed.
                let _ = self.warnings.report(&ForgetWarning(profile.clone()));
            }
            match self.writer.forget(&profile) {
                Ok(Forgetting::Forgotten) => return Ok(ProfilesOutcome::Forgotten(profile)),
                Ok(Forgetting::NoSuchProfile) => return Err(self.no_such_profile(name)?),
                // Another program stored a token meanwhile, of which no warning was shown.
                Ok(Forgetting::Superseded) => {}
                Err(error) => return Err(ProfilesError::Forget { profile: Box::new(profile), error }),
            }
        }
    }

    fn no_such_profile(&self, profile: &ProfileName) -> Result<ProfilesError, StoreError> {
        let list = self.reader.list()?;
        let present = list.names();
        Ok(ProfilesError::NoSuchProfile { profile: profile.clone(), place: list.place, present })
    }
}

/// Why what was asked of the profiles failed.
#[derive(Debug, Error)]
pub enum ProfilesError {
    /// The operator did not say that a profile is to be forgotten without revoking its token. Nothing was changed.
    #[error("profile \"{}\" was kept: forgetting it does not revoke its token", profile.name)]
    Unconfirmed {
        /// The profile that is kept.
        profile: Box<Profile>,
    },
    /// There is no such profile. Nothing was changed.
    #[error("{place} has no profile \"{profile}\"{}", others(present))]
    NoSuchProfile {
        /// The profile that was asked for.
        profile: ProfileName,
        /// Where it was looked for, such as a path.
        place: String,
        /// The profiles that are there, in the store's own order.
        present: Vec<ProfileName>,
    },
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store could not remove the profile, or not for good.
    #[error("{}", chain(error))]
    Forget {
        /// The profile.
        profile: Box<Profile>,
        /// What became of it.
        error: StoreError,
    },
    /// All is done, but the outcome could not be written.
    #[error("done, but {}", chain(.0))]
    Report(ReportError),
}

/// The profiles that there are instead of a missing one.
fn others(present: &[ProfileName]) -> String {
    if present.is_empty() { ", and no other".to_owned() } else { format!(", it has {}", quoted_list(present)) }
}

impl ProfilesError {
    /// The kind of failure, for programs.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Unconfirmed { .. } => FailureKind::ConfirmationNeeded,
            Self::NoSuchProfile { .. } => FailureKind::NoSuchProfile,
            Self::Store(error) | Self::Forget { error, .. } => match error {
                // A change that was begun, in contrast to a config that could not be read in the first place.
                StoreError::NotWritten { .. } => FailureKind::NotStored,
                StoreError::NotDurable { .. } => FailureKind::NotDurable,
                error => error.into(),
            },
            Self::Report(_) => FailureKind::NotReported,
        }
    }

    /// What the run was about, and what it leaves.
    #[must_use]
    pub fn facts(&self) -> FailureFacts {
        match self {
            Self::NoSuchProfile { profile, .. } => {
                FailureFacts { profile: Some(profile.clone()), ..FailureFacts::default() }
            }
            Self::Forget { profile, error: StoreError::NotDurable { .. } } => facts_of(profile, SessionState::Ended),
            Self::Unconfirmed { profile } | Self::Forget { profile, .. } => facts_of(profile, SessionState::Untouched),
            Self::Store(_) | Self::Report(_) => FailureFacts::default(),
        }
    }

    /// How a command ends that fails so.
    #[must_use]
    pub fn ending(&self) -> ExitStatus {
        self.kind().exit_status()
    }
}

fn facts_of(profile: &Profile, session: SessionState) -> FailureFacts {
    FailureFacts {
        profile: Some(profile.name.clone()),
        server: profile.shown_server().map(|server| server.as_str().to_owned()),
        token_id: profile.token_id(),
        session,
        response: None,
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use mockall::predicate::eq;

    use super::*;
    use crate::domain::profile::ProfileToken;
    use crate::ports::profile_reader::{MockProfileReader, ProfileList};
    use crate::ports::profile_writer::MockProfileWriter;
    use crate::ports::reporter::MockReporter;
    use crate::testing::{InMemoryStore, RecordingReporter, StoreCall};

    fn name(name: &str) -> ProfileName {
        ProfileName::new(name).unwrap()
    }

    fn profile(profile: &str, token: &str) -> Profile {
        Profile { token: ProfileToken::new(token), ..Profile::new(name(profile)) }
    }

    fn forget(is_confirmed: bool) -> ProfilesRequest {
        ProfilesRequest::Forget { profile: name("dev"), is_confirmed }
    }

    fn reporter_expecting(outcome: &ProfilesOutcome) -> MockReporter<ProfilesOutcome> {
        let mut reporter = MockReporter::new();
        reporter.expect_report().once().with(eq(outcome.clone())).returning(|_| Ok(()));
        reporter
    }

    /// Runs the use case over a store. A reporter without an expectation panics on any call.
    fn execute(
        store: &InMemoryStore,
        mut reporter: MockReporter<ProfilesOutcome>,
        request: &ProfilesRequest,
    ) -> Result<ProfilesOutcome, ProfilesError> {
        let mut warnings = RecordingReporter::new();
        let result = ProfilesUseCase::new(store, store, &mut warnings, &mut reporter).execute(request);
        let warned: Vec<_> = warnings.outcomes().iter().map(|ForgetWarning(profile)| profile.clone()).collect();
        let has_forgotten = store.calls().iter().any(|call| matches!(call, StoreCall::Forget(_)));
        assert_eq!(warned, if has_forgotten { vec![profile("dev", "t")] } else { Vec::new() });
        result
    }

    fn now() -> Timestamp {
        Timestamp::from(UNIX_EPOCH)
    }

    #[test]
    fn reports_the_list_as_it_is_stored() {
        let store = InMemoryStore::new().with_profile(profile("dev", "")).with_pointer(&name("dev"));
        let list =
            ProfileList { place: "memory".into(), default: Some(name("dev")), profiles: vec![profile("dev", "")] };
        let outcome = ProfilesOutcome::Listed { list, now: now() };
        let request = ProfilesRequest::List { now: now() };
        assert_eq!(execute(&store, reporter_expecting(&outcome), &request).unwrap(), outcome);
    }

    #[test]
    fn reports_a_new_and_an_old_default_alike() {
        let store = InMemoryStore::new().with_profile(profile("dev", ""));
        for _ in 0..2 {
            let outcome = ProfilesOutcome::DefaultIs(name("dev"));
            let request = ProfilesRequest::Use(name("dev"));
            assert_eq!(execute(&store, reporter_expecting(&outcome), &request).unwrap(), outcome);
            assert_eq!(store.pointer(), Some(name("dev")));
        }
    }

    #[test]
    fn forgets_a_confirmed_profile_and_reports_what_it_held() {
        let store = InMemoryStore::new().with_profile(profile("dev", "t"));
        let outcome = ProfilesOutcome::Forgotten(profile("dev", "t"));
        assert_eq!(execute(&store, reporter_expecting(&outcome), &forget(true)).unwrap(), outcome);
        assert!(store.profiles().is_empty());
    }

    #[test]
    fn looks_again_at_a_profile_that_changed() {
        let (mut reader, mut writer) = (MockProfileReader::new(), MockProfileWriter::new());
        let mut tokens = ["old", "new"].into_iter();
        reader.expect_list().times(2).returning(move || {
            let profiles = vec![profile("dev", tokens.next().unwrap())];
            Ok(ProfileList { place: "memory".into(), default: None, profiles })
        });
        writer.expect_forget().once().with(eq(profile("dev", "old"))).returning(|_| Ok(Forgetting::Superseded));
        writer.expect_forget().once().with(eq(profile("dev", "new"))).returning(|_| Ok(Forgetting::Forgotten));
        let outcome = ProfilesOutcome::Forgotten(profile("dev", "new"));
        let (mut warnings, mut reporter) = (RecordingReporter::new(), reporter_expecting(&outcome));
        let forgotten = ProfilesUseCase::new(&reader, &writer, &mut warnings, &mut reporter).execute(&forget(true));
        assert_eq!(forgotten.unwrap(), outcome);
        assert_eq!(warnings.outcomes(), ["old", "new"].map(|token| ForgetWarning(profile("dev", token))));
    }

    /// Tells whether the profile was still stored when it was warned about.
    struct Stored<'a>(&'a InMemoryStore, Vec<bool>);

    impl Reporter<ForgetWarning> for Stored<'_> {
        fn report(&mut self, ForgetWarning(profile): &ForgetWarning) -> Result<(), ReportError> {
            self.1.push(self.0.profile(&profile.name).is_some());
            Err(ReportError { source: "closed".into() })
        }
    }

    #[test]
    fn the_warning_comes_before_the_removal_and_stops_nothing() {
        let store = InMemoryStore::new().with_profile(profile("dev", "t"));
        let outcome = ProfilesOutcome::Forgotten(profile("dev", "t"));
        let (mut warnings, mut reporter) = (Stored(&store, Vec::new()), reporter_expecting(&outcome));
        ProfilesUseCase::new(&store, &store, &mut warnings, &mut reporter).execute(&forget(true)).unwrap();
        assert_eq!(warnings.1, [true]);
        assert!(store.profiles().is_empty());
    }

    #[test]
    fn without_a_confirmation_nothing_is_changed() {
        let store = InMemoryStore::new().with_profile(profile("dev", "t"));
        let error = execute(&store, MockReporter::new(), &forget(false)).unwrap_err();
        assert_eq!(error.ending(), ExitStatus::Unusable);
        assert!(matches!(error, ProfilesError::Unconfirmed { profile } if profile.name == name("dev")));
        assert_eq!(store.list().unwrap().names(), [name("dev")]);

        // That it is not there is said first.
        let error = execute(&InMemoryStore::new(), MockReporter::new(), &forget(false)).unwrap_err();
        assert!(matches!(error, ProfilesError::NoSuchProfile { .. }), "{error:?}");
    }

    #[test]
    fn missing_profile_lists_the_present_ones() {
        let store = InMemoryStore::new().with_profile(profile("other", ""));
        for request in [ProfilesRequest::Use(name("dev")), forget(true)] {
            let error = execute(&store, MockReporter::new(), &request).unwrap_err();
            assert_eq!(error.ending(), ExitStatus::Unusable);
            assert_eq!(error.to_string(), "memory has no profile \"dev\", it has \"other\"");
            assert_eq!(error.facts().profile, Some(name("dev")));
            match error {
                ProfilesError::NoSuchProfile { profile, present, .. } => {
                    assert_eq!((profile, present), (name("dev"), vec![name("other")]));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn store_failures_are_returned_by_consequence() {
        let failures: [(fn() -> StoreError, ExitStatus); 4] = [
            (|| StoreError::Exposed { place: "p".into(), source: "0640".into() }, ExitStatus::Exposed),
            (|| StoreError::Unusable { place: "p".into(), source: "junk".into() }, ExitStatus::Failed),
            (|| StoreError::NotWritten { place: "p".into(), source: "full".into() }, ExitStatus::Failed),
            (|| StoreError::NotDurable { place: "p".into(), source: "syncing".into() }, ExitStatus::Failed),
        ];
        for (failure, ending) in failures {
            let store = InMemoryStore::new().with_profile(profile("dev", "t"));
            store.fail_next_list(failure());
            store.fail_next_default(failure());
            store.fail_next_forget(failure());
            for request in [ProfilesRequest::List { now: now() }, ProfilesRequest::Use(name("dev")), forget(true)] {
                let error = execute(&store, MockReporter::new(), &request).unwrap_err();
                assert_eq!(error.ending(), ending, "{error:?}");
                match (&request, error) {
                    (ProfilesRequest::Forget { .. }, ProfilesError::Forget { profile: forgotten, error: source }) => {
                        assert_eq!((*forgotten, source.to_string()), (profile("dev", "t"), failure().to_string()));
                    }
                    (_, ProfilesError::Store(source)) => assert_eq!(source.to_string(), failure().to_string()),
                    (_, other) => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_failed_report_comes_after_everything_is_done() {
        let store = InMemoryStore::new().with_profile(profile("dev", "t"));
        let mut reporter = MockReporter::new();
        reporter.expect_report().once().returning(|_| Err(ReportError { source: "full".into() }));
        let error = execute(&store, reporter, &forget(true)).unwrap_err();
        assert!(matches!(error, ProfilesError::Report(_)), "{error:?}");
        assert_eq!(error.ending(), ExitStatus::Failed);
        assert!(store.profiles().is_empty());
    }
}
