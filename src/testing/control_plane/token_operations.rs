//! The operations on tokens: who one belongs to, and how they are listed, issued, rotated and revoked.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::State;
use super::answer::{Answer, Reply};
use super::request::RecordedRequest;
use super::tokens::{MintedToken, Minting};
use crate::domain::timestamp::Timestamp;

/// The environments that the API allows.
const ENVIRONMENTS: [&str; 3] = ["dev", "stage", "prod"];

/// The longest lifetime that the API allows, a year.
const MAX_TTL_SECONDS: u64 = 31_536_000;

#[derive(Deserialize)]
struct IssueRequest {
    identity_ref: String,
    env_prefix: String,
    ttl_seconds: Option<u64>,
}

impl State {
    pub(super) fn whoami(&mut self, request: &RecordedRequest) -> Answer {
        let Some(minted) = self.tokens.authenticate(request.bearer()) else { return unauthenticated(request) };
        Answer::json(
            200,
            &json!({
                "principal_type": "user",
                "principal_scope": "domain",
                "subject": minted.subject,
                "domain_id": minted.domain_id,
                "email": "operator@plexsphere.example",
                "acr": "mfa",
                "amr": ["pwd", "otp"],
            }),
        )
    }

    pub(super) fn list_tokens(&mut self, request: &RecordedRequest) -> Answer {
        let Some(subject) = self.subject_of(request) else { return unauthenticated(request) };
        Answer::json(200, &self.tokens.all_of_user(&subject).into_iter().map(summary).collect())
    }

    pub(super) fn issue_token(&mut self, request: &RecordedRequest) -> Answer {
        let Some(subject) = self.subject_of(request) else { return unauthenticated(request) };
        let invalid = |detail| Answer::problem_at(&request.path(), 400, "Bad Request", "invalid_body", detail);
        let Some(body) = request.json::<IssueRequest>() else {
            return invalid("The body is not the JSON object that this operation expects.");
        };
        if body.identity_ref != format!("user:{subject}") {
            return invalid("The identity_ref is not the caller's.");
        }
        if !ENVIRONMENTS.contains(&body.env_prefix.as_str()) {
            return invalid("The env_prefix is not dev, stage or prod.");
        }
        if body.ttl_seconds.is_some_and(|seconds| !(1..=MAX_TTL_SECONDS).contains(&seconds)) {
            return invalid("The ttl_seconds are out of range.");
        }

        let mut minted = MintedToken::new(Uuid::now_v7(), &body.env_prefix, Minting::Issue, &self.settings);
        minted.subject = subject;
        if let Some(seconds) = body.ttl_seconds {
            minted.expire_in(Duration::from_secs(seconds));
        }
        let answer = Answer::json(201, &plaintext(&minted));
        self.tokens.add(minted);
        answer
    }

    pub(super) fn rotate_token(&mut self, request: &RecordedRequest) -> Reply {
        let Some(subject) = self.subject_of(request) else { return unauthenticated(request).into() };
        let Some((id, old)) = token_id(request).and_then(|id| Some((id, self.tokens.of_user(&subject, &id)?))) else {
            return unknown_token(request).into();
        };
        let now = SystemTime::now();
        let mut minted = MintedToken::new(id, &old.environment, Minting::Rotation, &self.settings);
        minted.subject.clone_from(&old.subject);
        minted.domain_id.clone_from(&old.domain_id);
        minted.created_at = old.created_at;
        minted.rotated_at = Some(Timestamp::from(now));
        self.tokens.retire(&minted.token.id, self.settings.rotation_grace);

        let deadline = now.checked_add(self.settings.rotation_grace).unwrap_or(now);
        let mut document = plaintext(&minted);
        document["rotation_deadline"] = Timestamp::from(deadline).to_string().into();
        self.tokens.add(minted);
        let mut reply = Reply::from(Answer::json(200, &document));
        reply.headers.push(("sunset".to_owned(), httpdate::fmt_http_date(deadline)));
        reply
    }

    pub(super) fn revoke(&mut self, request: &RecordedRequest) -> Answer {
        let Some(subject) = self.subject_of(request) else { return unauthenticated(request) };
        let Some(minted) = token_id(request).and_then(|id| self.tokens.of_user(&subject, &id)) else {
            return unknown_token(request);
        };
        let id = minted.token.id.clone();
        self.tokens.revoke(&id);
        Answer::bare(204)
    }

    /// The subject of the token that a request is made with.
    fn subject_of(&mut self, request: &RecordedRequest) -> Option<String> {
        self.tokens.authenticate(request.bearer()).map(|minted| minted.subject.clone())
    }
}

/// Ends a browser session. There is none, so every caller gets the same answer, which clears the cookie.
pub(super) fn sign_out() -> Reply {
    let cookie = "plexsphere_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
    let mut reply = Reply::from(Answer::bare(204));
    reply.headers.push(("set-cookie".to_owned(), cookie.to_owned()));
    reply
}

/// The id in `/v1/auth/tokens/{id}` and below it.
fn token_id(request: &RecordedRequest) -> Option<Uuid> {
    Uuid::try_parse(request.path().split('/').nth(4)?).ok()
}

fn summary(minted: &MintedToken) -> Value {
    let mut document = json!({
        "id": minted.token.id,
        "env_prefix": minted.environment,
        "created_at": minted.created_at.to_string(),
        "expires_at": minted.expires_at.to_string(),
    });
    for (key, time) in [("last_used_at", minted.last_used_at), ("rotated_at", minted.rotated_at)] {
        if let Some(time) = time {
            document[key] = time.to_string().into();
        }
    }
    document
}

fn plaintext(minted: &MintedToken) -> Value {
    json!({
        "id": minted.token.id,
        "plaintext": minted.token.text,
        "env_prefix": minted.environment,
        "expires_at": minted.expires_at.to_string(),
    })
}

fn unauthenticated(request: &RecordedRequest) -> Answer {
    Answer::problem_at(&request.path(), 401, "Unauthorized", "unauthenticated", "The bearer token is not valid.")
}

fn unknown_token(request: &RecordedRequest) -> Answer {
    Answer::problem_at(&request.path(), 404, "Not Found", "token_not_found", "The caller has no such token.")
}
