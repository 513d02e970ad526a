//! The walk over all values of a document.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// How a value is found in the table or array that holds it.
#[derive(Clone, Copy)]
pub(super) enum Step<'d> {
    Key(&'d Spanned<DeString<'d>>),
    Index(usize),
}

/// Visits every value, each table and array before what it holds, and hands on to that what the visit of its holder
/// came to.
///
/// It does not recurse, since some KiB of text can be nested thousands of levels deep.
pub(super) fn each_value<'d, S: Copy>(
    root: &'d DeTable<'d>,
    at_root: S,
    mut visit: impl FnMut(S, Step<'d>, &'d Spanned<DeValue<'d>>) -> S,
) {
    let mut pending = vec![(at_root, Some(root), None)];
    while let Some((from, table, array)) = pending.pop() {
        let in_table = table.into_iter().flatten().map(|(key, value)| (Step::Key(key), value));
        let in_array = array.into_iter().flatten().enumerate().map(|(index, value)| (Step::Index(index), value));
        for (step, value) in in_table.chain(in_array) {
            let state = visit(from, step, value);
            let (table, array) = (value.get_ref().as_table(), value.get_ref().as_array());
            if table.is_some() || array.is_some() {
                pending.push((state, table, array));
            }
        }
    }
}
