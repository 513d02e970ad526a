//! The session token, the rule that tells it from other credentials, and the id that it carries.
//!
//! The id is public and belongs into messages. The rest is the credential: it leaves this module through
//! [`SessionToken::expose_secret`] alone.

use std::fmt;

use data_encoding::BASE32_NOPAD_NOCASE;
use thiserror::Error;
use uuid::Uuid;

use super::identifier::{Identifier, NotAnIdentifier};
use super::secret::Secret;

/// The longest session token, in bytes.
const MAX_LENGTH: usize = 4096;

/// The length of a UUID in unpadded base32: 128 bits in groups of five.
const BASE32_ID_LENGTH: usize = 26;

/// A plexsphere session token, `psk_<env>_<id>_<secret>`.
///
/// A value of this type has passed the whole rule, so its text is also a valid `Bearer` credential (RFC 6750,
/// section 2.1). It has no `Display`, and its `Debug` is a fixed redaction.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken {
    text: Secret,
    id: TokenId,
}

impl SessionToken {
    /// Checks a text against the rule of session tokens and recovers the id.
    ///
    /// `env` is one or more lower-case ASCII letters. `id` is a UUID of any version, as 26 characters of lower-case
    /// unpadded base32 (RFC 4648, section 6) whose spare bits are zero, or in its lower-case hyphenated form
    /// (RFC 9562, section 4). `secret` is one or more characters of a `b64token`, where `=` may only close it.
    ///
    /// # Errors
    ///
    /// One variant of [`TokenError`] for each part of the rule; no error carries any of the text.
    pub fn parse(text: impl Into<String>) -> Result<Self, TokenError> {
        let text = text.into();
        if text.len() > MAX_LENGTH {
            return Err(TokenError::TooLong);
        }
        // At most three parts, since the secret itself may contain `_`.
        let mut parts = text.strip_prefix("psk_").ok_or(TokenError::Prefix)?.splitn(3, '_');
        let (Some(env), Some(id), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(TokenError::Incomplete);
        };
        if env.is_empty() || !env.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(TokenError::Environment);
        }
        let id = parse_id(id).ok_or(TokenError::Id)?;
        if secret.is_empty() || !secret.trim_end_matches('=').bytes().all(is_b64token_byte) {
            return Err(TokenError::Secret);
        }
        Ok(Self { text: Secret::new(text), id })
    }

    /// The id under which the server knows this token.
    #[must_use]
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// The whole credential.
    ///
    /// The store compares it, the `Authorization` header carries it, and the mask looks for it in text that a server
    /// sent back. Nothing else has a reason to call this.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.text.expose()
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SessionToken").field(&self.text).finish()
    }
}

/// The id of a session token: a UUID, shown in lower-case hyphenated form (RFC 9562, section 4). It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(Uuid);

impl TokenId {
    /// Takes a hyphenated UUID (RFC 9562, section 4) of any version in either case.
    ///
    /// # Errors
    ///
    /// [`NotAnIdentifier`] for every other text.
    pub fn parse(text: &str) -> Result<Self, NotAnIdentifier> {
        Identifier::parse(text).map(|identifier| Self(identifier.0))
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

/// Why a text is not a session token. No variant carries any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The text is longer than 4096 bytes.
    #[error("it is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// The text does not start as session tokens do; sibling credentials and JWTs end here.
    #[error("it does not start with `psk_`")]
    Prefix,
    /// One of the three parts after the prefix is missing.
    #[error("it does not have the form `psk_<env>_<id>_<secret>`")]
    Incomplete,
    /// The environment is empty or has other characters than `a` to `z`.
    #[error("its environment is not made of lower-case letters")]
    Environment,
    /// The id is neither canonical lower-case base32 of a UUID nor a lower-case hyphenated UUID.
    #[error("its id is not a UUID in lower-case base32 or in hyphenated form")]
    Id,
    /// The secret is empty or has characters that a bearer token cannot have (RFC 6750, section 2.1).
    #[error("its secret is empty or has characters that a bearer token cannot have")]
    Secret,
}

fn parse_id(text: &str) -> Option<TokenId> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    if text.len() == BASE32_ID_LENGTH {
        // 26 characters hold 130 bits: the decoder refuses spare bits that are not zero, so each id has one spelling
        // in base32.
        let bytes = BASE32_NOPAD_NOCASE.decode(text.as_bytes()).ok()?;
        return Uuid::from_slice(&bytes).ok().map(TokenId);
    }
    // No other spelling of a UUID, each of which would make one token several.
    TokenId::parse(text).ok()
}

