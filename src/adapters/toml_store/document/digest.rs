//! The digest of what a document means, which takes the place of the document where two are compared: a large one takes
//! many times its size in memory.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::FixedState;
use toml::de::{DeTable, DeValue};

use super::walk::{Step, each_value};

/// Two documents with the same digest hold the same values under the same keys, whatever their spelling and order.
/// Numbers count by their source text, since `nan` is not equal to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Digest(u64);

impl Digest {
    /// Every value is hashed with its path, so the sum of the hashes does not depend on the order of a table's keys. A
    /// table or array that holds something is in the paths of that.
    pub(super) fn of(root: &DeTable<'_>) -> Self {
        let mut sum = 0_u64;
        each_value(root, 0, |holder: u64, step, value| {
            let mut hasher = FixedState::default().build_hasher();
            holder.hash(&mut hasher);
            match step {
                Step::Key(key) => key.get_ref().hash(&mut hasher),
                Step::Index(index) => index.hash(&mut hasher),
            }
            hash_value(value.get_ref(), &mut hasher);
            let hash = hasher.finish();
            if !holds_others(value.get_ref()) {
                // Adding is commutative: two tables with the same keys in another order are equal.
                sum = sum.wrapping_add(hash);
            }
            hash
        });
        Self(sum)
    }
}

fn holds_others(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(table) => !table.is_empty(),
        DeValue::Array(array) => !array.is_empty(),
        _ => false,
    }
}

/// Hashes the type of a value, and what it is unless it is made of others.
fn hash_value(value: &DeValue<'_>, hasher: &mut impl Hasher) {
    // The string "1" and the integer 1 have the same text.
    std::mem::discriminant(value).hash(hasher);
    match value {
        DeValue::String(text) => text.hash(hasher),
        DeValue::Integer(integer) => (integer.radix(), integer.as_str()).hash(hasher),
        DeValue::Float(float) => float.as_str().hash(hasher),
        DeValue::Boolean(value) => value.hash(hasher),
        DeValue::Datetime(datetime) => datetime.to_string().hash(hasher),
        DeValue::Array(_) | DeValue::Table(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_for_equal_values_and_another_for_any_difference() {
        let digest = |text: &str| Digest::of(DeTable::parse(text).unwrap().get_ref());
        let same = |left: &str, right: &str| digest(left) == digest(right);
        assert!(same("a = \"x\"\n[b]\nc = 1\n", "b.c = 1\na = 'x'\n"));
        assert!(same("a = [nan, 1_0, {b = 1979-05-27}, true]", "a = [ nan,1_0,{ b=1979-05-27 },true ]"));
        for (left, right) in [
            ("a = 1", "b = 1"),
            ("a = 1", "a = 1\nb = 1"),
            ("a = 1", "a = 2"),
            ("a = 1", "a = \"1\""),
            ("a = 0x10", "a = 10"),
            ("a = nan", "a = inf"),
            ("a = true", "a = false"),
            ("a = 1979-05-27", "a = 1979-05-28"),
            ("a = [1]", "a = [1, 1]"),
            ("a = [1, 2]", "a = [2, 1]"),
            ("a = {b = 1}", "a = {b = 2}"),
            ("a = 'x'", "a = 'y'"),
            ("a = []", "a = {}"),
            ("a = []", ""),
            ("a = [[], 1]", "a = [[1], 1]"),
            ("a = [[1], []]", "a = [[], [1]]"),
            ("a.b = 1", "b.a = 1"),
            ("a.b = 1", "a = {}\nb = 1"),
            ("a.x = 1\nb.x = 2", "a.x = 2\nb.x = 1"),
            ("ab.c = 1", "a.bc = 1"),
            ("a = 07:32:00", "a = 07:32:01"),
        ] {
            assert!(!same(left, right), "{left} {right}");
        }
    }
}
