//! The tokens of a principal, as a table for people and as the server's array for programs; and a revoked token.

use std::borrow::Cow;
use std::cmp::Reverse;

use serde::{Serialize, Serializer};

use super::table::{cell, table};
use super::{Note, Render};
use crate::domain::session::ProfileName;
use crate::domain::token_summary::TokenSummary;
use crate::ports::reporter::{ListedToken, TokensOutcome};

const HEADER: [&str; 6] = ["ID", "ENV", "CREATED", "EXPIRES", "LAST USED", "PROFILE"];

/// What a program reads of each outcome.
#[derive(Serialize)]
#[serde(untagged)]
enum TokensData<'a> {
    Listed(#[serde(serialize_with = "serialize_tokens")] &'a [ListedToken]),
    Revoked { token_id: String, server: &'a str, revoked: bool },
}

/// A token in the list.
#[derive(Serialize)]
struct TokenData<'a> {
    #[serde(flatten, with = "SummaryFields")]
    summary: &'a TokenSummary,
    profile: Option<&'a str>,
}

/// The fields of a [`TokenSummary`], which the domain does not serialize. What the server left out is left out.
#[derive(Serialize)]
#[serde(remote = "TokenSummary")]
struct SummaryFields {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    env_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated_at: Option<String>,
}

/// Serializes token by token, so that 100,000 of them are not in memory twice.
fn serialize_tokens<S: Serializer>(tokens: &[ListedToken], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(tokens.iter().map(|ListedToken { summary, profile }| TokenData {
        summary,
        profile: profile.as_ref().map(ProfileName::as_str),
    }))
}

impl Render for TokensOutcome {
    fn warnings(&self) -> Vec<Note> {
        let (tokens, profiles_error) = match self {
            Self::Listed { profiles_error, .. } => ("these tokens", profiles_error),
            Self::Revoked { profiles_error, .. } => ("this token", profiles_error),
        };
        let warning = |error| Note::warning(&format!("cannot tell which profiles hold {tokens}: {error}"));
        profiles_error.iter().map(warning).collect()
    }

    fn to_text(&self) -> Option<String> {
        match self {
            Self::Listed { tokens, .. } if tokens.is_empty() => None,
            Self::Listed { tokens, .. } => Some(table(HEADER, &newest_first(tokens), |token| row(token))),
            Self::Revoked { id, .. } => Some(format!("Revoked token {id}.\n")),
        }
    }

    fn to_data(&self) -> Option<impl Serialize> {
        Some(match self {
            Self::Listed { tokens, .. } => TokensData::Listed(tokens),
            Self::Revoked { server, id, .. } => {
                TokensData::Revoked { token_id: id.to_string(), server: server.as_given(), revoked: true }
            }
        })
    }

    fn notes(&self) -> Vec<Note> {
        match self {
            Self::Listed { server, tokens, .. } if tokens.is_empty() => {
                vec![Note::plain(format!("No tokens at {}.", server.origin()))]
            }
            _ => Vec::new(),
        }
    }
}

/// Tokens whose time of creation is unknown come last. Beside that, the order is the server's.
fn newest_first(tokens: &[ListedToken]) -> Vec<&ListedToken> {
    let mut newest_first: Vec<_> = tokens.iter().collect();
    // Cached, since parsing a time is the larger part.
    newest_first.sort_by_cached_key(|token| Reverse(token.summary.creation()));
    newest_first
}

