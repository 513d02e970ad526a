//! A call without a response: how far it came, with whom, and the cause out of a closed set.
//!
//! The libraries' errors end where they meet this adapter, in a cause of this closed set. Its `Display` is the phrase
//! that operators read: it names the step and a proxy, but not the server, which the sentence around it names.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use thiserror::Error;

use crate::domain::server_url::Scheme;
use crate::ports::call_error::{CallError, Remedy};
use crate::ports::request_error::RequestError;

/// A call that came to no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) struct CallFailure {
    /// How far the call came. What was asked was not sent before [`Phase::Answer`].
    pub(crate) phase: Phase,
    /// The scheme of the server.
    pub(crate) scheme: Scheme,
    /// The proxy, if that step was with it and not with the server.
    pub(crate) proxy: Option<ProxyName>,
    /// What stopped it.
    pub(crate) cause: Cause,
}

impl CallFailure {
    /// Whether the server may have received what was asked.
    pub(crate) fn may_have_arrived(&self) -> bool {
        match self.phase {
            Phase::Answer => true,
            Phase::ProxySetting | Phase::NameLookup | Phase::Connection | Phase::Tunnel | Phase::Tls => false,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match (&self.proxy, &self.cause) {
            (_, Cause::UnusableProxy { variable, .. }) => Some(Remedy::FixProxy { variable: variable.clone() }),
            (Some(proxy), Cause::TunnelRefused(407)) => Some(proxy.asks_for_credentials()),
            // Whatever else goes wrong with a proxy, only its variable is the operator's to correct.
            (Some(proxy), _) => Some(Remedy::FixProxy { variable: proxy.variable.clone() }),
            (None, cause) => match cause {
                Cause::NotTrusted { .. } => Some(Remedy::TrustAuthority),
                Cause::TrustStore(_) => Some(Remedy::InstallTrustStore),
                Cause::NotYetValid(_) => Some(Remedy::CheckClock),
                Cause::Expired(_) | Cause::OwnCertificateIsCa | Cause::WrongPurpose | Cause::UnusableCertificate => {
                    Some(Remedy::ReplaceCertificate)
                }
                Cause::NotTls => Some(Remedy::UseHttp),
                // What a port with TLS sends to a plain request is an alert, which is no HTTP.
                Cause::NotHttp if self.scheme == Scheme::Http => Some(Remedy::UseHttps),
                Cause::NameNotFound | Cause::WrongName { .. } | Cause::UncertifiableName => Some(Remedy::CheckHost),
                Cause::Refused => Some(Remedy::CheckPort),
                Cause::NetworkUnreachable | Cause::HostUnreachable => Some(Remedy::CheckNetwork),
                // A firewall that drops packets looks like this. After a request the server is slow instead.
                Cause::TimedOut(_) if self.phase != Phase::Answer => Some(Remedy::CheckNetwork),
                Cause::TimedOut(_) | Cause::Closed => Some(Remedy::Wait { duration: None }),
                Cause::NotHttp | Cause::HeadTooLarge => Some(Remedy::CheckServer),
                _ => None,
            },
        }
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, proxy, cause, .. } = self;
        // Only a proxy has to be named: the server is the one that the whole sentence is about.
        let with = |preposition| proxy.as_ref().map(|proxy| format!(" {preposition} {proxy}")).unwrap_or_default();
        match (phase, cause, proxy) {
            (Phase::ProxySetting, _, _) | (Phase::Tls, Cause::TrustStore(_), _) => cause.fmt(formatter),
            (Phase::NameLookup, _, _) => write!(formatter, "cannot look up the host{}: {cause}", with("of")),
            (Phase::Connection, _, _) => write!(formatter, "cannot connect{}: {cause}", with("to")),
            (Phase::Tunnel, Cause::TunnelRefused(_), Some(proxy)) => {
                write!(formatter, "{proxy} refused the tunnel: {cause}")
            }
            (Phase::Tunnel, _, _) => write!(formatter, "cannot open a tunnel{}: {cause}", with("through")),
            (Phase::Tls, _, _) => write!(formatter, "TLS handshake failed: {cause}"),
            (Phase::Answer, Cause::TimedOut(limit), _) => {
                write!(formatter, "no response{} within {} s", with("from"), limit.as_secs())
            }
            (Phase::Answer, Cause::Closed, _) => {
                write!(formatter, "the connection{} was closed before a response", with("to"))
            }
            (Phase::Answer, Cause::NotHttp | Cause::HeadTooLarge, _) => write!(formatter, "{cause}{}", with("from")),
            (Phase::Answer, _, _) => write!(formatter, "no response{}: {cause}", with("from")),
        }
    }
}

