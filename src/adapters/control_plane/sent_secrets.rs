//! The secrets that the client has sent or received, which no response may show, whichever call it belongs to.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

use crate::domain::printable::is_unprintable;

/// The shortest password of a proxy that is masked on its own; a shorter one would also hit harmless text.
const MIN_PASSWORD: usize = 4;

/// The shortest secret that is masked on its own; a shorter one would also hit harmless text.
const MIN_MASKED_SECRET: usize = 8;

/// What stands in place of a credential.
const MASK: &str = "[redacted]";

/// Bearer tokens, device codes, and the credentials for proxies, and the parts of these that are masked on their own. The
/// longest comes first: where one is a part of another, the rest of the other would stay.
#[derive(Default)]
pub(crate) struct SentSecrets(Mutex<BTreeSet<(Reverse<usize>, String)>>);

impl SentSecrets {
    /// Records a secret that is about to be sent, or has arrived. Of one that is built as a session token is, the last
    /// part is recorded as well.
    pub(crate) fn add(&self, secret: &str) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A short part such as `dev` would mask words that have nothing to do with the secret.
        let part = secret.splitn(4, '_').nth(3).filter(|part| part.len() >= MIN_MASKED_SECRET);
        let recorded = part.into_iter().chain([secret]).filter(|secret| !secret.is_empty());
        secrets.extend(recorded.map(|secret| (Reverse(secret.len()), secret.to_owned())));
    }

    /// Records basic credentials (RFC 7617): as they are sent, decoded, and the password on its own.
    pub(crate) fn add_basic(&self, authorization: &str) {
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

    /// Strips what could act on a terminal, masks the secrets that a server might send back, and cuts to a number of
    /// characters. Masking comes after stripping, which could join a secret, and before cutting, which could leave half
    /// of one.
    pub(crate) fn sanitized(&self, text: &str, limit: usize) -> String {
        // Stripped and not escaped: the text is a sentence for people, where escapes only disturb.
        let clean = text.chars().filter(|character| !is_unprintable(*character)).collect();
        self.masked(clean).chars().take(limit).collect()
    }

    /// Masks the secrets that a server might send back, as they are or percent-encoded (RFC 3986, section 2.1), as in the
    /// address of a redirect.
    pub(crate) fn masked(&self, text: String) -> String {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = secrets.iter().fold(text, |text, (_, secret)| text.replace(secret, MASK));
        secrets.iter().fold(text, |text, (_, secret)| mask_percent_encoded(text, secret))
    }
}

#[cfg(any(test, fuzzing))]
impl<const COUNT: usize> From<[&str; COUNT]> for SentSecrets {
    fn from(secrets: [&str; COUNT]) -> Self {
        let sent = Self::default();
        for secret in secrets {
            sent.add(secret);
        }
        sent
    }
}

