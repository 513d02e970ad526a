//! TLS: the handshake with a server, and what its failures mean.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use log::debug;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, HandshakeKind, InvalidMessage, PeerIncompatible, ProtocolVersion,
    RootCertStore,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::super::failure::Cause;
use crate::domain::server_url::{Host, ServerUrl};

/// How much of a name in a certificate is kept, in characters.
const MAX_NAME: usize = 100;

/// A connection as the HTTP library takes it, with TLS or without.
pub(crate) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Makes a configuration that trusts these authorities. Connections that share it resume each other's sessions.
pub(crate) fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, Cause> {
    // Named, since `ClientConfig::builder()` takes the provider of the process, and panics if there is none.
    let config = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| cause_of(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Authenticates the server at the other end of a connection, and encrypts what is sent.
pub(crate) async fn start(
    tcp: TokioIo<TcpStream>,
    server: &ServerUrl,
    config: Arc<ClientConfig>,
) -> Result<Stream, Cause> {
    let name = match server.host() {
        Host::Ip(address) => ServerName::from(*address),
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| Cause::UncertifiableName)?,
    };
    let connecting = TlsConnector::from(config).connect(name, TokioIo::new(tcp));
    let stream = connecting.await.map_err(|error| cause_of_io(&error))?;
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        _ => "1.2",
    };
    let is_resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
    let kind = if is_resumed { "a resumed session" } else { "a new session" };
    debug!("TLS {version} with {}: {kind}", server.host());
    Ok(stream.into())
}

/// Translates what a connection says that may have TLS on it: the library wraps its errors in those of the system.
pub(crate) fn cause_of_io(error: &io::Error) -> Cause {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    inner.map_or_else(|| Cause::of_io(error), cause_of)
}

fn cause_of(error: &rustls::Error) -> Cause {
    match error {
        rustls::Error::InvalidCertificate(error) => cause_of_certificate(error),
        // The first byte of `HTTP/1.1 400` is no TLS content type, and neither is that of most other protocols.
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Cause::NotTls,
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => Cause::TlsVersion,
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity)
        // What is left of incompatibility is about cipher suites, groups and signature schemes.
        | rustls::Error::PeerIncompatible(_) => Cause::TlsParameters,
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => Cause::ClientCertificate,
        rustls::Error::AlertReceived(_) => Cause::TlsRefused,
        _ => Cause::TlsViolated,
    }
}

fn cause_of_certificate(error: &CertificateError) -> Cause {
    match error {
        CertificateError::UnknownIssuer => Cause::NotTrusted { store: None },
        CertificateError::ExpiredContext { not_after, .. } => Cause::Expired(time_of(*not_after)),
        CertificateError::NotValidYetContext { not_before, .. } => Cause::NotYetValid(time_of(*not_before)),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let mut hosts = presented.iter().filter_map(|name| host_of(name));
            let first = hosts.next().map(|host| host.chars().take(MAX_NAME).collect());
            Cause::WrongName { expected: expected.to_str().into_owned(), presented: first, others: hosts.count() }
        }
        CertificateError::InvalidPurposeContext { .. } => Cause::WrongPurpose,
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Cause::KeyType,
        // webpki's reason has no variant of its own in rustls.
        CertificateError::Other(other) => match other.source().and_then(|error| error.downcast_ref()) {
            Some(webpki::Error::CaUsedAsEndEntity) => Cause::OwnCertificateIsCa,
            _ => Cause::UnusableCertificate,
        },
        _ => Cause::UnusableCertificate,
    }
}

fn time_of(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs())
}

/// The host in what the library says of a name in a certificate: `DnsName("…")` or `IpAddress(…)`.
fn host_of(name: &str) -> Option<&str> {
    // The library presents names as the `Debug` form of a type that it does not export.
    let dns_name = name.strip_prefix("DnsName(\"").and_then(|rest| rest.strip_suffix("\")"));
    dns_name.or_else(|| name.strip_prefix("IpAddress(")?.strip_suffix(')'))
}
