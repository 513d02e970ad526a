//! Why a server cannot be asked, in words that all commands have in common.

use plexctl::use_cases::server::{ServerError, ServerSetting};

use super::again::Again;

/// What a usable server URL looks like.
pub const FORM: &str = "https://HOST[:PORT][/PATH], or http for development";

/// Whose stored server an error is about, and where that stands.
pub struct StoredServer {
    /// What the server is stored for, such as `profile "staging"`.
    pub of: String,
    /// The file, and the line and column where they are known.
    pub place: String,
}

impl StoredServer {
    /// What is wrong with the server.
    pub fn words(&self, error: &ServerError) -> String {
        let Self { of, place } = self;
        match error {
            ServerError::Unusable { setting: ServerSetting::Stored, source } => {
                format!("the server of {of} at {place} is not a usable URL: {source}")
            }
            ServerError::Unusable { setting: ServerSetting::Given, source } => {
                format!("--server is not a usable URL: {source}; {of} is kept")
            }
            ServerError::Unusable { setting: ServerSetting::Fallback, source } => {
                format!("PLEXSPHERE_URL is not a usable URL: {source}; {of} is kept")
            }
            ServerError::OtherOrigin { stored, given } => {
                format!("--server names {given}, but the token of {of} was issued by {stored}")
            }
            ServerError::Unknown => format!("it is not known which server issued the token: {of} stores none"),
        }
    }

    /// What to do about it.
    pub fn hint(error: &ServerError, again: &Again) -> String {
        match error {
            ServerError::Unusable { setting: ServerSetting::Given, .. } => {
                format!("nothing was sent or changed; --server must look like {FORM}")
            }
            ServerError::Unusable { .. } => format!("it must look like {FORM}; mend it and run {again} again"),
            ServerError::OtherOrigin { .. } => {
                format!("a token goes to its own server only: run {}", again.without("--server"))
            }
            ServerError::Unknown => "name the server that issued the token with --server or PLEXSPHERE_URL".to_owned(),
        }
    }
}

/// What is wrong with a server that no token is stored for, and what to do about it.
pub fn of_given(error: &ServerError, again: &Again) -> (String, String) {
    let must = format!("it must look like {FORM}");
    match error {
        ServerError::Unusable { setting: ServerSetting::Given, source } => {
            (format!("--server is not a usable URL: {source}"), must)
        }
        ServerError::Unusable { setting: ServerSetting::Fallback, source } => {
            (format!("PLEXSPHERE_URL is not a usable URL: {source}"), must)
        }
        ServerError::Unusable { setting: ServerSetting::Stored, source } => (
            format!("the stored server is not a usable URL: {source}"),
            format!("{must}; mend it, or name another with --server, and run {again} again"),
        ),
        ServerError::OtherOrigin { stored, given } => (
            format!("the profile holds a session of {stored}, and this one would be of {given}"),
            format!("choose another --profile-name, or replace that session: run {}", again.but_with("--yes")),
        ),
        ServerError::Unknown => ("no server is known".to_owned(), "name it with --server or PLEXSPHERE_URL".to_owned()),
    }
}