impl From<CallFailure> for CallError {
    fn from(failure: CallFailure) -> Self {
        Self::from(failure.to_string()).with_remedy(failure.remedy())
    }
}

impl From<CallFailure> for RequestError {
    fn from(failure: CallFailure) -> Self {
        if failure.may_have_arrived() {
            Self::Unanswered { source: failure.into() }
        } else {
            Self::Unreached { source: failure.into() }
        }
    }
}

/// A step on the way to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
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

/// What an operator knows a proxy by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyName {
    /// Where it listens: an `http` URL without credentials.
    pub(crate) address: String,
    /// The variable that named it, such as `HTTPS_PROXY`.
    pub(crate) variable: String,
}

impl ProxyName {
    pub(crate) fn asks_for_credentials(&self) -> Remedy {
        Remedy::ProxyCredentials { address: self.address.clone(), variable: self.variable.clone() }
    }
}

impl fmt::Display for ProxyName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the proxy {} ({})", self.address, self.variable)
    }
}

/// What stopped a call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Cause {
    /// The proxy setting that applies cannot be used. Its value stays out: it may hold a password.
    #[error("{variable} {problem}")]
    UnusableProxy {
        /// The variable that holds the setting.
        variable: String,
        /// What is wrong with it.
        problem: ProxyProblem,
    },
    /// There is no such name, or it has no address.
    #[error("no such host")]
    NameNotFound,
    /// No program listens there.
    #[error("connection refused")]
    Refused,
    /// There is no route to the network.
    #[error("the network is unreachable")]
    NetworkUnreachable,
    /// There is no route to the host.
    #[error("no route to the host")]
    HostUnreachable,
    /// The limit has passed.
    #[error("timed out after {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The connection was closed or reset.
    #[error("the connection was closed")]
    Closed,
    /// The proxy opened no tunnel. This is its own answer, and says nothing about the server.
    #[error("{}", status_line(*.0))]
    TunnelRefused(u16),
    /// What came is not HTTP.
    #[error("the response is not HTTP")]
    NotHttp,
    /// The answer's head has more than 64 KiB or more than 256 lines.
    #[error("the header of the response is larger than 64 KiB or 256 lines")]
    HeadTooLarge,
    /// What came is not TLS. It may be plain HTTP.
    #[error("the port does not use TLS")]
    NotTls,
    /// The server does not support TLS 1.2 or newer.
    #[error("the server does not support TLS 1.2 or newer")]
    TlsVersion,
    /// The server has no cipher suite or key in common with this client, which takes no P-521 keys.
    #[error("no common cipher suite or key type (P-521 keys are not supported)")]
    TlsParameters,
    /// The server wants a certificate of the client, which has none.
    #[error("the server requires a client certificate, which plexctl does not support")]
    ClientCertificate,
    /// The server ended the TLS connection with an alert.
    #[error("the server aborted it")]
    TlsRefused,
    /// The server broke the rules of TLS.
    #[error("the server violated the TLS protocol")]
    TlsViolated,
    /// The certificate's authority is not in the trust store.
    #[error("the certificate was issued by an unknown authority{}", and(store.as_ref()))]
    NotTrusted {
        /// A part of the trust store that could not be used, which may be why.
        store: Option<TrustStoreProblem>,
    },
    /// The certificate ended at this time.
    #[error("the certificate expired on {}", date(*.0))]
    Expired(SystemTime),
    /// The certificate begins at this time.
    #[error("the certificate is not valid before {}", date(*.0))]
    NotYetValid(SystemTime),
    /// The certificate is for other names.
    #[error("the certificate {}for {expected}", presented_names(presented.as_deref(), *others))]
    WrongName {
        /// The host that was asked for.
        expected: String,
        /// The first host that the certificate is for, cut to 100 characters.
        presented: Option<String>,
        /// How many others it is for.
        others: usize,
    },
    /// No certificate can be for the server's name (RFC 5280, section 4.2.1.6).
    #[error("no certificate can be valid for the server's name")]
    UncertifiableName,
    /// The server shows an authority's certificate as its own (RFC 5280, section 4.2.1.9).
    #[error("the server presents a CA certificate (CA:TRUE) as its own")]
    OwnCertificateIsCa,
    /// A key or a signature in the certificate chain is of a kind that this client does not take, such as P-521.
    #[error("the certificate chain has an unsupported key type, such as P-521")]
    KeyType,
    /// The certificate is not meant for servers (RFC 5280, section 4.2.1.12).
    #[error("the certificate is not for servers")]
    WrongPurpose,
    /// The certificate cannot be used otherwise: malformed, wrongly signed, or with rules that this client does not know.
    #[error("the certificate is malformed or unsupported")]
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
    pub(crate) fn of_io(error: &io::Error) -> Self {
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
pub(crate) fn system_words(error: &io::Error) -> String {
    let words = error.to_string();
    words.rsplit_once(" (os error ").map_or(words.as_str(), |(words, _)| words).to_owned()
}

/// Why a proxy setting cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum ProxyProblem {
    /// It has another scheme than `http`.
    #[error("is unusable: only http:// proxies work (NO_PROXY lists hosts that need none)")]
    Scheme,
    /// It is not the URL of a proxy.
    #[error("is not a valid http:// URL of a proxy (NO_PROXY lists hosts that need none)")]
    Url,
    /// An `@` stands behind the first `/`, `?` or `#`: a password with such a character, which needs percent-encoding.
    #[error("is not a valid URL: in a password, / ? # and @ must be percent-encoded (%2F %3F %23 %40)")]
    Unencoded,
    /// The program runs as a CGI script, where a client can set it (RFC 3875, section 4.1.18).
    #[error("is refused while REQUEST_METHOD is set (NO_PROXY lists hosts that need none)")]
    Cgi,
}

