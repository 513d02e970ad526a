//! What to do about a failed login.

use plexctl::adapters::reporters::{LIST_HINT, Label, shell};
use plexctl::domain::{IdpBinding, ProfileName, TokenId};
use plexctl::ports::{AtRisk, BindingChoice, ReplacedToken, RequestError};
use plexctl::use_cases::{LoginCause, LoginError, LoginState, NotIssued, ServerError, StoredLogin};

use super::identity_tokens::delete_hint;
use super::server::FORM;
use super::{HintContext, request, store};
use crate::retry_command::RetryCommand;
use crate::{stderr, terminal};

/// Where an operator finds the domain.
const DOMAIN_HINT: &str = "your administrator knows the domain, and `plexctl domain list` of plexsphere's own tool lists \
                           the domains";

/// What to do next. A token that may be live comes first, whatever the cause is.
pub fn hint(error: &LoginError, context: &HintContext) -> Option<String> {
    match (&*error.state, &*error.cause) {
        // Ending the token cannot wait; the cause of the failure can.
        (LoginState::Live { token, .. }, _) => Some(live_hint(token.id)),
        (LoginState::Nothing { is_response_lost: true }, _) => Some(LIST_HINT.to_owned()),
        // What can be done with a session that is stored, though its login failed.
        (LoginState::Stored(StoredLogin { replaced: Some(ReplacedToken { id, kept_as, .. }), .. }), _) => {
            let end = end_hint(kept_as, *id);
            Some(format!("the session that was replaced is kept as profile \"{kept_as}\"; {end}"))
        }
        (LoginState::Stored(_), LoginCause::NotDurable(_) | LoginCause::Report(_)) => None,
        (LoginState::Stored(stored), _) => Some(end_hint(&error.profile, stored.token.id)),
        (LoginState::Nothing { .. } | LoginState::Revoked(_), _) => cause_hint(error, context),
    }
}

/// What to do about the cause, where no token may be live.
fn cause_hint(error: &LoginError, context: &HintContext) -> Option<String> {
    let retry = &context.retry;
    match &*error.cause {
        LoginCause::Store(error) => store::hint(error, context),
        LoginCause::Missing { needs_domain, needs_server } => Some(match (needs_domain, needs_server) {
            (true, true) => format!("add --server URL and --domain-id UUID: {DOMAIN_HINT}"),
            (true, false) => format!("add --domain-id UUID: {DOMAIN_HINT}"),
            (false, _) => "add --server URL, or set PLEXSPHERE_URL".to_owned(),
        }),
        LoginCause::Server(ServerError::OtherOrigin { .. }) => {
            let replace = retry.but_with("--yes");
            Some(format!("choose another --profile-name, or replace that session: run {replace}"))
        }
        LoginCause::Server(_) => Some(format!("it must look like {FORM}")),
        LoginCause::Begin { error: begin, bindings } => begin_hint(error, begin, bindings, context),
        LoginCause::Overwritten
        | LoginCause::NotIssued(
            NotIssued::NotApproved { .. }
            | NotIssued::Failed(RequestError::Rejected { .. } | RequestError::Unusable { .. }),
        ) => Some(format!("run {retry} again")),
        LoginCause::Superseded(_) => {
            Some("another login was faster; log in to another profile with --profile-name".to_owned())
        }
        LoginCause::NotIssued(_)
        | LoginCause::Interrupted
        | LoginCause::NotDurable(_)
        | LoginCause::NotAccepted(_)
        | LoginCause::OtherDomain { .. }
        | LoginCause::Report(_) => None,
    }
}

fn begin_hint(
    error: &LoginError,
    begin: &RequestError,
    bindings: &[BindingChoice],
    context: &HintContext,
) -> Option<String> {
    let server = error.server.as_deref()?;
    match begin {
        RequestError::Refused { .. } => None,
        // Without problem details it may be another kind of server altogether.
        RequestError::Rejected { .. } if begin.call_error().response().is_some_and(|response| response.is_problem) => {
            Some(bindings_hint(bindings).unwrap_or_else(|| "check --domain-id and --idp-binding-id".to_owned()))
        }
        RequestError::Rejected { .. } => {
            Some(format!("check --server: {} may not be a plexsphere server", server.as_given()))
        }
        _ => Some(request::hint(begin, server, context)),
    }
}

