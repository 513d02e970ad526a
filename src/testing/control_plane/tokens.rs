//! The tokens that were minted: what each is, who it belongs to, and whether it is live.

use std::time::{Duration, Instant, SystemTime};

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde_json::json;
use uuid::Uuid;

use super::settings::{ControlPlaneSettings, TokenShape};
use crate::domain::timestamp::Timestamp;

/// The domain of a token that was minted without a device code, where no domain is configured.
const DOMAIN: &str = "0192f0c1-d0d0-7000-8000-000000000001";

/// A token that the control plane accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveToken {
    /// The token.
    pub text: String,
    /// Its id, as a hyphenated UUID. A rotated token and its replacement have the same one.
    pub id: String,
    /// How it was minted.
    pub minting: Minting,
}

/// How a token was minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Minting {
    /// By [`ControlPlane::mint`](super::ControlPlane::mint).
    Mint,
    /// By a poll.
    Poll {
        /// The code that was approved.
        user_code: String,
    },
    /// By `POST /v1/auth/tokens`.
    Issue,
    /// By `POST /v1/auth/tokens/{id}/rotate`.
    Rotation,
}

/// Every token that was minted, in order.
#[derive(Default)]
pub(super) struct Tokens(Vec<MintedToken>);

/// One token with what the API tells about it.
#[derive(Clone)]
pub(super) struct MintedToken {
    pub(super) token: LiveToken,
    pub(super) environment: String,
    pub(super) subject: String,
    pub(super) domain_id: String,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) last_used_at: Option<Timestamp>,
    pub(super) rotated_at: Option<Timestamp>,
    minted: Instant,
    lifetime: Duration,
    is_revoked: bool,
}

impl Tokens {
    pub(super) fn add(&mut self, minted: MintedToken) {
        self.0.push(minted);
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &MintedToken> {
        self.0.iter().filter(|minted| minted.is_live())
    }

    /// The token with this text, if it is live. Records that it was used.
    pub(super) fn authenticate(&mut self, text: &str) -> Option<&MintedToken> {
        let minted = self.0.iter_mut().find(|minted| minted.is_live() && minted.token.text == text)?;
        minted.last_used_at = Some(Timestamp::from(SystemTime::now()));
        Some(minted)
    }

    /// The live token of a user with this id: the latest one, if it was rotated.
    pub(super) fn of_user(&self, subject: &str, id: &Uuid) -> Option<&MintedToken> {
        let id = id.hyphenated().to_string();
        self.live().filter(|minted| minted.subject == subject && minted.token.id == id).last()
    }

    /// The live tokens of a user, one for each id: the latest one of those that were rotated.
    pub(super) fn all_of_user(&self, subject: &str) -> Vec<&MintedToken> {
        let mut tokens: Vec<&MintedToken> = Vec::new();
        for minted in self.live().filter(|minted| minted.subject == subject) {
            tokens.retain(|other| other.token.id != minted.token.id);
            tokens.push(minted);
        }
        tokens
    }

    /// Revokes the token with this id and those that it replaced or was replaced by.
    pub(super) fn revoke(&mut self, id: &str) {
        for minted in self.0.iter_mut().filter(|minted| minted.token.id == id) {
            minted.is_revoked = true;
        }
    }

    /// Limits the remaining lifetime of every token with this id.
    pub(super) fn retire(&mut self, id: &str, grace: Duration) {
        for minted in self.0.iter_mut().filter(|minted| minted.token.id == id) {
            minted.expire_in(minted.remaining().min(grace));
        }
    }
}

impl MintedToken {
    /// A token minted now on the configured terms.
    pub(super) fn new(id: Uuid, environment: &str, minting: Minting, settings: &ControlPlaneSettings) -> Self {
        let shape = match (&minting, settings.token_shape) {
            // The API promises the shape of these two.
            (Minting::Issue | Minting::Rotation, TokenShape::Jwt) => TokenShape::Base32,
            (_, shape) => shape,
        };
        let created_at = Timestamp::from(SystemTime::now());
        let mut minted = Self {
            token: LiveToken {
                text: token_text(shape, environment, id, &settings.subject),
                id: id.hyphenated().to_string(),
                minting,
            },
            environment: environment.to_owned(),
            subject: settings.subject.clone(),
            domain_id: settings.domain_id.clone().unwrap_or_else(|| DOMAIN.to_owned()),
            created_at,
            expires_at: created_at,
            last_used_at: None,
            rotated_at: None,
            minted: Instant::now(),
            lifetime: Duration::ZERO,
            is_revoked: false,
        };
        minted.expire_in(settings.token_lifetime);
        minted
    }

    /// Sets the remaining lifetime.
    pub(super) fn expire_in(&mut self, remaining: Duration) {
        self.lifetime = self.minted.elapsed().saturating_add(remaining);
        let now = Timestamp::from(SystemTime::now());
        self.expires_at = now.after(remaining).unwrap_or(now);
    }

    fn is_live(&self) -> bool {
        !self.is_revoked && self.minted.elapsed() < self.lifetime
    }

    fn remaining(&self) -> Duration {
        self.lifetime.saturating_sub(self.minted.elapsed())
    }
}

fn token_text(shape: TokenShape, environment: &str, id: Uuid, subject: &str) -> String {
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
