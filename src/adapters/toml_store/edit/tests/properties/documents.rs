//! Generated TOML text in which every byte is known to belong to the profile or not.

use proptest::prelude::*;
use proptest::sample::select;

use super::pieces::{Login, Piece, line_end, lines, logins, missing, trivia};
use super::profiles::{Profiles, Spelling, dotted, inline, sections};

/// A document, and what it becomes.
#[derive(Clone, Debug)]
pub(super) struct Generated {
    pub(super) text: String,
    /// The session that is stored.
    pub(super) login: Login,
    /// What a cut leaves.
    pub(super) rest: String,
    /// What a login makes of it, and with a token that was held put aside as `old.x`.
    pub(super) stored: String,
    pub(super) moved: Option<String>,
    /// What a cut leaves of what a login makes, and with the separator.
    pub(super) cleared: String,
    pub(super) cleared_with_separator: String,
    /// Whether there is nothing of ours yet, so that these cuts must have given the text back.
    pub(super) is_new: bool,
}

/// What the document points to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pointer {
    Ours,
    Other,
    Empty,
    /// None, behind a key of the root that looks like one.
    None,
    /// None, and no key.
    NoKey,
}

fn pointer() -> impl Strategy<Value = (Pointer, Piece)> {
    let ours = select(&["default = \"x\"", "'default' = 'x'", "\"default\"=\"\"\"\nx\"\"\""][..]);
    let other = select(&["default = \"y\"", "'default' = 'x '"][..]);
    let empty = select(&[("default = ", "''"), ("\"default\"=", "\"\"\"\"\"\""), (" 'default' = ", "'''\n'''")][..]);
    let none = select(&["defaults = 'x'", "d.default = 'x'", "\"default \" = { default = 'x' }"][..]);
    prop_oneof![
        (ours, line_end()).prop_map(|(line, end)| {
            let line = format!("{line}{end}");
            (Pointer::Ours, Piece::ours(line))
        }),
        (other, line_end()).prop_map(|(line, end)| (Pointer::Other, Piece::kept(format!("{line}{end}")))),
        (empty, line_end()).prop_map(|((key, value), end)| {
            let (text, stored) = (format!("{key}{value}{end}"), format!("{key}\"x\"{end}"));
            (Pointer::Empty, Piece { rest: text.clone(), ..Piece::replaced(text, stored) })
        }),
        (none, line_end()).prop_map(|(line, end)| (Pointer::None, Piece::kept(format!("{line}{end}")))),
        trivia().prop_map(|trivia| (Pointer::NoKey, Piece::kept(trivia))),
    ]
}

/// How a document ends.
#[derive(Clone, Copy, Debug)]
enum End {
    AsItIs,
    Comment,
    NoNewline,
}

/// Documents with and without our profile, for a login with and without each value that may be unknown.
pub(super) fn documents() -> impl Strategy<Value = Generated> {
    logins().prop_flat_map(|login| {
        let profiles = prop_oneof![sections(login).boxed(), dotted(login).boxed(), inline(login).boxed()];
        let end = select(&[End::AsItIs, End::Comment, End::NoNewline][..]);
        let frame = (trivia(), any::<bool>(), any::<bool>(), end);
        (pointer(), profiles, frame).prop_map(move |((kind, pointer), profiles, (head, has_mark, has_crlf, end))| {
            let mark = Piece::kept(if has_mark { "\u{feff}" } else { "" }.to_owned());
            let mut pieces = vec![mark, Piece::kept(head), pointer];
            let behind_pointer = pieces.len();
            pieces.extend(profiles.pieces.clone());
            let default_at = match kind {
                Pointer::None | Pointer::NoKey if profiles.spelling != Spelling::Headers => Some(pieces.len()),
                Pointer::None => Some(behind_pointer),
                Pointer::NoKey => Some(1),
                Pointer::Ours | Pointer::Other | Pointer::Empty => None,
            };
            if let Some(at) = default_at {
                pieces.insert(at, Piece::added("default = \"x\"\n".to_owned()));
            }
            match end {
                End::AsItIs => {}
                End::Comment => pieces.push(Piece::kept("# no newline".to_owned())),
                End::NoNewline => take_last_newline(&mut pieces),
            }
            let mut generated = assemble(&pieces, &profiles, login);
            // A cut takes every pointer to the profile, and leaves the line end that a new one needed before it.
            let last = pieces.iter().rposition(|piece| !piece.text.is_empty());
            generated.is_new &=
                !matches!(kind, Pointer::Ours | Pointer::Empty) && (is_whole(&generated.text) || default_at < last);
            if has_crlf { with_crlf(generated) } else { generated }
        })
    })
}

/// Takes the last newline of the text, and of what the text becomes, unless lines follow there.
fn take_last_newline(pieces: &mut [Piece]) {
    let Some(last) = pieces.iter().rposition(|piece| !piece.text.is_empty()) else { return };
    if pieces[last].text.ends_with("\n\n") || pieces[last].text == "\n" {
        return;
    }
    let is_last_stored = pieces[last + 1..].iter().all(|piece| piece.stored.is_empty());
    let last = &mut pieces[last];
    let take = |text: &mut String| {
        if text.ends_with('\n') {
            text.pop();
        }
    };
    take(&mut last.text);
    take(&mut last.rest);
    if is_last_stored {
        take(&mut last.stored);
        take(&mut last.moved);
        take(&mut last.cleared);
    }
}

fn assemble(pieces: &[Piece], profiles: &Profiles, login: Login) -> Generated {
    let join = |part: fn(&Piece) -> &str| pieces.iter().map(part).collect::<Vec<_>>().concat();
    let text = join(|piece| &piece.text);
    let rest = join(|piece| &piece.rest);
    let mut stored = join(|piece| &piece.stored);
    let mut moved = join(|piece| &piece.moved);
    let mut cleared = join(|piece| &piece.cleared);
    let cleared_with_separator = cleared.clone();
    if profiles.needs_section {
        let separator = separator(&stored);
        // A line of ours that had no end takes the new one along.
        let left = if is_whole(&cleared) && !is_whole(&stored) { &separator[1..] } else { separator };
        cleared.push_str(left);
        stored = format!("{stored}{separator}[profiles.x]\n{}", lines(&missing("", &[], login)));
    }
    if profiles.spelling != Spelling::InlineTable {
        let held: Vec<String> = profiles.held.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        moved = format!("{moved}{}[profiles.\"old.x\"]\n{}", separator(&moved), lines(&held));
    }
    let has_token = profiles.held.iter().any(|(key, _)| *key == "token");
    let moved = has_token.then_some(moved);
    let is_new = profiles.is_new;
    Generated { text, login, rest, stored, moved, cleared, cleared_with_separator, is_new }
}

fn is_whole(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').is_empty() || text.ends_with('\n')
}

/// What sets a section off.
fn separator(text: &str) -> &'static str {
    let is_blank = text.lines().next_back().is_none_or(|line| line.trim().is_empty());
    match (is_whole(text), is_blank) {
        (true, true) => "",
        (true, false) | (false, true) => "\n",
        (false, false) => "\n\n",
    }
}

/// The same document with the line ends of another world, if it has any.
fn with_crlf(generated: Generated) -> Generated {
    if !generated.text.contains('\n') {
        return generated;
    }
    let convert = |text: String| text.replace('\n', "\r\n");
    Generated {
        text: convert(generated.text),
        rest: convert(generated.rest),
        stored: convert(generated.stored),
        moved: generated.moved.map(convert),
        cleared: convert(generated.cleared),
        cleared_with_separator: convert(generated.cleared_with_separator),
        ..generated
    }
}
