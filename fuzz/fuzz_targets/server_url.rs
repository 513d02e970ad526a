//! Whatever is accepted as a server URL leads to the host that a reader sees in it, and its parts keep their promises.

#![no_main]

use std::net::{Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::domain::printable::is_unprintable;
use plexctl::domain::server_url::{Host, Scheme, ServerUrl};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = str::from_utf8(bytes) else { return Corpus::Reject };
    let Ok(url) = ServerUrl::parse(text) else { return Corpus::Keep };

    assert_eq!(url.as_given(), text);
    assert!(!text.contains(is_unprintable) && !text.contains(['?', '#', '\\', ' ']), "{text:?}");
    let (scheme, rest) = text.split_once("://").expect("it has an authority");
    assert_eq!(url.scheme() == Scheme::Https, scheme.eq_ignore_ascii_case("https"));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    assert!(!authority.contains('@'), "{text:?}");
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    assert_host(url.host(), host);
    assert_eq!(url.port(), port.map_or(url.scheme().default_port(), |port| port.parse().unwrap()));
    assert_ne!(url.port(), 0);
    assert_eq!(url.base_path(), path.trim_end_matches('/'));

    let origin = ServerUrl::parse(url.origin()).expect("an origin is a server URL");
    assert!(origin.same_origin(&url) && url.same_origin(&origin));
    assert_eq!((origin.origin(), origin.base_path()), (url.origin(), ""));
    assert_eq!(origin.is_loopback(), url.is_loopback());
    let shouted = ServerUrl::parse(text.to_ascii_uppercase()).expect("no letter's case matters to the rule");
    assert!(shouted.same_origin(&url));
    Corpus::Keep
});

fn assert_host(host: &Host, text: &str) {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => assert_eq!(*host, Host::Ip(address.parse::<Ipv6Addr>().unwrap().into())),
        None => match text.parse::<Ipv4Addr>() {
            Ok(address) => assert_eq!(*host, Host::Ip(address.into())),
            Err(_) => assert_eq!(*host, Host::Name(text.to_ascii_lowercase())),
        },
    }
}
