//! The token issuer: `POST /v1/auth/device-code` and `POST /v1/auth/device-token` (RFC 8628), and the tables that tell
//! what their answers mean.

use std::time::Duration;

use async_trait::async_trait;
use hyper::Method;
use hyper::header::RETRY_AFTER;
use serde_json::{Deserializer, Map, Value};
use thiserror::Error;

use super::ControlPlaneClient;
use super::exchange::{Answer, CALL_LIMIT, Call};
use super::failure::{Answered, CallFailure, Phase};
use crate::domain::answer_field::FieldValue;
use crate::domain::device_authorization::{AuthorizationFields, DeviceAuthorization, DeviceCode};
use crate::domain::issued_token::{IssuedToken, TokenFields};
use crate::domain::server_url::ServerUrl;
use crate::ports::BoxError;
use crate::ports::token_issuer::{AuthorizationRequest, BeginError, PollAnswer, PollFailure, TokenIssuer};

/// The longest time that a server may ask to be left alone for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

#[async_trait]
impl TokenIssuer for ControlPlaneClient {
    async fn begin(
        &self,
        server: &ServerUrl,
        request: &AuthorizationRequest,
    ) -> Result<DeviceAuthorization, BeginError> {
        let AuthorizationRequest { domain_id, idp_binding_id } = request;
        let body = format!("{{\"domain_id\":\"{domain_id}\",\"idp_binding_id\":\"{idp_binding_id}\"}}");
        let mut answer = self.call(server, post("/v1/auth/device-code", body)).await?;
        if answer.status() == 200 {
            return authorization_in(&mut answer, server).await.map_err(|source| BeginError::Unusable { source });
        }
        let answered = answer.into_error("").await;
        match answered.status {
            400 | 404 if is_servers_own(&answered) => Err(BeginError::Rejected { source: answered.into() }),
            403 if is_servers_own(&answered) => Err(BeginError::Refused { source: answered.into() }),
            _ => Err(BeginError::Unconfirmed { source: answered.into() }),
        }
    }

    async fn poll(&self, server: &ServerUrl, code: &DeviceCode) -> PollAnswer {
        // Visible ASCII characters, of which JSON escapes two.
        let body = Value::from(code.expose_secret()).to_string();
        let call = post("/v1/auth/device-token", format!("{{\"device_code\":{body}}}"));
        let mut answer = match self.call(server, call).await {
            Ok(answer) => answer,
            Err(failure) => return unanswered(failure),
        };
        if answer.status() == 200 {
            return match token_in(&mut answer).await {
                Ok(token) => PollAnswer::Issued(token),
                Err(source) => PollAnswer::Unusable { source },
            };
        }
        let retry_after = retry_after(&answer);
        let answered = answer.into_error(code.expose_secret()).await;
        let code = answered.problem.as_ref().and_then(|problem| problem.code.as_deref());
        match meaning(answered.status, code, is_servers_own(&answered)) {
            Meaning::Pending => PollAnswer::Pending,
            Meaning::SlowDown => PollAnswer::SlowDown,
            Meaning::Denied => PollAnswer::Denied,
            Meaning::Expired => PollAnswer::Expired,
            Meaning::Rejected => PollAnswer::Rejected { source: answered.into() },
            Meaning::Refused => PollAnswer::Refused { source: answered.into() },
            Meaning::Unusable => PollAnswer::Unusable { source: answered.into() },
            Meaning::Failed { may_have_issued } => {
                PollAnswer::Failed(PollFailure { source: answered.into(), may_have_issued, retry_after })
            }
        }
    }
}

fn post(path: &str, body: String) -> Call<'_> {
    Call {
        method: Method::POST,
        path: path.to_owned(),
        bearer: None,
        body: Some(body.into_bytes()),
        accept: "application/json, application/problem+json",
        limit: CALL_LIMIT,
        keeps_connection: true,
    }
}

async fn authorization_in(answer: &mut Answer<'_>, server: &ServerUrl) -> Result<DeviceAuthorization, BoxError> {
    let mut members = members_in(answer).await?;
    let mut field = |name| field(&mut members, name);
    let fields = AuthorizationFields {
        device_code: field("device_code"),
        user_code: field("user_code"),
        verification_uri: field("verification_uri"),
        verification_uri_complete: field("verification_uri_complete"),
        expires_in: field("expires_in"),
        interval: field("interval"),
    };
    Ok(DeviceAuthorization::parse(fields, server)?)
}

async fn token_in(answer: &mut Answer<'_>) -> Result<IssuedToken, BoxError> {
    let mut members = members_in(answer).await?;
    let mut field = |name| field(&mut members, name);
    let fields = TokenFields {
        access_token: field("access_token"),
        token_type: field("token_type"),
        expires_in: field("expires_in"),
    };
    Ok(IssuedToken::parse(fields)?)
}

/// Reads the object that a body begins with. What breaks off behind it has said all there is to say.
async fn members_in(answer: &mut Answer<'_>) -> Result<Map<String, Value>, NoObject> {
    let body = answer.body(CALL_LIMIT).await;
    match Deserializer::from_slice(&body.bytes).into_iter().next() {
        Some(Ok(members)) => Ok(members),
        _ => Err(NoObject),
    }
}

