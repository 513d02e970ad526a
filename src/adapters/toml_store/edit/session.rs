//! The edit that stores a session: writes it into its profile, wherever that stands and however it is spelled, and
//! leaves every other byte as it is.

use super::pointer::point_to;
use super::spelling::{inline_table, key, section, string};
use super::splice::{Change, Gap, append_section, line_end, splice};
use super::survey::Survey;
use super::walk::Field;
use super::{EditError, verify};
use crate::adapters::toml_store::document::Document;
use crate::domain::session::ProfileName;

/// A session to be stored. It holds a token, so there is no `Debug`.
#[derive(Clone, Copy)]
pub(in super::super) struct NewSession<'a> {
    pub(in super::super) profile: &'a ProfileName,
    pub(in super::super) server: &'a str,
    pub(in super::super) token: &'a str,
    /// A TOML date-time; unless it is known, the profile does not keep one.
    pub(in super::super) expires_at: Option<&'a str>,
    /// The profile to which the token moves that the profile holds, with its server and expiry as they are spelled.
    /// There must be such a token, and no such profile yet.
    pub(in super::super) put_aside: Option<&'a ProfileName>,
}

/// A document's text with a session stored in it.
pub(in super::super) struct Stored {
    pub(in super::super) text: String,
    /// What sets off the section that had to be written, if one had to be: its cut can take the gap along.
    pub(in super::super) gap: Gap,
}

/// Returns the document's text with the session in its profile, and with the profile as the default if there is none.
///
/// Values are replaced where they stand, and missing keys follow the profile's last one. A profile that has no place
/// for its keys becomes a section at the end of the text, or an entry if `profiles` is an inline table.
pub(in super::super) fn with_session(document: Document<'_>, session: &NewSession<'_>) -> Result<Stored, EditError> {
    let text = document.text();
    let survey = Survey::new(text, session.profile.as_str(), dropped(session));
    let mut changes: Vec<Change> = survey.removal.clone().map(Change::remove).into_iter().collect();
    let mut missing = Vec::new();
    for (field, value) in new_values(session) {
        match survey.value(field) {
            Some(old) => changes.push(Change::replace(old, value)),
            None => missing.push((field.key(), value)),
        }
    }
    let mut new_profile = None;
    match &survey.keys {
        Some(slot) if !missing.is_empty() => changes.push(slot.add(text, &missing)),
        Some(_) => {}
        None => new_profile = Some((session.profile, missing)),
    }
    if let Some(put_aside) = session.put_aside {
        new_profile = Some((put_aside, old_values(text, &survey)?));
    }
    let mut new_section = None;
    if let Some((profile, pairs)) = new_profile {
        let profile = key(profile.as_str());
        match &survey.profiles {
            Some(slot) => changes.push(slot.add_entry(text, &profile, inline_table(&pairs))),
            None => new_section = Some(section(text, &profile, &pairs)),
        }
    }
    if document.pointer().is_none() {
        changes.push(point_to(session.profile, text, &survey));
    }
    let mut edited = splice(text, changes);
    let gap = new_section.map_or_else(Gap::default, |section| append_section(&mut edited, &section, line_end(text)));
    Ok(Stored { text: verify::with_session(document, session, edited)?, gap })
}

/// The edit from text to text, for its fuzz target, and what it leaves after its cut if it puts a token aside. `None`
/// means that the text is no config document.
#[cfg(fuzzing)]
pub(crate) fn fuzzed_session(
    text: &str,
    [profile, server, token]: [&str; 3],
    expires_at: Option<&str>,
    put_aside: Option<&str>,
) -> Option<Result<(String, Option<String>), String>> {
    let profile = ProfileName::new(profile).ok()?;
    let put_aside = put_aside.and_then(|name| ProfileName::new(name).ok());
    let session = NewSession { profile: &profile, server, token, expires_at, put_aside: put_aside.as_ref() };
    let stored = with_session(Document::parse(text).ok()?, &session).and_then(|Stored { text, gap }| {
        let Some(put_aside) = &put_aside else { return Ok((text, None)) };
        let document = Document::parse(&text).map_err(|_| EditError)?;
        let rest = super::without_profile_and_gap(document, put_aside, &gap)?;
        Ok((text, Some(rest)))
    });
    Some(stored.map_err(|error| error.to_string()))
}

/// The field that the profile loses.
fn dropped(session: &NewSession<'_>) -> Option<Field> {
    session.expires_at.is_none().then_some(Field::ExpiresAt)
}

/// What the profile gets, in TOML.
fn new_values(session: &NewSession<'_>) -> impl Iterator<Item = (Field, String)> {
    let known = [
        (Field::Server, Some(string(session.server))),
        (Field::Token, Some(string(session.token))),
        (Field::ExpiresAt, session.expires_at.map(str::to_owned)),
    ];
    known.into_iter().filter_map(|(field, value)| Some((field, value?)))
}

/// What the profile holds of a session, as it is spelled.
fn old_values(text: &str, survey: &Survey<'_>) -> Result<Vec<(&'static str, String)>, EditError> {
    survey.value(Field::Token).ok_or(EditError)?;
    let held = Field::ALL.into_iter().filter_map(|field| Some((field.key(), text[survey.value(field)?].to_owned())));
    Ok(held.collect())
}

#[cfg(test)]
mod tests {
    use super::super::without_profile_and_gap;
    use super::*;

    const EXPIRY: &str = "2026-11-25T13:46:00Z";

    /// What is stored, as the lines of a section.
    const KEYS: &str = "server = \"S\"\ntoken = \"T\"\nexpires_at = 2026-11-25T13:46:00Z\n";

    /// The same in an inline table.
    const ENTRIES: &str = "server = \"S\", token = \"T\", expires_at = 2026-11-25T13:46:00Z";

