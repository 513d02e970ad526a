//! The token rule against a second one, written by hand: both accept the same texts and find the same id.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::domain::token::SessionToken;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = str::from_utf8(bytes) else { return Corpus::Reject };
    let accepted = SessionToken::parse(text);
    let found = accepted.as_ref().ok().map(|token| token.id().to_string());
    assert_eq!(found, expected_id(text), "{text:?}");

    if let Ok(token) = accepted {
        assert_eq!(token.expose_secret(), text);
        assert_eq!(format!("{token:?}"), "SessionToken([redacted])");
        let (env, secret) = (text.split('_').nth(1), text.splitn(4, '_').nth(3));
        let respelled = format!("psk_{}_{}_{}", env.unwrap(), token.id(), secret.unwrap());
        if let Ok(respelled) = SessionToken::parse(respelled) {
            assert_eq!(respelled.id(), token.id());
        } else {
            assert!(text.len() > 4096 - 10, "the longer spelling of the id is one of the same token");
        }
    }
    Corpus::Keep
});

/// The id of a session token in hyphenated form, byte by byte.
fn expected_id(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() > 4096 || !bytes.starts_with(b"psk_") {
        return None;
    }
    let mut at = 4;
    while bytes.get(at)?.is_ascii_lowercase() {
        at += 1;
    }
    if at == 4 || bytes[at] != b'_' {
        return None;
    }
    let rest = &bytes[at + 1..];
    let id_end = rest.iter().position(|byte| *byte == b'_')?;
    let id = match id_end {
        26 => base32(&rest[..26])?,
        36 => hyphenated(&rest[..36])?,
        _ => return None,
    };
    let mut secret = &rest[id_end + 1..];
    while let Some(shorter) = secret.strip_suffix(b"=") {
        secret = shorter;
    }
    let is_secret =
        |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    (id_end + 1 < rest.len() && secret.iter().all(is_secret)).then_some(())?;
    let hex = format!("{id:032x}");
    Some([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// Twenty-five groups of five bits, and a last one whose low two bits are spare and have to be zero.
fn base32(digits: &[u8]) -> Option<u128> {
    let mut id = 0_u128;
    for (n, digit) in digits.iter().enumerate() {
        let value = match digit {
            b'a'..=b'z' => digit - b'a',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        id = match (n, value & 3) {
            (25, 0) => id << 3 | u128::from(value >> 2),
            (25, _) => return None,
            _ => id << 5 | u128::from(value),
        };
    }
    Some(id)
}

fn hyphenated(digits: &[u8]) -> Option<u128> {
    let mut id = 0_u128;
    for (n, digit) in digits.iter().enumerate() {
        let value = match (n, digit) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => digit - b'0',
            (_, b'a'..=b'f') => digit - b'a' + 10,
            _ => return None,
        };
        id = id << 4 | u128::from(value);
    }
    Some(id)
}
