//! The reporter for programs that read YAML 1.2.

use std::io::Write;

use serde_saphyr::ser_options;

use super::{report_summary, to_json};
use crate::domain::printable::is_unprintable;
use crate::ports::reporter::{LogoutOutcome, ReportError, Reporter};
use serde::Serialize;

/// A [`Reporter`] that writes a YAML mapping to `out` for a session that has ended, and sentences to `err`.
pub struct YamlReporter<O, E> {
    pub(super) out: O,
    pub(super) err: E,
}

impl<O: Write + Send, E: Write + Send> YamlReporter<O, E> {
    /// Takes the writers for results and for everything else.
    pub fn new(out: O, err: E) -> Self {
        Self { out, err }
    }
}

impl<O: Write + Send, E: Write + Send> Reporter<LogoutOutcome> for YamlReporter<O, E> {
    fn report(&mut self, outcome: &LogoutOutcome) -> Result<(), ReportError> {
        report_summary(outcome, |summary| to_yaml(summary), &mut self.out, &mut self.err)
    }
}

/// Writes the summary as a block mapping. A name with characters that must not reach a terminal needs escapes that the
/// block style would not use; then it is the JSON object, which YAML reads as it is (YAML 1.2.2, section 1.2).
pub(super) fn to_yaml(summary: &impl Serialize) -> Result<String, ReportError> {
    let options = ser_options! { prefer_block_scalars: false };
    let yaml =
        serde_saphyr::to_string_with_options(summary, options).map_err(|error| ReportError { source: error.into() })?;
    if yaml.contains(|character| is_unprintable(character) && character != '\n') { to_json(summary) } else { Ok(yaml) }
}
