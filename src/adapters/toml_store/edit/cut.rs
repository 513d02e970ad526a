//! The document cut: removes one profile from the config's text and leaves every other byte as it is.
//!
//! The text is walked expression by expression, and the byte ranges that belong to the profile are collected.

use std::ops::Range;

use super::splice::{Change, Separator, splice};
use super::verify;
use super::walk::{Expression, Place, Removed, Walk};
use crate::adapters::toml_store::document::Document;
use crate::domain::session::ProfileName;

/// Returns the document's text without the profile, its sub-tables and, if it names the profile, the default pointer.
///
/// What belongs to the profile: for each of its headers, the header's line through its last key/value line; for a
/// dotted key and for the pointer, the whole expression with its line; in an inline table, the entry with the comma
/// that follows it, else with the one before it. If the profile ends the document, the separator that set it off when it
/// was written goes too.
///
/// `None` means that this would change what the rest means.
pub(in super::super) fn without_profile(
    document: Document<'_>,
    profile: &ProfileName,
    separator: Option<&Separator>,
) -> Option<String> {
    let text = document.text;
    let mut ranges = ranges(text, profile.as_str(), document.pointer().as_ref() == Some(profile));
    if let Some((last, separator)) = ranges.last_mut().zip(separator)
        // Otherwise something was appended since, and the empty line sets that off.
        && last.end == text.len()
    {
        last.start = separator.start_before(text, last.start);
    }
    let rest = splice(text, ranges.into_iter().map(Change::remove).collect());
    verify::without_profile(document, profile, rest)
}

/// The cut from text to text, for its fuzz target. `None` means that the text is no config document.
#[cfg(fuzzing)]
pub fn fuzzed_cut(text: &str, profile: &str) -> Option<Result<String, String>> {
    let profile = ProfileName::new(profile).ok()?;
    let rest = without_profile(Document::parse(text).ok()?, &profile, None);
    Some(rest.ok_or_else(|| "the profile cannot be cut".to_owned()))
}

