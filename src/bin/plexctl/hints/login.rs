//! Why a login failed, in words.

use plexctl::adapters::reporters::Label;
use plexctl::domain::session::ProfileName;
use plexctl::domain::timestamp::Timestamp;
use plexctl::domain::token::TokenId;
use plexctl::ports::chain::chain;
use plexctl::ports::login_outcome::ReplacedToken;
use plexctl::ports::store_error::StoreError;
use plexctl::ports::timer::AtRisk;
use plexctl::ports::token_issuer::BeginError;
use plexctl::use_cases::login::{Interruption, LoginError, NotIssued, NotKept, NotRevoked, StoredLogin};
use plexctl::use_cases::server::{ServerError, ServerSetting};

use thiserror::Error;

use super::server::FORM;
use super::{HintContext, request, store};
use crate::report::Failure;
use crate::retry_command::RetryCommand;
use crate::{stderr, terminal};

/// What is said wherever a poll may have brought a token that did not arrive.
const ANSWER_LOST: &str = "an earlier answer was lost, so a token may have been issued that nobody holds";

/// What to do about a token that nobody holds.
const HOMELESS_HINT: &str = "tell whoever runs the server to revoke it";

/// A failed login, with what its words need beside the error.
#[derive(Debug)]
pub struct LoginFailure {
    /// What failed.
    pub error: LoginError,
    /// The profile that was to hold the session.
    pub profile: ProfileName,
    /// What hints need beside the error.
    pub context: HintContext,
}

/// A sentence that stands for an error.
#[derive(Debug, Error)]
#[error("{0}")]
struct Sentence(String);

impl LoginFailure {
    /// The failure as it is reported.
    pub fn into_failure(self) -> Failure {
        let (sentence, hint) = self.words();
        let failure = Failure::new(&Sentence(sentence), self.error.kind(), self.error.facts(), hint);
        failure.of_profile(Some(self.profile))
    }

    /// The failure in words, and what to do about it.
    fn words(&self) -> (String, Option<String>) {
        match &self.error {
            LoginError::NotBegun(error) => self.not_begun(error),
            LoginError::Server { profile, source } => self.no_server(profile, source),
            LoginError::Begin { origin, source } => self.not_answered(origin, source),
            LoginError::NotIssued { origin, is_response_lost, source } => {
                self.not_issued(origin, *is_response_lost, source)
            }
            LoginError::NotStored { token, source } => (
                format!("nobody is logged in; {} was issued and is revoked: {}", named(token.id), keep_words(source)),
                Some(format!("once the cause is gone, run {} again", self.context.retry)),
            ),
            LoginError::LiveUnstored { token, revoking, source } => (
                format!(
                    "{} was issued by {}, could not be stored and may be live{}: {}; revoking it: {}",
                    named(token.id),
                    token.origin,
                    until(token.expires_at),
                    keep_words(source),
                    revoking_words(revoking)
                ),
                Some(HOMELESS_HINT.to_owned()),
            ),
            LoginError::Superseded { profile, token, revoking: None } => (
                format!("profile \"{profile}\" holds a newer session, which is kept; {} is revoked", named(token.id)),
                Some("another login was faster; log in to another profile with --profile-name".to_owned()),
            ),
            LoginError::Superseded { profile, token, revoking: Some(revoking) } => (
                format!(
                    "profile \"{profile}\" holds a newer session, which is kept; {} was issued by {} and may still be \
                     live{}: {}",
                    named(token.id),
                    token.origin,
                    until(token.expires_at),
                    revoking_words(revoking)
                ),
                Some(HOMELESS_HINT.to_owned()),
            ),
            LoginError::NotDurable { stored, source } => (
                format!("the login is complete, but may not survive a power cut: {}", keep_words(source)),
                stored.replaced.as_ref().map(replaced_hint),
            ),
            LoginError::NotAccepted { stored, source } => (
                format!(
                    "profile \"{}\" holds a session that {} does not accept: {}",
                    stored.profile,
                    stored.token.origin,
                    chain(source)
                ),
                Some(stored_hint(stored)),
            ),
            LoginError::OtherDomain { stored, asked_for, found } => (
                format!(
                    "profile \"{}\" holds a session that {} does not accept for domain {asked_for}: it is one of {}",
                    stored.profile,
                    stored.token.origin,
                    domain(found)
                ),
                Some(stored_hint(stored)),
            ),
            LoginError::Report(error) => {
                (format!("the login is complete, but its result could not be written: {}", chain(&*error.source)), None)
            }
            LoginError::Interrupted(interruption) => (of_interruption(interruption), None),
        }
    }

    fn not_begun(&self, error: &StoreError) -> (String, Option<String>) {
        let message = format!("no login was begun: {}", keep_words(error));
        let hint = match error {
            StoreError::Exposed { .. } => store::hint(error, &self.context).unwrap_or_default(),
            _ => format!("nothing was sent or changed; mend the cause and run {} again", self.context.retry),
        };
        (message, Some(hint))
    }

