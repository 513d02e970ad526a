//! Which way a request goes: directly, or through a proxy that the operator's environment names.
//!
//! The rules are those of Go's `net/http` for `http://` proxies, with one difference: a value that cannot be used is
//! an error where it would apply, never a silent direct connection.

use std::net::IpAddr;

use data_encoding::BASE64;
use fluent_uri::pct_enc::EStr;
use fluent_uri::pct_enc::encoder::Userinfo;
use hyper::header::HeaderValue;
use ipnet::IpNet;
use log::debug;

use super::super::failure::{CallFailure, Cause, Phase, ProxyName, ProxyProblem};
use crate::domain::server_url::{Host, Scheme, ServerUrl};

/// The proxy settings as the environment gives them, empty values left out.
#[derive(Clone, Default)]
pub struct ProxySettings {
    /// The proxy for `https` servers, from `HTTPS_PROXY` or `https_proxy`.
    pub https_proxy: Option<ProxyVariable>,
    /// The proxy for `http` servers, from `HTTP_PROXY` or `http_proxy`.
    pub http_proxy: Option<ProxyVariable>,
    /// The hosts that are reached directly, from `NO_PROXY` or `no_proxy`: a comma-separated list of hosts (which
    /// stand for their subdomains too), `.domain`, `*.domain`, IP addresses, CIDR blocks, each but the last with an
    /// optional `:port`, or `*` for all.
    pub no_proxy: Option<String>,
    /// Whether the program runs as a CGI script, where `HTTP_PROXY` may be a header that a client sent.
    pub is_cgi: bool,
}

/// A variable that names a proxy.
#[derive(Clone)]
pub struct ProxyVariable {
    /// What operators know it by.
    pub name: String,
    /// The proxy's URL, which may hold a password, or its host and port alone.
    pub value: String,
}

/// The way to a server.
#[derive(Debug)]
pub(crate) enum Route {
    Direct,
    Proxy(Proxy),
}

/// An `http://` proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it listens: an `http` URL without a credential.
    pub(crate) address: ServerUrl,
    /// The value of `Proxy-Authorization` (RFC 7617, section 2), marked so that its `Debug` shows nothing of it.
    pub(crate) authorization: Option<HeaderValue>,
    /// The variable that named it.
    variable: String,
}

impl Route {
    /// Whom the connection is made to.
    pub(crate) fn next_hop<'a>(&'a self, server: &'a ServerUrl) -> &'a ServerUrl {
        match self {
            Self::Direct => server,
            Self::Proxy(proxy) => &proxy.address,
        }
    }

    /// The proxy that reads the request and may answer it by itself, as it can without TLS.
    pub(crate) fn reader(&self, server: &ServerUrl) -> Option<&Proxy> {
        match self {
            // Inside a tunnel TLS ends at the server, so a proxy can neither read nor forge there.
            Self::Proxy(proxy) if server.scheme() == Scheme::Http => Some(proxy),
            _ => None,
        }
    }

    /// A call that ended in a phase of this way.
    pub(crate) fn failure(&self, server: &ServerUrl, phase: Phase, cause: Cause) -> CallFailure {
        let proxy = match (self, phase) {
            (Self::Proxy(proxy), Phase::NameLookup | Phase::Connection | Phase::Tunnel) => Some(proxy),
            (_, Phase::Answer) => self.reader(server),
            _ => None,
        };
        CallFailure { phase, scheme: server.scheme(), proxy: proxy.map(Proxy::name), cause }
    }
}

impl Proxy {
    /// What operators know it by.
    pub(crate) fn name(&self) -> ProxyName {
        ProxyName { address: self.address.origin(), variable: self.variable.clone() }
    }
}

