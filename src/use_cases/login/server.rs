//! Which server to log in to, and whether the session that a profile holds may make room for it.

use super::LoginRequest;
use super::error::LoginError;
use crate::domain::server_url::ServerUrl;
use crate::domain::stored_token::ProfileContents;
use crate::use_cases::logout::{ServerError, ServerSetting};

/// Takes the server that the operator named for this login, else the one that the profile stores, else the one that the
/// operator named for every profile without a server. A session of another origin only makes room if the operator said
/// so; a token without a usable server is no such session, since nothing is known of its origin.
pub(super) fn to_log_in_to(held: &ProfileContents, request: &LoginRequest) -> Result<ServerUrl, LoginError> {
    let choose = || {
        let server = first_named(held, request)?;
        let stored = held.server.as_deref().filter(|_| held.token.is_some());
        let stored = stored.and_then(|stored| ServerUrl::parse(stored).ok());
        match stored.filter(|stored| !stored.same_origin(&server)) {
            Some(stored) if !request.may_replace_other_origin => {
                Err(ServerError::OtherOrigin { stored: stored.origin(), given: server.origin() })
            }
            _ => Ok(server),
        }
    };
    choose().map_err(|source| LoginError::Server { profile: request.profile.clone(), source })
}

fn first_named(held: &ProfileContents, request: &LoginRequest) -> Result<ServerUrl, ServerError> {
    let candidates = [
        (&request.server_flag, ServerSetting::Given),
        (&held.server, ServerSetting::Stored),
        (&request.server_fallback, ServerSetting::Fallback),
    ];
    let named = candidates.into_iter().find_map(|(text, setting)| text.as_deref().map(|text| (text, setting)));
    let (text, setting) = named.ok_or(ServerError::Unknown)?;
    ServerUrl::parse(text).map_err(|source| ServerError::Unusable { setting, source })
}