/// The byte ranges that belong to the profile. They may overlap, but only within one inline table.
fn ranges(text: &str, profile: &str, cuts_pointer: bool) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut section: Option<Range<usize>> = None;
    let walk = Walk { text, profile, removed: Removed::Profile };
    for expression in walk.expressions() {
        match expression {
            Expression::Header(place, lines) => {
                ranges.extend(section.take());
                // Not beyond the last key: comments below may belong to the section that follows.
                section = walk.removes(place).then_some(lines);
            }
            Expression::Pair(pair, lines) => {
                let place = pair.key.place;
                if place == Place::Profiles && walk.is_inline_table(&pair) {
                    ranges.extend(walk.entries(pair.value.start, place).filter_map(|entry| entry.removal));
                }
                match &mut section {
                    Some(section) => section.end = lines.end,
                    None if walk.removes(place) || (place == Place::Pointer && cuts_pointer) => ranges.push(lines),
                    None => {}
                }
            }
        }
    }
    ranges.extend(section);
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> String {
        let profile = ProfileName::new("x").unwrap();
        without_profile(Document::parse(text).unwrap(), &profile, None).unwrap_or_else(|| panic!("{text:?}"))
    }

    /// Checks each document against what has to be left of it.
    fn assert_cuts(cases: &[(&str, &str)]) {
        for (text, rest) in cases {
            assert_eq!(cut(text), *rest, "{text:?}");
        }
    }

    #[test]
    fn a_section_goes_from_its_header_through_its_last_value() {
        assert_cuts(&[
            ("[profiles.x]\ntoken = \"t\"\n", ""),
            (
                "a = 1\n\n[profiles.x]\ntoken = \"t\"\nserver = \"s\"\n\n[profiles.y]\nb = 2\n",
                "a = 1\n\n\n[profiles.y]\nb = 2\n",
            ),
            ("[profiles.y]\nb = 2\n[profiles.x]\ntoken = \"t\"\n", "[profiles.y]\nb = 2\n"),
            ("  [ profiles . \"x\" ]  # mine\n  token = \"t\"\n[z]\n", "[z]\n"),
            ("[profiles.'x']\ntoken = \"\"\"\n[profiles.y]\n\"\"\"\n[z]\n", "[z]\n"),
            ("[profiles.\"\\u0078\"]\ntoken = [\n  1, # one\n]\n[z]\n", "[z]\n"),
        ]);
    }

    #[test]
    fn comments_go_within_a_section_and_stay_around_it() {
        assert_cuts(&[(
            "# file\n\n# above\n[profiles.x] # on header\n# between\ntoken = \"t\" # on key\n\n# old token\nserver = \"s\"\n# below\n\n# above y\n[profiles.y]\n",
            "# file\n\n# above\n# below\n\n# above y\n[profiles.y]\n",
        )]);
    }

    #[test]
    fn a_section_without_values_is_its_header_line() {
        assert_cuts(&[
            ("[profiles.x]\n# stays\n\n[z]\n", "# stays\n\n[z]\n"),
            ("[profiles.x.sub] # goes\n[profiles.x]", ""),
        ]);
    }

    #[test]
    fn sub_tables_and_their_arrays_go_wherever_they_stand() {
        assert_cuts(&[(
            "[profiles.x.a]\nk = 1\n[profiles.y]\nk = 2\n[profiles.x]\ntoken = \"t\"\n# between\n[[profiles.x.list]]\nk = 3\n[z]\nk = 4\n[[profiles.x.list]]\n[profiles.x.b.c]\nk = 5\n",
            "[profiles.y]\nk = 2\n# between\n[z]\nk = 4\n",
        )]);
    }

    #[test]
    fn dotted_keys_go_with_their_line_and_its_comment_alone() {
        assert_cuts(&[
            (
                "profiles.x.token = \"t\" # goes\n# stays\nprofiles.y.token = \"u\"\n",
                "# stays\nprofiles.y.token = \"u\"\n",
            ),
            (
                "[profiles]\n  x.token = \"t\"\n# stays\n\"x\" . server = \"s\"\ny.token = \"u\"\n",
                "[profiles]\n# stays\ny.token = \"u\"\n",
            ),
            ("profiles.x = { token = \"t\" }\nk = 1\n", "k = 1\n"),
            ("[profiles]\nx = { token = \"t\",\n  server = \"s\" }\ny = {}\n", "[profiles]\ny = {}\n"),
            ("profiles.x.list = [\n 1,\n # inside\n 2 ]\nk = 1", "k = 1"),
        ]);
    }

    #[test]
    fn an_inline_entry_goes_with_one_comma() {
        assert_cuts(&[
            ("profiles = { x = { token = \"t\" } }\n", "profiles = {  }\n"),
            ("profiles = {x={}}", "profiles = {}"),
            ("profiles = { x = {}, y = {} }\n", "profiles = {  y = {} }\n"),
            ("profiles = { y = {}, x = {} }\n", "profiles = { y = {} }\n"),
            ("profiles = { y = {} , x = {} , z = {} }\n", "profiles = { y = {} ,  z = {} }\n"),
            ("profiles = { x.token = \"t\", x.server = \"s\" }\n", "profiles = {   }\n"),
            ("profiles = { y = 1, x.a = 1, x.b = 2 }\n", "profiles = { y = 1 }\n"),
            ("profiles = { x.a = 1, y = 1, x.b = 2 }\n", "profiles = {  y = 1 }\n"),
            (
                "profiles = { y = [{ a = [1, 2] }, 3], 'x' = { list = [ { b = 1 }, 2 ] } } # end\n",
                "profiles = { y = [{ a = [1, 2] }, 3] } # end\n",
            ),
            ("\"profiles\" = { y = \",}\", \"x\" = { a = \"{\" } } # end\n", "\"profiles\" = { y = \",}\" } # end\n"),
        ]);
    }

    #[test]
    fn an_inline_table_over_several_lines_keeps_what_is_around_the_entry() {
        assert_cuts(&[
            ("profiles = {\n  x = {}, # of x\n  y = {}, # of y\n}\n", "profiles = {\n   # of x\n  y = {}, # of y\n}\n"),
            ("profiles = {\n  y = {}, # of y\n  x = {} # of x\n}\n", "profiles = {\n  y = {} # of x\n}\n"),
            ("profiles = {\n  y = {},\n  x = {}\n  ,\n}\n", "profiles = {\n  y = {},\n  \n}\n"),
        ]);
    }

    #[test]
    fn the_pointer_goes_only_if_it_names_the_profile() {
        assert_cuts(&[
            ("default = \"x\" # goes\n[profiles.x]\n", ""),
            ("\"default\" = '''\nx'''\n# stays\n[profiles.x]\n", "# stays\n"),
            ("default = \"y\"\n[profiles.x]\n", "default = \"y\"\n"),
            ("default = \"\"\n[profiles.x]\n", "default = \"\"\n"),
            ("[profiles.y]\ndefault = \"x\"\n[profiles.x]\n", "[profiles.y]\ndefault = \"x\"\n"),
        ]);
    }

    #[test]
    fn what_only_looks_like_the_profile_stays() {
        let others = "k = \"[profiles.x]\" # [profiles.x]\n[x]\nprofiles.x.token = 2\n[other.profiles.x]\nk = 3\n[profilesx]\n\
            [profiles.\"x.y\"]\n[profiles.X]\nk = '''\n[profiles.x]\n'''\n[[list]]\nprofiles = { x = 1 }\n";
        assert_eq!(cut(&format!("{others}[profiles.x]\ntoken = \"t\"\n")), others);
    }

    #[test]
    fn line_ends_a_mark_and_a_missing_newline_stay() {
        assert_cuts(&[
            ("a = 1\r\n[profiles.x]\r\ntoken = \"t\"\r\n\r\n[z]\r\nb = 2", "a = 1\r\n\r\n[z]\r\nb = 2"),
            ("\u{feff}[profiles.x]\ntoken = \"t\"\n# stays", "\u{feff}# stays"),
            ("\u{feff}profiles.x.token = \"t\"\r\nk = 1", "\u{feff}k = 1"),
            ("a = 1\n[profiles.x]\ntoken = \"t\"", "a = 1\n"),
            ("a = 1\n\t[profiles.x]\n\ttoken = \"t\" # no end", "a = 1\n"),
        ]);
    }

    #[test]
    fn unequal_floats_and_odd_spellings_of_values_stay() {
        let others = "a = nan\nb = -nan\nc = +1_000.0e-3\nd = 0xDEAD_beef\ne = 1979-05-27 07:32:00.5Z\nf = [nan, {g = inf}]\nh = '''\\'''\n";
        assert_eq!(cut(&format!("{others}[profiles.x]\nk = nan\n")), others);
    }
}
