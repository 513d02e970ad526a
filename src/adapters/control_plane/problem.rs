//! Problem details (RFC 9457): the bounded, sanitized part of an error answer that may reach the operator.

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::domain::printable::is_unprintable;
#[cfg(fuzzing)]
use crate::domain::token::SessionToken;

/// How much of each text is shown, in characters.
pub(super) const MAX_TEXT: usize = 300;

/// The shortest secret that is masked on its own; a shorter one would also hit harmless text.
const MIN_MASKED_SECRET: usize = 8;

/// What stands in place of a credential.
const MASK: &str = "[redacted]";

/// A problem document's texts, fit for a terminal: at most 300 characters each, none of which could act on it, and
/// without the secrets that the request carried. Empty ones count as missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProblemDetails {
    /// The kind of problem (RFC 9457, section 3.1.3).
    pub(crate) title: Option<String>,
    /// The same for machines, an extension of plexsphere.
    pub(crate) code: Option<String>,
    /// This occurrence of it (RFC 9457, section 3.1.4).
    pub(crate) detail: Option<String>,
    /// The id under which the server logged the request, an extension of plexsphere.
    pub(crate) correlation_id: Option<String>,
}

impl ProblemDetails {
    /// Reads a body of the media type. `None` means that it is no JSON object.
    pub(super) fn parse(body: &[u8], secrets: &[&str]) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let text =
            |member| Some(sanitize(members.get(member)?.as_str()?, secrets, MAX_TEXT)).filter(|text| !text.is_empty());
        Some(Self {
            title: text("title"),
            code: text("code"),
            detail: text("detail"),
            correlation_id: text("correlation_id"),
        })
    }

    /// Reads the code of a body of the media type, as it is.
    pub(super) fn code_in(body: &[u8]) -> Option<String> {
        let members: Map<String, Value> = serde_json::from_slice(body).ok()?;
        members.get("code")?.as_str().map(str::to_owned)
    }
}

/// Writes `title (code): detail`, as far as they are there.
impl fmt::Display for ProblemDetails {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match (self.title.as_deref(), self.code.as_deref()) {
            (Some(title), Some(code)) => Some(format!("{title} ({code})")),
            (title, code) => title.or(code).map(str::to_owned),
        };
        let pieces: Vec<_> = name.as_deref().into_iter().chain(self.detail.as_deref()).collect();
        formatter.write_str(&pieces.join(": "))
    }
}

/// A body's title, code and detail, and the line they make, for the fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_problem(body: &[u8], token: &SessionToken) -> Option<([Option<String>; 3], String)> {
    let problem = ProblemDetails::parse(body, &[token.expose_secret()])?;
    let line = problem.to_string();
    Some(([problem.title, problem.code, problem.detail], line))
}

/// Strips what could act on a terminal, masks the secrets that a server might send back, and cuts to a number of
/// characters. Masking comes after stripping, which could join a secret, and before cutting, which could leave half of
/// one.
pub(super) fn sanitize(text: &str, secrets: &[&str], limit: usize) -> String {
    // Stripped and not escaped: the text is a sentence for people, where escapes only disturb.
    let clean = text.chars().filter(|character| !is_unprintable(*character)).collect();
    masked(clean, secrets).chars().take(limit).collect()
}

