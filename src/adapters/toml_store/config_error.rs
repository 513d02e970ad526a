//! What can be wrong with the config file.

use thiserror::Error;

use super::document::{Fault, Position};
use super::file::FileError;
use crate::domain::token::TokenError;

/// Everything that can be wrong with the config file. No variant carries any of its text.
#[derive(Debug, Error)]
pub(super) enum ConfigError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Document(#[from] Fault),
    #[error("{1}")]
    Token(Option<Position>, TokenError),
    #[error("the token of the profile has changed meanwhile")]
    Superseded,
    #[error("the profile cannot be edited so that the rest stays as it is")]
    Edit,
}

impl ConfigError {
    /// The place in the text that the error is about.
    pub(super) fn position(&self) -> Option<Position> {
        match self {
            Self::Document(fault) => fault.position,
            Self::Token(position, _) => *position,
            Self::File(_) | Self::Superseded | Self::Edit => None,
        }
    }
}
