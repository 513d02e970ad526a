//! The floor of the comparison over TLS: what a logout cannot do without, where the trust store is one certificate.
//!
//! It does the same durable work as plexctl, with the same TLS library, but finds the profile by comparing lines: no TOML
//! parser, no names to resolve, no bundle of roots, and no error that an operator could read. `compare.sh` links it
//! statically. Do not use it for anything else.
//!
//! usage: floor CONFIG AUTHORITY.pem

use std::env;
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [config, authority] = &arguments[..] else { return Err("usage: floor CONFIG AUTHORITY.pem".into()) };
    let text = read_private(config)?;
    let session = find(&text)?;
    revoke(&session, authority)?;
    clear(&fs::canonicalize(config)?, session.token)?;
    writeln!(std::io::stdout(), "Logged out.")?;
    Ok(())
}

struct Session<'t> {
    /// The document without the profile's table and without the line of the default pointer.
    rest: [&'t str; 3],
    token: &'t str,
    host: &'t str,
    port: u16,
}

fn read_private(path: impl AsRef<Path>) -> Result<String> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o7777 & !0o600 != 0 {
        return Err("not a private file".into());
    }
    let mut text = String::with_capacity(usize::try_from(metadata.len())? + 1);
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn find(text: &str) -> Result<Session<'_>> {
    let missing = || "no session as the comparison writes them";
    let (before_pointer, after) = text.split_once("default = \"").ok_or_else(missing)?;
    let (name, after_pointer) = after.split_once("\"\n").ok_or_else(missing)?;
    let header = format!("[profiles.{name}]\n");
    let (before_table, after) = after_pointer.split_once(&header).ok_or_else(missing)?;
    // A blank line before the next header belongs to what stays.
    let end = after.find("\n\n").map_or(after.len(), |blank| blank + 1);
    let (table, after_table) = after.split_at(end);
    let value = |key: &str| table.split_once(key)?.1.split_once('"').map(|(value, _)| value);
    let (host, port) = value("server = \"https://").and_then(|server| server.split_once(':')).ok_or_else(missing)?;
    let token = value("token = \"").ok_or_else(missing)?;
    Ok(Session { rest: [before_pointer, before_table, after_table], token, host, port: port.parse()? })
}

fn revoke(session: &Session<'_>, authority: &str) -> Result<()> {
    let Session { token, host, port, .. } = session;
    let tcp = TcpStream::connect((*host, *port))?;
    tcp.set_nodelay(true)?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let config = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), ServerName::try_from((*host).to_owned())?)?;
    let mut tcp = tcp;
    let mut stream = Stream::new(&mut connection, &mut tcp);
    let id = token.split('_').nth(2).ok_or("a token without an id")?;
    write!(
        stream,
        "DELETE /v1/auth/tokens/{id} HTTP/1.1\r\nhost: {host}:{port}\r\nauthorization: Bearer {token}\r\n\
         accept: application/problem+json, application/json\r\nuser-agent: floor\r\n\r\n"
    )?;
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer)?;
    if !answer[..length].starts_with(b"HTTP/1.1 204") {
        return Err("not revoked".into());
    }
    Ok(())
}

fn clear(target: &Path, token: &str) -> Result<()> {
    let directory_path = target.parent().ok_or("no directory")?;
    let directory = File::open(directory_path)?;
    directory.lock()?;
    let text = read_private(target)?;
    let now = find(&text)?;
    if now.token != token {
        return Err("another session".into());
    }
    let temp = directory_path.join(".floor.tmp");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temp)?;
    for part in now.rest {
        file.write_all(part.as_bytes())?;
    }
    file.sync_all()?;
    fs::rename(&temp, target)?;
    directory.sync_all()?;
    Ok(())
}
