//! Whatever is accepted as the address of a page leads a browser to the host that is shown, by the rules of browsers too
//! (the URL Standard, as the crate `url` has them), and only a page of the server's own counts as that.
//!
//! The first line is the server's URL, the rest the page's.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::domain::page_url::PageUrl;
use plexctl::domain::printable::is_unprintable;
use plexctl::domain::server_url::ServerUrl;
use url::{Host, Url};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = str::from_utf8(bytes) else { return Corpus::Reject };
    let Some((server, text)) = text.split_once('\n') else { return Corpus::Reject };
    let Ok(server) = ServerUrl::parse(server) else { return Corpus::Reject };
    let Ok(page) = PageUrl::parse(text) else { return Corpus::Keep };

    let shown = page.as_str();
    assert_eq!(page.to_string(), shown);
    assert!(
        shown.is_ascii() && !shown.contains(is_unprintable) && !shown.contains(['\\', ' ', '"', '<', '>']),
        "{shown:?}"
    );
    let again = PageUrl::parse(shown).expect("what is shown is a page");
    assert_eq!((again.as_str(), again.origin()), (shown, page.origin()));
    assert!(again == page || text != shown, "what is shown is the same page");
    assert!(again.same_origin(&page) && page.same_origin(&again));
    assert_eq!(again.is_exposed(), page.is_exposed());

    // Behind the host nothing is changed, and before it nothing else stands.
    let rest = shown.strip_prefix(&page.origin()).expect("it begins with its origin");
    assert!(text.ends_with(rest) && (rest.is_empty() || rest.starts_with(['/', '?', '#'])), "{text:?} {shown:?}");
    let origin = ServerUrl::parse(page.origin()).expect("an origin is a server URL");
    assert_eq!(origin.origin(), page.origin());
    assert!(page.is_at(&origin), "a page is at its own origin");
    if let Ok(as_server) = ServerUrl::parse(text) {
        assert!(as_server.same_origin(&origin) && page.is_at(&as_server));
    }

    // What a browser makes of it.
    let opened = Url::parse(shown);
    assert_eq!(opened.is_ok(), Url::parse(&page.origin()).is_ok(), "{shown:?}");
    if let Ok(opened) = opened {
        assert_eq!((opened.username(), opened.password()), ("", None));
        assert_eq!(opened.scheme(), shown.split_once(':').expect("it has a scheme").0);
        assert_eq!(opened.port_or_known_default(), Some(origin.port()));
        let host = opened.host_str().expect("it has a host");
        assert!(host == origin.host().to_string() || is_special(&origin.host().to_string()), "{host} in {shown:?}");
        assert_eq!(opened.fragment().is_some(), shown.contains('#'));
        if page.is_at(&server)
            && let Ok(server) = Url::parse(&server.origin())
        {
            let is_same = opened.origin() == server.origin();
            let is_here = is_loopback(&opened) && is_loopback(&server);
            let is_at_same_door =
                (opened.scheme(), opened.port_or_known_default()) == (server.scheme(), server.port_or_known_default());
            assert!(is_same || is_here && is_at_same_door, "{opened} is not at {server}");
        }
        if page.is_exposed() {
            assert_eq!(opened.scheme(), "http");
        } else {
            assert!(opened.scheme() == "https" || is_loopback(&opened), "{opened} is not encrypted");
        }
    }
    Corpus::Keep
});

/// Names that browsers read in another way: as an IPv4 address, if the last label is a number, or as Punycode.
fn is_special(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let digits = last.strip_prefix("0x").unwrap_or(last);
    digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        || host.split('.').any(|label| label.starts_with("xn--"))
        || host.starts_with("[::")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
