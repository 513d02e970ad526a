//! What went wrong with a request to a server, in one form for every port that makes one.

use thiserror::Error;

/// Why a request to a server failed, or what the server's response said instead of what was asked for.
///
/// Its `Display` is the sentence for the operator: it names the step and a proxy, but not the server, which the
/// sentence around it names. A text becomes one by `into()`:
///
/// ```
/// use plexctl::ports::call_error::CallError;
///
/// let error: CallError = "no route to the host".into();
/// assert_eq!(error.to_string(), "no route to the host");
/// assert_eq!(error.response(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct CallError {
    // All three on the heap, since the error of every network port carries them.
    message: Box<str>,
    response: Option<Box<ResponseFacts>>,
    remedy: Option<Box<Remedy>>,
}

impl CallError {
    /// The same error with what the response said.
    #[must_use]
    pub fn with_response(self, response: ResponseFacts) -> Self {
        Self { response: Some(Box::new(response)), ..self }
    }

    /// The same error with what the operator can do about it.
    #[must_use]
    pub fn with_remedy(self, remedy: Option<Remedy>) -> Self {
        Self { remedy: remedy.map(Box::new), ..self }
    }

    /// What the response said, if there was one.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseFacts> {
        self.response.as_deref()
    }

    /// What the operator can do about it, if anything.
    #[must_use]
    pub fn remedy(&self) -> Option<&Remedy> {
        self.remedy.as_deref()
    }
}

impl From<String> for CallError {
    fn from(message: String) -> Self {
        Self { message: message.into(), response: None, remedy: None }
    }
}

impl From<&str> for CallError {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

/// What a program can read off the response that decided a run. Every text is fit to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseFacts {
    /// The HTTP status.
    pub status: u16,
    /// Whether there were problem details, so that it was the server itself that answered.
    pub is_problem: bool,
    /// The code of the problem details (RFC 9457), an extension of plexsphere.
    pub problem_code: Option<String>,
    /// The id under which the server logged the request.
    pub correlation_id: Option<String>,
}

/// What an operator can do about a failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Name credentials for the proxy.
    ProxyCredentials {
        /// The address of the proxy, as `http://HOST:PORT`.
        address: String,
        /// The variable that names the proxy.
        variable: String,
    },
    /// Trust the authority of the server's certificate.
    TrustAuthority,
    /// Install certificates to trust.
    InstallTrustStore,
    /// Replace the server's certificate, which is an authority's.
    ReplaceServerCertificate,
}
