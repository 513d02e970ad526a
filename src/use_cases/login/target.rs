//! What to log in to: the server, the domain and its binding, as the operator names them or the profile remembers them.

use super::LoginRequest;
use super::error::{LoginCause, LoginError, LoginState};
use crate::domain::profile::Profile;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::ports::token_issuer::AuthorizationRequest;
use crate::use_cases::server::{NamedServers, ServerError};

/// What a login asks of which server, for which profile.
pub(super) struct LoginTarget {
    pub(super) profile: ProfileName,
    pub(super) server: ServerUrl,
    pub(super) authorization: AuthorizationRequest,
    /// The profile as it was stored before.
    pub(super) held: Option<Profile>,
}

impl LoginTarget {
    /// A failure before a token arrived.
    pub(super) fn error(&self, is_response_lost: bool, cause: LoginCause) -> LoginError {
        LoginError::new(&self.profile, Some(&self.server), LoginState::Nothing { is_response_lost }, cause)
    }
}

/// Chooses the target of a login. `held` is the profile as it is stored, and the place is where its server is.
///
/// A remembered binding counts only for the domain that it was remembered with.
pub(super) fn choose_target(
    held: Option<Profile>,
    request: &LoginRequest,
    place_of_server: impl FnOnce() -> String,
) -> Result<LoginTarget, LoginError> {
    let domain_id = request.domain_id.or_else(|| held.as_ref()?.domain_id);
    let cause = match (choose_server(held.as_ref(), request), domain_id) {
        (Ok(server), Some(domain_id)) => {
            // A binding belongs to one domain, so one that was remembered with another cannot be right.
            let remembered = || held.as_ref().filter(|held| held.domain_id == Some(domain_id))?.idp_binding.clone();
            let idp_binding = request.idp_binding.clone().or_else(remembered);
            let authorization = AuthorizationRequest { domain_id, idp_binding };
            return Ok(LoginTarget { profile: request.profile.clone(), server, authorization, held });
        }
        // The operator learns all that is missing at once.
        (Ok(_), None) => LoginCause::Missing { needs_domain: true, needs_server: false },
        (Err(ServerError::Unknown), domain_id) => {
            LoginCause::Missing { needs_domain: domain_id.is_none(), needs_server: true }
        }
        (Err(error), _) => LoginCause::Server(error.stored_at(place_of_server)),
    };
    // Known even where it must not replace another one.
    let server = named_servers(held.as_ref(), request).for_new_session().ok();
    Err(LoginError::new(&request.profile, server.as_ref(), LoginState::NOTHING, cause))
}

/// Takes the server that the operator named for this login, else the stored one, else the one that the operator named
/// for every profile without a server. A session of another origin is only replaced if the operator said so. A token
/// without a valid server is no such session, since nothing is known of its origin.
fn choose_server(held: Option<&Profile>, request: &LoginRequest) -> Result<ServerUrl, ServerError> {
    let server = named_servers(held, request).for_new_session()?;
    let stored = held.filter(|held| held.token.is_some()).and_then(Profile::server_url);
    match stored.filter(|stored| !stored.same_origin(&server)) {
        Some(stored) if !request.may_replace_other_origin => {
            Err(ServerError::OtherOrigin { stored: stored.origin(), given: server.origin() })
        }
        _ => Ok(server),
    }
}

fn named_servers<'a>(held: Option<&'a Profile>, request: &'a LoginRequest) -> NamedServers<'a> {
    NamedServers {
        // That of a profile without a token counts too: it is what the last login used.
        stored: held.and_then(|held| held.server.as_deref()),
        flag: request.server_flag.as_deref(),
        fallback: request.server_fallback.as_deref(),
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use super::super::tests::{SERVER, holding, request};
    use super::*;
    use crate::domain::identifier::Identifier;
    use crate::domain::idp_binding::{BindingAlias, IdpBinding};
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
        choose_server(Some(&holding("dev", server, token)), &request).map(|server| server.as_given().to_owned())
    }

    #[test]
    fn takes_given_then_stored_then_fallback_server() {
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
    fn rejects_a_missing_or_invalid_server() {
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
    fn replaces_another_origin_only_if_allowed() {
        let held = (Some("https://stored"), "t0ken");
        let other = ServerError::OtherOrigin { stored: "https://stored".into(), given: "https://flag".into() };
        assert_eq!(choose(held, Some("https://flag"), None, false), Err(other));
        assert_eq!(choose(held, Some("https://flag"), None, true).unwrap(), "https://flag");
    }

    #[test]
    fn replaces_everything_else_without_asking() {
        for held in [(None, "t0ken"), (Some("ftp://stored"), "t0ken"), (Some("https://stored"), ""), (None, "")] {
            assert_eq!(choose(held, Some("https://flag"), None, false).unwrap(), "https://flag", "{held:?}");
        }
    }

    const DOMAIN: &str = "0192f0c1-0000-7000-8000-00000000000a";
    const OTHER: &str = "0192f0c1-0000-7000-8000-00000000000c";

    fn id(text: &str) -> Identifier {
        Identifier::parse(text).unwrap()
    }

    fn alias(text: &str) -> IdpBinding {
        IdpBinding::Alias(BindingAlias::parse(text).unwrap())
    }

    #[test]
    fn falls_back_to_what_the_profile_remembers() {
        let remembering = |domain: Option<&str>, binding| Profile {
            domain_id: domain.map(id),
            idp_binding: binding,
            ..holding("dev", Some(SERVER), "t")
        };
        for (given, remembered, expected) in [
            ((Some(DOMAIN), Some(alias("a"))), (Some(DOMAIN), Some(alias("b"))), (DOMAIN, Some(alias("a")))),
            ((None, None), (Some(DOMAIN), Some(alias("b"))), (DOMAIN, Some(alias("b")))),
            ((None, Some(alias("a"))), (Some(DOMAIN), Some(alias("b"))), (DOMAIN, Some(alias("a")))),
            ((Some(DOMAIN), None), (Some(DOMAIN), Some(alias("b"))), (DOMAIN, Some(alias("b")))),
            ((Some(OTHER), None), (Some(DOMAIN), Some(alias("b"))), (OTHER, None)),
            ((Some(DOMAIN), None), (None, Some(alias("b"))), (DOMAIN, None)),
            ((Some(DOMAIN), None), (Some(DOMAIN), None), (DOMAIN, None)),
        ] {
            let request = LoginRequest { domain_id: given.0.map(id), idp_binding: given.1, ..request() };
            let target = choose_target(Some(remembering(remembered.0, remembered.1)), &request, String::new).unwrap();
            let AuthorizationRequest { domain_id, idp_binding } = target.authorization;
            assert_eq!((domain_id, idp_binding), (id(expected.0), expected.1));
        }
    }

    #[test]
    fn names_all_that_is_missing_at_once() {
        let missing = |domain: Option<&str>, server: Option<&str>| {
            let (domain_id, server_flag) = (domain.map(id), server.map(str::to_owned));
            let chosen = choose_target(None, &LoginRequest { domain_id, server_flag, ..request() }, String::new);
            match *chosen.err()?.cause {
                LoginCause::Missing { needs_domain, needs_server } => Some((needs_domain, needs_server)),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(missing(None, None), Some((true, true)));
        assert_eq!(missing(None, Some("https://h")), Some((true, false)));
        assert_eq!(missing(Some(DOMAIN), None), Some((false, true)));
        assert_eq!(missing(Some(DOMAIN), Some("https://h")), None);
    }
}
