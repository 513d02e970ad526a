//! A response other than the one that was asked for, as far as it may be shown.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::failure::{ProxyName, status_line};
use super::problem::ProblemDetails;
use crate::ports::call_error::{CallError, Remedy, ResponseFacts};
use crate::ports::request_error::RequestError;

/// A response that is not what was asked for, as far as it may be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub(crate) struct UnexpectedResponse {
    /// The number in the status line.
    pub(crate) status: u16,
    /// The problem details in it.
    pub(crate) problem: Option<ProblemDetails>,
    /// The id under which the server logged the request, from the problem details or the header.
    pub(crate) correlation_id: Option<String>,
    /// Where a redirect leads.
    pub(crate) location: Option<String>,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// The proxy that could read the request and answer it itself.
    pub(crate) proxy: Option<ProxyName>,
}

impl UnexpectedResponse {
    /// Tells whether a proxy may have answered in the server's place: it could, and nothing shows that it did not.
    pub(crate) fn may_be_the_proxys(&self) -> bool {
        self.proxy.is_some() && self.problem.is_none()
    }

    fn remedy(&self) -> Option<Remedy> {
        match (self.status, &self.proxy, &self.problem) {
            (407, Some(proxy), _) => Some(proxy.asks_for_credentials()),
            (300..400, ..) => {
                self.location.clone().map(|location| Remedy::FollowRedirect { location }).or(Some(Remedy::CheckServer))
            }
            (408 | 429 | 500.., ..) => Some(Remedy::Wait { duration: self.retry_after }),
            (_, Some(proxy), None) => Some(Remedy::FixProxy { variable: proxy.variable.clone() }),
            (_, None, None) => Some(Remedy::CheckServer),
            // The details say what is wrong, better than any rule about the status.
            (_, _, Some(_)) => None,
        }
    }
}

impl fmt::Display for UnexpectedResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, problem, proxy, location, .. } = self;
        match (proxy, problem) {
            (Some(proxy), None) => write!(formatter, "the server or {proxy}")?,
            _ => formatter.write_str("the server")?,
        }
        write!(formatter, " responded with {}", status_line(*status))?;
        let details = problem.as_ref().map(ToString::to_string).filter(|details| !details.is_empty());
        match (status, details, location) {
            (_, Some(details), _) => write!(formatter, ": {details}"),
            (300..400, None, Some(location)) => write!(formatter, ", a redirect to {location}"),
            (200, None, _) if proxy.is_some() => formatter.write_str(", which may be the proxy's own response"),
            // A 200 gets here only if it had to be JSON.
            (200, None, _) => formatter.write_str(", but not with JSON, as a captive portal does"),
            (_, None, _) => Ok(()),
        }
    }
}

impl From<UnexpectedResponse> for CallError {
    fn from(response: UnexpectedResponse) -> Self {
        let facts = ResponseFacts {
            status: response.status,
            is_problem: response.problem.is_some(),
            problem_code: response.problem.as_ref().and_then(|problem| problem.code.clone()),
            correlation_id: response.correlation_id.clone(),
        };
        Self::from(response.to_string()).with_response(facts).with_remedy(response.remedy())
    }
}

/// Reads what the statuses mean that mean the same whatever was asked.
impl From<UnexpectedResponse> for RequestError {
    fn from(response: UnexpectedResponse) -> Self {
        match response.status {
            // 401 would have the operator log in again, so it has to be the server's own.
            401 if !response.may_be_the_proxys() => Self::NotAccepted { source: response.into() },
            403 => Self::Refused { source: response.into() },
            _ => Self::Unconfirmed { source: response.into() },
        }
    }
}

