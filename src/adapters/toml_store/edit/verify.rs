//! The verification: an edited text is believed only if it means what the edit intends.

use super::EditError;
use crate::adapters::toml_store::document::Document;
use crate::domain::session::ProfileName;

/// Gives the rest back only if it means what the document means without the profile.
pub(super) fn without_profile(
    mut document: Document<'_>,
    profile: &ProfileName,
    rest: String,
) -> Result<String, EditError> {
    document.remove(profile);
    document.forget_empty_profiles();
    let intended = document.digest();
    // Two documents at once would take twice the memory.
    drop(document);
    let mut reread = Document::parse(&rest).map_err(|_| EditError)?;
    reread.forget_empty_profiles();
    if reread.digest() == intended { Ok(rest) } else { Err(EditError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_that_would_change_the_rest_is_refused() {
        let text = "[profiles.x]\ntoken = \"t\"\n[profiles.y]\ntoken = \"u\"\n";
        let wrong = [
            text.to_owned(),
            String::new(),
            "[profiles.y]\n".to_owned(),
            "[profiles.y]\ntoken = \"t\"\n".to_owned(),
            "[profiles.y]\ntoken = [\"u\"]\n".to_owned(),
            "[profiles.y]\ntoken = \"u\"\nmore = 1\n".to_owned(),
            "[profiles.y\n".to_owned(),
        ];
        for rest in wrong {
            let document = Document::parse(text).unwrap();
            assert!(without_profile(document, &ProfileName::new("x").unwrap(), rest.clone()).is_err(), "{rest:?}");
        }
    }
}
