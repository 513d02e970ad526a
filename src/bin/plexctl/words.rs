//! Causes in the operator's words, without what the sentence around them says anyway.

use std::error::Error;
use std::io;
use std::iter;

/// What went wrong, from the outermost cause to the innermost.
pub fn words(source: &(dyn Error + 'static)) -> String {
    let chain = iter::successors(Some(source), |level| (*level).source());
    chain.map(level_words).collect::<Vec<_>>().join(": ")
}

/// What to do about it, where the cause itself tells.
pub fn hint(_source: &(dyn Error + 'static)) -> Option<String> {
    None
}

/// A system's error is shown in its words, without the number that std appends.
fn level_words(level: &(dyn Error + 'static)) -> String {
    let text = level.to_string();
    match level.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
        Some(number) => text.trim_end_matches(&format!(" (os error {number})")).to_owned(),
        None => text,
    }
}