/// Masks the secrets that a server might send back, as they are or percent-encoded (RFC 3986, section 2.1), as in the
/// address of a redirect. Of one that is built as a session token is, the last part is masked on its own as well.
pub(super) fn masked(text: String, secrets: &[&str]) -> String {
    let parts = secrets.iter().filter_map(|whole| whole.splitn(4, '_').nth(3));
    // A short part such as `dev` would mask words that have nothing to do with the secret.
    let parts = parts.filter(|part| part.len() >= MIN_MASKED_SECRET);
    let mut masks: Vec<_> = secrets.iter().copied().chain(parts).filter(|secret| !secret.is_empty()).collect();
    // The longest first: where one is a part of another, the rest of the other would stay.
    masks.sort_unstable_by_key(|secret| Reverse(secret.len()));
    let text = masks.iter().fold(text, |text, secret| text.replace(secret, MASK));
    masks.iter().fold(text, |text, secret| mask_percent_encoded(text, secret))
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
        let digits = bytes.get(start + 1..start + 3).and_then(|digits| str::from_utf8(digits).ok());
        let encoded = digits.filter(|digits| *byte == b'%' && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let (byte, end) = match encoded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
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

    fn sanitize(text: &str, secrets: &[&str]) -> String {
        super::sanitize(text, secrets, MAX_TEXT)
    }

    fn shown(body: &str) -> Option<String> {
        ProblemDetails::parse(body.as_bytes(), &[&token("s3cr3t-s3cr3t")]).map(|problem| problem.to_string())
    }

    #[test]
    fn shows_title_code_and_detail_if_present() {
        let cases = [
            (r#"{"title":"T","code":"c","detail":"D"}"#, "T (c): D"),
            (r#"{"title":"T","detail":"D"}"#, "T: D"),
            (r#"{"title":"T","code":"c"}"#, "T (c)"),
            (r#"{"code":"c"}"#, "c"),
            (r#"{"code":"c","detail":"D"}"#, "c: D"),
            (r#"{"detail":"D"}"#, "D"),
            (r#"{"title":"","code":"","detail":""}"#, ""),
            (r#"{"title":7,"code":["c"],"detail":{"a":1}}"#, ""),
            (r#"{"title":"T","title":"U"}"#, "U"),
            ("{}", ""),
        ];
        for (body, text) in cases {
            assert_eq!(shown(body).as_deref(), Some(text), "{body}");
        }
    }

    #[test]
    fn whatever_is_no_json_object_is_no_problem_document() {
        let deep = format!("{{\"a\":{}}}", "[".repeat(100_000));
        for body in ["", "null", "[]", "\"title\"", "7", "{", "{\"title\":\"T\"", "{\"title\":\"T\"}x", deep.as_str()] {
            assert_eq!(shown(body), None, "{body:.20}");
        }
        assert_eq!(ProblemDetails::parse(b"{\"title\":\"\xff\"}", &[&token("s3cr3t-s3cr3t")]), None);
    }

    #[test]
    fn control_and_bidi_characters_are_stripped() {
        let body = "{\"title\":\"a\\u001b[31mb\\r\\n\\u0000\\u009b\\u007f\\u2028c\\u202e\\u2066d\"}";
        assert_eq!(shown(body).as_deref(), Some("a[31mbcd"));
    }

    #[test]
    fn masks_token_and_secret_everywhere() {
        let masked = |text: &str| sanitize(text, &[&token("s3cr3t-s3cr3t")]);
        assert_eq!(masked(&format!("<psk_prod_{ID}_s3cr3t-s3cr3t>")), "<[redacted]>");
        assert_eq!(masked("a s3cr3t-s3cr3t b s3cr3t-s3cr3t"), "a [redacted] b [redacted]");
        assert_eq!(masked("s3cr3t\u{0}-s3cr\u{202e}3t"), "[redacted]");
        assert_eq!(masked(&format!("the id {ID} is no secret")), format!("the id {ID} is no secret"));
    }

    #[test]
    fn a_percent_encoded_secret_is_masked() {
        let masked = |text: &str| sanitize(text, &[&token("s3cr3t+/t3rc3s=")]);
        assert_eq!(masked("https://h/?t=s3cr3t%2B%2Ft3rc3s%3D&u=%20"), "https://h/?t=[redacted]&u=%20");
        assert_eq!(masked("%733cr3t%2b/t3rc3s= s3cr3t+/t3rc3s%3d"), "[redacted] [redacted]");
        assert_eq!(masked(&format!("psk%5Fprod%5F{ID}%5Fs3cr3t%2B%2Ft3rc3s%3D")), "[redacted]");
        assert_eq!(masked("100% of %zz, ü%C3%BC, %"), "100% of %zz, ü%C3%BC, %");
        assert_eq!(masked("<%73%33%63%72%33%74%2b%2f%74%33%72%63%33%73%3d>"), "<[redacted]>");
    }

    #[test]
    fn masks_a_bare_secret_of_8_characters() {
        assert_eq!(sanitize("_1234567_", &[&token("1234567")]), "_1234567_");
        assert_eq!(sanitize("_12345678_", &[&token("12345678")]), "_[redacted]_");
        assert_eq!(sanitize("under_score_", &[&token("under_score_")]), "[redacted]");
        assert_eq!(sanitize(&format!("psk_prod_{ID}_short"), &[&token("short")]), "[redacted]");
    }

    #[test]
    fn masks_every_secret_and_nothing_else() {
        assert_eq!(sanitize("d3vice and t0ken", &["d3vice", "t0ken"]), "[redacted] and [redacted]");
        assert_eq!(sanitize("d3vice and t0ken", &[]), "d3vice and t0ken");
        assert_eq!(sanitize("alice:hunter2", &["hunter2", "alice:hunter2", ""]), "[redacted]");
    }

    #[test]
    fn texts_are_cut_to_300_characters_after_masking() {
        let long = "ä".repeat(301);
        assert_eq!(sanitize(&long, &[&token("s3cr3t-s3cr3t")]), "ä".repeat(300));
        let tail = format!("{}s3cr3t-s3cr3t", "x".repeat(295));
        assert_eq!(sanitize(&tail, &[&token("s3cr3t-s3cr3t")]), format!("{}[reda", "x".repeat(295)));
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

            let shown = sanitize(&text, &[&token]);
            prop_assert!(shown.chars().count() <= 300);
            prop_assert!(!shown.contains(is_unprintable));
            prop_assert!(!shown.contains(secret.as_str()));
        }
    }
}
