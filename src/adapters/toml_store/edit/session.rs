//! The edit that stores a session: writes it into its profile, wherever that stands and however it is spelled, and
//! leaves every other byte as it is.

use super::insertion_points::InsertionPoints;
use super::pointer::point_to;
use super::splice::{Change, Separator, append_section, line_end, splice};
use super::toml_text::{inline_table, key, section, value};
use super::verify::{self, session_values};
use crate::adapters::toml_store::document::{Document, TOKEN_KEY, TOKEN_KEYS};
use crate::domain::profile::Profile;
use crate::domain::session::ProfileName;

/// A document's text with a session stored in it.
pub(in super::super) struct Stored {
    pub(in super::super) text: String,
    /// What sets off the section that had to be written, if one had to be: its cut can take the separator along.
    pub(in super::super) separator: Separator,
}

/// Returns the document's text with these values in the profile, and with the profile as the default if there is none.
/// A value that the given profile does not hold is removed. `moves_to` names the profile to which the old token moves,
/// with its server and expiry as they are spelled: there must be such a token, and no such profile yet.
///
/// Values are replaced where they stand, and missing keys follow the profile's last one. A profile without a place
/// for its keys becomes a section at the end of the text, or an entry if `profiles` is an inline table.
///
/// `None` means that the text cannot be edited so that the rest means what it did.
pub(in super::super) fn with_session(
    document: Document<'_>,
    profile: &Profile,
    moves_to: Option<&ProfileName>,
) -> Option<Stored> {
    let text = document.text;
    let values = session_values(profile)?;
    let removed: Vec<&str> = values.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| *key).collect();
    // All positions refer to the old text, so the changes can be collected in any order.
    let points = InsertionPoints::new(text, profile.name.as_str(), &removed);
    let mut changes: Vec<Change> = points.removals.iter().cloned().map(Change::remove).collect();
    let mut missing = Vec::new();
    for (key, new) in values.iter().filter_map(|(key, new)| Some((*key, value(new.as_ref()?)))) {
        match document.span_of(&profile.name, key) {
            Some(old) => changes.push(Change::replace(old, new)),
            None => missing.push((key, new)),
        }
    }
    let mut new_profile = None;
    match &points.keys {
        Some(slot) if !missing.is_empty() => changes.push(slot.add(text, &missing)),
        Some(_) => {}
        None => new_profile = Some((&profile.name, missing)),
    }
    if let Some(moves_to) = moves_to {
        document.span_of(&profile.name, TOKEN_KEY)?;
        // As they are spelled.
        let held = |key| Some((key, text[document.span_of(&profile.name, key)?].to_owned()));
        new_profile = Some((moves_to, TOKEN_KEYS.into_iter().filter_map(held).collect()));
    }
    let mut new_section = None;
    if let Some((name, pairs)) = new_profile {
        let name = key(name.as_str());
        match &points.profiles {
            Some(slot) => changes.push(slot.add_entry(text, &name, inline_table(&pairs))),
            None => new_section = Some(section(text, &name, &pairs)),
        }
    }
    if document.pointer().is_none() {
        changes.push(point_to(&profile.name, &document, &points));
    }
    let mut edited = splice(text, changes);
    // The section goes to the very end, behind changes that refer to offsets of the old text.
    let separator =
        new_section.map_or_else(Separator::default, |section| append_section(&mut edited, &section, line_end(text)));
    // A wrong edit would lose somebody else's token, so nothing is returned that was not parsed again.
    Some(Stored { text: verify::with_session(document, &profile.name, values, moves_to, edited)?, separator })
}

