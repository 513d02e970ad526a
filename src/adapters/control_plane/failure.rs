//! What a failed call tells: how far it came, with whom, and the cause out of a closed set; and what a server answered
//! instead of what was asked for.
//!
//! The libraries' errors end where they meet this adapter: the files of `connect` and `http` translate
//! them into these types, which stand as the sources of the ports' errors. Whoever words a failure for operators
//! downcasts to them; their own `Display` is terse.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use thiserror::Error;

use super::problem::ProblemDetails;

/// A call that came to no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{phase} with {peer}: {cause}")]
pub struct CallFailure {
    /// How far the call came. What was asked was not sent before [`Phase::Answer`].
    pub phase: Phase,
    /// Whom that step was with.
    pub peer: Peer,
    /// What stopped it.
    pub cause: Cause,
}

impl CallFailure {
    /// Whether the server may have received what was asked.
    pub(super) fn may_have_arrived(&self) -> bool {
        match self.phase {
            Phase::Answer => true,
            Phase::ProxySetting | Phase::NameLookup | Phase::Connection | Phase::Tunnel | Phase::Tls => false,
        }
    }
}

/// A step on the way to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The choice of a proxy.
    ProxySetting,
    /// The look-up of the peer's addresses.
    NameLookup,
    /// TCP.
    Connection,
    /// The tunnel through a proxy (RFC 9110, section 9.3.6).
    Tunnel,
    /// The TLS handshake.
    Tls,
    /// The request and the wait for its answer: the server may have received it.
    Answer,
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ProxySetting => "proxy setting",
            Self::NameLookup => "name look-up",
            Self::Connection => "connection",
            Self::Tunnel => "tunnel",
            Self::Tls => "TLS handshake",
            Self::Answer => "exchange",
        })
    }
}

/// The other side of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The server, by its origin.
    Server(String),
    /// The proxy on the way to it.
    Proxy(ProxyName),
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(origin) => formatter.write_str(origin),
            Self::Proxy(proxy) => proxy.fmt(formatter),
        }
    }
}

/// What an operator knows a proxy by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyName {
    /// Where it listens: an `http` URL without credentials.
    pub address: String,
    /// The variable that named it, such as `HTTPS_PROXY`.
    pub variable: String,
}

impl fmt::Display for ProxyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.address, self.variable)
    }
}

/// What stopped a call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// The proxy setting that applies cannot be used. Its value stays out: it may hold a password.
    #[error("{variable} cannot be used: {problem}")]
    UnusableProxy {
        /// The variable that holds the setting.
        variable: String,
        /// What is wrong with it.
        problem: ProxyProblem,
    },
    /// There is no such name, or it has no address.
    #[error("no such name")]
    NameNotFound,
    /// Nobody listens there.
    #[error("refused")]
    Refused,
    /// There is no route to the network.
    #[error("network unreachable")]
    NetworkUnreachable,
    /// There is no route to the host.
    #[error("host unreachable")]
    HostUnreachable,
    /// The limit has passed.
    #[error("timed out after {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The connection was closed or reset.
    #[error("closed")]
    Closed,
    /// The proxy opened no tunnel. This is its own answer, and says nothing about the server.
    #[error("refused with {status}")]
    TunnelRefused {
        /// The number in the status line.
        status: u16,
        /// The standard phrase for it.
        reason: Option<&'static str>,
    },
    /// What came is not HTTP.
    #[error("not HTTP")]
    NotHttp,
    /// The answer's head has more than 64 KiB or more than 256 lines.
    #[error("head too large")]
    HeadTooLarge,
    /// What came is not TLS. It may be plain HTTP.
    #[error("not TLS")]
    NotTls,
    /// The server speaks no TLS from version 1.2 on.
    #[error("no TLS version in common")]
    TlsVersion,
    /// The server has no cipher suite or key in common with this client, which takes no P-521 keys.
    #[error("no TLS parameters in common")]
    TlsParameters,
    /// The server wants a certificate of the client, which has none.
    #[error("client certificate wanted")]
    ClientCertificate,
    /// The server ended the TLS connection with an alert.
    #[error("TLS refused")]
    TlsRefused,
    /// The server broke the rules of TLS.
    #[error("TLS violated")]
    TlsViolated,
    /// The certificate's authority is not in the trust store.
    #[error("unknown authority")]
    NotTrusted {
        /// A part of the trust store that could not be used, which may be why.
        store: Option<TrustStoreProblem>,
    },
    /// The certificate ended at this time.
    #[error("certificate expired")]
    Expired(SystemTime),
    /// The certificate begins at this time.
    #[error("certificate not valid yet")]
    NotYetValid(SystemTime),
    /// The certificate is for other names.
    #[error("certificate of another name")]
    WrongName {
        /// The host that was asked for.
        expected: String,
        /// The first host that the certificate is for, cut to 100 characters.
        presented: Option<String>,
        /// How many others it is for.
        others: usize,
    },
    /// No certificate can be for the server's name (RFC 5280, section 4.2.1.6).
    #[error("name not fit for a certificate")]
    UncertifiableName,
    /// The server shows an authority's certificate as its own (RFC 5280, section 4.2.1.9).
    #[error("certificate of an authority")]
    OwnCertificateIsCa,
    /// A key or a signature in the certificate chain is of a kind that this client does not take, such as P-521.
    #[error("certificate key not supported")]
    KeyType,
    /// The certificate is not meant for servers (RFC 5280, section 4.2.1.12).
    #[error("certificate of another purpose")]
    WrongPurpose,
    /// The certificate cannot be used otherwise: malformed, wrongly signed, or with rules that this client does not know.
    #[error("unusable certificate")]
    UnusableCertificate,
    /// There is nothing to trust.
    #[error("{0}")]
    TrustStore(TrustStoreProblem),
    /// Anything else that the system has words for, which these are.
    #[error("{0}")]
    System(String),
}

