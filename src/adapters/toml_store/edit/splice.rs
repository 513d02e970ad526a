//! The splice: a text without some of its ranges, every other byte as it was.

use std::ops::Range;

/// The text without the ranges, which may overlap and come in any order.
pub(super) fn splice(text: &str, mut ranges: Vec<Range<usize>>) -> String {
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
