//! The list of tokens, parsed while it arrives: what is held in memory is the tokens, never the whole response.

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::json::JsonError;
use super::sent_secrets::SentSecrets;
use crate::domain::token_summary::TokenSummary;

/// How much of a list is read, in bytes.
const MAX_LIST: usize = 16 * 1024 * 1024;

/// How many tokens of a list are read.
const MAX_TOKENS: usize = 100_000;

/// The byte order mark, which is ignored before the list (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Parses a JSON array of tokens piece by piece.
///
/// It finds where each element begins and ends. What an element means is left to the parser of JSON objects.
pub(super) struct TokenListParser<'a> {
    /// What is masked in the fields of a token.
    secrets: &'a SentSecrets,
    tokens: Vec<TokenSummary>,
    /// What has arrived of the current element.
    element: Vec<u8>,
    position: Position,
    /// How many bytes have arrived.
    length: usize,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// The byte order mark, after so many bytes of it.
    Mark(usize),
    /// What stands before the array.
    BeforeArray,
    /// The first element, or the end of the array.
    FirstElement,
    /// An element that has to follow.
    NextElement,
    /// An element, inside so many braces and brackets.
    Element { depth: usize },
    /// A string in an element.
    Text { depth: usize },
    /// The character after a backslash in such a string.
    Escape { depth: usize },
    /// What stands behind an element: a comma, or the end of the array.
    BehindElement,
    /// What stands behind the array.
    BehindArray,
}

impl<'a> TokenListParser<'a> {
    pub(super) fn new(secrets: &'a SentSecrets) -> Self {
        Self { secrets, tokens: Vec::new(), element: Vec::new(), position: Position::Mark(0), length: 0 }
    }

    /// Parses the next piece.
    ///
    /// # Errors
    ///
    /// Any variant of [`TokenListFault`] but [`TokenListFault::Incomplete`].
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), TokenListFault> {
        self.length += piece.len();
        if self.length > MAX_LIST {
            return Err(TokenListFault::TooLarge);
        }
        for byte in piece {
            let was_in_element = self.position.is_in_element();
            self.position = self.position.after(*byte).ok_or(TokenListFault::NoList)?;
            if was_in_element || self.position.is_in_element() {
                self.element.push(*byte);
            }
            if self.position == Position::BehindElement && was_in_element {
                self.end_element()?;
            }
        }
        Ok(())
    }

    /// Takes the tokens, in the order of the list.
    ///
    /// # Errors
    ///
    /// [`TokenListFault::Incomplete`] if the end of the list has not arrived.
    pub(super) fn finish(self) -> Result<Vec<TokenSummary>, TokenListFault> {
        if self.position == Position::BehindArray { Ok(self.tokens) } else { Err(TokenListFault::Incomplete) }
    }

    fn end_element(&mut self) -> Result<(), TokenListFault> {
        if self.tokens.len() == MAX_TOKENS {
            return Err(TokenListFault::TooMany);
        }
        self.tokens.push(token_in(&self.element, self.secrets)?);
        self.element.clear();
        Ok(())
    }
}

impl Position {
    fn is_in_element(self) -> bool {
        matches!(self, Self::Element { .. } | Self::Text { .. } | Self::Escape { .. })
    }

    /// The position after a byte. `None` means that no list of objects has this byte here.
    #[allow(clippy::match_same_arms, reason = "the arms are the table of a state machine, in the order of a list")]
    fn after(self, byte: u8) -> Option<Self> {
        let next = match (self, byte) {
            (Self::Mark(index), _) if BYTE_ORDER_MARK[index] == byte => {
                if index + 1 < BYTE_ORDER_MARK.len() {
                    Self::Mark(index + 1)
                } else {
                    Self::BeforeArray
                }
            }
            (Self::Mark(0) | Self::BeforeArray, b'[') => Self::FirstElement,
            (Self::FirstElement | Self::NextElement, b'{') => Self::Element { depth: 1 },
            (Self::FirstElement | Self::BehindElement, b']') => Self::BehindArray,
            (Self::BehindElement, b',') => Self::NextElement,
            (Self::Element { depth }, b'{' | b'[') => Self::Element { depth: depth + 1 },
            (Self::Element { depth: 1 }, b'}' | b']') => Self::BehindElement,
            (Self::Element { depth }, b'}' | b']') => Self::Element { depth: depth - 1 },
            (Self::Element { depth }, b'"') => Self::Text { depth },
            (Self::Text { depth }, b'"') => Self::Element { depth },
            (Self::Text { depth }, b'\\') => Self::Escape { depth },
            (Self::Escape { depth }, _) => Self::Text { depth },
            (Self::Element { .. } | Self::Text { .. }, _) => self,
            (Self::Mark(0), b' ' | b'\t' | b'\n' | b'\r') => Self::BeforeArray,
            (Self::Mark(_), _) => return None,
            (_, b' ' | b'\t' | b'\n' | b'\r') => self,
            (_, _) => return None,
        };
        Some(next)
    }
}

