//! The operator's words for what stopped a call, and for an answer that is not what was asked for.
//!
//! The control plane's client gives typed causes; here, and nowhere else, they become phrases. A phrase names the phase,
//! and a proxy with its variable, but not the server: the sentence around it does.

use std::error::Error;
use std::iter;
use std::time::SystemTime;

use plexctl::adapters::control_plane::{
    CallFailure, Cause, Peer, Phase, ProxyName, ProxyProblem, TrustStoreProblem, UnexpectedResponse,
};

/// What an error and its sources come to, in one phrase.
pub fn words(source: &(dyn Error + 'static)) -> String {
    let mut phrases = Vec::new();
    for level in levels(source) {
        if let Some(failure) = level.downcast_ref() {
            phrases.push(of_failure(failure));
            break;
        }
        if let Some(answered) = level.downcast_ref() {
            phrases.push(of_answer(answered));
            break;
        }
        phrases.push(without_numbers(&level.to_string()));
    }
    phrases.join(": ")
}

/// What the operator can do about it, where the error or one of its sources says so much.
pub fn hint(source: &(dyn Error + 'static)) -> Option<String> {
    levels(source).find_map(|level| {
        if let Some(UnexpectedResponse { status: 407, proxy: Some(proxy), .. }) = level.downcast_ref() {
            return Some(credentials_for(proxy));
        }
        let CallFailure { peer, cause, .. } = level.downcast_ref()?;
        match (peer, cause) {
            (Peer::Proxy(proxy), Cause::TunnelRefused { status: 407, .. }) => Some(credentials_for(proxy)),
            (_, Cause::NotTrusted { .. }) => {
                Some("add the authority to the system's trust store, or name a file with it in SSL_CERT_FILE".into())
            }
            (_, Cause::TrustStore(_)) => {
                Some("install the system's CA certificates, or name a file with some in SSL_CERT_FILE".into())
            }
            (_, Cause::OwnCertificateIsCa) => Some("give the server a certificate of its own, with CA:FALSE".into()),
            _ => None,
        }
    })
}

fn levels<'a>(source: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(source), |level| (*level).source())
}

/// Leaves out the numbers that the system's errors go by.
fn without_numbers(text: &str) -> String {
    let mut pieces = text.split(" (os error ");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        text + piece.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(')')
    })
}

fn credentials_for(ProxyName { address, variable }: &ProxyName) -> String {
    let host = address.trim_start_matches("http://");
    format!("the proxy asks for credentials, which {variable} can hold: http://USER:PASSWORD@{host}")
}

fn of_failure(CallFailure { phase, peer, cause }: &CallFailure) -> String {
    let proxy = match peer {
        Peer::Server(_) => None,
        Peer::Proxy(ProxyName { address, variable }) => Some(format!("the proxy {address} ({variable})")),
    };
    // Behind a preposition, where it is the proxy that is meant.
    let with = |preposition| proxy.as_ref().map(|proxy| format!(" {preposition} {proxy}")).unwrap_or_default();
    let words = of_cause(cause);
    match (phase, cause) {
        (Phase::ProxySetting, _) | (Phase::Tls, Cause::TrustStore(_)) => words,
        (Phase::NameLookup, _) => match &proxy {
            None => format!("looking up the server's name failed: {words}"),
            Some(proxy) => format!("looking up the name of {proxy} failed: {words}"),
        },
        (Phase::Connection, _) => format!("connecting{} failed: {words}", with("to")),
        (Phase::Tunnel, Cause::TunnelRefused { .. }) => {
            format!("{} refused the tunnel: {words}", proxy.as_deref().unwrap_or("the proxy"))
        }
        (Phase::Tunnel, _) => format!("opening a tunnel{} failed: {words}", with("through")),
        (Phase::Tls, _) => format!("the TLS handshake failed: {words}"),
        (Phase::Answer, Cause::TimedOut(limit)) => {
            format!("no answer came{} within {} s", with("from"), limit.as_secs())
        }
        (Phase::Answer, Cause::Closed) => format!("the connection{} was closed before an answer", with("to")),
        (Phase::Answer, Cause::NotHttp) => format!("the answer{} is not HTTP", with("of")),
        (Phase::Answer, Cause::HeadTooLarge) => format!("the answer{} has too large a head", with("of")),
        (Phase::Answer, _) => format!("waiting for the answer{} failed: {words}", with("of")),
    }
}

