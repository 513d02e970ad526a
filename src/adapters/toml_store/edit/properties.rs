//! Property tests of the document cut: generated TOML text in which every byte is known to belong to the profile or not.
//!
//! A document is a list of pieces. Each piece carries its text and what has to be left of it, so what the cut has to
//! come to is written down while the document is, and not computed by anything like the cut.

use proptest::prelude::*;
use proptest::sample::select;

use super::without_profile;
use crate::adapters::toml_store::document::Document;
use crate::domain::session::ProfileName;

/// The profile that is cut out, in the spellings of a key.
const OURS: [&str; 4] = ["x", "\"x\"", "'x'", "\"\\u0078\""];

/// Other profiles, each in one spelling, some of which look like ours.
const OTHERS: [&str; 6] = ["y", "X", "\"x.y\"", "'x y'", "\"\"", "\"ü\\n\""];

/// Values that a careless cut could trip over.
const VALUES: [&str; 16] = [
    "1",
    "nan",
    "0xDEAD_beef",
    "1_000.5e-3",
    "1979-05-27 07:32:00.5Z",
    "true",
    "\"[profiles.x]\"",
    "'#'",
    "\"\\\"]\"",
    "'''\n[profiles.x]\n'''",
    "\"\"\"\nprofiles.x.token = 1 \\\n  \"\"\"",
    "[]",
    "[ 1, # comment ]\n  [2, '}'], ]",
    "{}",
    "{ x = 1, \"profiles\" = { x = 2 } }",
    "{ a = [ { x = 1 } ],\n  b.c = 2, }",
];

/// Lines that mean nothing.
const TRIVIA: [&str; 5] = ["\n", "# comment\n", "  \t\n", "# [profiles.x]\n", "\t# token = \"psk_\"\n"];

/// A piece of a document, and what has to be left of it.
#[derive(Clone, Debug)]
struct Piece {
    text: String,
    rest: String,
}

impl Piece {
    fn kept(text: String) -> Self {
        Self { rest: text.clone(), text }
    }

    fn cut(text: String) -> Self {
        Self { text, rest: String::new() }
    }

    fn join(pieces: impl IntoIterator<Item = Self>) -> Self {
        pieces.into_iter().fold(Self::kept(String::new()), |mut whole, piece| {
            whole.text.push_str(&piece.text);
            whole.rest.push_str(&piece.rest);
            whole
        })
    }
}

fn trivia() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&TRIVIA[..]), 0..3).prop_map(|lines| lines.concat())
}

fn indent() -> impl Strategy<Value = &'static str> {
    select(&["", "", "  ", "\t"][..])
}

/// What may close a line: a comment of its own or nothing.
fn line_end() -> impl Strategy<Value = &'static str> {
    select(&["\n", "\n", " # comment\n", "\t#\n"][..])
}

/// The lines of a section's body, with trivia between them: keys are numbered, so none stands twice.
fn body() -> impl Strategy<Value = String> {
    let line = (trivia(), indent(), select(&VALUES[..]), line_end());
    prop::collection::vec(line, 0..4).prop_map(|lines| {
        let lines = lines.into_iter().enumerate();
        let lines = lines.map(|(n, (trivia, indent, value, end))| format!("{trivia}{indent}k{n} = {value}{end}"));
        lines.collect::<Vec<_>>().concat()
    })
}

/// A section under a header, with trivia around it. Without a value, the header's line is all that belongs to it.
fn section(header: String, is_ours: bool) -> impl Strategy<Value = Piece> {
    (trivia(), indent(), line_end(), body(), trivia()).prop_map(move |(above, indent, end, body, below)| {
        let section = Piece { text: format!("{indent}{header}{end}{body}"), rest: String::new() };
        let section = if is_ours { section } else { Piece::kept(section.text) };
        Piece::join([Piece::kept(above), section, Piece::kept(below)])
    })
}

