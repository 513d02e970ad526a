//! A login that a server has begun and an operator has to approve (RFC 8628, section 3.2).

use std::time::Duration;

use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::page_url::PageUrl;
use super::secret::Secret;
use super::server_url::{Scheme, ServerUrl, ServerUrlError};

/// The longest device code, in bytes.
const MAX_DEVICE_CODE: usize = 4096;

/// The longest user code, in bytes.
const MAX_USER_CODE: usize = 64;

/// The longest address of a page, in bytes.
const MAX_PAGE: usize = 2048;

/// The longest time that an operator is waited for, in seconds.
const MAX_LIFETIME: i64 = 1800;

/// The interval where the server names none, in seconds (RFC 8628, section 3.5).
const DEFAULT_INTERVAL: i64 = 5;

/// The longest interval, in seconds.
const MAX_INTERVAL: i64 = 60;

/// What a server grants, unchecked, by the names of RFC 8628, section 3.2. It has no `Debug`: the device code is a secret.
#[derive(Default)]
#[allow(missing_docs, reason = "the RFC says what they are")]
pub struct AuthorizationFields {
    pub device_code: String,
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: Option<String>,
    /// In seconds.
    pub expires_in: i64,
    /// In seconds.
    pub interval: Option<i64>,
}

/// A login that waits for its approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAuthorization {
    device_code: DeviceCode,
    user_code: String,
    page: PageUrl,
    complete_page: Option<PageUrl>,
    lifetime: Duration,
    interval: Duration,
}

impl DeviceAuthorization {
    /// Checks what a server answered, field by field.
    ///
    /// - `device_code` has 1 to 4096 visible ASCII characters, `user_code` 1 to 64 printable ones.
    /// - `verification_uri` is the address of a page, 2048 bytes at most, and not an unencrypted one on another machine
    ///   if the server is encrypted.
    /// - `verification_uri_complete` is the same, at the same origin, and has the user code in it; else it is left out.
    /// - `expires_in` is 1 or more; more than half an hour counts as that.
    /// - `interval` counts as 5 if there is none, and else as the nearest from 1 to 60.
    ///
    /// # Errors
    ///
    /// [`InvalidAuthorization`] for the first field, in this order, that breaks its rule.
    pub fn parse(fields: AuthorizationFields, server: &ServerUrl) -> Result<Self, InvalidAuthorization> {
        let AuthorizationFields { device_code, user_code, verification_uri, expires_in, interval, .. } = fields;
        let invalid = |field| move |fault| InvalidAuthorization { field, fault };
        check_text(&device_code, MAX_DEVICE_CODE, |byte| byte.is_ascii_graphic()).map_err(invalid("device_code"))?;
        check_text(&user_code, MAX_USER_CODE, |byte| matches!(byte, b' '..=b'~')).map_err(invalid("user_code"))?;
        let page = page(&verification_uri, server).map_err(invalid("verification_uri"))?;
        let complete_page = fields.verification_uri_complete;
        let complete_page = complete_page.and_then(|text| page_with_code(&text, server, &page, &user_code));
        if expires_in < 1 {
            return Err(invalid("expires_in")(AuthorizationFault::BelowOne));
        }
        let interval = interval.unwrap_or(DEFAULT_INTERVAL).clamp(1, MAX_INTERVAL);
        Ok(Self {
            device_code: DeviceCode(Secret::new(device_code)),
            user_code,
            page,
            complete_page,
            lifetime: Duration::from_secs(expires_in.min(MAX_LIFETIME).unsigned_abs()),
            interval: Duration::from_secs(interval.unsigned_abs()),
        })
    }

    /// What the server is polled with.
    #[must_use]
    pub fn device_code(&self) -> &DeviceCode {
        &self.device_code
    }

    /// What the page must show, or be told: printable ASCII.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The page on which the user code is typed.
    #[must_use]
    pub fn page(&self) -> &PageUrl {
        &self.page
    }

    /// The page on which the user code stands already.
    #[must_use]
    pub fn complete_page(&self) -> Option<&PageUrl> {
        self.complete_page.as_ref()
    }

    /// How long the login can be approved, from the arrival of the answer on: at most half an hour.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// How long to wait before each poll: 1 to 60 seconds.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }
}

/// The code by which the server knows the login. Any program that has it can get the token.
///
/// It has no `Display`, and its `Debug` is a fixed redaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode(Secret);

impl DeviceCode {
    /// The whole code.
    ///
    /// The body of a poll carries it, and the mask looks for it in text that a server sent back. Nothing else has a
    /// reason to call this.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose()
    }
}

