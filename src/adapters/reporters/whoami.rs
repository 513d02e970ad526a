//! What there is to tell of who the operator is: a table for people, with who is logged in where beside it; for programs the
//! server's answer alone.

use std::fmt::Write as _;
use std::slice;
use std::time::SystemTime;

use serde::Serialize;

use super::principal::{PrincipalData, name};
use super::table::{cell, table};
use super::{Note, Render};
use crate::domain::printable::escape_unprintable;
use crate::domain::timestamp::Timestamp;
use crate::ports::reporter::WhoamiOutcome;

const HEADER: [&str; 5] = ["PRINCIPAL", "SUBJECT", "DOMAIN", "ACR", "AMR"];

impl Render for WhoamiOutcome {
    fn to_text(&self) -> Option<String> {
        Some(table(HEADER, slice::from_ref(&self.principal), |principal| {
            let methods = principal.amr.as_ref().map(|methods| methods.join(","));
            [
                cell(Some(&principal.principal_type)),
                cell(Some(&principal.subject)),
                cell(principal.domain_id.as_deref()),
                cell(principal.acr.as_deref()),
                cell(methods.as_deref()).into_owned().into(),
            ]
        }))
    }

    fn to_data(&self) -> Option<impl Serialize> {
        Some(PrincipalData(&self.principal))
    }

    fn notes_for_people(&self) -> Vec<Note> {
        vec![Note::plain(sentences(self, SystemTime::now().into()))]
    }
}

