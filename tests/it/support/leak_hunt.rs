//! The leak hunt: no secret that a test wrote into its sandbox may turn up anywhere else, in whatever encoding.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};

/// The secrets of all session tokens in a text: what stands behind `psk_<env>_<id>_`.
pub fn secrets_in(contents: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(contents);
    let credentials = text.split("psk_").skip(1).map(|rest| rest.split(|c: char| !is_b64token(c)).next().unwrap());
    let secrets = credentials.filter_map(|credential| credential.splitn(3, '_').nth(2));
    // A shorter one would also be found where it does not come from.
    secrets.filter(|secret| secret.len() >= 8).map(str::to_owned).collect()
}

/// Fails if any encoding of a secret stands in what was captured.
pub fn assert_no_leak(secrets: &[String], place: &str, captured: &[u8]) {
    for secret in secrets {
        for (encoding, needle) in encodings(secret) {
            assert!(!contains(captured, needle.as_bytes()), "a secret stands in {place}, {encoding}");
        }
    }
}

/// Fails if any file below a directory holds a secret, but for those that are there to hold it: TOML files.
pub fn assert_no_leak_in_files(secrets: &[String], directory: &Path) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            assert_no_leak_in_files(secrets, &path);
        } else if metadata.is_file() && path.extension().is_none_or(|extension| extension != "toml") {
            assert_no_leak(secrets, &path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
}

fn encodings(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let mut percent = String::new();
    for byte in bytes {
        write!(percent, "%{byte:02X}").unwrap();
    }
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

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn is_b64token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~+/=".contains(character)
}

#[test]
fn the_hunt_finds_a_secret_in_every_encoding() {
    let secrets = secrets_in(b"token = \"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_can_ary-c4n4ry\"");
    assert_eq!(secrets, ["can_ary-c4n4ry"]);
    for prefix in ["", "x", "xy"] {
        let leak = format!("{prefix}can_ary-c4n4ry");
        for captured in [leak.clone(), HEXLOWER.encode(leak.as_bytes()), BASE64.encode(leak.as_bytes())] {
            let hunt = std::panic::catch_unwind(|| assert_no_leak(&secrets, "a test", captured.as_bytes()));
            assert!(hunt.is_err(), "{captured}");
        }
    }
    assert_no_leak(&secrets, "a test", b"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_[redacted]");
}
