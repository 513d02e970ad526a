//! The document cut: removes one profile from the config's text and leaves every other byte as it is.
//!
//! A TOML writer would normalize what it does not have to touch. So the text is walked token by token, the byte ranges
//! that belong to the profile are collected, and the result is only believed if it parses to the old document without
//! the profile.

use std::borrow::Cow;
use std::iter::Peekable;
use std::ops::Range;

use thiserror::Error;
use toml_parser::Source;
use toml_parser::lexer::{Lexer, Token, TokenKind};

use super::document::{Document, POINTER_KEY, PROFILES_KEY};
use crate::domain::session::ProfileName;

/// Returns the document's text without the profile, its sub-tables and, if it names the profile, the default pointer.
///
/// What belongs to the profile: for each of its headers, the header's line through its last key/value line; for a
/// dotted key and for the pointer, the whole expression with its line; in an inline table, the entry with the comma
/// that follows it, else with the one before it.
pub(super) fn without_profile(mut document: Document<'_>, profile: &ProfileName) -> Result<String, CutError> {
    let text = document.text();
    let cuts_pointer = document.pointer().as_ref() == Some(profile);
    let rest = splice(text, Walk::new(text, profile.as_str(), cuts_pointer).ranges());

    let mut reread = Document::parse(&rest).map_err(|_| CutError)?;
    document.remove(profile);
    document.forget_empty_profiles();
    reread.forget_empty_profiles();
    if reread == document { Ok(rest) } else { Err(CutError) }
}

/// The text without the profile would not mean the same as before.
#[derive(Clone, Copy, Debug, Error)]
#[error("the profile cannot be cut out so that the rest stays as it is")]
pub(super) struct CutError;

/// What a table or a key path stands for, seen from the selected profile.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Pointer,
    Profiles,
    /// The profile, or anything in it.
    Ours,
    Other,
}

