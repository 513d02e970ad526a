//! The address of a plexsphere server, with the rules that decide where a token may travel.

use std::fmt;
use std::net::IpAddr;

use fluent_uri::Uri;
use fluent_uri::component::Host as UriHost;
use thiserror::Error;

/// The longest server URL, in bytes: what every HTTP recipient should be able to take (RFC 9110, section 4.1).
const MAX_LENGTH: usize = 8000;

/// A checked server URL: `http` or `https`, a host, an optional port from 1 to 65535 and an optional base path.
///
/// The text as given is kept for output; everything else is normalized. None of it holds userinfo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    scheme: Scheme,
    host: Host,
    port: u16,
    base_path: String,
    given: String,
}

/// The two schemes that a server can be reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP without encryption, for development servers (RFC 9110, section 4.2.1).
    Http,
    /// HTTP over TLS (RFC 9110, section 4.2.2).
    Https,
}

/// The host of a server URL.
///
/// `Display` writes it as it stands in a URL: an IPv6 address in brackets (RFC 3986, section 3.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
    /// A DNS name in lower case.
    Name(String),
}

impl ServerUrl {
    /// Checks a server URL (RFC 3986, section 3).
    ///
    /// # Errors
    ///
    /// One variant of [`ServerUrlError`] for each part of the rule; no error carries any of the text, which may hold a
    /// password.
    pub fn parse(given: impl Into<String>) -> Result<Self, ServerUrlError> {
        let given = given.into();
        if given.len() > MAX_LENGTH {
            return Err(ServerUrlError::TooLong);
        }
        let uri = Uri::parse(given.as_str()).map_err(|_| ServerUrlError::Syntax)?;
        let scheme = match uri.scheme().as_str() {
            // Schemes and hosts are case-insensitive (RFC 3986, section 6.2.2.1).
            scheme if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
            scheme if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
            _ => return Err(ServerUrlError::Scheme),
        };
        let authority = uri.authority().ok_or(ServerUrlError::Host)?;
        // `https://plexsphere.example@evil/` reads like the first host and leads to the second.
        if authority.has_userinfo() {
            return Err(ServerUrlError::Userinfo);
        }
        if uri.has_query() || uri.has_fragment() {
            return Err(ServerUrlError::QueryOrFragment);
        }
        let host = match authority.host_parsed() {
            UriHost::Ipv4(address) => Host::Ip(address.into()),
            UriHost::Ipv6(address) => Host::Ip(address.into()),
            UriHost::RegName(name) if is_dns_name(name.as_str()) => Host::Name(name.as_str().to_ascii_lowercase()),
            _ => return Err(ServerUrlError::Host),
        };
        let port = match authority.port() {
            None => scheme.default_port(),
            // u16 refuses what is too large, and 0 cannot be connected to.
            Some(port) => port.as_str().parse().ok().filter(|port| *port != 0).ok_or(ServerUrlError::Port)?,
        };
        // The paths of the API begin with a slash of their own.
        let base_path = uri.path().as_str().trim_end_matches('/').to_owned();
        Ok(Self { scheme, host, port, base_path, given })
    }

    /// The URL as it was given, for output.
    #[must_use]
    pub fn as_given(&self) -> &str {
        &self.given
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port, which is the scheme's own where the URL names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The base path without its closing slashes: empty, or one that starts with a slash.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// The origin in its ASCII form, such as `https://plexsphere.example:8443` (RFC 6454, section 6.2).
    #[must_use]
    pub fn origin(&self) -> String {
        let Self { scheme, host, port, .. } = self;
        if *port == scheme.default_port() { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
    }

    /// Tells whether two URLs have the same scheme, host and port (RFC 6454, section 5).
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }

    /// Tells whether traffic stays on this machine: a loopback address, or `localhost` (RFC 6761, section 6.3).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            // ::ffff:127.0.0.1 is 127.0.0.1 to the kernel.
            Host::Ip(address) => address.to_canonical().is_loopback(),
            // No look-up: a resolver must not decide what may travel unencrypted.
            Host::Name(name) => name == "localhost",
        }
    }
}

