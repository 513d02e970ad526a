//! What a [`TokenFile`] promises.

use std::path::{Path, PathBuf};

use super::{SECRET, promise, session_token, shown};
use crate::domain::bearer_token::BearerToken;
use crate::ports::store_error::StoreError;
use crate::ports::token_file::TokenFile;
use crate::testing::InMemoryTokenFile;

/// A token file that a test can set up.
pub trait TokenFileUnderTest {
    /// A file with these contents and this mode.
    fn holding(contents: &[u8], mode: u32) -> Self;

    /// A named pipe without a writer.
    fn pipe() -> Self;

    /// The path of the file.
    fn path(&self) -> PathBuf;

    /// What reads it.
    fn token_file(&self) -> &dyn TokenFile;

    /// Everything beside the path that reading could change or create.
    fn snapshot(&self) -> String;
}

const PATH: &str = "/run/token";

impl TokenFileUnderTest for InMemoryTokenFile {
    fn holding(contents: &[u8], mode: u32) -> Self {
        if mode == 0o600 { Self::new().with_file(PATH, contents) } else { Self::new().with_exposed_file(PATH) }
    }

    fn pipe() -> Self {
        Self::new()
    }

    fn path(&self) -> PathBuf {
        PATH.into()
    }

    fn token_file(&self) -> &dyn TokenFile {
        self
    }

    fn snapshot(&self) -> String {
        // No method changes its files.
        String::new()
    }
}

fn read<F: TokenFileUnderTest>(contents: &[u8], mode: u32) -> Result<BearerToken, StoreError> {
    let under_test = F::holding(contents, mode);
    under_test.token_file().read(&under_test.path())
}

/// Holds a reader of token files to every promise of [`TokenFile`].
pub fn a_token_file_keeps_its_promises<F: TokenFileUnderTest>() {
    let longest = format!("{SECRET}{}", "a".repeat(4096 - SECRET.len()));
    let too_long = format!("{longest}a");
    let invalid: [&[u8]; 6] =
        [b"", b"\n", b"c4nary-s3cret\n\n", b"c4nary-s3cret c4nary-s3cret", b"c4nary-s3cret\xff", too_long.as_bytes()];

    promise(1, "only a regular file that its owner alone can access is read", || {
        for contents in [SECRET, ""] {
            let error = read::<F>(contents.as_bytes(), 0o640).unwrap_err();
            assert!(matches!(error, StoreError::Exposed { .. }), "{error:?}");
        }
        let pipe = F::pipe();
        let error = pipe.token_file().read(&pipe.path()).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    });
    promise(2, "the token is the whole of the file", || {
        for token in [SECRET, &session_token(1), &longest] {
            for line_end in ["", "\n", "\r\n"] {
                let read = read::<F>(format!("{token}{line_end}").as_bytes(), 0o600).unwrap();
                assert_eq!(read.expose_secret(), token);
            }
        }
        for contents in invalid {
            let error = read::<F>(contents, 0o600).unwrap_err();
            assert!(matches!(error, StoreError::NotABearerToken { .. }), "{contents:.20?}: {error:?}");
        }
    });
    let missing = |under_test: &F| under_test.path().join("missing");
    promise(3, "a missing file is an error", || {
        let under_test = F::holding(SECRET.as_bytes(), 0o600);
        let error = under_test.token_file().read(&missing(&under_test)).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    });
    promise(4, "reading changes and creates nothing", || {
        let under_test = F::holding(SECRET.as_bytes(), 0o600);
        let read = |path: &Path| under_test.token_file().read(path).is_ok();
        let before = under_test.snapshot();
        assert_eq!((read(&under_test.path()), read(&missing(&under_test))), (true, false));
        assert_eq!(under_test.snapshot(), before);
    });
    promise(5, "no error shows any of the text", || {
        for (contents, mode) in
            invalid.map(|contents| (contents, 0o600)).into_iter().chain([(SECRET.as_bytes(), 0o640)])
        {
            let error = read::<F>(contents, mode).unwrap_err();
            assert!(!shown(&error).contains(SECRET), "{error:?}");
        }
    });
}
