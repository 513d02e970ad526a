//! The walk over a config's text: its headers and key/value pairs in order, and what each stands for, seen from one
//! profile.
//!
//! Since the document has been parsed before, the walk only has to find its way: it never meets an unclosed string,
//! bracket or key.

use std::borrow::Cow;
use std::iter::Peekable;
use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::{Lexer, Token, TokenKind};

use crate::adapters::toml_store::document::{
    DOMAIN_ID_KEY, EXPIRES_AT_KEY, IDP_BINDING_ALIAS_KEY, IDP_BINDING_ID_KEY, POINTER_KEY, PROFILES_KEY, SERVER_KEY,
    TOKEN_KEY,
};

/// What a table or a key path stands for, seen from the profile.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Root,
    Pointer,
    Profiles,
    Profile,
    /// A key of the profile that a login writes.
    Field(Field),
    /// Anything else in the profile.
    Inside,
    Other,
}

impl Place {
    /// Whether this is the profile, or anything in it.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Profile | Self::Field(_) | Self::Inside)
    }
}

/// A key of the profile that a login writes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Field {
    Server,
    Token,
    ExpiresAt,
    DomainId,
    IdpBindingId,
    IdpBindingAlias,
}

impl Field {
    /// All of them, in the order in which they are written.
    pub(super) const ALL: [Self; 6] =
        [Self::Server, Self::Token, Self::ExpiresAt, Self::DomainId, Self::IdpBindingId, Self::IdpBindingAlias];

    /// Those that belong to the token, and move with it.
    pub(super) const OF_TOKEN: [Self; 3] = [Self::Server, Self::Token, Self::ExpiresAt];

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Server => SERVER_KEY,
            Self::Token => TOKEN_KEY,
            Self::ExpiresAt => EXPIRES_AT_KEY,
            Self::DomainId => DOMAIN_ID_KEY,
            Self::IdpBindingId => IDP_BINDING_ID_KEY,
            Self::IdpBindingAlias => IDP_BINDING_ALIAS_KEY,
        }
    }
}

/// A header, or a key with its value, and the lines it takes: from the start of the first to behind the last line end.
pub(super) struct Expression {
    pub(super) lines: Range<usize>,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    Header(Place),
    Pair(Pair),
}

/// A key with its value, on lines of its own or in an inline table.
pub(super) struct Pair {
    pub(super) key: KeyPath,
    pub(super) value: Range<usize>,
}

impl Pair {
    pub(super) fn is_inline_table(&self, text: &str) -> bool {
        text[self.value.clone()].starts_with('{')
    }
}

pub(super) struct KeyPath {
    pub(super) start: usize,
    pub(super) place: Place,
    /// Where the key below the profile starts, if the path is one of the profile's own keys.
    pub(super) own_key: Option<usize>,
}

/// A key with its value in an inline table, and the comma that follows.
pub(super) struct Entry {
    pub(super) pair: Pair,
    pub(super) comma: Option<Range<usize>>,
}

impl Entry {
    /// What goes with the entry: the comma that follows it, else the one behind the last entry that stays before it.
    pub(super) fn removal(&self, kept_comma: Option<&Range<usize>>) -> Range<usize> {
        match &self.comma {
            Some(comma) => self.pair.key.start..comma.end,
            None => kept_comma.map_or(self.pair.key.start, |comma| comma.start)..self.pair.value.end,
        }
    }
}

/// The expressions of a document.
pub(super) struct Walk<'a> {
    cursor: Cursor<'a>,
    table: Place,
}

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str, profile: &'a str) -> Self {
        Self { cursor: Cursor::new(text, 0, profile), table: Place::Root }
    }
}

impl Iterator for Walk<'_> {
    type Item = Expression;

    fn next(&mut self) -> Option<Expression> {
        let cursor = &mut self.cursor;
        loop {
            let start = cursor.offset();
            cursor.skip(&[TokenKind::Whitespace]);
            let kind = match cursor.peek() {
                TokenKind::Eof => return None,
                TokenKind::Newline | TokenKind::Comment => {
                    cursor.rest_of_line();
                    continue;
                }
                TokenKind::LeftSquareBracket => {
                    // Both brackets of an array of tables: its header ends the section before it, too.
                    cursor.skip(&[TokenKind::LeftSquareBracket]);
                    self.table = cursor.key_path(Place::Root).place;
                    Kind::Header(self.table)
                }
                _ => Kind::Pair(cursor.pair(self.table)),
            };
            cursor.rest_of_line();
            return Some(Expression { lines: start..cursor.offset(), kind });
        }
    }
}

/// The entries of one inline table.
pub(super) struct Entries<'a> {
    cursor: Cursor<'a>,
    table: Place,
}

impl<'a> Entries<'a> {
    /// Starts behind the table's opening brace, which is at this offset.
    pub(super) fn new(text: &'a str, profile: &'a str, open: usize, table: Place) -> Self {
        Self { cursor: Cursor::new(text, open + 1, profile), table }
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        self.cursor.skip(&TRIVIA);
        if matches!(self.cursor.peek(), TokenKind::RightCurlyBracket | TokenKind::Eof) {
            return None;
        }
        let pair = self.cursor.pair(self.table);
        self.cursor.skip(&TRIVIA);
        Some(Entry { pair, comma: self.cursor.comma() })
    }
}

/// What may stand between an inline table's values without meaning anything.
const TRIVIA: [TokenKind; 3] = [TokenKind::Whitespace, TokenKind::Newline, TokenKind::Comment];

/// The tokens of a text from some offset on.
struct Cursor<'a> {
    source: Source<'a>,
    tokens: Peekable<Lexer<'a>>,
    base: usize,
    profile: &'a str,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str, base: usize, profile: &'a str) -> Self {
        let source = Source::new(&text[base..]);
        Self { source, tokens: source.lex().peekable(), base, profile }
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
            (Place::Profiles, name) if name == self.profile => Place::Profile,
            (Place::Profile, name) => {
                Field::ALL.into_iter().find(|field| field.key() == name).map_or(Place::Inside, Place::Field)
            }
            (Place::Field(_) | Place::Inside, _) => Place::Inside,
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
