//! The contract suites find what they look for: each bug is planted into a copy of a fake, and the suite has to name the
//! promise that it breaks.

use std::panic::catch_unwind;

/// Asserts that a suite names these promises for the copies with the bugs of these numbers, and none for number 0.
macro_rules! assert_named {
    ($suite:ident, $planted:ident: $($bug:literal => $promise:literal),+ $(,)?) => {
        let suites: [(u8, fn()); _] = [(0, $suite::<$planted<0>>), $(($bug, $suite::<$planted<$bug>>)),+];
        let named = suites.map(|(bug, suite)| format!("bug {bug}: {}", super::named(suite)));
        assert_eq!(named, ["bug 0: none".to_owned(), $(format!("bug {}: promise {}", $bug, $promise)),+]);
    };
}

mod browser;
mod control_plane;
mod process;
mod reporters;
mod stores;
mod timer;
mod token_file;

/// The promise that a suite names.
fn named(suite: fn()) -> String {
    let Err(payload) = catch_unwind(suite) else { return "none".to_owned() };
    let words = payload.downcast::<String>().expect("the suite panics in words");
    words.split(" is broken").next().unwrap_or_default().to_owned()
}
