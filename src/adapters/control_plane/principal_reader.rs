//! The principal reader: `GET /v1/auth/whoami`, and what its answer means.

use async_trait::async_trait;
use hyper::Method;

use super::ControlPlaneClient;
use super::http::Body;
use super::http::{CALL_LIMIT, Call};
use super::json::JsonObject;
use super::sent_secrets::SentSecrets;
use crate::domain::bearer_token::BearerToken;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::ports::call_error::CallError;
use crate::ports::principal_reader::PrincipalReader;
use crate::ports::request_error::RequestError;

#[async_trait]
impl PrincipalReader for ControlPlaneClient {
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, RequestError> {
        let call = Call {
            bearer: Some(token.expose_secret()),
            keeps_connection: true,
            ..Call::new(Method::GET, "/v1/auth/whoami")
        };
        let mut answer = self.call(server, call).await?;
        if answer.status() != 200 {
            return Err(answer.into_error().await.into());
        }
        let body = answer.body(CALL_LIMIT).await;
        principal_in(&body, &self.sent_secrets).map_err(|source| RequestError::Unconfirmed { source })
    }
}

/// Takes the two fields that make a principal, and the others as far as they can be used. The secrets that a server sends
/// back are masked.
fn principal_in(body: &Body, secrets: &SentSecrets) -> Result<Principal, CallError> {
    let fields = JsonObject::parse(body)?;
    // A wrong type counts as absent: the type and the subject are all that a login relies on.
    let mask = |text| secrets.masked(text);
    let optional = |name| fields.get(name).map(mask);
    Ok(Principal {
        principal_type: mask(fields.text("principal_type")?),
        principal_scope: optional("principal_scope"),
        subject: mask(fields.text("subject")?),
        domain_id: optional("domain_id"),
        email: optional("email"),
        acr: optional("acr"),
        amr: fields.get("amr").map(|methods: Vec<String>| methods.into_iter().map(mask).collect()),
    })
}

/// Reads the body of a 200 to a request with this token, for its fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_principal(body: &[u8], is_complete: bool, token: &BearerToken) -> Result<Principal, CallError> {
    principal_in(&Body { bytes: body.to_vec(), is_complete }, &[token.expose_secret()].into())
}

#[cfg(test)]
mod tests {
    use super::super::json::JsonError;
    use super::*;

    fn masked(json: &str, secrets: &SentSecrets) -> Result<Principal, CallError> {
        principal_in(&Body { bytes: json.as_bytes().to_vec(), is_complete: true }, secrets)
    }

    fn read(json: &str) -> Result<Principal, CallError> {
        masked(json, &SentSecrets::default())
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
        let principal = masked(&json, &[token.expose_secret()].into()).unwrap();
        assert!(!format!("{principal:?}").contains("s3cret"), "{principal:?}");
        assert_eq!((principal.subject.as_str(), principal.amr.unwrap().len()), ("a [redacted]", 2));
    }

    #[test]
    fn names_the_missing_field_of_a_principal() {
        for (json, error) in [
            ("{}", JsonError::Missing("principal_type")),
            (r#"{"principal_type":null,"subject":"s"}"#, JsonError::Missing("principal_type")),
            (r#"{"principal_type":7,"subject":"s"}"#, JsonError::NoText("principal_type")),
            (r#"{"principal_type":"user"}"#, JsonError::Missing("subject")),
            (r#"{"principal_type":"user","subject":["s"]}"#, JsonError::NoText("subject")),
        ] {
            assert_eq!(read(json), Err(error.into()), "{json}");
        }
    }
}