/// How long the value of a `Retry-After` asks to wait (RFC 9110, section 10.2.3). Dates are ignored.
pub(super) fn wait_in(text: &str) -> Option<Duration> {
    // `parse` would take a sign.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_retry_after_in_seconds() {
        for (text, seconds) in [("0", Some(0)), ("7", Some(7)), ("060", Some(60)), ("86400", Some(86_400))] {
            assert_eq!(wait_in(text).map(|wait| wait.as_secs()), seconds, "{text}");
        }
        for text in ["", "-1", "+5", "1.5", "5 s", "99999999999999999999", "Tue, 24 Nov 2026 13:46:00 GMT"] {
            assert_eq!(wait_in(text), None, "{text}");
        }
    }

    fn proxy() -> ProxyName {
        ProxyName { address: "http://127.0.0.1:3128".to_owned(), variable: "HTTPS_PROXY".to_owned() }
    }

    fn answers() -> Vec<(UnexpectedResponse, &'static str)> {
        let answer =
            |status, problem, proxy| UnexpectedResponse { status, problem, proxy, ..UnexpectedResponse::default() };
        let problem = ProblemDetails {
            title: Some("Down".to_owned()),
            code: Some("maintenance".to_owned()),
            detail: Some("Back soon.".to_owned()),
            correlation_id: None,
        };
        vec![
            (
                answer(503, Some(problem.clone()), None),
                "the server responded with 503 Service Unavailable: Down (maintenance): Back soon.",
            ),
            (
                answer(503, Some(problem), Some(proxy())),
                "the server responded with 503 Service Unavailable: Down (maintenance): Back soon.",
            ),
            (
                answer(404, None, Some(proxy())),
                "the server or the proxy http://127.0.0.1:3128 (HTTPS_PROXY) responded with 404 Not Found",
            ),
            (
                answer(200, None, Some(proxy())),
                "the server or the proxy http://127.0.0.1:3128 (HTTPS_PROXY) responded with 200 OK, which may be the \
                 proxy's own response",
            ),
            (answer(200, None, None), "the server responded with 200 OK, but not with JSON, as a captive portal does"),
            (
                UnexpectedResponse { location: Some("https://b/x".to_owned()), ..answer(302, None, None) },
                "the server responded with 302 Found, a redirect to https://b/x",
            ),
            (answer(302, None, None), "the server responded with 302 Found"),
            (answer(403, Some(ProblemDetails::default()), None), "the server responded with 403 Forbidden"),
            (answer(999, None, None), "the server responded with 999"),
        ]
    }

    #[test]
    fn says_what_was_answered_and_names_no_server() {
        for (response, expected) in answers() {
            assert_eq!(response.to_string(), expected, "{response:?}");
        }
    }

    #[test]
    fn some_responses_have_a_remedy() {
        let remedy = |status, proxy| {
            let response = UnexpectedResponse { status, proxy, ..UnexpectedResponse::default() };
            CallError::from(response).remedy().cloned()
        };
        let credentials =
            Remedy::ProxyCredentials { address: "http://127.0.0.1:3128".into(), variable: "HTTPS_PROXY".into() };
        assert_eq!(remedy(407, Some(proxy())), Some(credentials));
        assert_eq!(remedy(407, None), Some(Remedy::CheckServer));
        assert_eq!(remedy(502, Some(proxy())), Some(Remedy::Wait { duration: None }));
    }

    #[test]
    fn facts_hold_the_status_and_the_code() {
        for (code, expected) in [(None, None), (Some("gone"), Some("gone"))] {
            let problem = code.map(|code| ProblemDetails { code: Some(code.to_owned()), ..ProblemDetails::default() });
            let error = CallError::from(UnexpectedResponse { status: 503, problem, ..UnexpectedResponse::default() });
            let facts = error.response().unwrap();
            assert_eq!((facts.status, facts.problem_code.as_deref()), (503, expected));
        }
    }

    #[test]
    fn only_401_and_403_say_something_about_the_credential() {
        let proxy = Some(proxy());
        let problem = Some(ProblemDetails::default());
        for status in 0..=999 {
            for (proxy, problem) in [(&None, &None), (&None, &problem), (&proxy, &None), (&proxy, &problem)] {
                let response = UnexpectedResponse {
                    status,
                    problem: problem.clone(),
                    proxy: proxy.clone(),
                    ..UnexpectedResponse::default()
                };
                let is_expected = match RequestError::from(response) {
                    RequestError::NotAccepted { .. } => status == 401 && (proxy.is_none() || problem.is_some()),
                    RequestError::Refused { .. } => status == 403,
                    RequestError::Unconfirmed { .. } => {
                        status != 403 && (status != 401 || proxy.is_some() && problem.is_none())
                    }
                    _ => false,
                };
                assert!(is_expected, "{status} {proxy:?} {problem:?}");
            }
        }
    }
}
