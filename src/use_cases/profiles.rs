//! What is stored: which profiles there are, which is the default, and the way out for one whose server is gone for
//! good.
//!
//! Nothing here asks a server. So forgetting a profile may leave a live token behind, which happens only where the
//! operator confirms it, and is told.

use thiserror::Error;

use super::exit_status::ExitStatus;
use super::failure_kind::FailureKind;
use crate::domain::session::ProfileName;
use crate::ports::failure_report::{FailureFacts, SessionState};
use crate::ports::profile_book::{BookError, DefaultSetting, Forgetting, HeldToken, MissingProfile, ProfileBook};
use crate::ports::reporter::{ProfilesOutcome, ReportError, Reporter};

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfilesRequest {
    /// To see which profiles are stored.
    List,
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
pub struct ProfilesUseCase<'a> {
    book: &'a dyn ProfileBook,
    reporter: &'a mut dyn Reporter<ProfilesOutcome>,
}

impl<'a> ProfilesUseCase<'a> {
    /// Wires the use case to its ports.
    pub fn new(book: &'a dyn ProfileBook, reporter: &'a mut dyn Reporter<ProfilesOutcome>) -> Self {
        Self { book, reporter }
    }

    /// Does what is asked for, then reports.
    ///
    /// # Errors
    ///
    /// - [`ProfilesError::Unconfirmed`] and [`ProfilesError::NoSuchProfile`]: nothing was changed.
    /// - [`ProfilesError::Book`]: its source says what became of the store.
    /// - [`ProfilesError::Report`]: all is done, but the outcome could not be told.
    pub fn execute(&mut self, request: &ProfilesRequest) -> Result<ProfilesOutcome, ProfilesError> {
        let outcome = self.outcome(request)?;
        self.reporter.report(&outcome).map_err(ProfilesError::Report)?;
        Ok(outcome)
    }

    fn outcome(&self, request: &ProfilesRequest) -> Result<ProfilesOutcome, ProfilesError> {
        match request {
            ProfilesRequest::List => Ok(ProfilesOutcome::Listed(self.book.list()?)),
            ProfilesRequest::Use(profile) => self.set_default(profile),
            ProfilesRequest::Forget { profile, is_confirmed: true } => self.forget(profile),
            ProfilesRequest::Forget { profile, is_confirmed: false } => {
                Err(ProfilesError::Unconfirmed { profile: profile.clone() })
            }
        }
    }

    fn set_default(&self, profile: &ProfileName) -> Result<ProfilesOutcome, ProfilesError> {
        let profile = profile.clone();
        match self.book.set_default(&profile)? {
            DefaultSetting::Set | DefaultSetting::AlreadySet => Ok(ProfilesOutcome::DefaultIs(profile)),
            DefaultSetting::NoSuchProfile(missing) => Err(ProfilesError::NoSuchProfile { profile, missing }),
        }
    }

    fn forget(&self, profile: &ProfileName) -> Result<ProfilesOutcome, ProfilesError> {
        let profile = profile.clone();
        match self.book.forget(&profile)? {
            Forgetting::Forgotten(held) => Ok(ProfilesOutcome::Forgotten { profile, held }),
            Forgetting::NoSuchProfile(missing) => Err(ProfilesError::NoSuchProfile { profile, missing }),
        }
    }
}

