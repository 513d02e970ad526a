//! How a session ends: revoked on the server first, cleared locally only then.
//!
//! A token that may still be live is never forgotten. So everything that could go wrong locally is checked before the
//! request, and the stored profile is kept unless the token is known to be dead.

use std::fmt;

use thiserror::Error;

use super::server_url::{ServerUrl, ServerUrlError};
use super::session::{ProfileName, Selection, Session};
use super::token::TokenId;
use crate::ports::credential_store::{CredentialStore, StoreError};
use crate::ports::reporter::{LogoutOutcome, ReportError, Reporter};
use crate::ports::token_revoker::{RevokeError, TokenRevoker};

/// What the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// The session to end.
    pub selection: Selection,
    /// The server that the operator named. It never redirects a stored token: it stands in for a profile that stores
    /// no server, and otherwise has to be of the same origin.
    pub server_flag: Option<String>,
    /// The server for a profile that stores none, where the operator named none either.
    pub server_fallback: Option<String>,
}

/// Ends the selected session.
pub struct LogoutUseCase<'a> {
    store: &'a dyn CredentialStore,
    revoker: &'a dyn TokenRevoker,
    reporter: &'a mut dyn Reporter,
}

impl<'a> LogoutUseCase<'a> {
    /// Wires the use case to its ports.
    pub fn new(store: &'a dyn CredentialStore, revoker: &'a dyn TokenRevoker, reporter: &'a mut dyn Reporter) -> Self {
        Self { store, revoker, reporter }
    }

    /// Revokes the session's token on the server, then removes the stored profile, then reports.
    ///
    /// # Errors
    ///
    /// - [`LogoutError::Load`] and [`LogoutError::Server`]: nothing was sent, nothing was changed.
    /// - [`LogoutError::Revoke`]: the token may still be live, so nothing was changed.
    /// - [`LogoutError::Clear`]: the token is dead; its source says what became of the profile.
    /// - [`LogoutError::Report`]: all is done, but the outcome could not be told.
    pub async fn execute(&mut self, request: &LogoutRequest) -> Result<LogoutOutcome, LogoutError> {
        let Some(session) = self.store.find(&request.selection).map_err(LogoutError::Load)? else {
            return self.report(LogoutOutcome::NoSession);
        };
        let server = server_in_use(&session, request)?;
        self.store.rehearse_clear(&session).map_err(LogoutError::Load)?;

        // Either answer means that the token is dead, and only a dead token may be forgotten.
        let revocation = self.revoker.revoke(&server, &session.token).await.map_err(|source| LogoutError::Revoke {
            profile: session.profile.clone(),
            id: session.token.id(),
            origin: server.origin(),
            source,
        })?;

        let clearing =
            self.store.clear(&session).map_err(|source| LogoutError::Clear { id: session.token.id(), source })?;
        self.report(LogoutOutcome::LoggedOut { profile: session.profile, server, revocation, clearing })
    }

    fn report(&mut self, outcome: LogoutOutcome) -> Result<LogoutOutcome, LogoutError> {
        self.reporter.report(&outcome).map_err(LogoutError::Report)?;
        Ok(outcome)
    }
}

/// Decides which server may see the token: the stored one. Others count only where none is stored.
fn server_in_use(session: &Session, request: &LogoutRequest) -> Result<ServerUrl, LogoutError> {
    let parse = |text: &String, setting| {
        ServerUrl::parse(text.as_str()).map_err(|source| ServerError::Unusable { setting, source })
    };
    let choose = || match (&session.server, &request.server_flag, &request.server_fallback) {
        (Some(stored), flag, _) => {
            let stored = parse(stored, ServerSetting::Stored)?;
            let Some(flag) = flag else { return Ok(stored) };
            let flag = parse(flag, ServerSetting::Given)?;
            if flag.same_origin(&stored) {
                Ok(stored)
            } else {
                Err(ServerError::OtherOrigin { stored: stored.origin(), given: flag.origin() })
            }
        }
        (None, Some(flag), _) => parse(flag, ServerSetting::Given),
        (None, None, Some(fallback)) => parse(fallback, ServerSetting::Fallback),
        (None, None, None) => Err(ServerError::Unknown),
    };
    choose().map_err(|source| LogoutError::Server { profile: session.profile.clone(), source })
}

/// Why a logout failed. The variant says what state it leaves.
#[derive(Debug, Error)]
pub enum LogoutError {
    /// The stored session cannot be used. Nothing was sent, nothing was changed.
    #[error("no session was ended")]
    Load(#[source] StoreError),
    /// It is not clear to which server the token may go. Nothing was sent, nothing was changed.
    #[error("no session was ended: no server for profile \"{profile}\"")]
    Server {
        /// The selected profile.
        profile: ProfileName,
        /// What is wrong with the server.
        source: ServerError,
    },
    /// The token is not known to be dead, so the profile was kept.
    #[error("token {id} may still be live at {origin}, so profile \"{profile}\" is kept")]
    Revoke {
        /// The selected profile.
        profile: ProfileName,
        /// The token that may still be live.
        id: TokenId,
        /// The origin of the server that issued it.
        origin: String,
        /// How the attempt to revoke it ended.
        source: RevokeError,
    },
    /// The token is dead, but the profile is still stored, or its removal may not last.
    #[error("token {id} is revoked on the server")]
    Clear {
        /// The token that is dead.
        id: TokenId,
        /// What became of the profile.
        source: StoreError,
    },
    /// The logout is complete, but nobody was told.
    #[error("the logout is complete")]
    Report(#[source] ReportError),
}

/// Why there is no server to which the token may go.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The server that would be used is not a usable URL.
    #[error("the {setting} server is not a usable URL")]
    Unusable {
        /// Where the text came from; the text itself may hold a password and stays out.
        setting: ServerSetting,
        /// Which part of the rule it breaks.
        source: ServerUrlError,
    },
    /// The operator named another origin than the one that issued the token.
    #[error("the given server {given} is not {stored}, which issued the token")]
    OtherOrigin {
        /// The origin that issued the token.
        stored: String,
        /// The origin that the operator named.
        given: String,
    },
    /// The profile stores no server, and none was given.
    #[error("the profile stores none and none was given")]
    Unknown,
}

/// Where a server's text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerSetting {
    /// The profile.
    Stored,
    /// The operator, for this logout.
    Given,
    /// The operator, for every profile without a server.
    Fallback,
}

impl fmt::Display for ServerSetting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Stored => "stored",
            Self::Given => "given",
            Self::Fallback => "fallback",
        })
    }
}
