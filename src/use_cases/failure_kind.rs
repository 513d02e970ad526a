//! The kinds of failure: what a program tells failures apart by.

use super::exit_status::ExitStatus;
use crate::ports::request_error::RequestError;
use crate::ports::store_error::StoreError;

/// Why a command failed, for programs. The code stands in the JSON failure, the status is the process's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// A file that holds a credential is accessible to others.
    ConfigExposed,
    /// The config file cannot be read, understood or edited.
    ConfigUnusable,
    /// The credential is not of the kind that the command needs.
    NotASessionToken,
    /// No server is known.
    ServerUnknown,
    /// The server is not a valid URL.
    ServerUnusable,
    /// The server is not the one that issued the token.
    ServerMismatch,
    /// There is no credential to send.
    NoCredential,
    /// The server did not accept the credential.
    NotAuthenticated,
    /// The server understood the request and declined it.
    Refused,
    /// The server's response does not say that the request succeeded.
    Unconfirmed,
    /// The request may have arrived, but no response came back.
    Unanswered,
    /// The server was not reached.
    Unreached,
    /// The server's response is unusable.
    AnswerUnusable,
    /// An operator denied the login.
    Denied,
    /// The login was not approved in time.
    NotApproved,
    /// The result could not be stored.
    NotStored,
    /// Another login stored its session first.
    Superseded,
    /// The server does not accept the session that was stored.
    NotAccepted,
    /// The server knows the session that was stored, and declines it.
    SessionRefused,
    /// The token is dead, but still stored.
    NotCleared,
    /// The change may not survive a power loss.
    NotDurable,
    /// There is no profile of this name.
    NoSuchProfile,
    /// The command needs `--yes`.
    ConfirmationNeeded,
    /// The server knows no token with this id that belongs to the principal.
    NoSuchToken,
    /// There is no session for the program to run with.
    NoSession,
    /// There is no program of this name.
    CommandNotFound,
    /// The program cannot be executed.
    CommandNotExecutable,
    /// The outcome could not be written.
    NotReported,
    /// Anything else, such as a lack of descriptors.
    Internal,
}

impl FailureKind {
    /// The `code` of the JSON failure.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// How a command ends that fails so.
    #[must_use]
    pub fn exit_status(self) -> ExitStatus {
        self.row().1
    }

    fn row(self) -> (&'static str, ExitStatus) {
        match self {
            Self::ConfigExposed => ("config_exposed", ExitStatus::Exposed),
            Self::ConfigUnusable => ("config_unusable", ExitStatus::Failed),
            Self::NotASessionToken => ("not_a_session_token", ExitStatus::Unusable),
            Self::ServerUnknown => ("server_unknown", ExitStatus::Unusable),
            Self::ServerUnusable => ("server_unusable", ExitStatus::Unusable),
            Self::ServerMismatch => ("server_mismatch", ExitStatus::Unusable),
            Self::NoCredential => ("no_credential", ExitStatus::Unusable),
            Self::NotAuthenticated => ("not_authenticated", ExitStatus::Refused),
            Self::Refused => ("refused", ExitStatus::Refused),
            Self::Unconfirmed => ("unconfirmed", ExitStatus::Failed),
            Self::Unanswered => ("unanswered", ExitStatus::Failed),
            Self::Unreached => ("unreached", ExitStatus::Failed),
            Self::AnswerUnusable => ("answer_unusable", ExitStatus::Failed),
            Self::Denied => ("denied", ExitStatus::Refused),
            Self::NotApproved => ("not_approved", ExitStatus::Failed),
            Self::NotStored => ("not_stored", ExitStatus::Failed),
            Self::Superseded => ("superseded", ExitStatus::Failed),
            Self::NotAccepted => ("not_accepted", ExitStatus::Failed),
            // One code with two exit codes: 4 is what every refusal ends with, whatever is stored.
            Self::SessionRefused => ("not_accepted", ExitStatus::Refused),
            Self::NotCleared => ("not_cleared", ExitStatus::Failed),
            Self::NotDurable => ("not_durable", ExitStatus::Failed),
            Self::NoSuchProfile => ("no_such_profile", ExitStatus::Unusable),
            Self::ConfirmationNeeded => ("confirmation_needed", ExitStatus::Unusable),
            Self::NoSuchToken => ("no_such_token", ExitStatus::Failed),
            Self::NoSession => ("no_session", ExitStatus::Unusable),
            Self::CommandNotFound => ("command_not_found", ExitStatus::CommandNotFound),
            Self::CommandNotExecutable => ("command_not_executable", ExitStatus::CommandNotExecutable),
            Self::NotReported | Self::Internal => ("internal", ExitStatus::Failed),
        }
    }
}

/// The kind of a failure to read what is stored.
impl From<&StoreError> for FailureKind {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Exposed { .. } => Self::ConfigExposed,
            StoreError::NotASessionToken { .. } | StoreError::NotABearerToken { .. } => Self::NotASessionToken,
            _ => Self::ConfigUnusable,
        }
    }
}

impl From<&RequestError> for FailureKind {
    fn from(error: &RequestError) -> Self {
        match error {
            RequestError::NotAccepted { .. } => Self::NotAuthenticated,
            RequestError::Refused { .. } => Self::Refused,
            RequestError::Rejected { .. } | RequestError::Unconfirmed { .. } => Self::Unconfirmed,
            RequestError::NoSuchToken { .. } => Self::NoSuchToken,
            RequestError::Unusable { .. } => Self::AnswerUnusable,
            RequestError::Unanswered { .. } => Self::Unanswered,
            RequestError::Unreached { .. } => Self::Unreached,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_may_have_two_exit_statuses() {
        let kinds = [FailureKind::NotAccepted, FailureKind::SessionRefused];
        assert_eq!(kinds.map(FailureKind::code), ["not_accepted"; 2]);
        assert_eq!(kinds.map(FailureKind::exit_status), [ExitStatus::Failed, ExitStatus::Refused]);
    }
}
