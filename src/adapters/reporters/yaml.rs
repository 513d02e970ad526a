//! The reporter for programs that read YAML 1.2.

use std::io::Write;

use serde::Serialize;
use serde_saphyr::ser_options;

use super::json::to_json;
use super::{NoteWriter, Render};
use crate::domain::printable::is_unprintable;
use crate::ports::reporter::{ReportError, Reporter};

/// A [`Reporter`] that writes results to `out` as YAML mappings, and notes to `err`.
pub struct YamlReporter<O, E> {
    out: O,
    err: E,
}

impl<O: Write + Send, E: NoteWriter> YamlReporter<O, E> {
    /// Takes the writers for results and for everything else.
    pub fn new(out: O, err: E) -> Self {
        Self { out, err }
    }
}

impl<T: Render + Send, O: Write + Send, E: NoteWriter> Reporter<T> for YamlReporter<O, E> {
    fn report(&mut self, outcome: &T) -> Result<(), ReportError> {
        outcome.to_programs().write(|data| to_yaml(&data), &mut self.out, &mut self.err)
    }
}

/// Writes data as a block mapping. A text with characters that must not reach a terminal needs escapes that the block
/// style would not use; then it is the JSON object, which YAML reads as it is (YAML 1.2.2, section 1.2).
fn to_yaml(data: &impl Serialize) -> Result<String, ReportError> {
    let options = ser_options! { prefer_block_scalars: false };
    let yaml =
        serde_saphyr::to_string_with_options(data, options).map_err(|error| ReportError { source: error.into() })?;
    if yaml.contains(|character| is_unprintable(character) && character != '\n') { to_json(data) } else { Ok(yaml) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// YAML and JSON allow some of these as they are, but a terminal acts on them.
    #[test]
    fn escapes_what_acts_on_a_terminal() {
        for text in ["a\u{7f}b", "a\u{202e}b", "a\u{7f}\u{202e}b", "\u{85}\u{7f}", "a\u{1b}[2J"] {
            let yaml = to_yaml(&BTreeMap::from([("key", text)])).unwrap();
            assert!(!yaml.contains(|character| is_unprintable(character) && character != '\n'), "{yaml:?}");
        }
    }
}
