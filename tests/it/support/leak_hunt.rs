//! The leak hunt: no secret that a test wrote into its sandbox may turn up anywhere else, in whatever encoding.

use std::fmt::Write;

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};

/// The secrets of all session tokens in a text: what stands behind `psk_<env>_<id>_`.
pub fn secrets_in(contents: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(contents);
    let credentials = text.split("psk_").skip(1).map(|rest| rest.split(|c: char| !is_b64token(c)).next().unwrap());
    let secrets = credentials.filter_map(|credential| credential.splitn(3, '_').nth(2));
    // A shorter one would also be found where it does not come from.
    secrets.filter(|secret| secret.len() >= 8).map(str::to_owned).collect()
}

/// How a secret is encoded that stands in what was captured, if any does.
pub fn leak_in(captured: &[u8], secrets: &[String]) -> Option<&'static str> {
    let mut needles = secrets.iter().flat_map(|secret| encodings(secret));
    needles.find(|(_, needle)| contains(captured, needle.as_bytes())).map(|(encoding, _)| encoding)
}

fn encodings(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let percent = percent_encoded(bytes);
    let mut encodings = vec![
        ("raw", secret.to_owned()),
        ("in hexadecimal", HEXLOWER.encode(bytes)),
        ("in hexadecimal", HEXUPPER.encode(bytes)),
        ("percent-encoded", percent.to_lowercase()),
        ("percent-encoded", percent),
    ];
    // In base64 a text looks different at each of three alignments; whole groups in its middle do not.
    for alignment in 0..3 {
        let whole_groups = &bytes[alignment..alignment + (bytes.len() - alignment) / 3 * 3];
        encodings.push(("in base64", BASE64.encode(whole_groups)));
        encodings.push(("in base64", BASE64URL.encode(whole_groups)));
    }
    encodings
}

pub fn percent_encoded(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    for byte in bytes {
        write!(encoded, "%{byte:02X}").unwrap();
    }
    encoded
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn is_b64token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~+/=".contains(character)
}

#[test]
fn finds_secrets_in_every_encoding() {
    let secrets = secrets_in(b"token = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_can_ary-c4n4ry\"");
    assert_eq!(secrets, ["can_ary-c4n4ry"]);
    for prefix in ["", "x", "xy"] {
        let leak = format!("{prefix}can_ary-c4n4ry");
        let bytes = leak.as_bytes();
        let captures = [leak.clone(), HEXLOWER.encode(bytes), BASE64.encode(bytes), percent_encoded(bytes)];
        for (captured, encoding) in captures.iter().zip(["raw", "in hexadecimal", "in base64", "percent-encoded"]) {
            assert_eq!(leak_in(captured.as_bytes(), &secrets), Some(encoding), "{captured}");
        }
    }
    assert_eq!(leak_in(b"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_[redacted]", &secrets), None);
}
