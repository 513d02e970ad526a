//! What there is to tell of a login that is complete: who is logged in, and each token that it leaves to be looked after.

use serde::Serialize;

use super::principal::{PrincipalData, name};
use super::{Note, Render, shell};
use crate::domain::printable::escape_unprintable;
use crate::ports::login_outcome::{LoginOutcome, Replaced, ReplacedState};
use crate::ports::token_revoker::Revocation;

/// The summary of a session that has begun.
#[derive(Serialize)]
struct Summary<'a> {
    profile: &'a str,
    server: &'a str,
    token_id: Option<String>,
    expires_at: Option<String>,
    principal: Option<PrincipalData<'a>>,
    replaced: Option<ReplacedData<'a>>,
}

/// What became of the token that the profile held before, and which profile still stores it.
#[derive(Serialize)]
struct ReplacedData<'a> {
    token_id: Option<String>,
    state: &'static str,
    kept_as: Option<&'a str>,
}

impl Render for LoginOutcome {
    fn warnings(&self) -> Vec<Note> {
        let mut warnings = Vec::new();
        if self.token_id.is_none() {
            let until = match self.expires_at {
                Some(time) => format!("it expires at {time}"),
                None => "it is not known when it expires".to_owned(),
            };
            warnings.push(format!("the token is not a session token, so plexctl logout cannot end it; {until}"));
        }
        if let Err(cause) = &self.principal {
            warnings.push(format!("the server did not say who is logged in: {cause}"));
        }
        warnings.extend(self.replaced.as_ref().and_then(warning_of_replaced));
        warnings.iter().map(|text| Note::warning(text)).collect()
    }

    fn to_text(&self) -> Option<String> {
        let who = match self.principal.as_ref().ok().and_then(name) {
            Some(name) => format!(" as {}", escape_unprintable(name)),
            None => String::new(),
        };
        Some(format!("Logged in{who}. Saved profile \"{}\".\n", self.profile))
    }

    fn to_data(&self) -> Option<impl Serialize> {
        Some(Summary {
            profile: self.profile.as_str(),
            server: self.server.as_given(),
            token_id: self.token_id.map(|id| id.to_string()),
            expires_at: self.expires_at.map(|time| time.to_string()),
            principal: self.principal.as_ref().ok().map(PrincipalData),
            replaced: self.replaced.as_ref().map(ReplacedData::new),
        })
    }

    fn notes(&self) -> Vec<Note> {
        self.replaced.as_ref().and_then(hint).into_iter().collect()
    }

    fn notes_for_people(&self) -> Vec<Note> {
        match &self.replaced {
            Some(Replaced { state: ReplacedState::Revoked | ReplacedState::Gone, .. }) => {
                vec![Note::plain("The session that it replaced has ended.")]
            }
            _ => self.notes(),
        }
    }
}

impl<'a> ReplacedData<'a> {
    fn new(Replaced { token, state }: &'a Replaced) -> Self {
        let still_stored = Some(token.kept_as.as_str());
        let (state, kept_as) = match state {
            ReplacedState::Revoked => ("revoked", None),
            ReplacedState::Gone => ("gone", None),
            ReplacedState::Unstored { .. } => ("kept", None),
            ReplacedState::Kept { .. } => ("kept", still_stored),
            ReplacedState::NotCleared { revocation: Revocation::Revoked, .. } => ("revoked", still_stored),
            ReplacedState::NotCleared { revocation: Revocation::AlreadyGone, .. } => ("gone", still_stored),
        };
        Self { token_id: token.id.map(|id| id.to_string()), state, kept_as }
    }
}

/// Where a token is live, or stored, that was to be neither.
fn warning_of_replaced(Replaced { token, state }: &Replaced) -> Option<String> {
    let (liveness, profile) = (token.liveness(), &token.kept_as);
    match state {
        ReplacedState::Revoked | ReplacedState::Gone => None,
        ReplacedState::Unstored { cause } => {
            Some(format!("{liveness}, and another program has removed profile \"{profile}\": {cause}"))
        }
        ReplacedState::Kept { cause } => Some(format!("{liveness}; it is kept as profile \"{profile}\": {cause}")),
        ReplacedState::NotCleared { cause, .. } => {
            Some(format!("{token} is dead, but may still be stored as profile \"{profile}\": {cause}"))
        }
    }
}