/// Why what was asked of the profiles failed.
#[derive(Debug, Error)]
pub enum ProfilesError {
    /// The operator did not say that a profile is to be forgotten without revoking its token. Nothing was changed.
    #[error("profile \"{profile}\" is kept: forgetting it would not revoke its token")]
    Unconfirmed {
        /// The profile that is kept.
        profile: ProfileName,
    },
    /// There is no such profile. Nothing was changed.
    #[error("{} has no profile \"{profile}\"", missing.place)]
    NoSuchProfile {
        /// The profile that was asked for.
        profile: ProfileName,
        /// Where it was looked for, and which there are.
        missing: MissingProfile,
    },
    /// The store could not do it.
    #[error(transparent)]
    Book(#[from] BookError),
    /// All is done, but nobody was told.
    #[error("what was asked for is done")]
    Report(#[source] ReportError),
}

impl ProfilesError {
    /// The kind of failure, for programs.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Unconfirmed { .. } => FailureKind::ConfirmationNeeded,
            Self::NoSuchProfile { .. } => FailureKind::NoSuchProfile,
            Self::Book(BookError::Exposed { .. }) => FailureKind::ConfigExposed,
            Self::Book(BookError::Unusable { .. }) => FailureKind::ConfigUnusable,
            Self::Book(BookError::NotWritten { .. }) => FailureKind::NotStored,
            Self::Book(BookError::NotDurable { .. }) => FailureKind::NotDurable,
            Self::Report(_) => FailureKind::Internal,
        }
    }

    /// What the run was about, and what it leaves.
    #[must_use]
    pub fn facts(&self) -> FailureFacts {
        match self {
            Self::Unconfirmed { profile } | Self::NoSuchProfile { profile, .. } => {
                FailureFacts { profile: Some(profile.clone()), ..FailureFacts::default() }
            }
            Self::Book(BookError::NotDurable { forgotten: Some(held), .. }) => {
                let token_id = match held.token {
                    Some(HeldToken::Session(id)) => Some(id),
                    Some(HeldToken::WithoutId) | None => None,
                };
                FailureFacts { token_id, session: SessionState::Ended, ..FailureFacts::default() }
            }
            Self::Book(_) | Self::Report(_) => FailureFacts::default(),
        }
    }

