//! How a login fails, by the state that this leaves.

use thiserror::Error;

use super::poll::NotIssued;
use crate::domain::identifier::Identifier;
use crate::domain::issued_token::TokenFacts;
use crate::domain::session::ProfileName;
use crate::ports::failure_report::{FailureFacts, SessionState};
use crate::ports::login_outcome::ReplacedToken;
use crate::ports::principal_reader::ReadError;
use crate::ports::reporter::ReportError;
use crate::ports::store_error::StoreError;
use crate::ports::token_issuer::BeginError;
use crate::ports::token_revoker::RevokeError;
use crate::use_cases::exit_status::ExitStatus;
use crate::use_cases::failure_kind::FailureKind;
use crate::use_cases::server::ServerError;

/// Why a login failed. The variant says what state it leaves.
#[derive(Debug, Error)]
pub enum LoginError {
    /// The store cannot be used, or nothing can be stored there. Nothing was sent, nothing was changed.
    #[error("no login was begun")]
    NotBegun(#[source] StoreError),
    /// It is not clear which server to log in to. Nothing was sent, nothing was changed.
    #[error("no login was begun: no server for profile \"{profile}\"")]
    Server {
        /// The profile to log in to.
        profile: ProfileName,
        /// What is wrong with the server.
        source: ServerError,
    },
    /// The server did not begin a login, so no token exists. Nothing was changed.
    #[error("nobody is logged in at {origin}")]
    Begin {
        /// The origin of the server.
        origin: String,
        /// How the attempt ended.
        source: BeginError,
    },
    /// No token was issued that arrived. Nothing was changed.
    #[error("nobody is logged in")]
    NotIssued {
        /// The origin of the server.
        origin: String,
        /// Whether a poll may have issued a token that did not arrive.
        is_response_lost: bool,
        /// Why there is no token.
        source: NotIssued,
    },
    /// The token was issued, could not be stored, and is revoked. Nothing was changed.
    #[error("nobody is logged in; {} was issued and is revoked", named(token))]
    NotStored {
        /// The token that is dead.
        token: Box<TokenFacts>,
        /// Why it could not be stored.
        source: StoreError,
    },
    /// The token was issued, could not be stored, and is not known to be dead. Nothing was changed.
    #[error("{} was issued by {}, could not be stored and may be live{}", named(token), token.origin, until(token))]
    LiveUnstored {
        /// The token that may be live.
        token: Box<TokenFacts>,
        /// Why it is not known to be dead.
        revoking: NotRevoked,
        /// Why it could not be stored.
        source: StoreError,
    },
    /// The profile holds a session that was stored while this login ran, so the token was not stored.
    #[error("profile \"{profile}\" holds a newer session, which is kept")]
    Superseded {
        /// The profile.
        profile: ProfileName,
        /// The token of this login.
        token: Box<TokenFacts>,
        /// Why that token is not known to be dead; none means that it is revoked.
        #[source]
        revoking: Option<NotRevoked>,
    },
    /// The session is stored, but a power loss may undo that. What it replaced was left alone, since a power loss may
    /// bring that back, too.
    #[error("the login is complete, but may not survive a power loss")]
    NotDurable {
        /// What is stored.
        stored: Box<StoredLogin>,
        /// What could not be made durable.
        source: StoreError,
    },
    /// The session is stored, but the server does not accept it. What it replaced was left alone.
    #[error("profile \"{}\" holds a session that {} does not accept", stored.profile, stored.token.origin)]
    NotAccepted {
        /// What is stored.
        stored: Box<StoredLogin>,
        /// What the server said: [`ReadError::NotAccepted`] or [`ReadError::Refused`].
        source: ReadError,
    },
    /// The session is stored, but it is one of another domain. What it replaced was left alone.
    #[error("profile \"{}\" holds a session of domain {found}, not of {asked_for}", stored.profile)]
    OtherDomain {
        /// What is stored.
        stored: Box<StoredLogin>,
        /// The domain to log in to.
        asked_for: Identifier,
        /// The domain that the server named, unchecked.
        found: String,
    },
    /// All is done, but nobody was told.
    #[error("the login is complete")]
    Report(#[source] ReportError),
    /// The operator interrupted, and has to be told what that leaves.
    #[error("interrupted")]
    Interrupted(#[from] Interruption),
}

/// What an interrupted login leaves.
#[derive(Debug, Error)]
pub enum Interruption {
    /// No token has arrived. Nothing was changed.
    #[error("nobody is logged in")]
    NotIssued {
        /// Whether a poll may have issued a token that did not arrive.
        is_response_lost: bool,
    },
    /// The token was issued and is revoked. Nothing was changed.
    #[error("nobody is logged in; {} was issued and is revoked", named(token))]
    Revoked {
        /// The token that is dead.
        token: Box<TokenFacts>,
    },
    /// The session is stored. What it replaced was left alone, or was being ended.
    #[error("profile \"{}\" holds the new session", .0.profile)]
    Stored(Box<StoredLogin>),
    /// The token is not known to be dead, and either is not stored or may not stay so.
    #[error("{} was issued by {} and may be live{}", named(token), token.origin, until(token))]
    LiveUnstored {
        /// The token that may be live.
        token: Box<TokenFacts>,
        /// Why it is not known to be dead.
        revoking: NotRevoked,
        /// Why it is not stored for good.
        source: NotKept,
    },
}

/// A login that is stored, whatever else failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLogin {
    /// The profile that holds the session.
    pub profile: ProfileName,
    /// The token of the session.
    pub token: TokenFacts,
    /// The token that it replaced, which may be live.
    pub replaced: Option<ReplacedToken>,
}

/// Why a session is not stored for good.
#[derive(Debug, Error)]
pub enum NotKept {
    /// The profile holds a session that was stored meanwhile.
    #[error("the profile holds a newer session")]
    Superseded,
    /// It is stored, but a power loss may undo that.
    #[error("it may not survive a power loss")]
    NotDurable {
        /// What is stored.
        stored: Box<StoredLogin>,
        /// What could not be made durable.
        source: StoreError,
    },
    /// It could not be stored.
    #[error("it could not be stored")]
    NotSaved(#[source] StoreError),
}

/// Why a token that was issued is not known to be dead.
#[derive(Debug, Error)]
pub enum NotRevoked {
    /// It is not a session token, so there is no id to revoke it by.
    #[error("it has no id to revoke it by")]
    WithoutId,
    /// The server did not say that it is dead.
    #[error("revoking it failed")]
    Failed(#[source] RevokeError),
}

impl LoginError {
    /// The kind of failure, for programs. What ends the command after an [`Interrupted`](Self::Interrupted) is the
    /// signal itself; the kind counts only where that is impossible.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NotBegun(StoreError::Exposed { .. }) => FailureKind::ConfigExposed,
            Self::NotBegun(_) => FailureKind::ConfigUnusable,
            Self::Server { source, .. } => source.kind(),
            Self::Begin { source: BeginError::Refused { .. }, .. }
            | Self::NotIssued { source: NotIssued::Refused { .. }, .. } => FailureKind::Refused,
            Self::Begin { source: BeginError::Rejected { .. } | BeginError::Unconfirmed { .. }, .. }
            | Self::NotIssued { source: NotIssued::Rejected { .. }, .. } => FailureKind::Unconfirmed,
            Self::Begin { source: BeginError::Unusable { .. }, .. }
            | Self::NotIssued { source: NotIssued::Unusable { .. }, .. } => FailureKind::AnswerUnusable,
            Self::Begin { source: BeginError::Unanswered { .. }, .. } => FailureKind::Unanswered,
            Self::Begin { source: BeginError::Unreached { .. }, .. } => FailureKind::Unreached,
            Self::NotIssued { source: NotIssued::Denied, .. } => FailureKind::Denied,
            Self::NotIssued { source: NotIssued::NotApproved { .. }, .. } => FailureKind::NotApproved,
            Self::NotStored { .. } | Self::LiveUnstored { .. } => FailureKind::NotStored,
            Self::Superseded { .. } => FailureKind::Superseded,
            Self::NotDurable { .. } => FailureKind::NotDurable,
            Self::NotAccepted { source: ReadError::Refused { .. }, .. } => FailureKind::SessionRefused,
            Self::NotAccepted { .. } | Self::OtherDomain { .. } => FailureKind::NotAccepted,
            Self::Report(_) => FailureKind::NotReported,
            Self::Interrupted(_) => FailureKind::Internal,
        }
    }

    /// What the run was about, and what it leaves.
    #[must_use]
    pub fn facts(&self) -> FailureFacts {
        let of_server = |origin: &str| FailureFacts { server: Some(origin.to_owned()), ..FailureFacts::default() };
        let of_token =
            |token: &TokenFacts, session| FailureFacts { token_id: token.id, session, ..of_server(&token.origin) };
        match self {
            Self::NotStored { token, .. } | Self::Superseded { token, revoking: None, .. } => {
                of_token(token, SessionState::Revoked)
            }
            Self::LiveUnstored { token, .. } | Self::Superseded { token, .. } => of_token(token, SessionState::Kept),
            Self::NotDurable { stored, .. } | Self::NotAccepted { stored, .. } | Self::OtherDomain { stored, .. } => {
                of_token(&stored.token, SessionState::Kept)
            }
            Self::Begin { origin, .. } | Self::NotIssued { origin, .. } => of_server(origin),
            Self::Report(_) => FailureFacts { session: SessionState::Kept, ..FailureFacts::default() },
            Self::NotBegun(_) | Self::Server { .. } | Self::Interrupted(_) => FailureFacts::default(),
        }
    }

    /// How a command ends that fails so.
    #[must_use]
    pub fn ending(&self) -> ExitStatus {
        self.kind().exit_status()
    }
}

fn named(token: &TokenFacts) -> String {
    token.id.map_or_else(|| "a token without an id".to_owned(), |id| format!("token {id}"))
}

fn until(token: &TokenFacts) -> String {
    token.expires_at.map(|time| format!(" until {time}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timestamp::Timestamp;
    use crate::domain::token::SessionToken;

    fn source<T: From<&'static str>>() -> T {
        "said".into()
    }

    fn place() -> String {
        "memory".into()
    }

    fn token() -> TokenFacts {
        let token = SessionToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret").unwrap();
        let expires_at = Some(Timestamp::from(std::time::UNIX_EPOCH));
        TokenFacts { id: Some(token.id()), origin: "https://h".into(), expires_at }
    }

    fn stored() -> StoredLogin {
        StoredLogin { profile: ProfileName::new("dev").unwrap(), token: token(), replaced: None }
    }

    fn not_saved() -> StoreError {
        StoreError::NotWritten { place: place(), source: source() }
    }

    fn not_issued(source: NotIssued) -> LoginError {
        LoginError::NotIssued { origin: "https://h".into(), is_response_lost: false, source }
    }

    fn begin(source: BeginError) -> LoginError {
        LoginError::Begin { origin: "https://h".into(), source }
    }

    fn not_accepted(source: ReadError) -> LoginError {
        LoginError::NotAccepted { stored: Box::new(stored()), source }
    }

    #[test]
    fn every_failure_ends_as_its_row_says() {
        let profile = || ProfileName::new("dev").unwrap();
        let within = std::time::Duration::from_secs(600);
        let rows = [
            (LoginError::NotBegun(StoreError::Exposed { place: place(), source: source() }), ExitStatus::Exposed),
            (LoginError::NotBegun(StoreError::Unusable { place: place(), source: source() }), ExitStatus::Failed),
            (LoginError::NotBegun(StoreError::NotStorable { place: place(), source: source() }), ExitStatus::Failed),
            (LoginError::Server { profile: profile(), source: ServerError::Unknown }, ExitStatus::Unusable),
            (begin(BeginError::Rejected { source: source() }), ExitStatus::Failed),
            (begin(BeginError::Refused { source: source() }), ExitStatus::Refused),
            (begin(BeginError::Unconfirmed { source: source() }), ExitStatus::Failed),
            (begin(BeginError::Unusable { source: source() }), ExitStatus::Failed),
            (begin(BeginError::Unanswered { source: source() }), ExitStatus::Failed),
            (begin(BeginError::Unreached { source: source() }), ExitStatus::Failed),
            (not_issued(NotIssued::Denied), ExitStatus::Refused),
            (not_issued(NotIssued::NotApproved { within, cause: None }), ExitStatus::Failed),
            (not_issued(NotIssued::Rejected { source: source() }), ExitStatus::Failed),
            (not_issued(NotIssued::Refused { source: source() }), ExitStatus::Refused),
            (not_issued(NotIssued::Unusable { source: source() }), ExitStatus::Failed),
            (LoginError::NotStored { token: Box::new(token()), source: not_saved() }, ExitStatus::Failed),
            (
                LoginError::LiveUnstored {
                    token: Box::new(token()),
                    revoking: NotRevoked::WithoutId,
                    source: not_saved(),
                },
                ExitStatus::Failed,
            ),
            (
                LoginError::Superseded { profile: profile(), token: Box::new(token()), revoking: None },
                ExitStatus::Failed,
            ),
            (LoginError::NotDurable { stored: Box::new(stored()), source: not_saved() }, ExitStatus::Failed),
            (not_accepted(ReadError::NotAccepted { source: source() }), ExitStatus::Failed),
            (not_accepted(ReadError::Refused { source: source() }), ExitStatus::Refused),
            (LoginError::Report(ReportError { source: source() }), ExitStatus::Failed),
            (LoginError::Interrupted(Interruption::Revoked { token: Box::new(token()) }), ExitStatus::Failed),
        ];
        for (error, ending) in rows {
            assert_eq!(error.ending(), ending, "{error:?}");
        }
    }

    #[test]
    fn a_failure_after_the_token_was_issued_names_it() {
        let id = "0192f0c1-2345-7abc-8def-0123456789ab";
        let homeless = |token| LoginError::LiveUnstored {
            token: Box::new(token),
            revoking: NotRevoked::WithoutId,
            source: not_saved(),
        };
        let anonymous = || TokenFacts { id: None, expires_at: None, ..token() };
        for (error, words) in [
            (
                LoginError::NotStored { token: Box::new(token()), source: not_saved() },
                format!("nobody is logged in; token {id} was issued and is revoked"),
            ),
            (
                homeless(token()),
                format!(
                    "token {id} was issued by https://h, could not be stored and may be live until 1970-01-01T00:00:00Z"
                ),
            ),
            (
                homeless(anonymous()),
                "a token without an id was issued by https://h, could not be stored and may be live".to_owned(),
            ),
        ] {
            assert_eq!(error.to_string(), words);
        }
    }
}