/// How to end what is left of a session that was replaced. A logout ends one by its id alone.
fn hint(Replaced { token, state }: &Replaced) -> Option<Note> {
    let name = token.kept_as.as_str();
    let text = match (state, token.id) {
        (ReplacedState::Revoked | ReplacedState::Gone, _) => return None,
        (ReplacedState::Unstored { .. }, id) => format!("run `plexctl identity-tokens delete --id {}`", id?),
        (state, Some(_)) => {
            let purpose = if matches!(state, ReplacedState::Kept { .. }) { "end that session" } else { "remove it" };
            format!("run {} to {purpose}", command("plexctl logout", shell::flag("--profile", name)))
        }
        (_, None) => {
            let command = command("plexctl profiles forget --yes", shell::operand(name));
            format!("once that token is dead, run {command}")
        }
    };
    Some(Note::hint(&text))
}

/// A command between backticks; without its argument where that cannot be typed.
fn command(command: &str, argument: Option<String>) -> String {
    match argument {
        Some(argument) => format!("`{command} {argument}`"),
        None => format!("`{command}` for that profile"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::{JsonReporter, TextReporter, YamlReporter};
    use super::*;
    use crate::domain::principal::Principal;
    use crate::domain::server_url::ServerUrl;
    use crate::domain::session::ProfileName;
    use crate::domain::timestamp::Timestamp;
    use crate::domain::token::{SessionToken, TokenId};
    use crate::ports::login_outcome::ReplacedToken;
    use crate::ports::reporter::Reporter;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
    const HOSTILE: &str = "a\t\u{1b}[2J\u{202e}\"b\"\n- c: [d]\u{85}é日本";

    fn id(text: &str) -> TokenId {
        SessionToken::parse(format!("psk_dev_{text}_s3cret")).unwrap().id()
    }

    fn principal() -> Principal {
        Principal {
            principal_type: "user".into(),
            subject: "0192f0c1-0000-7000-8000-000000000001".into(),
            domain_id: Some("0192f0c1-0000-7000-8000-000000000002".into()),
            email: Some("ops@plexsphere.example".into()),
            ..Principal::default()
        }
    }

    fn outcome() -> LoginOutcome {
        LoginOutcome {
            profile: ProfileName::new("default").unwrap(),
            server: ServerUrl::parse("https://plexsphere.example").unwrap(),
            token_id: Some(id(ID)),
            expires_at: Some(Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_360))),
            principal: Ok(principal()),
            replaced: None,
        }
    }

    fn replaced(id: Option<TokenId>, kept_as: &str, state: ReplacedState) -> LoginOutcome {
        let kept_as = ProfileName::new(kept_as).unwrap();
        let token = ReplacedToken { id, origin: Some("https://old.example".into()), kept_as };
        LoginOutcome { replaced: Some(Replaced { token, state }), ..outcome() }
    }

    fn cause() -> String {
        "the summary could not be written: con\nnection refused".to_owned()
    }

    fn strings(out: Vec<u8>, err: Vec<u8>) -> (String, String) {
        (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn text(outcome: &LoginOutcome) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        TextReporter::new(&mut out, &mut err).report(outcome).unwrap();
        strings(out, err)
    }

    fn json(outcome: &LoginOutcome) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        JsonReporter::new(&mut out, &mut err).report(outcome).unwrap();
        strings(out, err)
    }

    fn yaml(outcome: &LoginOutcome) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        YamlReporter::new(&mut out, &mut err).report(outcome).unwrap();
        strings(out, err)
    }

    /// What stands on standard error, which is the same for everybody.
    fn sentences(outcome: &LoginOutcome) -> String {
        let (_, err) = text(outcome);
        assert_eq!((&json(outcome).1, &yaml(outcome).1), (&err, &err));
        err
    }

    #[test]
    fn people_read_who_is_logged_in_and_where_that_is_saved() {
        let said = |principal| {
            let (out, err) = text(&LoginOutcome { principal, ..outcome() });
            assert_eq!(err.contains("warning: "), out.starts_with("Logged in. "));
            out
        };
        let subject = principal().subject;
        for (principal, expected) in [
            (Ok(principal()), "Logged in as ops@plexsphere.example. Saved profile \"default\".\n".to_owned()),
            (
                Ok(Principal { email: None, ..principal() }),
                format!("Logged in as {subject}. Saved profile \"default\".\n"),
            ),
            (
                Ok(Principal { email: Some(String::new()), ..principal() }),
                format!("Logged in as {subject}. Saved profile \"default\".\n"),
            ),
            (Err(cause()), "Logged in. Saved profile \"default\".\n".to_owned()),
        ] {
            assert_eq!(said(principal), expected);
        }
    }

    #[test]
    fn no_name_forges_a_line() {
        let hostile = LoginOutcome {
            profile: ProfileName::new(HOSTILE).unwrap(),
            principal: Ok(Principal { email: Some(HOSTILE.into()), ..principal() }),
            ..outcome()
        };
        let shown = r#"a\t\u{1b}[2J\u{202e}"b"\n- c: [d]\u{85}é日本"#;
        assert_eq!(text(&hostile), (format!("Logged in as {shown}. Saved profile \"{shown}\".\n"), String::new()));
        let (data, _) = json(&hostile);
        assert!(data.contains(r#""profile": "a\t\u001b[2J\u202e\"b\"\n- c: [d]\u0085é日本","#), "{data}");
        assert_eq!(yaml(&hostile).0, data);
    }

    #[test]
    fn programs_read_every_key_in_its_order() {
        let (data, err) = json(&replaced(Some(id(ID)), "default-replaced", ReplacedState::Revoked));
        let expected = r#"{
  "profile": "default",
  "server": "https://plexsphere.example",
  "token_id": "0192f0c1-2345-7abc-8def-0123456789ab",
  "expires_at": "2026-11-25T13:46:00Z",
  "principal": {
    "principal_type": "user",
    "subject": "0192f0c1-0000-7000-8000-000000000001",
    "domain_id": "0192f0c1-0000-7000-8000-000000000002",
    "email": "ops@plexsphere.example"
  },
  "replaced": {
    "token_id": "0192f0c1-2345-7abc-8def-0123456789ab",
    "state": "revoked",
    "kept_as": null
  }
}
"#;
        assert_eq!((data.as_str(), err.as_str()), (expected, ""));
        let (data, _) = yaml(&replaced(Some(id(ID)), "default-replaced", ReplacedState::Revoked));
        let expected = "\
profile: default
server: https://plexsphere.example
token_id: 0192f0c1-2345-7abc-8def-0123456789ab
expires_at: \"2026-11-25T13:46:00Z\"
principal:
  principal_type: user
  subject: 0192f0c1-0000-7000-8000-000000000001
  domain_id: 0192f0c1-0000-7000-8000-000000000002
  email: ops@plexsphere.example
replaced:
  token_id: 0192f0c1-2345-7abc-8def-0123456789ab
  state: revoked
  kept_as: null
";
        assert_eq!(data, expected);
    }

    #[test]
    fn programs_read_null_for_what_is_not_known() {
        let least = LoginOutcome { token_id: None, expires_at: None, principal: Err(cause()), ..outcome() };
        let expected = r#"{
  "profile": "default",
  "server": "https://plexsphere.example",
  "token_id": null,
  "expires_at": null,
  "principal": null,
  "replaced": null
}
"#;
        assert_eq!(json(&least).0, expected);
    }

    fn not_cleared(revocation: Revocation) -> ReplacedState {
        ReplacedState::NotCleared { revocation, cause: cause() }
    }

    #[test]
    fn programs_read_what_became_of_the_replaced_token_and_where_it_still_is() {
        let kept_as = "default-replaced";
        for (token, state, expected) in [
            (Some(id(ID)), ReplacedState::Gone, ("gone", "null")),
            (Some(id(ID)), ReplacedState::Kept { cause: cause() }, ("kept", "\"default-replaced\"")),
            (None, ReplacedState::Kept { cause: cause() }, ("kept", "\"default-replaced\"")),
            (Some(id(ID)), not_cleared(Revocation::Revoked), ("revoked", "\"default-replaced\"")),
            (Some(id(ID)), not_cleared(Revocation::AlreadyGone), ("gone", "\"default-replaced\"")),
        ] {
            let shown = if token.is_some() { format!("\"{ID}\"") } else { "null".to_owned() };
            let (word, place) = expected;
            let expected = format!(
                "  \"replaced\": {{\n    \"token_id\": {shown},\n    \"state\": \"{word}\",\n    \"kept_as\": {place}\n  }}\n}}\n"
            );
            let (data, _) = json(&replaced(token, kept_as, state));
            assert!(data.ends_with(&expected), "{data}");
        }
    }

    #[test]
    fn everybody_is_warned_of_a_token_that_a_logout_cannot_end() {
        let mut outcome = LoginOutcome { token_id: None, ..outcome() };
        let warning = "warning: the token is not a session token, so plexctl logout cannot end it; ";
        assert_eq!(sentences(&outcome), format!("{warning}it expires at 2026-11-25T13:46:00Z\n"));
        outcome.expires_at = None;
        assert_eq!(sentences(&outcome), format!("{warning}it is not known when it expires\n"));
    }

    #[test]
    fn everybody_is_warned_where_the_server_did_not_say_who_is_logged_in() {
        let unknown = LoginOutcome { principal: Err(cause()), ..outcome() };
        assert_eq!(
            sentences(&unknown),
            "warning: the server did not say who is logged in: the summary could not be written: con\\nnection refused\n"
        );
    }

    #[test]
    fn a_replaced_session_that_is_over_needs_no_words() {
        for state in [ReplacedState::Revoked, ReplacedState::Gone] {
            let outcome = replaced(Some(id(ID)), "default-replaced", state);
            assert_eq!(text(&outcome).1, "The session that it replaced has ended.\n");
            assert_eq!(json(&outcome).1, "");
        }
    }

    #[test]
    fn everybody_is_warned_of_a_replaced_token_that_may_be_live_and_told_what_ends_it() {
        let kept = || ReplacedState::Kept { cause: cause() };
        let warned = |token: &str, place: &str, name: &str| {
            format!(
                "warning: the replaced token{token} may still be live{place}; it is kept as profile \"{name}\": the \
                 summary could not be written: con\\nnection refused\n"
            )
        };
        let name = format!("default-replaced-{ID}");
        let expected = warned(&format!(" {ID}"), " at https://old.example", &name)
            + &format!("hint: run `plexctl logout --profile {name}` to end that session\n");
        assert_eq!(sentences(&replaced(Some(id(ID)), &name, kept())), expected);

        let mut nowhere = replaced(Some(id(ID)), "-a b", kept());
        nowhere.replaced.as_mut().unwrap().token.origin = None;
        let expected =
            warned(&format!(" {ID}"), "", "-a b") + "hint: run `plexctl logout --profile='-a b'` to end that session\n";
        assert_eq!(sentences(&nowhere), expected);

        let expected = warned(", a token without an id,", " at https://old.example", "-a b")
            + "hint: once that token is dead, run `plexctl profiles forget --yes -- '-a b'`\n";
        assert_eq!(sentences(&replaced(None, "-a b", kept())), expected);
    }

    #[test]
    fn everybody_is_told_where_a_dead_token_may_still_be_stored() {
        let outcome = replaced(Some(id(ID)), "old", not_cleared(Revocation::Revoked));
        assert_eq!(
            sentences(&outcome),
            format!(
                "warning: the replaced token {ID} is dead, but may still be stored as profile \"old\": the summary \
                 could not be written: con\\nnection refused\n\
                 hint: run `plexctl logout --profile old` to remove it\n"
            )
        );
    }

    #[test]
    fn a_name_that_cannot_be_typed_is_not_part_of_a_command() {
        let (_, err) = text(&replaced(Some(id(ID)), "a\nb", ReplacedState::Kept { cause: cause() }));
        assert!(err.ends_with("hint: run `plexctl logout` for that profile to end that session\n"), "{err}");
    }
}
