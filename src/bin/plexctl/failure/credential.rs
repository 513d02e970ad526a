//! Why a command has no credential or no server to ask, in words that all commands with a credential share.

use std::path::PathBuf;

use plexctl::domain::printable::escape_unprintable;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::ports::chain::chain;
use plexctl::ports::reporter::CredentialSource;
use plexctl::ports::store_error::StoreError;
use plexctl::use_cases::credential::CredentialError;

use super::again::Again;
use super::server::{StoredServer, of_given};

/// What was typed and what is stored, as far as the words of a failure about a credential need it.
#[derive(Debug)]
pub struct CredentialContext {
    /// The command that was typed.
    pub again: Again,
    /// The profile that was typed.
    pub selected: Option<ProfileName>,
    /// The token file that was typed.
    pub token_file: Option<PathBuf>,
    /// The config file.
    pub config: PathBuf,
    /// Where the file stores the profile's server, if that is what cannot be used.
    pub place_of_server: Option<String>,
}

impl CredentialContext {
    /// The failure in words, and what to do about it. Nothing was sent or changed, whatever failed.
    pub fn words(&self, error: &CredentialError) -> (String, Option<String>) {
        let again = &self.again;
        match error {
            CredentialError::Load(StoreError::Exposed { place, source }) => {
                let message = format!("nobody was asked: {place} is refused: {}", chain(&**source));
                let is_refused = |path: &&PathBuf| path.display().to_string() == *place;
                let refused = self.token_file.as_ref().filter(is_refused).unwrap_or(&self.config);
                (message, Some(again.once_private(refused)))
            }
            CredentialError::Load(StoreError::Unusable { place, source }) => (
                format!("nobody was asked: {place} cannot be used: {}", chain(&**source)),
                Some(format!("mend the cause and run {again} again")),
            ),
            CredentialError::Load(StoreError::NotABearerToken { place, source }) => {
                (format!("nobody was asked: {place} holds no bearer token: {}", chain(&**source)), None)
            }
            CredentialError::Load(error) => (format!("nobody was asked: {}", chain(error)), None),
            CredentialError::Variable(error) => {
                (format!("nobody was asked: PLEXSPHERE_TOKEN is no bearer token: {error}"), None)
            }
            CredentialError::None { selection } => {
                let config = self.config.display();
                match selection {
                    Selection::Default => (
                        format!("no credential: {config} names no session"),
                        Some(format!("log in with {}, or set PLEXSPHERE_TOKEN", self.login(None))),
                    ),
                    // A profile that is typed goes before the variable.
                    Selection::Named(profile) => (
                        format!("no credential: profile \"{profile}\" of {config} names no session"),
                        Some(format!(
                            "log in with {}, or set PLEXSPHERE_TOKEN and leave out --profile",
                            self.login(Some(profile))
                        )),
                    ),
                }
            }
            CredentialError::Server { credential: CredentialSource::Profile(profile), source } => {
                let place = self.place_of_server.clone().unwrap_or_else(|| self.config.display().to_string());
                let stored = StoredServer { of: format!("profile \"{profile}\""), place };
                (format!("nobody was asked: {}", stored.words(source)), Some(StoredServer::hint(source, again)))
            }
            CredentialError::Server { credential: CredentialSource::Variable | CredentialSource::File(_), source } => {
                let (message, hint) = of_given(source, again);
                (format!("nobody was asked: {message}"), Some(hint))
            }
        }
    }

    /// The words for a token that the server does not accept.
    pub fn words_of_not_accepted(&self, credential: &CredentialSource, origin: &str) -> (String, Option<String>) {
        let (profile, instead) = match credential {
            CredentialSource::Profile(profile) => (Some(profile), ""),
            // What goes before a session would be asked with again.
            CredentialSource::Variable => (self.selected.as_ref(), ", and unset PLEXSPHERE_TOKEN"),
            CredentialSource::File(_) => (self.selected.as_ref(), ", and leave out --token-file"),
        };
        let login = self.login(profile);
        (
            format!("not logged in at {origin}: the token of {} is not accepted", named(credential)),
            Some(format!("run {login} with --domain-id and --idp-binding-id{instead}")),
        )
    }

    /// The login into a profile, or into the one that a login takes by itself, at the server that was typed.
    fn login(&self, profile: Option<&ProfileName>) -> Again {
        Again::another("login")
            .with("--profile", profile.map(ProfileName::as_str))
            .with("--server", self.again.value_of("--server"))
    }
}

/// Which credential was asked with.
fn named(credential: &CredentialSource) -> String {
    match credential {
        CredentialSource::Profile(profile) => format!("profile \"{profile}\""),
        CredentialSource::Variable => "PLEXSPHERE_TOKEN".to_owned(),
        CredentialSource::File(path) => escape_unprintable(&path.to_string_lossy()).into_owned(),
    }
}