    fn no_server(&self, profile: &ProfileName, error: &ServerError) -> (String, Option<String>) {
        let (message, hint) = given_server(error, &self.context.retry);
        let message = match (error, &self.context.place_of_server) {
            (ServerError::Unusable { setting: ServerSetting::Stored, source, .. }, Some(place)) => {
                format!("the server of profile \"{profile}\" at {place} is not a usable URL: {source}")
            }
            _ => message,
        };
        (format!("no login was begun: {message}"), Some(hint))
    }

    fn not_answered(&self, origin: &str, error: &BeginError) -> (String, Option<String>) {
        let (cause, what) = match error {
            BeginError::Rejected { source } => {
                return (
                    format!("nobody is logged in: {source} ({origin})"),
                    Some("check --domain-id and --idp-binding-id".to_owned()),
                );
            }
            BeginError::Refused { source } => {
                return (format!("nobody is logged in: {source} ({origin})"), None);
            }
            BeginError::Unusable { source } => (source, "the server's answer cannot be used: "),
            BeginError::Unconfirmed { source }
            | BeginError::Unanswered { source }
            | BeginError::Unreached { source } => (source, ""),
        };
        let hint = request::hint(cause, Some(origin), &self.context);
        (format!("nobody is logged in: {what}{cause} ({origin})"), Some(hint))
    }

    fn not_issued(&self, origin: &str, is_response_lost: bool, error: &NotIssued) -> (String, Option<String>) {
        let again = format!("run {} again", self.context.retry);
        let (message, hint) = match error {
            NotIssued::Denied => ("nobody is logged in: the request was denied".to_owned(), None),
            NotIssued::NotApproved { cause, .. } => {
                let streak = cause.as_ref().map(|cause| format!(" ({origin}: {cause})"));
                (format!("nobody is logged in: {error}{}", streak.unwrap_or_default()), Some(again))
            }
            NotIssued::Rejected { source } => (format!("nobody is logged in: {source} ({origin})"), Some(again)),
            NotIssued::Refused { source } => (format!("nobody is logged in: {source} ({origin})"), None),
            NotIssued::Unusable { source } => {
                (format!("nobody is logged in: the server's answer cannot be used: {source} ({origin})"), Some(again))
            }
        };
        (if is_response_lost { format!("{message}; {ANSWER_LOST}") } else { message }, hint)
    }
}

/// What an interrupted login leaves, in one line.
pub fn of_interruption(interruption: &Interruption) -> String {
    let what = match interruption {
        Interruption::NotIssued { is_response_lost: false } => "nobody is logged in".to_owned(),
        Interruption::NotIssued { is_response_lost: true } => {
            "a token may have been issued that nobody holds".to_owned()
        }
        Interruption::Revoked { token } => {
            format!("nobody is logged in; {} was issued and is revoked", named(token.id))
        }
        Interruption::Stored(stored) => format!(
            "profile \"{}\" holds the new session{}",
            stored.profile,
            stored.replaced.as_ref().map(replaced_words).unwrap_or_default()
        ),
        Interruption::LiveUnstored { token, revoking, source } => format!(
            "{} was issued by {} and may be live{}: {}; revoking it: {}",
            named(token.id),
            token.origin,
            until(token.expires_at),
            not_kept_words(source),
            revoking_words(revoking)
        ),
    };
    format!("interrupted: {what}")
}

/// What to do after an interrupted login that leaves a token live.
pub fn interruption_hint(interruption: &Interruption) -> Option<String> {
    match interruption {
        Interruption::NotIssued { .. } | Interruption::Revoked { .. } => None,
        Interruption::Stored(stored) => Some(stored_hint(stored)),
        Interruption::LiveUnstored { .. } => Some(HOMELESS_HINT.to_owned()),
    }
}

/// What the second interruption has to say, since nobody will after it.
pub fn last_words(at_risk: &AtRisk) {
    match at_risk {
        AtRisk::Nothing => {}
        AtRisk::Response => terminal::line("interrupted: a token may have been issued that nobody holds"),
        AtRisk::Token(token) => {
            terminal::line(&format!(
                "interrupted: {} was issued by {} and may be live{}",
                named(token.id),
                token.origin,
                until(token.expires_at)
            ));
            terminal::note(Label::Hint, HOMELESS_HINT);
        }
    }
    stderr::flush();
}

/// What is wrong with a server that no token is stored for, and what to do about it.
fn given_server(error: &ServerError, retry: &RetryCommand) -> (String, String) {
    let must = format!("it must look like {FORM}");
    match error {
        ServerError::Unusable { setting: ServerSetting::Given, source, .. } => {
            (format!("--server is not a usable URL: {source}"), must)
        }
        ServerError::Unusable { setting: ServerSetting::Fallback, source, .. } => {
            (format!("PLEXSPHERE_URL is not a usable URL: {source}"), must)
        }
        ServerError::Unusable { setting: ServerSetting::Stored, source, .. } => (
            format!("the stored server is not a usable URL: {source}"),
            format!("{must}; mend it, or name another with --server, and run {retry} again"),
        ),
        ServerError::OtherOrigin { stored, given } => (
            format!("the profile holds a session of {stored}, and this one would be of {given}"),
            format!("choose another --profile-name, or replace that session: run {}", retry.but_with("--yes")),
        ),
        ServerError::Unknown => ("no server is known".to_owned(), "name it with --server or PLEXSPHERE_URL".to_owned()),
    }
}