/// Why the trust store, or a part of it, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum TrustStoreProblem {
    /// It cannot be read.
    #[error("the trust store {} cannot be read: {words}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        words: String,
    },
    /// It is not a regular file, so that it could be read for ever.
    #[error("the trust store {} is not a regular file", .0.display())]
    NotRegular(PathBuf),
    /// Together with this file or directory, what has to be read is larger than 16 MiB.
    #[error("the trust store {} is larger than 16 MiB", .0.display())]
    TooLarge(PathBuf),
    /// No certificate in this file can be used.
    #[error("the trust store {} has no usable certificate", .0.display())]
    NoCertificate(PathBuf),
    /// There is no certificate anywhere.
    #[error("the system has no trust store")]
    Missing,
}

/// The number in a status line and the standard phrase for it; the server's own is not shown.
pub(crate) fn status_line(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string().chars().take("2020-01-01".len()).collect()
}

fn and(store: Option<&TrustStoreProblem>) -> String {
    store.map(|problem| format!(", and {problem}")).unwrap_or_default()
}

/// The names of a certificate, up to where the requested name follows.
fn presented_names(first: Option<&str>, others: usize) -> String {
    match (first, others) {
        (None, _) => "names no host, so it is not valid ".to_owned(),
        (Some(name), 0) => format!("is for {name}, not "),
        (Some(name), others) => format!("is for {name} and {others} more, not "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> ProxyName {
        ProxyName { address: "http://127.0.0.1:3128".to_owned(), variable: "HTTPS_PROXY".to_owned() }
    }

    fn failure(phase: Phase, cause: Cause) -> CallFailure {
        CallFailure { phase, scheme: Scheme::Https, proxy: None, cause }
    }

    fn through_proxy(phase: Phase, cause: Cause) -> CallFailure {
        CallFailure { proxy: Some(proxy()), ..failure(phase, cause) }
    }

    fn day(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Every cause but those of TLS, in a phase that it can strike.
    fn failures() -> Vec<(CallFailure, &'static str)> {
        let unusable = |problem| Cause::UnusableProxy { variable: "HTTP_PROXY".to_owned(), problem };
        let ten = Cause::TimedOut(Duration::from_secs(10));
        vec![
            (
                failure(Phase::ProxySetting, unusable(ProxyProblem::Scheme)),
                "HTTP_PROXY is unusable: only http:// proxies work (NO_PROXY lists hosts that need none)",
            ),
            (
                failure(Phase::ProxySetting, unusable(ProxyProblem::Url)),
                "HTTP_PROXY is not a valid http:// URL of a proxy (NO_PROXY lists hosts that need none)",
            ),
            (
                failure(Phase::ProxySetting, unusable(ProxyProblem::Cgi)),
                "HTTP_PROXY is refused while REQUEST_METHOD is set (NO_PROXY lists hosts that need none)",
            ),
            (failure(Phase::NameLookup, Cause::NameNotFound), "cannot look up the host: no such host"),
            (
                through_proxy(Phase::NameLookup, Cause::System("Temporary failure in name resolution".to_owned())),
                "cannot look up the host of the proxy http://127.0.0.1:3128 (HTTPS_PROXY): Temporary failure in name \
                 resolution",
            ),
            (failure(Phase::Connection, Cause::Refused), "cannot connect: connection refused"),
            (failure(Phase::Connection, Cause::NetworkUnreachable), "cannot connect: the network is unreachable"),
            (failure(Phase::Connection, Cause::HostUnreachable), "cannot connect: no route to the host"),
            (failure(Phase::Connection, ten), "cannot connect: timed out after 10 s"),
            (
                through_proxy(Phase::Connection, Cause::Refused),
                "cannot connect to the proxy http://127.0.0.1:3128 (HTTPS_PROXY): connection refused",
            ),
            (
                through_proxy(Phase::Tunnel, Cause::TunnelRefused(403)),
                "the proxy http://127.0.0.1:3128 (HTTPS_PROXY) refused the tunnel: 403 Forbidden",
            ),
            (
                through_proxy(Phase::Tunnel, Cause::TunnelRefused(599)),
                "the proxy http://127.0.0.1:3128 (HTTPS_PROXY) refused the tunnel: 599",
            ),
            (
                through_proxy(Phase::Tunnel, Cause::Closed),
                "cannot open a tunnel through the proxy http://127.0.0.1:3128 (HTTPS_PROXY): the connection was closed",
            ),
            (
                through_proxy(Phase::Tunnel, Cause::NotHttp),
                "cannot open a tunnel through the proxy http://127.0.0.1:3128 (HTTPS_PROXY): the response is not HTTP",
            ),
            (failure(Phase::Answer, Cause::TimedOut(Duration::from_secs(30))), "no response within 30 s"),
            (
                through_proxy(Phase::Answer, Cause::TimedOut(Duration::from_secs(30))),
                "no response from the proxy http://127.0.0.1:3128 (HTTPS_PROXY) within 30 s",
            ),
            (failure(Phase::Answer, Cause::Closed), "the connection was closed before a response"),
            (
                through_proxy(Phase::Answer, Cause::Closed),
                "the connection to the proxy http://127.0.0.1:3128 (HTTPS_PROXY) was closed before a response",
            ),
            (failure(Phase::Answer, Cause::NotHttp), "the response is not HTTP"),
            (
                failure(Phase::Answer, Cause::HeadTooLarge),
                "the header of the response is larger than 64 KiB or 256 lines",
            ),
            (
                failure(Phase::Answer, Cause::ClientCertificate),
                "no response: the server requires a client certificate, which plexctl does not support",
            ),
        ]
    }

    fn failures_of_tls() -> Vec<(CallFailure, &'static str)> {
        let ten = Cause::TimedOut(Duration::from_secs(10));
        let name = |presented: Option<&str>, others| Cause::WrongName {
            expected: "b.example".to_owned(),
            presented: presented.map(str::to_owned),
            others,
        };
        let no_file = || TrustStoreProblem::Unreadable { path: "/a.pem".into(), words: "Permission denied".to_owned() };
        vec![
            (failure(Phase::Tls, ten), "TLS handshake failed: timed out after 10 s"),
            (failure(Phase::Tls, Cause::NotTls), "TLS handshake failed: the port does not use TLS"),
            (
                failure(Phase::Tls, Cause::TlsVersion),
                "TLS handshake failed: the server does not support TLS 1.2 or newer",
            ),
            (
                failure(Phase::Tls, Cause::TlsParameters),
                "TLS handshake failed: no common cipher suite or key type (P-521 keys are not supported)",
            ),
            (failure(Phase::Tls, Cause::TlsRefused), "TLS handshake failed: the server aborted it"),
            (failure(Phase::Tls, Cause::TlsViolated), "TLS handshake failed: the server violated the TLS protocol"),
            (
                failure(Phase::Tls, Cause::NotTrusted { store: None }),
                "TLS handshake failed: the certificate was issued by an unknown authority",
            ),
            (
                failure(Phase::Tls, Cause::NotTrusted { store: Some(no_file()) }),
                "TLS handshake failed: the certificate was issued by an unknown authority, and the trust store /a.pem cannot be \
                 read: Permission denied",
            ),
            (
                failure(Phase::Tls, Cause::Expired(day(1_577_836_799))),
                "TLS handshake failed: the certificate expired on 2019-12-31",
            ),
            (
                failure(Phase::Tls, Cause::NotYetValid(day(1_577_836_800))),
                "TLS handshake failed: the certificate is not valid before 2020-01-01",
            ),
            (
                failure(Phase::Tls, name(Some("a.example"), 0)),
                "TLS handshake failed: the certificate is for a.example, not for b.example",
            ),
            (
                failure(Phase::Tls, name(Some("a.example"), 899)),
                "TLS handshake failed: the certificate is for a.example and 899 more, not for b.example",
            ),
            (
                failure(Phase::Tls, name(None, 0)),
                "TLS handshake failed: the certificate names no host, so it is not valid for b.example",
            ),
            (
                failure(Phase::Tls, Cause::UncertifiableName),
                "TLS handshake failed: no certificate can be valid for the server's name",
            ),
            (
                failure(Phase::Tls, Cause::OwnCertificateIsCa),
                "TLS handshake failed: the server presents a CA certificate (CA:TRUE) as its own",
            ),
            (
                failure(Phase::Tls, Cause::KeyType),
                "TLS handshake failed: the certificate chain has an unsupported key type, such as P-521",
            ),
            (failure(Phase::Tls, Cause::WrongPurpose), "TLS handshake failed: the certificate is not for servers"),
            (
                failure(Phase::Tls, Cause::UnusableCertificate),
                "TLS handshake failed: the certificate is malformed or unsupported",
            ),
            (failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::Missing)), "the system has no trust store"),
            (
                failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::NotRegular("/a".into()))),
                "the trust store /a is not a regular file",
            ),
            (
                failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::TooLarge("/a".into()))),
                "the trust store /a is larger than 16 MiB",
            ),
            (
                failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::NoCertificate("/a".into()))),
                "the trust store /a has no usable certificate",
            ),
        ]
    }

    #[test]
    fn every_cause_fits_a_line_and_names_no_server() {
        for (failure, expected) in failures().into_iter().chain(failures_of_tls()) {
            assert_eq!(failure.to_string(), expected, "{failure:?}");
            assert!(expected.len() <= 135 && !expected.contains("plexsphere.example"), "{expected}");
        }
    }

    #[test]
    fn what_the_system_says_of_a_connection_has_a_cause() {
        for (kind, expected) in [
            (io::ErrorKind::ConnectionRefused, "Refused"),
            (io::ErrorKind::NetworkUnreachable, "NetworkUnreachable"),
            (io::ErrorKind::HostUnreachable, "HostUnreachable"),
            (io::ErrorKind::ConnectionReset, "Closed"),
        ] {
            assert_eq!(format!("{:?}", Cause::of_io(&kind.into())), expected);
        }
    }

    #[test]
    fn some_causes_have_a_remedy() {
        let credentials =
            Remedy::ProxyCredentials { address: "http://127.0.0.1:3128".into(), variable: "HTTPS_PROXY".into() };
        let refused = Cause::TunnelRefused;
        let ten = || Cause::TimedOut(Duration::from_secs(10));
        let cases = [
            (through_proxy(Phase::Tunnel, refused(407)), Some(&credentials)),
            (
                through_proxy(Phase::Tunnel, refused(403)),
                Some(&Remedy::FixProxy { variable: "HTTPS_PROXY".to_owned() }),
            ),
            (failure(Phase::Tls, Cause::NotTrusted { store: None }), Some(&Remedy::TrustAuthority)),
            (failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::Missing)), Some(&Remedy::InstallTrustStore)),
            (failure(Phase::Tls, Cause::OwnCertificateIsCa), Some(&Remedy::ReplaceCertificate)),
            (failure(Phase::Connection, Cause::Refused), Some(&Remedy::CheckPort)),
            (failure(Phase::Tls, Cause::NotTls), Some(&Remedy::UseHttp)),
            (failure(Phase::Tls, Cause::TlsRefused), None),
            (failure(Phase::Connection, Cause::NetworkUnreachable), Some(&Remedy::CheckNetwork)),
            (failure(Phase::Connection, Cause::HostUnreachable), Some(&Remedy::CheckNetwork)),
            (failure(Phase::Connection, ten()), Some(&Remedy::CheckNetwork)),
            (failure(Phase::Answer, ten()), Some(&Remedy::Wait { duration: None })),
            (failure(Phase::Answer, Cause::Closed), Some(&Remedy::Wait { duration: None })),
            (failure(Phase::Answer, Cause::NotHttp), Some(&Remedy::CheckServer)),
            (failure(Phase::Answer, Cause::HeadTooLarge), Some(&Remedy::CheckServer)),
            (CallFailure { scheme: Scheme::Http, ..failure(Phase::Answer, Cause::NotHttp) }, Some(&Remedy::UseHttps)),
        ];
        for (failure, expected) in cases {
            assert_eq!(CallError::from(failure).remedy(), expected);
        }
    }
}
