//! The walk over a config's text: its headers and key/value pairs in order, and what each stands for, seen from one
//! profile.
//!
//! Since the document has been parsed before, the walk only has to find its way: it never meets an unclosed string,
//! bracket or key.

use std::borrow::Cow;
use std::iter::{self, Peekable};
use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::{Lexer, Token, TokenKind};

use crate::adapters::toml_store::document::{POINTER_KEY, PROFILES_KEY};

/// A walk over a text.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) text: &'a str,
    /// The profile that is edited.
    pub(super) profile: &'a str,
    pub(super) removed: Removed<'a>,
}

/// What an edit removes.
#[derive(Clone, Copy)]
pub(super) enum Removed<'a> {
    Profile,
    /// Some keys of the profile.
    Keys(&'a [&'a str]),
}

/// What a table or a key path stands for, seen from the profile.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Root,
    Pointer,
    Profiles,
    Profile,
    /// A key of the profile that is removed.
    RemovedKey,
    /// Anything else in the profile.
    Inside,
    Other,
}

/// A header, or a key with its value, and the lines it takes: from the start of the first to behind the last line end.
pub(super) enum Expression {
    Header(Place, Range<usize>),
    Pair(Pair, Range<usize>),
}

/// A key with its value, on lines of its own or in an inline table.
pub(super) struct Pair {
    pub(super) key: KeyPath,
    pub(super) value: Range<usize>,
}

pub(super) struct KeyPath {
    pub(super) start: usize,
    pub(super) place: Place,
    /// Where the key below the profile starts, if the path is one of the profile's own keys.
    pub(super) own_key: Option<usize>,
}

/// A key with its value in an inline table.
pub(super) struct Entry {
    pub(super) pair: Pair,
    /// What goes, if the entry is removed.
    pub(super) removal: Option<Range<usize>>,
    /// The end of the comma behind the last entry so far that stays, if that comma stays too.
    pub(super) comma_end: Option<usize>,
}

impl<'a> Walk<'a> {
    /// The expressions of the document.
    pub(super) fn expressions(self) -> impl Iterator<Item = Expression> + use<'a> {
        let mut cursor = Cursor::new(self, 0);
        let mut table = Place::Root;
        iter::from_fn(move || {
            loop {
                let start = cursor.offset();
                cursor.skip(&[TokenKind::Whitespace]);
                let pair = match cursor.peek() {
                    TokenKind::Eof => return None,
                    TokenKind::Newline | TokenKind::Comment => {
                        cursor.rest_of_line();
                        continue;
                    }
                    TokenKind::LeftSquareBracket => {
                        // Both brackets of an array of tables: its header ends the section before it, too.
                        cursor.skip(&[TokenKind::LeftSquareBracket]);
                        table = cursor.key_path(Place::Root).place;
                        None
                    }
                    _ => Some(cursor.pair(table)),
                };
                cursor.rest_of_line();
                let lines = start..cursor.offset();
                return Some(match pair {
                    Some(pair) => Expression::Pair(pair, lines),
                    None => Expression::Header(table, lines),
                });
            }
        })
    }

    /// The entries of an inline table, whose brace opens at this offset.
    pub(super) fn entries(self, open: usize, table: Place) -> impl Iterator<Item = Entry> + use<'a> {
        let mut cursor = Cursor::new(self, open + 1);
        let mut kept_comma: Option<Range<usize>> = None;
        iter::from_fn(move || {
            cursor.skip(&TRIVIA);
            if matches!(cursor.peek(), TokenKind::RightCurlyBracket | TokenKind::Eof) {
                return None;
            }
            let pair = cursor.pair(table);
            cursor.skip(&TRIVIA);
            let comma = cursor.comma();
            let removal = self.removes(pair.key.place).then(|| match &comma {
                Some(comma) => pair.key.start..comma.end,
                // The comma before a removed last entry would be a trailing one, which TOML 1.0 forbids.
                None => kept_comma.take().map_or(pair.key.start, |comma| comma.start)..pair.value.end,
            });
            if removal.is_none() {
                kept_comma = comma;
            }
            let comma_end = kept_comma.as_ref().map(|comma| comma.end);
            Some(Entry { pair, removal, comma_end })
        })
    }

    /// Whether what has this place is removed.
    pub(super) fn removes(&self, place: Place) -> bool {
        match self.removed {
            Removed::Profile => matches!(place, Place::Profile | Place::Inside),
            Removed::Keys(_) => place == Place::RemovedKey,
        }
    }

    pub(super) fn is_inline_table(&self, pair: &Pair) -> bool {
        self.text[pair.value.clone()].starts_with('{')
    }
}

