//! The bearer tokens that a client has sent: no answer may show one of them, whichever call it is for.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The tokens, as they were sent.
#[derive(Default)]
pub(super) struct CarriedTokens(Mutex<HashSet<String>>);

impl CarriedTokens {
    /// Takes note of a token that is about to be sent.
    pub(super) fn add(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned());
    }

    /// Hands out the tokens together with other secrets.
    pub(super) fn with<T>(&self, others: &[&str], use_them: impl FnOnce(&[&str]) -> T) -> T {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets: Vec<_> = others.iter().copied().chain(tokens.iter().map(String::as_str)).collect();
        use_them(&secrets)
    }
}
