//! The splice: a text with some of its ranges changed, every other byte as it was.

use std::ops::Range;

/// A range of the text, and what it becomes. It may hold a token, so there is no `Debug`.
pub(super) struct Change {
    range: Range<usize>,
    text: String,
    is_lines: bool,
}

impl Change {
    pub(super) fn remove(range: Range<usize>) -> Self {
        Self::replace(range, String::new())
    }

    pub(super) fn replace(range: Range<usize>, text: String) -> Self {
        Self { range, text, is_lines: false }
    }

    pub(super) fn insert(at: usize, text: String) -> Self {
        Self::replace(at..at, text)
    }

    /// Inserts whole lines. Where the line before them has no end, it gets one first.
    pub(super) fn insert_lines(at: usize, lines: String) -> Self {
        Self { range: at..at, text: lines, is_lines: true }
    }
}

/// The text with these changes, which may come in any order; removed ranges may overlap. Of insertions at one offset,
/// the first comes first.
pub(super) fn splice(text: &str, mut changes: Vec<Change>) -> String {
    // A stable sort keeps insertions at one offset in the order in which they were made.
    changes.sort_by_key(|change| (change.range.start, change.range.end));
    let mut edited = String::with_capacity(text.len() + changes.iter().map(|change| change.text.len()).sum::<usize>());
    let mut kept_from = 0;
    for change in changes {
        // A change inside the one before it: its text is gone already.
        if change.range.start >= kept_from {
            edited.push_str(&text[kept_from..change.range.start]);
        }
        if change.is_lines && !is_whole(&edited) {
            edited.push_str(line_end(text));
        }
        edited.push_str(&change.text);
        // An inner range may end before the outer one.
        kept_from = kept_from.max(change.range.end);
    }
    edited.push_str(&text[kept_from..]);
    edited
}

/// What was put between the old end of a text and a section: an empty line, and before it the end of the last line if
/// that had none.
#[derive(Default)]
pub(in super::super) struct Separator {
    text: String,
    ends_line: bool,
}

impl Separator {
    /// Where the separator starts that ends at this offset, or the offset if there is no such separator.
    pub(super) fn start_before(&self, text: &str, end: usize) -> usize {
        match text[..end].strip_suffix(&self.text) {
            Some(before) if is_whole(before) != self.ends_line => before.len(),
            _ => end,
        }
    }
}

/// Puts a section at the end of the text, set off by an empty line.
pub(super) fn append_section(text: &mut String, section: &str, line_end: &str) -> Separator {
    let old_end = text.len();
    let ends_line = !is_whole(text);
    if ends_line {
        text.push_str(line_end);
    }
    if text.lines().next_back().is_some_and(|line| !line.trim().is_empty()) {
        text.push_str(line_end);
    }
    let separator = Separator { text: text[old_end..].to_owned(), ends_line };
    text.push_str(section);
    separator
}

/// The text's own line end.
pub(super) fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Whether the text consists of whole lines, so that another one can follow.
fn is_whole(text: &str) -> bool {
    matches!(text, "" | "\u{feff}") || text.ends_with('\n')
}
