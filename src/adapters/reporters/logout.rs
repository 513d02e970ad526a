//! What there is to tell of a logout: one sentence, or a summary of the session that has ended.

use serde::Serialize;

use super::{Note, Render};
use crate::ports::credential_store::Clearing;
use crate::ports::reporter::LogoutOutcome;
use crate::ports::token_revoker::Revocation;

/// The summary of a session that has ended.
#[derive(Serialize)]
struct Summary<'a> {
    profile: &'a str,
    server: &'a str,
    revoked: bool,
}

impl Render for LogoutOutcome {
    fn to_text(&self) -> Option<String> {
        match self {
            Self::NoSession => None,
            Self::LoggedOut { .. } => Some(sentence(self) + "\n"),
        }
    }

    fn to_data(&self) -> Option<impl Serialize> {
        let Self::LoggedOut { profile, server, revocation, .. } = self else { return None };
        let revoked = matches!(revocation, Revocation::Revoked);
        Some(Summary { profile: profile.as_str(), server: server.as_given(), revoked })
    }

    /// The sentence stands beside the summary where the summary cannot say it all.
    fn notes(&self) -> Vec<Note> {
        match self {
            Self::LoggedOut { clearing: Clearing::Cleared, .. } => Vec::new(),
            Self::NoSession | Self::LoggedOut { .. } => vec![Note::plain(sentence(self))],
        }
    }

    /// The sentence, unless it is the result.
    fn notes_for_people(&self) -> Vec<Note> {
        if *self == Self::NoSession { self.notes() } else { Vec::new() }
    }
}

/// The outcome in one line.
fn sentence(outcome: &LogoutOutcome) -> String {
    match outcome {
        LogoutOutcome::NoSession => "No active session; nothing to do.".to_owned(),
        LogoutOutcome::LoggedOut { profile, clearing: Clearing::Cleared, .. } => {
            format!("Logged out. Cleared profile \"{profile}\".")
        }
        LogoutOutcome::LoggedOut { profile, clearing: Clearing::Superseded, .. } => {
            format!("Logged out. Kept profile \"{profile}\": it holds a newer session.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{JsonReporter, TextReporter, YamlReporter};
    use super::*;
    use crate::domain::server_url::ServerUrl;
    use crate::domain::session::ProfileName;
    use crate::ports::reporter::Reporter;

    fn logged_out(profile: &str, revocation: Revocation, clearing: Clearing) -> LogoutOutcome {
        LogoutOutcome::LoggedOut {
            profile: ProfileName::new(profile).unwrap(),
            server: ServerUrl::parse("https://h").unwrap(),
            revocation,
            clearing,
        }
    }

    /// What each of the three reporters writes: its result, a bar, and its sentences.
    fn told(outcome: &LogoutOutcome) -> [String; 3] {
        let [mut text, mut json, mut yaml] = [const { (Vec::new(), Vec::new()) }; 3];
        TextReporter::new(&mut text.0, &mut text.1).report(outcome).unwrap();
        JsonReporter::new(&mut json.0, &mut json.1).report(outcome).unwrap();
        YamlReporter::new(&mut yaml.0, &mut yaml.1).report(outcome).unwrap();
        [text, json, yaml].map(|(out, err)| {
            let [out, err] = [out, err].map(|written| String::from_utf8(written).unwrap());
            format!("{out}|{err}")
        })
    }

    #[test]
    fn a_session_that_has_ended_is_a_result_in_every_format() {
        let [text, json, yaml] = told(&logged_out("dev", Revocation::Revoked, Clearing::Cleared));
        assert_eq!(text, "Logged out. Cleared profile \"dev\".\n|");
        assert_eq!(json, "{\n  \"profile\": \"dev\",\n  \"server\": \"https://h\",\n  \"revoked\": true\n}\n|");
        assert_eq!(yaml, "profile: dev\nserver: https://h\nrevoked: true\n|");
        let [_, json, yaml] = told(&logged_out("dev", Revocation::AlreadyGone, Clearing::Cleared));
        assert!(json.contains("\"revoked\": false") && yaml.contains("revoked: false"), "{json}{yaml}");
    }

    #[test]
    fn a_newer_session_is_told_beside_the_summary_that_cannot_say_it() {
        let sentence = "Logged out. Kept profile \"dev\": it holds a newer session.\n";
        let [text, json, yaml] = told(&logged_out("dev", Revocation::Revoked, Clearing::Superseded));
        assert_eq!(text, format!("{sentence}|"));
        assert_eq!(yaml, format!("profile: dev\nserver: https://h\nrevoked: true\n|{sentence}"));
        assert!(json.ends_with(&format!("}}\n|{sentence}")), "{json}");
    }

    #[test]
    fn no_session_is_a_sentence_and_no_result() {
        let nothing = "|No active session; nothing to do.\n".to_owned();
        assert_eq!(told(&LogoutOutcome::NoSession), [nothing.clone(), nothing.clone(), nothing]);
    }

    #[test]
    fn a_name_that_must_not_reach_a_terminal_is_escaped() {
        let [text, json, yaml] = told(&logged_out("a\u{1b}\u{202e}", Revocation::Revoked, Clearing::Cleared));
        assert_eq!(text, "Logged out. Cleared profile \"a\\u{1b}\\u{202e}\".\n|");
        assert!(json.contains(r#""profile": "a\u001b\u202e""#), "{json}");
        assert_eq!(yaml, json);
    }
}