/// One pass over the tokens of a valid document.
///
/// Since the document has been parsed before, the walk only has to find its way: it never meets an unclosed string,
/// bracket or key.
struct Walk<'a> {
    source: Source<'a>,
    tokens: Peekable<Lexer<'a>>,
    profile: &'a str,
    cuts_pointer: bool,
    ranges: Vec<Range<usize>>,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str, profile: &'a str, cuts_pointer: bool) -> Self {
        let source = Source::new(text);
        Self { source, tokens: source.lex().peekable(), profile, cuts_pointer, ranges: Vec::new() }
    }

    /// The byte ranges that belong to the profile. They may overlap, but only within one inline table.
    fn ranges(mut self) -> Vec<Range<usize>> {
        let mut table = Place::Root;
        let mut section: Option<Range<usize>> = None;
        loop {
            let line_start = self.offset();
            self.skip(&[TokenKind::Whitespace]);
            match self.peek() {
                TokenKind::Eof => break,
                TokenKind::LeftSquareBracket => {
                    self.ranges.extend(section.take());
                    self.skip(&[TokenKind::LeftSquareBracket]);
                    table = self.key_path(Place::Root);
                    self.skip(&[TokenKind::RightSquareBracket]);
                    self.rest_of_line();
                    section = (table == Place::Ours).then(|| line_start..self.offset());
                }
                TokenKind::Newline | TokenKind::Comment => self.rest_of_line(),
                _ => {
                    let place = self.key_path(table);
                    self.skip(&[TokenKind::Equals, TokenKind::Whitespace]);
                    if place == Place::Profiles && self.peek() == TokenKind::LeftCurlyBracket {
                        self.inline_profiles();
                    }
                    self.rest_of_line();
                    let line_end = self.offset();
                    match &mut section {
                        Some(section) => section.end = line_end,
                        None if place == Place::Ours || (place == Place::Pointer && self.cuts_pointer) => {
                            self.ranges.push(line_start..line_end);
                        }
                        None => {}
                    }
                }
            }
        }
        self.ranges.extend(section);
        self.ranges
    }

    /// Walks the entries of `profiles = { … }` up to the closing bracket.
    fn inline_profiles(&mut self) {
        self.skip(&[TokenKind::LeftCurlyBracket]);
        let mut kept_comma = None;
        loop {
            self.skip(&TRIVIA);
            if self.peek() == TokenKind::RightCurlyBracket {
                return;
            }
            let start = self.offset();
            let place = self.key_path(Place::Profiles);
            let value_end = self.value();
            let comma = self.tokens.next_if(|token| token.kind() == TokenKind::Comma).map(|token| token.span());
            match (place, comma) {
                (Place::Ours, Some(comma)) => self.ranges.push(start..comma.end()),
                (Place::Ours, None) => self.ranges.push(kept_comma.unwrap_or(start)..value_end),
                (_, comma) => kept_comma = comma.map(|comma| comma.start()),
            }
        }
    }

    /// Reads a key path and says what it stands for below `from`.
    fn key_path(&mut self, from: Place) -> Place {
        use TokenKind::{Atom, BasicString, Dot, LiteralString, Whitespace};

        let mut place = from;
        while let Some(token) =
            self.tokens.next_if(|token| matches!(token.kind(), Atom | BasicString | LiteralString | Dot | Whitespace))
        {
            if !matches!(token.kind(), Dot | Whitespace) {
                place = self.step(place, token);
            }
        }
        place
    }

    fn step(&self, from: Place, key: Token) -> Place {
        let mut name = Cow::Borrowed("");
        if let Some(raw) = self.source.get(key) {
            raw.decode_key(&mut name, &mut ());
        }
        match (from, name.as_ref()) {
            (Place::Root, POINTER_KEY) => Place::Pointer,
            (Place::Root, PROFILES_KEY) => Place::Profiles,
            (Place::Profiles, name) if name == self.profile => Place::Ours,
            (Place::Ours, _) => Place::Ours,
            _ => Place::Other,
        }
    }

    /// Passes over the rest of an inline table's entry, and says where its value ends.
    fn value(&mut self) -> usize {
        let mut depth = 0_usize;
        let mut end = self.offset();
        loop {
            match self.peek() {
                TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
                TokenKind::Comma | TokenKind::RightCurlyBracket if depth == 0 => return end,
                TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => depth -= 1,
                _ => {}
            }
            let Some(token) = self.tokens.next() else { return end };
            if !TRIVIA.contains(&token.kind()) {
                end = token.span().end();
            }
        }
    }

    /// Passes over the rest of an expression and its line. Brackets may keep it open over several lines.
    fn rest_of_line(&mut self) {
        let mut depth = 0_usize;
        for token in self.tokens.by_ref() {
            match token.kind() {
                TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
                TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => depth = depth.saturating_sub(1),
                TokenKind::Newline if depth == 0 => return,
                _ => {}
            }
        }
    }

    fn skip(&mut self, kinds: &[TokenKind]) {
        while self.tokens.next_if(|token| kinds.contains(&token.kind())).is_some() {}
    }

    fn peek(&mut self) -> TokenKind {
        self.tokens.peek().map_or(TokenKind::Eof, Token::kind)
    }

    /// Where the next token starts.
    fn offset(&mut self) -> usize {
        self.tokens.peek().map_or(self.source.input().len(), |token| token.span().start())
    }
}

/// What may stand between an inline table's values without meaning anything.
const TRIVIA: [TokenKind; 3] = [TokenKind::Whitespace, TokenKind::Newline, TokenKind::Comment];

/// The text without the ranges.
fn splice(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut rest = String::with_capacity(text.len());
    let mut kept_from = 0;
    for range in ranges {
        if range.start >= kept_from {
            rest.push_str(&text[kept_from..range.start]);
        }
        kept_from = kept_from.max(range.end);
    }
    rest.push_str(&text[kept_from..]);
    rest
}