/// Profiles as sections, ours with sub-tables that are split by others.
fn sections() -> impl Strategy<Value = Piece> {
    let ours = select(&OURS[..]).prop_flat_map(|name| {
        prop::collection::vec(
            prop_oneof![
                Just(format!("[profiles.{name}]")),
                Just(format!("[ profiles . {name} . sub ]")),
                Just(format!("[\"profiles\".{name}.'sub'.sub]")),
                Just(format!("[[profiles.{name}.list]]")),
            ],
            1..4,
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
        .prop_flat_map(|headers| {
            headers.into_iter().map(|(header, is_ours)| section(header, is_ours)).collect::<Vec<_>>()
        })
        .prop_map(Piece::join)
}

/// Profiles as dotted keys, at the root or under a header.
fn dotted() -> impl Strategy<Value = Piece> {
    let line =
        (0..3_usize, select(&OURS[..]), select(&OTHERS[..]), select(&VALUES[..]), trivia(), indent(), line_end());
    (prop::collection::vec(line, 1..8), any::<bool>()).prop_map(|(lines, at_root)| {
        let (header, prefix) = if at_root { ("", "profiles.") } else { ("[profiles] # header\n", "") };
        let lines = lines.into_iter().enumerate().map(|(n, (kind, ours, other, value, trivia, indent, end))| {
            let line = |name: &str| format!("{indent}{prefix}{name} . k{n} = {value}{end}");
            let line = match kind {
                0 => Piece::cut(line(ours)),
                1 => Piece::kept(line(other)),
                _ => Piece::kept(format!("{indent}{prefix}k{n} = {value}{end}")),
            };
            Piece::join([Piece::kept(trivia), line])
        });
        let ours = Piece::cut(format!("{prefix}x.last = 1\n"));
        Piece::join([Piece::kept(header.to_owned())].into_iter().chain(lines).chain([ours]))
    })
}

/// Profiles as the entries of an inline table: ours stands once, at a random place.
fn inline() -> impl Strategy<Value = Piece> {
    let blank = || select(&["", " ", "\n  ", " # comment\n "][..]);
    let entry = (blank(), select(&VALUES[..]), blank());
    let entries = prop::collection::vec(entry, 1..6);
    (entries, any::<prop::sample::Index>(), any::<bool>(), select(&OURS[..]), line_end()).prop_map(
        |(entries, ours_at, has_trailing_comma, ours, end)| {
            let (count, ours_at) = (entries.len(), ours_at.index(entries.len()));
            let mut pieces = vec![Piece::kept("profiles = {".to_owned())];
            // The comma before our entry goes with it, with all that follows, if no comma follows our entry.
            let mut pending_comma: Option<Piece> = None;
            for (n, (before, value, after)) in entries.into_iter().enumerate() {
                let has_comma = n + 1 < count || has_trailing_comma;
                let name = if n == ours_at { ours.to_owned() } else { format!("k{n}") };
                let (lead, entry, tail) = (before.to_owned(), format!("{name} = {value}"), after.to_owned());
                match (n == ours_at, has_comma) {
                    (true, true) => {
                        pieces.extend(pending_comma.take());
                        pieces.push(Piece::kept(lead));
                        pieces.push(Piece::cut(format!("{entry}{tail},")));
                    }
                    (true, false) => {
                        let swallowed = pending_comma.take();
                        let is_first = swallowed.is_none();
                        pieces.extend(swallowed.map(|piece| Piece::cut(piece.text)));
                        pieces.push(if is_first { Piece::kept(lead) } else { Piece::cut(lead) });
                        pieces.push(Piece::cut(entry));
                        pieces.push(Piece::kept(tail));
                    }
                    (false, _) => {
                        pieces.extend(pending_comma.take());
                        pieces.push(Piece::kept(format!("{lead}{entry}{tail}")));
                        pending_comma = has_comma.then(|| Piece::kept(",".to_owned()));
                    }
                }
            }
            pieces.extend(pending_comma);
            pieces.push(Piece::kept(format!("}}{end}")));
            Piece::join(pieces)
        },
    )
}

/// The pointer, which goes if it names our profile.
fn pointer() -> impl Strategy<Value = Piece> {
    let names_ours = select(&["default = \"x\"", "'default' = 'x'", "\"default\"=\"\"\"\nx\"\"\""][..]);
    let names_other = select(&["default = \"y\"", "default = ''", "defaults = 'x'", "d.default = 'x'", ""][..]);
    prop_oneof![
        (names_ours, line_end()).prop_map(|(line, end)| Piece::cut(format!("{line}{end}"))),
        (names_other, line_end()).prop_map(|(line, end)| Piece::kept(format!("{line}{end}"))),
    ]
}

fn document() -> impl Strategy<Value = Piece> {
    let profiles = prop_oneof![sections(), dotted(), inline()];
    let frame = (trivia(), any::<bool>(), any::<bool>(), any::<bool>());
    (pointer(), profiles, frame).prop_map(|(pointer, profiles, (head, has_mark, has_crlf, has_open_end))| {
        let mark = Piece::kept(if has_mark { "\u{feff}" } else { "" }.to_owned());
        let end = Piece::kept(if has_open_end { "# no newline" } else { "" }.to_owned());
        let Piece { text, rest } = Piece::join([mark, Piece::kept(head), pointer, profiles, end]);
        if has_crlf {
            Piece { text: text.replace('\n', "\r\n"), rest: rest.replace('\n', "\r\n") }
        } else {
            Piece { text, rest }
        }
    })
}

fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    // `PROPTEST_CASES` asks for more.
    ProptestConfig { cases: config.cases.max(1000), ..config }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn only_the_profile_goes_and_no_other_byte_changes(piece in document()) {
        let profile = ProfileName::new("x").unwrap();
        let document = Document::parse(&piece.text);
        prop_assert!(document.is_ok(), "the generator made no TOML:\n{}", piece.text);
        let rest = without_profile(document.unwrap(), &profile);
        prop_assert!(rest.is_ok(), "the cut was refused:\n{}", piece.text);
        prop_assert_eq!(rest.unwrap(), piece.rest);
    }

    #[test]
    fn whatever_is_a_document_can_be_cut(
        text in prop::collection::vec(select(&["[", "]", "{", "}", "=", ",", ".", "\"", "'", "#", "\n", "\r", "x", "profiles", "1", " ", "\\", "\u{feff}"][..]), 0..40)
    ) {
        let text = text.concat();
        if let Ok(document) = Document::parse(&text) {
            prop_assert!(without_profile(document, &ProfileName::new("x").unwrap()).is_ok());
        }
    }
}
