//! Tables for people: one line a row, in columns of the widths that a terminal shows.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use crate::domain::printable::{escape_unprintable, is_printable_ascii};

/// What stands between two columns.
const GAP: usize = 2;

/// The widest cell that widens its column. A wider one moves what follows it in its own row, so that one long name
/// neither tears all other rows apart nor multiplies by their number.
const MAX_WIDTH: usize = 128;

/// Lays out a table: its header, then a row for each item. The last column is not padded.
pub(super) fn table<'a, T, const COLUMNS: usize>(
    header: [&'static str; COLUMNS],
    items: &'a [T],
    cells: impl Fn(&'a T) -> [Cow<'a, str>; COLUMNS],
) -> String {
    let mut widths = header.map(UnicodeWidthStr::width);
    for item in items {
        for (width, cell) in widths.iter_mut().zip(cells(item)) {
            // A cell wider than the limit does not count at all.
            *width = (*width).max(Some(width_of(&cell)).filter(|width| *width <= MAX_WIDTH).unwrap_or_default());
        }
    }
    let mut table = String::new();
    write_row(&mut table, &header.map(Cow::Borrowed), &widths);
    for item in items {
        write_row(&mut table, &cells(item), &widths);
    }
    table
}

/// A cell with a text from outside, which cannot leave its cell; `-` where there is none.
pub(super) fn cell(text: Option<&str>) -> Cow<'_, str> {
    text.filter(|text| !text.is_empty()).map_or(Cow::Borrowed("-"), escape_unprintable)
}

/// How many columns a cell takes. A list of 100,000 tokens has a million cells, nearly all of them ASCII.
fn width_of(cell: &str) -> usize {
    if is_printable_ascii(cell.as_bytes()) { cell.len() } else { cell.width() }
}

fn write_row(table: &mut String, cells: &[Cow<'_, str>], widths: &[usize]) {
    let mut padding = 0;
    for (cell, width) in cells.iter().zip(widths) {
        table.extend(std::iter::repeat_n(' ', padding));
        table.push_str(cell);
        // Written only before a further cell, so no line ends in blanks.
        padding = width.saturating_sub(width_of(cell)) + GAP;
    }
    table.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table_of(rows: &[[&str; 3]]) -> String {
        table(["A", "LONGER", "C"], rows, |row| row.map(|text| cell(Some(text))))
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_two_spaces_apart() {
        let table = table_of(&[["a", "b", "c"], ["four", "seven..", "x"]]);
        assert_eq!(table, "A     LONGER   C\na     b        c\nfour  seven..  x\n");
        assert_eq!(table_of(&[]), "A  LONGER  C\n");
    }

    #[test]
    fn widths_are_those_of_a_terminal() {
        let table = table_of(&[["日本", "é", "c"], ["ab", "e\u{301}🦀", "c"]]);
        assert_eq!(table, "A     LONGER  C\n日本  é       c\nab    e\u{301}🦀     c\n");
    }

    #[test]
    fn what_is_absent_or_empty_is_a_dash_and_nothing_leaves_its_cell() {
        assert_eq!(cell(None), "-");
        assert_eq!(cell(Some("")), "-");
        assert_eq!(cell(Some(" ")), " ");
        assert_eq!(cell(Some("a\tb\n\u{1b}[2J\u{202e}c")), r"a\tb\n\u{1b}[2J\u{202e}c");
        let table = table_of(&[["\t", "\u{1b}[1m", "\n"], ["a", "b", "c"]]);
        assert_eq!(table, "A   LONGER     C\n\\t  \\u{1b}[1m  \\n\na   b          c\n");
    }

    #[test]
    fn a_cell_of_more_than_128_columns_moves_its_own_row_alone() {
        let (widest, wider) = ("w".repeat(128), "w".repeat(129));
        let table = table_of(&[[&wider, "b", "c"], ["a", "b", "c"]]);
        assert_eq!(table, format!("A  LONGER  C\n{wider}  b       c\na  b       c\n"));
        let table = table_of(&[[&widest, "b", "c"], ["a", "b", "c"]]);
        let indent = " ".repeat(127);
        assert_eq!(table, format!("A{indent}  LONGER  C\n{widest}  b       c\na{indent}  b       c\n"));
    }
}