/// Takes the id, which makes a token, and the other fields as far as they are texts. The secrets that a server sends back
/// are masked.
fn token_in(element: &[u8], secrets: &SentSecrets) -> Result<TokenSummary, TokenListFault> {
    let fields: Element = serde_json::from_slice(element).map_err(|_| TokenListFault::NoList)?;
    let text = |value: Box<RawValue>| serde_json::from_str(value.get()).ok().map(|text| secrets.masked(text));
    let id = fields.id.ok_or(TokenListFault::Token(JsonError::Missing("id")))?;
    Ok(TokenSummary {
        id: text(id).ok_or(TokenListFault::Token(JsonError::NoText("id")))?,
        env_prefix: fields.env_prefix.and_then(text),
        created_at: fields.created_at.and_then(text),
        expires_at: fields.expires_at.and_then(text),
        last_used_at: fields.last_used_at.and_then(text),
        rotated_at: fields.rotated_at.and_then(text),
    })
}

/// The fields of an element, unread, so that no value spoils another. A field that occurs twice makes the element invalid.
#[derive(Deserialize)]
struct Element {
    id: Option<Box<RawValue>>,
    env_prefix: Option<Box<RawValue>>,
    created_at: Option<Box<RawValue>>,
    expires_at: Option<Box<RawValue>>,
    last_used_at: Option<Box<RawValue>>,
    rotated_at: Option<Box<RawValue>>,
}

/// Why a response is not a list of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum TokenListFault {
    /// The list is larger than plexctl reads.
    #[error("the list is larger than 16 MiB")]
    TooLarge,
    /// The list has more tokens than plexctl reads.
    #[error("the list has more than {MAX_TOKENS} tokens")]
    TooMany,
    /// The response is not a JSON array of objects.
    #[error("the response is not a JSON array of tokens")]
    NoList,
    /// A token cannot be told by its id.
    #[error("a token in the list cannot be used: {0}")]
    Token(JsonError),
    /// The response ended before the list did.
    #[error("the list is incomplete")]
    Incomplete,
}

