//! The pieces of a generated document, and the small things that they are made of.
//!
//! Each piece carries its text and what has to become of it, so the expected result of a cut and a login is written down
//! while the document is, and not computed by anything like them.

use proptest::prelude::*;
use proptest::sample::select;

/// The session that is stored into profile `x`, in TOML.
pub(super) const SERVER: &str = "\"https://new.example\"";
pub(super) const TOKEN: &str = "\"new\"";
pub(super) const EXPIRY: &str = "2026-11-25T13:46:00Z";

pub(super) const DOMAIN_ID: &str = "\"0192f0c1-2345-7abc-8def-0123456789ab\"";
pub(super) const BINDING_ID: &str = "\"0192f0c1-2345-7abc-8def-0123456789ac\"";
pub(super) const BINDING_ALIAS: &str = "\"google\"";

/// The keys that a login writes, in their order.
pub(super) const FIELDS: [&str; 6] =
    ["server", "token", "expires_at", "domain_id", "idp_binding_id", "idp_binding_alias"];

/// Which of the values are known that a login may store beside the server and the token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Login {
    pub(super) has_expiry: bool,
    pub(super) has_domain: bool,
    pub(super) binding: Binding,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Binding {
    None,
    Id,
    Alias,
}

pub(super) fn logins() -> impl Strategy<Value = Login> {
    let bindings = select(&[Binding::None, Binding::Id, Binding::Alias][..]);
    (any::<bool>(), any::<bool>(), bindings).prop_map(|(has_expiry, has_domain, binding)| Login {
        has_expiry,
        has_domain,
        binding,
    })
}

/// Our profile, in the spellings of a key.
pub(super) const OURS: [&str; 4] = ["x", "\"x\"", "'x'", "\"\\u0078\""];

/// Other profiles, each in one spelling, some of which look like ours.
pub(super) const OTHERS: [&str; 6] = ["y", "X", "\"x.y\"", "'x y'", "\"\"", "\"ü\\n\""];

/// Values that a careless edit could trip over.
pub(super) const VALUES: [&str; 16] = [
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

/// Old tokens, servers and bindings.
pub(super) const TEXTS: [&str; 5] =
    ["\"old\"", "'old'", "\"\"\"\nold\"\"\"", "'''\n[profiles.x]\n'''", "\"\\\"]} # \""];

/// Old expiries and domains, usable or not.
pub(super) const EXPIRIES: [&str; 5] =
    ["1979-05-27 07:32:00Z", "1979-05-27", "'soon'", "[ 1, # comment\n 2 ]", "{ k = 1 }"];

/// Lines that mean nothing.
pub(super) const TRIVIA: [&str; 5] = ["\n", "# comment\n", "  \t\n", "# [profiles.x]\n", "\t# token = \"psk_\"\n"];

/// A piece of a document, and what it becomes.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) rest: String,
    pub(super) stored: String,
    pub(super) moved: String,
    pub(super) cleared: String,
}

impl Piece {
    /// Not ours.
    pub(super) fn kept(text: String) -> Self {
        Self { rest: text.clone(), cleared: text.clone(), ..Self::ours(text) }
    }

    /// Ours, and nothing to a login.
    pub(super) fn ours(text: String) -> Self {
        Self::replaced(text.clone(), text)
    }

    /// Ours, and something else after a login.
    pub(super) fn replaced(text: String, stored: String) -> Self {
        Self { text, moved: stored.clone(), stored, ..Self::default() }
    }

    /// Not there before a login.
    pub(super) fn added(stored: String) -> Self {
        Self::replaced(String::new(), stored)
    }
}

/// A key of our profile.
#[derive(Clone, Debug)]
pub(super) struct OwnKey {
    pub(super) key: String,
    pub(super) value: &'static str,
    pub(super) field: Option<&'static str>,
}

/// What moves with a token.
pub(super) type Held = Vec<(&'static str, &'static str)>;

