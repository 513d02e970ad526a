//! The guarded open: a config file is judged by its open handle before the first byte is read.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, retry_on_intr};

use super::error::FileError;

/// The largest config file that is read, in bytes.
pub(in super::super) const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// The mode bits that a config file may have: reading and writing for its owner.
pub(in super::super) const PRIVATE_MODE: u32 = 0o600;

/// The bits of `st_mode` that are permissions, set-id and sticky bits included.
pub(in super::super) const PERMISSION_BITS: u32 = 0o7777;

/// An open regular file of bounded size, for its owner alone.
pub(in super::super) struct PrivateFile {
    file: File,
    /// What `fstat` said of the open handle.
    pub(super) metadata: Metadata,
}

impl PrivateFile {
    /// Opens a file for reading without ever blocking and judges it by `fstat`. `None` means that there is no file.
    ///
    /// A symbolic link that leads nowhere is an error: what it stands for may be away, such as an unmounted home.
    pub(in super::super) fn open(path: &Path) -> Result<Option<Self>, FileError> {
        match open_for_reading(CWD, path.as_os_str(), OFlags::empty()) {
            Err(Errno::NOENT) => match has_dangling_link(path) {
                Ok(false) => Ok(None),
                Ok(true) => Err(FileError::DanglingLink),
                Err(error) => Err(FileError::Unreadable("examining its path", error)),
            },
            opened => Self::judge(opened).map(Some),
        }
    }

    /// Opens a file in an open directory likewise, but follows no link. `None` means that there is a link by that name,
    /// or nothing.
    pub(in super::super) fn open_in(directory: &File, name: &OsStr) -> Result<Option<Self>, FileError> {
        match open_for_reading(directory, name, OFlags::NOFOLLOW) {
            // ELOOP is how O_NOFOLLOW reports a link.
            Err(Errno::NOENT | Errno::LOOP) => Ok(None),
            opened => Self::judge(opened).map(Some),
        }
    }

    fn judge(opened: rustix::io::Result<File>) -> Result<Self, FileError> {
        let file = opened.map_err(|error| FileError::Unreadable("opening it", error.into()))?;
        // Of the open file: the path may lead elsewhere by now.
        let metadata = file.metadata().map_err(|error| FileError::Unreadable("examining it", error))?;
        if !metadata.is_file() {
            return Err(FileError::NotRegular);
        }
        let mode = metadata.mode() & PERMISSION_BITS;
        if mode & !PRIVATE_MODE != 0 {
            return Err(FileError::TooWide(mode));
        }
        if metadata.len() > MAX_SIZE {
            return Err(FileError::TooLarge);
        }
        Ok(Self { file, metadata })
    }

    /// Reads the whole file.
    pub(in super::super) fn read(self) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.metadata.len()).unwrap_or_default());
        // The file may have grown since fstat, so the limit holds for reading too.
        self.file
            .take(MAX_SIZE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| FileError::Unreadable("reading it", error))?;
        if bytes.len() as u64 > MAX_SIZE {
            return Err(FileError::TooLarge);
        }
        Ok(bytes)
    }
}

/// Neither waits for the writer of a pipe, nor makes a terminal the controlling one.
fn open_for_reading(directory: impl AsFd, path: &OsStr, further: OFlags) -> rustix::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | further;
    retry_on_intr(|| openat(directory.as_fd(), path, flags, Mode::empty())).map(File::from)
}

