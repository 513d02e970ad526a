//! The device authorization grant (RFC 8628): issuing, deciding and polling codes.
//!
//! A token is minted while a poll is answered. From then on it is live, whether the answer arrives or not.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::State;
use super::answer::Answer;
use super::bindings::BindingError;
use super::endpoint::PAGE_PATH;
use super::request::RecordedRequest;
use super::tokens::{MintedToken, Minting};

/// The environment of tokens that polls mint.
const ENVIRONMENT: &str = "dev";

/// What an early poll adds to the interval (RFC 8628, section 3.5).
const SLOW_DOWN_STEP: Duration = Duration::from_secs(5);

/// The maximum length of a name or code in the API, in characters.
const MAX_LENGTH: usize = 4096;

/// The letters of user codes. Without vowels they form no words (RFC 8628, section 6.1).
const USER_CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A person's decision about a user code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The client that shows the code gets a token.
    Approve,
    /// The client gets no token.
    Deny,
}

/// An issued code and its state.
pub(super) struct Authorization {
    device_code: String,
    pub(super) user_code: String,
    pub(super) domain_id: String,
    /// The id or alias of the binding, if the request names one, or the label of the one that the server picked.
    pub(super) binding: Option<String>,
    issued: Instant,
    expires_in: Duration,
    interval: Duration,
    polls: usize,
    last_poll: Option<Instant>,
    /// A decision to apply at this poll, counted from 1.
    planned: Option<(Decision, usize)>,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Undecided,
    Decided(Decision),
    Used,
}

/// Why a user code cannot be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeError {
    Unknown,
    Expired,
    Used,
}

#[derive(Deserialize)]
struct DeviceCodeRequest {
    domain_id: Option<Uuid>,
    idp_binding_id: Option<Uuid>,
    idp_binding_alias: Option<String>,
    client_id: Option<String>,
}

#[derive(Deserialize)]
struct DeviceTokenRequest {
    device_code: String,
}

/// Why a request gets a 400.
struct Refusal {
    code: &'static str,
    detail: &'static str,
}

const AUTHORIZATION_PENDING: Refusal =
    Refusal { code: "authorization_pending", detail: "The code is not approved yet." };
const SLOW_DOWN: Refusal =
    Refusal { code: "slow_down", detail: "The poll came too early. The interval is now 5 seconds longer." };
const ACCESS_DENIED: Refusal = Refusal { code: "access_denied", detail: "The code was denied." };
const EXPIRED_TOKEN: Refusal = Refusal { code: "expired_token", detail: "The code has expired." };
const INVALID_GRANT: Refusal =
    Refusal { code: "invalid_grant", detail: "The device code is unknown, or its token was already issued." };

impl Refusal {
    fn invalid_body(detail: &'static str) -> Self {
        Self { code: "invalid_body", detail }
    }

    fn to(&self, request: &RecordedRequest) -> Answer {
        Answer::problem_at(&request.path(), 400, "Bad Request", self.code, self.detail)
    }
}

impl Authorization {
    fn is_expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.issued) >= self.expires_in
    }

    /// Checks that the code can still be decided.
    pub(super) fn is_open(&self, now: Instant) -> Result<(), CodeError> {
        match self.progress {
            Progress::Decided(_) | Progress::Used => Err(CodeError::Used),
            Progress::Undecided if self.is_expired(now) => Err(CodeError::Expired),
            Progress::Undecided => Ok(()),
        }
    }

    /// Counts a poll. `Ok`: a token has to be minted now.
    fn poll(&mut self, now: Instant) -> Result<(), Refusal> {
        self.polls += 1;
        let is_early = self.last_poll.is_some_and(|last| now.saturating_duration_since(last) < self.interval);
        self.last_poll = Some(now);
        if let Some((decision, poll)) = self.planned
            && self.polls >= poll
            && self.progress == Progress::Undecided
        {
            self.progress = Progress::Decided(decision);
        }
        match self.progress {
            Progress::Used => Err(INVALID_GRANT),
            _ if self.is_expired(now) => Err(EXPIRED_TOKEN),
            Progress::Decided(Decision::Deny) => Err(ACCESS_DENIED),
            Progress::Decided(Decision::Approve) => {
                self.progress = Progress::Used;
                Ok(())
            }
            Progress::Undecided if is_early => {
                self.interval += SLOW_DOWN_STEP;
                Err(SLOW_DOWN)
            }
            Progress::Undecided => Err(AUTHORIZATION_PENDING),
        }
    }
}