/// Tells whether a byte may stand in a `b64token` before the `=` that may close it (RFC 6750, section 2.1).
pub(super) fn is_b64token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
    const BASE32: &str = "agjpbqjdiv5lzdppaerukz4jvm";

    fn id_of(text: &str) -> Result<String, TokenError> {
        SessionToken::parse(text).map(|token| token.id().to_string())
    }

    #[test]
    fn both_spellings_of_the_id_give_the_same_uuid() {
        assert_eq!(id_of(&format!("psk_prod_{BASE32}_s3cret")), Ok(ID.into()));
        assert_eq!(id_of(&format!("psk_prod_{ID}_s3cret")), Ok(ID.into()));
    }

    #[test]
    fn accepts_every_environment_uuid_and_bearer_character() {
        for text in [
            format!("psk_x_{ID}_s"),
            format!("psk_anyenvironment_{ID}_a_b__c_"),
            format!("psk_prod_{ID}_AZaz09-._~+/"),
            format!("psk_prod_{ID}_abc=="),
            format!("psk_prod_{ID}_="),
            "psk_dev_00000000-0000-0000-0000-000000000000_s".to_owned(),
            "psk_dev_ffffffff-ffff-ffff-ffff-ffffffffffff_s".to_owned(),
            format!("psk_dev_{}_s", "a".repeat(26)),
        ] {
            assert!(SessionToken::parse(text.clone()).is_ok(), "{text}");
        }
    }

    #[test]
    fn rejects_by_the_broken_part_of_the_rule() {
        let base32_with_spare_bits = format!("{}n", &BASE32[..25]);
        let cases = [
            (String::new(), TokenError::Prefix),
            (format!("PSK_prod_{ID}_s"), TokenError::Prefix),
            (format!(" psk_prod_{ID}_s"), TokenError::Prefix),
            (format!("nsk_prod_{ID}_s"), TokenError::Prefix),
            (format!("psb_prod_node_{ID}_s"), TokenError::Prefix),
            ("eyJhbGciOiJFZERTQSJ9.e30.c2ln".into(), TokenError::Prefix),
            ("psk_".into(), TokenError::Incomplete),
            ("psk_prod".into(), TokenError::Incomplete),
            (format!("psk_prod_{ID}"), TokenError::Incomplete),
            (format!("psk__{ID}_s"), TokenError::Environment),
            (format!("psk_Prod_{ID}_s"), TokenError::Environment),
            (format!("psk_prod1_{ID}_s"), TokenError::Environment),
            (format!("psk_pröd_{ID}_s"), TokenError::Environment),
            ("psk_prod__s".into(), TokenError::Id),
            (format!("psk_prod_{}_s", ID.to_uppercase()), TokenError::Id),
            (format!("psk_prod_{}_s", ID.replace('-', "")), TokenError::Id),
            (format!("psk_prod_{{{ID}}}_s"), TokenError::Id),
            (format!("psk_prod_urn:uuid:{ID}_s"), TokenError::Id),
            (format!("psk_prod_{}_s", BASE32.to_uppercase()), TokenError::Id),
            (format!("psk_prod_{}_s", &BASE32[..25]), TokenError::Id),
            (format!("psk_prod_{BASE32}a_s"), TokenError::Id),
            (format!("psk_prod_{base32_with_spare_bits}_s"), TokenError::Id),
            (format!("psk_prod_1{}_s", &BASE32[1..]), TokenError::Id),
            (format!("psk_prod_{BASE32}======_s"), TokenError::Id),
            (format!("psk_prod_{ID}_"), TokenError::Secret),
            (format!("psk_prod_{ID}_a=b"), TokenError::Secret),
            (format!("psk_prod_{ID}_a b"), TokenError::Secret),
            (format!("psk_prod_{ID}_s\r\nHost: evil"), TokenError::Secret),
            (format!("psk_prod_{ID}_s\n"), TokenError::Secret),
            (format!("psk_prod_{ID}_\u{7f}"), TokenError::Secret),
            (format!("psk_prod_{ID}_é"), TokenError::Secret),
            (format!("psk_prod_{ID}_a,b"), TokenError::Secret),
        ];
        for (text, error) in cases {
            assert_eq!(id_of(&text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_length_limit_is_4096_bytes_in_all() {
        let longest = format!("psk_prod_{ID}_{}", "s".repeat(MAX_LENGTH - "psk_prod__".len() - ID.len()));
        assert_eq!(longest.len(), 4096);
        assert!(SessionToken::parse(longest.clone()).is_ok());
        assert_eq!(id_of(&(longest + "s")), Err(TokenError::TooLong));
    }

    #[test]
    fn debug_shows_nothing_of_the_token() {
        let token = SessionToken::parse(format!("psk_prod_{ID}_s3cret")).unwrap();
        assert_eq!(format!("{token:?}"), "SessionToken([redacted])");
        assert!(!format!("{token:#?}").contains("s3cret"));
    }

    proptest! {
        #[test]
        fn accepts_generated_tokens_with_their_ids(
            env in "[a-z]{1,8}", id in any::<u128>(), hyphenated in any::<bool>(), secret in "[A-Za-z0-9._~+/-]{1,40}={0,3}",
        ) {
            let id = Uuid::from_u128(id);
            let spelled = if hyphenated {
                id.hyphenated().to_string()
            } else {
                BASE32_NOPAD_NOCASE.encode(id.as_bytes()).to_lowercase()
            };
            let text = format!("psk_{env}_{spelled}_{secret}");
            let token = SessionToken::parse(text.clone()).unwrap();
            prop_assert_eq!(token.id(), TokenId(id));
            prop_assert_eq!(token.expose_secret(), text);
        }

        #[test]
        fn whatever_is_accepted_is_a_bearer_credential(text in "psk_[a-z]?_[a-f0-9-]{36}_.{0,9}|.{0,60}") {
            if let Ok(token) = SessionToken::parse(text) {
                let bare = token.expose_secret().trim_end_matches('=');
                prop_assert!(!bare.is_empty() && bare.bytes().all(is_b64token_byte));
            }
        }
    }
}