/// The tokens of a list that arrives in pieces of this length, for its fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_token_list(list: &[u8], piece: usize) -> Result<Vec<TokenSummary>, String> {
    let secrets = SentSecrets::default();
    let mut parser = TokenListParser::new(&secrets);
    let pushed = list.chunks(piece).try_for_each(|piece| parser.push(piece));
    pushed.and_then(|()| parser.finish()).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn parse(list: &[u8], piece: usize) -> Result<Vec<TokenSummary>, TokenListFault> {
        let secrets = ["s3cret-s3cret"].into();
        let mut parser = TokenListParser::new(&secrets);
        list.chunks(piece).try_for_each(|piece| parser.push(piece))?;
        parser.finish()
    }

    fn ids(list: &str) -> Result<Vec<String>, TokenListFault> {
        let tokens = parse(list.as_bytes(), usize::MAX)?;
        Ok(tokens.into_iter().map(|token| token.id).collect())
    }

    #[test]
    fn reads_every_token_with_the_fields_that_are_texts() {
        let list = r#" [ {"id": "a", "env_prefix": "prod", "created_at": "2026-11-25T13:46:00Z", "expires_at": "soon",
            "last_used_at": null, "rotated_at": 7, "secret": {"deep": ["]}", "\"]"]}} , {"id":"b\u001b[2J"} ] "#;
        let first = TokenSummary {
            id: "a".into(),
            env_prefix: Some("prod".into()),
            created_at: Some("2026-11-25T13:46:00Z".into()),
            expires_at: Some("soon".into()),
            ..TokenSummary::default()
        };
        let second = TokenSummary { id: "b\u{1b}[2J".into(), ..TokenSummary::default() };
        let with_mark = [&BYTE_ORDER_MARK, list.as_bytes()].concat();
        for piece in [1, 2, 3, 7, 1000] {
            assert_eq!(parse(list.as_bytes(), piece).unwrap(), [first.clone(), second.clone()]);
            assert_eq!(parse(&with_mark, piece).unwrap(), [first.clone(), second.clone()]);
        }
        for empty in ["[]", " [\n] \n"] {
            assert_eq!(ids(empty).unwrap(), [""; 0]);
        }
    }

    #[test]
    fn masks_a_secret_in_every_field() {
        let fields = ["id", "env_prefix", "created_at", "expires_at", "last_used_at", "rotated_at"];
        let token = serde_json::Map::from_iter(fields.map(|field| (field.to_owned(), json!("<s3cret-s3cret>"))));
        let masked = || Some("<[redacted]>".to_owned());
        let expected = TokenSummary {
            id: "<[redacted]>".to_owned(),
            env_prefix: masked(),
            created_at: masked(),
            expires_at: masked(),
            last_used_at: masked(),
            rotated_at: masked(),
        };
        assert_eq!(parse(json!([token]).to_string().as_bytes(), usize::MAX).unwrap(), [expected]);
    }

    #[test]
    fn refuses_what_is_no_list_of_tokens() {
        use TokenListFault::{NoList, Token};

        let missing = Token(JsonError::Missing("id"));
        let no_text = Token(JsonError::NoText("id"));
        for (list, fault) in [
            ("<html>", NoList),
            ("{}", NoList),
            ("null", NoList),
            ("[1]", NoList),
            ("[[]]", NoList),
            ("[,]", NoList),
            (r#"[{"id":"a"},]"#, NoList),
            (r#"[{"id":"a"}{"id":"b"}]"#, NoList),
            (r#"[{"id":"a"}] x"#, NoList),
            (r#"[{"id":"a"}][]"#, NoList),
            (r#"[{"id":"a"]]"#, NoList),
            (r#"[{"id":"a",}]"#, NoList),
            ("\u{feff}\u{feff}[]", NoList),
            (" \u{feff}[]", NoList),
            (r#"[{"id":"a","id":"b"}]"#, NoList),
            ("[{}]", missing),
            (r#"[{"id":null}]"#, missing),
            (r#"[{"id":7}]"#, no_text),
            (r#"[{"id":"a"},{"id":"\ud800"}]"#, no_text),
        ] {
            assert_eq!(ids(list), Err(fault), "{list}");
        }
        assert_eq!(parse(b"[{\"id\":\"\xff\"}]", 4), Err(NoList));
        assert_eq!(parse(b"\xef[]", 4), Err(NoList));
    }

    #[test]
    fn cut_list_is_never_a_shorter_one() {
        let list = r#" [{"id":"a","x":["]",{}]},{"id":"b"}]"#;
        for cut in 0..list.len() {
            assert_eq!(ids(&list[..cut]), Err(TokenListFault::Incomplete), "{cut}");
        }
        assert_eq!(ids(list).unwrap(), ["a", "b"]);
    }

    #[test]
    fn reads_up_to_100_000_tokens_and_16_mib() {
        let list = |tokens: usize| format!("[{}]", vec![r#"{"id":"a"}"#; tokens].join(","));
        assert_eq!(ids(&list(MAX_TOKENS)).unwrap().len(), MAX_TOKENS);
        assert_eq!(ids(&list(MAX_TOKENS + 1)), Err(TokenListFault::TooMany));

        let padded = |length: usize| format!("[{}]", " ".repeat(length - 2)).into_bytes();
        assert_eq!(parse(&padded(MAX_LIST), 65_536).unwrap(), []);
        assert_eq!(parse(&padded(MAX_LIST + 1), 65_536), Err(TokenListFault::TooLarge));
    }

    proptest! {
        #[test]
        fn agrees_with_a_parser_of_the_whole(
            ids in prop::collection::vec("\\PC{0,8}|[\"\\\\{}\\[\\],]{0,8}", 0..6), filler in "\\PC{0,12}", piece in 1..20_usize,
        ) {
            let tokens: Vec<Value> = ids.iter().map(|id| json!({"x": [filler, {}], "id": id, "y": {filler.as_str(): []}})).collect();
            let found = parse(json!(tokens).to_string().as_bytes(), piece).unwrap();
            prop_assert_eq!(found.into_iter().map(|token| token.id).collect::<Vec<_>>(), ids);
        }
    }
}