/// Masks a secret of which any character may be percent-encoded.
fn mask_percent_encoded(text: String, secret: &str) -> String {
    if !text.contains('%') {
        return text;
    }
    let decoded = percent_decoded(&text);
    let (mut masked, mut copied, mut from) = (String::new(), 0, 0);
    while let Some(window) = decoded.get(from..from + secret.len()) {
        let is_secret = window.iter().map(|(byte, _)| *byte).eq(secret.bytes());
        let ([(_, first), ..], [.., (_, last)]) = (window, window) else { break };
        if is_secret {
            masked.push_str(text.get(copied..first.start).unwrap_or_default());
            masked.push_str(MASK);
            copied = last.end;
        }
        from += if is_secret { secret.len() } else { 1 };
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    masked
}

/// The bytes that a text stands for, each with its own place in the text.
fn percent_decoded(text: &str) -> Vec<(u8, Range<usize>)> {
    let (bytes, mut start) = (text.as_bytes(), 0);
    let mut decoded = Vec::with_capacity(bytes.len());
    while let Some(byte) = bytes.get(start) {
        let digits = bytes.get(start + 1..start + 3).filter(|_| *byte == b'%');
        let (byte, end) = match digits.and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits).ok()?.pop()) {
            Some(encoded) => (encoded, start + 3),
            None => (*byte, start + 1),
        };
        decoded.push((byte, start..end));
        start = end;
    }
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

    fn token(secret: &str) -> String {
        format!("psk_prod_{ID}_{secret}")
    }

    fn sanitize<const COUNT: usize>(text: &str, secrets: [&str; COUNT]) -> String {
        SentSecrets::from(secrets).sanitized(text, 300)
    }

    #[test]
    fn holds_basic_credentials_encoded_decoded_and_the_password() {
        let held = |credentials: &str| {
            let secrets = SentSecrets::default();
            secrets.add_basic(&format!("Basic {}", BASE64.encode(credentials.as_bytes())));
            let mut held: Vec<_> = secrets.0.into_inner().unwrap().into_iter().map(|(_, secret)| secret).collect();
            held.sort_unstable();
            held
        };
        assert_eq!(held("alice:hunter2"), ["YWxpY2U6aHVudGVyMg==", "alice:hunter2", "hunter2"]);
        assert_eq!(held("a:b:cd"), ["YTpiOmNk", "a:b:cd", "b:cd"]);
        assert_eq!(held("alice:abc"), ["YWxpY2U6YWJj", "alice:abc"]);
    }

    #[test]
    fn masks_token_and_secret_everywhere() {
        let masked = |text: &str| sanitize(text, [&token("s3cr3t-s3cr3t")]);
        assert_eq!(masked(&format!("<psk_prod_{ID}_s3cr3t-s3cr3t>")), "<[redacted]>");
        assert_eq!(masked("a s3cr3t-s3cr3t b s3cr3t-s3cr3t"), "a [redacted] b [redacted]");
        assert_eq!(masked("s3cr3t\u{0}-s3cr\u{202e}3t"), "[redacted]");
        assert_eq!(masked(&format!("the id {ID} is no secret")), format!("the id {ID} is no secret"));
    }

    #[test]
    fn a_percent_encoded_secret_is_masked() {
        let masked = |text: &str| sanitize(text, [&token("s3cr3t+/t3rc3s=")]);
        assert_eq!(masked("https://h/?t=s3cr3t%2B%2Ft3rc3s%3D&u=%20"), "https://h/?t=[redacted]&u=%20");
        assert_eq!(masked("%733cr3t%2b/t3rc3s= s3cr3t+/t3rc3s%3d"), "[redacted] [redacted]");
        assert_eq!(masked(&format!("psk%5Fprod%5F{ID}%5Fs3cr3t%2B%2Ft3rc3s%3D")), "[redacted]");
        assert_eq!(masked("100% of %zz, ü%C3%BC, %"), "100% of %zz, ü%C3%BC, %");
        assert_eq!(masked("<%73%33%63%72%33%74%2b%2f%74%33%72%63%33%73%3d>"), "<[redacted]>");
    }

    #[test]
    fn masks_a_bare_secret_of_8_characters() {
        assert_eq!(sanitize("_1234567_", [&token("1234567")]), "_1234567_");
        assert_eq!(sanitize("_12345678_", [&token("12345678")]), "_[redacted]_");
        assert_eq!(sanitize("under_score_", [&token("under_score_")]), "[redacted]");
        assert_eq!(sanitize(&format!("psk_prod_{ID}_short"), [&token("short")]), "[redacted]");
    }

    #[test]
    fn masks_every_secret_and_nothing_else() {
        assert_eq!(sanitize("d3vice and t0ken", ["d3vice", "t0ken"]), "[redacted] and [redacted]");
        assert_eq!(sanitize("d3vice and t0ken", []), "d3vice and t0ken");
        assert_eq!(sanitize("alice:hunter2", ["hunter2", "alice:hunter2", ""]), "[redacted]");
    }

    #[test]
    fn texts_are_cut_to_300_characters_after_masking() {
        let long = "ä".repeat(301);
        assert_eq!(sanitize(&long, [&token("s3cr3t-s3cr3t")]), "ä".repeat(300));
        let tail = format!("{}s3cr3t-s3cr3t", "x".repeat(295));
        assert_eq!(sanitize(&tail, [&token("s3cr3t-s3cr3t")]), format!("{}[reda", "x".repeat(295)));
    }

    proptest! {
        #[test]
        fn shown_text_is_short_printable_and_masked(
            secret in "[A-Za-z0-9._~+/-]{8,20}=?", pieces in prop::collection::vec(0..8_usize, 0..60), filler in "\\PC{0,40}",
        ) {
            // A secret that is part of the mask cannot be hidden by it.
            prop_assume!(!MASK.contains(&secret));
            let token = token(&secret);
            let (head, tail) = secret.split_at(secret.len() / 2);
                        let parts = [token.as_str(), &secret, head, tail, "\u{1b}[31m", "\u{202e}", "\n", &filler];
            let text: String = pieces.into_iter().map(|piece| parts[piece]).collect();

            let shown = sanitize(&text, [&token]);
            prop_assert!(shown.chars().count() <= 300);
            prop_assert!(!shown.contains(is_unprintable));
            prop_assert!(!shown.contains(secret.as_str()));
        }
    }
}