/// A domain as its server names it, cut to size: a UUID has 36 characters.
fn domain(name: &str) -> String {
    const SHOWN: usize = 60;
    match name.char_indices().nth(SHOWN) {
        _ if name.is_empty() => "a domain without a name".to_owned(),
        Some((end, _)) => format!("domain {}…", &name[..end]),
        None => format!("domain {name}"),
    }
}

fn named(id: Option<TokenId>) -> String {
    id.map_or_else(|| "a token without an id".to_owned(), |id| format!("token {id}"))
}

fn until(expires_at: Option<Timestamp>) -> String {
    expires_at.map(|time| format!(" until {time}")).unwrap_or_default()
}

fn keep_words(error: &StoreError) -> String {
    match error {
        StoreError::Exposed { place, source } => format!("{place} is refused: {}", chain(&**source)),
        StoreError::Unusable { place, source } => format!("{place} cannot be used: {}", chain(&**source)),
        StoreError::NotStorable { place, source } => format!("nothing can be stored in {place}: {}", chain(&**source)),
        StoreError::NotWritten { place, source } | StoreError::NotDurable { place, source } => {
            format!("{place}: {}", chain(&**source))
        }
        error => chain(error),
    }
}

fn not_kept_words(error: &NotKept) -> String {
    match error {
        NotKept::Superseded => "the profile holds a newer session".to_owned(),
        NotKept::NotDurable { source, .. } => format!("it may not survive a power cut: {}", keep_words(source)),
        NotKept::NotSaved(source) => format!("it could not be stored: {}", keep_words(source)),
    }
}

fn revoking_words(error: &NotRevoked) -> String {
    match error {
        NotRevoked::WithoutId => "it has no id to revoke it by".to_owned(),
        NotRevoked::Failed(error) => chain(error),
    }
}

fn replaced_words(replaced: &ReplacedToken) -> String {
    let origin = replaced.origin.as_ref().map(|origin| format!(" at {origin}")).unwrap_or_default();
    let token = replaced.id.map_or_else(|| "token, a token without an id,".to_owned(), |id| format!("token {id}"));
    format!("; the replaced {token} may still be live{origin} and is kept as profile \"{}\"", replaced.kept_as)
}

fn replaced_hint(replaced: &ReplacedToken) -> String {
    format!(
        "the session that was replaced is kept as profile \"{0}\"; {1}",
        replaced.kept_as,
        ending(&replaced.kept_as, replaced.id)
    )
}

/// How a stored session is ended: by its id, or not by plexctl.
fn ending(profile: &ProfileName, id: Option<TokenId>) -> String {
    if id.is_some() {
        format!("to end it run {}", RetryCommand::another("logout").with("--profile", Some(profile.as_str())))
    } else {
        let forget = RetryCommand::another("profiles forget").of(profile);
        format!("its token has no id, so no logout can end it: run {forget} once it is known to be dead")
    }
}

/// What can be done with a session that its server does not accept.
fn stored_hint(stored: &StoredLogin) -> String {
    stored.replaced.as_ref().map_or_else(|| ending(&stored.profile, stored.token.id), replaced_hint)
}

#[cfg(test)]
mod tests {
    use plexctl::domain::token::SessionToken;

    use super::*;

    fn id() -> TokenId {
        SessionToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_q0w9e8r7t6y5").unwrap().id()
    }

    #[test]
    fn a_session_is_ended_by_its_id_and_one_without_is_forgotten_once_it_is_dead() {
        let profile = ProfileName::new("dev").unwrap();
        assert_eq!(ending(&profile, Some(id())), "to end it run `plexctl logout --profile dev`");
        assert_eq!(
            ending(&profile, None),
            "its token has no id, so no logout can end it: run `plexctl profiles forget dev` once it is known to be dead"
        );
    }

    #[test]
    fn a_replaced_token_is_named_in_a_whole_sentence() {
        let replaced = |id| ReplacedToken {
            id,
            origin: Some("https://h".to_owned()),
            kept_as: ProfileName::new("dev-replaced").unwrap(),
        };
        assert_eq!(
            replaced_words(&replaced(None)),
            "; the replaced token, a token without an id, may still be live at https://h and is kept as profile \
             \"dev-replaced\""
        );
        assert!(replaced_words(&replaced(Some(id()))).starts_with("; the replaced token 0192f0c1-"));
    }

    #[test]
    fn a_domain_is_cut_to_size_and_never_an_empty_word() {
        assert_eq!(domain("d"), "domain d");
        assert_eq!(domain(""), "a domain without a name");
        assert_eq!(domain(&"ä".repeat(61)), format!("domain {}…", "ä".repeat(60)));
    }
}
