//! The bearer tokens that the client has sent, which no response may show, whichever call it belongs to.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The tokens as they were sent.
#[derive(Default)]
pub(super) struct SentTokens(Mutex<HashSet<String>>);

impl SentTokens {
    /// Records a token that is about to be sent.
    pub(super) fn add(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned());
    }

    /// Calls a function with the tokens and other secrets.
    pub(super) fn with<T>(&self, others: &[&str], function: impl FnOnce(&[&str]) -> T) -> T {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets: Vec<_> = others.iter().copied().chain(tokens.iter().map(String::as_str)).collect();
        function(&secrets)
    }
}
