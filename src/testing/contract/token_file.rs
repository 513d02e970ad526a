//! What a [`TokenFile`] promises.

use std::path::{Path, PathBuf};

use super::{SECRET, session_token, shown};
use crate::ports::store_error::StoreError;
use crate::ports::token_file::TokenFile;
use crate::testing::InMemoryTokenFile;

/// A token file with the means to set it up.
pub trait TokenFileUnderTest {
    /// A file with these contents and this mode, and its path.
    fn holding(contents: &[u8], mode: u32) -> (Self, PathBuf)
    where
        Self: Sized;

    /// What reads it.
    fn token_file(&self) -> &dyn TokenFile;
}

impl TokenFileUnderTest for InMemoryTokenFile {
    fn holding(contents: &[u8], mode: u32) -> (Self, PathBuf) {
        let path = Path::new("/run/token");
        let files = Self::new();
        let files = if mode == 0o600 { files.with_file(path, contents) } else { files.with_exposed_file(path) };
        (files, path.to_owned())
    }

    fn token_file(&self) -> &dyn TokenFile {
        self
    }
}

/// Holds a reader of token files against every promise of its port.
pub fn a_token_file_keeps_its_promises<F: TokenFileUnderTest>() {
    let longest = format!("{SECRET}{}", "a".repeat(4096 - SECRET.len()));
    for (contents, token) in [(SECRET, SECRET), (&session_token(1), &session_token(1)), (&longest, &longest)] {
        for line_end in ["", "\n", "\r\n"] {
            let (file, path) = F::holding(format!("{contents}{line_end}").as_bytes(), 0o600);
            assert_eq!(file.token_file().read(&path).unwrap().expose_secret(), token);
        }
    }

    let too_long = format!("{longest}a");
    let refused: [&[u8]; 6] =
        [b"", b"\n", b"c4nary-s3cret\n\n", b"c4nary-s3cret c4nary-s3cret", b"c4nary-s3cret\xff", too_long.as_bytes()];
    for contents in refused {
        let (file, path) = F::holding(contents, 0o600);
        let error = file.token_file().read(&path).unwrap_err();
        assert!(matches!(error, StoreError::NotABearerToken { .. }), "{contents:.20?}: {error:?}");
        assert!(!shown(&error).contains(SECRET), "{error:?}");
    }

    let (file, path) = F::holding(SECRET.as_bytes(), 0o640);
    let error = file.token_file().read(&path).unwrap_err();
    assert!(matches!(error, StoreError::Exposed { .. }), "{error:?}");
    assert!(!shown(&error).contains(SECRET), "{error:?}");
    let error = file.token_file().read(&path.join("missing")).unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
}
