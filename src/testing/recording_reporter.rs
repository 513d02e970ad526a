//! A reporter that remembers.

use crate::ports::reporter::{LogoutOutcome, ReportError, Reporter};

/// A [`Reporter`] that records the outcomes it was told, and can be told to fail.
#[derive(Debug, Default)]
pub struct RecordingReporter {
    outcomes: Vec<LogoutOutcome>,
    failure: Option<ReportError>,
}

impl RecordingReporter {
    /// A reporter that was told nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the next report fail.
    pub fn fail_next(&mut self, error: ReportError) {
        self.failure = Some(error);
    }

    /// The outcomes so far, in order.
    #[must_use]
    pub fn outcomes(&self) -> &[LogoutOutcome] {
        &self.outcomes
    }
}

impl Reporter for RecordingReporter {
    fn report(&mut self, outcome: &LogoutOutcome) -> Result<(), ReportError> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        self.outcomes.push(outcome.clone());
        Ok(())
    }
}
