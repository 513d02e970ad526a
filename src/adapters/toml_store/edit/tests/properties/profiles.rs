//! The profiles of a generated document, in every spelling: as sections, as dotted keys, and in an inline table.

use proptest::prelude::*;
use proptest::sample::select;

use super::inline::{Item, Role, Table};
use super::pieces::{
    Held, Login, OTHERS, OURS, OwnKey, Piece, VALUES, blank, held, indent, line_end, lines, missing, new_text,
    own_keys, own_line, trivia,
};

/// The profiles of a document.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    pub(super) pieces: Vec<Piece>,
    pub(super) held: Held,
    pub(super) spelling: Spelling,
    /// Whether ours is without a place for its keys.
    pub(super) needs_section: bool,
    /// Whether a cut of what a login wrote must give the old text back.
    pub(super) is_new: bool,
}

/// How the profiles are spelled, which tells where new ones and the pointer go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spelling {
    Headers,
    /// So that the last piece beside trivia is a key of the root, and below too.
    RootKeys,
    /// So that a new profile becomes an entry, which the pieces have already.
    InlineTable,
}

/// The lines of a section that is not ours, or not a login's: keys are numbered, so none stands twice.
fn body() -> impl Strategy<Value = String> {
    let line = (trivia(), indent(), select(&VALUES[..]), line_end());
    (select(&["token", "k"][..]), prop::collection::vec(line, 0..4)).prop_map(|(first, lines)| {
        let lines = lines.into_iter().enumerate();
        let lines = lines.map(|(n, (trivia, indent, value, end))| {
            let key = if n == 0 { first.to_owned() } else { format!("k{n}") };
            format!("{trivia}{indent}{key} = {value}{end}")
        });
        lines.collect::<Vec<_>>().concat()
    })
}

/// A section under a header, with trivia around it. Without a value, the header's line is all that belongs to it.
fn section(header: String, is_ours: bool) -> impl Strategy<Value = (Vec<Piece>, Held)> {
    (trivia(), indent(), line_end(), body(), trivia()).prop_map(move |(above, indent, end, body, below)| {
        let section = format!("{indent}{header}{end}{body}");
        let section = if is_ours { Piece::ours(section) } else { Piece::kept(section) };
        (vec![Piece::kept(above), section, Piece::kept(below)], Vec::new())
    })
}

/// The section of our profile itself.
fn own_section(header: String, login: Login) -> impl Strategy<Value = (Vec<Piece>, Held)> {
    let keys = own_keys().prop_flat_map(|keys| {
        let frames = prop::collection::vec((trivia(), indent(), line_end()), keys.len());
        (Just(keys), frames)
    });
    (trivia(), indent(), line_end(), keys, trivia()).prop_map(move |(above, indent, end, (keys, frames), below)| {
        let prefix = frames.last().map_or("", |(_, indent, _)| indent);
        let missing = missing(prefix, &keys, login);
        let stays = |key: &OwnKey| new_text("", key, login).is_some();
        let last = keys.iter().rposition(stays);
        let mut pieces = vec![Piece::kept(above), Piece::ours(format!("{indent}{header}{end}"))];
        for (n, (key, (trivia, indent, end))) in keys.iter().zip(frames).enumerate() {
            // A dropped key at the end leaves the trivia before it behind the section.
            let is_behind = missing.is_empty() && last.is_some_and(|last| n > last);
            let cleared = if is_behind { trivia.clone() } else { String::new() };
            pieces.push(Piece { cleared, ..Piece::ours(trivia) });
            pieces.push(own_line(indent, key, end, login));
        }
        pieces.extend([Piece::added(lines(&missing)), Piece::kept(below)]);
        (pieces, held(&keys))
    })
}

