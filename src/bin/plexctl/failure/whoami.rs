//! Why it cannot be told who the operator is, in words.

use plexctl::ports::chain::chain;
use plexctl::ports::principal_reader::ReadError;
use plexctl::ports::reporter::CredentialSource;
use plexctl::use_cases::whoami::WhoamiError;

use super::credential::CredentialContext;
use super::hint_to_retry;

/// A failed whoami, with what its words need beside the error.
#[derive(Debug)]
pub struct WhoamiFailure {
    /// What failed.
    pub error: WhoamiError,
    /// What was typed, and what is stored.
    pub context: CredentialContext,
}

impl WhoamiFailure {
    /// The failure in words, and what to do about it. Nothing was changed, whatever failed.
    pub fn words(&self) -> (String, Option<String>) {
        match &self.error {
            WhoamiError::Credential(error) => self.context.words(error),
            WhoamiError::Read { credential, origin, source } => self.read_words(credential, origin, source),
            WhoamiError::Report(error) => (format!("the answer could not be written: {}", chain(&*error.source)), None),
        }
    }

    fn read_words(&self, credential: &CredentialSource, origin: &str, error: &ReadError) -> (String, Option<String>) {
        match error {
            ReadError::NotAccepted { .. } => self.context.words_of_not_accepted(credential, origin),
            ReadError::Refused { source } => (format!("{origin} refused to say who is logged in: {source}"), None),
            ReadError::Unusable { source } | ReadError::Unanswered { source } | ReadError::Unreached { source } => (
                format!("cannot tell who is logged in at {origin}: {source}"),
                Some(hint_to_retry(source, &self.context.again)),
            ),
        }
    }
}
