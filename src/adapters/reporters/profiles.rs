//! What there is to tell of the stored profiles: which there are, which is the default now, and which is gone, with the
//! token that may still be live.

use std::borrow::Cow;

use serde::Serialize;

use super::table::{cell, table};
use super::{Note, Render};
use crate::domain::printable::escape_unprintable;
use crate::domain::profile::Profile;
use crate::domain::session::ProfileName;
use crate::domain::shown_server::ShownServer;
use crate::domain::timestamp::Timestamp;
use crate::ports::profile_reader::ProfileList;
use crate::ports::reporter::{ForgetWarning, ProfilesOutcome};

const HEADER: [&str; 5] = ["DEFAULT", "PROFILE", "SERVER", "TOKEN ID", "EXPIRES"];

/// What a program reads of each outcome.
#[derive(Serialize)]
#[serde(untagged)]
enum ProfilesData<'a> {
    Listed { config: &'a str, default: Option<&'a str>, profiles: Vec<ProfileData<'a>> },
    DefaultIs { default: &'a str },
    Forgotten { forgotten: &'a str, token_id: Option<String>, server: Option<String> },
}

/// A profile in the list.
#[derive(Serialize)]
struct ProfileData<'a> {
    name: &'a str,
    server: Option<String>,
    token_id: Option<String>,
    expires_at: Option<String>,
}

impl<'a> ProfileData<'a> {
    fn new(profile: &'a Profile) -> Self {
        Self {
            name: profile.name.as_str(),
            server: profile.shown_server().map(|server| server.as_str().to_owned()),
            token_id: profile.token_id().map(|id| id.to_string()),
            expires_at: profile.expires_at.map(|time| time.to_string()),
        }
    }
}

impl Render for ProfilesOutcome {
    fn warnings(&self) -> Vec<Note> {
        match self {
            Self::Listed { list, .. } => nameless(list),
            Self::DefaultIs(_) | Self::Forgotten(_) => Vec::new(),
        }
    }

    fn to_text(&self) -> Option<String> {
        match self {
            Self::Listed { list, .. } if list.profiles.is_empty() => None,
            Self::Listed { list, now } => {
                let rows: Vec<_> = list.profiles.iter().map(|profile| (profile, ProfileData::new(profile))).collect();
                Some(table(HEADER, &rows, |(profile, data)| row(list, profile, data, *now)))
            }
            Self::DefaultIs(profile) => Some(format!("Default profile is now \"{profile}\".\n")),
            Self::Forgotten(profile) => Some(format!("Forgot profile \"{}\".\n", profile.name)),
        }
    }

    fn to_data(&self) -> Option<impl Serialize> {
        Some(match self {
            Self::Listed { list, .. } => ProfilesData::Listed {
                config: &list.place,
                default: list.default.as_ref().map(ProfileName::as_str),
                profiles: list.profiles.iter().map(ProfileData::new).collect(),
            },
            Self::DefaultIs(profile) => ProfilesData::DefaultIs { default: profile.as_str() },
            Self::Forgotten(profile) => {
                let ProfileData { name, server, token_id, .. } = ProfileData::new(profile);
                ProfilesData::Forgotten { forgotten: name, token_id, server }
            }
        })
    }

    fn notes(&self) -> Vec<Note> {
        match self {
            Self::Listed { list, .. } if list.profiles.is_empty() => {
                vec![Note::plain(format!("No profiles in {}.", escape_unprintable(&list.place)))]
            }
            _ => Vec::new(),
        }
    }
}

impl Render for ForgetWarning {
    /// The token of the profile is not revoked, so it may stay live.
    fn warnings(&self) -> Vec<Note> {
        let Self(profile) = self;
        let token = profile.token_id().map_or_else(|| "a token without an id".to_owned(), |id| format!("token {id}"));
        let server = profile.shown_server();
        let place = server.as_ref().and_then(ShownServer::origin_or_text).map(|server| format!(" at {server}"));
        vec![Note::warning(&format!("{token} may still be live{}", place.unwrap_or_default()))]
    }
}

fn row<'a>(
    list: &ProfileList,
    profile: &Profile,
    data: &'a ProfileData,
    now: Timestamp,
) -> [Cow<'a, str>; HEADER.len()] {
    let is_default = list.default.as_ref() == Some(&profile.name);
    [
        Cow::Borrowed(if is_default { "*" } else { "" }),
        if profile.name.is_nameless() { "\"\"".into() } else { cell(Some(data.name)) },
        cell(data.server.as_deref()),
        cell(data.token_id.as_deref()),
        match profile.expires_at {
            Some(time) if time <= now => format!("{time} (expired)").into(),
            _ => cell(data.expires_at.as_deref()),
        },
    ]
}