    /// How a command ends that fails so.
    #[must_use]
    pub fn ending(&self) -> ExitStatus {
        self.kind().exit_status()
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::domain::shown_server::ShownServer;
    use crate::ports::profile_book::{ForgottenProfile, HeldToken, ListedProfile, MockProfileBook, ProfileList};
    use crate::ports::reporter::MockReporter;

    fn dev() -> ProfileName {
        ProfileName::new("dev").unwrap()
    }

    fn missing() -> MissingProfile {
        MissingProfile { place: "the store".into(), present: vec![ProfileName::new("other").unwrap()] }
    }

    fn held() -> ForgottenProfile {
        ForgottenProfile { server: Some(ShownServer::new("https://h")), token: Some(HeldToken::WithoutId) }
    }

    fn forget(is_confirmed: bool) -> ProfilesRequest {
        ProfilesRequest::Forget { profile: dev(), is_confirmed }
    }

    fn reporter_expecting(outcome: &ProfilesOutcome) -> MockReporter<ProfilesOutcome> {
        let mut reporter = MockReporter::new();
        reporter.expect_report().once().with(eq(outcome.clone())).returning(|_| Ok(()));
        reporter
    }

    /// Runs the use case. A mock without an expectation panics on any call.
    fn execute(
        book: &MockProfileBook,
        mut reporter: MockReporter<ProfilesOutcome>,
        request: &ProfilesRequest,
    ) -> Result<ProfilesOutcome, ProfilesError> {
        ProfilesUseCase::new(book, &mut reporter).execute(request)
    }

    #[test]
    fn the_list_is_reported_as_it_is_stored() {
        let profile = ListedProfile { name: dev(), server: None, token: None, expires_at: None };
        let list = ProfileList { place: "the store".into(), default: None, profiles: vec![profile] };
        let outcome = ProfilesOutcome::Listed(list.clone());
        let mut book = MockProfileBook::new();
        book.expect_list().once().return_once(|| Ok(list));

        let result = execute(&book, reporter_expecting(&outcome), &ProfilesRequest::List);
        assert_eq!(result.unwrap(), outcome);
    }

    #[test]
    fn a_default_that_is_set_and_one_that_was_are_reported_alike() {
        for setting in [DefaultSetting::Set, DefaultSetting::AlreadySet] {
            let outcome = ProfilesOutcome::DefaultIs(dev());
            let mut book = MockProfileBook::new();
            book.expect_set_default().once().with(eq(dev())).return_once(|_| Ok(setting));

            let result = execute(&book, reporter_expecting(&outcome), &ProfilesRequest::Use(dev()));
            assert_eq!(result.unwrap(), outcome);
        }
    }

    #[test]
    fn a_profile_is_forgotten_once_it_is_confirmed_and_what_it_held_is_reported() {
        let outcome = ProfilesOutcome::Forgotten { profile: dev(), held: held() };
        let mut book = MockProfileBook::new();
        book.expect_forget().once().with(eq(dev())).returning(|_| Ok(Forgetting::Forgotten(held())));

        assert_eq!(execute(&book, reporter_expecting(&outcome), &forget(true)).unwrap(), outcome);
    }

    #[test]
    fn without_a_confirmation_the_store_is_not_even_looked_at() {
        let error = execute(&MockProfileBook::new(), MockReporter::new(), &forget(false)).unwrap_err();
        assert_eq!(error.ending(), ExitStatus::Unusable);
        assert!(matches!(error, ProfilesError::Unconfirmed { profile } if profile == dev()));
    }

    #[test]
    fn a_profile_that_is_not_there_is_told_with_those_that_are() {
        let mut book = MockProfileBook::new();
        book.expect_set_default().once().returning(|_| Ok(DefaultSetting::NoSuchProfile(missing())));
        book.expect_forget().once().returning(|_| Ok(Forgetting::NoSuchProfile(missing())));
        for request in [ProfilesRequest::Use(dev()), forget(true)] {
            let error = execute(&book, MockReporter::new(), &request).unwrap_err();
            assert_eq!(error.ending(), ExitStatus::Unusable);
            assert_eq!(error.to_string(), "the store has no profile \"dev\"");
            match error {
                ProfilesError::NoSuchProfile { profile, missing: told } => {
                    assert_eq!((profile, told), (dev(), missing()));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_failure_of_the_store_is_told_by_its_consequence_and_not_reported() {
        let failures: [(fn() -> BookError, ExitStatus); 4] = [
            (|| BookError::Exposed { place: "p".into(), source: "0640".into() }, ExitStatus::Exposed),
            (|| BookError::Unusable { place: "p".into(), source: "junk".into() }, ExitStatus::Failed),
            (|| BookError::NotWritten { place: "p".into(), source: "full".into() }, ExitStatus::Failed),
            (
                || BookError::NotDurable { place: "p".into(), forgotten: Some(held()), source: "syncing".into() },
                ExitStatus::Failed,
            ),
        ];
        for (failure, ending) in failures {
            let mut book = MockProfileBook::new();
            book.expect_list().once().returning(move || Err(failure()));
            book.expect_set_default().once().returning(move |_| Err(failure()));
            book.expect_forget().once().returning(move |_| Err(failure()));
            for request in [ProfilesRequest::List, ProfilesRequest::Use(dev()), forget(true)] {
                let error = execute(&book, MockReporter::new(), &request).unwrap_err();
                assert_eq!(error.ending(), ending, "{error:?}");
                assert_eq!(error.to_string(), failure().to_string());
            }
        }
    }

    #[test]
    fn a_failed_report_comes_after_everything_is_done() {
        let mut book = MockProfileBook::new();
        book.expect_forget().once().returning(|_| Ok(Forgetting::Forgotten(held())));
        let mut reporter = MockReporter::new();
        reporter.expect_report().once().returning(|_| Err(ReportError { source: "full".into() }));

        let error = execute(&book, reporter, &forget(true)).unwrap_err();
        assert!(matches!(error, ProfilesError::Report(_)), "{error:?}");
        assert_eq!(error.ending(), ExitStatus::Failed);
    }
}