/// What may stand between an inline table's values without meaning anything.
const TRIVIA: [TokenKind; 3] = [TokenKind::Whitespace, TokenKind::Newline, TokenKind::Comment];

/// The tokens of a text from some offset on.
struct Cursor<'a> {
    source: Source<'a>,
    tokens: Peekable<Lexer<'a>>,
    base: usize,
    walk: Walk<'a>,
}

impl<'a> Cursor<'a> {
    fn new(walk: Walk<'a>, base: usize) -> Self {
        let source = Source::new(&walk.text[base..]);
        Self { source, tokens: source.lex().peekable(), base, walk }
    }

    fn pair(&mut self, table: Place) -> Pair {
        let key = self.key_path(table);
        // The parser takes line ends and comments around the sign in an inline table, whatever TOML says.
        self.skip(&[TokenKind::Equals, TokenKind::Whitespace, TokenKind::Newline, TokenKind::Comment]);
        Pair { key, value: self.value() }
    }

    /// Reads a key path and says what it stands for below `from`.
    fn key_path(&mut self, from: Place) -> KeyPath {
        use TokenKind::{Atom, BasicString, Dot, LiteralString, Whitespace};

        let mut path = KeyPath { start: self.offset(), place: from, own_key: None };
        while let Some(token) =
            self.tokens.next_if(|token| matches!(token.kind(), Atom | BasicString | LiteralString | Dot | Whitespace))
        {
            if !matches!(token.kind(), Dot | Whitespace) {
                // The offset of the key itself, so that what leads to it can be repeated before a new one.
                if path.place == Place::Profile {
                    path.own_key = Some(self.base + token.span().start());
                }
                path.place = self.step(path.place, token);
            }
        }
        path
    }

    fn step(&self, from: Place, key: Token) -> Place {
        let mut name = Cow::Borrowed("");
        if let Some(raw) = self.source.get(key) {
            // Compared decoded, since a key has several spellings: `profiles`, "profiles", 'profiles'.
            raw.decode_key(&mut name, &mut ());
        }
        match (from, name.as_ref()) {
            (Place::Root, POINTER_KEY) => Place::Pointer,
            (Place::Root, PROFILES_KEY) => Place::Profiles,
            (Place::Profiles, name) if name == self.walk.profile => Place::Profile,
            (Place::Profile, name) if matches!(self.walk.removed, Removed::Keys(keys) if keys.contains(&name)) => {
                Place::RemovedKey
            }
            (Place::Profile | Place::RemovedKey | Place::Inside, _) => Place::Inside,
            _ => Place::Other,
        }
    }

    /// Passes over a value and what follows it, up to the end of its line or entry.
    fn value(&mut self) -> Range<usize> {
        let mut depth = 0_usize;
        let start = self.offset();
        let mut end = start;
        loop {
            match self.peek() {
                TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
                TokenKind::Comma
                | TokenKind::RightCurlyBracket
                | TokenKind::Newline
                | TokenKind::Comment
                | TokenKind::Eof
                    if depth == 0 =>
                {
                    return start..end;
                }
                TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => depth -= 1,
                _ => {}
            }
            // Not reached in a parsed document, whose brackets are balanced.
            let Some(token) = self.tokens.next() else { return start..end };
            if !TRIVIA.contains(&token.kind()) {
                end = self.base + token.span().end();
            }
        }
    }

    fn rest_of_line(&mut self) {
        for token in self.tokens.by_ref() {
            if token.kind() == TokenKind::Newline {
                return;
            }
        }
    }

    fn comma(&mut self) -> Option<Range<usize>> {
        let comma = self.tokens.next_if(|token| token.kind() == TokenKind::Comma)?.span();
        Some(self.base + comma.start()..self.base + comma.end())
    }

    fn skip(&mut self, kinds: &[TokenKind]) {
        while self.tokens.next_if(|token| kinds.contains(&token.kind())).is_some() {}
    }

    fn peek(&mut self) -> TokenKind {
        self.tokens.peek().map_or(TokenKind::Eof, Token::kind)
    }

    /// Where the next token starts.
    fn offset(&mut self) -> usize {
        let end = self.source.input().len();
        self.base + self.tokens.peek().map_or(end, |token| token.span().start())
    }
}
