//! Doors for the fuzz targets into what is private otherwise. They exist only where cargo-fuzz builds the crate.

use crate::adapters::{control_plane, toml_store};
use crate::domain::token::SessionToken;

/// What an operator would see of a problem document.
pub struct Shown {
    /// Its title, code and detail.
    pub texts: [Option<String>; 3],
    /// The three in one line.
    pub line: String,
}

/// Cuts a profile out of a text. `None` means that the text is no config document.
///
/// # Errors
///
/// The cut's refusal, as the store would show it.
#[must_use]
pub fn cut(text: &str, profile: &str) -> Option<Result<String, String>> {
    toml_store::fuzzed_cut(text, profile)
}

/// A text with a session stored in it, and what clearing the profile put aside leaves of it, if one is.
pub type Stored = (String, Option<String>);

/// Stores a session, given as profile, server and token, in a text. `None` means that the text is no config document.
///
/// # Errors
///
/// The edit's refusal, as the store would show it.
#[must_use]
pub fn store(
    text: &str,
    session: [&str; 3],
    expires_at: Option<&str>,
    put_aside: Option<&str>,
) -> Option<Result<Stored, String>> {
    toml_store::fuzzed_session(text, session, expires_at, put_aside)
}

/// Sets the default pointer of a text. `None` means that the text is no config document.
///
/// # Errors
///
/// The edit's refusal, as the store would show it.
#[must_use]
pub fn point(text: &str, profile: &str) -> Option<Result<String, String>> {
    toml_store::fuzzed_pointer(text, profile)
}

/// Reads and sanitizes a body as a problem document, if it is one.
#[must_use]
pub fn show_problem(body: &[u8], token: &SessionToken) -> Option<Shown> {
    let (texts, line) = control_plane::fuzzed_problem(body, token)?;
    Some(Shown { texts, line })
}
