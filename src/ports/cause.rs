//! Why something went otherwise, where that is told beside an outcome instead of ending in an error.

use std::error::Error;
use std::fmt;
use std::iter;
use std::sync::Arc;

use super::BoxError;

/// An error that several may hold and look into, down to its type.
///
/// Two causes are equal if they say the same, their sources included.
#[derive(Clone, Debug)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Keeps an error.
    pub fn new(error: impl Into<BoxError>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// The error itself, for whoever has words of its own for one.
    #[must_use]
    pub fn error(&self) -> &(dyn Error + 'static) {
        &*self.0
    }

    fn words(&self) -> impl Iterator<Item = String> {
        iter::successors(Some(self.error()), |level| (*level).source()).map(ToString::to_string)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.words().eq(other.words())
    }
}

impl Eq for Cause {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::reporter::ReportError;

    #[test]
    fn a_cause_is_the_error_that_it_keeps() {
        let cause = Cause::new(ReportError { source: "full".into() });
        assert_eq!(cause.to_string(), "the summary could not be written");
        assert_eq!(cause.source().unwrap().to_string(), "full");
        assert!(cause.error().is::<ReportError>());
    }

    #[test]
    fn causes_are_compared_by_all_that_they_say() {
        let full = Cause::new(ReportError { source: "full".into() });
        assert_eq!(full, full.clone());
        assert_eq!(full, Cause::new(ReportError { source: "full".into() }));
        assert_ne!(full, Cause::new(ReportError { source: "closed".into() }));
        assert_ne!(full, Cause::new("the summary could not be written"));
    }
}
