//! Why an edit was refused.

use thiserror::Error;

/// The edited text would not mean what was intended.
#[derive(Clone, Copy, Debug, Error)]
#[error("the profile cannot be edited so that the rest stays as it is")]
pub(in super::super) struct EditError;
