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
    let mut pending = Vec::new();
    let mut enter = |pending: &mut Vec<(S, &'d DeValue<'d>)>, from, step, value: &'d Spanned<DeValue<'d>>| {
        let state = visit(from, step, value);
        if matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_)) {
            pending.push((state, value.get_ref()));
        }
    };
    for (key, value) in root {
        enter(&mut pending, at_root, Step::Key(key), value);
    }
    while let Some((state, holder)) = pending.pop() {
        match holder {
            DeValue::Table(table) => {
                for (key, value) in table {
                    enter(&mut pending, state, Step::Key(key), value);
                }
            }
            DeValue::Array(array) => {
                for (index, value) in array.iter().enumerate() {
                    enter(&mut pending, state, Step::Index(index), value);
                }
            }
            _ => {}
        }
    }
}
