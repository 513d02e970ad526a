//! What can be wrong with the config file.

use thiserror::Error;

use super::document::{Fault, Position};
use super::edit::EditError;
use super::private_file::OpenError;
use super::replace::ReplaceError;
use crate::domain::token::TokenError;

/// Everything that can be wrong with the config file. No variant carries any of its text.
#[derive(Debug, Error)]
pub(super) enum ConfigError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Document(#[from] Fault),
    #[error("{1}")]
    Token(Option<Position>, TokenError),
    #[error("the profile holds another token than a moment ago")]
    Superseded,
    #[error("it would be larger than 16 MiB")]
    Outgrown,
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
}

impl ConfigError {
    /// The place in the text that the error is about.
    pub(super) fn position(&self) -> Option<Position> {
        match self {
            Self::Document(fault) => fault.position,
            Self::Token(position, _) => *position,
            Self::Open(_) | Self::Superseded | Self::Outgrown | Self::Edit(_) | Self::Replace(_) => None,
        }
    }
}
