//! Which server issues a credential, and which one it goes to: the one that issued it where that is known, and else the
//! one that the operator named.

use thiserror::Error;

use super::failure_kind::FailureKind;
use crate::domain::server_url::{ServerUrl, ServerUrlError};

/// The servers that are named, as they are stored or were given.
#[derive(Clone, Copy)]
pub(super) struct NamedServers<'a> {
    /// The one that the profile stores.
    pub(super) stored: Option<&'a str>,
    /// The one that the operator named for this run.
    pub(super) flag: Option<&'a str>,
    /// The one that the operator named for every profile without a server.
    pub(super) fallback: Option<&'a str>,
}

impl NamedServers<'_> {
    /// Decides which server may see a stored credential: the one stored beside it. Others count only where none is
    /// stored.
    ///
    /// # Errors
    ///
    /// Any variant of [`ServerError`].
    pub(super) fn for_stored_credential(self) -> Result<ServerUrl, ServerError> {
        let Some(stored) = self.stored else { return self.for_given_credential() };
        let stored = parse(stored, ServerSetting::Stored)?;
        let Some(flag) = self.flag else { return Ok(stored) };
        // An unusable flag is an error even here: it shows that the operator meant something else.
        let flag = parse(flag, ServerSetting::Given)?;
        if flag.same_origin(&stored) {
            // The stored text, not the flag's: its base path belongs to the credential.
            Ok(stored)
        } else {
            Err(ServerError::OtherOrigin { stored: stored.origin(), given: flag.origin() })
        }
    }

    /// Decides which server may see a credential that the operator gives: the first that the operator names, and else
    /// the one that the profile stores.
    ///
    /// # Errors
    ///
    /// [`ServerError::Unusable`] or [`ServerError::Unknown`].
    pub(super) fn for_given_credential(self) -> Result<ServerUrl, ServerError> {
        self.first_of([ServerSetting::Given, ServerSetting::Fallback, ServerSetting::Stored])
    }

    /// Decides which server is to issue a credential: the one that the operator names for this run, else the one that
    /// the profile stores, and else the one that the operator names for every profile without a server.
    ///
    /// # Errors
    ///
    /// [`ServerError::Unusable`] or [`ServerError::Unknown`].
    pub(super) fn for_new_session(self) -> Result<ServerUrl, ServerError> {
        self.first_of([ServerSetting::Given, ServerSetting::Stored, ServerSetting::Fallback])
    }

    /// The stored server as the failure of a command tells it: only a valid URL is fit to be shown.
    pub(super) fn shown(self) -> Option<String> {
        Some(ServerUrl::parse(self.stored?).ok()?.as_given().to_owned())
    }

    /// The server of the first of these settings that names one.
    fn first_of(self, settings: [ServerSetting; 3]) -> Result<ServerUrl, ServerError> {
        let text_of = |setting| match setting {
            ServerSetting::Stored => self.stored,
            ServerSetting::Given => self.flag,
            ServerSetting::Fallback => self.fallback,
        };
        // Found before it is parsed, so that an unusable server never falls through to the next one.
        let named = settings.into_iter().find_map(|setting| Some((text_of(setting)?, setting)));
        named.map_or(Err(ServerError::Unknown), |(text, setting)| parse(text, setting))
    }
}

fn parse(text: &str, setting: ServerSetting) -> Result<ServerUrl, ServerError> {
    ServerUrl::parse(text).map_err(|source| ServerError::Unusable { setting, place: None, source })
}

/// Why there is no server to which the token may go.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ServerError {
    /// The server that would be used is not a usable URL.
    #[error("{} is not a valid URL", named(*setting, place.as_deref()))]
    Unusable {
        /// Where the text came from; the text itself may hold a password and stays out.
        setting: ServerSetting,
        /// Where the profile stores the server, if that is known.
        place: Option<String>,
        /// Which part of the rule it breaks.
        source: ServerUrlError,
    },
    /// The operator named another origin than the one that issued the token.
    #[error("--server names {given}, but the token was issued by {stored}")]
    OtherOrigin {
        /// The origin that issued the token.
        stored: String,
        /// The origin that the operator named.
        given: String,
    },
    /// The profile stores no server, and none was given.
    #[error("the profile stores no server, and none was given")]
    Unknown,
}

impl ServerError {
    /// The same error with the place where the profile stores its server, if that is what cannot be used.
    #[must_use]
    pub fn stored_at(mut self, stored_at: impl FnOnce() -> String) -> Self {
        if let Self::Unusable { setting: ServerSetting::Stored, place, .. } = &mut self {
            *place = Some(stored_at());
        }
        self
    }

    /// The kind of failure, for programs.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Unusable { .. } => FailureKind::ServerUnusable,
            Self::OtherOrigin { .. } => FailureKind::ServerMismatch,
            Self::Unknown => FailureKind::ServerUnknown,
        }
    }
}

/// Where a server's text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerSetting {
    /// The profile.
    Stored,
    /// The operator, for this run.
    Given,
    /// The operator, for every profile without a server.
    Fallback,
}

/// What a setting goes by.
fn named(setting: ServerSetting, place: Option<&str>) -> String {
    match (setting, place) {
        (ServerSetting::Stored, Some(place)) => format!("the server at {place}"),
        (ServerSetting::Stored, None) => "the stored server".to_owned(),
        (ServerSetting::Given, _) => "--server".to_owned(),
        (ServerSetting::Fallback, _) => "PLEXSPHERE_URL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_credential_has_its_order_of_servers() {
        let (stored, flag, fallback) = (Some("https://stored"), Some("https://flag"), Some("https://url"));
        for (stored, flag, fallback, given, new) in [
            (stored, flag, fallback, "https://flag", "https://flag"),
            (stored, None, fallback, "https://url", "https://stored"),
            (stored, None, None, "https://stored", "https://stored"),
            (None, None, fallback, "https://url", "https://url"),
        ] {
            let servers = || NamedServers { stored, flag, fallback };
            assert_eq!(servers().for_given_credential().unwrap().as_given(), given);
            assert_eq!(servers().for_new_session().unwrap().as_given(), new);
        }
    }

    #[test]
    fn an_unusable_server_is_named_by_where_it_stands() {
        for (setting, name) in [
            (ServerSetting::Stored, "the server at config:3:10"),
            (ServerSetting::Given, "--server"),
            (ServerSetting::Fallback, "PLEXSPHERE_URL"),
        ] {
            let error = ServerError::Unusable { setting, place: None, source: ServerUrlError::Syntax };
            let error = error.stored_at(|| "config:3:10".to_owned());
            assert_eq!(error.to_string(), format!("{name} is not a valid URL"));
        }
    }
}
