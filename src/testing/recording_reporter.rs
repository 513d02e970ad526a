//! A reporter that records.

use crate::ports::reporter::{LogoutOutcome, ReportError, Reporter};

/// A [`Reporter`] that records its outcomes, and fails on demand.
#[derive(Debug)]
pub struct RecordingReporter<T = LogoutOutcome> {
    outcomes: Vec<T>,
    failure: Option<ReportError>,
}

impl<T> RecordingReporter<T> {
    /// A reporter without outcomes so far.
    #[must_use]
    pub fn new() -> Self {
        Self { outcomes: Vec::new(), failure: None }
    }

    /// Makes the next report fail.
    pub fn fail_next(&mut self, error: ReportError) {
        self.failure = Some(error);
    }

    /// The outcomes so far, in order.
    #[must_use]
    pub fn outcomes(&self) -> &[T] {
        &self.outcomes
    }
}

impl<T> Default for RecordingReporter<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone + Send> Reporter<T> for RecordingReporter<T> {
    fn report(&mut self, outcome: &T) -> Result<(), ReportError> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        self.outcomes.push(outcome.clone());
        Ok(())
    }
}