/// Profiles as sections, ours with sub-tables that are split by others, or not there.
pub(super) fn sections(login: Login) -> impl Strategy<Value = Profiles> {
    let ours = select(&OURS[..]).prop_flat_map(|name| {
        prop::collection::vec(
            prop_oneof![
                2 => Just(format!("[profiles.{name}]")),
                1 => Just(format!("[ profiles . {name} . sub ]")),
                1 => Just(format!("[\"profiles\".{name}.'sub'.sub]")),
                1 => Just(format!("[[profiles.{name}.list]]")),
            ],
            0..4,
        )
    });
    let others = prop::sample::subsequence(&OTHERS[..], 0..=OTHERS.len());
    (ours, others, any::<bool>())
        .prop_flat_map(|(mut ours, others, has_header)| {
            ours.sort();
            ours.dedup_by(|left, right| left == right && !left.starts_with("[["));
            let mut headers: Vec<(String, bool)> = ours.into_iter().map(|header| (header, true)).collect();
            headers.extend(others.into_iter().map(|name| (format!("[profiles.{name}]"), false)));
            headers.extend(["[x]", "[z.profiles.x]", "[[list]]", "[[list]]"].map(|header| (header.to_owned(), false)));
            if has_header {
                headers.push(("[profiles]".to_owned(), false));
            }
            Just(headers).prop_shuffle()
        })
        .prop_flat_map(move |headers| {
            let is_own = |header: &str| OURS.iter().any(|name| header == format!("[profiles.{name}]"));
            let is_new = headers.iter().all(|(_, is_ours)| !is_ours);
            let needs_section = headers.iter().all(|(header, _)| !is_own(header));
            let sections = headers.into_iter().map(|(header, is_ours)| {
                if is_own(&header) { own_section(header, login).boxed() } else { section(header, is_ours).boxed() }
            });
            (sections.collect::<Vec<_>>(), Just((is_new, needs_section)))
        })
        .prop_map(|(sections, (is_new, needs_section))| {
            let (pieces, held): (Vec<_>, Vec<_>) = sections.into_iter().unzip();
            let (pieces, held) = (pieces.concat(), held.concat());
            Profiles { pieces, held, spelling: Spelling::Headers, needs_section, is_new }
        })
}