impl ProxySettings {
    /// Chooses the way to a server.
    pub(crate) fn route(&self, server: &ServerUrl) -> Result<Route, CallFailure> {
        let setting = match server.scheme() {
            Scheme::Https => &self.https_proxy,
            Scheme::Http => &self.http_proxy,
        };
        let origin = server.origin();
        let Some(ProxyVariable { name, value }) = setting else {
            debug!("route to {origin}: direct, no proxy is set for {}", server.scheme());
            return Ok(Route::Direct);
        };
        // Checked before the value is parsed: a host that needs no proxy works even if the value is unusable.
        if server.is_loopback() || self.is_exempt(server) {
            let reason = if server.is_loopback() { "a loopback address" } else { "NO_PROXY" };
            debug!("route to {origin}: direct, {name} does not apply ({reason})");
            return Ok(Route::Direct);
        }
        let proxy = match server.scheme() {
            // A CGI server passes a request's `Proxy` header on as HTTP_PROXY (CVE-2016-5385).
            Scheme::Http if self.is_cgi => Err(ProxyProblem::Cgi),
            _ => parse_proxy(value),
        };
        match proxy {
            Ok((address, authorization)) => {
                debug!("route to {origin}: through the proxy {} ({name})", address.origin());
                Ok(Route::Proxy(Proxy { address, authorization, variable: name.clone() }))
            }
            Err(problem) => {
                let cause = Cause::UnusableProxy { variable: name.clone(), problem };
                Err(CallFailure { phase: Phase::ProxySetting, scheme: server.scheme(), proxy: None, cause })
            }
        }
    }

    fn is_exempt(&self, server: &ServerUrl) -> bool {
        let entries = self.no_proxy.as_deref().unwrap_or_default().split(',').map(str::trim);
        entries.filter(|entry| !entry.is_empty()).any(|entry| exempts(&entry.to_ascii_lowercase(), server))
    }
}

fn parse_proxy(value: &str) -> Result<(ServerUrl, Option<HeaderValue>), ProxyProblem> {
    let rest = match value.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
        Some(_) => return Err(ProxyProblem::Scheme),
        None => value,
    };
    let (authority, behind) = rest.find(['/', '?', '#']).map_or((rest, ""), |end| rest.split_at(end));
    // A password with one of these characters in it, not encoded: what stands before it is no host.
    if behind.contains('@') {
        return Err(ProxyProblem::Unencoded);
    }
    // The last `@`: Go takes a password with an `@` in it as it is.
    let (userinfo, host) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => (Some(userinfo), host),
        None => (None, authority),
    };
    let address = ServerUrl::parse(format!("http://{host}")).map_err(|_| ProxyProblem::Url)?;
    let authorization = userinfo.map(basic_credentials).transpose()?;
    Ok((address, authorization))
}

/// Encodes userinfo as basic credentials; a user without a password has an empty one.
fn basic_credentials(userinfo: &str) -> Result<HeaderValue, ProxyProblem> {
    // The characters of RFC 3986, section 3.2.1, and `@`, which Go takes as it is.
    let userinfo = userinfo.replace('@', "%40");
    let userinfo = EStr::<Userinfo>::new(&userinfo).ok_or(ProxyProblem::Url)?;
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, EStr::EMPTY));
    let credentials = [&user.decode().to_bytes(), &b":"[..], &password.decode().to_bytes()].concat();
    let value = format!("Basic {}", BASE64.encode(&credentials));
    let mut value = HeaderValue::try_from(value).map_err(|_| ProxyProblem::Url)?;
    // `Debug` of a request prints its headers otherwise.
    value.set_sensitive(true);
    Ok(value)
}

/// Tells whether an entry of `NO_PROXY`, in lower case, covers a server.
fn exempts(entry: &str, server: &ServerUrl) -> bool {
    if entry == "*" {
        return true;
    }
    // Canonical, so that 10.0.0.0/8 covers ::ffff:10.0.0.1, which reaches the same host.
    if let Ok(block) = entry.parse::<IpNet>() {
        return matches!(server.host(), Host::Ip(address) if block.contains(&address.to_canonical()));
    }
    let (host, port) = split_port(entry);
    if port.is_some_and(|port| port != server.port().to_string()) {
        return false;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return matches!(server.host(), Host::Ip(other) if other.to_canonical() == address.to_canonical());
    }
    // Go compares an address with a domain as text, so that `.1` covers `10.0.0.1`; so does this.
    let name = server.host().to_string();
    let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
    match host.strip_prefix('.') {
        _ if host.is_empty() => false,
        Some(_) => name.ends_with(host),
        None => name == host || name.ends_with(&format!(".{host}")),
    }
}