fn row(ListedToken { summary, profile }: &ListedToken) -> [Cow<'_, str>; HEADER.len()] {
    [
        cell(Some(&summary.id)),
        cell(summary.env_prefix.as_deref()),
        cell(summary.created_at.as_deref()),
        cell(summary.expires_at.as_deref()),
        cell(summary.last_used_at.as_deref()),
        cell(profile.as_ref().map(ProfileName::as_str)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::{JsonReporter, TextReporter, YamlReporter};
    use super::*;
    use crate::domain::printable::is_unprintable;
    use crate::domain::server_url::ServerUrl;
    use crate::domain::token::TokenId;
    use crate::ports::reporter::Reporter;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
    const HOSTILE: &str = "a\t\u{1b}[2J\u{202e}\"b\"\n- c: [d]\u{85}é日本";

    fn server() -> ServerUrl {
        ServerUrl::parse("HTTPS://Plexsphere.Example:443/base").unwrap()
    }

    fn token(id: &str, created_at: Option<&str>, profile: Option<&str>) -> ListedToken {
        let created_at = created_at.map(str::to_owned);
        let summary = TokenSummary { id: id.to_owned(), created_at, ..TokenSummary::default() };
        ListedToken { summary, profile: profile.map(|profile| ProfileName::new(profile).unwrap()) }
    }

    fn full(profile: Option<&str>) -> ListedToken {
        let mut token = token(ID, Some("2026-11-25T13:46:00Z"), profile);
        token.summary.env_prefix = Some("prod".into());
        token.summary.expires_at = Some("2027-11-25T13:46:00Z".into());
        token.summary.last_used_at = Some("2026-11-26T00:00:00Z".into());
        token.summary.rotated_at = Some("2026-11-25T14:00:00Z".into());
        token
    }

    fn listed(tokens: Vec<ListedToken>) -> TokensOutcome {
        TokensOutcome::Listed { server: server(), tokens, profiles_error: None }
    }

    fn revoked() -> TokensOutcome {
        let id = TokenId::parse(ID).unwrap();
        TokensOutcome::Revoked { server: server(), id, profile: None, credential: None, profiles_error: None }
    }

    /// What a reporter writes to each of its writers.
    fn written(outcome: &TokensOutcome, format: &str) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        match format {
            "text" => TextReporter::new(&mut out, &mut err).report(outcome).unwrap(),
            "json" => JsonReporter::new(&mut out, &mut err).report(outcome).unwrap(),
            _ => YamlReporter::new(&mut out, &mut err).report(outcome).unwrap(),
        }
        (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn text_is_a_table_with_the_newest_token_first() {
        let outcome = listed(vec![
            token("no time", Some("soon"), None),
            token("old", Some("2026-11-24T00:00:00+02:00"), Some("old one")),
            full(None),
            token("none", None, None),
        ]);
        let expected = "\
ID                                    ENV   CREATED                    EXPIRES               LAST USED             PROFILE
0192f0c1-2345-7abc-8def-0123456789ab  prod  2026-11-25T13:46:00Z       2027-11-25T13:46:00Z  2026-11-26T00:00:00Z  -
old                                   -     2026-11-24T00:00:00+02:00  -                     -                     old one
no time                               -     soon                       -                     -                     -
none                                  -     -                          -                     -                     -
";
        assert_eq!(written(&outcome, "text"), (expected.to_owned(), String::new()));
    }

    #[test]
    fn data_is_the_array_of_the_server_with_the_profile_last() {
        let outcome = listed(vec![token("a", None, Some("dev")), full(None)]);
        let expected = r#"[
  {
    "id": "a",
    "profile": "dev"
  },
  {
    "id": "0192f0c1-2345-7abc-8def-0123456789ab",
    "env_prefix": "prod",
    "created_at": "2026-11-25T13:46:00Z",
    "expires_at": "2027-11-25T13:46:00Z",
    "last_used_at": "2026-11-26T00:00:00Z",
    "rotated_at": "2026-11-25T14:00:00Z",
    "profile": null
  }
]
"#;
        assert_eq!(written(&outcome, "json"), (expected.to_owned(), String::new()));
        let expected = "\
- id: a
  profile: dev
- id: 0192f0c1-2345-7abc-8def-0123456789ab
  env_prefix: prod
  created_at: \"2026-11-25T13:46:00Z\"
  expires_at: \"2027-11-25T13:46:00Z\"
  last_used_at: \"2026-11-26T00:00:00Z\"
  rotated_at: \"2026-11-25T14:00:00Z\"
  profile: null
";
        assert_eq!(written(&outcome, "yaml"), (expected.to_owned(), String::new()));
    }

    #[test]
    fn no_tokens_are_an_empty_array_and_a_sentence() {
        let sentence = "No tokens at https://plexsphere.example.\n".to_owned();
        for (format, out) in [("text", ""), ("json", "[]\n"), ("yaml", "[]\n")] {
            assert_eq!(written(&listed(Vec::new()), format), (out.to_owned(), sentence.clone()), "{format}");
        }
    }

    #[test]
    fn a_revoked_token_is_told_by_its_id() {
        let json = format!(
            "{{\n  \"token_id\": \"{ID}\",\n  \"server\": \"HTTPS://Plexsphere.Example:443/base\",\n  \"revoked\": true\n}}\n"
        );
        assert_eq!(written(&revoked(), "json"), (json, String::new()));
        assert_eq!(written(&revoked(), "text"), (format!("Revoked token {ID}.\n"), String::new()));
        let (yaml, _) = written(&revoked(), "yaml");
        assert!(
            yaml.starts_with(&format!("token_id: {ID}\nserver: ")) && yaml.ends_with("\nrevoked: true\n"),
            "{yaml}"
        );
    }

    #[test]
    fn warns_where_the_profiles_cannot_be_read() {
        let error = Some("/a/config.toml is refused: its mode 0644 is wider than 0600".to_owned());
        let outcome = TokensOutcome::Listed { server: server(), tokens: vec![full(None)], profiles_error: error };
        for format in ["text", "json", "yaml"] {
            assert_eq!(
                written(&outcome, format).1,
                "warning: cannot tell which profiles hold these tokens: /a/config.toml is refused: its mode 0644 is \
                 wider than 0600\n"
            );
        }
    }

    #[test]
    fn hostile_values_leave_neither_their_cell_nor_their_string() {
        let mut token = token(HOSTILE, Some(HOSTILE), Some(HOSTILE));
        token.summary.expires_at = Some(HOSTILE.repeat(100));
        let outcome = listed(vec![token]);
        let (text, _) = written(&outcome, "text");
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains(|c: char| c != '\n' && is_unprintable(c)), "{text:.500}");

        let (json, yaml) = (written(&outcome, "json").0, written(&outcome, "yaml").0);
        assert!(!json.contains(|c: char| c != '\n' && is_unprintable(c)), "{json:.500}");
        let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&parsed[0]["id"], &parsed[0]["profile"]), (&HOSTILE.into(), &HOSTILE.into()));
        assert_eq!(yaml, json);
    }
}