pub(super) fn trivia() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&TRIVIA[..]), 0..3).prop_map(|lines| lines.concat())
}

pub(super) fn indent() -> impl Strategy<Value = &'static str> {
    select(&["", "", "  ", "\t"][..])
}

/// What may close a line: a comment of its own or nothing.
pub(super) fn line_end() -> impl Strategy<Value = &'static str> {
    select(&["\n", "\n", " # comment\n", "\t#\n"][..])
}

/// What may stand between the entries of an inline table.
pub(super) fn blank() -> impl Strategy<Value = &'static str> {
    select(&["", " ", "\n  ", " # comment\n "][..])
}

/// The keys of our profile: some of a session's, and others among them.
///
/// Boxed, since a strategy of this many parts takes more stack than a test has.
pub(super) fn own_keys() -> BoxedStrategy<Vec<OwnKey>> {
    let field = |field: &'static str, values: &'static [&'static str]| {
        let spellings = [field.to_owned(), format!("\"{field}\""), format!("'{field}'")];
        let key = (select(spellings.to_vec()), select(values));
        prop::option::of(key.prop_map(move |(key, value)| OwnKey { key, value, field: Some(field) })).boxed()
    };
    let fields = (
        field("server", &TEXTS),
        field("token", &TEXTS),
        field("expires_at", &EXPIRIES),
        field("domain_id", &EXPIRIES),
        field("idp_binding_id", &TEXTS),
        field("idp_binding_alias", &TEXTS),
    );
    let others = prop::collection::vec((select(&["", ".token", " . k"][..]), select(&VALUES[..])), 0..3);
    let keys =
        (fields, others).prop_map(|((server, token, expires_at, domain_id, binding_id, binding_alias), others)| {
            let others = others.into_iter().enumerate();
            let others = others.map(|(n, (below, value))| OwnKey { key: format!("k{n}{below}"), value, field: None });
            let fields = [server, token, expires_at, domain_id, binding_id, binding_alias];
            fields.into_iter().flatten().chain(others).collect::<Vec<_>>()
        });
    keys.prop_shuffle().boxed()
}

/// What a login stores under this key.
pub(super) fn new_value(field: &str, login: Login) -> Option<&'static str> {
    match field {
        "server" => Some(SERVER),
        "token" => Some(TOKEN),
        "expires_at" => login.has_expiry.then_some(EXPIRY),
        "domain_id" => login.has_domain.then_some(DOMAIN_ID),
        "idp_binding_id" => (login.binding == Binding::Id).then_some(BINDING_ID),
        _ => (login.binding == Binding::Alias).then_some(BINDING_ALIAS),
    }
}

/// A key with what it becomes, or `None` if a login drops it.
pub(super) fn new_text(prefix: &str, key: &OwnKey, login: Login) -> Option<String> {
    let value = key.field.map_or(Some(key.value), |field| new_value(field, login))?;
    Some(format!("{prefix}{} = {value}", key.key))
}

/// What a login adds to these keys.
pub(super) fn missing(prefix: &str, keys: &[OwnKey], login: Login) -> Vec<String> {
    let fields = FIELDS.into_iter().filter(|field| keys.iter().all(|key| key.field != Some(field)));
    fields.filter_map(|field| Some(format!("{prefix}{field} = {}", new_value(field, login)?))).collect()
}

pub(super) fn held(keys: &[OwnKey]) -> Held {
    let fields = ["server", "token", "expires_at"].into_iter();
    let value = |field| keys.iter().find(|key| key.field == Some(field)).map(|key| (field, key.value));
    fields.filter_map(value).collect()
}

pub(super) fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| text.clone() + "\n").collect()
}

/// A line of ours under this prefix, and what it becomes.
pub(super) fn own_line(prefix: &str, key: &OwnKey, end: &str, login: Login) -> Piece {
    let stored = new_text(prefix, key, login).map_or_else(String::new, |text| text + end);
    Piece::replaced(format!("{prefix}{} = {}{end}", key.key, key.value), stored)
}