/// Tells a path that does not exist yet from one that leads through a dangling link, by its last part that exists.
fn has_dangling_link(path: &Path) -> io::Result<bool> {
    // A closing slash or dot would make the look at a link follow it.
    let path: PathBuf = path.components().collect();
    for part in path.ancestors() {
        match fs::symlink_metadata(part) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return Ok(found?.is_symlink() && fs::metadata(part).is_err()),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn every_bit_outside_0600_is_refused_and_no_other() {
        let file = tempfile::tempfile().unwrap();
        let is_private = |mode: &u32| {
            file.set_permissions(fs::Permissions::from_mode(*mode)).unwrap();
            match PrivateFile::judge(Ok(file.try_clone().unwrap())) {
                Ok(_) => true,
                Err(FileError::TooWide(refused)) => refused != *mode,
                Err(other) => panic!("{other:?}"),
            }
        };
        assert_eq!((0..=PERMISSION_BITS).filter(is_private).collect::<Vec<u32>>(), [0o000, 0o200, 0o400, 0o600]);
    }

    /// A file of this size without contents, which takes no room on the disk.
    fn sparse(path: &Path, size: u64) -> File {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
        file.set_len(size).unwrap();
        file
    }

    #[test]
    fn a_file_of_more_than_16_mib_is_refused_before_it_is_read() {
        let sandbox = tempfile::tempdir().unwrap();
        let at = |name: &str| sandbox.path().join(name);
        sparse(&at("largest"), MAX_SIZE);
        sparse(&at("larger"), MAX_SIZE + 1);

        let largest = PrivateFile::open(&at("largest")).unwrap().unwrap();
        assert_eq!(largest.read().unwrap().len() as u64, 16 * 1024 * 1024);
        assert!(matches!(PrivateFile::open(&at("larger")), Err(FileError::TooLarge)));
    }

    #[test]
    fn a_file_that_grows_too_large_after_it_was_judged_is_refused() {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("growing");
        let file = sparse(&path, 1);
        let opened = PrivateFile::open(&path).unwrap().unwrap();
        file.set_len(MAX_SIZE + 1).unwrap();
        assert!(matches!(opened.read(), Err(FileError::TooLarge)));
    }

    #[test]
    fn what_cannot_be_opened_is_not_called_missing() {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("file");
        sparse(&path, 0);
        assert!(matches!(PrivateFile::open(&path.join("below")), Err(FileError::Unreadable("opening it", _))));
    }

    #[test]
    fn an_open_file_is_not_handed_to_other_programs() {
        let sandbox = tempfile::tempdir().unwrap();
        sparse(&sandbox.path().join("file"), 0);
        let opened = PrivateFile::open(&sandbox.path().join("file")).unwrap().unwrap();
        assert!(rustix::io::fcntl_getfd(&opened.file).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn a_pipe_is_refused_without_waiting_for_its_writer() {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("pipe");
        assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
        assert!(matches!(PrivateFile::open(&path), Err(FileError::NotRegular)));
    }

    #[test]
    fn a_refused_mode_is_shown_by_its_permissions_alone() {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("file");
        sparse(&path, 0).set_permissions(fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(PrivateFile::open(&path), Err(FileError::TooWide(0o644))));
    }

    #[test]
    fn in_an_open_directory_no_link_is_followed() {
        let sandbox = tempfile::tempdir().unwrap();
        let at = |name: &str| sandbox.path().join(name);
        sparse(&at("file"), 1);
        symlink("file", at("link")).unwrap();
        let directory = File::open(sandbox.path()).unwrap();
        let is_found = |name: &str| PrivateFile::open_in(&directory, OsStr::new(name)).unwrap().is_some();
        assert!(is_found("file"));
        assert!(!is_found("link") && !is_found("missing"));

        fs::set_permissions(at("file"), fs::Permissions::from_mode(0o604)).unwrap();
        let wide = PrivateFile::open_in(&directory, OsStr::new("file"));
        assert!(matches!(wide, Err(FileError::TooWide(0o604))));
    }

    #[test]
    fn a_missing_file_is_told_from_a_dangling_link() {
        let sandbox = tempfile::tempdir().unwrap();
        let at = |name: &str| sandbox.path().join(name);
        fs::create_dir(at("directory")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("dangling", at("chain")).unwrap();
        symlink("directory", at("link")).unwrap();

        for missing in ["file", "no/such/file", "directory/file", "link/file", "link/no/file"] {
            assert!(matches!(PrivateFile::open(&at(missing)), Ok(None)), "{missing}");
        }
        for dangling in ["dangling", "chain", "dangling/", "dangling/.", "dangling/file", "chain/no/file"] {
            assert!(matches!(PrivateFile::open(&at(dangling)), Err(FileError::DanglingLink)), "{dangling}");
        }
    }
}