    fn name(name: &str) -> ProfileName {
        ProfileName::new(name).unwrap()
    }

    fn store(text: &str, profile: &str, expires_at: Option<&str>, put_aside: Option<&str>) -> Option<Stored> {
        let (profile, put_aside) = (name(profile), put_aside.map(name));
        let session =
            NewSession { profile: &profile, server: "S", token: "T", expires_at, put_aside: put_aside.as_ref() };
        with_session(Document::parse(text).unwrap(), &session).ok()
    }

    fn stored(text: &str) -> String {
        store(text, "x", Some(EXPIRY), None).unwrap_or_else(|| panic!("refused: {text:?}")).text
    }

    /// Checks what becomes of each document that has a default.
    fn assert_stores(expires_at: Option<&str>, put_aside: Option<&str>, cases: &[(&str, &str)]) {
        for (text, edited) in cases {
            let text = format!("default = \"y\"\n{text}");
            let stored = store(&text, "x", expires_at, put_aside).unwrap_or_else(|| panic!("refused: {text:?}"));
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
        assert_eq!(store("", "a.b \"c\"", None, None).unwrap().text, expected.trim_start());
    }

    #[test]
    fn an_absent_profile_becomes_a_section_at_the_end_behind_one_empty_line() {
        for (before, gap) in [
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
            assert_stores(Some(EXPIRY), None, &[(before, &format!("{before}{gap}[profiles.x]\n{KEYS}"))]);
        }
    }

    #[test]
    fn a_profile_with_nothing_but_sub_tables_gets_a_section_of_its_own() {
        for before in ["[profiles.x.sub]\ntoken = 1\n[z]\n", "[[profiles.x.list]]\nserver = 1\n[[profiles.x.list]]\n"] {
            assert_stores(Some(EXPIRY), None, &[(before, &format!("{before}\n[profiles.x]\n{KEYS}"))]);
        }
    }

    #[test]
    fn an_absent_profile_becomes_an_entry_where_profiles_is_an_inline_table() {
        let entry = format!("x = {{ {ENTRIES} }}");
        assert_stores(
            Some(EXPIRY),
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
            Some(EXPIRY),
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
        assert_stores(Some(EXPIRY), None, &[(&format!("{others}{own}"), &format!("{others}{own}{KEYS}"))]);
    }

    #[test]
    fn missing_keys_follow_the_last_key_of_the_profile() {
        assert_stores(
            Some(EXPIRY),
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
            Some(EXPIRY),
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
            None,
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
            Some(EXPIRY),
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
            None,
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
        for (text, expires_at, put_aside) in [
            ("profiles.x = 1\n", Some(EXPIRY), None),
            ("[[profiles.x]]\n", Some(EXPIRY), None),
            ("[profiles.x]\nexpires_at.k = 1\n", Some(EXPIRY), None),
            ("[profiles.x]\nexpires_at.k = 1\n", None, None),
            ("[profiles.x.expires_at]\n", Some(EXPIRY), None),
            ("[profiles.x.expires_at]\n", None, None),
            ("[profiles.x]\n", Some("soon"), None),
            ("[profiles.x]\n", Some("1"), None),
            ("[profiles.x]\n", Some(EXPIRY), Some("y")),
            ("", Some(EXPIRY), Some("y")),
            ("[profiles.x]\ntoken = \"t\"\n[profiles.y]\n", Some(EXPIRY), Some("y")),
            ("[profiles.x]\ntoken = \"t\"\n[profiles.y.sub]\n", Some(EXPIRY), Some("y")),
            ("[profiles.x]\ntoken = \"t\"\n", Some(EXPIRY), Some("x")),
        ] {
            assert!(store(text, "x", expires_at, put_aside).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_cut_takes_the_section_and_with_its_gap_gives_the_old_text_back() {
        for (text, left) in [
            ("default = \"y\"\n", "default = \"y\"\n\n"),
            ("default = \"y\"\n\n", "default = \"y\"\n\n"),
            ("default = \"y\"\r\n[z]", "default = \"y\"\r\n[z]\r\n\r\n"),
            ("[z]\n", "[z]\n\n"),
            ("", "\n"),
        ] {
            let Stored { text: edited, gap } = store(text, "x", Some(EXPIRY), None).unwrap();
            let cut = |gap| without_profile_and_gap(Document::parse(&edited).unwrap(), &name("x"), gap).unwrap();
            assert_eq!(cut(&gap), text);
            assert_eq!(cut(&Gap::default()), left);
        }
    }

    #[test]
    fn what_was_put_aside_leaves_no_trace() {
        for text in ["[profiles.x]\ntoken = 't'", "[profiles.x]\ntoken = 't'\n", "[profiles.x]\ntoken = 't'\n\n"] {
            let Stored { text: edited, gap } = store(text, "x", Some(EXPIRY), Some("y")).unwrap();
            let left = without_profile_and_gap(Document::parse(&edited).unwrap(), &name("y"), &gap).unwrap();
            assert_eq!(left, stored(text));
        }
    }

    #[test]
    fn a_gap_stays_once_something_stands_behind_the_section() {
        let Stored { text: edited, gap } = store("[profiles.x]\ntoken = 't'", "x", Some(EXPIRY), Some("y")).unwrap();
        let cut = |text: &str| without_profile_and_gap(Document::parse(text).unwrap(), &name("y"), &gap).unwrap();
        let kept = format!("default = \"x\"\n[profiles.x]\ntoken = \"T\"\nserver = \"S\"\nexpires_at = {EXPIRY}\n");
        assert_eq!(cut(&edited), kept);
        assert_eq!(cut(&format!("{edited}# behind")), format!("{kept}\n# behind"));
        assert_eq!(cut(&edited.replace("\n\n", "\n")), kept);
    }
}
