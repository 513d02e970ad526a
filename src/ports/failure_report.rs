//! A failed run as data: what a program reads of it.

use std::error::Error;

use super::call_error::ResponseFacts;
use super::chain::chain;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::domain::token::TokenId;

/// A failure as data. People read it on standard error, in any format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureReport {
    /// The code that a program tells failures apart by, such as `unreached`.
    pub code: &'static str,
    /// What happened, on one line.
    pub message: String,
    /// What to do next, where that is not plain from the message.
    pub hint: Option<String>,
    /// What the run was about, and what it leaves.
    pub facts: FailureFacts,
}

/// What a failed run was about, as far as it is known, and what it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureFacts {
    /// The profile.
    pub profile: Option<ProfileName>,
    /// The server as it was given.
    pub server: Option<String>,
    /// The id of the token.
    pub token_id: Option<TokenId>,
    /// What the run leaves of the session.
    pub session: SessionState,
    /// The response that decided.
    pub response: Option<ResponseFacts>,
}

impl FailureReport {
    /// Words a failure: what the error and its sources say, then the identifiers that they do not name.
    #[must_use]
    pub fn new(error: &(dyn Error + 'static), code: &'static str, facts: FailureFacts, hint: Option<String>) -> Self {
        let mut message = chain(error);
        // An identifier that the sentence contains would only repeat it.
        let unnamed: Vec<_> = facts.identifiers().into_iter().filter(|name| !message.contains(name.as_str())).collect();
        if !unnamed.is_empty() {
            message = format!("{message} ({})", unnamed.join(", "));
        }
        Self { code, message, hint, facts }
    }
}

impl FailureFacts {
    /// What somebody who looks into the failure needs: the server, the token, and the id in the server's log.
    fn identifiers(&self) -> Vec<String> {
        // A server that cannot be parsed is shown as it was given.
        let origin = |server: &String| ServerUrl::parse(server).map_or_else(|_| server.clone(), |url| url.origin());
        let response = self.response.as_ref();
        let correlation_id = response.and_then(|response| response.correlation_id.as_ref());
        [
            // Before a request, a server that is named by nothing else is not to blame.
            self.server.as_ref().filter(|_| self.token_id.is_some() || response.is_some()).map(origin),
            self.token_id.map(|id| format!("token {id}")),
            correlation_id.map(|id| format!("correlation {id}")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// What a failed run leaves of the session that it was about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionState {
    /// The session as it was: no request was sent.
    #[default]
    Untouched,
    /// A stored session that is not known to be dead.
    Kept,
    /// A stored session that is dead.
    Revoked,
    /// Neither a live token nor a stored one.
    Ended,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::TokenId;
    use crate::ports::reporter::ReportError;

    #[test]
    fn names_each_identifier_once() {
        let id = "0192f0c1-2345-7abc-8def-0123456789ab";
        let response = ResponseFacts { correlation_id: Some("c-1".to_owned()), ..ResponseFacts::default() };
        let facts = FailureFacts {
            server: Some("https://h/base".to_owned()),
            token_id: Some(TokenId::parse(id).unwrap()),
            response: Some(response),
            ..FailureFacts::default()
        };
        let message = |source: String| {
            FailureReport::new(&ReportError { source: source.into() }, "internal", facts.clone(), None).message
        };
        let start = "the summary could not be written";
        assert_eq!(message("full".into()), format!("{start}: full (https://h, token {id}, correlation c-1)"));
        let named = format!("token {id} of https://h");
        assert_eq!(message(named.clone()), format!("{start}: {named} (correlation c-1)"));
    }
}