/// Why an authorization cannot be used. Nothing of the field's value is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field}: {fault}")]
pub struct InvalidAuthorization {
    /// The field's name.
    pub field: &'static str,
    /// The part of its rule that it breaks.
    pub fault: AuthorizationFault,
}

/// What is wrong with a field of an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthorizationFault {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// The text has more bytes than this.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// The text has characters that the field cannot have.
    #[error("it has invalid characters")]
    Characters,
    /// The number is zero or negative.
    #[error("it is less than 1")]
    BelowOne,
    /// The text is not the address of a page.
    #[error(transparent)]
    Page(ServerUrlError),
    /// The page is unencrypted and on another machine, and the server is encrypted.
    #[error("it is http, but the server is https")]
    Unencrypted,
}

fn check_text(text: &str, max_length: usize, is_permitted: impl Fn(u8) -> bool) -> Result<(), AuthorizationFault> {
    if text.is_empty() {
        return Err(AuthorizationFault::Empty);
    }
    if text.len() > max_length {
        return Err(AuthorizationFault::TooLong(max_length));
    }
    if text.bytes().all(is_permitted) { Ok(()) } else { Err(AuthorizationFault::Characters) }
}

fn page(text: &str, server: &ServerUrl) -> Result<PageUrl, AuthorizationFault> {
    check_text(text, MAX_PAGE, |_| true)?;
    let page = PageUrl::parse(text).map_err(AuthorizationFault::Page)?;
    if page.is_exposed() && server.scheme() == Scheme::Https { Err(AuthorizationFault::Unencrypted) } else { Ok(page) }
}

