//! Whatever a server answers, what is shown of it is short, harmless to a terminal and free of the credential.
//!
//! The input's first line is the token's secret and the rest is the body. The rest is also sent as the three texts of
//! a well-formed document, with `$` for the token and `&` for its secret, so that echoes are common.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::domain::printable::is_unprintable;
use plexctl::domain::token::SessionToken;
use plexctl::fuzzing::show_problem;
use serde_json::json;

/// The most characters of each text.
const MAX_TEXT: usize = 300;

/// The shortest secret that is masked on its own.
const MIN_MASKED_SECRET: usize = 8;

/// What stands in place of a credential. A secret that is part of it cannot be hidden by it.
const MASK: &str = "[redacted]";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some(line_end) = bytes.iter().position(|byte| *byte == b'\n') else { return Corpus::Reject };
    let Ok(secret) = str::from_utf8(&bytes[..line_end]) else { return Corpus::Reject };
    let whole = format!("psk_prod_0192f0c1-2345-7abc-8def-0123456789ab_{secret}");
    let Ok(token) = SessionToken::parse(whole.as_str()) else { return Corpus::Reject };
    let body = &bytes[line_end + 1..];

    if let Some(shown) = show_problem(body, &token) {
        assert_harmless(&shown, &whole, secret);
    }
    let text = String::from_utf8_lossy(body).replace('$', &whole).replace('&', secret);
    let document = json!({ "title": text, "code": text, "detail": text }).to_string();
    let shown = show_problem(document.as_bytes(), &token).expect("an object is a problem document");
    assert_harmless(&shown, &whole, secret);
    Corpus::Keep
});

fn assert_harmless((texts, line): &([Option<String>; 3], String), token: &str, secret: &str) {
    for text in texts.iter().flatten() {
        assert!(!text.is_empty());
        assert!(text.chars().count() <= MAX_TEXT, "{text:?}");
    }
    for text in texts.iter().flatten().chain([line]) {
        assert!(!text.contains(is_unprintable), "{text:?}");
        assert!(!text.contains(token), "{text:?}");
        if secret.len() >= MIN_MASKED_SECRET && !MASK.contains(secret) {
            assert!(!text.contains(secret), "{text:?}");
        }
    }
}