/// Takes a member out of an answer. One that is null has no value.
fn field(members: &mut Map<String, Value>, name: &str) -> Option<FieldValue> {
    match members.remove(name)? {
        Value::Null => None,
        Value::String(text) => Some(FieldValue::Text(text)),
        Value::Number(number) if number.is_f64() => Some(FieldValue::Other),
        Value::Number(number) => Some(FieldValue::Integer(number.as_i64().unwrap_or(i64::MAX))),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Some(FieldValue::Other),
    }
}

/// Tells an answer of the server from one that may be a proxy's own.
fn is_servers_own(answered: &Answered) -> bool {
    answered.proxy.is_none() || answered.problem.is_some()
}

/// How long the server asks to be left alone, in seconds alone (RFC 9110, section 10.2.3).
fn retry_after(answer: &Answer<'_>) -> Option<Duration> {
    let seconds = answer.header(&RETRY_AFTER)?.parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|time| *time <= MAX_RETRY_AFTER)
}

fn unanswered(failure: CallFailure) -> PollAnswer {
    let may_have_issued = failure.phase == Phase::Answer;
    PollAnswer::Failed(PollFailure { source: failure.into(), may_have_issued, retry_after: None })
}

/// What an answer to a poll says that brings no token. It stands apart from the port's answers, since this table has to
/// be total without a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Pending,
    SlowDown,
    Denied,
    Expired,
    Rejected,
    Refused,
    Unusable,
    Failed { may_have_issued: bool },
}

/// Reads the table of answers to a poll but 200 (RFC 8628, section 3.5, with the codes in problem details).
fn meaning(status: u16, code: Option<&str>, is_servers_own: bool) -> Meaning {
    match (status, code) {
        (408 | 429 | 300..400, _) => Meaning::Failed { may_have_issued: false },
        (400..500, _) if !is_servers_own => Meaning::Failed { may_have_issued: false },
        (400, Some("authorization_pending")) => Meaning::Pending,
        (400, Some("slow_down")) => Meaning::SlowDown,
        (400, Some("access_denied")) => Meaning::Denied,
        (400, Some("expired_token")) => Meaning::Expired,
        (403, _) => Meaning::Refused,
        (400..500, _) => Meaning::Rejected,
        (200..300, _) => Meaning::Unusable,
        _ => Meaning::Failed { may_have_issued: true },
    }
}

impl From<CallFailure> for BeginError {
    fn from(failure: CallFailure) -> Self {
        match failure.phase {
            Phase::Answer => Self::Unanswered { source: failure.into() },
            Phase::ProxySetting | Phase::NameLookup | Phase::Connection | Phase::Tunnel | Phase::Tls => {
                Self::Unreached { source: failure.into() }
            }
        }
    }
}

/// The body of a success is not what the API says.
#[derive(Debug, Error)]
#[error("it is no JSON object")]
struct NoObject;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_to_a_poll_has_a_meaning() {
        let failed = |may_have_issued| Meaning::Failed { may_have_issued };
        for status in (0..200).chain(201..=999) {
            let expected = match status {
                201..=299 => Meaning::Unusable,
                300..=399 | 408 | 429 => failed(false),
                403 => Meaning::Refused,
                400..=499 => Meaning::Rejected,
                _ => failed(true),
            };
            assert_eq!(meaning(status, None, true), expected, "{status}");
            assert_eq!(meaning(status, Some("invalid_grant"), true), expected, "{status}");
            let through_proxy = if (400..500).contains(&status) { failed(false) } else { expected };
            assert_eq!(meaning(status, None, false), through_proxy, "{status} through a proxy");
        }
    }

    #[test]
    fn the_codes_of_a_400_are_those_of_the_device_flow() {
        let table = [
            ("authorization_pending", Meaning::Pending),
            ("slow_down", Meaning::SlowDown),
            ("access_denied", Meaning::Denied),
            ("expired_token", Meaning::Expired),
            ("invalid_grant", Meaning::Rejected),
            ("Authorization_Pending", Meaning::Rejected),
            ("", Meaning::Rejected),
        ];
        for (code, expected) in table {
            assert_eq!(meaning(400, Some(code), true), expected, "{code}");
            // The code counts with its own status alone.
            assert_eq!(meaning(401, Some(code), true), Meaning::Rejected, "{code}");
            assert_eq!(meaning(500, Some(code), true), Meaning::Failed { may_have_issued: true }, "{code}");
        }
    }

    #[test]
    fn a_field_has_the_type_that_json_gives_it() {
        let mut members: Map<String, Value> =
            serde_json::from_str(r#"{"t":"x","i":7,"n":null,"f":1.5,"b":true,"h":18446744073709551615}"#).unwrap();
        let mut field = |name| field(&mut members, name);
        assert!(matches!(field("t"), Some(FieldValue::Text(text)) if text == "x"));
        assert!(matches!(field("i"), Some(FieldValue::Integer(7))));
        assert!(matches!(field("h"), Some(FieldValue::Integer(i64::MAX))));
        assert!(field("n").is_none() && field("missing").is_none());
        assert!(matches!(field("f"), Some(FieldValue::Other)) && matches!(field("b"), Some(FieldValue::Other)));
    }
}
