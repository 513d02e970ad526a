//! Which server to log in to, and whether the session that a profile holds may make room for it.

use super::LoginRequest;
use super::error::LoginError;
use crate::domain::profile::Profile;
use crate::domain::server_url::ServerUrl;
use crate::use_cases::server::{NamedServers, ServerError};

/// Takes the server that the operator named for this login, else the one that the profile stores, else the one that the
/// operator named for every profile without a server. A session of another origin only makes room if the operator said
/// so; a token without a usable server is no such session, since nothing is known of its origin.
pub(super) fn to_log_in_to(held: Option<&Profile>, request: &LoginRequest) -> Result<ServerUrl, LoginError> {
    let named = NamedServers {
        stored: held.and_then(|held| held.server.as_deref()),
        flag: request.server_flag.as_deref(),
        fallback: request.server_fallback.as_deref(),
    };
    let choose = || {
        let server = named.for_new_session()?;
        let stored = held.filter(|held| held.token.is_some()).and_then(|held| held.server.as_deref());
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

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use super::super::tests::{holding, request};
    use super::*;
    use crate::domain::server_url::ServerUrlError;
    use crate::use_cases::server::ServerSetting;

    fn choose(
        (server, token): (Option<&str>, &str),
        flag: Option<&str>,
        fallback: Option<&str>,
        may_replace_other_origin: bool,
    ) -> Result<String, ServerError> {
        let request = LoginRequest {
            server_flag: flag.map(str::to_owned),
            server_fallback: fallback.map(str::to_owned),
            may_replace_other_origin,
            ..request()
        };
        match to_log_in_to(Some(&holding("dev", server, token)), &request) {
            Ok(server) => Ok(server.as_given().to_owned()),
            Err(LoginError::Server { profile, source }) => {
                assert_eq!(profile, request.profile);
                Err(source)
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_server_is_the_one_given_else_the_stored_one_else_the_fallback() {
        let (empty, stored) = ((None, ""), (Some("https://stored/base"), "t0ken"));
        let cases = [
            (stored, None, None, "https://stored/base"),
            (stored, None, Some("https://fallback"), "https://stored/base"),
            (stored, None, Some("junk"), "https://stored/base"),
            (stored, Some("HTTPS://STORED:443/other"), Some("junk"), "HTTPS://STORED:443/other"),
            ((Some("https://stored"), ""), None, Some("https://fallback"), "https://stored"),
            (empty, Some("https://flag"), Some("junk"), "https://flag"),
            (empty, None, Some("https://fallback"), "https://fallback"),
        ];
        for (held, flag, fallback, expected) in cases {
            assert_eq!(choose(held, flag, fallback, false).unwrap(), expected, "{held:?} {flag:?} {fallback:?}");
        }
    }

    #[test]
    fn a_server_that_is_missing_or_unusable_is_named_by_where_it_came_from() {
        let unusable = |setting, source| ServerError::Unusable { setting, place: None, source };
        let cases = [
            ((None, ""), None, None, ServerError::Unknown),
            ((Some("https://h"), "t"), Some("junk"), None, unusable(ServerSetting::Given, ServerUrlError::Syntax)),
            ((Some("ftp://h"), "t"), None, Some("https://h"), unusable(ServerSetting::Stored, ServerUrlError::Scheme)),
            ((None, "t"), None, Some("https://u@h"), unusable(ServerSetting::Fallback, ServerUrlError::Userinfo)),
        ];
        for (held, flag, fallback, expected) in cases {
            assert_eq!(choose(held, flag, fallback, true), Err(expected), "{held:?} {flag:?} {fallback:?}");
        }
    }

    #[test]
    fn a_session_of_another_origin_makes_room_only_if_the_operator_says_so() {
        let held = (Some("https://stored"), "t0ken");
        let other = ServerError::OtherOrigin { stored: "https://stored".into(), given: "https://flag".into() };
        assert_eq!(choose(held, Some("https://flag"), None, false), Err(other));
        assert_eq!(choose(held, Some("https://flag"), None, true).unwrap(), "https://flag");
    }

    #[test]
    fn what_is_no_session_of_another_origin_needs_no_say() {
        for held in [(None, "t0ken"), (Some("ftp://stored"), "t0ken"), (Some("https://stored"), ""), (None, "")] {
            assert_eq!(choose(held, Some("https://flag"), None, false).unwrap(), "https://flag", "{held:?}");
        }
    }
}
