//! The points of a config's text at which something is written into it: where the keys of a profile go that are missing,
//! and what goes away.

use std::ops::Range;

use super::splice::Change;
use super::toml_text::{entries, lines};
use super::walk::{Expression, KeyPath, Pair, Place, Removed, Walk};

/// The places in a text that an edit of one profile needs.
pub(super) struct InsertionPoints<'a> {
    walk: Walk<'a>,
    /// Where a line of the root goes: behind the last one with a key, else first.
    pub(super) root_end: usize,
    /// What goes with the keys that are removed. The ranges may overlap.
    pub(super) removals: Vec<Range<usize>>,
    /// Where a key of the profile goes, unless the profile is not there or nothing but sub-tables.
    pub(super) keys: Option<Slot<'a>>,
    /// Where a profile goes, if `profiles` is an inline table.
    pub(super) profiles: Option<Slot<'a>>,
}

impl<'a> InsertionPoints<'a> {
    /// Walks the text for an edit that takes these keys out of the profile.
    pub(super) fn new(text: &'a str, profile: &'a str, removed: &'a [&'a str]) -> Self {
        let walk = Walk { text, profile, removed: Removed::Keys(removed) };
        // A byte order mark is only valid as the first character.
        let root_end = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut points = Self { walk, root_end, removals: Vec::new(), keys: None, profiles: None };
        let mut is_root = true;
        for expression in walk.expressions() {
            match expression {
                Expression::Header(place, lines) => {
                    is_root = false;
                    if place == Place::Profile {
                        // The line of the header is the first place; each key below moves it further down.
                        points.keys = Some(Slot::Lines { at: lines.end, prefix: "" });
                    }
                }
                Expression::Pair(pair, lines) => {
                    if is_root {
                        points.root_end = lines.end;
                    }
                    let place = pair.key.place;
                    if matches!(place, Place::Profiles | Place::Profile) && walk.is_inline_table(&pair) {
                        points.inline_table(pair.value.start, place);
                    } else if let Some(prefix) = points.prefix(lines.start, &pair.key) {
                        points.keys = Some(Slot::Lines { at: lines.end, prefix });
                        points.removals.extend(walk.removes(place).then_some(lines));
                    }
                }
            }
        }
        points
    }

    /// Walks `profiles = { … }` or the inline table of the profile itself, whose brace opens at this offset.
    fn inline_table(&mut self, open: usize, table: Place) {
        let (mut value_end, mut comma_end) = (None, None);
        for entry in self.walk.entries(open, table) {
            let Pair { key, value } = &entry.pair;
            if key.place == Place::Profile && self.walk.is_inline_table(&entry.pair) {
                self.inline_table(value.start, Place::Profile);
            }
            if entry.removal.is_none() {
                if let Some(prefix) = self.prefix(key.start, key) {
                    self.keys = Some(Slot::Behind { value_end: value.end, comma_end: None, prefix });
                }
                value_end = Some(value.end);
            }
            self.removals.extend(entry.removal);
            comma_end = entry.comma_end;
        }
        let slot =
            value_end.map_or(Slot::First { open }, |value_end| Slot::Behind { value_end, comma_end, prefix: "" });
        match table {
            Place::Profile => self.keys = Some(slot),
            _ => self.profiles = Some(slot),
        }
    }

    /// What stands before one of the profile's own keys: blanks, and the keys that lead to the profile.
    fn prefix(&self, start: usize, key: &KeyPath) -> Option<&'a str> {
        Some(&self.walk.text[start..key.own_key?])
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
