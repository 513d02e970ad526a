//! The points of a config's text before something is written into it: where the values of a profile's session stand,
//! and where what is missing goes.

use std::ops::Range;

use super::splice::Change;
use super::toml_text::{entries, lines};
use super::walk::{Entries, Field, KeyPath, Kind, Pair, Place, Walk};

/// The places in a text that an edit of one profile needs.
pub(super) struct InsertionPoints<'a> {
    text: &'a str,
    profile: &'a str,
    dropped: &'a [Field],
    /// The value of the default pointer.
    pub(super) pointer: Option<Range<usize>>,
    /// Where a line of the root goes: behind the last one with a key, else first.
    pub(super) root_end: usize,
    /// What goes with the fields that are dropped. The ranges may overlap.
    pub(super) removals: Vec<Range<usize>>,
    /// Where a key of the profile goes, unless the profile is not there or nothing but sub-tables.
    pub(super) keys: Option<Slot<'a>>,
    /// Where a profile goes, if `profiles` is an inline table.
    pub(super) profiles: Option<Slot<'a>>,
    values: [Option<Range<usize>>; Field::ALL.len()],
}

impl<'a> InsertionPoints<'a> {
    /// Walks the text for an edit that takes these fields out of the profile.
    pub(super) fn new(text: &'a str, profile: &'a str, dropped: &'a [Field]) -> Self {
        // A byte order mark is only valid as the first character.
        let root_end = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let values = [const { None }; Field::ALL.len()];
        let mut points = Self {
            text,
            profile,
            dropped,
            pointer: None,
            root_end,
            removals: Vec::new(),
            keys: None,
            profiles: None,
            values,
        };
        let mut is_root = true;
        for expression in Walk::new(text, profile) {
            match expression.kind {
                Kind::Header(place) => {
                    is_root = false;
                    if place == Place::Profile {
                        // The line of the header is the first place; each key below moves it further down.
                        points.keys = Some(Slot::Lines { at: expression.lines.end, prefix: "" });
                    }
                }
                Kind::Pair(pair) => {
                    if is_root {
                        points.root_end = expression.lines.end;
                    }
                    points.pair(pair, expression.lines);
                }
            }
        }
        points
    }

    /// Where the value of one of the profile's fields stands.
    pub(super) fn value(&self, field: Field) -> Option<Range<usize>> {
        self.values[field as usize].clone()
    }

    fn pair(&mut self, pair: Pair, lines: Range<usize>) {
        match pair.key.place {
            Place::Pointer => self.pointer = Some(pair.value),
            place @ (Place::Profiles | Place::Profile) if pair.is_inline_table(self.text) => {
                self.inline_table(pair.value.start, place);
            }
            _ => {
                if let Some(prefix) = self.prefix(lines.start, &pair.key) {
                    self.keys = Some(Slot::Lines { at: lines.end, prefix });
                    if self.is_dropped(&pair.key) {
                        self.removals.push(lines);
                    }
                    self.note_value(pair);
                }
            }
        }
    }

    /// Walks `profiles = { … }` or the inline table of the profile itself, whose brace opens at this offset.
    fn inline_table(&mut self, open: usize, table: Place) {
        let mut value_end = None;
        let mut comma = None;
        for entry in Entries::new(self.text, self.profile, open, table) {
            let Pair { key, value } = &entry.pair;
            if key.place == Place::Profile && entry.pair.is_inline_table(self.text) {
                self.inline_table(value.start, Place::Profile);
            }
            if self.is_dropped(key) {
                self.removals.push(entry.removal(comma.as_ref()));
                // A last entry without a comma takes the one before it along.
                comma = comma.filter(|_| entry.comma.is_some());
            } else {
                if let Some(prefix) = self.prefix(key.start, key) {
                    self.keys = Some(Slot::Behind { value_end: value.end, comma_end: None, prefix });
                }
                value_end = Some(value.end);
                comma = entry.comma;
            }
            // Of a dropped entry too: a token that moves is spelled as it was.
            self.note_value(entry.pair);
        }
        let slot = value_end.map_or(Slot::First { open }, |value_end| Slot::Behind {
            value_end,
            comma_end: comma.map(|comma| comma.end),
            prefix: "",
        });
        match table {
            Place::Profile => self.keys = Some(slot),
            _ => self.profiles = Some(slot),
        }
    }

    fn note_value(&mut self, pair: Pair) {
        if let Place::Field(field) = pair.key.place {
            self.values[field as usize] = Some(pair.value);
        }
    }

    fn is_dropped(&self, key: &KeyPath) -> bool {
        matches!(key.place, Place::Field(field) if self.dropped.contains(&field))
    }

    /// What stands before one of the profile's own keys: blanks, and the keys that lead to the profile.
    fn prefix(&self, start: usize, key: &KeyPath) -> Option<&'a str> {
        Some(&self.text[start..key.own_key?])
    }
}

/// Where keys can be added to a table.
pub(super) enum Slot<'a> {
    /// On lines of their own, each behind this prefix.
    Lines { at: usize, prefix: &'a str },
    /// Behind an entry of an inline table, which a comma may follow.
    Behind { value_end: usize, comma_end: Option<usize>, prefix: &'a str },
    /// In an inline table without entries, whose brace opens at this offset.
    First { open: usize },
}

impl Slot<'_> {
    /// Adds keys with their values, all in TOML.
    pub(super) fn add(&self, text: &str, pairs: &[(&str, String)]) -> Change {
        match *self {
            Self::Lines { at, prefix } => Change::insert_lines(at, lines(text, prefix, pairs)),
            Self::Behind { value_end, prefix, .. } => {
                Change::insert(value_end, format!(", {}", entries(prefix, pairs)))
            }
            Self::First { open } => {
                // A blank that a cut has left is used up first, so that they do not pile up.
                let (at, blank) =
                    if text[open + 1..].starts_with([' ', '\t']) { (open + 2, "") } else { (open + 1, " ") };
                let end = if text[at..].starts_with('}') { " " } else { "" };
                Change::insert(at, format!("{blank}{}{end}", entries("", pairs)))
            }
        }
    }

    /// Adds one key so that a cut of it gives the old text back, if there are entries already.
    pub(super) fn add_entry(&self, text: &str, key: &str, value: String) -> Change {
        match self {
            Self::Behind { comma_end: Some(comma_end), .. } => Change::insert(*comma_end, format!("{key} = {value},")),
            _ => self.add(text, &[(key, value)]),
        }
    }
}
