//! A stored server as it may be shown: without the userinfo that somebody may have put into it.

use super::server_url::{ServerUrl, ServerUrlError};

/// The text of a stored server, usable or not, without its userinfo (RFC 3986, section 3.2.1), which may hold a
/// password.
///
/// Control and bidirectional characters are still in it: they must be escaped before they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownServer(String);

impl ShownServer {
    /// Takes the text as stored and drops the userinfo. Where the text is no server URL, so that its parts cannot be
    /// told apart, that is everything before its last `@`, but for the scheme.
    #[must_use]
    pub fn new(stored: &str) -> Self {
        let end = match ServerUrl::parse(stored) {
            Ok(_) => None,
            // In a valid URI the first `@` ends the userinfo, and a later one belongs to the path.
            Err(ServerUrlError::Userinfo) => stored.find('@'),
            Err(_) => stored.rfind('@'),
        };
        let Some(end) = end else { return Self(stored.to_owned()) };
        // Only a scheme may stand before the userinfo. Anything else before `://` may be a part of it.
        let is_scheme = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphabetic())
                && text.chars().all(|other| other.is_ascii_alphanumeric() || "+-.".contains(other))
        };
        let start = match stored[..end].split_once("://") {
            Some((scheme, _)) if is_scheme(scheme) => scheme.len() + "://".len(),
            _ => 0,
        };
        Self(format!("{}{}", &stored[..start], &stored[end + 1..]))
    }

    /// The text without userinfo.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the server is called in a sentence: its origin in the ASCII form (RFC 6454, section 6.2), or the text itself
    /// if that is not a server URL. `None` means that there is nothing to call it.
    #[must_use]
    pub fn origin_or_text(&self) -> Option<String> {
        let origin = ServerUrl::parse(self.0.as_str()).map(|server| server.origin());
        Some(origin.unwrap_or_else(|_| self.0.clone())).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_server_without_userinfo_unchanged() {
        for text in
            ["https://h", "HTTPS://H:443/base/", "https://h/a@b", "", "junk", "ftp://h", "https://h?q", "ä\u{1b}"]
        {
            assert_eq!(ShownServer::new(text).as_str(), text);
        }
    }

    #[test]
    fn no_userinfo_is_shown_whatever_else_is_wrong() {
        let cases = [
            ("https://user:s3cret@h", "https://h"),
            ("https://s3cret@h:8443/base", "https://h:8443/base"),
            ("https://@h", "https://h"),
            ("https://user:s3cret@h/a@b", "https://h/a@b"),
            ("https://user:s3cret@h?q", "https://h?q"),
            ("ftp://user:s3cret@h", "ftp://h"),
            ("user:s3cret@h", "h"),
            ("s3cret@https://h", "https://h"),
            ("https://user:s3/cret@h", "https://h"),
            ("https://user:s3@cret@h", "https://h"),
            ("https://user:s3 cret@h", "https://h"),
            ("https://user:s3cret@", "https://"),
            ("user:s3cret@h/http://z@y", "y"),
            ("s3 cret://user@h", "h"),
            ("@", ""),
        ];
        for (stored, shown) in cases {
            assert_eq!(ShownServer::new(stored).as_str(), shown, "{stored}");
            assert_eq!(format!("{:?}", ShownServer::new(stored)), format!("ShownServer({shown:?})"));
        }
    }

    #[test]
    fn shows_the_origin_else_the_text_without_userinfo() {
        for (stored, name) in [
            ("https://H:443/base", Some("https://h")),
            ("https://user:s3cret@h:8443", Some("https://h:8443")),
            ("junk", Some("junk")),
            ("s3cret@junk", Some("junk")),
            ("s3cret@", None),
            ("", None),
        ] {
            assert_eq!(ShownServer::new(stored).origin_or_text().as_deref(), name, "{stored}");
        }
    }
}
