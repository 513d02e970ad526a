//! Bugs in copies of the reporter.

use plexctl::ports::{LogoutOutcome, ProfilesOutcome, ReportError, Reporter};
use plexctl::testing::RecordingReporter;
use plexctl::testing::contract::{ReportedOutcome, ReporterUnderTest, a_reporter_keeps_its_promises};

/// A copy of the fake with the bug of this number. Number 0 has none.
struct Planted<const BUG: u8, T> {
    fake: RecordingReporter<T>,
    is_closed: bool,
    /// What is written although it is not recorded.
    results: String,
}

impl<const BUG: u8, T> From<RecordingReporter<T>> for Planted<BUG, T> {
    fn from(fake: RecordingReporter<T>) -> Self {
        Self { fake, is_closed: false, results: String::new() }
    }
}

impl<const BUG: u8, T: ReportedOutcome> ReporterUnderTest<T> for Planted<BUG, T>
where
    Self: Reporter<T>,
{
    fn read() -> Self {
        RecordingReporter::read().into()
    }

    fn closed() -> Self {
        Self { is_closed: true, ..RecordingReporter::closed().into() }
    }

    fn full() -> Self {
        RecordingReporter::full().into()
    }

    fn reporter(&mut self) -> &mut dyn Reporter<T> {
        self
    }

    fn results(&self) -> String {
        self.fake.results() + &self.results
    }

    fn notes(&self) -> String {
        self.fake.notes()
    }
}

type PlantedLogout<const BUG: u8> = Planted<BUG, LogoutOutcome>;

impl<const BUG: u8> Reporter<LogoutOutcome> for PlantedLogout<BUG> {
    fn report(&mut self, outcome: &LogoutOutcome) -> Result<(), ReportError> {
        match BUG {
            // An outcome is not told; it is told twice; one without a result is not told.
            10 => return Ok(()),
            11 => self.fake.report(outcome)?,
            12 if *outcome == LogoutOutcome::NoSession => return Ok(()),
            // Nothing was done, and there is a result.
            20 if *outcome == LogoutOutcome::NoSession => "Logged out.".clone_into(&mut self.results),
            // A reader that closed its end is a failure.
            30 if self.is_closed => return Err(ReportError { source: "closed".into() }),
            _ => {}
        }
        match (BUG, self.fake.report(outcome)) {
            // A failure is swallowed.
            (13, Err(_)) => Ok(()),
            (_, result) => result,
        }
    }
}

fn logout_suite<R: ReporterUnderTest<LogoutOutcome>>() {
    a_reporter_keeps_its_promises::<LogoutOutcome, R>();
}

type PlantedProfiles<const BUG: u8> = Planted<BUG, ProfilesOutcome>;

impl<const BUG: u8> Reporter<ProfilesOutcome> for PlantedProfiles<BUG> {
    fn report(&mut self, outcome: &ProfilesOutcome) -> Result<(), ReportError> {
        let profile = match outcome {
            ProfilesOutcome::Listed { list, .. } if BUG == 40 => Some(&list.profiles[0]),
            ProfilesOutcome::Forgotten(profile) if BUG == 41 => Some(profile),
            _ => None,
        };
        // The token of a profile is written.
        if let Some(token) = profile.and_then(|profile| profile.token.as_ref()) {
            self.results.push_str(token.expose_secret());
        }
        self.fake.report(outcome)
    }
}

fn profiles_suite<R: ReporterUnderTest<ProfilesOutcome>>() {
    a_reporter_keeps_its_promises::<ProfilesOutcome, R>();
}

#[test]
fn reporter_suite_names_broken_promise() {
    assert_named!(logout_suite, PlantedLogout: 10 => 1, 11 => 1, 12 => 1, 13 => 1, 20 => 2, 30 => 3);
    assert_named!(profiles_suite, PlantedProfiles: 40 => 4, 41 => 4);
}