/// The edit from text to text, for its fuzz target, and what it leaves after its cut if it moves a token. `None` means
/// that the text is no config document.
#[cfg(fuzzing)]
pub fn fuzzed_session(
    text: &str,
    profile: &Profile,
    moves_to: Option<&ProfileName>,
) -> Option<Result<(String, Option<String>), String>> {
    let stored = with_session(Document::parse(text).ok()?, profile, moves_to).and_then(|Stored { text, separator }| {
        let Some(moves_to) = moves_to else { return Some((text, None)) };
        let rest = super::without_profile(Document::parse(&text).ok()?, moves_to, Some(&separator))?;
        Some((text, Some(rest)))
    });
    Some(stored.ok_or_else(|| "the session cannot be stored".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::without_profile;
    use super::*;
    use crate::domain::identifier::Identifier;
    use crate::domain::idp_binding::{BindingAlias, IdpBinding};
    use crate::domain::profile::ProfileToken;
    use crate::domain::timestamp::Timestamp;

    const EXPIRY: &str = "2026-11-25T13:46:00Z";

    /// What is stored, as the lines of a section.
    const KEYS: &str = "server = \"S\"\ntoken = \"T\"\nexpires_at = 2026-11-25T13:46:00Z\n";

    /// The same in an inline table.
    const ENTRIES: &str = "server = \"S\", token = \"T\", expires_at = 2026-11-25T13:46:00Z";

    fn name(name: &str) -> ProfileName {
        ProfileName::new(name).unwrap()
    }

    /// The profile with the values that a login stores, with an expiry that is known or not.
    fn new_session(profile: &str, has_expiry: bool) -> Profile {
        let expires_at = has_expiry.then(|| Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_360)));
        Profile { server: Some("S".into()), token: ProfileToken::new("T"), expires_at, ..Profile::new(name(profile)) }
    }

    fn store(text: &str, profile: &str, has_expiry: bool, moves_to: Option<&str>) -> Option<Stored> {
        let moves_to = moves_to.map(name);
        with_session(Document::parse(text).unwrap(), &new_session(profile, has_expiry), moves_to.as_ref())
    }

    fn stored(text: &str) -> String {
        store(text, "x", true, None).unwrap_or_else(|| panic!("refused: {text:?}")).text
    }

    /// Checks what becomes of each document that has a default.
    fn assert_stores(has_expiry: bool, moves_to: Option<&str>, cases: &[(&str, &str)]) {
        for (text, edited) in cases {
            let text = format!("default = \"y\"\n{text}");
            let stored = store(&text, "x", has_expiry, moves_to).unwrap_or_else(|| panic!("refused: {text:?}"));
            assert_eq!(stored.text, format!("default = \"y\"\n{edited}"), "{text:?}");
        }
    }

    #[test]
    fn without_a_file_the_text_is_the_pointer_and_the_section() {
        assert_eq!(stored(""), format!("default = \"x\"\n\n[profiles.x]\n{KEYS}"));
        let expected = r#"
default = "a.b \"c\""

[profiles."a.b \"c\""]
server = "S"
token = "T"
"#;
        assert_eq!(store("", "a.b \"c\"", false, None).unwrap().text, expected.trim_start());
    }

    #[test]
    fn an_absent_profile_becomes_a_section_at_the_end_behind_one_empty_line() {
        for (before, separator) in [
            ("[profiles.y]\ntoken = \"u\"\n", "\n"),
            ("[profiles.y]\ntoken = \"u\"\n\n", ""),
            ("[profiles.y]\ntoken = \"u\"\n \t\n", ""),
            ("[profiles.y]\ntoken = \"u\"", "\n\n"),
            ("[profiles.y]\ntoken = \"u\"\n\n\t", "\n"),
            ("[profiles]\n# none yet", "\n\n"),
            ("[profiles]\n[z]\n", "\n"),
            ("[[list]]\nk = 1\n[[list]]\n", "\n"),
            ("profiles.y.token = \"u\"\n", "\n"),
            ("profiles.y = { token = \"u\" }\n", "\n"),
            ("[profiles]\ny.token = \"u\"\n", "\n"),
            ("[profiles.y]\nx.token = \"u\"\n[x]\ntoken = 1\n", "\n"),
            ("k = '''\n\n'''\n", "\n"),
            ("# \u{feff}", "\n\n"),
        ] {
            assert_stores(true, None, &[(before, &format!("{before}{separator}[profiles.x]\n{KEYS}"))]);
        }
    }

    #[test]
    fn a_profile_with_nothing_but_sub_tables_gets_a_section_of_its_own() {
        for before in ["[profiles.x.sub]\ntoken = 1\n[z]\n", "[[profiles.x.list]]\nserver = 1\n[[profiles.x.list]]\n"] {
            assert_stores(true, None, &[(before, &format!("{before}\n[profiles.x]\n{KEYS}"))]);
        }
    }

    #[test]
    fn an_absent_profile_becomes_an_entry_where_profiles_is_an_inline_table() {
        let entry = format!("x = {{ {ENTRIES} }}");
        assert_stores(
            true,
            None,
            &[
                ("profiles = {}\n", &format!("profiles = {{ {entry} }}\n")),
                ("profiles = {\t}\n", &format!("profiles = {{\t{entry} }}\n")),
                ("profiles = {  }\n", &format!("profiles = {{ {entry} }}\n")),
                ("profiles = {\n}\n", &format!("profiles = {{ {entry}\n}}\n")),
                ("profiles = { # none\n}\n", &format!("profiles = {{ {entry}# none\n}}\n")),
                ("profiles = { y = {} } # end", &format!("profiles = {{ y = {{}}, {entry} }} # end")),
                ("profiles = {y={token='}'}}", &format!("profiles = {{y={{token='}}'}}, {entry}}}")),
                (
                    "profiles = {\n y = { x = 1, } # y\n}\n",
                    &format!("profiles = {{\n y = {{ x = 1, }}, {entry} # y\n}}\n"),
                ),
                ("\"profiles\" = { y.x.token = 1 }\n", &format!("\"profiles\" = {{ y.x.token = 1, {entry} }}\n")),
                ("profiles = { y = {}, }\n", &format!("profiles = {{ y = {{}},{entry}, }}\n")),
                ("profiles = { y = {}\n , # y\n}\n", &format!("profiles = {{ y = {{}}\n ,{entry}, # y\n}}\n")),
            ],
        );
    }

    #[test]
    fn values_are_replaced_where_they_stand() {
        assert_stores(
            true,
            None,
            &[
                (
                    "[profiles.x] # mine\n# the token\n  token='t'#old\nmore = 1\n\nexpires_at = 1979-05-27 07:32:00Z # soon\n\"server\"  =  \"\"\"\ns\"\"\"\n# end\n\n[z]\n",
                    "[profiles.x] # mine\n# the token\n  token=\"T\"#old\nmore = 1\n\nexpires_at = 2026-11-25T13:46:00Z # soon\n\"server\"  =  \"S\"\n# end\n\n[z]\n",
                ),
                (
                    "[profiles.x]\nexpires_at = [\n  1, # one\n]\ntoken = \"t\"\nserver = \"s\"",
                    "[profiles.x]\nexpires_at = 2026-11-25T13:46:00Z\ntoken = \"T\"\nserver = \"S\"",
                ),
                (
                    "profiles . \"x\" . token = \"t\"\nk = 1\nprofiles.x.expires_at = 1\nprofiles.x.server = \"s\" # s\n",
                    "profiles . \"x\" . token = \"T\"\nk = 1\nprofiles.x.expires_at = 2026-11-25T13:46:00Z\nprofiles.x.server = \"S\" # s\n",
                ),
                (
                    "profiles = { x = { server = \"s\", token = \"t\", expires_at = 1, }, y = { token = \"u\" } }",
                    "profiles = { x = { server = \"S\", token = \"T\", expires_at = 2026-11-25T13:46:00Z, }, y = { token = \"u\" } }",
                ),
                (
                    "[profiles]\nx = { server = \"s\", token = \"t\", expires_at = { a = 1 } }\n",
                    "[profiles]\nx = { server = \"S\", token = \"T\", expires_at = 2026-11-25T13:46:00Z }\n",
                ),
            ],
        );
    }

    #[test]
    fn what_is_not_the_profiles_own_is_not_replaced() {
        let others = "token = \"t\"\nserver = 1\n[profiles]\ntoken = {}\ny = { token = \"t\", x = { token = \"t\" } }\n[profiles.x.sub]\ntoken = \"t\"\nserver = 2\n[profiles.\"x.token\"]\n";
        let own = "[profiles.x]\nsub2.token = 1\nlist = [ { token = 2 } ]\n";
        assert_stores(true, None, &[(&format!("{others}{own}"), &format!("{others}{own}{KEYS}"))]);
    }

    #[test]
    fn missing_keys_follow_the_last_key_of_the_profile() {
        assert_stores(
            true,
            None,
            &[
                ("[profiles.x]\n# none\n\n[z]\n", &format!("[profiles.x]\n{KEYS}# none\n\n[z]\n")),
                ("[profiles.x] # no end", &format!("[profiles.x] # no end\n{KEYS}")),
                (
                    "[profiles.x]\n\ttoken = \"t\"\n\tk.k = 1 # last\n# end\n[profiles.x.sub]\nserver = 1\n",
                    "[profiles.x]\n\ttoken = \"T\"\n\tk.k = 1 # last\n\tserver = \"S\"\n\texpires_at = 2026-11-25T13:46:00Z\n# end\n[profiles.x.sub]\nserver = 1\n",
                ),
                (
                    "[profiles.x.a]\n[profiles.x]\ntoken = \"t\"\nserver = \"s\"",
                    "[profiles.x.a]\n[profiles.x]\ntoken = \"T\"\nserver = \"S\"\nexpires_at = 2026-11-25T13:46:00Z\n",
                ),
                (
                    "profiles.x.expires_at = 1\n profiles.'x' . token = \"t\" # last\nk = 1\n",
                    "profiles.x.expires_at = 2026-11-25T13:46:00Z\n profiles.'x' . token = \"T\" # last\n profiles.'x' . server = \"S\"\nk = 1\n",
                ),
                (
                    "[profiles]\nx.sub.k = 1\ny.k = 1\n[profiles.x.other]\n",
                    "[profiles]\nx.sub.k = 1\nx.server = \"S\"\nx.token = \"T\"\nx.expires_at = 2026-11-25T13:46:00Z\ny.k = 1\n[profiles.x.other]\n",
                ),
            ],
        );
    }

    #[test]
    fn missing_keys_become_entries_where_the_profile_is_inline() {
        assert_stores(
            true,
            None,
            &[
                ("profiles.x = {}\n", &format!("profiles.x = {{ {ENTRIES} }}\n")),
                ("[profiles]\nx = { } # x\n", &format!("[profiles]\nx = {{ {ENTRIES} }} # x\n")),
                (
                    "profiles = { x = { token = \"t\" }, y = {} }\n",
                    "profiles = { x = { token = \"T\", server = \"S\", expires_at = 2026-11-25T13:46:00Z }, y = {} }\n",
                ),
                (
                    "profiles = {\n  x = {\n    token = \"t\", # t\n    server = \"s\" # s\n  }\n}\n",
                    "profiles = {\n  x = {\n    token = \"T\", # t\n    server = \"S\", expires_at = 2026-11-25T13:46:00Z # s\n  }\n}\n",
                ),
                (
                    "profiles.x = { token = \"t\", server = \"s\", }\n",
                    "profiles.x = { token = \"T\", server = \"S\", expires_at = 2026-11-25T13:46:00Z, }\n",
                ),
                (
                    "profiles = { 'x' . token = \"t\", y = {}, }\n",
                    "profiles = { 'x' . token = \"T\", 'x' . server = \"S\", 'x' . expires_at = 2026-11-25T13:46:00Z, y = {}, }\n",
                ),
            ],
        );
    }

    #[test]
    fn an_unknown_expiry_takes_the_old_one_with_its_line_or_comma() {
        assert_stores(
            false,
            None,
            &[
                (
                    "[profiles.x]\ntoken = \"t\"\n# stays\nexpires_at = [\n  1\n] # goes\nserver = \"s\"\n",
                    "[profiles.x]\ntoken = \"T\"\n# stays\nserver = \"S\"\n",
                ),
                (
                    "[profiles.x]\ntoken = \"t\"\nexpires_at = 1979-05-27 07:32:00Z",
                    "[profiles.x]\ntoken = \"T\"\nserver = \"S\"\n",
                ),
                ("profiles.x.expires_at = 1", "profiles.x.server = \"S\"\nprofiles.x.token = \"T\"\n"),
                (
                    "profiles.x = { token = \"t\", expires_at = 1 , server = \"s\" }\n",
                    "profiles.x = { token = \"T\",  server = \"S\" }\n",
                ),
                (
                    "profiles.x = { server = \"s\", token = \"t\" , expires_at = 1 # c\n }\n",
                    "profiles.x = { server = \"S\", token = \"T\"  # c\n }\n",
                ),
                (
                    "profiles.x = { token = \"t\", expires_at = 1 }\n",
                    "profiles.x = { token = \"T\", server = \"S\" }\n",
                ),
                ("profiles.x = { expires_at = 1 }\n", "profiles.x = { server = \"S\", token = \"T\" }\n"),
                (
                    "profiles = { x.expires_at = 1, y = {} }\n",
                    "profiles = {  y = {}, x = { server = \"S\", token = \"T\" } }\n",
                ),
                ("profiles = {x.expires_at=1}\n", "profiles = { x = { server = \"S\", token = \"T\" }}\n"),
                (
                    "profiles = { y.expires_at = 1, x.token = \"t\", x.expires_at = 1, }\n",
                    "profiles = { y.expires_at = 1, x.token = \"T\", x.server = \"S\",  }\n",
                ),
            ],
        );
    }

    #[test]
    fn a_token_put_aside_keeps_its_spelling() {
        assert_stores(
            true,
            Some("x-replaced"),
            &[
                (
                    "[profiles.x]\nmore = 1\nexpires_at = 1979-05-27 07:32:00Z\ntoken = 't'\nserver = '''\ns'''\n[z]",
                    "[profiles.x]\nmore = 1\nexpires_at = 2026-11-25T13:46:00Z\ntoken = \"T\"\nserver = \"S\"\n[z]\n\n[profiles.x-replaced]\nserver = '''\ns'''\ntoken = 't'\nexpires_at = 1979-05-27 07:32:00Z\n",
                ),
                (
                    "profiles.x.token = 't'\n",
                    "profiles.x.token = \"T\"\nprofiles.x.server = \"S\"\nprofiles.x.expires_at = 2026-11-25T13:46:00Z\n\n[profiles.x-replaced]\ntoken = 't'\n",
                ),
                (
                    "profiles = { x = { token = 't' } }\n",
                    "profiles = { x = { token = \"T\", server = \"S\", expires_at = 2026-11-25T13:46:00Z }, x-replaced = { token = 't' } }\n",
                ),
                (
                    "profiles = { x.token = 't', }\n",
                    "profiles = { x.token = \"T\", x.server = \"S\", x.expires_at = 2026-11-25T13:46:00Z,x-replaced = { token = 't' }, }\n",
                ),
            ],
        );
        assert_stores(
            false,
            Some("x.1"),
            &[
                (
                    "[profiles.x]\nserver = 's'\ntoken = 't'\nexpires_at = 'soon'",
                    "[profiles.x]\nserver = \"S\"\ntoken = \"T\"\n\n[profiles.\"x.1\"]\nserver = 's'\ntoken = 't'\nexpires_at = 'soon'\n",
                ),
                (
                    "profiles = { x.server = 's', x.token = 't', x.expires_at = 1 }\n",
                    "profiles = { x.server = \"S\", x.token = \"T\", \"x.1\" = { server = 's', token = 't', expires_at = 1 } }\n",
                ),
            ],
        );
    }

    #[test]
    fn a_profile_becomes_the_default_if_there_is_none() {
        let section = format!("\n[profiles.x]\n{KEYS}");
        for (before, after) in [
            ("# comment\n[z]\n", "default = \"x\"\n# comment\n[z]\n"),
            ("\u{feff}[z]\n", "\u{feff}default = \"x\"\n[z]\n"),
            ("\u{feff}", "\u{feff}default = \"x\"\n"),
            ("# a\na = [\n 1\n] # a\n# z\n[z]\n", "# a\na = [\n 1\n] # a\ndefault = \"x\"\n# z\n[z]\n"),
            ("a = 1", "a = 1\ndefault = \"x\"\n"),
            ("\u{feff}a = 1\n# comment\n", "\u{feff}a = 1\ndefault = \"x\"\n# comment\n"),
            ("'default' = '' # none\na = 1\n", "'default' = \"x\" # none\na = 1\n"),
            ("a = 1\ndefault = \"\"\"\"\"\"\n", "a = 1\ndefault = \"x\"\n"),
            ("default = \"z\" # set\n", "default = \"z\" # set\n"),
            ("d.default = \"z\"\n[default2]\n", "d.default = \"z\"\ndefault = \"x\"\n[default2]\n"),
        ] {
            assert_eq!(stored(before), format!("{after}{section}"), "{before:?}");
        }
        assert_eq!(stored("\n"), format!("default = \"x\"\n{section}"));
        assert_eq!(
            stored("profiles.x.token = \"t\"\nprofiles.x.expires_at = 1"),
            "profiles.x.token = \"T\"\nprofiles.x.expires_at = 2026-11-25T13:46:00Z\nprofiles.x.server = \"S\"\ndefault = \"x\"\n"
        );
    }

    #[test]
    fn lines_are_written_in_the_line_ends_of_the_file() {
        for text in ["# comment\n[profiles.y]\ntoken = \"u\"", "a = 1\n[profiles.x]\n", "profiles.x.k = 1\n"] {
            assert_eq!(stored(&text.replace('\n', "\r\n")), stored(text).replace('\n', "\r\n"));
        }
        assert!(stored("a = 1\nb = 2\r\n").ends_with("T\"\nexpires_at = 2026-11-25T13:46:00Z\n"));
    }

    #[test]
    fn a_session_that_cannot_be_written_is_refused() {
        for (text, has_expiry, moves_to) in [
            ("profiles.x = 1\n", true, None),
            ("[[profiles.x]]\n", true, None),
            ("[profiles.x]\nexpires_at.k = 1\n", true, None),
            ("[profiles.x]\nexpires_at.k = 1\n", false, None),
            ("[profiles.x.expires_at]\n", true, None),
            ("[profiles.x.expires_at]\n", false, None),
            ("[profiles.x.domain_id]\n", false, None),
            ("[profiles.x]\n", true, Some("y")),
            ("", true, Some("y")),
            ("[profiles.x]\ntoken = \"t\"\n[profiles.y]\n", true, Some("y")),
            ("[profiles.x]\ntoken = \"t\"\n[profiles.y.sub]\n", true, Some("y")),
            ("[profiles.x]\ntoken = \"t\"\n", true, Some("x")),
        ] {
            assert!(store(text, "x", has_expiry, moves_to).is_none(), "{text:?}");
        }
    }

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

    /// What becomes of a text whose profile gets this domain and this binding.
    fn remembering(text: &str, domain_id: Option<&str>, idp_binding: Option<IdpBinding>) -> String {
        let domain_id = domain_id.map(|id| Identifier::parse(id).unwrap());
        let profile = Profile { domain_id, idp_binding, ..new_session("x", false) };
        let text = format!("default = \"x\"\n{text}");
        let stored = with_session(Document::parse(&text).unwrap(), &profile, None);
        let stored = stored.unwrap_or_else(|| panic!("{text:?}")).text;
        stored.strip_prefix("default = \"x\"\n").unwrap().to_owned()
    }

    #[test]
    fn a_domain_and_its_binding_are_added_replaced_and_removed() {
        let id = || Some(IdpBinding::Id(Identifier::parse(ID).unwrap()));
        let alias = || Some(IdpBinding::Alias(BindingAlias::parse("google").unwrap()));
        let token = "[profiles.x]\nserver = \"S\"\ntoken = \"T\"\n";
        let (domain_id, binding_id) = (format!("domain_id = \"{ID}\"\n"), format!("idp_binding_id = \"{ID}\"\n"));
        let binding_alias = "idp_binding_alias = \"google\"\n";

        assert_eq!(remembering(token, Some(ID), id()), format!("{token}{domain_id}{binding_id}"));
        assert_eq!(remembering(token, Some(ID), alias()), format!("{token}{domain_id}{binding_alias}"));
        assert_eq!(remembering(token, Some(ID), None), format!("{token}{domain_id}"));

        let by_id = format!("{token}{domain_id}# mine\n{binding_id}# end\n");
        let by_alias = format!("{token}{domain_id}# mine\n{binding_alias}# end\n");
        assert_eq!(remembering(&by_id, Some(ID), id()), by_id);
        assert_eq!(remembering(&by_id, Some(ID), alias()), by_alias);
        assert_eq!(remembering(&by_alias, Some(ID), id()), by_id);
        assert_eq!(remembering(&by_alias, Some(ID), None), format!("{token}{domain_id}# mine\n# end\n"));
        // Whatever the values are, and both at once.
        let junk = format!("{token}domain_id = 3 # d\nidp_binding_id = []\nidp_binding_alias = ''\n");
        assert_eq!(remembering(&junk, Some(ID), None), format!("{token}domain_id = \"{ID}\" # d\n"));
        assert_eq!(remembering(&junk, None, None), token);
    }

    #[test]
    fn a_binding_goes_with_one_comma_from_an_inline_table() {
        let inline = |entries: &str| format!("profiles.x = {{ {entries} }}\n");
        for (before, after) in [
            (
                "server = \"S\", token = \"T\", idp_binding_id = 1, idp_binding_alias = 2",
                "server = \"S\", token = \"T\"",
            ),
            ("idp_binding_id = 1, server = \"S\", domain_id = 1, token = \"T\"", " server = \"S\",  token = \"T\""),
            (
                "server = \"S\", idp_binding_id = 1, idp_binding_alias = 2, token = \"T\"",
                "server = \"S\",   token = \"T\"",
            ),
        ] {
            assert_eq!(remembering(&inline(before), None, None), inline(after), "{before}");
        }
        let added = format!("server = \"S\", token = \"T\", domain_id = \"{ID}\"");
        assert_eq!(remembering(&inline("server = 's', token = 't'"), Some(ID), None), inline(&added));
    }

    #[test]
    fn a_domain_stays_with_the_profile_whose_token_moves() {
        let text = format!("[profiles.x]\ntoken = 't'\ndomain_id = '{ID}'\n");
        let stored = store(&format!("default = \"x\"\n{text}"), "x", false, Some("y")).unwrap().text;
        assert_eq!(
            stored,
            "default = \"x\"\n[profiles.x]\ntoken = \"T\"\nserver = \"S\"\n\n[profiles.y]\ntoken = 't'\n"
        );
    }

    #[test]
    fn a_cut_takes_the_section_and_with_its_separator_gives_the_old_text_back() {
        for (text, left) in [
            ("default = \"y\"\n", "default = \"y\"\n\n"),
            ("default = \"y\"\n\n", "default = \"y\"\n\n"),
            ("default = \"y\"\r\n[z]", "default = \"y\"\r\n[z]\r\n\r\n"),
            ("[z]\n", "[z]\n\n"),
            ("", "\n"),
        ] {
            let Stored { text: edited, separator } = store(text, "x", true, None).unwrap();
            let cut =
                |separator| without_profile(Document::parse(&edited).unwrap(), &name("x"), Some(separator)).unwrap();
            assert_eq!(cut(&separator), text);
            assert_eq!(cut(&Separator::default()), left);
        }
    }

    #[test]
    fn what_was_put_aside_leaves_no_trace() {
        for text in ["[profiles.x]\ntoken = 't'", "[profiles.x]\ntoken = 't'\n", "[profiles.x]\ntoken = 't'\n\n"] {
            let Stored { text: edited, separator } = store(text, "x", true, Some("y")).unwrap();
            let left = without_profile(Document::parse(&edited).unwrap(), &name("y"), Some(&separator)).unwrap();
            assert_eq!(left, stored(text));
        }
    }

    #[test]
    fn a_separator_stays_once_something_stands_behind_the_section() {
        let Stored { text: edited, separator } = store("[profiles.x]\ntoken = 't'", "x", true, Some("y")).unwrap();
        let cut = |text: &str| without_profile(Document::parse(text).unwrap(), &name("y"), Some(&separator)).unwrap();
        let kept = format!("default = \"x\"\n[profiles.x]\ntoken = \"T\"\nserver = \"S\"\nexpires_at = {EXPIRY}\n");
        assert_eq!(cut(&edited), kept);
        assert_eq!(cut(&format!("{edited}# behind")), format!("{kept}\n# behind"));
        assert_eq!(cut(&edited.replace("\n\n", "\n")), kept);
    }
}
