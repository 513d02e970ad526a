//! The principal reader: `GET /v1/auth/whoami`, and what its answer means.

use async_trait::async_trait;
use hyper::Method;
use serde_json::{Map, Value};
use thiserror::Error;

use super::ControlPlaneClient;
use super::exchange::{Answer, CALL_LIMIT, Call};
use super::failure::{CallFailure, Phase};
use crate::domain::bearer_token::BearerToken;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::ports::principal_reader::{PrincipalReader, ReadError};

#[async_trait]
impl PrincipalReader for ControlPlaneClient {
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, ReadError> {
        let mut answer = self.call(server, question(token)).await?;
        if answer.status() == 200 {
            return principal_in(&mut answer).await.ok_or_else(|| ReadError::Unusable { source: NoPrincipal.into() });
        }
        let answered = answer.into_error(token.expose_secret()).await;
        let is_servers_own = answered.proxy.is_none() || answered.problem.is_some();
        match answered.status {
            401 if is_servers_own => Err(ReadError::NotAccepted { source: answered.into() }),
            403 => Err(ReadError::Refused { source: answered.into() }),
            _ => Err(ReadError::Unusable { source: answered.into() }),
        }
    }
}

fn question(token: &BearerToken) -> Call<'_> {
    Call {
        method: Method::GET,
        path: "/v1/auth/whoami".to_owned(),
        bearer: Some(token.expose_secret()),
        body: None,
        accept: "application/json, application/problem+json",
        limit: CALL_LIMIT,
        keeps_connection: true,
    }
}

/// Reads the two members that every principal has, and those of the others that have the right type.
async fn principal_in(answer: &mut Answer<'_>) -> Option<Principal> {
    let members: Map<String, Value> = serde_json::from_slice(&answer.body(CALL_LIMIT).await.bytes).ok()?;
    let text = |member| members.get(member).and_then(Value::as_str).map(str::to_owned);
    let texts = |value: &Value| {
        let texts = value.as_array()?.iter().map(|value| value.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<_>>>()
    };
    Some(Principal {
        principal_type: text("principal_type")?,
        principal_scope: text("principal_scope"),
        subject: text("subject")?,
        domain_id: text("domain_id"),
        email: text("email"),
        acr: text("acr"),
        amr: members.get("amr").and_then(texts),
    })
}

impl From<CallFailure> for ReadError {
    fn from(failure: CallFailure) -> Self {
        match failure.phase {
            Phase::Answer => Self::Unanswered { source: failure.into() },
            Phase::ProxySetting | Phase::NameLookup | Phase::Connection | Phase::Tunnel | Phase::Tls => {
                Self::Unreached { source: failure.into() }
            }
        }
    }
}

/// The server accepted the token, but its answer has no principal.
#[derive(Debug, Error)]
#[error("the server's answer names no principal")]
struct NoPrincipal;
