//! Whatever a server lists as bindings, the hint shows at most five, in the server's order, short and harmless to a
//! terminal.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use plexctl::domain::Identifier;
use plexctl::domain::idp_binding::{BindingAlias, IdpBinding};
use plexctl::domain::printable::is_unprintable;
use plexctl::fuzzing::read_bindings;
use serde_json::value::RawValue;

/// The most bindings.
const MAX_BINDINGS: usize = 5;

/// The most characters of a label or a host.
const MAX_LABEL_LENGTH: usize = 60;

fuzz_target!(|list: &[u8]| {
    let shown = read_bindings(list);
    for text in shown.iter().flat_map(|choice| [&choice.label, &choice.issuer_host]) {
        assert!(text.chars().count() <= MAX_LABEL_LENGTH && !text.contains(is_unprintable), "{text:?}");
    }
    let elements = serde_json::from_slice::<Vec<&RawValue>>(list).unwrap_or_default();
    let expected = elements.iter().filter_map(|element| binding_of(element.get())).take(MAX_BINDINGS);
    let shown: Vec<_> = shown.into_iter().map(|choice| choice.binding).collect();
    assert_eq!(shown, expected.collect::<Vec<_>>());
});

/// The binding of an element: by its alias, or else by its id.
fn binding_of(element: &str) -> Option<IdpBinding> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(element).ok()?;
    let text = |name| serde_json::from_str::<String>(members.get(name)?.get()).ok();
    match text("alias").map(|alias| BindingAlias::parse(&alias)) {
        Some(Ok(alias)) => Some(IdpBinding::Alias(alias)),
        _ => Identifier::parse(&text("id")?).ok().map(IdpBinding::Id),
    }
}