impl Cause {
    /// Translates what the system says of a connection.
    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::NetworkUnreachable => Self::NetworkUnreachable,
            io::ErrorKind::HostUnreachable => Self::HostUnreachable,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::System(system_words(error)),
        }
    }
}

/// What the system says, without the number that it goes by there.
pub(super) fn system_words(error: &io::Error) -> String {
    let words = error.to_string();
    words.rsplit_once(" (os error ").map_or(words.as_str(), |(words, _)| words).to_owned()
}

/// Why a proxy setting cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProxyProblem {
    /// It has another scheme than `http`.
    #[error("its scheme is not http")]
    Scheme,
    /// It is not the URL of a proxy.
    #[error("it is not a usable URL")]
    Url,
    /// An `@` stands behind the first `/`, `?` or `#`: a password with such a character, which needs percent-encoding.
    #[error("an @ stands behind a /, ? or #")]
    Unencoded,
    /// The program runs as a CGI script, where a client can set it (RFC 3875, section 4.1.18).
    #[error("a CGI client can set it")]
    Cgi,
}

/// Why the trust store, or a part of it, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TrustStoreProblem {
    /// It cannot be read.
    #[error("trust store {} unreadable: {words}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        words: String,
    },
    /// It is not a regular file, so that it could be read for ever.
    #[error("trust store {} not regular", .0.display())]
    NotRegular(PathBuf),
    /// Together with this file or directory, what has to be read is larger than 16 MiB.
    #[error("trust store {} too large", .0.display())]
    TooLarge(PathBuf),
    /// No certificate in this file can be used.
    #[error("trust store {} without certificate", .0.display())]
    NoCertificate(PathBuf),
    /// There is no certificate anywhere.
    #[error("trust store missing")]
    Missing,
}

/// Why the body of a success cannot be used at all. Nothing of it is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BodyFault {
    /// It is no JSON object (RFC 8259, section 4).
    #[error("it is not a JSON object")]
    NoObject,
    /// It ends too early, came too late, or is larger than 64 KiB.
    #[error("it breaks off")]
    BrokenOff,
}

/// An answer that is not what was asked for, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct UnexpectedResponse {
    /// The number in the status line.
    pub status: u16,
    /// The standard phrase for it; the server's own is not shown.
    pub reason: Option<&'static str>,
    /// The problem details in it.
    pub problem: Option<ProblemDetails>,
    /// The proxy that could read the request and answer it itself.
    pub proxy: Option<ProxyName>,
}

impl UnexpectedResponse {
    /// Tells whether a proxy may have answered in the server's place: it could, and nothing shows that it did not.
    pub(super) fn may_be_the_proxys(&self) -> bool {
        self.proxy.is_some() && self.problem.is_none()
    }
}

impl fmt::Display for UnexpectedResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "status {}", self.status)?;
        match &self.problem {
            Some(problem) => write!(formatter, ": {problem}"),
            None => Ok(()),
        }
    }
}
