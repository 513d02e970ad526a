//! A reporter that remembers.

use crate::ports::reporter::{LogoutOutcome, ReportError, Reporter};

/// A [`Reporter`] that records the outcomes it was told, and can be told to fail.
#[derive(Debug)]
pub struct RecordingReporter<T = LogoutOutcome> {
    outcomes: Vec<T>,
    failure: Option<ReportError>,
}

impl<T> RecordingReporter<T> {
    /// A reporter that was told nothing yet.
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
