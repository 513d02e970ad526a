//! The principal reader: `GET /v1/auth/whoami`, and what its answer means.

use async_trait::async_trait;
use hyper::Method;

use super::ControlPlaneClient;
use super::failure::CallFailure;
use super::http::Body;
use super::http::{CALL_LIMIT, Call};
use super::json::JsonObject;
#[cfg(any(test, fuzzing))]
use super::problem;
use super::unexpected_response::UnexpectedResponse;
use crate::domain::bearer_token::BearerToken;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::ports::call_error::CallError;
use crate::ports::principal_reader::{PrincipalReader, ReadError};

#[async_trait]
impl PrincipalReader for ControlPlaneClient {
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, ReadError> {
        let mut answer = self.http.call(server, question_of(token)).await?;
        if answer.status() != 200 {
            return Err(error_of(answer.into_error().await));
        }
        let body = answer.body(CALL_LIMIT).await;
        let principal = principal_in(&body).map_err(|source| ReadError::Unusable { source })?;
        Ok(masked(principal, |text| self.http.masked(text)))
    }
}

fn question_of(token: &BearerToken) -> Call<'_> {
    Call {
        method: Method::GET,
        path: "/v1/auth/whoami".to_owned(),
        bearer: Some(token.expose_secret()),
        body: None,
        accept: "application/problem+json, application/json",
        limit: CALL_LIMIT,
        keeps_connection: true,
    }
}

impl From<CallFailure> for ReadError {
    fn from(failure: CallFailure) -> Self {
        if failure.may_have_arrived() {
            Self::Unanswered { source: failure.into() }
        } else {
            Self::Unreached { source: failure.into() }
        }
    }
}

/// Tells what an answer other than 200 means. One that may be the proxy's own does not say that the token is no good.
fn error_of(answered: UnexpectedResponse) -> ReadError {
    match answered.status {
        // 401 would have the operator log in again, so it has to be the server's own.
        401 if !answered.may_be_the_proxys() => ReadError::NotAccepted { source: answered.into() },
        403 => ReadError::Refused { source: answered.into() },
        _ => ReadError::Unusable { source: answered.into() },
    }
}

/// Takes the two fields that make a principal, and the others as far as they can be used.
fn principal_in(body: &Body) -> Result<Principal, CallError> {
    let fields = JsonObject::parse(body)?;
    Ok(Principal {
        principal_type: fields.text("principal_type")?,
        // A wrong type counts as absent: the two fields above are all that a login relies on.
        principal_scope: fields.get("principal_scope"),
        subject: fields.text("subject")?,
        domain_id: fields.get("domain_id"),
        email: fields.get("email"),
        acr: fields.get("acr"),
        amr: fields.get("amr"),
    })
}

/// Masks the secrets that a server sends back.
fn masked(principal: Principal, mask: impl Fn(String) -> String) -> Principal {
    let Principal { principal_type, principal_scope, subject, domain_id, email, acr, amr } = principal;
    Principal {
        principal_type: mask(principal_type),
        principal_scope: principal_scope.map(&mask),
        subject: mask(subject),
        domain_id: domain_id.map(&mask),
        email: email.map(&mask),
        acr: acr.map(&mask),
        amr: amr.map(|methods| methods.into_iter().map(&mask).collect()),
    }
}

/// Reads the body of a 200 to a request with this token, for its fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_principal(body: &[u8], is_complete: bool, token: &BearerToken) -> Result<Principal, CallError> {
    let principal = principal_in(&Body { bytes: body.to_vec(), is_complete })?;
    Ok(masked(principal, |text| problem::masked(text, &[token.expose_secret()])))
}

#[cfg(test)]
mod tests {
    use super::super::failure::ProxyName;
    use super::super::json::{FieldError, FieldFault};
    use super::super::problem::ProblemDetails;
    use super::*;

    fn read(json: &str) -> Result<Principal, CallError> {
        principal_in(&Body { bytes: json.as_bytes().to_vec(), is_complete: true })
    }