impl Scheme {
    /// The port that a URL of this scheme means when it names none.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(address)) => address.fmt(formatter),
            Self::Ip(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

/// Why a text is not a usable server URL. No variant carries any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServerUrlError {
    /// The text is longer than 8000 bytes.
    #[error("it is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// The text is not a URL (RFC 3986).
    #[error("it is not a URL")]
    Syntax,
    /// The scheme is neither `http` nor `https`.
    #[error("its scheme is not http or https")]
    Scheme,
    /// There is no host, or it is neither an IP address nor a DNS name.
    #[error("it has no valid host")]
    Host,
    /// The port is empty or not from 1 to 65535.
    #[error("its port is not from 1 to 65535")]
    Port,
    /// There is userinfo before the host, which would put a credential into a URL (RFC 9110, section 4.2.4).
    #[error("it has userinfo")]
    Userinfo,
    /// There is a query or a fragment, to which no path can be appended.
    #[error("it has a query or a fragment")]
    QueryOrFragment,
}

fn is_dns_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> ServerUrl {
        ServerUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn normalizes_parts_and_keeps_the_text() {
        let cases = [
            ("https://plexsphere.example", "https://plexsphere.example", ""),
            ("https://plexsphere.example/", "https://plexsphere.example", ""),
            ("HTTPS://Plexsphere.Example:443/", "https://plexsphere.example", ""),
            ("http://h:80", "http://h", ""),
            ("http://h:443", "http://h:443", ""),
            ("https://h:08443/api/", "https://h:8443", "/api"),
            ("https://h/a/b//", "https://h", "/a/b"),
            ("https://h/a%2Fb/./c", "https://h", "/a%2Fb/./c"),
            ("https://127.0.0.1:1", "https://127.0.0.1:1", ""),
            ("https://[::1]:65535", "https://[::1]:65535", ""),
            ("https://[2001:DB8:0:0::1]", "https://[2001:db8::1]", ""),
            ("https://a_b.example.", "https://a_b.example.", ""),
        ];
        for (given, origin, base_path) in cases {
            let url = url(given);
            assert_eq!((url.as_given(), url.origin().as_str(), url.base_path()), (given, origin, base_path));
        }
    }

    #[test]
    fn rejects_by_the_broken_part_of_the_rule() {
        let cases = [
            ("", ServerUrlError::Syntax),
            ("plexsphere.example", ServerUrlError::Syntax),
            ("//plexsphere.example", ServerUrlError::Syntax),
            (" https://h", ServerUrlError::Syntax),
            ("https://h\n", ServerUrlError::Syntax),
            ("https://h/\u{7f}", ServerUrlError::Syntax),
            ("https://hé", ServerUrlError::Syntax),
            ("https://h/a b", ServerUrlError::Syntax),
            ("https://h/%zz", ServerUrlError::Syntax),
            ("https://[::1", ServerUrlError::Syntax),
            ("https://[fe80::1%25eth0]", ServerUrlError::Syntax),
            ("ftp://h", ServerUrlError::Scheme),
            ("localhost:8080", ServerUrlError::Scheme),
            ("https:", ServerUrlError::Host),
            ("https:/h", ServerUrlError::Host),
            ("https://", ServerUrlError::Host),
            ("https://:443", ServerUrlError::Host),
            ("https://%68", ServerUrlError::Host),
            ("https://a,b", ServerUrlError::Host),
            ("https://[v1.x]", ServerUrlError::Host),
            ("https://h:0", ServerUrlError::Port),
            ("https://h:", ServerUrlError::Port),
            ("https://h:65536", ServerUrlError::Port),
            ("https://h:99999999999999999999", ServerUrlError::Port),
            ("https://user@h", ServerUrlError::Userinfo),
            ("https://user:pass@h", ServerUrlError::Userinfo),
            ("https://@h", ServerUrlError::Userinfo),
            ("https://h?", ServerUrlError::QueryOrFragment),
            ("https://h/?a=b", ServerUrlError::QueryOrFragment),
            ("https://h#", ServerUrlError::QueryOrFragment),
        ];
        for (text, error) in cases {
            assert_eq!(ServerUrl::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_length_limit_is_8000_bytes() {
        let longest = format!("https://h/{}", "a".repeat(MAX_LENGTH - "https://h/".len()));
        assert!(ServerUrl::parse(longest.clone()).is_ok());
        assert_eq!(ServerUrl::parse(longest + "a"), Err(ServerUrlError::TooLong));
    }

    #[test]
    fn same_origin_ignores_default_ports_case_and_path() {
        let same = [
            ("https://h", "https://H:443/base"),
            ("HTTP://h", "http://h:80/"),
            ("https://[::1]", "https://[0:0:0:0:0:0:0:1]:443"),
        ];
        for (left, right) in same {
            assert!(url(left).same_origin(&url(right)), "{left} {right}");
        }
        let different = [
            ("https://h", "http://h"),
            ("https://h:443", "http://h:443"),
            ("https://h", "https://h:8443"),
            ("https://h", "https://h."),
            ("https://h", "https://www.h"),
            ("https://127.0.0.1", "https://localhost"),
            ("https://[::ffff:127.0.0.1]", "https://127.0.0.1"),
            ("https://[::ffff:10.0.0.1]", "https://[::10.0.0.1]"),
        ];
        for (left, right) in different {
            assert!(!url(left).same_origin(&url(right)), "{left} {right}");
        }
    }

    #[test]
    fn loopback_is_an_address_range_and_one_name() {
        for text in
            ["http://127.0.0.1", "http://127.9.9.9", "http://[::1]", "http://[::ffff:127.0.0.1]", "http://LocalHost"]
        {
            assert!(url(text).is_loopback(), "{text}");
        }
        for text in ["http://128.0.0.1", "http://[::2]", "http://localhost.example", "http://0.0.0.0", "http://127.1"] {
            assert!(!url(text).is_loopback(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn origin_parses_to_the_same_origin(
            scheme in "[hH][tT][tT][pP][sS]?", host in "[a-zA-Z0-9._-]{1,30}|\\[[0-9a-f:]{2,20}\\]", port in ":[0-9]{1,5}|", path in "(/[a-z%0-9.~-]{0,8}){0,4}",
        ) {
            let given = format!("{scheme}://{host}{port}{path}");
            if let Ok(url) = ServerUrl::parse(given.clone()) {
                let origin = ServerUrl::parse(url.origin()).unwrap();
                prop_assert!(origin.same_origin(&url) && url.same_origin(&origin));
                prop_assert_eq!(url.as_given(), given);
                prop_assert!(!url.base_path().ends_with('/'));
                prop_assert_eq!(origin.origin(), url.origin());
            }
        }

        #[test]
        fn no_text_makes_the_rule_panic(text in "(https?://)?.{0,40}") {
            let _ = ServerUrl::parse(text);
        }
    }
}
