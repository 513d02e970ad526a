//! Whatever a server sends as correlation id, in a header or in problem details, what is shown of it is short, harmless to
//! a terminal and free of the credential, and that of the problem details goes first.
//!
//! The first line of the input is the secret of the token, the second one is the header, and the rest is the member of
//! the problem details. In both, `$` stands for the token and `&` for its secret.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::domain::printable::is_unprintable;
use plexctl::domain::token::SessionToken;
use plexctl::fuzzing::show_correlation_id;
use serde_json::json;

/// The most characters of an id.
const MAX_TEXT: usize = 300;

/// The shortest secret that is masked on its own.
const MIN_MASKED_SECRET: usize = 8;

/// What stands in place of a credential. A secret that is part of it cannot be hidden by it.
const MASK: &str = "[redacted]";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let (Some(secret), Some(header), Some(member)) = (lines.next(), lines.next(), lines.next()) else {
        return Corpus::Reject;
    };
    let Ok(secret) = str::from_utf8(secret) else { return Corpus::Reject };
    let whole = format!("psk_prod_0192f0c1-2345-7abc-8def-0123456789ab_{secret}");
    let Ok(token) = SessionToken::parse(whole.as_str()) else { return Corpus::Reject };
    let echoing = |text: &[u8]| String::from_utf8_lossy(text).replace('$', &whole).replace('&', secret);

    let (header, member) = (echoing(header), echoing(member));
    let with = |body: &str| show_correlation_id(header.as_bytes(), body.as_bytes(), &token);
    let from_member = show_correlation_id(b"", json!({ "correlation_id": member }).to_string().as_bytes(), &token);
    let from_header = with("{}");
    assert_eq!(with("no object"), from_header);
    assert_eq!(with(r#"{"correlation_id":7}"#), from_header);
    let expected = from_member.clone().or_else(|| from_header.clone());
    assert_eq!(with(&json!({ "correlation_id": member }).to_string()), expected);

    let is_plain = !member.is_empty() && member.len() <= MAX_TEXT && member.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain && !member.contains(secret) {
        assert_eq!(from_member.as_deref(), Some(member.as_str()));
    }
    for shown in [from_member, from_header].iter().flatten() {
        assert!((1..=MAX_TEXT).contains(&shown.chars().count()), "{shown:?}");
        assert!(!shown.contains(is_unprintable), "{shown:?}");
        assert!(!shown.contains(&whole), "{shown:?}");
        if secret.len() >= MIN_MASKED_SECRET && !MASK.contains(secret) {
            assert!(!shown.contains(secret), "{shown:?}");
        }
    }
    Corpus::Keep
});