/// What a second interruption says of the token that may be live, before it ends the process.
pub fn last_words(at_risk: &AtRisk) {
    match at_risk {
        AtRisk::Nothing => {}
        AtRisk::Response => {
            terminal::line("interrupted: a token may have been issued that is stored nowhere");
            terminal::note(Label::Hint, LIST_HINT);
        }
        AtRisk::Token(token) => {
            let until = token.expires_at.map(|time| format!(" until {time}")).unwrap_or_default();
            terminal::line(&format!("interrupted: {token} was issued by {} and may be live{until}", token.origin));
            terminal::note(Label::Hint, &live_hint(token.id));
        }
    }
    stderr::flush();
}

/// How to end a token that is stored nowhere.
fn live_hint(id: Option<TokenId>) -> String {
    match id {
        Some(id) => delete_hint(id),
        None => "ask the administrator of the server to revoke it".to_owned(),
    }
}

/// How to end a stored session. A logout needs the id of its token.
fn end_hint(profile: &ProfileName, id: Option<TokenId>) -> String {
    if id.is_some() {
        format!("to end it run {}", RetryCommand::another("logout").with("--profile", Some(profile.as_str())))
    } else {
        let forget = RetryCommand::another("profiles forget").of(profile).with_switch("--yes");
        format!("its token has no id, so no logout can end it: once it is dead, run {forget}")
    }
}

/// The bindings to choose from. `None` if none of them can be typed.
fn bindings_hint(bindings: &[BindingChoice]) -> Option<String> {
    let choices: Vec<String> = bindings.iter().filter_map(binding_choice).collect();
    (!choices.is_empty()).then(|| format!("choose a binding: {}", choices.join(", ")))
}

fn binding_choice(choice: &BindingChoice) -> Option<String> {
    let flag = match &choice.binding {
        IdpBinding::Alias(alias) => shell::flag("--idp-binding-alias", alias.as_str())?,
        IdpBinding::Id(id) => shell::flag("--idp-binding-id", &id.to_string())?,
    };
    let names: Vec<&str> =
        [choice.label.as_str(), choice.issuer_host.as_str()].into_iter().filter(|name| !name.is_empty()).collect();
    Some(if names.is_empty() { flag } else { format!("{flag} ({})", names.join(", ")) })
}

#[cfg(test)]
mod tests {
    use plexctl::domain::{BindingAlias, SessionToken};

    use super::*;

    fn id() -> TokenId {
        SessionToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_q0w9e8r7t6y5").unwrap().id()
    }

    #[test]
    fn logout_ends_a_session_by_its_id() {
        let profile = ProfileName::new("dev").unwrap();
        assert_eq!(end_hint(&profile, Some(id())), "to end it run `plexctl logout --profile dev`");
        assert_eq!(
            end_hint(&profile, None),
            "its token has no id, so no logout can end it: once it is dead, run `plexctl profiles forget --yes dev`"
        );
    }

    #[test]
    fn binding_hint_quotes_aliases_and_leaves_out_empty_names() {
        let choice = |alias: &str, label: &str, host: &str| BindingChoice {
            binding: IdpBinding::Alias(BindingAlias::parse(alias).unwrap()),
            label: label.to_owned(),
            issuer_host: host.to_owned(),
        };
        assert_eq!(
            bindings_hint(&[
                choice("google", "Google", "accounts.google.com"),
                choice("$(id)", "", ""),
                choice("-x", "", "h")
            ])
            .as_deref(),
            Some(
                "choose a binding: --idp-binding-alias google (Google, accounts.google.com), --idp-binding-alias \
                 '$(id)', --idp-binding-alias=-x (h)"
            )
        );
        assert_eq!(bindings_hint(&[]), None);
    }
}