/// A line among dotted keys.
#[derive(Clone, Debug)]
enum Line {
    Own(OwnKey),
    /// Our profile as an inline table.
    OwnTable(Table, Table),
    Other(&'static str, &'static str),
    Plain(&'static str),
}

/// Profiles as dotted keys, at the root or under a header, ours so, as an inline table or not at all.
pub(super) fn dotted(login: Login) -> impl Strategy<Value = Profiles> {
    let ours = prop_oneof![
        3 => own_keys().prop_map(|keys| (keys.iter().cloned().map(Line::Own).collect::<Vec<_>>(), keys)),
        1 => own_table(login).prop_map(|(table, stored, keys)| (vec![Line::OwnTable(table, stored)], keys)),
    ];
    let others = prop::collection::vec(
        prop_oneof![
            (select(&OTHERS[..]), select(&VALUES[..])).prop_map(|(name, value)| Line::Other(name, value)),
            select(&VALUES[..]).prop_map(Line::Plain),
        ],
        0..5,
    );
    let lines_of_all = (ours, others).prop_flat_map(|((ours, keys), others)| {
        let lines = [ours, others].concat();
        let frames = prop::collection::vec((trivia(), indent(), select(&OURS[..]), line_end()), lines.len());
        (Just(lines).prop_shuffle(), frames, Just(keys))
    });
    (lines_of_all, any::<bool>()).prop_map(move |((lines_of_all, frames, keys), at_root)| {
        let (header, prefix) = if at_root { ("", "profiles.") } else { ("[profiles] # header\n", "") };
        let is_ours = |line: &Line| matches!(line, Line::Own(_) | Line::OwnTable(..));
        let last = lines_of_all.iter().rposition(is_ours);
        let is_root = at_root && !lines_of_all.is_empty();
        let spelling = if is_root { Spelling::RootKeys } else { Spelling::Headers };
        let mut pieces = vec![Piece::kept(header.to_owned())];
        for (n, (line, (trivia, indent, name, end))) in lines_of_all.iter().zip(frames).enumerate() {
            let own_prefix = format!("{indent}{prefix}{name} . ");
            pieces.push(Piece::kept(trivia));
            match line {
                Line::Own(key) => pieces.push(own_line(&own_prefix, key, end, login)),
                Line::OwnTable(table, stored) => {
                    let line = |table: &Table| format!("{indent}{prefix}{name} = {}{end}", table.render());
                    pieces.push(Piece::replaced(line(table), line(stored)));
                }
                Line::Other(name, value) => {
                    pieces.push(Piece::kept(format!("{indent}{prefix}{name} . k{n} = {value}{end}")));
                }
                Line::Plain(value) => pieces.push(Piece::kept(format!("{indent}{prefix}k{n} = {value}{end}"))),
            }
            if last == Some(n) && matches!(line, Line::Own(_)) {
                pieces.push(Piece::added(lines(&missing(&own_prefix, &keys, login))));
            }
        }
        let is_new = last.is_none();
        Profiles { pieces, held: held(&keys), spelling, needs_section: is_new, is_new }
    })
}

/// What stands around the entries of an inline table, one more than there are, and whether it ends in a comma.
fn frames(entries: usize) -> impl Strategy<Value = (Vec<(&'static str, &'static str)>, bool)> {
    (prop::collection::vec((blank(), blank()), entries + 1), any::<bool>())
}

/// An inline table of these entries.
fn table(entries: Vec<(String, Role)>, frames: (Vec<(&'static str, &'static str)>, bool)) -> Table {
    let (blanks, has_trailing_comma) = frames;
    let count = entries.len();
    let end = if count == 0 || has_trailing_comma { blanks[count].0.to_owned() } else { String::new() };
    let items = entries.into_iter().zip(blanks).enumerate().map(|(n, ((text, role), (lead, tail)))| {
        let has_comma = n + 1 < count || has_trailing_comma;
        Item { lead: lead.to_owned(), text, tail: tail.to_owned(), has_comma, role }
    });
    Table { items: items.collect(), end }
}

/// The entries of these keys of ours, before and after a login.
fn own_entries(prefix: &str, keys: &[OwnKey], login: Login) -> (Vec<(String, Role)>, Vec<String>) {
    let entries = keys.iter().map(|key| {
        let old = format!("{prefix}{} = {}", key.key, key.value);
        match new_text(prefix, key, login) {
            Some(new) => ((old, Role::Ours), new),
            None => ((old, Role::Dropped), String::new()),
        }
    });
    entries.unzip()
}

/// The table with other texts for its entries, and without those that are dropped.
fn renewed(table: &Table, texts: Vec<String>) -> Table {
    let mut renewed = table.clone();
    for (item, text) in renewed.items.iter_mut().zip(texts) {
        item.text = text;
    }
    renewed.without_dropped()
}

/// Our profile as an inline table: as it is and as it becomes.
fn own_table(login: Login) -> BoxedStrategy<(Table, Table, Vec<OwnKey>)> {
    own_keys()
        .prop_flat_map(|keys| (frames(keys.len()), Just(keys)))
        .prop_map(move |(frames, keys)| {
            let (entries, texts) = own_entries("", &keys, login);
            let old = table(entries, frames);
            let new = renewed(&old, texts);
            let missing = missing("", &keys, login);
            let new = match new.items.len() {
                0 => new.add_first(&old, &missing),
                count => new.add_behind(count - 1, &missing),
            };
            (old, new, keys)
        })
        .boxed()
}

/// Our part of an inline table of profiles.
#[derive(Clone, Debug)]
enum OurEntries {
    None,
    Table(Table, Table),
    Dotted,
}

/// Profiles as the entries of an inline table: ours as a table in it, as dotted keys, or not there.
pub(super) fn inline(login: Login) -> impl Strategy<Value = Profiles> {
    let ours = prop_oneof![
        1 => Just((OurEntries::None, Vec::new())),
        2 => own_table(login).prop_map(|(old, new, keys)| (OurEntries::Table(old, new), keys)),
        2 => own_keys().prop_map(|keys| (OurEntries::Dotted, keys)),
    ];
    let others = prop::collection::vec(select(&VALUES[..]), 0..4);
    let entries = (ours, others, select(&OURS[..])).prop_flat_map(move |((ours, keys), others, name)| {
        let prefix = format!("{name} . ");
        let own = match &ours {
            OurEntries::None => Vec::new(),
            OurEntries::Table(old, new) => {
                let line = |table: &Table| format!("{name} = {}", table.render());
                vec![((line(old), Role::Ours), line(new))]
            }
            OurEntries::Dotted => {
                let (entries, texts) = own_entries(&prefix, &keys, login);
                entries.into_iter().zip(texts).collect()
            }
        };
        let others = others.into_iter().enumerate().map(|(n, value)| format!("k{n} = {value}"));
        let entries: Vec<_> = own.into_iter().chain(others.map(|text| ((text.clone(), Role::Other), text))).collect();
        let missing = match ours {
            OurEntries::Dotted => missing(&prefix, &keys, login),
            _ => Vec::new(),
        };
        (frames(entries.len()), Just(entries).prop_shuffle(), Just((keys, missing)))
    });
    (entries, line_end()).prop_map(move |((frames, entries, (keys, missing)), end)| {
        let (entries, texts): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        let old = table(entries, frames);
        let is_new = old.items.iter().all(|item| item.role == Role::Other);
        let new = renewed(&old, texts);
        let stored = match new.items.iter().rposition(|item| item.role == Role::Ours) {
            Some(last) => new.add_behind(last, &missing),
            None => new.add_last(&old, format!("x = {{ {} }}", self::missing("", &[], login).join(", "))),
        };
        let held = held(&keys);
        let moved: Vec<String> = held.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let moved = stored.clone().add_last(&old, format!("\"old.x\" = {{ {} }}", moved.join(", ")));
        let line = |table: &Table| format!("profiles = {}{end}", table.render());
        let piece = Piece {
            text: line(&old),
            rest: line(&old.without_ours()),
            stored: line(&stored),
            moved: line(&moved),
            cleared: line(&stored.without_ours()),
        };
        let is_new = is_new && !old.items.is_empty();
        Profiles { pieces: vec![piece], held, spelling: Spelling::InlineTable, needs_section: false, is_new }
    })
}
