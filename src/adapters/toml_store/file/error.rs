//! What can stand in the way of a file.

use std::io;
use std::time::Duration;

use thiserror::Error;

/// How long a writer waits for its turn, and for a path that holds still.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The name of the temporary file. It is fixed, so that the holder of the lock can remove what a killed run left.
pub(in super::super) const TEMP_NAME: &str = ".plexctl-replacement.tmp";

/// Why a file was not read or changed.
#[derive(Debug, Error)]
pub(in super::super) enum FileError {
    #[error("its mode {0:04o} is wider than 0600")]
    TooWide(u32),
    #[error("it is not a regular file")]
    NotRegular,
    #[error("it is larger than 16 MiB")]
    TooLarge,
    #[error("a symbolic link in its path leads nowhere")]
    DanglingLink,
    #[error("{0} failed")]
    Unreadable(&'static str, #[source] io::Error),
    #[error("it would be larger than 16 MiB")]
    WouldBeTooLarge,
    #[error("another program has held the lock on its directory for {} seconds", LOCK_TIMEOUT.as_secs())]
    Locked,
    #[error("its path keeps changing")]
    Unsteady,
    #[error("the file is deleted and cannot be replaced")]
    Nameless,
    #[error("{0} is reserved for the temporary file that would replace it")]
    TempName(String),
    #[error("its path names a directory")]
    NoFileName,
    #[error("{0} is in the way and was not left by plexctl")]
    ForeignTemp(String),
    #[error("its file system keeps no modes: a file created with mode 0600 has mode {0:04o}")]
    NoModes(u32),
    #[error("it is a mount point, which cannot be replaced")]
    MountPoint,
    #[error("{0} is immutable or append-only (see chattr)")]
    Immutable(&'static str),
    #[error("{0} failed")]
    Failed(&'static str, #[source] io::Error),
    #[error("its replacement stays behind as {temp}")]
    LeftBehind {
        temp: String,
        #[source]
        failure: Box<FileError>,
    },
    #[error("syncing its directory failed")]
    NotDurable(#[source] io::Error),
}

impl FileError {
    /// Whether the file cannot be read, so that no replacement was tried.
    pub(in super::super) fn is_of_reading(&self) -> bool {
        matches!(self, Self::TooWide(_) | Self::NotRegular | Self::TooLarge | Self::DanglingLink | Self::Unreadable(..))
    }
}

pub(super) fn failed(action: &'static str, error: impl Into<io::Error>) -> FileError {
    FileError::Failed(action, error.into())
}
