//! The trust store: whose certificates make a server the one that a profile names.
//!
//! It is what Go would find on the same system: a bundle, and directories of certificates. The bundle is read first,
//! and the directories only for what it does not cover, since they mostly hold the same certificates one by one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use log::debug;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls_native_certs::{ErrorKind, load_certs_from_paths};

use super::super::failure::{TrustStoreProblem, system_words};

/// The largest trust store that is read, in bytes. Systems ship a quarter of a MiB.
const MAX_TRUST_STORE: u64 = 16 * 1024 * 1024;

/// Where systems keep their bundle, in Go's order.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where systems keep certificates one by one.
const DIRECTORIES: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// Where the certificates of trusted authorities come from, as far as it is not where the system keeps them.
#[derive(Clone, Debug, Default)]
pub struct TrustSettings {
    /// A PEM bundle that stands in for the system's, from `SSL_CERT_FILE`.
    pub file: Option<PathBuf>,
    /// Directories of PEM files that stand in for the system's, from `SSL_CERT_DIR`.
    pub directories: Vec<PathBuf>,
}

/// The trust store, which is read as far as it is needed.
pub(crate) struct TrustStore<'a> {
    settings: &'a TrustSettings,
    /// The certificates of the bundle, in order.
    bundle: Vec<CertificateDer<'static>>,
    has_read_directories: bool,
    /// How many bytes were looked at.
    size: u64,
    problem: Option<TrustStoreProblem>,
}

impl<'a> TrustStore<'a> {
    pub(crate) fn new(settings: &'a TrustSettings) -> Self {
        Self { settings, bundle: Vec::new(), has_read_directories: false, size: 0, problem: None }
    }

    /// Reads the first bundle with a usable certificate.
    pub(crate) fn bundle(&mut self) -> Option<RootCertStore> {
        let TrustSettings { file, directories } = self.settings;
        if cfg!(target_os = "macos") && file.is_none() && directories.is_empty() {
            // The library asks the keychain, since the variables that it would look at first are not set.
            return usable(&rustls_native_certs::load_native_certs().certs);
        }
        let bundles: Vec<_> = match file {
            Some(file) => vec![file.as_path()],
            // Only one of them exists on most systems. A missing one is no problem to report.
            None => BUNDLES.iter().map(Path::new).filter(|bundle| bundle.exists()).collect(),
        };
        bundles.into_iter().find_map(|bundle| {
            self.bundle = self.read_file(bundle).map_err(|problem| self.problem.get_or_insert(problem)).ok()?;
            let roots = usable(&self.bundle);
            debug!("trust store {}: {} certificates", bundle.display(), self.bundle.len());
            if roots.is_none() {
                self.problem.get_or_insert_with(|| TrustStoreProblem::NoCertificate(bundle.to_owned()));
            }
            roots
        })
    }

    /// Reads what the directories add to the bundle, once.
    pub(crate) fn directories(&mut self) -> Option<RootCertStore> {
        // Without a bundle, the handshake that failed has already used them.
        if std::mem::replace(&mut self.has_read_directories, true) {
            return None;
        }
        let directories: Vec<_> = match &self.settings.directories[..] {
            [] => DIRECTORIES.iter().map(Path::new).filter(|directory| directory.exists()).collect(),
            directories => directories.iter().map(PathBuf::as_path).collect(),
        };
        let mut more = Vec::new();
        for directory in directories {
            match self.read_directory(directory) {
                Ok(certificates) => {
                    debug!("trust store {}: {} certificates", directory.display(), certificates.len());
                    more.extend(certificates);
                }
                Err(problem) => _ = self.problem.get_or_insert(problem),
            }
        }
        // The bundle is sorted by the library that reads it, so a binary search finds what it already has.
        more.retain(|certificate| self.bundle.binary_search_by(|known| known.as_ref().cmp(certificate)).is_err());
        usable(&more)
    }

    /// The first part that could not be used, if any.
    pub(crate) fn into_problem(self) -> Option<TrustStoreProblem> {
        self.problem
    }

    fn read_file(&mut self, file: &Path) -> Result<Vec<CertificateDer<'static>>, TrustStoreProblem> {
        let metadata = fs::metadata(file).map_err(|error| unreadable(file, &error))?;
        if !metadata.is_file() {
            return Err(TrustStoreProblem::NotRegular(file.to_owned()));
        }
        // Checked before reading, since nothing interrupts a read. A file that grows meanwhile is the operator's own.
        self.add_size(metadata.len(), file)?;
        // Errors about single certificates do not matter as long as one can be used.
        let found = load_certs_from_paths(Some(file), None);
        match found.errors.into_iter().next().map(|error| error.kind) {
            Some(ErrorKind::Io { inner, .. }) => Err(unreadable(file, &inner)),
            _ => Ok(found.certs),
        }
    }

    fn read_directory(&mut self, directory: &Path) -> Result<Vec<CertificateDer<'static>>, TrustStoreProblem> {
        let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
        for metadata in entries.flatten().filter_map(|entry| fs::metadata(entry.path()).ok()) {
            self.add_size(if metadata.is_file() { metadata.len() } else { 0 }, directory)?;
        }
        // The library reads regular files alone, and a file with several names once.
        Ok(load_certs_from_paths(None, Some(directory)).certs)
    }

    /// Refuses what could be read past the deadline, which cannot interrupt a read.
    fn add_size(&mut self, size: u64, place: &Path) -> Result<(), TrustStoreProblem> {
        self.size = self.size.saturating_add(size);
        if self.size <= MAX_TRUST_STORE { Ok(()) } else { Err(TrustStoreProblem::TooLarge(place.to_owned())) }
    }
}

/// Makes a root of each certificate that can be one. `None` means that there is none.
fn usable(certificates: &[CertificateDer<'_>]) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(certificates.iter().map(|der| CertificateDer::from(&**der)));
    (usable > 0).then_some(roots)
}

fn unreadable(path: &Path, error: &io::Error) -> TrustStoreProblem {
    TrustStoreProblem::Unreadable { path: path.to_owned(), words: system_words(error) }
}
