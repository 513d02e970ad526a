//! Which characters may reach a terminal, a log or a summary as they are.
//!
//! Names, paths and server texts come from outside. A control character in them can move the cursor or forge a line,
//! and a bidirectional control can make a line read as something else.

use std::borrow::Cow;

/// Tells whether a character must not be written as it is: control characters (Unicode category Cc), the line and
/// paragraph separators, and the bidirectional controls (Unicode Standard Annex 9, section 2).
#[must_use]
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

/// Tells whether a text is ASCII and printable, which nearly every text is, and which takes no decoding to find out.
#[must_use]
pub fn is_printable_ascii(text: &[u8]) -> bool {
    // Without an early end the compiler checks many bytes at once, which halves the time of a long list of tokens.
    text.iter().fold(true, |is_printable, byte| is_printable & matches!(byte, b' '..=b'~'))
}

/// Writes each character that [`is_unprintable`] as its escape, such as `\n` or `\u{1b}`, and leaves the rest alone.
#[must_use]
pub fn escape_unprintable(text: &str) -> Cow<'_, str> {
    if is_printable_ascii(text.as_bytes()) || !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unprintable(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_text_is_borrowed_unchanged() {
        let text = "plain, \"quoted\", back\\slash, ünï, 日本, 🦀";
        assert!(matches!(escape_unprintable(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn control_and_bidi_characters_are_escaped_and_nothing_else() {
        let cases = [
            ("a\nb", r"a\nb"),
            ("a\tb\r", r"a\tb\r"),
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("\u{0}\u{7f}\u{9b}", r"\u{0}\u{7f}\u{9b}"),
            ("\u{61c}\u{200e}\u{200f}", r"\u{61c}\u{200e}\u{200f}"),
            ("\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
            ("\u{202a}\u{202e}", r"\u{202a}\u{202e}"),
            ("\u{2066}\u{2069}", r"\u{2066}\u{2069}"),
            ("ä\u{85}ö", r"ä\u{85}ö"),
        ];
        for (text, escaped) in cases {
            assert_eq!(escape_unprintable(text), escaped);
        }
    }

    #[test]
    fn the_neighbours_of_the_ranges_are_printable() {
        for character in ['\u{200d}', '\u{2010}', '\u{2027}', '\u{202f}', '\u{2065}', '\u{206a}', '\u{a0}', ' '] {
            assert!(!is_unprintable(character), "{character:?}");
        }
    }
}
