//! The side of the store that `whoami` sees: what a server can be asked with.

use super::document::Document;
use super::private_file::OpenError;
use super::{ConfigError, TomlStore};
use crate::domain::bearer_token::BearerToken;
use crate::domain::session::Selection;
use crate::ports::credential_reader::{CredentialError, CredentialReader, StoredCredential};

impl CredentialReader for TomlStore {
    fn credential(&self, selection: &Selection) -> Result<Option<StoredCredential>, CredentialError> {
        self.try_credential(selection).map_err(|error| self.not_read(error))
    }

    fn server(&self, selection: &Selection) -> Result<Option<String>, CredentialError> {
        self.try_server(selection).map_err(|error| self.not_read(error))
    }
}

impl TomlStore {
    fn try_credential(&self, selection: &Selection) -> Result<Option<StoredCredential>, ConfigError> {
        let Some(text) = self.read()? else { return Ok(None) };
        let document = Document::parse(&text)?;
        let Some(name) = document.selected(selection) else { return Ok(None) };
        let Some(profile) = document.profile(&name)? else { return Ok(None) };
        let Some((token, offset)) = profile.token else { return Ok(None) };
        let token =
            BearerToken::parse(token).map_err(|error| ConfigError::BearerToken(document.position(offset), error))?;
        Ok(Some(StoredCredential {
            profile: name,
            token,
            server: profile.server.map(|(server, _)| server.to_owned()),
            expires_at: profile.expires_at.map(str::to_owned),
        }))
    }

    fn try_server(&self, selection: &Selection) -> Result<Option<String>, ConfigError> {
        let Some(text) = self.read()? else { return Ok(None) };
        let document = Document::parse(&text)?;
        let Some(name) = document.selected(selection) else { return Ok(None) };
        let server = document.profile(&name)?.and_then(|profile| profile.server);
        Ok(server.map(|(server, _)| server.to_owned()))
    }

    fn not_read(&self, error: ConfigError) -> CredentialError {
        let place = self.place(error.position());
        match error {
            ConfigError::Open(OpenError::TooWide(_)) => CredentialError::Exposed { place, source: error.into() },
            ConfigError::BearerToken(..) => CredentialError::NotABearerToken { place, source: error.into() },
            _ => CredentialError::Unreadable { place, source: error.into() },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::domain::session::ProfileName;

    #[test]
    fn an_error_tells_the_place_and_the_consequence() {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("config");
        let store = TomlStore::new(&path);
        let write = |contents: &str, mode| {
            fs::write(&path, contents).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        };
        let told = |error: CredentialError| {
            let words = error.to_string().replace(&path.display().to_string(), "PATH");
            (words, error.source().unwrap().to_string())
        };
        let x = Selection::Named(ProfileName::new("x").unwrap());
        for (contents, mode, words, cause) in [
            (
                "[profiles.x]\ntoken = 't t'\n",
                0o600,
                "PATH:2:9 holds no bearer token",
                "it has characters that a bearer token cannot have",
            ),
            ("[profiles.x]\ntoken = 3\n", 0o600, "PATH:2:9 cannot be used", "the profile's `token` is not a string"),
            ("", 0o644, "PATH is refused", "its mode 0644 is wider than 0600"),
        ] {
            write(contents, mode);
            assert_eq!(told(store.credential(&x).unwrap_err()), (words.to_owned(), cause.to_owned()));
        }
        assert!(matches!(store.server(&x), Err(CredentialError::Exposed { .. })));
        write("[profiles.x]\nserver = 3\n", 0o600);
        assert_eq!(told(store.server(&x).unwrap_err()).0, "PATH:2:10 cannot be used");
    }

    #[test]
    fn an_expiry_counts_if_it_is_a_date_time() {
        let sandbox = tempfile::tempdir().unwrap();
        let path = sandbox.path().join("config");
        for (value, counts) in [
            ("2026-11-25T13:46:00Z", true),
            ("1979-05-27 07:32:00.5+01:00", true),
            ("1979-05-27T07:32:00", true),
            ("1979-05-27", false),
            ("07:32:00", false),
            ("'2026-11-25T13:46:00Z'", false),
            ("3", false),
        ] {
            fs::write(&path, format!("default = 'x'\n[profiles.x]\ntoken = 't'\nexpires_at = {value} # soon\n"))
                .unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let credential = TomlStore::new(&path).credential(&Selection::Default).unwrap().unwrap();
            assert_eq!(credential.expires_at.as_deref(), counts.then_some(value), "{value}");
        }
    }
}