    #[test]
    fn principal_needs_only_a_type_and_a_subject() {
        let whole = read(
            r#"{"principal_type":"user","principal_scope":"domain","subject":"s","domain_id":"d","email":"e","acr":"a",
                "amr":["pwd","mfa"],"unknown":{"a":1}}"#,
        );
        let text = |text: &str| Some(text.to_owned());
        let least = Principal { principal_type: "user".to_owned(), subject: "s".to_owned(), ..Principal::default() };
        let expected = Principal {
            principal_scope: text("domain"),
            domain_id: text("d"),
            email: text("e"),
            acr: text("a"),
            amr: Some(vec!["pwd".to_owned(), "mfa".to_owned()]),
            ..least.clone()
        };
        assert_eq!(whole, Ok(expected));
        for odd in ["null", "7", "[7]", "[\"pwd\",7]", "{}", "true"] {
            let fields = format!(
                r#"{{"principal_type":"user","principal_scope":{odd},"subject":"s","domain_id":{odd},"email":{odd},
                    "acr":{odd},"amr":{odd}}}"#
            );
            assert_eq!(read(&fields), Ok(least.clone()), "{odd}");
        }
        let amr = |json: &str| read(&format!(r#"{{"principal_type":"user","subject":"s","amr":{json}}}"#)).unwrap().amr;
        assert_eq!((amr("\"pwd\""), amr("[]")), (None, Some(vec![])));
    }

    #[test]
    fn a_token_that_comes_back_is_not_shown() {
        let token = BearerToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret-s3cret").unwrap();
        let json = r#"{"principal_type":"T","subject":"a T","domain_id":"T","email":"S","acr":"T b","amr":["T","S"]}"#;
        let json = json.replace('T', token.expose_secret()).replace('S', "s3cret-s3cret");
        let principal = masked(read(&json).unwrap(), |text| problem::masked(text, &[token.expose_secret()]));
        assert!(!format!("{principal:?}").contains("s3cret"), "{principal:?}");
        assert_eq!((principal.subject.as_str(), principal.amr.unwrap().len()), ("a [redacted]", 2));
    }

    #[test]
    fn names_the_missing_field_of_a_principal() {
        for (json, name, fault) in [
            ("{}", "principal_type", FieldFault::Missing),
            (r#"{"principal_type":null,"subject":"s"}"#, "principal_type", FieldFault::Missing),
            (r#"{"principal_type":7,"subject":"s"}"#, "principal_type", FieldFault::NoText),
            (r#"{"principal_type":"user"}"#, "subject", FieldFault::Missing),
            (r#"{"principal_type":"user","subject":["s"]}"#, "subject", FieldFault::NoText),
        ] {
            assert_eq!(read(json), Err(FieldError { name, fault }.into()), "{json}");
        }
    }

    #[test]
    fn only_the_servers_own_401_rejects_the_token() {
        let proxy = Some(ProxyName { address: "http://proxy".to_owned(), variable: "HTTP_PROXY".to_owned() });
        let problem = Some(ProblemDetails::default());
        for status in 0..=999 {
            for (proxy, problem) in [(&None, &None), (&None, &problem), (&proxy, &None), (&proxy, &problem)] {
                let answered = UnexpectedResponse {
                    status,
                    problem: problem.clone(),
                    proxy: proxy.clone(),
                    ..UnexpectedResponse::default()
                };
                let is_as_said = match error_of(answered) {
                    ReadError::NotAccepted { .. } => status == 401 && (proxy.is_none() || problem.is_some()),
                    ReadError::Refused { .. } => status == 403,
                    ReadError::Unusable { .. } => {
                        status != 403 && (status != 401 || proxy.is_some() && problem.is_none())
                    }
                    ReadError::Unanswered { .. } | ReadError::Unreached { .. } => false,
                };
                assert!(is_as_said, "{status} {proxy:?} {problem:?}");
            }
        }
    }
}