impl State {
    pub(super) fn issue_code(&mut self, request: &RecordedRequest) -> Answer {
        let invalid = |detail| Refusal::invalid_body(detail).to(request);
        let Some(body) = request.json::<DeviceCodeRequest>() else {
            return invalid("The body is not the JSON object that this operation expects.");
        };
        let DeviceCodeRequest { domain_id, idp_binding_id: id, idp_binding_alias: alias, client_id } = body;
        if [&alias, &client_id].into_iter().flatten().any(|text| text.chars().count() > MAX_LENGTH) {
            return invalid("A text is too long.");
        }
        let domain_id = match (domain_id, &id, &alias) {
            (None, None, None) => return invalid("The body names neither a Domain nor an IdP binding."),
            (None, ..) => return invalid("This deployment supports no login without a Domain."),
            (Some(_), Some(_), Some(_)) => return invalid("The body names the IdP binding by both id and alias."),
            (Some(domain_id), ..) => domain_id,
        };
        let resolved = if self.settings.has_domain(&domain_id) {
            self.settings.resolve_binding(&domain_id, id.as_ref(), alias.as_deref())
        } else {
            Err(BindingError::NotFound)
        };
        let resolved = match resolved {
            Ok(binding) => binding.map(|binding| binding.label.clone()),
            Err(BindingError::Ambiguous) => {
                let detail = "The Domain has several IdP bindings and none is primary.";
                return Answer::problem_at(&request.path(), 400, "Bad Request", "idp_binding_ambiguous", detail);
            }
            Err(BindingError::NotFound) => {
                let detail = "The Domain has no such active IdP binding.";
                return Answer::problem_at(&request.path(), 404, "Not Found", "idp_binding_not_found", detail);
            }
        };

        let authorization = Authorization {
            device_code: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
            user_code: user_code(),
            domain_id: domain_id.to_string(),
            binding: id.map(|id| id.to_string()).or(alias).or(resolved),
            issued: request.arrived,
            expires_in: self.settings.expires_in,
            interval: self.settings.interval,
            polls: 0,
            last_poll: None,
            planned: self.planned.pop_front(),
            progress: Progress::Undecided,
        };
        let uri = self.settings.verification_uri.clone().unwrap_or_else(|| format!("{}{}", self.url, PAGE_PATH));
        let document = json!({
            "device_code": authorization.device_code,
            "user_code": authorization.user_code,
            "verification_uri": uri,
            "verification_uri_complete": format!("{uri}?user_code={}", authorization.user_code),
            "expires_in": authorization.expires_in.as_secs(),
            "interval": authorization.interval.as_secs(),
        });
        self.authorizations.push(authorization);
        Answer::json(200, &document)
    }

    pub(super) fn answer_poll(&mut self, request: &RecordedRequest) -> Answer {
        let body = request.json::<DeviceTokenRequest>().filter(|body| body.device_code.len() <= MAX_LENGTH);
        let Some(DeviceTokenRequest { device_code }) = body else {
            return Refusal::invalid_body("The body names no device code.").to(request);
        };
        let known = self.authorizations.iter_mut().find(|authorization| authorization.device_code == device_code);
        let Some(authorization) = known else { return INVALID_GRANT.to(request) };
        if let Err(refusal) = authorization.poll(request.arrived) {
            return refusal.to(request);
        }
        let minting = Minting::Poll { user_code: authorization.user_code.clone() };
        let mut minted = MintedToken::new(Uuid::now_v7(), ENVIRONMENT, minting, &self.settings);
        minted.domain_id.clone_from(&authorization.domain_id);
        let (token, expires_in) = (minted.token.text.clone(), self.settings.token_lifetime.as_secs());
        self.tokens.add(minted);
        Answer::json(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in }))
    }

    /// The authorization with this user code, in any spelling, if it can still be decided.
    pub(super) fn open_code(&mut self, user_code: &str, now: Instant) -> Result<&mut Authorization, CodeError> {
        let typed = normalized(user_code);
        let known = self.authorizations.iter_mut().find(|authorization| normalized(&authorization.user_code) == typed);
        let authorization = known.ok_or(CodeError::Unknown)?;
        authorization.is_open(now)?;
        Ok(authorization)
    }

    pub(super) fn decide(&mut self, user_code: &str, decision: Decision, now: Instant) -> Result<(), CodeError> {
        self.open_code(user_code, now)?.progress = Progress::Decided(decision);
        Ok(())
    }

    pub(super) fn expire(&mut self, user_code: &str, now: Instant) -> Result<(), CodeError> {
        self.open_code(user_code, now)?.expires_in = Duration::ZERO;
        Ok(())
    }
}

fn user_code() -> String {
    let letter = |byte: &u8| char::from(USER_CODE_LETTERS[usize::from(*byte) % USER_CODE_LETTERS.len()]);
    let letters: String = Uuid::new_v4().as_bytes()[8..].iter().map(letter).collect();
    format!("{}-{}", &letters[..4], &letters[4..])
}

/// A user code in the form that codes are compared in: upper case, without dashes and blanks.
fn normalized(user_code: &str) -> String {
    user_code.chars().filter(|c| *c != '-' && !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}
