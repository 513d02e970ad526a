//! The secrets that the client has sent or received, which no response may show, whichever call it belongs to.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use data_encoding::BASE64;

/// The shortest password of a proxy that is masked on its own; a shorter one would also hit harmless text.
const MIN_PASSWORD: usize = 4;

/// Bearer tokens, device codes, and the credentials for proxies.
#[derive(Default)]
pub(super) struct SentSecrets(Mutex<HashSet<String>>);

impl SentSecrets {
    /// Records a secret that is about to be sent, or has arrived.
    pub(super) fn add(&self, secret: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned());
    }

    /// Records basic credentials (RFC 7617): as they are sent, decoded, and the password on its own.
    pub(super) fn add_basic(&self, authorization: &str) {
        let Some(encoded) = authorization.strip_prefix("Basic ") else { return };
        self.add(encoded);
        let decoded = BASE64.decode(encoded.as_bytes()).unwrap_or_default();
        let decoded = String::from_utf8_lossy(&decoded);
        // A proxy's error page shows what it decoded.
        self.add(&decoded);
        if let Some((_, password)) = decoded.split_once(':').filter(|(_, password)| password.len() >= MIN_PASSWORD) {
            self.add(password);
        }
    }

    /// Calls a function with all secrets.
    pub(super) fn with<T>(&self, function: impl FnOnce(&[&str]) -> T) -> T {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        function(&secrets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_basic_credentials_encoded_decoded_and_the_password() {
        let held = |credentials: &str| {
            let secrets = SentSecrets::default();
            secrets.add_basic(&format!("Basic {}", BASE64.encode(credentials.as_bytes())));
            let mut held: Vec<_> = secrets.with(|secrets| secrets.iter().map(ToString::to_string).collect());
            held.sort_unstable();
            held
        };
        assert_eq!(held("alice:hunter2"), ["YWxpY2U6aHVudGVyMg==", "alice:hunter2", "hunter2"]);
        assert_eq!(held("a:b:cd"), ["YTpiOmNk", "a:b:cd", "b:cd"]);
        assert_eq!(held("alice:abc"), ["YWxpY2U6YWJj", "alice:abc"]);
    }
}
