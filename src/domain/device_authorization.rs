//! A login that a server has begun and an operator has to approve (RFC 8628, section 3.2).

use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::answer_field::{FieldError, FieldFault, FieldValue};
use super::page_url::PageUrl;
use super::server_url::{Scheme, ServerUrl};

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

/// The fields of the answer that begins a login, unchecked, by their names in RFC 8628, section 3.2.
#[derive(Default)]
#[allow(missing_docs, reason = "the RFC says what they are")]
pub struct AuthorizationFields {
    pub device_code: Option<FieldValue>,
    pub user_code: Option<FieldValue>,
    pub verification_uri: Option<FieldValue>,
    pub verification_uri_complete: Option<FieldValue>,
    pub expires_in: Option<FieldValue>,
    pub interval: Option<FieldValue>,
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
    /// [`FieldError`] for the first field, in this order, that breaks its rule.
    pub fn parse(fields: AuthorizationFields, server: &ServerUrl) -> Result<Self, FieldError> {
        let device_code = FieldValue::text(fields.device_code, MAX_DEVICE_CODE, u8::is_ascii_graphic)
            .map_err(FieldError::of("device_code"))?;
        let user_code = FieldValue::text(fields.user_code, MAX_USER_CODE, |byte| matches!(byte, b' '..=b'~'))
            .map_err(FieldError::of("user_code"))?;
        let page = page(fields.verification_uri, server).map_err(FieldError::of("verification_uri"))?;
        let complete_page = page_with_code(fields.verification_uri_complete, server, &page, &user_code);
        let lifetime = lifetime(fields.expires_in.as_ref()).map_err(FieldError::of("expires_in"))?;
        let interval = FieldValue::integer(fields.interval.as_ref()).map_err(FieldError::of("interval"))?;
        let interval = interval.unwrap_or(DEFAULT_INTERVAL).clamp(1, MAX_INTERVAL);
        Ok(Self {
            device_code: DeviceCode(device_code),
            user_code,
            page,
            complete_page,
            lifetime: Duration::from_secs(lifetime.min(MAX_LIFETIME).unsigned_abs()),
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

/// The code by which the server knows the login. Whoever has it gets the token.
///
/// It has no `Display`, and its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCode(String);

impl DeviceCode {
    /// The whole code.
    ///
    /// The body of a poll carries it, and the mask looks for it in text that a server sent back. Nothing else has a
    /// reason to call this.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

/// Shows the type and never the code.
impl fmt::Debug for DeviceCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DeviceCode([redacted])")
    }
}

/// Takes a number of seconds that must be there: at least one.
pub(super) fn lifetime(value: Option<&FieldValue>) -> Result<i64, FieldFault> {
    let seconds = FieldValue::integer(value)?.ok_or(FieldFault::Missing)?;
    if seconds < 1 { Err(FieldFault::BelowOne) } else { Ok(seconds) }
}

fn page(value: Option<FieldValue>, server: &ServerUrl) -> Result<PageUrl, FieldFault> {
    let text = FieldValue::text(value, MAX_PAGE, |_| true)?;
    let page = PageUrl::parse(&text).map_err(FieldFault::Page)?;
    if page.is_exposed() && server.scheme() == Scheme::Https { Err(FieldFault::Unencrypted) } else { Ok(page) }
}

fn page_with_code(value: Option<FieldValue>, server: &ServerUrl, plain: &PageUrl, user_code: &str) -> Option<PageUrl> {
    let page = page(value, server).ok()?;
    let has_code = percent_decode_str(page.as_str()).decode_utf8_lossy().contains(user_code);
    (has_code && page.same_origin(plain)).then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::server_url::ServerUrlError;

    const PAGE: &str = "https://plexsphere.example/v1/device";
    const COMPLETE: &str = "https://plexsphere.example/v1/device?user_code=ABCD-EFGH";

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    fn fields() -> AuthorizationFields {
        AuthorizationFields {
            device_code: Some(text("d3vice")),
            user_code: Some(text("ABCD-EFGH")),
            verification_uri: Some(text(PAGE)),
            verification_uri_complete: Some(text(COMPLETE)),
            expires_in: Some(FieldValue::Integer(600)),
            interval: Some(FieldValue::Integer(7)),
        }
    }

    fn parse_at(
        server: &str,
        change: impl FnOnce(&mut AuthorizationFields),
    ) -> Result<DeviceAuthorization, FieldError> {
        let mut fields = fields();
        change(&mut fields);
        DeviceAuthorization::parse(fields, &ServerUrl::parse(server).unwrap())
    }

    fn parse(change: impl FnOnce(&mut AuthorizationFields)) -> Result<DeviceAuthorization, FieldError> {
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
    fn every_field_is_refused_by_the_part_of_its_rule_that_it_breaks() {
        type Change = fn(&mut AuthorizationFields, Option<FieldValue>);
        let device_code: (&str, Change) = ("device_code", |fields, value| fields.device_code = value);
        let user_code: (&str, Change) = ("user_code", |fields, value| fields.user_code = value);
        let page: (&str, Change) = ("verification_uri", |fields, value| fields.verification_uri = value);
        let expires_in: (&str, Change) = ("expires_in", |fields, value| fields.expires_in = value);
        let interval: (&str, Change) = ("interval", |fields, value| fields.interval = value);
        let long_page = format!("https://h/{}", "a".repeat(2048 - "https://h/".len() + 1));
        let cases = [
            (device_code, None, FieldFault::Missing),
            (device_code, Some(FieldValue::Integer(1)), FieldFault::NoText),
            (device_code, Some(FieldValue::Other), FieldFault::NoText),
            (device_code, Some(text("")), FieldFault::Empty),
            (device_code, Some(text(&"a".repeat(4097))), FieldFault::TooLong(4096)),
            (device_code, Some(text("a b")), FieldFault::Characters),
            (device_code, Some(text("a\u{7f}")), FieldFault::Characters),
            (device_code, Some(text("é")), FieldFault::Characters),
            (user_code, None, FieldFault::Missing),
            (user_code, Some(text("")), FieldFault::Empty),
            (user_code, Some(text(&"A".repeat(65))), FieldFault::TooLong(64)),
            (user_code, Some(text("A\u{1b}[2J")), FieldFault::Characters),
            (user_code, Some(text("A\nB")), FieldFault::Characters),
            (user_code, Some(text("A\u{7f}")), FieldFault::Characters),
            (user_code, Some(text("\u{202e}A")), FieldFault::Characters),
            (page, None, FieldFault::Missing),
            (page, Some(FieldValue::Other), FieldFault::NoText),
            (page, Some(text("")), FieldFault::Empty),
            (page, Some(text(&long_page)), FieldFault::TooLong(2048)),
            (page, Some(text("/v1/device")), FieldFault::Page(ServerUrlError::Syntax)),
            (page, Some(text("javascript:alert(1)")), FieldFault::Page(ServerUrlError::Scheme)),
            (page, Some(text("https://u@h/")), FieldFault::Page(ServerUrlError::Userinfo)),
            (page, Some(text("http://plexsphere.example/")), FieldFault::Unencrypted),
            (expires_in, None, FieldFault::Missing),
            (expires_in, Some(text("600")), FieldFault::NoInteger),
            (expires_in, Some(FieldValue::Other), FieldFault::NoInteger),
            (expires_in, Some(FieldValue::Integer(0)), FieldFault::BelowOne),
            (expires_in, Some(FieldValue::Integer(i64::MIN)), FieldFault::BelowOne),
            (interval, Some(text("5")), FieldFault::NoInteger),
            (interval, Some(FieldValue::Other), FieldFault::NoInteger),
        ];
        for ((field, change), value, fault) in cases {
            assert_eq!(parse(|fields| change(fields, value)), Err(FieldError { field, fault }));
        }
    }

    #[test]
    fn the_limits_belong_to_what_is_taken() {
        assert!(parse(|fields| fields.device_code = Some(text(&"~".repeat(4096)))).is_ok());
        assert!(parse(|fields| fields.device_code = Some(text("!"))).is_ok());
        let longest = " ~".repeat(32);
        assert_eq!(parse(|fields| fields.user_code = Some(text(&longest))).unwrap().user_code(), longest);
        let longest = format!("https://h/{}", "a".repeat(2048 - "https://h/".len()));
        assert_eq!(parse(|fields| fields.verification_uri = Some(text(&longest))).unwrap().page().as_str(), longest);
    }

    #[test]
    fn times_are_bounded() {
        let lifetime = |seconds| parse(|fields| fields.expires_in = Some(FieldValue::Integer(seconds)));
        for (seconds, counted) in [(1, 1), (1800, 1800), (1801, 1800), (i64::MAX, 1800)] {
            assert_eq!(lifetime(seconds).unwrap().lifetime().as_secs(), counted);
        }
        let interval = |value| parse(|fields| fields.interval = value).unwrap().interval().as_secs();
        assert_eq!(interval(None), 5);
        for (seconds, counted) in [(i64::MIN, 1), (0, 1), (1, 1), (60, 60), (61, 60), (i64::MAX, 60)] {
            assert_eq!(interval(Some(FieldValue::Integer(seconds))), counted);
        }
    }

    #[test]
    fn an_unencrypted_page_is_refused_only_where_the_server_is_encrypted_and_the_page_elsewhere() {
        let at = |server, page| parse_at(server, |fields| fields.verification_uri = Some(text(page))).is_ok();
        assert!(at("http://plexsphere.example", "http://plexsphere.example/device"));
        assert!(at("https://plexsphere.example", "http://localhost:8080/device"));
        assert!(!at("https://127.0.0.1", "http://plexsphere.example/device"));
    }

    #[test]
    fn a_complete_page_that_breaks_its_rule_is_left_out_and_no_error() {
        let complete = |value| parse(|fields| fields.verification_uri_complete = value).unwrap().complete_page;
        for value in [
            None,
            Some(FieldValue::Other),
            Some(text("")),
            Some(text("junk")),
            Some(text(PAGE)),
            Some(text("https://plexsphere.example/v1/device?user_code=ABCD-EFGX")),
            Some(text("https://plexsphere.example/v1/device?user_code=abcd-efgh")),
            Some(text("https://evil.example/v1/device?user_code=ABCD-EFGH")),
            Some(text("https://plexsphere.example:8443/v1/device?user_code=ABCD-EFGH")),
            Some(text("http://plexsphere.example/v1/device?user_code=ABCD-EFGH")),
            Some(text("https://u@plexsphere.example/v1/device?user_code=ABCD-EFGH")),
            Some(text(&format!("{COMPLETE}&{}", "a".repeat(2048)))),
        ] {
            assert_eq!(complete(value), None);
        }
        let page = complete(Some(text("HTTPS://PLEXSPHERE.EXAMPLE:443/v1/device?user_code=ABCD%2DEFGH"))).unwrap();
        assert_eq!(page.as_str(), "https://plexsphere.example/v1/device?user_code=ABCD%2DEFGH");
    }

    #[test]
    fn debug_shows_nothing_of_the_device_code() {
        let shown = format!("{:?}", parse(|_| {}).unwrap());
        assert!(shown.contains("DeviceCode([redacted])") && !shown.contains("d3vice"), "{shown}");
    }
}
