//! The edit of the default pointer: sets it, and leaves every other byte as it is.

use super::insertion_points::InsertionPoints;
use super::splice::{Change, splice};
use super::toml_text::{lines, string};
use super::verify;
use crate::adapters::toml_store::document::{Document, POINTER_KEY};
use crate::domain::session::ProfileName;

/// Returns the document's text with the default pointer naming the profile.
///
/// A pointer that is there gets another value. A new one follows the last line of the root that has a key, else it is
/// the first line. `None` means that this would change what the rest means.
pub(in super::super) fn with_pointer(document: Document<'_>, profile: &ProfileName) -> Option<String> {
    let text = document.text;
    let points = InsertionPoints::new(text, profile.as_str(), &[]);
    let edited = splice(text, vec![point_to(profile, &document, &points)]);
    verify::with_pointer(document, profile, edited)
}

/// The edit from text to text, for its fuzz target. `None` means that the text is no config document.
#[cfg(fuzzing)]
pub fn fuzzed_pointer(text: &str, profile: &str) -> Option<Result<String, String>> {
    let profile = ProfileName::new(profile).ok()?;
    let edited = with_pointer(Document::parse(text).ok()?, &profile);
    Some(edited.ok_or_else(|| "the pointer cannot be set".to_owned()))
}

/// Sets the pointer in a document whose insertion points are known.
pub(super) fn point_to(profile: &ProfileName, document: &Document<'_>, points: &InsertionPoints<'_>) -> Change {
    let name = string(profile.as_str());
    match document.span_of_pointer() {
        Some(value) => Change::replace(value, name),
        None => Change::insert_lines(points.root_end, lines(document.text, "", &[(POINTER_KEY, name)])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(text: &str, profile: &str) -> String {
        let profile = ProfileName::new(profile).unwrap();
        with_pointer(Document::parse(text).unwrap(), &profile).unwrap_or_else(|| panic!("{text:?}"))
    }

    #[test]
    fn a_pointer_that_is_there_gets_another_value() {
        for (text, edited) in [
            ("default = \"y\"\n", "default = \"x\"\n"),
            ("\u{feff}'default'='''\ny''' # why\r\n[profiles.x]", "\u{feff}'default'=\"x\" # why\r\n[profiles.x]"),
            ("default = \"\"", "default = \"x\""),
            ("a = 1\n\"default\" = \"x\"\n[profiles.x]\n", "a = 1\n\"default\" = \"x\"\n[profiles.x]\n"),
        ] {
            assert_eq!(point(text, "x"), edited, "{text:?}");
        }
        assert_eq!(point("default = 'y'\n", "a \"b\".c"), "default = \"a \\\"b\\\".c\"\n");
    }

    #[test]
    fn a_new_pointer_follows_the_last_line_of_the_root_that_has_a_key() {
        for (text, edited) in [
            ("# a\n a = 1 # a\n# end\n\n[profiles.x]\n", "# a\n a = 1 # a\ndefault = \"x\"\n# end\n\n[profiles.x]\n"),
            ("a = {\n b = 1\n}\r\n", "a = {\n b = 1\n}\r\ndefault = \"x\"\n"),
            ("a = 1\r\nprofiles.x.token = ''\r\n\r\n", "a = 1\r\nprofiles.x.token = ''\r\ndefault = \"x\"\r\n\r\n"),
            ("profiles = { x = {} }", "profiles = { x = {} }\ndefault = \"x\"\n"),
        ] {
            assert_eq!(point(text, "x"), edited, "{text:?}");
        }
    }

    #[test]
    fn a_profile_that_is_no_table_can_be_pointed_to() {
        for (text, edited) in [
            ("profiles.x = [1, 2]\n", "profiles.x = [1, 2]\ndefault = \"x\"\n"),
            ("profiles = { x = [[]] }\n", "profiles = { x = [[]] }\ndefault = \"x\"\n"),
            ("[profiles]\nx = ']'\n", "default = \"x\"\n[profiles]\nx = ']'\n"),
        ] {
            assert_eq!(point(text, "x"), edited, "{text:?}");
        }
    }

    #[test]
    fn a_new_pointer_is_the_first_line_where_the_root_has_no_key() {
        for (text, edited) in [
            ("# comment\n[profiles.x]\ndefault = 1\n", "default = \"x\"\n# comment\n[profiles.x]\ndefault = 1\n"),
            ("\u{feff}\r\n[profiles.x]", "\u{feff}default = \"x\"\r\n\r\n[profiles.x]"),
            ("", "default = \"x\"\n"),
        ] {
            assert_eq!(point(text, "x"), edited, "{text:?}");
        }
    }
}
