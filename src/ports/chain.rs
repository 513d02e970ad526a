//! How an error and its sources become one line.

use std::error::Error;
use std::iter;

/// Joins what an error and its sources say by `: `.
///
/// The numbers of system errors (` (os error 13)`) are left out: they help no operator.
///
/// ```
/// use plexctl::ports::chain;
/// use plexctl::ports::reporter::ReportError;
///
/// let error = ReportError { source: "no space left on device".into() };
/// assert_eq!(chain(&error), "the summary could not be written: no space left on device");
/// ```
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let levels = iter::successors(Some(error), |level| (*level).source());
    levels.map(|level| without_numbers(&level.to_string())).collect::<Vec<_>>().join(": ")
}

fn without_numbers(text: &str) -> String {
    let mut pieces = text.split(" (os error ");
    let first = pieces.next().unwrap_or_default().to_owned();
    // More than one may stand there: a source can quote the message of its own source.
    pieces.fold(first, |text, piece| {
        text + piece.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(')')
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn leaves_out_the_numbers_of_the_system() {
        let texts =
            [("a (os error 2)", "a"), ("a (os error 104), b (os error 2): c", "a, b: c"), ("(os error)", "(os error)")];
        for (text, expected) in texts {
            assert_eq!(chain(&io::Error::other(text)), expected);
        }
        assert_eq!(chain(&io::Error::from_raw_os_error(13)), "Permission denied");
    }
}
