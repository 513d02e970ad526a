//! What went wrong with a request to a server, in one form for every port that makes one.

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::BoxError;
use super::chain::chain;

/// Why a request to a server failed, or what the server's response said instead of what was asked for.
///
/// Its `Display` is the sentence for the operator: it names the step and a proxy, but not the server, which the
/// sentence around it names. A text becomes one by `into()`:
///
/// ```
/// use plexctl::ports::CallError;
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

/// The error with its sources, as one sentence. The ports of version 0.1 took such errors.
impl From<BoxError> for CallError {
    fn from(error: BoxError) -> Self {
        chain(&*error).into()
    }
}

/// The error without the number that the system knows it by.
impl From<io::Error> for CallError {
    fn from(error: io::Error) -> Self {
        chain(&error).into()
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

/// What can be done about a failed request, before it is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Give the proxy credentials.
    ProxyCredentials {
        /// The address of the proxy, as `http://HOST:PORT`.
        address: String,
        /// The variable that names the proxy.
        variable: String,
    },
    /// Correct the variable that names a proxy, or do without the proxy.
    FixProxy {
        /// The variable.
        variable: String,
    },
    /// Correct the host of the server.
    CheckHost,
    /// Start the server, or correct its port.
    CheckPort,
    /// Connect to the network, or let the connection through.
    CheckNetwork,
    /// Set this machine's clock.
    CheckClock,
    /// Trust the authority of the server's certificate.
    TrustAuthority,
    /// Install certificates to trust.
    InstallTrustStore,
    /// Give the server another certificate.
    ReplaceCertificate,
    /// Use `http://` for this server: the port has no TLS.
    UseHttp,
    /// Use `https://` for this server: the port has TLS.
    UseHttps,
    /// Check whether the URL is one of plexsphere.
    CheckServer,
    /// Use the URL that the server redirects to.
    FollowRedirect {
        /// The URL, fit to be shown.
        location: String,
    },
    /// Request it with another program: the response is larger than plexctl reads.
    UseOtherProgram,
    /// Wait.
    Wait {
        /// How long the server asks to wait.
        duration: Option<Duration>,
    },
}
