//! Why the control plane did not do what it was asked for, in one form for every port to it.

use thiserror::Error;

use super::call_error::CallError;

/// Why a request to the control plane had no success.
///
/// The variant says what that means for what was asked, the source says what happened. Each port says which variants it
/// returns.
#[derive(Debug, Error)]
pub enum RequestError {
    /// The server does not accept the credential: it is revoked, expired or none of its own.
    #[error(transparent)]
    NotAccepted {
        /// What the server said.
        source: CallError,
    },
    /// The server understood and declined.
    #[error(transparent)]
    Refused {
        /// What the server said.
        source: CallError,
    },
    /// The server does not know what it was asked for, such as the domain or the binding of a login.
    #[error(transparent)]
    Rejected {
        /// What the server said.
        source: CallError,
    },
    /// The server knows no such token of this principal.
    #[error(transparent)]
    NoSuchToken {
        /// What the server said.
        source: CallError,
    },
    /// The server responded with something else, which does not say that the request succeeded.
    #[error(transparent)]
    Unconfirmed {
        /// What the server said, or what is wrong with it.
        source: CallError,
    },
    /// The server did what it was asked for, and its response cannot be used.
    #[error("the server's answer cannot be used")]
    Unusable {
        /// What is wrong with it.
        source: CallError,
    },
    /// The request may have reached the server, but no response came back: the outcome is unknown.
    #[error(transparent)]
    Unanswered {
        /// What happened instead.
        source: CallError,
    },
    /// The server could not be reached, and the credential was not sent.
    #[error(transparent)]
    Unreached {
        /// How far the attempt came, and what stopped it.
        source: CallError,
    },
}

impl RequestError {
    /// The failed request, whatever it means for what was asked.
    #[must_use]
    pub fn call_error(&self) -> &CallError {
        match self {
            Self::NotAccepted { source }
            | Self::Refused { source }
            | Self::Rejected { source }
            | Self::NoSuchToken { source }
            | Self::Unconfirmed { source }
            | Self::Unusable { source }
            | Self::Unanswered { source }
            | Self::Unreached { source } => source,
        }
    }
}
