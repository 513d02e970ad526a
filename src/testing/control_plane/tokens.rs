//! The tokens: how they are minted, who they are, and how they end.

use std::time::{Duration, Instant};

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde_json::json;
use uuid::Uuid;

use super::State;
use super::answer::Answer;
use super::request::RecordedRequest;
use super::settings::TokenShape;

/// What the path of a token begins with.
pub(super) const PATH: &str = "/v1/auth/tokens/";

/// The domain of a token that nobody asked for by a device code, where no domain is configured.
const DOMAIN: &str = "0192f0c1-d0d0-7000-8000-000000000001";

/// A token that the control plane accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveToken {
    /// The token.
    pub text: String,
    /// Its id, as a hyphenated UUID.
    pub id: String,
    /// How it came to be.
    pub minting: Minting,
}

/// How a token came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Minting {
    /// By [`ControlPlane::mint`](super::ControlPlane::mint).
    Mint,
    /// By a poll.
    Poll {
        /// The code that was approved.
        user_code: String,
    },
}

#[derive(Default)]
pub(super) struct Tokens(Vec<MintedToken>);

struct MintedToken {
    token: LiveToken,
    subject: Uuid,
    domain_id: String,
    minted: Instant,
    lifetime: Duration,
    is_revoked: bool,
}

impl Tokens {
    pub(super) fn live(&self) -> impl Iterator<Item = &LiveToken> {
        self.0.iter().filter(|minted| minted.is_live()).map(|minted| &minted.token)
    }
}

impl MintedToken {
    fn is_live(&self) -> bool {
        !self.is_revoked && self.minted.elapsed() < self.lifetime
    }
}

impl State {
    pub(super) fn mint(&mut self, environment: &str, domain_id: Option<String>, minting: Minting) -> String {
        let id = Uuid::now_v7();
        let subject = Uuid::now_v7();
        let text = token_text(self.settings.token_shape, environment, id, subject);
        let domain_id = domain_id.or_else(|| self.settings.domain_id.clone()).unwrap_or_else(|| DOMAIN.to_owned());
        self.tokens.0.push(MintedToken {
            token: LiveToken { text: text.clone(), id: id.hyphenated().to_string(), minting },
            subject,
            domain_id,
            minted: Instant::now(),
            lifetime: self.settings.token_lifetime,
            is_revoked: false,
        });
        text
    }

    pub(super) fn revoke(&mut self, request: &RecordedRequest) -> Answer {
        match self.authenticate(request) {
            None => unauthenticated(request),
            Some(minted) if request.path().strip_prefix(PATH) == Some(&minted.token.id) => {
                minted.is_revoked = true;
                Answer::bare(204)
            }
            Some(_) => Answer::problem_at(
                &request.path(),
                404,
                "Not Found",
                "token_not_found",
                "The caller has no such token.",
            ),
        }
    }

    pub(super) fn whoami(&mut self, request: &RecordedRequest) -> Answer {
        match self.authenticate(request) {
            None => unauthenticated(request),
            Some(minted) => Answer::json(&json!({
                "principal_type": "user",
                "principal_scope": "domain",
                "subject": minted.subject,
                "domain_id": minted.domain_id,
                "email": "operator@plexsphere.example",
                "acr": "mfa",
                "amr": ["pwd", "otp"],
            })),
        }
    }

    fn authenticate(&mut self, request: &RecordedRequest) -> Option<&mut MintedToken> {
        self.tokens.0.iter_mut().find(|minted| minted.is_live() && minted.token.text == request.bearer())
    }
}

fn unauthenticated(request: &RecordedRequest) -> Answer {
    Answer::problem_at(&request.path(), 401, "Unauthorized", "unauthenticated", "The bearer token is not valid.")
}

fn token_text(shape: TokenShape, environment: &str, id: Uuid, subject: Uuid) -> String {
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    match shape {
        TokenShape::Base32 => {
            let id = BASE32_NOPAD.encode(id.as_bytes()).to_ascii_lowercase();
            format!("psk_{environment}_{id}_{secret}")
        }
        TokenShape::Hyphenated => format!("psk_{environment}_{id}_{secret}"),
        TokenShape::Jwt => {
            let header = json!({ "alg": "EdDSA", "typ": "JWT" }).to_string();
            let claims = json!({ "jti": id, "sub": subject }).to_string();
            [header, claims, secret].map(|part| BASE64URL_NOPAD.encode(part.as_bytes())).join(".")
        }
    }
}