fn of_cause(cause: &Cause) -> String {
    let words = match cause {
        Cause::UnusableProxy { variable, problem } => return of_proxy_problem(variable, *problem),
        Cause::TimedOut(limit) => return format!("it took longer than {} s", limit.as_secs()),
        Cause::TunnelRefused { status, reason } => return of_status(*status, *reason),
        Cause::NotTrusted { store: Some(problem) } => {
            return format!("the certificate is of an unknown authority, and {}", of_trust_store_problem(problem));
        }
        Cause::Expired(time) => return format!("the certificate expired on {}", date(*time)),
        Cause::NotYetValid(time) => return format!("the certificate is not valid before {}", date(*time)),
        Cause::WrongName { expected, presented: None, .. } => {
            return format!("the certificate names no host, so it is not for {expected}");
        }
        Cause::WrongName { expected, presented: Some(name), others: 0 } => {
            return format!("the certificate is for {name}, not for {expected}");
        }
        Cause::WrongName { expected, presented: Some(name), others } => {
            return format!("the certificate is for {name} and {others} more, not for {expected}");
        }
        Cause::TrustStore(problem) => return of_trust_store_problem(problem),
        Cause::System(words) => words,
        Cause::NameNotFound => "no such name",
        Cause::Refused => "connection refused",
        Cause::NetworkUnreachable => "the network is unreachable",
        Cause::HostUnreachable => "there is no route to the host",
        Cause::Closed => "the connection was closed",
        Cause::NotHttp => "the answer is not HTTP",
        Cause::HeadTooLarge => "the answer has too large a head",
        Cause::NotTls => "the port speaks no TLS, but perhaps plain http",
        Cause::TlsVersion => "the server speaks no TLS from version 1.2 on",
        Cause::TlsParameters => "no cipher suite or key in common (P-521 keys are not supported)",
        Cause::ClientCertificate => "the server wants a client certificate, which plexctl cannot give",
        Cause::TlsRefused => "the server ended the TLS connection",
        Cause::TlsViolated => "the server broke the rules of TLS",
        Cause::NotTrusted { store: None } => "the certificate is of an unknown authority",
        Cause::UncertifiableName => "no certificate can be for the server's name",
        Cause::OwnCertificateIsCa => "the server shows the certificate of an authority (CA:TRUE) as its own",
        Cause::KeyType => "a key behind the certificate is of a kind that is not supported, such as P-521",
        Cause::WrongPurpose => "the certificate is not meant for servers",
        Cause::UnusableCertificate => "the certificate is malformed or of a kind that is not supported",
    };
    words.to_owned()
}

fn of_proxy_problem(variable: &str, problem: ProxyProblem) -> String {
    match problem {
        ProxyProblem::Scheme => {
            format!("{variable} cannot be used: only http:// proxies work (NO_PROXY lists hosts that need none)")
        }
        ProxyProblem::Url => {
            format!("{variable} is not the URL of an http:// proxy (NO_PROXY lists hosts that need none)")
        }
        ProxyProblem::Unencoded => {
            format!(
                "{variable} is not a usable URL: in a password, / ? # and @ must be percent-encoded (%2F %3F %23 %40)"
            )
        }
        ProxyProblem::Cgi => {
            format!("{variable} is not used where REQUEST_METHOD is set (NO_PROXY lists hosts that need none)")
        }
    }
}

fn of_trust_store_problem(problem: &TrustStoreProblem) -> String {
    match problem {
        TrustStoreProblem::Unreadable { path, words } => {
            format!("the trust store {} cannot be read: {words}", path.display())
        }
        TrustStoreProblem::NotRegular(path) => format!("the trust store {} is not a regular file", path.display()),
        TrustStoreProblem::TooLarge(path) => format!("the trust store {} is larger than 16 MiB", path.display()),
        TrustStoreProblem::NoCertificate(path) => {
            format!("the trust store {} has no usable certificate", path.display())
        }
        TrustStoreProblem::Missing => "the system has no trust store".to_owned(),
    }
}

fn of_answer(UnexpectedResponse { status, reason, problem, proxy }: &UnexpectedResponse) -> String {
    let whose = match (proxy, problem) {
        (Some(ProxyName { address, variable }), None) => format!("the server or the proxy {address} ({variable})"),
        _ => "the server".to_owned(),
    };
    let what = of_status(*status, *reason);
    let details = problem.as_ref().map(ToString::to_string).filter(|details| !details.is_empty());
    match (status, proxy, details) {
        (300..400, _, None) => format!("{whose} answered {what}, and a token follows no redirect"),
        (200, Some(_), None) => format!("{whose} answered {what}, which a proxy may say of anything"),
        (200, None, None) => format!("{whose} answered {what} with something else than JSON, as a captive portal does"),
        (_, _, None) => format!("{whose} answered {what}"),
        (_, _, Some(details)) => format!("{whose} answered {what}: {details}"),
    }
}