/// Who is logged in where, with which credential, and until when by this machine's clock.
fn sentences(outcome: &WhoamiOutcome, now: Timestamp) -> String {
    let WhoamiOutcome { principal, server, credential, expires_at } = outcome;
    let who = escape_unprintable(name(principal).unwrap_or_default());
    let mut sentences = format!("Logged in to {} as {who}, using {credential}.", server.origin());
    if let Some(time) = expires_at {
        let verb = if *time <= now { "expired" } else { "expires" };
        let _ = write!(sentences, "\nThe token {verb} at {time}.");
    }
    sentences
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::{JsonReporter, TextReporter, YamlReporter};
    use super::*;
    use crate::domain::principal::Principal;
    use crate::domain::server_url::ServerUrl;
    use crate::domain::session::ProfileName;
    use crate::ports::reporter::{CredentialSource, Reporter};

    const HOSTILE: &str = "a\t\u{1b}[2J\u{202e}\"b\"\n- c: [d]\u{85}é日本";

    fn outcome(principal: Principal) -> WhoamiOutcome {
        WhoamiOutcome {
            principal,
            server: ServerUrl::parse("HTTPS://Plexsphere.Example:443/base").unwrap(),
            credential: CredentialSource::Variable,
            expires_at: None,
        }
    }

    fn least() -> Principal {
        Principal { principal_type: "user".into(), subject: "0192f0c1".into(), ..Principal::default() }
    }

    fn full() -> Principal {
        Principal {
            principal_type: "service".into(),
            principal_scope: Some("domain".into()),
            subject: "0192f0c1-0000-7000-8000-000000000001".into(),
            domain_id: Some("0192f0c1-0000-7000-8000-000000000002".into()),
            email: Some("ops@plexsphere.example".into()),
            acr: Some("silver".into()),
            amr: Some(vec!["pwd".into(), "mfa".into()]),
        }
    }

    /// What the text reporter writes to each of its writers.
    fn text(outcome: &WhoamiOutcome) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        TextReporter::new(&mut out, &mut err).report(outcome).unwrap();
        (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn expiry() -> Timestamp {
        Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_360))
    }

    /// What the reporters for programs write as results, sure that they write nothing else.
    fn data(principal: Principal) -> (String, String) {
        let mut outcome = outcome(principal);
        outcome.expires_at = Some(expiry());
        let (mut json, mut yaml, mut err) = (Vec::new(), Vec::new(), Vec::new());
        JsonReporter::new(&mut json, &mut err).report(&outcome).unwrap();
        YamlReporter::new(&mut yaml, &mut err).report(&outcome).unwrap();
        assert_eq!(err, b"");
        (String::from_utf8(json).unwrap(), String::from_utf8(yaml).unwrap())
    }

    #[test]
    fn people_read_a_table_whose_absent_and_empty_cells_are_dashes() {
        let (table, _) = text(&outcome(full()));
        let expected = "\
PRINCIPAL  SUBJECT                               DOMAIN                                ACR     AMR
service    0192f0c1-0000-7000-8000-000000000001  0192f0c1-0000-7000-8000-000000000002  silver  pwd,mfa
";
        assert_eq!(table, expected);

        let expected = "PRINCIPAL  SUBJECT   DOMAIN  ACR  AMR\nuser       0192f0c1  -       -    -\n";
        assert_eq!(text(&outcome(least())).0, expected);
        let empty =
            Principal { domain_id: Some(String::new()), acr: Some(String::new()), amr: Some(vec![]), ..least() };
        assert_eq!(text(&outcome(empty)).0, expected);
    }

    #[test]
    fn people_read_who_is_logged_in_where_and_until_when() {
        let profile = || CredentialSource::Profile(ProfileName::new("my \"dev\"\u{1b}").unwrap());
        let file = CredentialSource::File(std::ffi::OsString::from_vec(b"/run/a\x1b\xff b".to_vec()).into());
        let second_before = Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_359));
        let notes = |principal, credential, expires_at, now| {
            sentences(&WhoamiOutcome { credential, expires_at, ..outcome(principal) }, now)
        };
        assert_eq!(
            notes(least(), CredentialSource::Variable, None, expiry()),
            "Logged in to https://plexsphere.example as 0192f0c1, using PLEXSPHERE_TOKEN."
        );
        assert_eq!(
            notes(full(), file, None, expiry()),
            "Logged in to https://plexsphere.example as ops@plexsphere.example, using /run/a\\u{1b}\u{fffd} b."
        );
        for (now, verb) in [(second_before, "expires"), (expiry(), "expired")] {
            assert_eq!(
                notes(least(), profile(), Some(expiry()), now),
                format!(
                    "Logged in to https://plexsphere.example as 0192f0c1, using profile \"my \"dev\"\\u{{1b}}\".\n\
                     The token {verb} at 2026-11-25T13:46:00Z."
                )
            );
        }
    }

    #[test]
    fn programs_read_the_payload_alone_in_the_order_of_its_keys() {
        let (json, yaml) = data(full());
        let expected = r#"{
  "principal_type": "service",
  "principal_scope": "domain",
  "subject": "0192f0c1-0000-7000-8000-000000000001",
  "domain_id": "0192f0c1-0000-7000-8000-000000000002",
  "email": "ops@plexsphere.example",
  "acr": "silver",
  "amr": [
    "pwd",
    "mfa"
  ]
}
"#;
        assert_eq!(json, expected);
        let expected = "\
principal_type: service
principal_scope: domain
subject: 0192f0c1-0000-7000-8000-000000000001
domain_id: 0192f0c1-0000-7000-8000-000000000002
email: ops@plexsphere.example
acr: silver
amr:
- pwd
- mfa
";
        assert_eq!(yaml, expected);
    }

    #[test]
    fn what_is_absent_is_left_out_and_what_is_empty_is_not() {
        let (json, yaml) = data(least());
        assert_eq!(json, "{\n  \"principal_type\": \"user\",\n  \"subject\": \"0192f0c1\"\n}\n");
        assert_eq!(yaml, "principal_type: user\nsubject: 0192f0c1\n");
        let (json, _) = data(Principal { acr: Some(String::new()), amr: Some(vec![]), ..least() });
        assert!(json.ends_with("  \"acr\": \"\",\n  \"amr\": []\n}\n"), "{json}");
    }

    #[test]
    fn hostile_values_leave_neither_their_cell_nor_their_string() {
        let principal = || Principal {
            principal_type: HOSTILE.into(),
            subject: HOSTILE.repeat(500),
            email: Some(HOSTILE.into()),
            amr: Some(vec![HOSTILE.into(), "b,c".into()]),
            ..least()
        };
        let (table, _) = text(&outcome(principal()));
        let row = table.lines().nth(1).unwrap();
        assert_eq!(table.lines().count(), 2, "{table}");
        assert_eq!(row.split("  ").filter(|cell| !cell.is_empty()).count(), 5, "{row}");
        assert!(row.starts_with(r#"a\t\u{1b}[2J\u{202e}"b"\n- c: [d]\u{85}é日本  a\t\u{1b}"#), "{row:.100}");

        let (json, yaml) = data(principal());
        assert!(!json.contains(|c: char| c != '\n' && crate::domain::printable::is_unprintable(c)), "{json:.500}");
        let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed["principal_type"], HOSTILE);
        assert_eq!(parsed["subject"], HOSTILE.repeat(500));
        assert_eq!(parsed["amr"], serde_json::json!([HOSTILE, "b,c"]));
        assert_eq!(yaml, json);
    }
}
