//! Which way a request goes: directly, or through a proxy that the operator's environment names.
//!
//! The rules are those of Go's `net/http` for `http://` proxies, with one difference: a value that cannot be used is
//! an error where it would apply, never a silent direct connection.

use std::net::IpAddr;

use data_encoding::BASE64;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use thiserror::Error;

use crate::domain::server_url::{Host, Scheme, ServerUrl};

/// The proxy settings as the environment gives them, empty values left out.
#[derive(Clone, Default)]
pub struct ProxySettings {
    /// The proxy for `https` servers, from `HTTPS_PROXY` or `https_proxy`.
    pub https_proxy: Option<String>,
    /// The proxy for `http` servers, from `HTTP_PROXY` or `http_proxy`.
    pub http_proxy: Option<String>,
    /// The hosts that are reached directly, from `NO_PROXY` or `no_proxy`: a comma-separated list of hosts (which
    /// stand for their subdomains too), `.domain`, `*.domain`, IP addresses, CIDR blocks, each but the last with an
    /// optional `:port`, or `*` for all.
    pub no_proxy: Option<String>,
    /// Whether the program runs as a CGI script, where `HTTP_PROXY` may be a header that a client sent.
    pub is_cgi: bool,
}

/// The way to a server.
#[derive(Debug, PartialEq)]
pub(super) enum Route {
    Direct,
    Proxy(Proxy),
}

/// An `http://` proxy.
#[derive(PartialEq)]
pub(super) struct Proxy {
    /// Where it listens: an `http` URL without a credential.
    pub(super) address: ServerUrl,
    /// The value of `Proxy-Authorization` (RFC 7617, section 2).
    pub(super) authorization: Option<String>,
}

/// Leaves out the credential.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl ProxySettings {
    /// Chooses the way to a server.
    pub(super) fn route(&self, server: &ServerUrl) -> Result<Route, ProxyError> {
        let value = match server.scheme() {
            Scheme::Https => &self.https_proxy,
            Scheme::Http => &self.http_proxy,
        };
        let Some(value) = value else { return Ok(Route::Direct) };
        if server.is_loopback() || self.is_exempt(server) {
            return Ok(Route::Direct);
        }
        if self.is_cgi && server.scheme() == Scheme::Http {
            return Err(ProxyError::Cgi);
        }
        parse_proxy(value).map(Route::Proxy)
    }

    fn is_exempt(&self, server: &ServerUrl) -> bool {
        let entries = self.no_proxy.as_deref().unwrap_or_default().split(',').map(str::trim);
        entries.filter(|entry| !entry.is_empty()).any(|entry| exempts(&entry.to_ascii_lowercase(), server))
    }
}

/// Why a proxy setting cannot be used. The value stays out: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum ProxyError {
    #[error("the proxy setting has another scheme than http")]
    Scheme,
    #[error("the proxy setting is not a usable URL")]
    Unusable,
    #[error("HTTP_PROXY is refused where REQUEST_METHOD is set, since a CGI client can set it")]
    Cgi,
}

fn parse_proxy(value: &str) -> Result<Proxy, ProxyError> {
    let rest = match value.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
        Some(_) => return Err(ProxyError::Scheme),
        None => value,
    };
    let authority = rest.split_once(['/', '?', '#']).map_or(rest, |(authority, _)| authority);
    let (userinfo, host) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => (Some(userinfo), host),
        None => (None, authority),
    };
    let address = ServerUrl::parse(format!("http://{host}")).map_err(|_| ProxyError::Unusable)?;
    let authorization = userinfo.map(basic_credentials).transpose()?;
    Ok(Proxy { address, authorization })
}

/// Encodes userinfo as basic credentials; a user without a password has an empty one.
fn basic_credentials(userinfo: &str) -> Result<String, ProxyError> {
    if userinfo.bytes().any(|byte| !is_userinfo_byte(byte)) || has_broken_escape(userinfo) {
        return Err(ProxyError::Unusable);
    }
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut credentials: Vec<u8> = percent_decode_str(user).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    Ok(format!("Basic {}", BASE64.encode(&credentials)))
}

/// The characters that Go takes in userinfo: those of RFC 3986, section 3.2.1, and `@`.
fn is_userinfo_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%@".contains(&byte)
}

fn has_broken_escape(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .any(|rest| !rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

/// Tells whether an entry of `NO_PROXY`, in lower case, covers a server.
fn exempts(entry: &str, server: &ServerUrl) -> bool {
    if entry == "*" {
        return true;
    }
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
