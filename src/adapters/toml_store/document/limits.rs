//! The limits of a document, counted by the lexer before anything is built of it: what the parser makes of a text can
//! take some hundred times its size in memory.

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// How many keys and values a document may have. Each part of a dotted key or a header counts, and so does each table
/// that such a part stands for.
const MAX_KEYS_AND_VALUES: usize = 1_000_000;

/// How many words, signs and line ends a document may have: the parser holds all of them at once.
const MAX_TOKENS: usize = 3_500_000;

/// How many parts a key may have, and how many arrays and inline tables may stand in each other. This is as far as the
/// parser goes.
const MAX_DEPTH: usize = 80;

/// Up to which size a text cannot have more keys and values than it may, in bytes: each takes one at least.
const MAX_UNCOUNTED_SIZE: usize = MAX_KEYS_AND_VALUES;

/// Where a text has too much of something, if that is in one place, and of what.
pub(super) type TooLarge = (Option<usize>, &'static str);

/// Counts what a text holds, if it is long enough to hold too much.
pub(super) fn check(text: &str) -> Result<(), TooLarge> {
    // Most files have some hundred bytes, and the count is a pass of its own.
    if text.len() <= MAX_UNCOUNTED_SIZE { Ok(()) } else { count(text) }
}

/// Counts what a text holds. It need not be valid.
pub(super) fn count(text: &str) -> Result<(), TooLarge> {
    let mut counter = TokenCounter::default();
    for token in Source::new(text).lex() {
        counter.take(token.kind());
        if counter.parts > MAX_DEPTH {
            return Err((Some(token.span().start()), "the key has more than 80 parts"));
        }
        if counter.open.len() > MAX_DEPTH {
            return Err((Some(token.span().start()), "the value is nested more than 80 levels deep"));
        }
        if counter.keys_and_values > MAX_KEYS_AND_VALUES {
            return Err((None, "it has more than a million keys and values"));
        }
        if counter.tokens > MAX_TOKENS {
            return Err((None, "it has more than 3,500,000 words, signs and line ends"));
        }
    }
    Ok(())
}

/// What is counted, and what has to be known of the tokens before to count the next one.
#[derive(Default)]
struct TokenCounter {
    tokens: usize,
    keys_and_values: usize,
    /// How many parts the key has that is being read.
    parts: usize,
    /// The arrays and inline tables that are not closed yet.
    open: Vec<TokenKind>,
    next: Next,
}

/// What a token may begin.
#[derive(Clone, Copy, Default, PartialEq)]
enum Next {
    #[default]
    Key,
    Value,
    Nothing,
}

impl TokenCounter {
    fn take(&mut self, kind: TokenKind) {
        use TokenKind::{
            Atom, BasicString, Comma, Dot, Equals, LeftCurlyBracket, LeftSquareBracket, LiteralString, MlBasicString,
            MlLiteralString, Newline, RightCurlyBracket, RightSquareBracket,
        };

        self.tokens += 1;
        match (kind, self.next) {
            (Atom | BasicString | LiteralString | MlBasicString | MlLiteralString, Next::Key) => {
                self.keys_and_values += 1;
                self.parts += 1;
            }
            // The table that the part before it stands for.
            (Dot, Next::Key) => self.keys_and_values += 1,
            (Atom | BasicString | LiteralString | MlBasicString | MlLiteralString | Dot, Next::Value) => {
                self.keys_and_values += 1;
                self.next = Next::Nothing;
            }
            (Equals, _) => self.next = Next::Value,
            // A header's.
            (LeftSquareBracket, Next::Key) => {}
            (LeftSquareBracket | LeftCurlyBracket, _) => {
                self.keys_and_values += 1;
                self.open.push(kind);
                self.begin_entry();
            }
            (RightSquareBracket | RightCurlyBracket, _) => {
                self.open.pop();
                self.next = Next::Nothing;
            }
            (Comma | Newline, _) => self.begin_entry(),
            _ => {}
        }
    }

    fn begin_entry(&mut self) {
        // Only the parts of one key count towards the depth.
        self.parts = 0;
        self.next = if self.open.last() == Some(&TokenKind::LeftSquareBracket) { Next::Value } else { Next::Key };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> TokenCounter {
        let mut counter = TokenCounter::default();
        Source::new(text).lex().for_each(|token| counter.take(token.kind()));
        counter
    }

    #[test]
    fn every_key_and_value_counts_once() {
        let cases = [
            ("", 0),
            ("\u{feff}# a = 1\n\n\r\n", 0),
            ("a = 1\n", 2),
            ("a = 1.5 # comment\n", 2),
            ("a = 1979-05-27 07:32:00.5\nb = -1.0e-3\n", 4),
            ("'a' = '''\nb = 1\n'''\n\"b\" = \"\"\"\n,\n\"\"\"\n", 4),
            ("a.b . c = 1\n", 6),
            ("[a]\n", 1),
            ("[profiles.x]\nserver = 's'\ntoken = 't'\n", 7),
            ("[[ a.\"b\" ]]\n", 3),
            ("a = []\n", 2),
            ("a = [1, 1.5, 'x',\n\n [ 2 ],\n]\n", 7),
            ("a = {}\n", 2),
            ("a = { b = 1, c.d = [1, 2], }\nb = 1\n", 12),
            ("a = [{b = 1}, {\n}, []]\n", 7),
            ("a = [\n1\n, 2\n]\n[b]\n", 5),
        ];
        for (text, expected) in cases {
            assert_eq!(counted(text).keys_and_values, expected, "{text:?}");
        }
    }

    #[test]
    fn a_million_keys_and_values_and_three_and_a_half_million_tokens_are_the_limits() {
        let list = |values: usize| format!("a = [{}]", "1,".repeat(values));
        let too_large = |problem| Err((None, problem));
        assert_eq!(check(&list(999_998)), Ok(()));
        assert_eq!(check(&list(999_999)), too_large("it has more than a million keys and values"));
        // The end of the text is a token too.
        assert_eq!(check(&"\n".repeat(3_499_999)), Ok(()));
        assert_eq!(check(&"\n".repeat(3_500_000)), too_large("it has more than 3,500,000 words, signs and line ends"));
    }

    #[test]
    fn no_text_has_more_keys_and_values_than_bytes() {
        for unit in ["a.", "a=1\n", "[a]\n", "a={}\n", "a=[1,1]\n"] {
            let text = unit.repeat(100);
            assert!(counted(&text).keys_and_values <= text.len(), "{unit:?}");
        }
        for unit in ["1,", "[],", "{},", "[1],", "''", "[", "{"] {
            let text = "a=[".to_owned() + &unit.repeat(100);
            assert!(counted(&text).keys_and_values <= text.len(), "{unit:?}");
        }
    }
}