fn page_with_code(text: &str, server: &ServerUrl, plain: &PageUrl, user_code: &str) -> Option<PageUrl> {
    let page = page(text, server).ok()?;
    // A link with another code would have the operator approve somebody else's login.
    let has_code = percent_decode_str(page.as_str()).decode_utf8_lossy().contains(user_code);
    (has_code && page.same_origin(plain)).then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::server_url::ServerUrlError;

    const PAGE: &str = "https://plexsphere.example/v1/device";
    const COMPLETE: &str = "https://plexsphere.example/v1/device?user_code=ABCD-EFGH";

    fn fields() -> AuthorizationFields {
        AuthorizationFields {
            device_code: "d3vice".into(),
            user_code: "ABCD-EFGH".into(),
            verification_uri: PAGE.into(),
            verification_uri_complete: Some(COMPLETE.into()),
            expires_in: 600,
            interval: Some(7),
        }
    }

    fn parse_at(
        server: &str,
        change: impl FnOnce(&mut AuthorizationFields),
    ) -> Result<DeviceAuthorization, InvalidAuthorization> {
        let mut fields = fields();
        change(&mut fields);
        DeviceAuthorization::parse(fields, &ServerUrl::parse(server).unwrap())
    }

    fn parse(change: impl FnOnce(&mut AuthorizationFields)) -> Result<DeviceAuthorization, InvalidAuthorization> {
        parse_at("https://plexsphere.example", change)
    }

    #[test]
    fn a_whole_answer_is_taken_as_it_is() {
        let authorization = parse(|_| {}).unwrap();
        assert_eq!(authorization.device_code().expose_secret(), "d3vice");
        assert_eq!(authorization.user_code(), "ABCD-EFGH");
        assert_eq!(authorization.page().as_str(), PAGE);
        assert_eq!(authorization.complete_page().unwrap().as_str(), COMPLETE);
        assert_eq!((authorization.lifetime().as_secs(), authorization.interval().as_secs()), (600, 7));
    }

    #[test]
    fn names_the_broken_rule_of_each_field() {
        type Change = fn(&mut AuthorizationFields, String);
        let device_code: (&str, Change) = ("device_code", |fields, text| fields.device_code = text);
        let user_code: (&str, Change) = ("user_code", |fields, text| fields.user_code = text);
        let page: (&str, Change) = ("verification_uri", |fields, text| fields.verification_uri = text);
        let long_page = format!("https://h/{}", "a".repeat(2048 - "https://h/".len() + 1));
        let cases = [
            (device_code, "", AuthorizationFault::Empty),
            (device_code, &"a".repeat(4097), AuthorizationFault::TooLong(4096)),
            (device_code, "a b", AuthorizationFault::Characters),
            (device_code, "a\u{7f}", AuthorizationFault::Characters),
            (device_code, "é", AuthorizationFault::Characters),
            (user_code, "", AuthorizationFault::Empty),
            (user_code, &"A".repeat(65), AuthorizationFault::TooLong(64)),
            (user_code, "A\u{1b}[2J", AuthorizationFault::Characters),
            (user_code, "A\nB", AuthorizationFault::Characters),
            (user_code, "A\u{7f}", AuthorizationFault::Characters),
            (user_code, "\u{202e}A", AuthorizationFault::Characters),
            (page, "", AuthorizationFault::Empty),
            (page, &long_page, AuthorizationFault::TooLong(2048)),
            (page, "/v1/device", AuthorizationFault::Page(ServerUrlError::Syntax)),
            (page, "javascript:alert(1)", AuthorizationFault::Page(ServerUrlError::Scheme)),
            (page, "https://u@h/", AuthorizationFault::Page(ServerUrlError::Userinfo)),
            (page, "http://plexsphere.example/", AuthorizationFault::Unencrypted),
        ];
        for ((field, change), text, fault) in cases {
            let error = parse(|fields| change(fields, text.to_owned())).unwrap_err();
            assert_eq!(error, InvalidAuthorization { field, fault });
            assert_eq!(error.to_string(), format!("{field}: {fault}"));
        }
        for seconds in [0, i64::MIN] {
            let error = InvalidAuthorization { field: "expires_in", fault: AuthorizationFault::BelowOne };
            assert_eq!(parse(|fields| fields.expires_in = seconds), Err(error));
        }
    }

    #[test]
    fn the_limits_belong_to_what_is_taken() {
        assert!(parse(|fields| fields.device_code = "~".repeat(4096)).is_ok());
        assert!(parse(|fields| fields.device_code = "!".into()).is_ok());
        let longest = " ~".repeat(32);
        assert_eq!(parse(|fields| fields.user_code = longest.clone()).unwrap().user_code(), longest);
        let longest = format!("https://h/{}", "a".repeat(2048 - "https://h/".len()));
        assert_eq!(parse(|fields| fields.verification_uri = longest.clone()).unwrap().page().as_str(), longest);
    }

    #[test]
    fn times_are_bounded() {
        let lifetime = |seconds| parse(|fields| fields.expires_in = seconds);
        for (seconds, counted) in [(1, 1), (1800, 1800), (1801, 1800), (i64::MAX, 1800)] {
            assert_eq!(lifetime(seconds).unwrap().lifetime().as_secs(), counted);
        }
        let interval = |value| parse(|fields| fields.interval = value).unwrap().interval().as_secs();
        assert_eq!(interval(None), 5);
        for (seconds, counted) in [(i64::MIN, 1), (0, 1), (1, 1), (60, 60), (61, 60), (i64::MAX, 60)] {
            assert_eq!(interval(Some(seconds)), counted);
        }
    }

    #[test]
    fn rejects_a_remote_http_page_of_an_https_server() {
        let at = |server, page: &str| parse_at(server, |fields| fields.verification_uri = page.into()).is_ok();
        assert!(at("http://plexsphere.example", "http://plexsphere.example/device"));
        assert!(at("https://plexsphere.example", "http://localhost:8080/device"));
        assert!(!at("https://127.0.0.1", "http://plexsphere.example/device"));
    }

    #[test]
    fn leaves_out_an_invalid_complete_page() {
        let complete =
            |text: &str| parse(|fields| fields.verification_uri_complete = Some(text.into())).unwrap().complete_page;
        for text in [
            "",
            "junk",
            PAGE,
            "https://plexsphere.example/v1/device?user_code=ABCD-EFGX",
            "https://plexsphere.example/v1/device?user_code=abcd-efgh",
            "https://evil.example/v1/device?user_code=ABCD-EFGH",
            "https://plexsphere.example:8443/v1/device?user_code=ABCD-EFGH",
            "http://plexsphere.example/v1/device?user_code=ABCD-EFGH",
            "https://u@plexsphere.example/v1/device?user_code=ABCD-EFGH",
            &format!("{COMPLETE}&{}", "a".repeat(2048)),
        ] {
            assert_eq!(complete(text), None, "{text}");
        }
        let page = complete("HTTPS://PLEXSPHERE.EXAMPLE:443/v1/device?user_code=ABCD%2DEFGH").unwrap();
        assert_eq!(page.as_str(), "https://plexsphere.example/v1/device?user_code=ABCD%2DEFGH");
    }

    #[test]
    fn debug_shows_nothing_of_the_device_code() {
        let shown = format!("{:?}", parse(|_| {}).unwrap());
        assert!(shown.contains("DeviceCode([redacted])") && !shown.contains("d3vice"), "{shown}");
    }
}
