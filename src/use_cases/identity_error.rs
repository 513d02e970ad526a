//! How a request with the operator's credential fails, whatever is asked about their identity.

use thiserror::Error;

use super::credential::{Credential, CredentialError};
use super::exit_status::ExitStatus;
use super::failure_kind::FailureKind;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::TokenId;
use crate::ports::chain::chain;
use crate::ports::failure_report::{FailureFacts, SessionState};
use crate::ports::reporter::{CredentialSource, ReportError};
use crate::ports::request_error::RequestError;

/// Why a request about the operator's identity or tokens failed.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// There is no usable credential or server. Nothing was sent.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The server declined, or it did not say that the request succeeded.
    #[error("{}", request_sentence(*request, credential, server, source))]
    Request {
        /// What was requested.
        request: IdentityRequest,
        /// The credential that was sent.
        credential: CredentialSource,
        /// Its id, if it is a session token.
        token_id: Option<TokenId>,
        /// The server that was asked.
        server: Box<ServerUrl>,
        /// What happened instead.
        source: RequestError,
    },
    /// What was asked for is done, but the outcome could not be written.
    #[error("the server has responded, but {}", chain(.0))]
    Report(ReportError),
}

/// What is requested of a server with the operator's credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityRequest {
    /// Who the operator is.
    Whoami,
    /// The list of the operator's tokens.
    ListTokens,
    /// The end of one of them.
    RevokeToken(TokenId),
}

fn request_sentence(
    request: IdentityRequest,
    credential: &CredentialSource,
    server: &ServerUrl,
    error: &RequestError,
) -> String {
    use IdentityRequest::{ListTokens, RevokeToken, Whoami};

    let origin = server.origin();
    match (error, request) {
        (RequestError::NotAccepted { .. }, _) => {
            format!("not logged in at {origin}: the token of {credential} is not accepted")
        }
        (RequestError::Refused { .. }, Whoami) => format!("{origin} refused to say who is logged in"),
        (RequestError::Refused { .. }, ListTokens) => format!("{origin} refused to list the tokens"),
        (RequestError::Refused { .. }, RevokeToken(id)) => {
            format!("{origin} refused to revoke token {id}, which may still be live")
        }
        (RequestError::NoSuchToken { .. }, RevokeToken(id)) => {
            format!("{origin} knows no token {id} of this principal: it is gone, or it belongs to another")
        }
        (_, Whoami) => format!("cannot tell who is logged in at {origin}"),
        (_, ListTokens) => format!("cannot list the tokens at {origin}"),
        (_, RevokeToken(id)) => format!("cannot revoke token {id} at {origin}, so it may still be live"),
    }
}

impl IdentityError {
    /// The failure of a request that was sent with a credential.
    pub(super) fn new(request: IdentityRequest, credential: &Credential, source: RequestError) -> Self {
        let Credential { source: credential, token, server, .. } = credential;
        let (credential, server) = (credential.clone(), Box::new(server.clone()));
        Self::Request { request, credential, token_id: token.id(), server, source }
    }

    /// The kind of failure, for programs.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Credential(error) => error.kind(),
            Self::Request { source, .. } => source.into(),
            Self::Report(_) => FailureKind::NotReported,
        }
    }

    /// What the run was about, and what it leaves.
    #[must_use]
    pub fn facts(&self) -> FailureFacts {
        let (request, credential, token_id, server, source) = match self {
            Self::Credential(error) => return error.facts(),
            Self::Report(_) => return FailureFacts::default(),
            Self::Request { request, credential, token_id, server, source } => {
                (request, credential, *token_id, server, source)
            }
        };
        let (token_id, session) = match request {
            IdentityRequest::Whoami | IdentityRequest::ListTokens => (token_id, SessionState::Untouched),
            IdentityRequest::RevokeToken(id) => (Some(*id), SessionState::Kept),
        };
        let (profile, server) = (credential.profile().cloned(), Some(server.as_given().to_owned()));
        let response = source.call_error().response().cloned();
        FailureFacts { profile, server, token_id, session, response }
    }

    /// How a command ends that fails so.
    #[must_use]
    pub fn ending(&self) -> ExitStatus {
        self.kind().exit_status()
    }
}
