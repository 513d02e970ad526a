//! Bugs in copies of the token file.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use plexctl::domain::bearer_token::BearerToken;
use plexctl::ports::{StoreError, TokenFile};
use plexctl::testing::InMemoryTokenFile;
use plexctl::testing::contract::{TokenFileUnderTest, a_token_file_keeps_its_promises};

/// A copy of the fake with the bug of this number. Number 0 has none.
struct Planted<const BUG: u8> {
    fake: InMemoryTokenFile,
    contents: Vec<u8>,
    created: Mutex<Vec<PathBuf>>,
}

impl<const BUG: u8> Planted<BUG> {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.contents).into_owned()
    }
}

impl<const BUG: u8> TokenFileUnderTest for Planted<BUG> {
    fn holding(contents: &[u8], mode: u32) -> Self {
        let fake = InMemoryTokenFile::holding(contents, mode);
        Self { fake, contents: contents.to_vec(), created: Mutex::default() }
    }

    fn pipe() -> Self {
        Self { fake: InMemoryTokenFile::pipe(), contents: Vec::new(), created: Mutex::default() }
    }

    fn path(&self) -> PathBuf {
        self.fake.path()
    }

    fn token_file(&self) -> &dyn TokenFile {
        self
    }

    fn snapshot(&self) -> String {
        format!("{:?}", self.created.lock().unwrap())
    }
}

impl<const BUG: u8> TokenFile for Planted<BUG> {
    fn read(&self, path: &Path) -> Result<BearerToken, StoreError> {
        let place = || path.display().to_string();
        let parse = |text: &[u8]| {
            BearerToken::parse_line(text)
                .map_err(|error| StoreError::NotABearerToken { place: place(), source: error.into() })
        };
        match (BUG, self.fake.read(path)) {
            // A file that others can access is read, or read before it is refused; so is one that is not regular.
            (10, Err(StoreError::Exposed { .. })) => parse(&self.contents),
            (11, Err(StoreError::Exposed { .. })) if self.contents.is_empty() => parse(&self.contents),
            (12, Err(StoreError::Unusable { .. })) if path == self.path() => parse(&self.contents),
            // White space is skipped; the end of the file is; a line break belongs to the token.
            (20, Err(StoreError::NotABearerToken { .. })) => parse(self.text().trim().as_bytes()),
            (21, Ok(_)) => parse(&self.contents[..self.contents.len().min(1024)]),
            (22, Ok(token)) if self.text() != token.expose_secret() => {
                Err(StoreError::NotABearerToken { place: place(), source: "it has a line break".into() })
            }
            // A missing file is empty.
            (30, Err(StoreError::Unusable { .. })) if path != self.path() => parse(b""),
            // A missing file is created.
            (40, Err(error @ StoreError::Unusable { .. })) => {
                self.created.lock().unwrap().push(path.to_owned());
                Err(error)
            }
            // An error shows the text.
            (50, Err(StoreError::NotABearerToken { place, .. })) => {
                Err(StoreError::NotABearerToken { place, source: self.text().into() })
            }
            (51, Err(StoreError::Exposed { place, .. })) => {
                Err(StoreError::Exposed { place, source: self.text().into() })
            }
            (_, result) => result,
        }
    }
}

#[test]
fn token_file_suite_names_broken_promise() {
    assert_named!(
        a_token_file_keeps_its_promises, Planted:
        10 => 1, 11 => 1, 12 => 1, 20 => 2, 21 => 2, 22 => 2, 30 => 3, 40 => 4, 50 => 5, 51 => 5,
    );
}
