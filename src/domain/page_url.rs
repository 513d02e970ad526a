//! The address of a page that a server wants an operator to open.

use std::fmt;

use fluent_uri::Uri;

use super::server_url::{Scheme, ServerUrl, ServerUrlError};

/// The address of a web page: what a [`ServerUrl`] may be, and a query and a fragment too.
///
/// `Display` writes it from its parts, with scheme, host and port normalized: nothing that only looks like the address
/// is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageUrl {
    /// Where the page is served: scheme, host, port and path follow the same rules.
    address: ServerUrl,
    text: String,
}

impl PageUrl {
    /// Checks the address of a page (RFC 3986, section 3).
    ///
    /// # Errors
    ///
    /// Any variant of [`ServerUrlError`] but [`QueryOrFragment`](ServerUrlError::QueryOrFragment).
    pub fn parse(text: &str) -> Result<Self, ServerUrlError> {
        let uri = Uri::parse(text).map_err(|_| ServerUrlError::Syntax)?;
        // RFC 3986: neither can stand in the authority or in the path.
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let address = ServerUrl::parse(&text[..end])?;
        // Written from the parts, so that no userinfo or other spelling of the host can mislead a reader.
        let text = format!("{}{}{}", address.origin(), uri.path().as_str(), &text[end..]);
        Ok(Self { address, text })
    }

    /// The address as it may be shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The origin in its ASCII form, such as `https://plexsphere.example:8443` (RFC 6454, section 6.2).
    #[must_use]
    pub fn origin(&self) -> String {
        self.address.origin()
    }

    /// Tells whether two pages have the same scheme, host and port (RFC 6454, section 5).
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.address.same_origin(&other.address)
    }

    /// Tells whether the server itself serves the page: it has the same origin, where all names and addresses of this
    /// machine count as one host.
    #[must_use]
    pub fn is_at(&self, server: &ServerUrl) -> bool {
        let page = &self.address;
        let is_on_this_machine = page.is_loopback() && server.is_loopback();
        page.same_origin(server)
            || is_on_this_machine && (page.scheme(), page.port()) == (server.scheme(), server.port())
    }

    /// Tells whether the page travels over the network unencrypted.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        self.address.scheme() == Scheme::Http && !self.address.is_loopback()
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::printable::is_unprintable;

    fn page(text: &str) -> PageUrl {
        PageUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_page_is_written_from_its_parts() {
        for (text, shown) in [
            ("https://h/v1/device?user_code=ABCD-EFGH", "https://h/v1/device?user_code=ABCD-EFGH"),
            ("HTTPS://Plexsphere.Example:443/Device/", "https://plexsphere.example/Device/"),
            ("http://127.0.0.1:08080?a=b#c?d", "http://127.0.0.1:8080?a=b#c?d"),
            ("https://[2001:DB8:0:0::1]#top", "https://[2001:db8::1]#top"),
            ("https://h", "https://h"),
        ] {
            assert_eq!((page(text).as_str(), page(text).to_string().as_str()), (shown, shown));
        }
    }

    #[test]
    fn what_is_no_server_url_is_no_page_either() {
        for (text, error) in [
            ("", ServerUrlError::Syntax),
            ("/v1/device", ServerUrlError::Syntax),
            ("https://h/\u{1b}[2J", ServerUrlError::Syntax),
            ("https://h/?a b", ServerUrlError::Syntax),
            ("https://h/?a\nb", ServerUrlError::Syntax),
            ("https://hé/", ServerUrlError::Syntax),
            ("https://h\\@evil/", ServerUrlError::Syntax),
            ("javascript:alert(1)", ServerUrlError::Scheme),
            ("file:///etc/passwd", ServerUrlError::Scheme),
            ("https:?a", ServerUrlError::Host),
            ("https://?a", ServerUrlError::Host),
            ("https://h:0/?a", ServerUrlError::Port),
            ("https://plexsphere.example@evil/", ServerUrlError::Userinfo),
            ("https://h@evil?a", ServerUrlError::Userinfo),
        ] {
            assert_eq!(PageUrl::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn own_page_shares_the_origin_or_this_machine() {
        for (text, server) in [
            ("https://h/v1/device?a", "https://H:443/base"),
            ("http://localhost:8080/", "http://127.0.0.1:8080"),
            ("http://127.9.9.9:8080/", "http://[::1]:8080"),
        ] {
            assert!(page(text).is_at(&ServerUrl::parse(server).unwrap()), "{text} {server}");
        }
        for (text, server) in [
            ("https://h/", "http://h"),
            ("https://h/", "https://h:8443"),
            ("https://h/", "https://h.example"),
            ("https://login.h/", "https://h"),
            ("http://localhost:8081/", "http://127.0.0.1:8080"),
            ("http://localhost:8080/", "https://127.0.0.1:8080"),
            ("http://localhost/", "http://h"),
            ("http://h/", "http://localhost"),
        ] {
            assert!(!page(text).is_at(&ServerUrl::parse(server).unwrap()), "{text} {server}");
        }
        assert!(page("https://h/a").same_origin(&page("https://H:443/b?c")));
        assert!(!page("http://localhost/").same_origin(&page("http://127.0.0.1/")));
        assert_eq!(page("https://H:443/a?b").origin(), "https://h");
    }

    #[test]
    fn only_http_to_another_machine_is_exposed() {
        for (text, is_exposed) in
            [("http://h/", true), ("https://h/", false), ("http://localhost/", false), ("http://[::1]/", false)]
        {
            assert_eq!(page(text).is_exposed(), is_exposed, "{text}");
        }
    }

    proptest! {
        #[test]
        fn shown_page_parses_to_itself(
            text in "(https?://[a-zA-Z0-9.@:\\[\\]-]{1,20}[/?#]?)?[ -~\u{80}\u{202e}\u{1b}]{0,40}",
        ) {
            if let Ok(page) = PageUrl::parse(&text) {
                prop_assert!(!page.as_str().contains(is_unprintable) && page.as_str().is_ascii());
                prop_assert_eq!(&PageUrl::parse(page.as_str()).unwrap().text, &page.text);
            }
        }
    }
}
