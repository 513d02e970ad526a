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