fn of_status(status: u16, reason: Option<&str>) -> String {
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

fn date(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string().chars().take("2020-01-01".len()).collect()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use plexctl::adapters::control_plane::ProblemDetails;
    use plexctl::ports::token_revoker::RevokeError;

    use super::*;

    fn proxy() -> ProxyName {
        ProxyName { address: "http://127.0.0.1:3128".to_owned(), variable: "HTTPS_PROXY".to_owned() }
    }

    fn failure(phase: Phase, cause: Cause) -> CallFailure {
        CallFailure { phase, peer: Peer::Server("https://plexsphere.example".to_owned()), cause }
    }

    fn through_proxy(phase: Phase, cause: Cause) -> CallFailure {
        CallFailure { peer: Peer::Proxy(proxy()), ..failure(phase, cause) }
    }

    fn day(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Every cause but those of TLS, in a phase that it can strike.
    fn failures() -> Vec<(CallFailure, &'static str)> {
        let unusable = |problem| Cause::UnusableProxy { variable: "HTTP_PROXY".to_owned(), problem };
        let ten = Cause::TimedOut(Duration::from_secs(10));
        vec![
            (
                failure(Phase::ProxySetting, unusable(ProxyProblem::Scheme)),
                "HTTP_PROXY cannot be used: only http:// proxies work (NO_PROXY lists hosts that need none)",
            ),
            (
                failure(Phase::ProxySetting, unusable(ProxyProblem::Url)),
                "HTTP_PROXY is not the URL of an http:// proxy (NO_PROXY lists hosts that need none)",
            ),
            (
                failure(Phase::ProxySetting, unusable(ProxyProblem::Cgi)),
                "HTTP_PROXY is not used where REQUEST_METHOD is set (NO_PROXY lists hosts that need none)",
            ),
            (
                failure(Phase::ProxySetting, unusable(ProxyProblem::Unencoded)),
                "HTTP_PROXY is not a usable URL: in a password, / ? # and @ must be percent-encoded (%2F %3F %23 %40)",
            ),
            (failure(Phase::NameLookup, Cause::NameNotFound), "looking up the server's name failed: no such name"),
            (
                through_proxy(Phase::NameLookup, Cause::System("Temporary failure in name resolution".to_owned())),
                "looking up the name of the proxy http://127.0.0.1:3128 (HTTPS_PROXY) failed: Temporary failure in name \
                 resolution",
            ),
            (failure(Phase::Connection, Cause::Refused), "connecting failed: connection refused"),
            (failure(Phase::Connection, Cause::NetworkUnreachable), "connecting failed: the network is unreachable"),
            (failure(Phase::Connection, Cause::HostUnreachable), "connecting failed: there is no route to the host"),
            (failure(Phase::Connection, ten), "connecting failed: it took longer than 10 s"),
            (
                through_proxy(Phase::Connection, Cause::Refused),
                "connecting to the proxy http://127.0.0.1:3128 (HTTPS_PROXY) failed: connection refused",
            ),
            (
                through_proxy(Phase::Tunnel, Cause::TunnelRefused { status: 403, reason: Some("Forbidden") }),
                "the proxy http://127.0.0.1:3128 (HTTPS_PROXY) refused the tunnel: 403 Forbidden",
            ),
            (
                through_proxy(Phase::Tunnel, Cause::TunnelRefused { status: 599, reason: None }),
                "the proxy http://127.0.0.1:3128 (HTTPS_PROXY) refused the tunnel: 599",
            ),
            (
                through_proxy(Phase::Tunnel, Cause::Closed),
                "opening a tunnel through the proxy http://127.0.0.1:3128 (HTTPS_PROXY) failed: the connection was closed",
            ),
            (
                through_proxy(Phase::Tunnel, Cause::NotHttp),
                "opening a tunnel through the proxy http://127.0.0.1:3128 (HTTPS_PROXY) failed: the answer is not HTTP",
            ),
            (failure(Phase::Answer, Cause::TimedOut(Duration::from_secs(30))), "no answer came within 30 s"),
            (
                through_proxy(Phase::Answer, Cause::TimedOut(Duration::from_secs(30))),
                "no answer came from the proxy http://127.0.0.1:3128 (HTTPS_PROXY) within 30 s",
            ),
            (failure(Phase::Answer, Cause::Closed), "the connection was closed before an answer"),
            (
                through_proxy(Phase::Answer, Cause::Closed),
                "the connection to the proxy http://127.0.0.1:3128 (HTTPS_PROXY) was closed before an answer",
            ),
            (failure(Phase::Answer, Cause::NotHttp), "the answer is not HTTP"),
            (failure(Phase::Answer, Cause::HeadTooLarge), "the answer has too large a head"),
            (
                failure(Phase::Answer, Cause::ClientCertificate),
                "waiting for the answer failed: the server wants a client certificate, which plexctl cannot give",
            ),
        ]
    }

    fn failures_of_tls() -> Vec<(CallFailure, &'static str)> {
        let ten = Cause::TimedOut(Duration::from_secs(10));
        let name = |presented: Option<&str>, others| Cause::WrongName {
            expected: "b.example".to_owned(),
            presented: presented.map(str::to_owned),
            others,
        };
        let no_file = || TrustStoreProblem::Unreadable { path: "/a.pem".into(), words: "Permission denied".to_owned() };
        vec![
            (failure(Phase::Tls, ten), "the TLS handshake failed: it took longer than 10 s"),
            (
                failure(Phase::Tls, Cause::NotTls),
                "the TLS handshake failed: the port speaks no TLS, but perhaps plain http",
            ),
            (
                failure(Phase::Tls, Cause::TlsVersion),
                "the TLS handshake failed: the server speaks no TLS from version 1.2 on",
            ),
            (
                failure(Phase::Tls, Cause::TlsParameters),
                "the TLS handshake failed: no cipher suite or key in common (P-521 keys are not supported)",
            ),
            (failure(Phase::Tls, Cause::TlsRefused), "the TLS handshake failed: the server ended the TLS connection"),
            (failure(Phase::Tls, Cause::TlsViolated), "the TLS handshake failed: the server broke the rules of TLS"),
            (
                failure(Phase::Tls, Cause::NotTrusted { store: None }),
                "the TLS handshake failed: the certificate is of an unknown authority",
            ),
            (
                failure(Phase::Tls, Cause::NotTrusted { store: Some(no_file()) }),
                "the TLS handshake failed: the certificate is of an unknown authority, and the trust store /a.pem cannot be \
                 read: Permission denied",
            ),
            (
                failure(Phase::Tls, Cause::Expired(day(1_577_836_799))),
                "the TLS handshake failed: the certificate expired on 2019-12-31",
            ),
            (
                failure(Phase::Tls, Cause::NotYetValid(day(1_577_836_800))),
                "the TLS handshake failed: the certificate is not valid before 2020-01-01",
            ),
            (
                failure(Phase::Tls, name(Some("a.example"), 0)),
                "the TLS handshake failed: the certificate is for a.example, not for b.example",
            ),
            (
                failure(Phase::Tls, name(Some("a.example"), 899)),
                "the TLS handshake failed: the certificate is for a.example and 899 more, not for b.example",
            ),
            (
                failure(Phase::Tls, name(None, 0)),
                "the TLS handshake failed: the certificate names no host, so it is not for b.example",
            ),
            (
                failure(Phase::Tls, Cause::UncertifiableName),
                "the TLS handshake failed: no certificate can be for the server's name",
            ),
            (
                failure(Phase::Tls, Cause::OwnCertificateIsCa),
                "the TLS handshake failed: the server shows the certificate of an authority (CA:TRUE) as its own",
            ),
            (
                failure(Phase::Tls, Cause::KeyType),
                "the TLS handshake failed: a key behind the certificate is of a kind that is not supported, such as P-521",
            ),
            (
                failure(Phase::Tls, Cause::WrongPurpose),
                "the TLS handshake failed: the certificate is not meant for servers",
            ),
            (
                failure(Phase::Tls, Cause::UnusableCertificate),
                "the TLS handshake failed: the certificate is malformed or of a kind that is not supported",
            ),
            (failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::Missing)), "the system has no trust store"),
            (
                failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::NotRegular("/a".into()))),
                "the trust store /a is not a regular file",
            ),
            (
                failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::TooLarge("/a".into()))),
                "the trust store /a is larger than 16 MiB",
            ),
            (
                failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::NoCertificate("/a".into()))),
                "the trust store /a has no usable certificate",
            ),
        ]
    }

    fn answers() -> Vec<(UnexpectedResponse, &'static str)> {
        let answer = |status, reason, problem, proxy| UnexpectedResponse { status, reason, problem, proxy };
        let problem = ProblemDetails {
            title: Some("Down".to_owned()),
            code: Some("maintenance".to_owned()),
            detail: Some("Back soon.".to_owned()),
        };
        vec![
            (
                answer(503, Some("Service Unavailable"), Some(problem.clone()), None),
                "the server answered 503 Service Unavailable: Down (maintenance): Back soon.",
            ),
            (
                answer(503, Some("Service Unavailable"), Some(problem), Some(proxy())),
                "the server answered 503 Service Unavailable: Down (maintenance): Back soon.",
            ),
            (
                answer(404, Some("Not Found"), None, Some(proxy())),
                "the server or the proxy http://127.0.0.1:3128 (HTTPS_PROXY) answered 404 Not Found",
            ),
            (
                answer(200, Some("OK"), None, Some(proxy())),
                "the server or the proxy http://127.0.0.1:3128 (HTTPS_PROXY) answered 200 OK, which a proxy may say of \
                 anything",
            ),
            (
                answer(200, Some("OK"), None, None),
                "the server answered 200 OK with something else than JSON, as a captive portal does",
            ),
            (answer(302, Some("Found"), None, None), "the server answered 302 Found, and a token follows no redirect"),
            (
                answer(403, Some("Forbidden"), Some(ProblemDetails::default()), None),
                "the server answered 403 Forbidden",
            ),
            (answer(999, None, None, None), "the server answered 999"),
        ]
    }

    #[test]
    fn every_cause_has_words_that_fit_a_line_and_name_no_server() {
        for (failure, expected) in failures().into_iter().chain(failures_of_tls()) {
            assert_eq!(words(&failure), expected, "{failure:?}");
            assert!(expected.len() <= 135 && !expected.contains("plexsphere.example"), "{expected}");
        }
        for (answered, expected) in answers() {
            assert_eq!(words(&answered), expected, "{answered:?}");
        }
    }

    #[test]
    fn the_words_for_a_cause_stand_in_for_all_that_is_behind_it() {
        let error = RevokeError::Unreached { source: failure(Phase::Connection, Cause::Refused).into() };
        assert_eq!(words(&error), "the server was not reached: connecting failed: connection refused");
    }

    #[test]
    fn other_errors_are_joined_without_the_numbers_of_the_system() {
        let error = io::Error::other(RevokeError::Unreached { source: io::Error::from_raw_os_error(13).into() });
        assert_eq!(words(&error), "the server was not reached: Permission denied");
        let texts =
            [("a (os error 2)", "a"), ("a (os error 104), b (os error 2): c", "a, b: c"), ("(os error)", "(os error)")];
        for (text, expected) in texts {
            assert_eq!(without_numbers(text), expected);
        }
    }

    #[test]
    fn a_cause_that_the_operator_can_mend_has_a_hint() {
        let credentials =
            "the proxy asks for credentials, which HTTPS_PROXY can hold: http://USER:PASSWORD@127.0.0.1:3128";
        let authority = "add the authority to the system's trust store, or name a file with it in SSL_CERT_FILE";
        let refused = |status| Cause::TunnelRefused { status, reason: None };
        let cases = [
            (through_proxy(Phase::Tunnel, refused(407)), Some(credentials)),
            (through_proxy(Phase::Tunnel, refused(403)), None),
            (failure(Phase::Tls, Cause::NotTrusted { store: None }), Some(authority)),
            (
                failure(Phase::Tls, Cause::TrustStore(TrustStoreProblem::Missing)),
                Some("install the system's CA certificates, or name a file with some in SSL_CERT_FILE"),
            ),
            (
                failure(Phase::Tls, Cause::OwnCertificateIsCa),
                Some("give the server a certificate of its own, with CA:FALSE"),
            ),
            (failure(Phase::Connection, Cause::Refused), None),
        ];
        for (failure, expected) in cases {
            assert_eq!(hint(&RevokeError::Unreached { source: failure.into() }).as_deref(), expected);
        }
        let answered = |status, proxy| UnexpectedResponse { status, reason: None, problem: None, proxy };
        assert_eq!(hint(&answered(407, Some(proxy()))).as_deref(), Some(credentials));
        assert_eq!(hint(&answered(407, None)), None);
        assert_eq!(hint(&answered(502, Some(proxy()))), None);
    }
}