/// Splits `host:port` or `[address]:port`; a bare IPv6 address has no port.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((address, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, rest.strip_prefix(':'));
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, Some(port)),
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A route, in words.
    fn route(settings: &ProxySettings, server: &str) -> String {
        match settings.route(&ServerUrl::parse(server).unwrap()) {
            Ok(Route::Direct) => "direct".to_owned(),
            Ok(Route::Proxy(Proxy { address, authorization: None, .. })) => address.origin(),
            Ok(Route::Proxy(Proxy { address, authorization: Some(value), .. })) => {
                format!("{} {}", address.origin(), value.to_str().unwrap())
            }
            Err(failure) => failure.to_string(),
        }
    }

    fn some(value: &str) -> Option<String> {
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn proxy(value: &str) -> Option<ProxyVariable> {
        some(value).map(|value| ProxyVariable { name: "THE_PROXY".to_owned(), value })
    }

    #[test]
    fn the_scheme_of_the_server_selects_the_variable() {
        let settings =
            ProxySettings { https_proxy: proxy("http://s:1"), http_proxy: proxy("http://p:2"), ..Default::default() };
        assert_eq!(route(&settings, "https://h"), "http://s:1");
        assert_eq!(route(&settings, "http://h"), "http://p:2");
        assert_eq!(route(&ProxySettings { https_proxy: None, ..settings.clone() }, "https://h"), "direct");
        assert_eq!(route(&ProxySettings { http_proxy: None, ..settings }, "http://h"), "direct");
        assert_eq!(route(&ProxySettings::default(), "https://h"), "direct");
    }

    #[test]
    fn parses_urls_and_bare_authorities() {
        let cases = [
            ("http://proxy:3128", "http://proxy:3128"),
            ("HTTP://Proxy:3128/", "http://proxy:3128"),
            ("http://proxy", "http://proxy"),
            ("http://proxy:3128/path?query", "http://proxy:3128"),
            ("proxy", "http://proxy"),
            ("proxy:3128", "http://proxy:3128"),
            ("10.0.0.1:3128", "http://10.0.0.1:3128"),
            ("[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
            ("http://user:pass@proxy", "http://proxy Basic dXNlcjpwYXNz"),
            ("user:pass@proxy:3128", "http://proxy:3128 Basic dXNlcjpwYXNz"),
            ("http://user@proxy", "http://proxy Basic dXNlcjo="),
            ("http://user:p%40ss%3a@proxy", "http://proxy Basic dXNlcjpwQHNzOg=="),
            ("http://user:p@ss@proxy", "http://proxy Basic dXNlcjpwQHNz"),
            ("http://us%C3%A9r:a:b@proxy", "http://proxy Basic dXPDqXI6YTpi"),
        ];
        for (value, expected) in cases {
            let settings = ProxySettings { https_proxy: proxy(value), ..Default::default() };
            assert!(route(&settings, "https://h").starts_with(expected), "{value}");
        }
    }

    #[test]
    fn unusable_proxy_is_an_error_where_it_applies() {
        let (scheme, unusable) = ("THE_PROXY is unusable: only http://", "THE_PROXY is not a valid http:// URL");
        let unencoded = "THE_PROXY is not a valid URL: in a password, / ? # and @ must be percent-encoded";
        let cases = [
            ("https://proxy:3128", scheme),
            ("socks5://proxy:1080", scheme),
            ("socks5h://proxy:1080", scheme),
            ("://proxy", scheme),
            ("http://", unusable),
            ("http://:3128", unusable),
            ("proxy:port", unusable),
            ("http://proxy:0", unusable),
            ("http://proxy:65536", unusable),
            ("http://pro xy", unusable),
            ("http://user:p%zz@proxy", unusable),
            ("http://user:p%4@proxy", unusable),
            ("http://us er@proxy", unusable),
            ("http://user:p\u{fffd}@proxy", unusable),
            ("http://user:pass\r\n@proxy", unusable),
            ("http://alice:4711#x@proxy:3128", unencoded),
            ("alice:4711/x@proxy:3128", unencoded),
            ("http://alice:47?11@proxy:3128", unencoded),
            ("http://alice@host:80/p@ss@proxy:3128", unencoded),
            ("http://proxy:3128/@", unencoded),
        ];
        for (value, expected) in cases {
            let settings = ProxySettings { https_proxy: proxy(value), ..Default::default() };
            assert!(route(&settings, "https://h").starts_with(expected), "{value}");
            assert_eq!(route(&settings, "http://h"), "direct", "{value}");
            assert_eq!(route(&settings, "https://localhost"), "direct", "{value}");
            let exempt = ProxySettings { no_proxy: some("h"), ..settings };
            assert_eq!(route(&exempt, "https://h"), "direct", "{value}");
        }
    }

    #[test]
    fn debug_of_a_proxy_shows_its_address_and_no_credential() {
        let settings = ProxySettings { https_proxy: proxy("http://user:s3cret@proxy:3128"), ..Default::default() };
        let debug = format!("{:?}", settings.route(&ServerUrl::parse("https://h").unwrap()).unwrap());
        assert!(debug.contains("http://proxy:3128"), "{debug}");
        assert!(!debug.contains("s3cret") && !debug.contains("dXNlcjpzM2NyZXQ"), "{debug}");
    }

    #[test]
    fn loopback_is_always_direct() {
        let settings = ProxySettings { https_proxy: proxy("proxy"), http_proxy: proxy("proxy"), ..Default::default() };
        for server in
            ["https://localhost", "http://LOCALHOST:8080", "https://127.0.0.1", "http://127.8.8.8", "https://[::1]"]
        {
            assert_eq!(route(&settings, server), "direct", "{server}");
        }
        for server in ["https://localhost.example", "https://128.0.0.1", "https://[::2]"] {
            assert_eq!(route(&settings, server), "http://proxy", "{server}");
        }
    }

    #[test]
    fn no_proxy_exempts_hosts_domains_addresses_and_blocks() {
        let (direct, proxied) = (true, false);
        let cases = [
            ("*", "https://h.example", direct),
            ("other, *", "https://10.0.0.1", direct),
            ("h.example", "https://h.example", direct),
            ("H.Example", "https://h.EXAMPLE", direct),
            ("h.example", "https://sub.h.example", direct),
            ("h.example", "https://xh.example", proxied),
            (".h.example", "https://sub.h.example", direct),
            (".h.example", "https://h.example", proxied),
            ("*.h.example", "https://a.b.h.example", direct),
            ("*.h.example", "https://h.example", proxied),
            ("*h.example", "https://xh.example", proxied),
            ("h.example:443", "https://h.example", direct),
            ("h.example:443", "https://sub.h.example", direct),
            ("h.example:8443", "https://h.example", proxied),
            (".h.example:8443", "https://a.h.example:8443", direct),
            ("*.h.example:8443", "https://a.h.example", proxied),
            (" a , ,h.example ,b", "https://h.example", direct),
            ("a b,c", "https://h.example", proxied),
            ("", "https://h.example", proxied),
            (",:443,:,.", "https://h.example", proxied),
            (":443,:", "https://h.example.", proxied),
            ("10.0.0.1", "https://10.0.0.1", direct),
            ("10.0.0.1", "https://10.0.0.2", proxied),
            ("10.0.0.1:443", "https://10.0.0.1", direct),
            ("10.0.0.1:80", "https://10.0.0.1", proxied),
            ("10.0.0.0/8", "https://10.9.9.9", direct),
            ("10.9.9.9/8", "https://10.1.1.1", direct),
            ("10.0.0.0/8", "https://11.0.0.1", proxied),
            ("10.0.0.0/8", "https://10.example", proxied),
            ("10.0.0.0/33", "https://10.0.0.1", proxied),
            ("2001:db8::1", "https://[2001:db8::1]", direct),
            ("[2001:db8::1]", "https://[2001:db8::1]", direct),
            ("[2001:db8::1]:443", "https://[2001:db8::1]", direct),
            ("[2001:db8::1]:80", "https://[2001:db8::1]", proxied),
            ("2001:db8::/32", "https://[2001:db8:1::1]", direct),
            ("2001:db8::/32", "https://[2001:db9::1]", proxied),
            ("::ffff:10.0.0.1", "https://10.0.0.1", direct),
        ];
        for (no_proxy, server, is_direct) in cases {
            let settings =
                ProxySettings { https_proxy: proxy("proxy"), no_proxy: some(no_proxy), ..Default::default() };
            let expected = if is_direct { "direct" } else { "http://proxy" };
            assert_eq!(route(&settings, server), expected, "{no_proxy} {server}");
        }
    }

    #[test]
    fn a_cgi_client_cannot_choose_the_proxy() {
        let settings = ProxySettings {
            https_proxy: proxy("proxy"),
            http_proxy: proxy("proxy"),
            no_proxy: some("exempt"),
            is_cgi: true,
        };
        assert!(route(&settings, "http://h").starts_with("THE_PROXY is refused while REQUEST_METHOD is set"));
        assert_eq!(route(&settings, "http://exempt"), "direct");
        assert_eq!(route(&settings, "https://h"), "http://proxy");
    }
}
