//! A token as the control plane lists it, without its secret.

use std::time::{Duration, SystemTime};

use super::token::TokenId;

/// One API token of a principal. The texts are the server's, unchecked: they must be escaped before they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenSummary {
    /// The token's id, which is a UUID unless the server says otherwise.
    pub id: String,
    /// The environment in the token's prefix, such as `prod`.
    pub env_prefix: Option<String>,
    /// When the token was issued.
    pub created_at: Option<String>,
    /// When the token expires.
    pub expires_at: Option<String>,
    /// When the token last authenticated a request.
    pub last_used_at: Option<String>,
    /// When the token was last rotated.
    pub rotated_at: Option<String>,
}

impl TokenSummary {
    /// The id as a UUID, in whatever case the server wrote it. `None` if it is not one.
    #[must_use]
    pub fn token_id(&self) -> Option<TokenId> {
        TokenId::parse(&self.id).ok()
    }

    /// When the token was issued. `None` if that is not a time of RFC 3339, section 5.6.
    #[must_use]
    pub fn creation(&self) -> Option<SystemTime> {
        parse_time(self.created_at.as_deref()?)
    }
}

/// Parses a time with any offset. The crate knows the offset `Z` alone.
fn parse_time(text: &str) -> Option<SystemTime> {
    let text = text.to_ascii_uppercase();
    if text.ends_with('Z') {
        return humantime::parse_rfc3339(&text).ok();
    }
    // The last sign, since the date has hyphens of its own.
    let (local, offset) = text.split_at_checked(text.rfind(['+', '-'])?)?;
    let (hours, minutes) = offset[1..].split_once(':')?;
    let number = |digits: &str, limit: u64| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u64>().ok().filter(|number| is_number && *number < limit)
    };
    let ahead = Duration::from_secs(60 * (60 * number(hours, 24)? + number(minutes, 60)?));
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    // Local time is ahead of UTC by a positive offset.
    if offset.starts_with('+') { local.checked_sub(ahead) } else { local.checked_add(ahead) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_id_in_either_case() {
        let token = |id: &str| TokenSummary { id: id.to_owned(), ..TokenSummary::default() };
        let id = "0192f0c1-2345-7abc-8def-0123456789ab";
        for text in [id.to_owned(), id.to_uppercase()] {
            assert_eq!(token(&text).token_id().unwrap().to_string(), id);
        }
        for text in ["", "junk", &id.replace('-', "")] {
            assert_eq!(token(text).token_id(), None);
        }
    }

    #[test]
    fn knows_when_it_was_issued_at_any_offset() {
        let created =
            |text: &str| TokenSummary { created_at: Some(text.to_owned()), ..TokenSummary::default() }.creation();
        let time = humantime::parse_rfc3339("2026-11-25T13:46:00Z").unwrap();
        for text in [
            "2026-11-25T13:46:00Z",
            "2026-11-25t13:46:00.000z",
            "2026-11-25T15:46:00+02:00",
            "2026-11-25T08:16:00-05:30",
            "2026-11-25T13:46:00-00:00",
        ] {
            assert_eq!(created(text), Some(time), "{text}");
        }
        assert_eq!(created("2026-11-25T15:46:00.25+02:00"), Some(time + Duration::from_millis(250)));
        for text in [
            "",
            "soon",
            "2026-11-25",
            "2026-11-25T13:46:00",
            "2026-11-25T13:46:00+2:00",
            "2026-11-25T13:46:00+24:00",
            "2026-11-25T13:46:00+00:60",
            "2026-11-25T13:46:00+-1:00",
            "2026-11-25T13:46:00*02:00",
            "2026-11-25T13:46:00é0:00",
            "2026-11-25T13:46:00日本",
            "1795614360",
        ] {
            assert_eq!(created(text), None, "{text}");
        }
        assert_eq!(TokenSummary::default().creation(), None);
    }
}
