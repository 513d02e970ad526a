//! Whatever a server lists, in whatever pieces it arrives: the tokens are those of the whole array, or there are none.
//!
//! The first byte is the length of the pieces. The rest is the list.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::fuzzing::read_token_list;
use serde_json::value::RawValue;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((length, list)) = bytes.split_first() else { return Corpus::Reject };
    let read = read_token_list(list, usize::from(*length).max(1));
    assert_eq!(read, read_token_list(list, usize::MAX), "the pieces do not matter");

    let bytes = list.strip_prefix(b"\xef\xbb\xbf").unwrap_or(list);
    // A value that is not read need not be UTF-8.
    let text = String::from_utf8_lossy(bytes);
    let whole = serde_json::from_str::<Vec<HashMap<String, Box<RawValue>>>>(&text);
    let id = |token: &HashMap<String, Box<RawValue>>| serde_json::from_str::<String>(token.get("id")?.get()).ok();
    let expected: Option<Vec<String>> = whole.ok().and_then(|tokens| tokens.iter().map(id).collect());
    match read {
        Ok(tokens) => assert_eq!(Some(tokens.into_iter().map(|token| token.id).collect()), expected),
        Err(error) => {
            // A field that occurs twice is refused here, and is the last one there.
            let is_refused = expected.is_none() || has_key_twice(&text) || str::from_utf8(bytes).is_err();
            assert!(!error.is_empty() && is_refused, "{error}");
        }
    }
    Corpus::Keep
});

/// Whether one of the fields that are read may occur twice in an element.
fn has_key_twice(text: &str) -> bool {
    let fields = ["id", "env_prefix", "created_at", "expires_at", "last_used_at", "rotated_at"];
    // An escape may spell a key in another way.
    text.contains('\\') || fields.iter().any(|field| text.matches(&format!("\"{field}\"")).count() > 1)
}