/// Nothing can select a profile without a name, and yet it may hold a session.
fn nameless(list: &ProfileList) -> Vec<Note> {
    if !list.profiles.iter().any(|profile| profile.name.is_nameless()) {
        return Vec::new();
    }
    let what = "has a profile whose name is empty, which no command can select; rename it in the file";
    vec![Note::warning(&format!("{} {what}", list.place))]
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::{JsonReporter, TextReporter, YamlReporter};
    use super::*;
    use crate::domain::printable::is_unprintable;
    use crate::domain::profile::ProfileToken;
    use crate::ports::reporter::Reporter;

    const HOSTILE: &str = "a\t\u{1b}[2J\u{202e}\"b\"\n- c: [d]\u{85}é日本";

    fn name(name: &str) -> ProfileName {
        ProfileName::new(name).unwrap()
    }

    const SESSION_TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret";

    fn expiry() -> Timestamp {
        Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_360))
    }

    fn profile(profile: &str, server: Option<&str>, token: &str, expires_at: Option<Timestamp>) -> Profile {
        Profile {
            server: server.map(str::to_owned),
            token: ProfileToken::new(token),
            expires_at,
            ..Profile::new(name(profile))
        }
    }

    fn listed(default: Option<&str>, profiles: Vec<Profile>) -> ProfilesOutcome {
        let list = ProfileList { place: "/etc/a\u{1b}".into(), default: default.map(name), profiles };
        ProfilesOutcome::Listed { list, now: Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_359)) }
    }

    fn forgotten(server: Option<&str>, token: &str) -> ProfilesOutcome {
        ProfilesOutcome::Forgotten(profile("dev\u{1b}", server, token, None))
    }

    /// What a reporter writes to each of its writers.
    macro_rules! told {
        ($reporter:ident, $outcome:expr) => {{
            let (mut out, mut err) = (Vec::new(), Vec::new());
            $reporter::new(&mut out, &mut err).report(&$outcome).unwrap();
            (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
        }};
    }

    #[test]
    fn people_read_a_table_with_a_star_at_the_default() {
        let list = listed(
            Some("default"),
            vec![
                profile("default", Some("https://plexsphere.example"), SESSION_TOKEN, Some(expiry())),
                profile("staging", Some("https://user:s3cret@staging.example"), "jwt", None),
                profile("empty", Some(""), "", None),
                profile("bare", None, "", None),
            ],
        );
        let expected = "\
DEFAULT  PROFILE  SERVER                      TOKEN ID                              EXPIRES
*        default  https://plexsphere.example  0192f0c1-2345-7abc-8def-0123456789ab  2026-11-25T13:46:00Z
         staging  https://staging.example     -                                     -
         empty    -                           -                                     -
         bare     -                           -                                     -
";
        assert_eq!(told!(TextReporter, list), (expected.to_owned(), String::new()));
    }

    #[test]
    fn people_read_what_has_expired_and_that_a_profile_has_no_name() {
        let expired = profile("x", None, "", Some(Timestamp::from(UNIX_EPOCH)));
        let nameless = Profile { token: ProfileToken::new("jwt"), ..Profile::new(ProfileName::NAMELESS) };
        let list = || listed(None, vec![expired.clone(), nameless.clone()]);
        let expected = "\
DEFAULT  PROFILE  SERVER  TOKEN ID  EXPIRES
         x        -       -         1970-01-01T00:00:00Z (expired)
         \"\"       -       -         -
";
        let warning = "warning: /etc/a\\u{1b} has a profile whose name is empty, which no command can select; rename it in \
                       the file\n";
        assert_eq!(told!(TextReporter, list()), (expected.to_owned(), warning.to_owned()));
        let (json, notes) = told!(JsonReporter, list());
        assert!(json.contains("\"name\": \"\"") && json.contains("\"1970-01-01T00:00:00Z\""), "{json}");
        assert_eq!(notes, warning);
    }

    #[test]
    fn programs_read_the_list_in_its_order_with_null_for_what_is_absent() {
        let list = listed(
            Some("gone"),
            vec![profile("z", Some("https://h"), SESSION_TOKEN, Some(expiry())), profile("a", None, "jwt", None)],
        );
        let json = r#"{
  "config": "/etc/a\u001b",
  "default": "gone",
  "profiles": [
    {
      "name": "z",
      "server": "https://h",
      "token_id": "0192f0c1-2345-7abc-8def-0123456789ab",
      "expires_at": "2026-11-25T13:46:00Z"
    },
    {
      "name": "a",
      "server": null,
      "token_id": null,
      "expires_at": null
    }
  ]
}
"#;
        assert_eq!(told!(JsonReporter, list), (json.to_owned(), String::new()));
        let ProfilesOutcome::Listed { list, now } = list else { unreachable!() };
        let yaml = "\
config: /etc/a
default: gone
profiles:
- name: z
  server: https://h
  token_id: 0192f0c1-2345-7abc-8def-0123456789ab
  expires_at: \"2026-11-25T13:46:00Z\"
- name: a
  server: null
  token_id: null
  expires_at: null
";
        let list = ProfilesOutcome::Listed { list: ProfileList { place: "/etc/a".into(), ..list }, now };
        assert_eq!(told!(YamlReporter, list), (yaml.to_owned(), String::new()));
    }

    #[test]
    fn an_empty_list_is_a_sentence_for_people_and_an_object_for_programs() {
        let sentence = "No profiles in /etc/a\\u{1b}.\n".to_owned();
        let json = "{\n  \"config\": \"/etc/a\\u001b\",\n  \"default\": null,\n  \"profiles\": []\n}\n".to_owned();
        let empty = listed(None, vec![]);
        assert_eq!(told!(TextReporter, empty), (String::new(), sentence.clone()));
        assert_eq!(told!(JsonReporter, empty), (json, sentence.clone()));
        let yaml = "config: \"/etc/a\\e\"\ndefault: null\nprofiles: []\n".to_owned();
        assert_eq!(told!(YamlReporter, empty), (yaml, sentence));
    }

    #[test]
    fn the_new_default_is_told_in_one_sentence() {
        let outcome = ProfilesOutcome::DefaultIs(name("my \"dev\"\u{1b}"));
        let text = told!(TextReporter, outcome);
        assert_eq!(text, ("Default profile is now \"my \"dev\"\\u{1b}\".\n".to_owned(), String::new()));
        let json = told!(JsonReporter, outcome);
        assert_eq!(json, ("{\n  \"default\": \"my \\\"dev\\\"\\u001b\"\n}\n".to_owned(), String::new()));
        let yaml = told!(YamlReporter, ProfilesOutcome::DefaultIs(name("dev")));
        assert_eq!(yaml, ("default: dev\n".to_owned(), String::new()));
    }

    #[test]
    fn a_forgotten_token_that_may_still_be_live_is_named_in_every_format() {
        let session = SESSION_TOKEN;
        let warned = "warning: token 0192f0c1-2345-7abc-8def-0123456789ab may still be live";
        let cases = [
            (Some("HTTPS://H:443/base"), session, format!("{warned} at https://h\n")),
            (Some("https://user:s3cret@h"), session, format!("{warned} at https://h\n")),
            (Some("ftp://h\u{1b}"), session, format!("{warned} at ftp://h\\u{{1b}}\n")),
            (Some(""), session, format!("{warned}\n")),
            (None, session, format!("{warned}\n")),
            (Some("https://h"), "jwt", "warning: a token without an id may still be live at https://h\n".to_owned()),
        ];
        for (server, token, warning) in cases {
            let outcome = forgotten(server, token);
            let text = told!(TextReporter, outcome);
            assert_eq!(text, ("Forgot profile \"dev\\u{1b}\".\n".to_owned(), String::new()), "{server:?}");
            let ProfilesOutcome::Forgotten(profile) = outcome else { unreachable!() };
            let told = (String::new(), warning);
            assert_eq!(told!(TextReporter, ForgetWarning(profile.clone())), told, "{server:?}");
            assert_eq!(told!(JsonReporter, ForgetWarning(profile.clone())), told);
            assert_eq!(told!(YamlReporter, ForgetWarning(profile)), told);
        }
    }

    #[test]
    fn programs_read_what_a_forgotten_profile_held() {
        let data = |outcome| told!(JsonReporter, outcome).0;
        assert_eq!(
            data(forgotten(Some("https://user:s3cret@h/base"), SESSION_TOKEN)),
            "{\n  \"forgotten\": \"dev\\u001b\",\n  \"token_id\": \"0192f0c1-2345-7abc-8def-0123456789ab\",\n  \
             \"server\": \"https://h/base\"\n}\n"
        );
        let nothing = "{\n  \"forgotten\": \"dev\\u001b\",\n  \"token_id\": null,\n  \"server\": null\n}\n";
        assert_eq!(data(forgotten(None, "jwt")), nothing);
        assert_eq!(data(forgotten(None, "")), nothing);
    }

    #[test]
    fn hostile_values_leave_neither_their_cell_nor_their_string() {
        let long = HOSTILE.repeat(500);
        let list = || {
            let hostile = profile(&long, Some(HOSTILE), SESSION_TOKEN, Some(expiry()));
            listed(Some(&long), vec![hostile, profile("b", None, "", None)])
        };
        let (table, _) = told!(TextReporter, list());
        let rows: Vec<Vec<&str>> =
            table.lines().map(|row| row.split("  ").filter(|cell| !cell.is_empty()).collect()).collect();
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 4], "{table:.300}");
        assert!(!table.contains(|character| character != '\n' && is_unprintable(character)));

        let (json, _) = told!(JsonReporter, list());
        assert!(!json.contains(|character| character != '\n' && is_unprintable(character)));
        let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed["default"], long.as_str());
        assert_eq!(parsed["profiles"][0]["server"], HOSTILE);
        assert_eq!(told!(YamlReporter, list()).0, json);
    }
}
