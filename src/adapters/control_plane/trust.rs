//! The trust store: whose certificates make a server the one that a profile names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls_native_certs::CertificateResult;
use thiserror::Error;

/// The largest trust store that is read where the settings name one, in bytes. Systems ship a quarter of a MiB.
const MAX_TRUST_STORE: u64 = 16 * 1024 * 1024;

/// Where the certificates of trusted authorities come from.
#[derive(Clone, Debug, Default)]
pub struct TrustSettings {
    /// A PEM bundle that replaces the system's trust store, from `SSL_CERT_FILE`. All that replaces it has at most
    /// 16 MiB together.
    pub file: Option<PathBuf>,
    /// Directories of PEM files that replace the system's trust store, from `SSL_CERT_DIR`.
    pub directories: Vec<PathBuf>,
}

impl TrustSettings {
    /// Reads the certificates of all trusted authorities.
    pub(super) fn load(&self) -> Result<RootCertStore, TrustError> {
        self.check_size()?;
        let found = if self.file.is_none() && self.directories.is_empty() {
            load_system_store()
        } else {
            load_paths(self.file.as_deref(), self.directories.iter().map(PathBuf::as_path))
        };
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(found.certs);
        if usable > 0 { Ok(roots) } else { Err(TrustError::Empty(found.errors.into_iter().next())) }
    }

    /// Refuses what could be read for ever or past the deadline, which cannot interrupt a read.
    fn check_size(&self) -> Result<(), TrustError> {
        let mut size = 0_u64;
        if let Some(file) = &self.file {
            let metadata = fs::metadata(file).map_err(|error| TrustError::Unreadable(file.into(), error))?;
            if !metadata.is_file() {
                return Err(TrustError::NotRegular(file.into()));
            }
            size = metadata.len();
        }
        // The library reads the regular files of a directory, and tells what it cannot read.
        let entries = self.directories.iter().flat_map(fs::read_dir).flatten().flatten();
        for metadata in entries.filter_map(|entry| fs::metadata(entry.path()).ok()).filter(fs::Metadata::is_file) {
            size = size.saturating_add(metadata.len());
        }
        if size <= MAX_TRUST_STORE { Ok(()) } else { Err(TrustError::TooLarge) }
    }
}

/// Why there is nothing to trust.
#[derive(Debug, Error)]
pub(super) enum TrustError {
    #[error("the trust store {} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    #[error("the trust store {} is not a regular file", .0.display())]
    NotRegular(PathBuf),
    #[error("the trust store that SSL_CERT_FILE and SSL_CERT_DIR name is larger than {} MiB", MAX_TRUST_STORE >> 20)]
    TooLarge,
    /// With the first failure that was met on the way.
    #[error("the trust store has no usable certificate")]
    Empty(#[source] Option<rustls_native_certs::Error>),
}

fn load_paths<'a>(file: Option<&Path>, directories: impl Iterator<Item = &'a Path>) -> CertificateResult {
    let mut found = rustls_native_certs::load_certs_from_paths(file, None);
    for directory in directories {
        let more = rustls_native_certs::load_certs_from_paths(None, Some(directory));
        found.certs.extend(more.certs);
        found.errors.extend(more.errors);
    }
    found
}

/// Takes the system's bundle alone where there is one: its directory holds the same certificates one by one.
#[cfg(target_os = "linux")]
fn load_system_store() -> CertificateResult {
    let bundle = openssl_probe::candidate_cert_dirs()
        .flat_map(|directory| BUNDLE_NAMES.map(|name| directory.join(name)))
        .find(|bundle| bundle.is_file());
    match bundle {
        Some(bundle) => load_paths(Some(&bundle), std::iter::empty()),
        None => load_paths(None, openssl_probe::candidate_cert_dirs()),
    }
}

/// What Debian and Alpine, and what Fedora and its relatives call their bundle.
#[cfg(target_os = "linux")]
const BUNDLE_NAMES: [&str; 2] = ["ca-certificates.crt", "ca-bundle.crt"];

/// Asks the keychain. The library would look at `SSL_CERT_FILE` and `SSL_CERT_DIR` first, but where these say anything
/// the settings do too, and this is not called.
#[cfg(target_os = "macos")]
fn load_system_store() -> CertificateResult {
    rustls_native_certs::load_native_certs()
}
