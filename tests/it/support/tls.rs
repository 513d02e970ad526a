//! Certificates that live as long as a test, and a TLS server that shows them.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::scripted_server::{Record, ScriptedServer, read_head};

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, for trust stores.
    pub pem: String,
}

/// What a server shows, and the key to it.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    pub fn named(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    pub fn certify(&self, leaf: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.signed_by(&key, &self.issuer).unwrap().into();
        Identity { certificate, key: key.into() }
    }
}

impl Identity {
    pub fn self_signed(leaf: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.self_signed(&key).unwrap().into();
        Self { certificate, key: key.into() }
    }

    /// The same with another signature in the certificate, which its authority has not made.
    pub fn wrongly_signed(self) -> Self {
        let mut certificate = self.certificate.to_vec();
        // A signature comes last in a certificate (RFC 5280, section 4.1).
        *certificate.last_mut().unwrap() ^= 1;
        Self { certificate: certificate.into(), ..self }
    }

    /// The certificate and the key in DER.
    pub fn der(&self) -> (Vec<u8>, Vec<u8>) {
        (self.certificate.to_vec(), self.key.secret_der().to_vec())
    }

    /// A server that shows this certificate and sends the bytes for each request.
    pub fn serve(self, versions: &[&'static SupportedProtocolVersion], answer: &'static [u8]) -> ScriptedServer {
        self.play(versions, Duration::ZERO, move |_, stream| {
            // A client may hang up before it has read all.
            let _ = stream.write_all(answer).and_then(|()| stream.flush());
        })
    }

    /// A server that shows this certificate after a delay, reads a request's head, and plays the script. It records
    /// requests as it decrypts them. What arrives on a connection whose handshake fails is recorded as it is.
    pub fn play(
        self,
        versions: &[&'static SupportedProtocolVersion],
        delay: Duration,
        script: impl Fn(&str, &mut TlsStream<'_>) + Send + 'static,
    ) -> ScriptedServer {
        self.raw(versions, delay, move |stream, record| {
            let head = read_head(stream);
            if head.is_empty() {
                record.add(&stream.sock.sent);
            } else {
                record.add(&head);
                script(&head, stream);
            }
        })
    }

    /// A server that shows this certificate, sends the bytes before it is asked, and then reads a request's head.
    pub fn greet(self, versions: &[&'static SupportedProtocolVersion], answer: &'static [u8]) -> ScriptedServer {
        self.raw(versions, Duration::ZERO, move |stream, record| {
            let _ = stream.write_all(answer).and_then(|()| stream.flush());
            // The client has to be given the chance to hear of it before it asks.
            thread::sleep(Duration::from_millis(20));
            record.add(read_head(stream));
        })
    }

    fn raw(
        self,
        versions: &[&'static SupportedProtocolVersion],
        delay: Duration,
        script: impl Fn(&mut TlsStream<'_>, &Record) + Send + 'static,
    ) -> ScriptedServer {
        let config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate], self.key)
            .unwrap();
        let config = Arc::new(config);
        ScriptedServer::raw(move |stream, record| {
            if matches!(stream.peek(&mut [0]), Ok(1)) {
                thread::sleep(delay);
            }
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut wire = Tap { stream, sent: Vec::new() };
            script(&mut rustls::Stream::new(&mut connection, &mut wire), record);
        })
    }
}

/// A connection as a script for it sees it.
pub type TlsStream<'a> = rustls::Stream<'a, ServerConnection, Tap<'a>>;

/// The parameters of a certificate that is valid for the loopback address and its name.
pub fn leaf() -> CertificateParams {
    leaf_for(["127.0.0.1", "localhost"])
}

pub fn leaf_for<const N: usize>(hosts: [&str; N]) -> CertificateParams {
    CertificateParams::new(hosts.map(str::to_owned)).unwrap()
}

/// A connection that keeps what was read from it.
pub struct Tap<'a> {
    stream: &'a mut TcpStream,
    sent: Vec<u8>,
}

impl Read for Tap<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.sent.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

impl Write for Tap<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
